"""What ``check`` shows of a recipe, what a recipe reads, and its question in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from atlasmix.quantities import format_flops, format_quantity
from atlasmix.recipe.check import CheckReport
from atlasmix.recipe.recipe import Recipe
from atlasmix.report.blocks import Block, Column, Heading, Row, Sentence, Sentences, Table
from atlasmix.report.words import named

_FLOPS = 1e12
"""A number with a fraction above this is a compute budget."""

_MOST_ROWS: Final = 20
"""Our choice: more shares and sentences than that are read in the JSON."""

_VERDICTS = {
    "holds": "The recipe holds: solved again, the mixture is the same to six places.",
    "edited": "The recipe was edited: it does not quote the evidence that it names.",
    "drifted": "The recipe has drifted: solved again, the answer is another.",
    "broken": "The recipe is broken: its question can no longer be answered as it was.",
    "superseded": "The recipe's law is superseded: its mixture stands, its predictions do not.",
}


def check_blocks(name: str, report: CheckReport) -> tuple[Block, ...]:
    """What a check found: the verdict, what differs, and the answers side by side."""
    blocks: list[Block] = [Sentence(f"{name}: {_VERDICTS[report.verdict]}", strong=True)]
    if report.reason:
        blocks.append(Sentence(f"Reason: {report.reason}"))
    if report.evidence:
        blocks += [Heading("What differs", 3), Sentences(report.evidence[:_MOST_ROWS])]
    elif report.verdict not in {"broken", "superseded"}:
        blocks.append(Sentence("Matrix, inventory, law and version are those it was made with."))
        if report.verdict == "drifted":
            blocks.append(Sentence("So the recipe itself was changed after it was solved."))
    if report.resized:
        blocks.append(Sentence(f"The size differs: {report.resized}."))
    if report.shifts:
        blocks.append(_shifts(report))
    if report.phases:
        blocks.append(_phase_shifts(report))
    if report.effects:
        blocks.append(_effects(report))
    return tuple(blocks)


def recipe_table(recipe: Recipe) -> Table:
    """One line a pool that a recipe reads, largest first."""
    return Table(
        (
            Column("language"),
            Column("pool"),
            Column("share", "share"),
            Column("tokens read", "tokens"),
            Column("epochs", "epochs"),
            Column("unique tokens", "tokens"),
        ),
        tuple(
            Row(
                (
                    named(pool.language),
                    f"{pool.provenance}, {pool.corpus}",
                    pool.proportion,
                    pool.tokens,
                    pool.epochs,
                    pool.unique_tokens,
                )
            )
            for pool in recipe.pools
        ),
        title="Pools of the recipe",
    )


def _shifts(report: CheckReport) -> Table:
    return Table(
        (
            Column("language"),
            Column("recipe", "share"),
            Column("today", "share"),
            Column("moved", "small points"),
        ),
        tuple(
            Row((named(each.language), each.recorded, each.today, each.today - each.recorded))
            for each in report.shifts[:_MOST_ROWS]
        ),
        title="Shares in the recipe and today",
    )


def _phase_shifts(report: CheckReport) -> Table:
    return Table(
        (
            Column("phase"),
            Column("pool"),
            Column("recipe", "share"),
            Column("today", "share"),
            Column("moved", "small points"),
        ),
        tuple(
            Row((each.phase, each.pool, each.recorded, each.today, each.today - each.recorded))
            for each in report.phases[:_MOST_ROWS]
        ),
        title="Shares of each phase in the recipe and today",
    )


def _effects(report: CheckReport) -> Table:
    return Table(
        (
            Column("predicted loss of"),
            Column("recorded", "close loss"),
            Column("recipe today", "close loss"),
            Column("best today", "close loss"),
        ),
        tuple(
            Row(
                (
                    named(each.language),
                    math.inf if each.recorded is None else each.recorded,
                    each.kept,
                    each.today,
                )
            )
            for each in report.effects
        ),
        title="Predicted losses in the recipe and today",
    )


def phases_asked(phases: list[dict[str, Any]] | None, titled: Callable[[str], str] = str) -> str:
    """``main 80%; anneal rest, min cat 60%, max epochs 2``.

    Args:
        phases: as a question writes them.
        titled: what a limit speaks of, from how it is written.
    """
    said = []
    for phase in phases or ():
        words = [f"{phase['name']} {_amount(phase.get('tokens', 'rest'))}"]
        for bound in ("min", "max"):
            words += [
                f"{bound} {titled(what)} {_amount(amount)}"
                for what, amount in phase.get(bound, {}).items()
            ]
        caps = phase.get("max_epochs", {})
        for what, cap in (caps if isinstance(caps, dict) else {"default": caps}).items():
            words.append(f"max epochs {'' if what == 'default' else f'{titled(what)} '}{cap}")
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
