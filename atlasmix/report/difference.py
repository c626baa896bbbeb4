"""What moved between two mixtures, in words and tables: two answers, or two of ``compare``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.diff import Diff, EffectMove, Move, PhaseMove, Prediction
from atlasmix.quantities import format_quantity
from atlasmix.recipe.compare import By, Judgement, SideBySide, without_pools
from atlasmix.report.layout import FittingTable
from atlasmix.report.recipes import phases_asked, short_value
from atlasmix.report.words import NO_TEXT, SAME, change_text, epochs_text, loss_text, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType


def diff_tables(moved: Diff) -> tuple[FittingTable, FittingTable]:
    """What moved by language, and what that is predicted to do to each target."""
    languages = FittingTable("language", ">before", ">after", ">moved", ">tokens before", ">after")
    for move in moved.languages:
        languages.add_row(
            named(move.language),
            percent(move.before),
            percent(move.after),
            f"{100 * move.change:+.1f} points",
            _count(move.tokens_before),
            _count(move.tokens_after),
        )
    effects = FittingTable("target", ">effective before", ">after", ">loss before", ">after", "")
    for effect in moved.effects:
        effects.add_row(
            named(effect.language),
            format_quantity(effect.effective_before),
            format_quantity(effect.effective_after),
            loss_text(effect.loss_before),
            loss_text(effect.loss_after),
            _verdict(effect),
        )
    return languages, effects


def diff_sentence(moved: Diff) -> str:
    """How much moved, and what it did to the target that it did most to."""
    if moved.distance < SAME and any(_differs(move) for move in moved.phases):
        return "The same proportions in all, divided over the phases otherwise."
    if moved.distance < SAME:
        return "The mixture did not move: the change costs nothing and gives nothing here."
    said = f"{percent(moved.distance)} of the mixture went elsewhere."
    if not moved.effects:
        return said
    most = max(moved.effects, key=_size)
    return (
        f"{said} Predicted loss of {name_of(most.language)}: {loss_text(most.loss_before)} before, "
        f"{loss_text(most.loss_after)} after (effective data {change_text(most.gain)})."
    )


def comparison_parts(
    names: tuple[str, str], mixtures: SideBySide, by: By = "language"
) -> list[RenderableType]:
    """The parts of a comparison.

    Args:
        names: of the two.
        mixtures: side by side.
        by: of what one line is told each.
    """
    from rich.text import Text

    sides = mixtures.a, mixtures.b
    tokens = [
        format_quantity(round(side.tokens)) if side.tokens else "an unknown number of"
        for side in sides
    ]
    parts: list[RenderableType] = [
        Text(f"A: {names[0]}, {tokens[0]} tokens"),
        Text(f"B: {names[1]}, {tokens[1]} tokens"),
        Text(_distance(mixtures, by), style="bold"),
    ]
    if mixtures.question:
        table = FittingTable("asked", "A", "B")
        for key, old, new in mixtures.question:
            table.add_row(key, _said(key, old), _said(key, new))
        parts += ["", table]
    parts += [Text(sentence) for sentence in mixtures.evidence]
    parts += [Text(without_pools(mixtures))] if by != mixtures.told_by(by) else []
    parts += ["", _moves_table(mixtures.moves(by), mixtures.told_by(by))]
    if mixtures.diff.phases:
        parts += ["", phase_moves_table(mixtures.diff.phases, ("A", "B", "B - A"))]
    for judgement in mixtures.judgements:
        heading = f"Predicted effect by the question of {judgement.by}"
        parts += ["", Text(heading, style="bold")]
        parts += [_judgement_table(judgement)] if judgement.targets else []
        parts += [Text(judgement.note)] if judgement.note else []
    return parts


def phase_moves_table(moves: Sequence[PhaseMove], names: tuple[str, str, str]) -> FittingTable:
    """Every language of every phase of either; ``names`` of both and of the move between them."""
    table = FittingTable("phase", "language", *(f">{name}" for name in names))
    last = ""
    for move in moves:
        shares = move.before, move.after
        change = "" if None in shares else f"{100 * ((shares[1] or 0) - (shares[0] or 0)):+.1f}"
        table.add_row(
            move.phase if move.phase != last else "",
            named(move.language),
            *("-" if share is None else percent(share) for share in shares),
            change,
        )
        last = move.phase
    return table


def _moves_table(moves: Sequence[Move], by: By) -> FittingTable:
    table = FittingTable(by, ">A", ">B", ">B - A", ">epochs A", ">epochs B")
    for move in moves:
        table.add_row(
            named(move.name) if by == "language" else move.name,
            percent(move.before),
            percent(move.after),
            f"{100 * move.change:+.1f}",
            *(
                "unknown" if epochs is None else epochs_text(epochs)
                for epochs in (move.epochs_before, move.epochs_after)
            ),
        )
    return table


def _judgement_table(judgement: Judgement) -> FittingTable:
    table = FittingTable("target", ">effective A", ">effective B", ">loss A", ">loss B")
    for place, key in enumerate(judgement.targets):
        effects: list[Prediction | None] = [
            side[place] if side else None for side in (judgement.a, judgement.b)
        ]
        table.add_row(
            named(key),
            *("-" if each is None else format_quantity(each.effective_data) for each in effects),
            *("-" if each is None else loss_text(each.loss) for each in effects),
        )
    return table


def _distance(mixtures: SideBySide, by: By) -> str:
    distance = mixtures.distance(by)
    if distance == 0:
        if any(move.before != move.after for move in mixtures.diff.phases):
            return "The same proportions in all, divided over the phases otherwise."
        return "The same proportions."
    return f"{percent(distance)} of the tokens go elsewhere."


def _said(key: str, value: Any) -> str:
    return phases_asked(value) if key == "phases" else short_value(value)


def _count(tokens: float | None) -> str:
    return "unknown" if tokens is None else format_quantity(tokens)


def _verdict(effect: EffectMove) -> str:
    """Whether the target is better off: its loss decides, for more data may come with less room."""
    if _size(effect) < SAME:
        return "the same"
    better = effect.loss_after < effect.loss_before
    if not math.isfinite(effect.loss_change):
        return "text of its own" if better else NO_TEXT
    return f"{abs(effect.loss_change):.4f} {'better' if better else 'worse'}"


def _size(effect: EffectMove) -> float:
    """How far a loss moved, relative; inf where a language came into the mixture or left it."""
    before, after = effect.loss_before, effect.loss_after
    if before == after:  # both may be inf
        return 0.0
    return abs(after - before) / min(abs(before), abs(after))


def _differs(move: PhaseMove) -> bool:
    """Whether a phase came, went, or reads another share of a language."""
    if move.before is None or move.after is None:
        return True
    return abs(move.after - move.before) > SAME
