"""The mixture of every phase: totals as in the whole, the phase's limits kept, nothing else moved.

The law counts how much is read of what, not when, so the optimum of the whole knows nothing of
phases and no split is better by it. Of all splits that keep the limits the one nearest to the whole
mixture is taken (our choice: nothing moves without a reason). Pools that no limit tells apart move
together, so the program has one part for each such group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import Infeasible, SolverFailed
from atlasmix.evidence import Pool
from atlasmix.mixing.limits import ShareLimit
from atlasmix.mixing.linear import LinearProgram, minimise
from atlasmix.mixing.mixture import PhaseMixture, PhaseShare
from atlasmix.mixing.nearest import Split, nearest_split
from atlasmix.mixing.phases import Phase, phase_tokens
from atlasmix.quantities import format_quantity
from atlasmix.scaling.saturation import Array

_MILLIONTH: Final = 1e-6
_PRECISION: Final = 1e-9
_DUST: Final = 1e-12
"""Share of all tokens below which nothing is read: what is left over by rounding."""

_RELAXED: Final = (1e-10, 1e-8, 1e-6)
"""Tried in turn where limits just touch: the linear program is exact to about 1e-7."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The limits of all phases, row by row, over the pools that are read.

    Attributes:
        phases: in the order of training.
        amounts: (F,) tokens of each.
        tokens: (P,) tokens read of each pool, above 0.
        names: phase and limit of each row.
        masks: (M, P) the pools each row speaks of.
        part: (P,) the part of the program that each pool belongs to.
    """

    phases: tuple[Phase, ...]
    amounts: Array
    tokens: Array
    names: tuple[tuple[int, ShareLimit], ...]
    masks: Array
    part: NDArray[np.intp]


def split_phases(
    phases: Sequence[Phase],
    pools: Sequence[Pool],
    tokens: Array,
    tolerance: float = _MILLIONTH,
) -> tuple[PhaseMixture, ...]:
    """What each phase reads.

    Args:
        phases: as asked, in the order of training; none give none.
        pools: of the question.
        tokens: (P,) tokens read of each pool in all.
        tolerance: by what share of all tokens limits may be missed together where the totals leave
            no other way; a mixture is known, and recorded, to about a millionth.

    Raises:
        ProblemError: the phases ask for more or fewer tokens than are read.
        Infeasible: their limits and the totals collide; ``conflict`` names the limits.
        SolverFailed: the split broke its limits.
    """
    if not phases:
        return ()
    read = [place for place, count in enumerate(tokens) if count > 0]
    if not read:
        return tuple(PhaseMixture(phase.name, 0.0, ()) for phase in phases)
    total = float(tokens.sum())
    chosen = [pools[place] for place in read]
    asked = _asked(phases, np.array(phase_tokens(phases, total)), chosen, tokens[read])
    split = _program(asked)
    found = nearest_split(split)
    if found is None:
        found = _touching(asked, split, tolerance)
    _check(split, found, tolerance)
    parts = np.bincount(asked.part, weights=asked.tokens)
    cells = total * found[:, asked.part] * (asked.tokens / parts[asked.part])
    return _in_words(asked, chosen, cells)


def _asked(phases: Sequence[Phase], amounts: Array, pools: Sequence[Pool], tokens: Array) -> _Asked:
    names = tuple((place, limit) for place, phase in enumerate(phases) for limit in phase.limits)
    masks = np.array([limit.selection.mask(pools) for _, limit in names], dtype=float)
    masks = masks.reshape(len(names), len(pools))
    alike: dict[bytes, int] = {}
    signatures = [column.tobytes() for column in masks.T]
    for signature in sorted(set(signatures)):
        alike[signature] = len(alike)
    part = np.array([alike[signature] for signature in signatures], dtype=np.intp)
    return _Asked(tuple(phases), amounts, tokens, names, masks, part)


def _program(asked: _Asked) -> Split:
    """The same in shares of all tokens, pools that no limit tells apart as one part."""
    total = float(asked.tokens.sum())
    whole = np.bincount(asked.part, weights=asked.tokens) / total
    sizes = asked.amounts / total
    rows = np.zeros((len(asked.names), sizes.size, whole.size))
    bound = np.zeros(len(asked.names))
    _, first = np.unique(asked.part, return_index=True)
    for row, (place, limit) in enumerate(asked.names):
        sign = 1.0 if limit.bound == "min" else -1.0
        rows[row, place] = sign * asked.masks[row, first]
        bound[row] = sign * limit.share * sizes[place]
    return Split(whole, sizes, rows, bound)


def _touching(asked: _Asked, split: Split, tolerance: float) -> Array:
    """The split where limits only just leave one, or the refusal that names those that collide."""
    count, cells = split.bound.size, split.even.size
    phases, parts = split.even.shape
    keep_parts = np.tile(np.eye(parts), phases)
    keep_phases = np.repeat(np.eye(phases), parts, axis=1)
    equal = np.hstack([np.vstack([keep_parts, keep_phases]), np.zeros((parts + phases, count))])
    task = LinearProgram(
        cost=np.append(np.zeros(cells), np.ones(count)),
        rows=np.hstack([-split.rows.reshape(count, cells), -np.eye(count)]),
        bound=-split.bound,
        low=np.zeros(cells + count),
        high=np.full(cells + count, np.inf),
        equal=equal,
        level=np.concatenate([split.whole, split.sizes]),
    )
    optimum = minimise(task, "the check of the phases")
    slack = optimum.x[cells:]
    if float(slack.sum()) <= tolerance:
        for more in _RELAXED:
            found = nearest_split(replace(split, bound=split.bound - slack - more))
            if found is not None:
                return found
    raise _collision(asked, optimum.rows > _PRECISION, slack)


def _collision(asked: _Asked, priced: NDArray[np.bool_], slack: Array) -> Infeasible:
    said, relax, conflict = [], [], []
    total = float(asked.tokens.sum())
    for row, (place, limit) in enumerate(asked.names):
        phase, amount = asked.phases[place], float(asked.amounts[place])
        if priced[row]:
            bound = format_quantity(limit.share * amount)
            reads = format_quantity(float(asked.masks[row] @ asked.tokens))
            least = "at least" if limit.bound == "min" else "at most"
            said.append(f"{phase.label(limit)} ({least} {bound} tokens; {reads} are read in all)")
            conflict.append(f"phase {phase.name}: {limit.name}")
        if slack[row] > _PRECISION:
            points = 100 * float(slack[row]) * total / amount
            relax.append(f"{phase.label(limit)} by {points:.3g} points")
    return Infeasible(
        f"the limits of the phases cannot all hold: {', '.join(said)}; least change: relax "
        f"{', '.join(relax)}; phases divide what the whole mixture reads and never change it, so "
        "relax a limit, give a phase other tokens, or ask the whole mixture for more or less "
        "(--min, --max)",
        tuple(conflict),
    )


def _check(split: Split, found: Array, tolerance: float) -> None:
    """Believe no solver: totals and limits, in shares of all tokens."""
    missed = max(
        float(np.abs(found.sum(axis=0) - split.whole).max()),
        float(np.abs(found.sum(axis=1) - split.sizes).max()),
        float(-found.min()),
    )
    broken = float(np.maximum(split.broken(found), 0.0).sum()) if split.bound.size else 0.0
    if missed > _PRECISION or broken > tolerance + split.bound.size * _RELAXED[-1]:
        raise SolverFailed(
            f"the split over phases misses its totals by {missed:.1g} and its limits by "
            f"{broken:.1g} of all tokens: please report the problem"
        )


def _in_words(asked: _Asked, pools: Sequence[Pool], cells: Array) -> tuple[PhaseMixture, ...]:
    unique = np.array([pool.unique_tokens for pool in pools])
    before = np.zeros(len(pools))
    found = []
    for phase, amount, row in zip(asked.phases, asked.amounts.tolist(), cells, strict=True):
        after = before + row / unique
        shares = [
            PhaseShare(pool, count, count / amount, count / pool.unique_tokens, passes)
            for pool, count, passes in zip(pools, row.tolist(), after.tolist(), strict=True)
            if count > _DUST * cells.sum()
        ]
        shares.sort(key=lambda share: (-share.tokens, share.pool.name))
        found.append(PhaseMixture(phase.name, amount, tuple(shares)))
        before = after
    return tuple(found)
