"""The report of a fit, top down: the law, how well it holds, how sure it is, what to mind."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from atlasmix.fitting.card import Origin, card_data, measured_on
from atlasmix.fitting.certainty import Bootstrap, Diagnosis, HeldOut
from atlasmix.fitting.fit import Fit
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import (
    Block,
    Column,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Value,
    section,
)

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


def fit_blocks(fitted: Fitted) -> tuple[Block, ...]:
    """The law, how well it holds, how sure it is and what to mind, in reading order."""
    fit, intervals = fitted.fit, fitted.intervals
    said = "held constants are marked" if fit.question.fixed else ""
    if intervals is not None:
        said = f"95% of {intervals.resamples} resamples" + (f"; {said}" if said else "")
    held_out = "Runs held out (the law is fitted to the others and predicts these)"
    warnings = fitted.diagnosis.warnings
    return (
        Sentence(_headline(fit), strong=True),
        Sentence(_quality(fit, fitted.diagnosis)),
        *section(Heading(f"Constants ({said})" if said else "Constants"), _constants(fitted)),
        *section(Heading("What follows for a compute-optimal model"), _growth(fit, intervals)),
        *section(Heading(held_out), _splits(fitted.splits) if fitted.splits else None),
        *section(Heading("Warnings"), Sentences(tuple(warnings)) if warnings else None),
        *section(Heading("How the table was read"), Sentences(tuple(_reading(fitted)))),
    )


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


def _constants(fitted: Fitted) -> Table:
    held, intervals = fitted.fit.question.held, fitted.intervals
    mixing = fitted.fit.question.law == "mixing"
    rows = []
    for name, value in fitted.fit.constants.items():
        low: Value = None
        high: Value = None
        if name in held:
            low = "held"
        elif intervals is not None and name in intervals.samples:
            low, high = intervals.interval(name)
        rows.append(Row((name, value, low, high, _meaning(name, mixing=mixing))))
    return Table(
        (
            Column("constant"),
            Column("value", "constant"),
            Column("low", "constant"),
            Column("high", "constant"),
            Column("what it is"),
        ),
        tuple(rows),
        title="Constants",
    )


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


def _splits(splits: tuple[HeldOut, ...]) -> Table:
    rows = (
        Row((split.held, None, None, None, None, split.fault))
        if split.fault
        else Row(
            (
                split.held,
                split.count,
                None if math.isnan(split.r_squared) else split.r_squared,
                split.error,
                split.bias,
                None,
            )
        )
        for split in splits
    )
    return Table(
        (
            Column("held out"),
            Column("runs", "count"),
            Column("R²", "coefficient"),
            Column("off by", "relative error", "of the loss, typically"),
            Column("bias", "bias", "of the loss, above 0 where too much is predicted"),
            Column("", title="fault"),
        ),
        tuple(rows),
        title="Runs held out",
    )


def _reading(fitted: Fitted) -> Iterator[str]:
    yield measured_on(fitted.fit, fitted.origin)
    yield from fitted.fit.runs.notes
    once = fitted.fit.first
    if once is not None:
        yield f"first stage: {once.runs.count} runs of one epoch, R² {once.r_squared:.4f}"
