"""What moved between two mixtures, in words and tables: two answers, or two of ``compare``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.diff import Diff, EffectMove, Move, PhaseMove, Prediction
from atlasmix.quantities import format_quantity
from atlasmix.recipe.compare import By, Judgement, SideBySide, without_pools
from atlasmix.report.blocks import Block, Column, Heading, Row, Sentence, Table
from atlasmix.report.recipes import phases_asked, short_value
from atlasmix.report.words import (
    LEAST_APART,
    NO_TEXT,
    SAME,
    change_text,
    losses_apart,
    named,
    percent,
)


def diff_tables(moved: Diff) -> tuple[Table, Table]:
    """What moved by language, and what that is predicted to do to each target."""
    languages = Table(
        (
            Column("language"),
            Column("before", "share"),
            Column("after", "share"),
            Column("moved", "points", "in percentage points"),
            Column("tokens before", "tokens"),
            Column("after", "tokens"),
        ),
        tuple(
            Row(
                (
                    named(move.language),
                    move.before,
                    move.after,
                    move.change,
                    _known(move.tokens_before),
                    _known(move.tokens_after),
                )
            )
            for move in moved.languages
        ),
        title="Shares before and after",
    )
    effects = Table(
        (
            Column("target"),
            Column("effective before", "tokens"),
            Column("after", "tokens"),
            Column("loss before", "close loss"),
            Column("after", "close loss"),
            Column("", title="verdict"),
        ),
        tuple(
            Row(
                (
                    named(effect.language),
                    effect.effective_before,
                    effect.effective_after,
                    effect.loss_before,
                    effect.loss_after,
                    _verdict(effect),
                )
            )
            for effect in moved.effects
        ),
        title="Predicted effect before and after",
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
    after = " after" if abs(most.loss_change) >= 1e-4 else ""
    return (
        f"{said} Predicted loss of {name_of(most.language)}: "
        f"{losses_apart(most.loss_before, most.loss_after, ' before, ')}{after} (effective data "
        f"{change_text(most.gain)})."
    )


def comparison_blocks(
    names: tuple[str, str], mixtures: SideBySide, by: By = "language"
) -> tuple[Block, ...]:
    """Two mixtures side by side: what they are, what was asked, what moved, what it would do.

    Args:
        names: of the two.
        mixtures: side by side.
        by: of what one line is told each.
    """
    sides = mixtures.a, mixtures.b
    tokens = [
        format_quantity(round(side.tokens)) if side.tokens else "an unknown number of"
        for side in sides
    ]
    blocks: list[Block] = [
        Sentence(f"A: {names[0]}, {tokens[0]} tokens"),
        Sentence(f"B: {names[1]}, {tokens[1]} tokens"),
        Sentence(_distance(mixtures, by), strong=True),
    ]
    if mixtures.question:
        rows = tuple(
            Row((key, _said(key, old), _said(key, new))) for key, old, new in mixtures.question
        )
        columns = Column("asked"), Column("A"), Column("B")
        blocks.append(Table(columns, rows, title="What was asked"))
    blocks += map(Sentence, mixtures.evidence)
    if by != mixtures.told_by(by):
        blocks.append(Sentence(without_pools(mixtures)))
    blocks.append(_moves_table(mixtures.moves(by), mixtures.told_by(by)))
    if mixtures.diff.phases:
        blocks.append(phase_moves_table(mixtures.diff.phases, ("A", "B", "B - A")))
    for judgement in mixtures.judgements:
        both = [each.by for each in mixtures.judgements if _says_as(judgement, each)]
        if both[0] != judgement.by:
            continue  # the same numbers were told before
        blocks.append(Heading(f"Predicted effect by the question of {' and '.join(both)}", 3))
        if judgement.targets:
            blocks.append(_judgement_table(judgement))
        if judgement.note:
            blocks.append(Sentence(judgement.note))
    return tuple(blocks)


def _says_as(judgement: Judgement, other: Judgement) -> bool:
    """Whether two questions judge the mixtures alike: limits alone change no prediction."""
    return judgement == replace(other, by=judgement.by)


def phase_moves_table(moves: Sequence[PhaseMove], names: tuple[str, str, str]) -> Table:
    """Every language of every phase of either; ``names`` of both and of the move between them."""
    rows, last = [], ""
    for move in moves:
        shares = move.before, move.after
        change = None if None in shares else (move.after or 0) - (move.before or 0)
        rows.append(
            Row(
                (
                    move.phase if move.phase != last else "",
                    named(move.language),
                    *("-" if share is None else share for share in shares),
                    change,
                )
            )
        )
        last = move.phase
    before, after, moved = names
    return Table(
        (
            Column("phase"),
            Column("language"),
            Column(before, "share"),
            Column(after, "share"),
            Column(moved, "points", "in percentage points"),
        ),
        tuple(rows),
        title="Shares of each phase",
    )


def _moves_table(moves: Sequence[Move], by: By) -> Table:
    epochs = {
        "epochs A": [_epochs(move.before, move.epochs_before) for move in moves],
        "epochs B": [_epochs(move.after, move.epochs_after) for move in moves],
    }
    # A published mixture tells of no passes: a column that knows nothing is none.
    known = {
        name: column
        for name, column in epochs.items()
        if any(isinstance(each, float) and math.isfinite(each) for each in column)
    }
    rows = (
        Row(
            (
                named(move.name) if by == "language" else move.name,
                move.before,
                move.after,
                move.change,
                *(column[place] for column in known.values()),
            )
        )
        for place, move in enumerate(moves)
    )
    return Table(
        (
            Column(by),
            Column("A", "share"),
            Column("B", "share"),
            Column("B - A", "points", "in percentage points"),
            *(Column(name, "epochs") for name in known),
        ),
        tuple(rows),
        title=f"Shares by {by}",
    )


def _judgement_table(judgement: Judgement) -> Table:
    rows = []
    for place, key in enumerate(judgement.targets):
        effects: list[Prediction | None] = [
            side[place] if side else None for side in (judgement.a, judgement.b)
        ]
        rows.append(
            Row(
                (
                    named(key),
                    *("-" if each is None else each.effective_data for each in effects),
                    *("-" if each is None else each.loss for each in effects),
                )
            )
        )
    return Table(
        (
            Column("target"),
            Column("effective A", "tokens"),
            Column("effective B", "tokens"),
            Column("loss A", "close loss"),
            Column("loss B", "close loss"),
        ),
        tuple(rows),
        title=f"Predicted effect by the question of {judgement.by}",
    )


def _distance(mixtures: SideBySide, by: By) -> str:
    distance = mixtures.distance(by)
    if distance == 0:
        if any(move.before != move.after for move in mixtures.diff.phases):
            return "The same proportions in all, divided over the phases otherwise."
        apart = mixtures.distance("pool")
        if by == "language" and apart > 0:
            # A pool is called by its language; where files are compared, they are named.
            moved = [move for move in mixtures.moves("pool") if move.before != move.after]
            if any(not move.name.startswith(f"{move.language}.") for move in moved):
                return f"The same languages; {percent(apart)} of the tokens go to other files."
            return f"The same proportions. Among pools {percent(apart)} of the tokens go elsewhere."
        return "The same proportions."
    return f"{percent(distance)} of the tokens go elsewhere."


def _said(key: str, value: Any) -> str:
    return phases_asked(value) if key == "phases" else short_value(value)


def _epochs(share: float, epochs: float | None) -> float | str | None:
    """Nothing where nothing is read."""
    return None if share == 0 else _known(epochs)


def _known(value: float | None) -> float | str:
    return "unknown" if value is None else value


def _verdict(effect: EffectMove) -> str:
    """Whether the target is better off: its loss decides, for more data may come with less room."""
    if _size(effect) < SAME:
        return "the same"
    better = effect.loss_after < effect.loss_before
    if not math.isfinite(effect.loss_change):
        return "text of its own" if better else NO_TEXT
    apart = abs(effect.loss_change)
    said = f"{apart:.3f}" if apart >= LEAST_APART else "by less than 0.0005"
    return f"{said} {'better' if better else 'worse'}"


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
