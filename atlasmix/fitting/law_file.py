"""A learned law as a file: plain YAML with its card, that predicts the same numbers when read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import UNSET, Struct, UnsetType
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.learning import Learned, hardly_told
from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.rival_laws import FORMULAS, FormulaLaw
from atlasmix.fitting.runs import frozen
from atlasmix.io.files import begins, read_file
from atlasmix.io.safe_yaml import dump_yaml, load_yaml
from atlasmix.io.schema import (
    AtLeastOne,
    Digest,
    NotNegative,
    Positive,
    Share,
    Text,
    faults_of,
)
from atlasmix.io.tables import refuse

Array = NDArray[np.float64]

LAW_SCHEMA: Final = "atlasmix/learned-law/1"
LAW_LIMIT: Final = 64 * 1024 * 1024
_ENDINGS: Final = (".yaml", ".yml")
_FIELDS: Final = ("E", "A", "phi", "mu", "alpha", "B", "epsilon", "beta", "gamma")


class SetConstants(Struct, forbid_unknown_fields=True):
    """The law of one evaluation set, and how far it was off held-out runs."""

    name: Text
    own: str
    half_width: NotNegative | None
    held_out_error: NotNegative
    held_out_rank: float
    constants: dict[str, float]
    tau: dict[str, NotNegative]
    hardly_told: list[Text] | UnsetType = UNSET


class LawScale(Struct, forbid_unknown_fields=True):
    """The size that the constants count from; 0 where the runs do not say."""

    params: NotNegative
    tokens: NotNegative
    decay: NotNegative
    unique: dict[str, Positive]
    params_vary: bool
    tokens_vary: bool
    params_range: list[Positive] | UnsetType = UNSET
    tokens_range: list[Positive] | UnsetType = UNSET


class LearnedFrom(Struct, forbid_unknown_fields=True):
    """The runs behind a law."""

    tables: list[Text]
    sha256: list[Digest]
    runs: AtLeastOne
    seed: int
    notes: list[str]


class AssumedConstants(Struct, forbid_unknown_fields=True):
    """Constants of a law that the runs could not tell, taken from another: assumed, not learned."""

    law: Text
    sha256: Digest
    unit: Text
    constants: dict[str, float]
    words: Text


class HistoryOutcome(Struct, forbid_unknown_fields=True):
    """One loss that the law foretold, and what the run reached."""

    run: str
    set: Text
    predicted: float
    reached: float
    half_width: NotNegative | None


class HistoryBatch(Struct, forbid_unknown_fields=True):
    """Runs that were added together, and what the law before them foretold."""

    tables: list[Text]
    sha256: list[Digest]
    law: Text
    runs: AtLeastOne
    outcomes: list[HistoryOutcome]
    unjudged: list[str]


class LawFile(Struct, forbid_unknown_fields=True):
    """A law of the losses of mixtures, learned from runs."""

    schema: str
    name: Text
    law: str
    words: str
    unit: Text
    atlasmix: str
    sources: list[Text]
    scale: LawScale
    coverage: Share
    sets: list[SetConstants]
    compared: dict[str, dict[str, float]]
    learned_from: LearnedFrom
    assumed: AssumedConstants | UnsetType = UNSET
    history: list[HistoryBatch] | UnsetType = UNSET
    draws: list[list[list[float]]] | UnsetType = UNSET


@dataclass(frozen=True, slots=True, eq=False)
class SavedLaw:
    """A law that was read from its file.

    Attributes:
        name: of the law.
        law: predicts losses.
        half_width: (K,) half the width of an interval of a predicted loss; inf: too few runs.
        coverage: of the intervals.
        unit: of the losses.
        content: the file as plain data.
    """

    name: str
    law: MixingLaw | FormulaLaw
    half_width: Array
    coverage: float
    unit: str
    content: Mapping[str, Any]


def is_law_file(name: str) -> bool:
    """Whether a name is meant as the path of a saved law."""
    return name.lower().endswith(_ENDINGS)


def is_learned(path: Path) -> bool:
    """Whether a file says at its head that it is a learned law; False where it cannot be read."""
    return LAW_SCHEMA.encode() in begins(path, _HEAD)


_HEAD: Final = 1024


def law_mapping(
    learned: Learned,
    name: str,
    tables: Sequence[tuple[str, str]],
    draws: Sequence[MixingLaw] = (),
    history: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The chosen law as plain data, in the order in which it is written.

    Args:
        learned: from the runs.
        name: of the law.
        tables: name and SHA-256 of each file of runs.
        draws: of the mixing law, which say how sure it is in a solve.
        history: what the laws before foretold of runs that were added, as plain data.

    Raises:
        ProblemError: a law that is a model of a library, which no plain file holds.
    """
    from atlasmix.version import __version__

    law = learned.law
    if not isinstance(law, MixingLaw | FormulaLaw):
        raise ProblemError(
            f"the law {law.name} is a model of a library, which no plain file holds: save one of "
            f"mixing, {', '.join(FORMULAS)}",
            field="save",
        )
    scale, untold = learned.scale, hardly_told(learned)
    known = np.isfinite(scale.unique)
    return {
        "schema": LAW_SCHEMA,
        "name": name,
        "law": law.name,
        "words": learned.chosen.words,
        "unit": learned.runs.unit,
        "atlasmix": __version__,
        "sources": list(law.sources),
        "scale": {
            "params": float(scale.params),
            "tokens": float(scale.tokens),
            "decay": float(scale.decay),
            "unique": {
                source: float(count)
                for source, count, some in zip(law.sources, scale.unique, known, strict=True)
                if some
            },
            "params_vary": scale.params_vary,
            "tokens_vary": scale.tokens_vary,
            **_ranges(learned),
        },
        "coverage": learned.question.coverage,
        "sets": [_set(learned, law, place, untold[place]) for place in range(len(law.sets))],
        "compared": {
            judged.name: {"held_out_error": judged.error, "held_out_rank": judged.rank}
            for judged in learned.judged
        },
        "learned_from": {
            "tables": [table for table, _ in tables],
            "sha256": [digest for _, digest in tables],
            "runs": learned.runs.count,
            "seed": learned.question.seed,
            "notes": list(learned.runs.notes),
        },
        **({"assumed": learned.assumed.data()} if learned.assumed else {}),
        **({"history": list(history)} if history else {}),
        **({"draws": [_rows_of(drawn) for drawn in draws]} if draws else {}),
    }


def _ranges(learned: Learned) -> dict[str, list[float]]:
    """Least and most parameters and tokens of the runs, where they say."""
    mixtures = learned.runs.mixtures
    columns = {"params_range": mixtures.params, "tokens_range": mixtures.tokens}
    return {
        name: [float(np.nanmin(column)), float(np.nanmax(column))]
        for name, column in columns.items()
        if column is not None and not np.all(np.isnan(column))
    }


def _rows_of(law: MixingLaw) -> list[list[float]]:
    """The constants of every set in the order of ``_FIELDS``, then τ of every source."""
    return [
        [*(float(column[place]) for column in _columns(law)), *law.worth[place].tolist()]
        for place in range(len(law.sets))
    ]


def _columns(law: MixingLaw) -> tuple[Array, ...]:
    return (
        *(law.floor, law.capacity, law.phi, law.least),
        *(law.alpha, law.data, law.background, law.beta, law.gamma),
    )


def _set(
    learned: Learned, law: MixingLaw | FormulaLaw, place: int, untold: tuple[str, ...]
) -> dict[str, Any]:
    own = int(learned.runs.own[place])
    width = float(learned.half_width[place])
    written: dict[str, Any] = {
        "name": law.sets[place],
        "own": law.sources[own] if own >= 0 else "",
        "half_width": width if math.isfinite(width) else None,
        "held_out_error": float(learned.chosen.errors[place]),
        "held_out_rank": float(learned.chosen.ranks[place]),
    }
    if isinstance(law, FormulaLaw):
        numbers = law.constants[place].tolist()
        return {
            **written,
            "constants": {f"c{at}": value for at, value in enumerate(numbers)},
            "tau": {},
        }
    return {
        **written,
        "constants": {
            name: float(column[place]) for name, column in zip(_FIELDS, _columns(law), strict=True)
        },
        "tau": dict(zip(law.sources, law.worth[place].tolist(), strict=True)),
        "hardly_told": list(untold),
    }


_HEADER: Final = """\
# What the losses of a model are for a mixture of its text, learned from runs.
# atlasmix learn reads it and says what it predicts of other mixtures.
"""


def law_text(content: Mapping[str, Any]) -> str:
    """The law as YAML; numbers keep all their digits."""
    return _HEADER + dump_yaml(dict(content))


def load_learned_law(source: Path | str | bytes, what: str = "law") -> SavedLaw:
    """A law from its file (``Path``) or from its text.

    Args:
        source: the file, or what stands in it.
        what: how a message names a text.

    Raises:
        DataError: unreadable, not of this schema, or constants that are missing; ``faults`` names
            all.
    """
    what = f"law {source.name}" if isinstance(source, Path) else what
    text = read_file(source, LAW_LIMIT) if isinstance(source, Path) else source
    content = load_yaml(text, what, LAW_LIMIT)
    if not isinstance(content, dict) or content.get("schema") != LAW_SCHEMA:
        raise DataError(
            f"{what} is no learned law: expected a file that begins with 'schema: {LAW_SCHEMA}', "
            "as atlasmix learn saves it; runs are read from CSV, Parquet or JSON Lines",
            field="runs",
        )
    refuse(what, faults_of(content, LawFile, "law") or _inner_faults(content))
    widths = [
        math.inf if each["half_width"] is None else each["half_width"] for each in content["sets"]
    ]
    return SavedLaw(
        name=content["name"],
        law=_law(content),
        half_width=frozen(np.array(widths, dtype=np.float64)),
        coverage=float(content["coverage"]),
        unit=content["unit"],
        content=content,
    )


def _inner_faults(content: Mapping[str, Any]) -> list[str]:
    faults = []
    if content["law"] not in ("mixing", *FORMULAS):
        faults.append(f"law {content['law']!r}: expected one of mixing, {', '.join(FORMULAS)}")
        return faults
    sources, sets = content["sources"], [each["name"] for each in content["sets"]]
    for noun, names in (("source", sources), ("set", sets)):
        faults += [
            f"{noun} {name} stands there twice" for name in set(names) if names.count(name) > 1
        ]
    if len(sources) < 2 or not sets:
        faults.append("expected at least two sources and one set")
    count = len(sources)
    numbers = {"linear": count, "exponential": count + 2, "additive": 2 * count + 1}
    for each in content["sets"]:
        name = f"set {each['name']}"
        if each["own"] and each["own"] not in sources:
            faults.append(f"{name}: own {each['own']!r} is none of the sources")
        if content["law"] == "mixing":
            keys: set[str] = set(_FIELDS)
            if list(each["tau"]) != sources:
                faults.append(
                    f"{name}: tau names other sources than the law: expected one for each"
                )
        else:
            keys = {f"c{at}" for at in range(numbers[content["law"]])}
        if set(each["constants"]) != keys:
            faults.append(f"{name}: constants are not those of the law {content['law']}")
        elif content["law"] == "mixing":
            faults += [
                f"{name}: {fault}"
                for fault in _range_of_constants([each["constants"][key] for key in _FIELDS])
            ]
    faults += [
        f"unique of {name!r}: no source of the law"
        for name in content["scale"]["unique"]
        if name not in sources
    ]
    return faults + _draw_faults(content) + _range_faults(content["scale"])


_MOST: Final = {"phi": 50.0, "alpha": 50.0, "beta": 50.0, "gamma": 1.0}
"""Most of each constant; of the exponents our choice, far beyond any that was ever fitted."""


def _range_of_constants(values: Sequence[float]) -> list[str]:
    """What cannot be of the constants of a mixing law, in the order of ``_FIELDS``."""
    return [
        f"{key} is {value:g}: expected 0 or more"
        + (f", at most {_MOST[key]:g}" if key in _MOST else "")
        for key, value in zip(_FIELDS, values, strict=True)
        if (value < 0 and key != "E") or value > _MOST.get(key, math.inf)
    ]


def _draw_faults(content: Mapping[str, Any]) -> list[str]:
    sets, width = len(content["sets"]), len(_FIELDS) + len(content["sources"])
    faults = []
    for at, drawn in enumerate(content.get("draws", ()), start=1):
        if [len(row) for row in drawn] != [width] * sets:
            faults.append(f"draw {at}: expected {sets} rows of {width} numbers, a set each")
            continue
        for row in drawn:
            faults += [f"draw {at}: {said}" for said in _range_of_constants(row[: len(_FIELDS)])]
            if min(row[len(_FIELDS) :]) < 0:
                faults.append(f"draw {at}: a weight below 0: expected 0 or more")
    return faults


def _range_faults(scale: Mapping[str, Any]) -> list[str]:
    ends = {what: scale.get(what, [1, 1]) for what in ("params_range", "tokens_range")}
    faults = [
        f"{what}: expected least and most, in this order"
        for what, pair in ends.items()
        if len(pair) != 2 or pair[0] > pair[1]
    ]
    if scale["params_vary"] and not scale["params"]:
        faults.append("params of the scale is 0: expected the middle of runs that differ in it")
    return faults


def drawn_laws(saved: SavedLaw) -> tuple[MixingLaw, ...]:
    """Every draw of the law; none where its file has none."""
    law = saved.law
    if not isinstance(law, MixingLaw):
        return ()
    drawn = []
    for rows in saved.content.get("draws", ()):
        table = np.array(rows, dtype=np.float64)
        constants = [frozen(column) for column in table[:, : len(_FIELDS)].T]
        floor, capacity, phi, least, alpha, data, background, beta, gamma = constants
        drawn.append(
            replace(
                law,
                floor=floor,
                capacity=capacity,
                phi=phi,
                least=least,
                alpha=alpha,
                data=data,
                background=background,
                beta=beta,
                gamma=gamma,
                worth=frozen(table[:, len(_FIELDS) :]),
            )
        )
    return tuple(drawn)


def _law(content: Mapping[str, Any]) -> MixingLaw | FormulaLaw:
    sources = tuple(content["sources"])
    sets = tuple(each["name"] for each in content["sets"])
    if content["law"] != "mixing":
        rows = [
            [each["constants"][f"c{at}"] for at in range(len(each["constants"]))]
            for each in content["sets"]
        ]
        return FormulaLaw(content["law"], sources, sets, frozen(np.array(rows, dtype=np.float64)))
    columns = {
        name: frozen(np.array([float(each["constants"][name]) for each in content["sets"]]))
        for name in _FIELDS
    }
    worth = [[float(each["tau"][source]) for source in sources] for each in content["sets"]]
    own = [sources.index(each["own"]) if each["own"] else -1 for each in content["sets"]]
    scale = content["scale"]
    unique = [float(scale["unique"].get(source, np.inf)) for source in sources]
    return MixingLaw(
        sources=sources,
        sets=sets,
        own=frozen(np.array(own, dtype=np.int64)),
        floor=columns["E"],
        capacity=columns["A"],
        phi=columns["phi"],
        least=columns["mu"],
        alpha=columns["alpha"],
        data=columns["B"],
        background=columns["epsilon"],
        worth=frozen(np.array(worth, dtype=np.float64)),
        beta=columns["beta"],
        gamma=columns["gamma"],
        scale=Scale(
            float(scale["params"]),
            float(scale["tokens"]),
            float(scale["decay"]),
            frozen(np.array(unique, dtype=np.float64)),
            bool(scale["params_vary"]),
            bool(scale["tokens_vary"]),
        ),
    )
