"""The card of a fitted law, ready for the shelf: constants, intervals, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.certainty import COVERAGE, Bootstrap, HeldOut
from atlasmix.fitting.fit import Fit
from atlasmix.fitting.fit_question import ONE_EPOCH
from atlasmix.fitting.forms import FLOOR_BOUND
from atlasmix.io.safe_yaml import dump_yaml
from atlasmix.laws.kinds import LOSS_CONSTANTS
from atlasmix.quantities import format_quantity

_ALSO: Final = ("tau ", "E ")
_DIGITS: Final = 7
_LEAST_RESAMPLES: Final = 20
"""Resamples below which nothing is said of how the constants go together: our choice."""
_WORDS: Final = {
    "chinchilla": "Loss by parameters and tokens",
    "data-constrained": "Loss by parameters, tokens and repetition",
    "atlas": "Loss by parameters and effective data, with the decay of repeated tokens",
    "mixing": "Loss by parameters, own share and effective data, from runs of mixtures",
    "curse": "Loss by parameters, tokens and number of languages",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the runs came from.

    Attributes:
        table: name of the file.
        sha256: of its bytes.
        measured_on: data, tokenizer and languages of the runs, as the user says; may be empty.
    """

    table: str
    sha256: str
    measured_on: str = ""


def card_data(
    name: str,
    fit: Fit,
    intervals: Bootstrap | None,
    splits: tuple[HeldOut, ...],
    origin: Origin,
) -> dict[str, object]:
    """The card as plain data, in the format of ``data/scaling_laws``.

    Args:
        name: of the law on the shelf.
        fit: the fit.
        intervals: bootstrap of it; None: the card has no intervals.
        splits: held-out errors for its note.
        origin: of the runs.
    """
    question, constants = fit.question, _tidy(fit)
    decay = constants.pop("lambda", None)
    phis = {key: constants.pop(key) for key in fit.form.constants if _is_phi(fit, key)}
    names = [key for key in constants if key.startswith(_ALSO)]
    also = phis if len(phis) > 1 else {}
    also = also | {key: constants.pop(key) for key in names}
    also = {key: value for key, value in also.items() if key not in question.held}
    if any(name.startswith("E ") for name in also):
        first = fit.runs.targets[0]
        also = {f"E {first}": constants["E"], **also}
        constants["E"] = _rounded(
            float(np.mean([value for name, value in also.items() if name.startswith("E ")]))
        )
    card: dict[str, object] = {
        "name": name,
        "kind": fit.form.kind,
        "title": f"{_WORDS[question.law]}, fitted to {fit.runs.count} runs of {origin.table}",
        "constants": constants,
    }
    if decay is not None:
        card["decay"] = decay
    ends = _intervals(fit, intervals, also)
    card |= _phi(fit, phis, ends)
    if intervals is not None and ends:
        card["intervals"] = ends
        card["intervals_are"] = (
            f"{COVERAGE:.0%} bootstrap over {intervals.resamples} resamples of whole runs"
        )
    together = _covariance(fit, intervals, constants, decay) if ends else {}
    if together:
        card["covariance"] = together
    if also:
        card["also_fitted"] = also
    card["fitted_on"] = _ranges(fit)
    card["unit"] = fit.runs.unit
    card["measured_on"] = measured_on(fit, origin)
    card["source"] = f"atlasmix fit of {origin.table} (SHA-256 {origin.sha256})"
    card["note"] = _note(fit, splits)
    return card


def card_text(card: dict[str, object]) -> str:
    """The card as YAML."""
    return dump_yaml(card)


def measured_on(fit: Fit, origin: Origin) -> str:
    """What the runs cover, in words."""
    runs = fit.runs
    words = [
        f"{runs.count} runs",
        f"{_span(runs.params)} parameters",
        f"{_span(runs.total)} tokens",
        _epochs(float(np.max(runs.epochs))),
    ]
    if fit.question.law == "curse":
        words.append(f"{np.min(runs.languages):g} to {np.max(runs.languages):g} languages")
    if runs.target or runs.targets:
        words.append(f"loss of {', '.join(runs.targets or (runs.target,))}")
    if runs.sources:
        words.append(f"read beside {', '.join(runs.sources)}")
    text = ", ".join(words)
    return f"{origin.measured_on.strip()}; {text}" if origin.measured_on.strip() else text


def _is_phi(fit: Fit, name: str) -> bool:
    return fit.question.law == "mixing" and name.split(" ", maxsplit=1)[0] == "phi"


def _phi(fit: Fit, phis: Mapping[str, float], ends: dict[str, list[float]]) -> dict[str, object]:
    """φ of the card, with its range and how it came about: that of one target, or the median."""
    if not phis:
        return {}
    written: dict[str, object] = {"phi": _rounded(float(np.median(list(phis.values()))))}
    if len(phis) > 1:
        spans = [ends[name] for name in phis if name in ends]
        if spans:
            written["phi_range"] = [min(low for low, _ in spans), max(high for _, high in spans)]
        written["phi_is"] = f"median of the {len(phis)} targets of the fit"
    elif "phi" in fit.question.held:
        written["phi_is"] = "held, not fitted"
    else:
        written["phi_is"] = "fitted together with the other constants"
    return written


def _ranges(fit: Fit) -> dict[str, list[int | float]]:
    """Least and most N and D of the runs, and K where the law knows it."""
    runs = fit.runs
    columns = {"params": runs.params, "tokens": runs.total}
    if fit.question.law == "curse":
        columns["languages"] = runs.languages
    return {
        name: [_count(float(np.min(column))), _count(float(np.max(column)))]
        for name, column in columns.items()
    }


def _tidy(fit: Fit) -> dict[str, float]:
    """The constants with seven digits; E at its bound is 0."""
    least = 2 * FLOOR_BOUND * float(np.min(fit.runs.loss))
    constants = fit.constants
    if constants["E"] <= least and "E" not in fit.question.held:
        constants["E"] = 0.0
    return {name: _rounded(value) for name, value in constants.items()}


def _intervals(
    fit: Fit, intervals: Bootstrap | None, also: Mapping[str, float]
) -> dict[str, list[float]]:
    if intervals is None:
        return {}
    least = 2 * FLOOR_BOUND * float(np.min(fit.runs.loss))
    ends: dict[str, list[float]] = {}
    mixing, floors = fit.question.law == "mixing", any(name.startswith("E ") for name in also)
    for name in intervals.samples:
        if name.startswith("tau ") and not mixing:
            continue
        if name == "E" and floors:
            continue  # the card's E is then the mean over the targets
        low, high = intervals.interval(name)
        key = "decay" if name == "lambda" else name
        ends[key] = [
            0.0 if name.split(" ")[0] == "E" and end <= least else _rounded(end)
            for end in (low, high)
        ]
    return ends


def _covariance(
    fit: Fit, intervals: Bootstrap | None, constants: Mapping[str, float], decay: float | None
) -> dict[str, list[float]]:
    """Covariance of the logarithms over the resamples, 0 where a constant was held.

    Empty for a law with constants of its own kind beside these, or one without an E, which has no
    logarithm; a resample at E = 0 has none either, and is left out.
    """
    names = [*LOSS_CONSTANTS, *(["lambda"] if decay is not None else [])]
    if intervals is None or fit.form.kind != "chinchilla" or set(constants) != {*LOSS_CONSTANTS}:
        return {}
    if fit.question.law == "mixing" or constants["E"] <= 0:
        return {}
    least = 2 * FLOOR_BOUND * float(np.min(fit.runs.loss))
    floors = intervals.samples.get("E", np.full(intervals.resamples, np.inf))
    kept = floors > least
    if kept.sum() < _LEAST_RESAMPLES:
        return {}
    logs = np.zeros((len(names), int(kept.sum())))
    for row, name in enumerate(names):
        if name in intervals.samples:
            logs[row] = np.log(intervals.samples[name][kept])
    return {
        "decay" if name == "lambda" else name: [_rounded(float(each)) for each in row]
        for name, row in zip(names, np.cov(logs), strict=True)
    }


def _note(fit: Fit, splits: tuple[HeldOut, ...]) -> str:
    question = fit.question
    text = [
        f"Sum of Huber terms {fit.objective:.6g} (delta {question.delta:g}, log loss), R² "
        f"{fit.r_squared:.4f} on the runs themselves."
    ]
    if question.stages == 2:
        text.append("Two stages: E, A, alpha, B and beta on runs of one epoch.")
    if any(name.startswith("E ") for name in fit.form.constants):
        text.append("Each target has its own E; the card's is their mean.")
    if question.tied:
        text.append("alpha and beta are held equal.")
    if question.fixed:
        held = ", ".join(f"{name}={value:g}" for name, value in question.fixed)
        text.append(f"Held, not fitted: {held}.")
    shown = [split for split in splits if not split.fault]
    if shown:
        text.append(
            "Held out: "
            + ", ".join(
                f"{each.split} R² {each.r_squared:.2f}, off by {each.error:.1%}" for each in shown
            )
            + "."
        )
    return " ".join([*text, *(f"{note[0].upper()}{note[1:]}." for note in fit.runs.notes)])


def _span(column: NDArray[np.float64]) -> str:
    low, high = (format_quantity(float(end)) for end in (np.min(column), np.max(column)))
    return low if low == high else f"{low} to {high}"


def _epochs(most: float) -> str:
    return "one epoch" if most <= ONE_EPOCH else f"up to {float(f'{most:.3g}'):,g} epochs"


def _count(value: float) -> int | float:
    return int(value) if float(value).is_integer() and value < 1e18 else _rounded(value)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
