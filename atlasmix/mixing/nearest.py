"""The split of a mixture over phases that lies nearest to reading the same mixture throughout.

In shares of all tokens a phase f of size T_f reads x_fk of part k, whose share of the whole is p_k.
Distance is Σ (x_fk - T_f p_k)² / (T_f p_k). Written as x_fk = T_f p_k + √(T_f p_k)·u_fk it is ‖u‖²;
that phases and parts keep their totals means that u is orthogonal to √T on one side and to √p on
the other, so u = B v Aᵀ with orthonormal B and A and ‖u‖ = ‖v‖: what remains is the point nearest
to 0 under linear inequalities. A dual active set finds it (Goldfarb & Idnani 1983): begin at 0,
where every phase is the whole mixture, and take in one broken limit after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from atlasmix.errors import SolverFailed
from atlasmix.scaling.saturation import Array

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
    found = _least(normals[moved] / length[moved, None], bound[moved] / length[moved])
    if found is None:
        return None
    v, active = found
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
