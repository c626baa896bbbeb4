"""The split of a mixture over phases that lies nearest to reading the same mixture throughout.

In shares of all tokens a phase f of size T_f reads x_fk of part k, whose share of the whole is p_k.
Distance is Σ (x_fk - T_f p_k)² / (T_f p_k). Written as x_fk = T_f p_k + √(T_f p_k)·u_fk it is ‖u‖²;
that phases and parts keep their totals means that u is orthogonal to √T on one side and to √p on
the other, so u = B v Aᵀ with orthonormal B and A and ‖u‖ = ‖v‖: what remains is the point nearest
to 0 under linear inequalities. A dual active set finds it (Goldfarb & Idnani 1983): begin at 0,
where every phase is the whole mixture, and take in one broken limit after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import Infeasible, SolverFailed
from atlasmix.evidence.pools import Pool
from atlasmix.laws.saturation import Array
from atlasmix.mixture.mixture import PhaseMixture, PhaseShare
from atlasmix.problem.constraints import EpochCap
from atlasmix.problem.phases import Phase, phase_tokens
from atlasmix.quantities import format_quantity
from atlasmix.solver.linear import LinearProgram, minimise
from atlasmix.text import first_few

_KEPT: Final = 1e-12
"""A limit broken by less, its normal of length 1, is kept."""

_DEPENDENT: Final = 1e-9
"""What is left of a normal of length 1 that lies in the span of others."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What is asked.

    Attributes:
        whole: (K,) share of each part in all tokens, above 0; they sum to 1.
        sizes: (F,) share of all tokens that each phase reads, above 0; they sum to 1.
        rows: (M, F, K) limits: Σ rows[m] · x >= bound[m].
        bound: (M,) see ``rows``.
    """

    whole: Array
    sizes: Array
    rows: Array
    bound: Array

    @property
    def even(self) -> Array:
        """(F, K): every phase is the whole mixture."""
        return np.outer(self.sizes, self.whole)

    def broken(self, x: Array) -> Array:
        """(M,) by how much each limit is broken, in shares of all tokens; below 0: it is kept."""
        return np.asarray(self.bound - np.einsum("mfk,fk->m", self.rows, x))


def nearest_split(split: Split) -> Array | None:
    """Shares of all tokens read of each part in each phase, (F, K); None where limits collide.

    Raises:
        SolverFailed: the active set did not settle.
    """
    even = split.even
    if not split.bound.size or float(split.broken(even).max()) <= _KEPT:
        return even
    scale = np.sqrt(even)
    phases, parts = _complement(split.sizes), _complement(split.whole)
    # Every limit, and that nothing is read less than not at all, in terms of v.
    cells = np.eye(even.size).reshape(even.size, *even.shape)
    rows = np.concatenate([split.rows, cells])
    bound = np.concatenate([split.broken(even), -even.ravel()])
    normals = np.einsum("mfk,fi,kj->mij", rows * scale, phases, parts, optimize=True)
    normals = normals.reshape(bound.size, -1)
    length = np.linalg.norm(normals, axis=1)
    moved = length > _KEPT
    if np.any(bound[~moved] > _KEPT):  # a limit that no split changes
        return None
    if not moved.any():
        return even
    solution = _least(normals[moved] / length[moved, None], bound[moved] / length[moved])
    if solution is None:
        return None
    v, active = solution
    x = even + scale * (phases @ v.reshape(phases.shape[1], -1) @ parts.T)
    # What stands on its bound of 0 is 0, not a trace above or below it.
    empty = np.flatnonzero(moved)[active] - split.bound.size
    x.ravel()[empty[empty >= 0]] = 0.0
    return np.maximum(x, 0.0)


def _complement(shares: Array) -> Array:
    """(n, n - 1): an orthonormal basis of what is orthogonal to √shares, by one reflection."""
    unit = np.sqrt(shares)
    unit = unit / np.linalg.norm(unit)
    mirror = unit.copy()
    mirror[0] += 1.0  # no cancellation: shares are not below 0
    reflected = np.eye(unit.size) - np.outer(mirror, mirror) / mirror[0]
    return np.asarray(reflected[:, 1:])


def _least(normals: Array, bound: Array) -> tuple[Array, list[int]] | None:
    """The v of least length with normals · v >= bound, and the limits that hold it there.

    Args:
        normals: (C, n) rows of length 1.
        bound: (C,).
    """
    v = np.zeros(normals.shape[1])
    active: list[int] = []
    price = np.zeros(0)
    for _ in range(20 * sum(normals.shape) + 100):
        short = bound - normals @ v
        short[active] = -np.inf
        worst = int(np.argmax(short))
        if short[worst] <= _KEPT:
            return _settled(normals, bound, active, v), active
        taken = _take_in(normals, bound, worst, (v, active, price))
        if taken is None:
            return None
        v, active, price = taken
    raise SolverFailed("the split over phases did not settle: please report the problem")


def _take_in(
    normals: Array, bound: Array, new: int, state: tuple[Array, list[int], Array]
) -> tuple[Array, list[int], Array] | None:
    """One more limit kept: steps along what the others leave free, dropping those that give way.

    Returns:
        The next point, its active limits and their prices; None where nothing is free.
    """
    v, active, price = state
    gained = 0.0
    while True:
        held = normals[active]
        yields = np.linalg.lstsq(held.T, normals[new], rcond=None)[0] if active else np.zeros(0)
        free = normals[new] - held.T @ yields
        slope = float(free @ free)
        dependent = slope <= _DEPENDENT**2
        full = np.inf if dependent else float(bound[new] - normals[new] @ v) / slope
        falling = np.flatnonzero(yields > _KEPT)
        ends = price[falling] / yields[falling]
        first = int(np.argmin(ends)) if falling.size else -1
        step = min(full, float(ends[first])) if falling.size else full
        if not np.isfinite(step):
            return None
        price = price - step * yields
        gained += step
        if not dependent:
            v = v + step * free
        if step == full:
            return v, [*active, new], np.append(price, gained)
        gone = int(falling[first])
        active, price = active[:gone] + active[gone + 1 :], np.delete(price, gone)


def _settled(normals: Array, bound: Array, active: list[int], v: Array) -> Array:
    """The point of least length on the active limits at once, free of the errors of the steps."""
    if not active:
        return v
    held = normals[active]
    exact = np.linalg.lstsq(held, bound[active], rcond=None)[0]
    better = float((bound - normals @ exact).max()) <= 10 * _KEPT
    return np.asarray(exact if better else v)


_MILLIONTH: Final = 1e-6
_PRECISION: Final = 1e-9
_DUST: Final = 1e-12
"""Share of all tokens below which nothing is read: what is left over by rounding."""

_RELAXED: Final = (1e-10, 1e-8, 1e-6)
"""Tried in turn where limits just touch: the linear program is exact to about 1e-7."""


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One limit of one phase, as tokens of some pools.

    Attributes:
        phase: place of the phase.
        name, title: of the limit, as the question writes it and as sentences do.
        is_least: whether ``tokens`` is the least, not the most, that may be read.
        tokens: of the pools together, in the phase.
        mask: (P,) the pools that it speaks of.
        pool: the one that a cap is about; None for a share.
    """

    phase: int
    name: str
    title: str
    is_least: bool
    tokens: float
    mask: NDArray[np.bool_]
    pool: Pool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _PhaseLimits:
    """The limits of all phases, row by row, over the pools that are read.

    Attributes:
        phases: in the order of training.
        amounts: (F,) tokens of each.
        tokens: (P,) tokens read of each pool, above 0.
        rows: every share, and every cap that a split could break.
        part: (P,) the part of the program that each pool belongs to.
    """

    phases: tuple[Phase, ...]
    amounts: Array
    tokens: Array
    rows: tuple[_Row, ...]
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
    limits = _phase_limits(phases, np.array(phase_tokens(phases, total)), chosen, tokens[read])
    split = _program(limits)
    shares = nearest_split(split)
    if shares is None:
        shares = _touching(limits, split, tolerance)
    _check(split, shares, tolerance)
    parts = np.bincount(limits.part, weights=limits.tokens)
    cells = total * shares[:, limits.part] * (limits.tokens / parts[limits.part])
    return _in_words(limits, chosen, cells)


def _phase_limits(
    phases: Sequence[Phase], amounts: Array, pools: Sequence[Pool], tokens: Array
) -> _PhaseLimits:
    rows = tuple(
        row
        for place, phase in enumerate(phases)
        for row in (
            *_share_rows(place, phase, float(amounts[place]), pools),
            *_cap_rows(place, phase, pools, tokens),
        )
    )
    masks = np.array([row.mask for row in rows], dtype=float).reshape(len(rows), len(pools))
    alike: dict[bytes, int] = {}
    signatures = [column.tobytes() for column in masks.T]
    for signature in sorted(set(signatures)):
        alike[signature] = len(alike)
    part = np.array([alike[signature] for signature in signatures], dtype=np.intp)
    return _PhaseLimits(tuple(phases), amounts, tokens, rows, part)


def _share_rows(place: int, phase: Phase, amount: float, pools: Sequence[Pool]) -> Iterator[_Row]:
    for limit in phase.shares:
        least, mask = limit.bound == "min", limit.selection.mask(pools)
        yield _Row(place, limit.name, limit.title, least, limit.share * amount, mask)


def _cap_rows(place: int, phase: Phase, pools: Sequence[Pool], tokens: Array) -> Iterator[_Row]:
    """A row a pool that is read more often in all than the phase may read it; others cannot be."""
    for number, cap in enumerate(phase.caps(pools).tolist()):
        pool, most = pools[number], cap * pools[number].unique_tokens
        if tokens[number] <= most:
            continue
        own = [
            limit
            for limit in phase.limits
            if isinstance(limit, EpochCap) and limit.selection.matches(pool)
        ]
        usual = f"max epochs {cap:g}"
        name, title = (own[-1].name, own[-1].title) if own else (usual, usual)
        yield _Row(place, name, title, False, most, np.arange(len(pools)) == number, pool)


def _program(limits: _PhaseLimits) -> Split:
    """The same in shares of all tokens, pools that no limit tells apart as one part."""
    total = float(limits.tokens.sum())
    whole = np.bincount(limits.part, weights=limits.tokens) / total
    sizes = limits.amounts / total
    rows = np.zeros((len(limits.rows), sizes.size, whole.size))
    bound = np.zeros(len(limits.rows))
    _, first = np.unique(limits.part, return_index=True)
    for number, row in enumerate(limits.rows):
        sign = 1.0 if row.is_least else -1.0
        rows[number, row.phase] = sign * row.mask[first]
        bound[number] = sign * row.tokens / total
    return Split(whole, sizes, rows, bound)


def _touching(limits: _PhaseLimits, split: Split, tolerance: float) -> Array:
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
            shares = nearest_split(replace(split, bound=split.bound - slack - more))
            if shares is not None:
                return shares
    raise _collision(limits, optimum.rows > _PRECISION, slack)


def _collision(limits: _PhaseLimits, priced: NDArray[np.bool_], slack: Array) -> Infeasible:
    said, relax, conflict = [], [], []
    total = float(limits.tokens.sum())
    for number, row in enumerate(limits.rows):
        phase, amount = limits.phases[row.phase], float(limits.amounts[row.phase])
        label = phase.label(row.title) + (f" for {row.pool.name}" if row.pool else "")
        if priced[number]:
            bound = format_quantity(row.tokens)
            reads = format_quantity(float(row.mask @ limits.tokens))
            least = "at least" if row.is_least else "at most"
            said.append(f"{label} ({least} {bound} tokens; {reads} are read in all)")
            conflict.append(f"phase {phase.name}: {row.name}")
        if slack[number] > _PRECISION:
            tokens = float(slack[number]) * total
            if row.pool is None:
                relax.append(f"{label} by {100 * tokens / amount:.3g} points")
            else:
                relax.append(f"{label} by {tokens / row.pool.unique_tokens:.3g} epochs")
    return Infeasible(
        f"the limits of the phases cannot all hold: {first_few(said, 6)}; least change: relax "
        f"{first_few(relax, 6)}; phases divide what the whole mixture reads and never change it, "
        "so relax a limit, give a phase other tokens, or ask the whole mixture for more or less",
        tuple(dict.fromkeys(conflict)),
        field="phases",
    )


def _check(split: Split, shares: Array, tolerance: float) -> None:
    """Believe no solver: totals and limits, in shares of all tokens."""
    missed = max(
        float(np.abs(shares.sum(axis=0) - split.whole).max()),
        float(np.abs(shares.sum(axis=1) - split.sizes).max()),
        float(-shares.min()),
    )
    broken = float(np.maximum(split.broken(shares), 0.0).sum()) if split.bound.size else 0.0
    if missed > _PRECISION or broken > tolerance + split.bound.size * _RELAXED[-1]:
        raise SolverFailed(
            f"the split over phases misses its totals by {missed:.1g} and its limits by "
            f"{broken:.1g} of all tokens: please report the problem"
        )


def _in_words(
    limits: _PhaseLimits, pools: Sequence[Pool], cells: Array
) -> tuple[PhaseMixture, ...]:
    unique = np.array([pool.unique_tokens for pool in pools])
    before = np.zeros(len(pools))
    mixtures = []
    for phase, amount, row in zip(limits.phases, limits.amounts.tolist(), cells, strict=True):
        after = before + row / unique
        shares = [
            PhaseShare(pool, count, count / amount, count / pool.unique_tokens, passes)
            for pool, count, passes in zip(pools, row.tolist(), after.tolist(), strict=True)
            if count > _DUST * cells.sum()
        ]
        shares.sort(key=lambda share: (-share.tokens, share.pool.name))
        mixtures.append(PhaseMixture(phase.name, amount, tuple(shares)))
        before = after
    return tuple(mixtures)
