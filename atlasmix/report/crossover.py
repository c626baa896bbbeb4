"""What ``crossover`` shows: the crossover measured, the power law in both readings, the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.crossover import Crossover
from atlasmix.laws.hardware import training_flops
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.layout import FittingTable, bullets, section
from atlasmix.report.words import named

if TYPE_CHECKING:
    from rich.console import RenderableType


def crossover_parts(crossover: Crossover, inventory: str, unique: float) -> list[RenderableType]:
    """The parts of the report, in reading order."""
    from rich.text import Text

    study = crossover.study
    parts: list[RenderableType] = [Text(_verdict(crossover), style="bold"), Text(_known(crossover))]
    text = _text(crossover, inventory, unique)
    parts += [Text(text)] if text else []
    measured = FittingTable("language", ">tokens")
    for key, tokens in study.measured:
        style = "bold" if key == crossover.language else ""
        measured.add_row(named(key), format_quantity(tokens), style=style)
    parts += section(f"Measured at {format_quantity(study.params)} parameters", measured)
    parts += section("By power law, one for all languages, in two readings", _laws(crossover))
    parts += section("Limits that the authors state", bullets(study.limits))
    if crossover.warnings:
        said = [_sentence(crossover, sentence) for sentence in crossover.warnings]
        parts += section("Warnings", bullets(said))
    parts.append(Text(f"\nSource: {study.source}.", style="dim"))
    return parts


def _laws(crossover: Crossover) -> FittingTable:
    table = FittingTable("C in FLOPs", ">tokens here", ">FLOPs", "where it is printed")
    for law, tokens in crossover.by_law:
        table.add_row(
            f"{law.coefficient:.0f} N^{law.exponent:g}",
            format_quantity(tokens),
            format_flops(training_flops(crossover.params, tokens)),
            law.where,
        )
    return table


def crossover_data(crossover: Crossover, inventory: str, unique: float) -> dict[str, Any]:
    """The same as plain data."""
    study = crossover.study
    return {
        "target": crossover.language,
        "params": crossover.params,
        "measured_tokens": crossover.measured,
        "power_law": [
            {
                "coefficient": law.coefficient,
                "exponent": law.exponent,
                "printed_in": law.where,
                "tokens": tokens,
                "flops": training_flops(crossover.params, tokens),
            }
            for law, tokens in crossover.by_law
        ],
        "range_measured": list(crossover.range_measured),
        "spread": list(crossover.spread),
        "tokens": crossover.tokens,
        "verdict": crossover.verdict,
        "unique_tokens": {"inventory": inventory, "human": unique},
        "measured_at": {"params": study.params, "tokens": dict(study.measured)},
        "limits": list(study.limits),
        "warnings": list(crossover.warnings),
        "source": study.source,
    }


def _verdict(crossover: Crossover) -> str:
    name, size = name_of(crossover.language), format_quantity(crossover.params)
    at = f"{name} at {size} parameters"
    if crossover.tokens is None or crossover.verdict is None:
        return f"{at}: finetune a multilingual checkpoint on few tokens, from scratch on many."
    tokens = format_quantity(crossover.tokens)
    return {
        "from scratch": f"{at} on {tokens} tokens: train from scratch.",
        "finetune": f"{at} on {tokens} tokens: finetune a multilingual checkpoint.",
        "undecided": (f"{at} on {tokens} tokens: undecided, the crossover may lie on either side."),
    }[crossover.verdict]


def _known(crossover: Crossover) -> str:
    low, high = map(format_quantity, crossover.spread)
    if crossover.measured is not None:
        return f"From scratch overtakes at {format_quantity(crossover.measured)} tokens: measured."
    return (
        f"From scratch overtakes somewhere between {low} and {high} tokens: not measured for this "
        "language and size; the range is that of the languages measured"
        + (
            ", carried over by the power law."
            if crossover.spread != crossover.range_measured
            else "."
        )
    )


def _text(crossover: Crossover, inventory: str, unique: float) -> str:
    """Whether the language has the text, since the study does not account for repeats."""
    name = name_of(crossover.language)
    if unique <= 0:
        return f"Inventory {inventory} has no human text of {name}."
    at = crossover.measured if crossover.measured is not None else crossover.spread[0]
    epochs = at / unique
    return f"Inventory {inventory} has {format_quantity(unique)} unique human tokens of {name}" + (
        "."
        if epochs <= 1
        else f": even {format_quantity(at)} would be {epochs:.2g} epochs, and the study does "
        "not account for repeats."
    )


def _sentence(crossover: Crossover, sentence: str) -> str:
    return sentence.replace(
        f"{crossover.language} is not", f"{name_of(crossover.language)} is not", 1
    )
