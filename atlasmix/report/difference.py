"""What moved between two answers: languages, tokens, and the predicted effect on shared targets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.quantities import format_quantity
from atlasmix.recipe.difference import PhaseRow, phase_rows
from atlasmix.report.answer_words import NO_TEXT, loss_text
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import SAME, change_text, named, percent


@dataclass(frozen=True, slots=True)
class Move:
    """One language in both answers.

    Attributes:
        language: key or label.
        before, after: share of the tokens read, 0-1; 0 where it is not read.
        tokens_before, tokens_after: tokens read.
    """

    language: str
    before: float
    after: float
    tokens_before: float
    tokens_after: float

    @property
    def change(self) -> float:
        """After less before, in shares of the tokens read."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class EffectMove:
    """The predicted effect on a target that both answers have; counts in target tokens."""

    language: str
    effective_before: float
    effective_after: float
    loss_before: float
    loss_after: float

    @property
    def gain(self) -> float:
        """Relative change of effective data; 0.1 is a tenth more."""
        if self.effective_before <= 0:
            return 0.0
        return self.effective_after / self.effective_before - 1

    @property
    def loss_change(self) -> float:
        """After less before, in the unit of the law; below 0 is better."""
        return self.loss_after - self.loss_before


@dataclass(frozen=True, slots=True)
class Movement:
    """All that moved.

    Attributes:
        languages: every language of either, the largest of both shares first.
        effects: targets of both, in the order of the later answer.
        distance: part of the tokens that is read elsewhere, 0-1 (half the sum of differences).
        phases: every language of every phase of either (a before, b after); empty: no phases.
    """

    languages: tuple[Move, ...]
    effects: tuple[EffectMove, ...]
    distance: float
    phases: tuple[PhaseRow, ...] = ()


def movement(before: Mixture, after: Mixture) -> Movement:
    """What moved from one answer to another."""
    old, new = before.proportions, after.proportions
    moves = [
        Move(
            key,
            old.get(key, 0.0),
            new.get(key, 0.0),
            old.get(key, 0.0) * before.tokens,
            new.get(key, 0.0) * after.tokens,
        )
        for key in dict.fromkeys((*old, *new))
    ]
    moves.sort(key=lambda move: (-max(move.before, move.after), move.language))
    known = {effect.language: effect for effect in before.targets}
    effects = tuple(
        EffectMove(
            effect.language,
            known[effect.language].effective_data,
            effect.effective_data,
            known[effect.language].loss,
            effect.loss,
        )
        for effect in after.targets
        if effect.language in known
    )
    parts = phase_rows(_phase_shares(before), _phase_shares(after))
    return Movement(tuple(moves), effects, sum(abs(move.change) for move in moves) / 2, parts)


def movement_tables(moved: Movement) -> tuple[FittingTable, FittingTable]:
    """What moved by language, and what that is predicted to do to each target."""
    languages = FittingTable("language", ">before", ">after", ">moved", ">tokens before", ">after")
    for move in moved.languages:
        languages.add_row(
            named(move.language),
            percent(move.before),
            percent(move.after),
            f"{100 * move.change:+.1f} points",
            format_quantity(move.tokens_before),
            format_quantity(move.tokens_after),
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


def movement_sentence(moved: Movement) -> str:
    """How much moved, and what it did to the target that it did most to."""
    if moved.distance < SAME and any(_differs(row) for row in moved.phases):
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


def _phase_shares(mixture: Mixture) -> dict[str, dict[str, float]]:
    return {phase.name: phase.proportions for phase in mixture.phases}


def _differs(row: PhaseRow) -> bool:
    """Whether a phase came, went, or reads another share of a language."""
    if row.share_a is None or row.share_b is None:
        return True
    return abs(row.share_b - row.share_a) > SAME
