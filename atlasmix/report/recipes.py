"""What ``check`` shows of a recipe, what a recipe reads, and its question in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from atlasmix.quantities import format_flops, format_quantity
from atlasmix.recipe.check import CheckReport
from atlasmix.recipe.recipe import Recipe
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import epochs_text, loss_text, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_FLOPS = 1e12
"""A number with a fraction above this is a compute budget."""

_VERDICTS = {
    "holds": "The recipe holds: solved again, the mixture is the same to six places.",
    "edited": "The recipe was edited: it does not quote the evidence that it names.",
    "drifted": "The recipe has drifted: solved again, the answer is another.",
    "broken": "The recipe is broken: its question can no longer be answered as it was.",
    "superseded": "The recipe's law is superseded: its mixture stands, its predictions do not.",
}


def check_parts(name: str, report: CheckReport) -> list[RenderableType]:
    """The parts of a check's report."""
    from rich.text import Text

    verdict = f"{name}: {_VERDICTS[report.verdict]}"
    parts: list[RenderableType] = [Text(verdict, style="bold")]
    if report.reason:
        parts.append(Text(f"Reason: {report.reason}"))
    if report.evidence:
        parts += ["", Text("What differs", style="bold")]
        parts += [Text(f"  - {sentence}") for sentence in report.evidence[:20]]
    elif report.verdict not in {"broken", "superseded"}:
        parts.append(Text("Matrix, inventory, law and version are those it was made with."))
        if report.verdict == "drifted":
            parts.append(Text("So the recipe itself was changed after it was solved."))
    if report.resized:
        parts.append(Text(f"The size differs: {report.resized}."))
    if report.shifts:
        parts += ["", _shifts(report)]
    if report.phases:
        parts += ["", _phase_shifts(report)]
    if report.effects:
        parts += ["", _effects(report)]
    return parts


def recipe_table(recipe: Recipe) -> FittingTable:
    """One line a pool that a recipe reads, largest first."""
    table = FittingTable("language", "pool", ">share", ">tokens read", ">epochs", ">unique tokens")
    for pool in recipe.pools:
        table.add_row(
            named(pool.language),
            f"{pool.provenance}, {pool.corpus}",
            percent(pool.proportion),
            format_quantity(pool.tokens),
            epochs_text(pool.epochs),
            format_quantity(pool.unique_tokens),
        )
    return table


def _shifts(report: CheckReport) -> FittingTable:
    table = FittingTable("language", ">recipe", ">today", ">moved")
    for shift in report.shifts[:20]:
        moved = f"{100 * (shift.today - shift.recorded):+.3g} points"
        table.add_row(named(shift.language), percent(shift.recorded), percent(shift.today), moved)
    return table


def _phase_shifts(report: CheckReport) -> FittingTable:
    table = FittingTable("phase", "pool", ">recipe", ">today", ">moved")
    for shift in report.phases[:20]:
        moved = f"{100 * (shift.today - shift.recorded):+.3g} points"
        table.add_row(shift.phase, shift.pool, percent(shift.recorded), percent(shift.today), moved)
    return table


def _effects(report: CheckReport) -> FittingTable:
    table = FittingTable("predicted loss of", ">recorded", ">recipe today", ">best today")
    for effect in report.effects:
        recorded = loss_text(math.inf if effect.recorded is None else effect.recorded)
        table.add_row(
            named(effect.language), recorded, loss_text(effect.kept), loss_text(effect.today)
        )
    return table


def phases_asked(phases: list[dict[str, Any]] | None) -> str:
    """``main 80%; anneal rest, min cat 60%``."""
    said = []
    for phase in phases or ():
        words = [f"{phase['name']} {_amount(phase.get('tokens', 'rest'))}"]
        for bound in ("min", "max"):
            words += [
                f"{bound} {what} {_amount(amount)}" for what, amount in phase.get(bound, {}).items()
            ]
        said.append(", ".join(words))
    return "; ".join(said) or "-"


def _amount(value: Any) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{100 * value:g}%" if value <= 1 else format_quantity(value)


def short_value(value: object) -> str:
    """A value of a question in at most 200 letters; a dash for none."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        text = ", ".join(f"{key}: {short_value(part)}" for key, part in value.items())
    elif isinstance(value, list):
        text = ", ".join(str(part) for part in value)
    elif isinstance(value, float) and value > _FLOPS:
        text = format_flops(value)
    else:
        text = format_quantity(value) if isinstance(value, int) and value > 9999 else str(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
