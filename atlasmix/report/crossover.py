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


def crossover_parts(found: Crossover, inventory: str, unique: float) -> list[RenderableType]:
    """The parts of the report, in reading order."""
    from rich.text import Text

    study = found.study
    parts: list[RenderableType] = [Text(_verdict(found), style="bold"), Text(_known(found))]
    text = _text(found, inventory, unique)
    parts += [Text(text)] if text else []
    measured = FittingTable("language", ">tokens")
    for key, tokens in study.measured:
        style = "bold" if key == found.language else ""
        measured.add_row(named(key), format_quantity(tokens), style=style)
    parts += section(f"Measured at {format_quantity(study.params)} parameters", measured)
    parts += section("By power law, one for all languages, in two readings", _laws(found))
    parts += section("Limits that the authors state", bullets(study.limits))
    if found.warnings:
        said = [_sentence(found, sentence) for sentence in found.warnings]
        parts += section("Warnings", bullets(said))
    parts.append(Text(f"\nSource: {study.source}.", style="dim"))
    return parts


def _laws(found: Crossover) -> FittingTable:
    table = FittingTable("C in FLOPs", ">tokens here", ">FLOPs", "where it is printed")
    for law, tokens in found.by_law:
        table.add_row(
            f"{law.coefficient:.0f} N^{law.exponent:g}",
            format_quantity(tokens),
            format_flops(training_flops(found.params, tokens)),
            law.where,
        )
    return table


def crossover_data(found: Crossover, inventory: str, unique: float) -> dict[str, Any]:
    """The same as plain data."""
    study = found.study
    return {
        "target": found.language,
        "params": found.params,
        "measured_tokens": found.measured,
        "power_law": [
            {
                "coefficient": law.coefficient,
                "exponent": law.exponent,
                "printed_in": law.where,
                "tokens": tokens,
                "flops": training_flops(found.params, tokens),
            }
            for law, tokens in found.by_law
        ],
        "range_measured": list(found.range_measured),
        "spread": list(found.spread),
        "tokens": found.tokens,
        "verdict": found.verdict,
        "unique_tokens": {"inventory": inventory, "human": unique},
        "measured_at": {"params": study.params, "tokens": dict(study.measured)},
        "limits": list(study.limits),
        "warnings": list(found.warnings),
        "source": study.source,
    }


def _verdict(found: Crossover) -> str:
    name, size = name_of(found.language), format_quantity(found.params)
    at = f"{name} at {size} parameters"
    if found.tokens is None or found.verdict is None:
        return f"{at}: finetune a multilingual checkpoint on few tokens, from scratch on many."
    tokens = format_quantity(found.tokens)
    return {
        "from scratch": f"{at} on {tokens} tokens: train from scratch.",
        "finetune": f"{at} on {tokens} tokens: finetune a multilingual checkpoint.",
        "undecided": (f"{at} on {tokens} tokens: undecided, the crossover may lie on either side."),
    }[found.verdict]


def _known(found: Crossover) -> str:
    low, high = map(format_quantity, found.spread)
    if found.measured is not None:
        return f"From scratch overtakes at {format_quantity(found.measured)} tokens: measured."
    return (
        f"From scratch overtakes somewhere between {low} and {high} tokens: not measured for this "
        "language and size; the range is that of the languages measured"
        + (", carried over by the power law." if found.spread != found.range_measured else ".")
    )


def _text(found: Crossover, inventory: str, unique: float) -> str:
    """Whether the language has the text, since the study does not account for repeats."""
    name = name_of(found.language)
    if unique <= 0:
        return f"Inventory {inventory} has no human text of {name}."
    at = found.measured if found.measured is not None else found.spread[0]
    epochs = at / unique
    return f"Inventory {inventory} has {format_quantity(unique)} unique human tokens of {name}" + (
        "."
        if epochs <= 1
        else f": even {format_quantity(at)} would be {epochs:.2g} epochs, and the study does "
        "not account for repeats."
    )


def _sentence(found: Crossover, sentence: str) -> str:
    return sentence.replace(f"{found.language} is not", f"{name_of(found.language)} is not", 1)
