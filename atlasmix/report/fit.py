"""The report of a fit, top down: the law, how well it holds, how sure it is, what to mind."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from atlasmix.fitting.card import Origin, card_data, measured_on
from atlasmix.fitting.certainty import Bootstrap, Diagnosis, HeldOut
from atlasmix.fitting.fit import Fit
from atlasmix.quantities import format_quantity

if TYPE_CHECKING:
    from rich.console import RenderableType

_FORMULAS: Final = {
    "chinchilla": "L = E + A/N^alpha + B/D^beta",
    "data-only": "L = E + A/N^alpha + B/D'^beta, D' after repetition (R_D)",
    "data-constrained": "L = E + A/N'^alpha + B/D'^beta, N' and D' after excess and repetition",
    "atlas": "L = E + A/N^alpha + B/D_eff^beta, D_eff after repetition (lambda)",
    "mixing": "L = E + A m^-phi/N^alpha + B/D_eff^beta, m the own share, D_eff with transfer (tau)",
    "curse": "L = E + A K^phi/N^alpha + B K^psi/D^beta, D tokens of each of K languages",
}


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Everything that the report of ``fit`` tells.

    Attributes:
        name: of the law on its card.
        fit: the fit.
        intervals: of the constants; None: not asked for.
        splits: held-out errors; empty: not asked for.
        diagnosis: warnings.
        origin: of the runs.
        card: file the card was written to; empty: none.
        shelf: whether it was put on the user's shelf.
        figure: file the figure was written to; empty: none.
    """

    name: str
    fit: Fit
    intervals: Bootstrap | None
    splits: tuple[HeldOut, ...]
    diagnosis: Diagnosis
    origin: Origin
    card: str = ""
    shelf: bool = False
    figure: str = ""


def fit_parts(fitted: Fitted) -> list[RenderableType]:
    """The parts of the report, in reading order, for a console."""
    from rich.text import Text

    from atlasmix.report.layout import bullets, section

    fit, intervals = fitted.fit, fitted.intervals
    parts: list[RenderableType] = [
        Text(_headline(fit), style="bold"),
        Text(_quality(fit, fitted.diagnosis)),
    ]
    said = "held constants are marked" if fit.question.fixed else ""
    if intervals is not None:
        said = f"95% of {intervals.resamples} resamples" + (f"; {said}" if said else "")
    parts += section(f"Constants ({said})" if said else "Constants", _constants_table(fitted))
    growth = _growth(fit, intervals)
    if growth:
        parts += section("What follows for a compute-optimal model", growth)
    if fitted.splits:
        parts += section(
            "Runs held out (the law is fitted to the others and predicts these)",
            _splits_table(fitted.splits),
        )
    if fitted.diagnosis.warnings:
        parts += section("Warnings", bullets(fitted.diagnosis.warnings))
    parts += section("How the table was read", bullets(tuple(_reading(fitted))))
    return parts


def fit_data(fitted: Fitted) -> dict[str, object]:
    """The report for programs."""
    import dataclasses

    fit, intervals = fitted.fit, fitted.intervals
    rows = zip(
        *(column.tolist() for column in (fit.runs.rows, fit.runs.loss, fit.predicted)),
        strict=True,
    )
    return {
        "law": fit.question.law,
        "card": card_data(fitted.name, fit, intervals, fitted.splits, fitted.origin),
        "constants": fit.constants,
        "held": sorted(fit.question.held),
        "intervals": {name: intervals.interval(name) for name in intervals.samples}
        if intervals
        else {},
        "resamples": intervals.resamples if intervals else 0,
        "huber_sum": fit.objective,
        "delta": fit.question.delta,
        "r_squared": fit.r_squared,
        "typical_error": fitted.diagnosis.spread,
        "condition": fitted.diagnosis.condition,
        "held_out": [dataclasses.asdict(split) for split in fitted.splits],
        "warnings": list(fitted.diagnosis.warnings),
        "outlier_rows": list(fitted.diagnosis.outliers),
        "notes": list(fit.runs.notes),
        "runs": [
            {"row": row, "loss": loss, "predicted": predicted} for row, loss, predicted in rows
        ],
    }


def _headline(fit: Fit) -> str:
    question = fit.question
    form = "data-only" if question.data_only else question.law
    return f"{question.law} law of {fit.runs.count} runs: {_FORMULAS[form]}."


def _quality(fit: Fit, diagnosis: Diagnosis) -> str:
    return (
        f"R² {fit.r_squared:.4f} on these runs; half of them lie within "
        f"{diagnosis.spread / 1.4826:.2%} of the law. Sum of Huber terms {fit.objective:.6g} "
        f"(delta {fit.question.delta:g}). Loss in {fit.runs.unit}."
    )


def _constants_table(fitted: Fitted) -> RenderableType:
    from atlasmix.report.layout import FittingTable

    table = FittingTable("constant", ">value", ">low", ">high", "what it is")
    held, intervals = fitted.fit.question.held, fitted.intervals
    mixing = fitted.fit.question.law == "mixing"
    for name, value in fitted.fit.constants.items():
        low = high = ""
        if name in held:
            low = "held"
        elif intervals is not None and name in intervals.samples:
            low, high = (number_text(end) for end in intervals.interval(name))
        table.add_row(name, number_text(value), low, high, _meaning(name, mixing=mixing))
    return table


def number_text(value: float) -> str:
    """A constant with four digits, as a person writes it.

    >>> number_text(0.212353), number_text(22720.2), number_text(1e-6), number_text(4.2e9)
    ('0.2124', '22,720', '1e-06', '4.2e+09')
    """
    size = abs(value)
    if size >= 1e7 or (0 < size < 1e-4):
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _meaning(name: str, *, mixing: bool) -> str:
    word, _, of = name.partition(" ")
    if word == "tau":
        source, _, target = of.partition(":")
        return f"worth of a token of {source}" + (f" to {target}" if target else "")
    if word == "phi" and (of or mixing):
        return f"capacity lost to a small share{f', {of}' if of else ''}"
    if of:
        return f"loss that remains, {of}"
    return {
        "E": "loss that remains",
        "A": "capacity term",
        "alpha": "its exponent of N",
        "B": "data term",
        "beta": "its exponent of D",
        "lambda": "decay of repeated tokens, per epoch",
        "R_D": "epochs' worth of repetition, 1/lambda",
        "R_N": "the same for excess parameters",
        "phi": "need of capacity by languages",
        "psi": "need of data by languages",
    }[name]


def _growth(fit: Fit, intervals: Bootstrap | None) -> str:
    constants = fit.constants
    if fit.question.law not in {"chinchilla", "atlas", "mixing"}:
        return ""
    alpha, beta = constants["alpha"], constants["beta"]
    power = beta / (alpha + beta)
    ends = intervals.growth() if intervals is not None else None
    between = f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else ""
    ratio = (alpha * constants["A"] / (beta * constants["B"])) ** (1 / (alpha + beta))
    compute = float(fit.runs.compute.max())
    params = ratio * (compute / 6) ** power
    tokens = compute / 6 / params
    return (
        f"N grows as compute to the power {power:.2f}{between}, fresh tokens to {1 - power:.2f}. "
        f"At the largest compute of these runs, {compute:.2g} FLOPs: {format_quantity(params, 2)} "
        f"parameters and {format_quantity(tokens, 2)} tokens, {tokens / params:.2g} per parameter."
    )


def _splits_table(splits: tuple[HeldOut, ...]) -> RenderableType:
    from atlasmix.report.layout import FittingTable

    table = FittingTable("held out", ">runs", ">R²", ">off by", ">bias", "")
    for split in splits:
        if split.fault:
            table.add_row(split.held, "", "", "", "", split.fault)
            continue
        r_squared = "" if math.isnan(split.r_squared) else f"{split.r_squared:.2f}"
        table.add_row(
            split.held,
            str(split.count),
            r_squared,
            f"{split.error:.1%}",
            f"{split.bias:+.1%}",
            "",
        )
    return table


def _reading(fitted: Fitted) -> Iterator[str]:
    yield measured_on(fitted.fit, fitted.origin)
    yield from fitted.fit.runs.notes
    once = fitted.fit.first
    if once is not None:
        yield f"first stage: {once.runs.count} runs of one epoch, R² {once.r_squared:.4f}"
