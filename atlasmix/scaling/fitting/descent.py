"""L-BFGS from many starts at once, within bounds: one evaluation serves every start.

A fit of a few hundred runs costs microseconds of arithmetic and as much again of calling it, so
that many starts (or resamples) side by side in one array take hardly longer than one. Each start
keeps its own history and step; those that have ended leave the array.

The method is L-BFGS (Nocedal and Wright 2006, algorithm 7.4) on the coordinates that are not held
at a bound, with a projected backtracking search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Places = NDArray[np.int64]

Objective = Callable[[Array, Places], tuple[Array, Array]]
"""(values (S,), gradients (S, p)) at coordinates (S, p); the places say which starts these are."""

MEMORY: Final = 12
_SUFFICIENT: Final = 1e-4
_PATIENCE: Final = 12
_NOTHING: Final = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """Where S starts ended: coordinates (S, p), values (S,), and evaluations of the longest."""

    theta: Array
    value: Array
    evaluations: int


@dataclass(slots=True, eq=False)
class _State:
    """The starts that still move; every array has them as its first axis."""

    place: Places
    theta: Array
    value: Array
    gradient: Array
    direction: Array
    step: Array
    steps: Array
    changes: Array
    held: Places
    stale: Places
    fresh: Bool

    def keep(self, which: Bool) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name)[which])


def descend(
    objective: Objective,
    starts: Array,
    bounds: tuple[Array, Array],
    tolerance: float = 1e-13,
    most: int = 3000,
) -> Descent:
    """Minimise from every row of ``starts``.

    Args:
        objective: see Objective.
        starts: (S, p).
        bounds: least and largest coordinates, each (S, p) or (p,); equal ends hold one fixed.
        tolerance: a start ends when 12 accepted steps together gain less than this share of its
            value, or when no step gains anything.
        most: evaluations per start.
    """
    low, high = (np.broadcast_to(each, starts.shape) for each in bounds)
    theta = np.clip(starts, low, high)
    everyone = np.arange(len(theta))
    value, gradient = objective(theta, everyone)
    ended = Descent(theta.copy(), np.where(np.isfinite(value), value, np.inf), 0)
    count, width = theta.shape
    state = _State(
        everyone,
        theta.copy(),
        value.copy(),
        gradient.copy(),
        np.zeros_like(theta),
        np.ones(count),
        np.zeros((count, MEMORY, width)),
        np.zeros((count, MEMORY, width)),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.ones(count, dtype=bool),
    )
    state.keep(np.isfinite(value))
    since = ended.value.copy()
    evaluations = 0
    while len(state.place) and evaluations < most:
        evaluations += 1
        bottom, top = low[state.place], high[state.place]
        _aim(state, bottom, top)
        trial = np.clip(state.theta + state.step[:, None] * state.direction, bottom, top)
        value, gradient = objective(trial, state.place)
        _take(state, trial, value, gradient)
        ended.theta[state.place], ended.value[state.place] = state.theta, state.value
        gain = since[state.place] - state.value
        due = state.stale >= _PATIENCE
        done = (due & (gain <= tolerance * np.abs(state.value) + _NOTHING)) | (state.step < 1e-16)
        since[state.place[due]] = state.value[due]
        state.stale[due] = 0
        if done.any():
            state.keep(~done)
    return Descent(ended.theta, ended.value, evaluations)


def _aim(state: _State, low: Array, high: Array) -> None:
    """New directions for the starts whose last step was taken."""
    new = np.flatnonzero(state.fresh)
    if not len(new):
        return
    gradient, theta = state.gradient[new], state.theta[new]
    free = ((theta > low[new]) | (gradient < 0)) & ((theta < high[new]) | (gradient > 0))
    free &= low[new] < high[new]
    slope = np.where(free, gradient, 0.0)
    turned, blind = _two_loops(slope, free, state.steps[new], state.changes[new], state.held[new])
    direction = -turned
    direction = np.where(free, direction, 0.0)
    down = np.sum(direction * slope, axis=1)
    size = np.sqrt(np.sum(slope**2, axis=1))
    bad = ~np.isfinite(down) | (down > -1e-12 * size * np.sqrt(np.sum(direction**2, axis=1)))
    direction[bad] = -slope[bad]
    state.direction[new] = direction
    # Without curvature (at first, or where the objective bends down) a step has no scale of its
    # own: then the coordinate that moves most moves by a fifth.
    largest = np.max(np.abs(direction), axis=1)
    state.step[new] = np.where(blind | bad, 0.2 / np.maximum(largest, 1e-300), 1.0)
    state.step[new[largest == 0]] = 0.0
    state.held[new[bad]] = 0
    state.fresh[new] = False


def _two_loops(
    slope: Array, free: Bool, steps: Array, changes: Array, held: Places
) -> tuple[Array, Bool]:
    """The inverse Hessian of each start's history times its gradient; which have no history."""
    steps, changes = steps * free[:, None, :], changes * free[:, None, :]
    curvature = np.sum(steps * changes, axis=2)
    squares = np.sum(changes**2, axis=2)
    usable = (curvature > 1e-14 * squares) & (np.arange(MEMORY) < held[:, None])
    rho = np.where(usable, 1.0 / np.where(usable, curvature, 1.0), 0.0)
    found, weights = slope.copy(), np.zeros_like(rho)
    for age in range(MEMORY):
        weights[:, age] = rho[:, age] * np.sum(steps[:, age] * found, axis=1)
        found -= weights[:, age : age + 1] * changes[:, age]
    newest = np.argmax(usable, axis=1)
    rows = np.arange(len(found))
    some = usable[rows, newest]
    scale = np.where(some, curvature[rows, newest] / np.where(some, squares[rows, newest], 1), 1.0)
    found *= scale[:, None]
    for age in reversed(range(MEMORY)):
        back = rho[:, age] * np.sum(changes[:, age] * found, axis=1)
        found += (weights[:, age] - back)[:, None] * steps[:, age]
    return np.asarray(found), ~some


def _take(state: _State, trial: Array, value: Array, gradient: Array) -> None:
    """Take the steps that gain enough; shorten the others."""
    moved = trial - state.theta
    promised = np.sum(state.gradient * moved, axis=1)
    good = np.isfinite(value) & np.all(np.isfinite(gradient), axis=1)
    with np.errstate(invalid="ignore"):
        good &= value <= state.value + _SUFFICIENT * np.minimum(promised, 0.0)
        good &= (value < state.value) | (promised < 0)
    hit = np.flatnonzero(good)
    if len(hit):
        state.steps[hit] = np.roll(state.steps[hit], 1, axis=1)
        state.changes[hit] = np.roll(state.changes[hit], 1, axis=1)
        state.steps[hit, 0] = moved[hit]
        state.changes[hit, 0] = gradient[hit] - state.gradient[hit]
        state.held[hit] = np.minimum(state.held[hit] + 1, MEMORY)
        state.theta[hit], state.value[hit] = trial[hit], value[hit]
        state.gradient[hit] = gradient[hit]
        state.stale[hit] += 1
        state.fresh[hit] = True
    miss = np.flatnonzero(~good)
    if len(miss):
        # The parabola through both values and the slope, kept within a tenth and a half.
        rise = value[miss] - state.value[miss] - promised[miss]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            part = np.where(rise > 0, -0.5 * promised[miss] / rise, 0.5)
        part = np.clip(np.nan_to_num(part, nan=0.1, posinf=0.5, neginf=0.1), 0.1, 0.5)
        state.step[miss] *= np.where(np.isfinite(value[miss]), part, 0.1)
        # A direction that leads nowhere is given up for the steepest one, once.
        stuck = miss[(state.step[miss] < 1e-10) & (state.held[miss] > 0)]
        state.held[stuck], state.fresh[stuck] = 0, True
