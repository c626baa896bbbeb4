"""What ``check`` and ``compare`` show: a verdict, and two recipes side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atlasmix.quantities import format_flops, format_quantity
from atlasmix.recipe.check import CheckReport
from atlasmix.recipe.difference import Difference, Judgement, PhaseRow
from atlasmix.recipe.recipe import Recipe
from atlasmix.report.answer_words import loss_text
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import epochs_text, named, percent

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


def check_parts(name: str, found: CheckReport) -> list[RenderableType]:
    """The parts of a check's report."""
    from rich.text import Text

    verdict = f"{name}: {_VERDICTS[found.verdict]}"
    parts: list[RenderableType] = [Text(verdict, style="bold")]
    if found.reason:
        parts.append(Text(f"Reason: {found.reason}"))
    if found.evidence:
        parts += ["", Text("What differs", style="bold")]
        parts += [Text(f"  - {sentence}") for sentence in found.evidence[:20]]
    elif found.verdict not in {"broken", "superseded"}:
        parts.append(Text("Matrix, inventory, law and version are those it was made with."))
        if found.verdict == "drifted":
            parts.append(Text("So the recipe itself was changed after it was solved."))
    if found.resized:
        parts.append(Text(f"The size differs: {found.resized}."))
    if found.shifts:
        parts += ["", _shifts(found)]
    if found.phases:
        parts += ["", _phase_shifts(found)]
    if found.effects:
        parts += ["", _effects(found)]
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


def difference_parts(names: tuple[str, str], found: Difference) -> list[RenderableType]:
    """The parts of a comparison."""
    from rich.text import Text

    tokens = [format_quantity(count) if count else "an unknown number of" for count in found.tokens]
    parts: list[RenderableType] = [
        Text(f"A: {names[0]}, {tokens[0]} tokens"),
        Text(f"B: {names[1]}, {tokens[1]} tokens"),
        Text(_distance(found), style="bold"),
    ]
    if found.question:
        table = FittingTable("asked", "A", "B")
        for key, one, other in found.question:
            table.add_row(key, _said(key, one), _said(key, other))
        parts += ["", table]
    parts += [Text(sentence) for sentence in found.evidence]
    table = FittingTable("language", ">A", ">B", ">B - A", ">epochs A", ">epochs B")
    for row in found.languages:
        table.add_row(
            named(row.language),
            percent(row.share_a),
            percent(row.share_b),
            f"{100 * (row.share_b - row.share_a):+.1f}",
            epochs_text(row.epochs_a),
            epochs_text(row.epochs_b),
        )
    parts += ["", table]
    if found.phases:
        parts += ["", phase_rows_table(found.phases, ("A", "B", "B - A"))]
    for judgement in found.judgements:
        heading = f"Predicted effect by the question of {judgement.by}"
        parts += ["", Text(heading, style="bold")]
        parts += [_judgement(judgement)] if judgement.targets else []
        parts += [Text(judgement.note)] if judgement.note else []
    return parts


def _shifts(found: CheckReport) -> FittingTable:
    table = FittingTable("language", ">recipe", ">today", ">moved")
    for one in found.shifts[:20]:
        moved = f"{100 * (one.today - one.recorded):+.3g} points"
        table.add_row(named(one.language), percent(one.recorded), percent(one.today), moved)
    return table


def _phase_shifts(found: CheckReport) -> FittingTable:
    table = FittingTable("phase", "pool", ">recipe", ">today", ">moved")
    for one in found.phases[:20]:
        moved = f"{100 * (one.today - one.recorded):+.3g} points"
        table.add_row(one.phase, one.pool, percent(one.recorded), percent(one.today), moved)
    return table


def phase_rows_table(rows: Sequence[PhaseRow], names: tuple[str, str, str]) -> FittingTable:
    """Every language of every phase of either; ``names`` of both and of the move between them."""
    table = FittingTable("phase", "language", *(f">{name}" for name in names))
    before = ""
    for row in rows:
        shares = row.share_a, row.share_b
        moved = "" if None in shares else f"{100 * ((shares[1] or 0) - (shares[0] or 0)):+.1f}"
        table.add_row(
            row.phase if row.phase != before else "",
            named(row.language),
            *("-" if share is None else percent(share) for share in shares),
            moved,
        )
        before = row.phase
    return table


def _effects(found: CheckReport) -> FittingTable:
    table = FittingTable("predicted loss of", ">recorded", ">recipe today", ">best today")
    for one in found.effects:
        recorded = loss_text(math.inf if one.recorded is None else one.recorded)
        table.add_row(named(one.language), recorded, loss_text(one.kept), loss_text(one.today))
    return table


def _judgement(found: Judgement) -> FittingTable:
    table = FittingTable("target", ">effective A", ">effective B", ">loss A", ">loss B")
    for place, key in enumerate(found.targets):
        one = found.a[place] if found.a else None
        other = found.b[place] if found.b else None
        table.add_row(
            named(key),
            *("-" if each is None else format_quantity(each[0]) for each in (one, other)),
            *("-" if each is None else loss_text(each[1]) for each in (one, other)),
        )
    return table


def _distance(found: Difference) -> str:
    if found.distance == 0:
        if any(row.share_a != row.share_b for row in found.phases):
            return "The same proportions in all, divided over the phases otherwise."
        return "The same proportions."
    return f"{percent(found.distance)} of the tokens go elsewhere."


def _said(key: str, value: Any) -> str:
    return phases_asked(value) if key == "phases" else short_value(value)


def phases_asked(phases: list[dict[str, Any]] | None) -> str:
    """``main 80%; anneal rest, min cat 60%``."""
    said = []
    for phase in phases or ():
        words = [f"{phase['name']} {_amount(phase.get('tokens', 'rest'))}"]
        for bound in ("min", "max"):
            words += [
                f"{bound} {what} {_amount(one)}" for what, one in phase.get(bound, {}).items()
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
        text = ", ".join(f"{key}: {short_value(one)}" for key, one in value.items())
    elif isinstance(value, list):
        text = ", ".join(str(one) for one in value)
    elif isinstance(value, float) and value > _FLOPS:
        text = format_flops(value)
    else:
        text = format_quantity(value) if isinstance(value, int) and value > 9999 else str(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
