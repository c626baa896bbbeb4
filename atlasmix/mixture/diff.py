"""What moved between two mixtures: by language, by pool and by phase, and what that does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from atlasmix.mixture.mixture import Mixture

_ROUNDING: Final = 1e-12
"""Shares that sum to 1 within this leave nothing over: the rest is the rounding of the sum."""


@dataclass(frozen=True, slots=True)
class SidePool:
    """One source of a mixture.

    Attributes:
        name: of the pool or source; unique in its mixture.
        language: key; empty for what has no single one, such as code or parallel text.
        share: of all tokens read, 0-1.
        tokens: read, repeats included; None where that is unknown.
        unique_tokens: distinct tokens in the pool; None where nobody counted.
    """

    name: str
    language: str
    share: float
    tokens: float | None
    unique_tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a mixture is predicted to give one target.

    Attributes:
        language: the target.
        effective_data: in target tokens.
        loss: in ``unit``; inf where none of the target's own text is read.
        unit: of the loss, as the law that predicts it says; empty where that goes without saying.
    """

    language: str
    effective_data: float
    loss: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two mixtures that are compared, whoever decided it.

    Attributes:
        name: how the reader calls it.
        tokens: read in all; None where that is unknown.
        shares: (language, share of all tokens read, 0-1), each language once. What is missing to 1
            has no single language, or nobody says which.
        pools: the same by pool; None where it is known by language alone.
        effects: what it is predicted to give, by a question that the other side is judged by too.
        phases: (name, its (language, share of the phase's tokens)), in the order of training.
    """

    name: str
    tokens: float | None
    shares: tuple[tuple[str, float], ...]
    pools: tuple[SidePool, ...] | None = None
    effects: tuple[Prediction, ...] = ()
    phases: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()

    @property
    def without_language(self) -> float:
        """Share of the tokens that no language of ``shares`` speaks for, 0-1."""
        left = 1.0 - math.fsum(share for _, share in self.shares)
        return left if left > _ROUNDING else 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """One language or one pool in both mixtures.

    Attributes:
        name: key of the language, or name of the pool.
        language: key; the same as ``name`` where a language moved; empty for a pool without one.
        before, after: share of the tokens read, 0-1; 0 where it is not read.
        tokens_before, tokens_after: tokens read; None where that is unknown.
        epochs_before, epochs_after: passes over its text; None where tokens or text are unknown.
    """

    name: str
    language: str
    before: float
    after: float
    tokens_before: float | None
    tokens_after: float | None
    epochs_before: float | None
    epochs_after: float | None

    @property
    def change(self) -> float:
        """After less before, in shares of the tokens read."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class EffectMove:
    """The predicted effect on a target of both; counts in target tokens, losses in ``unit``."""

    language: str
    effective_before: float
    effective_after: float
    loss_before: float
    loss_after: float
    unit: str = ""

    @property
    def gain(self) -> float:
        """Relative change of effective data; 0.1 is a tenth more."""
        if self.effective_before <= 0:
            return 0.0
        return self.effective_after / self.effective_before - 1

    @property
    def loss_change(self) -> float:
        """After less before; below 0 is better."""
        return self.loss_after - self.loss_before


@dataclass(frozen=True, slots=True)
class PhaseMove:
    """A language in a phase: shares of the phase's tokens (0-1), None where there is no such phase.

    A phase is the same where its name is.
    """

    phase: str
    language: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Diff:
    """All that moved between two mixtures.

    Attributes:
        languages: every language of either, the larger of both shares first.
        pools: the same by pool; None where one of them is known by language alone.
        distance: part of the tokens that is read in another language, 0-1: the total variation
            distance, half the sum of all differences. What has no single language is one more
            place where tokens go.
        pool_distance: the same by pool, never smaller; None where ``pools`` is.
        effects: targets of both whose losses are in one unit, in the order of the second.
        phases: every language of every phase of either; empty where neither has phases.
    """

    languages: tuple[Move, ...]
    pools: tuple[Move, ...] | None
    distance: float
    pool_distance: float | None
    effects: tuple[EffectMove, ...] = ()
    phases: tuple[PhaseMove, ...] = ()

    def moved(self, least: float = 0.0) -> tuple[Move, ...]:
        """Languages whose share changed by more than ``least`` (0-1), the largest change first."""
        return largest_first(move for move in self.languages if abs(move.change) > least)


def largest_first(moves: Iterable[Move]) -> tuple[Move, ...]:
    """Moves by the size of their change, whichever its sign."""
    return tuple(sorted(moves, key=lambda move: (-abs(move.change), move.name)))


def diff(a: Side, b: Side) -> Diff:
    """What moved from ``a`` to ``b``.

    >>> a = Side("a", 100.0, (("cat", 0.75), ("spa", 0.25)))
    >>> b = Side("b", 100.0, (("cat", 0.5), ("eng", 0.25)))
    >>> moved = diff(a, b)
    >>> [(move.language, move.change) for move in moved.languages]
    [('cat', -0.25), ('eng', 0.25), ('spa', -0.25)]
    >>> moved.distance
    0.5
    """
    pools, pool_distance = None, None
    if a.pools is not None and b.pools is not None:
        languages = {pool.name: pool.language for pool in (*a.pools, *b.pools)}
        rows = _by_pool(a), _by_pool(b)
        pools = _moves(rows, languages)
        pool_distance = _distance(pools, 0.0)
    rows = _by_language(a), _by_language(b)
    moves = _moves(rows, {name: name for row in rows for name in row})
    return Diff(
        languages=moves,
        pools=pools,
        distance=_distance(moves, abs(a.without_language - b.without_language)),
        pool_distance=pool_distance,
        effects=effect_moves(a.effects, b.effects),
        phases=_phase_moves(a, b),
    )


def effect_moves(
    before: Sequence[Prediction], after: Sequence[Prediction]
) -> tuple[EffectMove, ...]:
    """Targets of both whose losses are in one unit, in the order of ``after``."""
    known = {(effect.language, effect.unit): effect for effect in before}
    return tuple(
        EffectMove(
            effect.language,
            known[effect.language, effect.unit].effective_data,
            effect.effective_data,
            known[effect.language, effect.unit].loss,
            effect.loss,
            effect.unit,
        )
        for effect in after
        if (effect.language, effect.unit) in known
    )


def side_of_mixture(mixture: Mixture, name: str = "", unit: str = "") -> Side:
    """An answer as one side of a comparison.

    Args:
        mixture: the answer.
        name: how the reader calls it.
        unit: of its losses, as its law says.
    """
    return Side(
        name=name,
        tokens=mixture.tokens,
        shares=tuple(mixture.proportions.items()),
        pools=tuple(
            SidePool(
                share.pool.name,
                share.pool.language,
                share.proportion,
                share.tokens,
                share.pool.unique_tokens,
            )
            for share in mixture.read
        ),
        effects=predictions(mixture, unit),
        phases=tuple((phase.name, tuple(phase.proportions.items())) for phase in mixture.phases),
    )


def predictions(mixture: Mixture, unit: str = "") -> tuple[Prediction, ...]:
    """What an answer is predicted to give its targets, in their order."""
    return tuple(
        Prediction(effect.language, effect.effective_data, effect.loss, unit)
        for effect in mixture.targets
    )


_Row = tuple[float, float | None, float | None]
"""Share, tokens, epochs."""
_UNREAD: Final[_Row] = (0.0, 0.0, 0.0)


def _by_pool(side: Side) -> dict[str, _Row]:
    return {pool.name: (pool.share, pool.tokens, _epochs((pool,))) for pool in side.pools or ()}


def _by_language(side: Side) -> dict[str, _Row]:
    rows: dict[str, _Row] = {}
    for language, share in side.shares:
        tokens = None if side.tokens is None else share * side.tokens
        epochs: float | None = None if share else 0.0
        if side.pools is not None:
            pools = tuple(pool for pool in side.pools if pool.language == language)
            epochs = _epochs(pools)
        rows[language] = share, tokens, epochs
    return rows


def _epochs(pools: Sequence[SidePool]) -> float | None:
    """Passes over these pools together; None where tokens or text of one are unknown."""
    tokens, unique = 0.0, 0.0
    for pool in pools:
        if pool.tokens is None or pool.unique_tokens is None:
            return None
        tokens += pool.tokens
        unique += pool.unique_tokens
    return tokens / unique if unique else 0.0


def _moves(
    rows: tuple[dict[str, _Row], dict[str, _Row]], languages: dict[str, str]
) -> tuple[Move, ...]:
    moves = []
    for name in {**rows[0], **rows[1]}:
        old, new = (row.get(name, _UNREAD) for row in rows)
        moves.append(Move(name, languages[name], old[0], new[0], old[1], new[1], old[2], new[2]))
    return tuple(sorted(moves, key=lambda move: (-max(move.before, move.after), move.name)))


def _distance(moves: Sequence[Move], elsewhere: float) -> float:
    """Half the sum of all differences, in an order that does not matter; never above 1."""
    return min(math.fsum((*(abs(move.change) for move in moves), elsewhere)) / 2, 1.0)


def _phase_moves(a: Side, b: Side) -> tuple[PhaseMove, ...]:
    before, after = ({name: dict(shares) for name, shares in side.phases} for side in (a, b))
    moves = []
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        for language in {**(old or {}), **(new or {})}:
            moves.append(
                PhaseMove(
                    name,
                    language,
                    None if old is None else old.get(language, 0.0),
                    None if new is None else new.get(language, 0.0),
                )
            )
    return tuple(moves)
