"""The card of a fitted law, ready for the shelf: constants, intervals, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.evidence.safe_yaml import dump_yaml
from atlasmix.quantities import format_quantity
from atlasmix.scaling.fitting.bootstrap import COVERAGE, Bootstrap
from atlasmix.scaling.fitting.fit import Fit
from atlasmix.scaling.fitting.forms import FLOOR_BOUND
from atlasmix.scaling.fitting.held_out import HeldOut
from atlasmix.scaling.fitting.question import ONE_EPOCH

_DIGITS: Final = 7
_WORDS: Final = {
    "chinchilla": "Loss by parameters and tokens",
    "data-constrained": "Loss by parameters, tokens and repetition",
    "atlas": "Loss by parameters and effective data, with the decay of repeated tokens",
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
    found: Fit,
    intervals: Bootstrap | None,
    splits: tuple[HeldOut, ...],
    origin: Origin,
) -> dict[str, object]:
    """The card as plain data, in the format of ``data/scaling_laws``.

    Args:
        name: of the law on the shelf.
        found: the fit.
        intervals: bootstrap of it; None: the card has no intervals.
        splits: held-out errors for its note.
        origin: of the runs.
    """
    question, constants = found.question, _tidy(found)
    decay = constants.pop("lambda", None)
    names = [key for key in constants if key.startswith("tau ")]
    values = {key: constants.pop(key) for key in names}
    transfers = {key: value for key, value in values.items() if key not in question.held}
    card: dict[str, object] = {
        "name": name,
        "kind": found.form.kind,
        "title": f"{_WORDS[question.law]}, fitted to {found.runs.count} runs of {origin.table}",
        "constants": constants,
    }
    if decay is not None:
        card["decay"] = decay
    ends = _intervals(found, intervals)
    if intervals is not None and ends:
        card["intervals"] = ends
        card["intervals_are"] = (
            f"{COVERAGE:.0%} bootstrap over {intervals.resamples} resamples of whole runs"
        )
    if transfers:
        card["also_fitted"] = transfers
    params = found.runs.params
    ranges: dict[str, object] = {"params": [_count(np.min(params)), _count(np.max(params))]}
    if question.law == "curse":
        kinds = found.runs.languages
        ranges["languages"] = [_count(np.min(kinds)), _count(np.max(kinds))]
    card["fitted_on"] = ranges
    card["unit"] = found.runs.unit
    card["measured_on"] = measured_on(found, origin)
    card["source"] = f"atlasmix fit of {origin.table} (SHA-256 {origin.sha256})"
    card["note"] = _note(found, splits)
    return card


def card_text(card: dict[str, object]) -> str:
    """The card as YAML."""
    return dump_yaml(card)


def measured_on(found: Fit, origin: Origin) -> str:
    """What the runs cover, in words."""
    runs = found.runs
    words = [
        f"{runs.count} runs",
        f"{_span(runs.params)} parameters",
        f"{_span(runs.total)} tokens",
        _epochs(float(np.max(runs.epochs))),
    ]
    if found.question.law == "curse":
        words.append(f"{np.min(runs.languages):g} to {np.max(runs.languages):g} languages")
    if runs.target:
        words.append(f"loss of {runs.target}")
    if runs.sources:
        words.append(f"read beside {', '.join(runs.sources)}")
    text = ", ".join(words)
    return f"{origin.measured_on.strip()}; {text}" if origin.measured_on.strip() else text


def _tidy(found: Fit) -> dict[str, float]:
    """The constants with seven digits; E at its bound is 0."""
    least = 2 * FLOOR_BOUND * float(np.min(found.runs.loss))
    constants = found.constants
    if constants["E"] <= least and "E" not in found.question.held:
        constants["E"] = 0.0
    return {name: _rounded(value) for name, value in constants.items()}


def _intervals(found: Fit, intervals: Bootstrap | None) -> dict[str, list[float]]:
    if intervals is None:
        return {}
    least = 2 * FLOOR_BOUND * float(np.min(found.runs.loss))
    ends: dict[str, list[float]] = {}
    for name in intervals.samples:
        if name.startswith("tau "):
            continue
        low, high = intervals.interval(name)
        key = "decay" if name == "lambda" else name
        ends[key] = [0.0 if name == "E" and end <= least else _rounded(end) for end in (low, high)]
    return ends


def _note(found: Fit, splits: tuple[HeldOut, ...]) -> str:
    question = found.question
    text = [
        f"Sum of Huber terms {found.objective:.6g} (delta {question.delta:g}, log loss), R² "
        f"{found.r_squared:.4f} on the runs themselves."
    ]
    if question.stages == 2:
        text.append("Two stages: E, A, alpha, B and beta on runs of one epoch.")
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
                f"{one.split} R² {one.r_squared:.2f}, off by {one.error:.1%}" for one in shown
            )
            + "."
        )
    return " ".join([*text, *(f"{note[0].upper()}{note[1:]}." for note in found.runs.notes)])


def _span(column: NDArray[np.float64]) -> str:
    low, high = (format_quantity(float(end)) for end in (np.min(column), np.max(column)))
    return low if low == high else f"{low} to {high}"


def _epochs(most: float) -> str:
    return "one epoch" if most <= ONE_EPOCH else f"up to {float(f'{most:.3g}'):,g} epochs"


def _count(value: float) -> int | float:
    return int(value) if float(value).is_integer() and value < 1e18 else _rounded(value)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
