"""The card of a law: YAML in, one of the kinds of laws out, every field checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Final

from atlasmix.errors import AtlasMixError, DataError
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.laws.kinds import (
    DEFAULT_PHI,
    DEFAULT_PHI_RANGE,
    LOSS_CONSTANTS,
    CurseLaw,
    DataConstrainedLaw,
    Interval,
    LanguageLaws,
    LanguageRow,
    Law,
    LawCard,
    LossLaw,
)
from atlasmix.text import did_you_mean, listed

CARD_LIMIT: Final = 65_536
"""Most bytes of the card of a law."""

_PRINTED_CURSE = ("phi", "psi", "params_exponent", "tokens_exponent", "compute_exponent")
_CONSTANTS: Final = {
    "chinchilla": (*LOSS_CONSTANTS,),
    "data-constrained": (*LOSS_CONSTANTS, "R_D", "R_N"),
    "curse": (*LOSS_CONSTANTS, "phi", "psi"),
    "per-language": (),
}
_MAY_BE_ZERO = {"E"}
_ANY_SIGN = {"phi", "psi", "params_exponent", "tokens_exponent", "compute_exponent"}
_NEEDED = ("name", "unit", "measured_on", "source")
_TEXTS = (*_NEEDED, "kind", "title", "valid_for", "licence", "note", "intervals_are", "phi_is")
_NUMBERS = (
    *("constants", "decay", "phi", "phi_range", "intervals", "covariance", "also_fitted"),
    "fitted_on",
)
_KEYS = (*_TEXTS, *_NUMBERS, "regimes", "laws")
_ROW_KEYS = ("language", "regime", "E", "ln_A", "alpha", "ln_B", "beta", "unique_tokens")
_ROW_MAY = ("phi", "phi_range")
_MOST_PHI: Final = 1.0
"""Most φ: a tenth of the tokens would then mean ten times the capacity term."""

_PHI_BESIDE = ("phi_range", "phi_is")


def parse_card(content: str | bytes, what: str) -> LawCard:
    """A law from the YAML of its card.

    Args:
        content: the card.
        what: how a message names it, say ``mine.yaml``.

    Raises:
        DataError: no YAML, a field missing or unknown, or a number out of range; all in ``faults``.
    """
    card = load_yaml(content, what, CARD_LIMIT)
    if not isinstance(card, dict):
        raise DataError(f"{what} holds {type(card).__name__}: expected the card of one law")
    if str(card.get("schema", "")).startswith("atlasmix/learned-law/"):
        raise DataError(
            f"{what} is a law learned from runs and no card: solve, sweep and capacity take the "
            "file as their law, learn and laws show tell what it holds, and learn predicts with it"
        )
    faults = _faults(card)
    if faults:
        raise DataError(f"{what} is no usable law:", tuple(faults))
    texts: dict[str, Any] = {key: str(card.get(key, "")).strip() for key in _TEXTS}
    kind = texts.pop("kind") or "chinchilla"
    constants = tuple((key, float(value)) for key, value in card.get("constants", {}).items())
    spans = card.get("intervals", {}).items()
    intervals = tuple(Interval(key, float(low), float(high)) for key, (low, high) in spans)
    also = tuple((key, float(value)) for key, value in card.get("also_fitted", {}).items())
    return LawCard(
        **texts,
        kind=kind,
        constants=constants,
        intervals=intervals,
        also_fitted=also,
        law=_law(kind, card, dict(constants), intervals),
    )


def _law(
    kind: str, card: dict[str, Any], constants: dict[str, Any], intervals: tuple[Interval, ...]
) -> Law:
    if kind == "per-language":
        return _language_laws(card)
    if kind == "curse":
        return replace(_curse(card["name"], constants, intervals), **_fitted_on(card, kind))
    if kind == "data-constrained" and "R_N" in constants:
        return DataConstrainedLaw(card["name"], **constants)
    decay = card.get("decay")
    if kind == "data-constrained":
        # Without excess parameters it is the saturation of ATLAS Eq. 3 with λ = 1/R_D.
        decay = 1 / constants.pop("R_D")
    return LossLaw(
        name=card["name"],
        **constants,
        unit=card["unit"].strip(),
        measured_on=card["measured_on"].strip(),
        source=card["source"].strip(),
        note=str(card.get("note", "")).strip(),
        decay=None if decay is None else float(decay),
        covariance=tuple(
            tuple(map(float, row)) for row in dict(card.get("covariance", {})).values()
        ),
        **_fitted_on(card, kind),
        **_phi(card),
    )


def _fitted_on(card: dict[str, Any], kind: str) -> dict[str, Any]:
    """The ranges of N, D and K of the runs behind a law, as its fields."""
    fields = {"params", "languages"} if kind == "curse" else {"params", "tokens"}
    return {
        f"fitted_{what}": (float(ends[0]), float(ends[1]))
        for what, ends in card.get("fitted_on", {}).items()
        if what in fields
    }


def _phi(card: Mapping[str, Any]) -> dict[str, Any]:
    """φ and its range as fields of a law; a φ without a range has one as wide as the default's."""
    if "phi" not in card:
        return {}
    phi = float(card["phi"])
    ends = card.get("phi_range", card.get("intervals", {}).get("phi"))
    if ends is None:
        ends = [phi * end / DEFAULT_PHI for end in DEFAULT_PHI_RANGE]
    return {"phi": phi, "phi_range": (float(ends[0]), float(ends[1]))}


def _language_laws(card: dict[str, Any]) -> LanguageLaws:
    rows = []
    for row in card["laws"]:
        law = LossLaw(
            name=f"{card['name']}/{row['language']}/{row['regime']}",
            E=float(row["E"]),
            A=math.exp(row["ln_A"]),
            alpha=float(row["alpha"]),
            B=math.exp(row["ln_B"]),
            beta=float(row["beta"]),
            unit=card["unit"].strip(),
            measured_on=f"{card['measured_on'].strip()}; {card['regimes'][row['regime']]}",
            source=card["source"].strip(),
            note=str(card.get("note", "")).strip(),
            language=row["language"],
            **_phi(row),
        )
        unique = float(row["unique_tokens"])
        rows.append(LanguageRow(row["language"], row["regime"], law, unique))
    return LanguageLaws(card["name"], tuple(card["regimes"].items()), tuple(rows))


def _curse(name: str, constants: dict[str, Any], intervals: tuple[Interval, ...]) -> CurseLaw:
    """Exponents as fitted, or from the exponents of the multipliers that a paper prints."""
    ends = {interval.constant: (interval.low, interval.high) for interval in intervals}
    if "alpha" in constants:
        phi, psi, alpha, beta = (
            ends.get(key, (constants[key],)) for key in ("phi", "psi", "alpha", "beta")
        )
        corners = tuple(dict.fromkeys(product(phi, psi, alpha, beta))) if ends else ()
        return CurseLaw(name=name, **constants, corners=corners)
    phi, psi = constants["phi"], constants["psi"]
    pairs = _consistent(constants, ends)
    extremes = [
        (*each, each[0] / capacity, each[1] / (tokens - 1))
        for each in product(ends.get("phi", (phi,)), ends.get("psi", (psi,)))
        for capacity, tokens in pairs
    ]
    capacity = sum(pair[0] for pair in pairs) / len(pairs)
    tokens = sum(pair[1] for pair in pairs) / len(pairs)
    alpha, beta = phi / capacity, psi / (tokens - 1)
    return CurseLaw(name, phi, psi, alpha, beta, corners=tuple(extremes) if ends else ())


def _consistent(
    constants: dict[str, float], ends: dict[str, tuple[float, float]]
) -> list[tuple[float, float]]:
    """Corners of the (φ/α, 1 + ψ/β) whose sum is the printed exponent of compute, to its digits.

    Three rounded numbers of which one is the sum of the others say more than two of them.
    """
    pair = constants["params_exponent"], constants["tokens_exponent"]
    names = ("params_exponent", "tokens_exponent", "compute_exponent")
    if any(key not in ends for key in names):
        return [pair]
    (left, right), (bottom, top), (least, most) = (ends[key] for key in names)
    shape = [(left, bottom), (right, bottom), (right, top), (left, top)]
    for sign, bound in ((1.0, most), (-1.0, -least)):
        kept: list[tuple[float, float]] = []
        for here, there in zip(shape, [*shape[1:], shape[0]], strict=True):
            over, next_over = (sign * sum(point) - bound for point in (here, there))
            if over <= 1e-12:
                kept.append(here)
            if over * next_over < -1e-24:
                part = over / (over - next_over)
                kept.append(
                    (here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1]))
                )
        shape = kept
    return list(dict.fromkeys((round(x, 12), round(y, 12)) for x, y in shape)) or [pair]


def _faults(card: dict[str, Any]) -> list[str]:
    faults = [f"{key} is missing" for key in _NEEDED if not isinstance(card.get(key), str)]
    for key in card:
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS)
            faults.append(f"no field {key[:40]!r}" + (f": {hint}" if hint else ""))
    faults += [
        f"{key} is {type(card[key]).__name__}: expected a text"
        for key in _TEXTS
        if key in card and key not in _NEEDED and not isinstance(card[key], str)
    ]
    kind = card.get("kind", "chinchilla")
    if kind not in _CONSTANTS:
        return [*faults, f"kind is {str(kind)[:40]!r}: expected one of {', '.join(_CONSTANTS)}"]
    if kind == "per-language":
        return [*faults, *_table_faults(card)]
    faults += [*_constant_faults(card, kind), *_interval_faults(card), *_extra_faults(card)]
    faults += _covariance_faults(card, kind)
    return [*faults, *_phi_faults(card, kind)]


def _constant_faults(card: dict[str, Any], kind: str) -> list[str]:
    constants = card.get("constants")
    names = _CONSTANTS[kind]
    if not isinstance(constants, Mapping):
        return [f"constants is missing: expected a mapping with {listed(names)}"]
    if kind == "curse" and "params_exponent" in constants:
        names = _PRINTED_CURSE
    optional = {"R_N", "compute_exponent"}
    faults = [
        f"constants has no {key}: expected {listed(names)}"
        for key in names
        if key not in constants and key not in optional
    ]
    for key, value in constants.items():
        if key not in names:
            faults.append(f"constants.{key} is not one of {listed(names)}")
            continue
        if not _is_number(value):
            faults.append(f"constants.{key} is {value!r}: expected a number")
        elif key not in _ANY_SIGN and (value < 0 or (value == 0 and key not in _MAY_BE_ZERO)):
            faults.append(f"constants.{key} is {value!r}: expected a number above 0")
    if not faults and "params_exponent" in constants and not _solvable(constants):
        faults.append(
            "constants: phi and params_exponent, and psi and tokens_exponent - 1, must have the "
            "same sign and not be 0, since alpha and beta are their ratios"
        )
    return faults


def _solvable(constants: Mapping[str, float]) -> bool:
    return (
        constants["phi"] * constants["params_exponent"] > 0
        and constants["psi"] * (constants["tokens_exponent"] - 1) > 0
    )


def _interval_faults(card: dict[str, Any]) -> list[str]:
    intervals = card.get("intervals", {})
    if not isinstance(intervals, Mapping):
        return ["intervals is no mapping: expected for example {E: [1.8, 2.0]}"]
    known = {*dict(card.get("constants") or {}), "params_exponent", "tokens_exponent"}
    known |= {"decay", "phi"} if "phi" in card else {"decay"}
    known |= set(card["also_fitted"]) if isinstance(card.get("also_fitted"), Mapping) else set()
    faults = [
        f"intervals.{key} is {str(ends)[:40]}: expected [low, high], both numbers, low first"
        for key, ends in intervals.items()
        if not _is_interval(ends)
    ]
    faults += [f"intervals.{key} speaks of no constant" for key in intervals if key not in known]
    if intervals and not card.get("intervals_are"):
        faults.append("intervals_are is missing: say what the intervals mean, as 95 % bootstrap")
    return faults


def _covariance_faults(card: Mapping[str, Any], kind: str) -> list[str]:
    """What is wrong with the covariance of the constants' logarithms."""
    if "covariance" not in card:
        return []
    if kind != "chinchilla":
        return [f"covariance does not belong to a law of kind {kind}"]
    names = [*LOSS_CONSTANTS, *(["decay"] if card.get("decay") is not None else [])]
    rows = card["covariance"]
    if not isinstance(rows, Mapping) or list(rows) != names:
        return [f"covariance: expected a mapping with a row for each of {listed(names)}, in order"]
    fault = covariance_fault(list(rows.values()), len(names))
    if not fault and not (card.get("constants") or {}).get("E"):
        fault = "expected an E above 0, which has a logarithm"
    return [f"covariance: {fault}"] if fault else []


def covariance_fault(rows: object, size: int) -> str:
    """Why ``rows`` are no covariance of ``size`` numbers; empty where they are one."""
    if not isinstance(rows, list) or len(rows) != size:
        return f"expected {size} rows"
    for row in rows:
        if not isinstance(row, list) or len(row) != size or not all(map(_is_number, row)):
            return f"expected rows of {size} numbers each"
    for i in range(size):
        for j in range(size):
            most = math.sqrt(max(rows[i][i], 0.0) * max(rows[j][j], 0.0))
            if rows[i][i] < 0 or not abs(rows[i][j]) <= most * (1 + 1e-6):
                return "expected no entry beyond what the two variances allow"
            if not math.isclose(rows[i][j], rows[j][i], rel_tol=1e-6, abs_tol=1e-12):
                return "expected a symmetric matrix"
    return ""


def _extra_faults(card: dict[str, Any]) -> list[str]:
    faults = []
    decay, kind = card.get("decay"), card.get("kind", "chinchilla")
    if decay is not None and not (_is_number(decay) and 1e-4 <= decay <= 100):
        faults.append(f"decay is {decay!r}: expected a number from 0.0001 to 100")
    if decay is not None and kind != "chinchilla":
        faults.append(f"decay does not belong to a law of kind {kind}")
    ranges = card.get("fitted_on", {})
    if not isinstance(ranges, Mapping) or not {*ranges} <= {"params", "tokens", "languages"}:
        faults.append("fitted_on is no mapping such as {params: [7000000, 9000000000]}")
    elif not all(map(_is_interval, ranges.values())):
        faults.append("fitted_on: expected [least, most] for each, both numbers")
    also = card.get("also_fitted", {})
    if not isinstance(also, Mapping) or not all(map(_is_number, also.values())):
        faults.append("also_fitted is no mapping of names to numbers")
    return faults


def _phi_faults(card: Mapping[str, Any], kind: str) -> list[str]:
    """What is wrong with the capacity exponent of a card or of a row of its table."""
    if "phi" not in card:
        return [f"{key} is given without phi: add phi" for key in _PHI_BESIDE if key in card]
    if kind == "curse" or (kind == "data-constrained" and "R_N" in (card.get("constants") or ())):
        return [f"phi does not belong beside the constants of this law of kind {kind}: remove it"]
    phi = card["phi"]
    if not (_is_number(phi) and 0 <= phi <= _MOST_PHI):
        return [f"phi is {phi!r}: expected a number from 0 to {_MOST_PHI:g}, such as {DEFAULT_PHI}"]
    return _phi_range_faults(card, phi)


def _phi_range_faults(card: Mapping[str, Any], phi: float) -> list[str]:
    intervals = card.get("intervals", {})
    among = intervals.get("phi") if isinstance(intervals, Mapping) else None
    ends = card.get("phi_range", among)
    if "phi_range" in card and among is not None:
        return ["phi_range and intervals.phi are both given: keep one of them"]
    if ends is None or (among is not None and not _is_interval(among)):
        return []  # of an interval that is none, _interval_faults has spoken
    if not _is_interval(ends) or not 0 <= ends[0] <= phi <= ends[1] <= _MOST_PHI:
        return [
            f"the range of phi is {str(ends)[:40]}: expected [low, high] that hold phi, {phi:g}, "
            f"within 0 to {_MOST_PHI:g}"
        ]
    return []


def _table_faults(card: dict[str, Any]) -> list[str]:
    regimes, rows = card.get("regimes"), card.get("laws")
    if "phi" in card or "phi_range" in card:
        return ["phi belongs to the laws of a table, one each: write it into the rows"]
    if not isinstance(regimes, dict) or not regimes:
        return ["regimes is missing: expected a mapping of names to what they mean"]
    if not isinstance(rows, list) or not rows:
        return ["laws is missing: expected a list of laws, one a language and regime"]
    faults: list[str] = []
    for number, row in enumerate(rows, 1):
        faults += [f"laws {number}: {fault}" for fault in _row_faults(row, regimes)]
    return faults


def _row_faults(row: object, regimes: dict[str, Any]) -> list[str]:
    from atlasmix.languages.resolving import resolve

    if not isinstance(row, dict) or {*row} - {*_ROW_MAY} != {*_ROW_KEYS}:
        return [f"expected exactly {', '.join(_ROW_KEYS)}, and phi and phi_range if they are known"]
    faults = [
        f"{key} is {row[key]!r}: expected a number"
        for key in _ROW_KEYS[2:]
        if not _is_number(row[key])
    ]
    faults += _phi_faults(row, "per-language")
    if row["regime"] not in regimes:
        faults.append(f"regime is {row['regime']!r}: expected one of {', '.join(regimes)}")
    try:
        key = str(resolve(row["language"]))
    except AtlasMixError as error:
        return [*faults, str(error)]
    return faults if key == row["language"] else [*faults, f"language: write {key}"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_interval(ends: object) -> bool:
    return (
        isinstance(ends, list)
        and len(ends) == 2
        and all(map(_is_number, ends))
        and ends[0] <= ends[1]
    )
