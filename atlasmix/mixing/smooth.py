"""The smooth engine: exponentiated gradient from a spread start, then Newton on the free columns.

It serves the common shape (budget, epoch caps, least and most per column). Newton's step is a
quadratic program over box and budget, solved by a primal-dual active set, so that many columns can
reach or leave their bounds in one step. The risk term √(‖s‖² + ε²) is smoothed with ε falling to
1e-9 of what a target could get alone; its gradient at the end is the dual that proves the answer
(certificate.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasmix.mixing.program import Duals, Program, by_language, outer_value
from atlasmix.mixing.quadratic import Quadratic, minimise
from atlasmix.scaling.saturation import Array, curvature, marginal, saturate

_SMOOTHING = (1e-4, 1e-6, 1e-9)
_TOLERANCE = 1e-10
_HANDOVER = 2e-4
"""Gap at which the first phase hands over: measured, later costs steps, sooner costs Hessians."""

_WALK = 120
"""Most evaluations of the first phase; where harm makes it slow, Newton does better."""


_FAST = 0.05
"""Fall of the gap in one step below which the next one does with the same curvature."""

_MUCH = 1e9
"""Multiplications of a Hessian from which on single precision saves more than its steps cost."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Where the engine stopped: shares (n,), the dual of the risk term, steps taken."""

    x: Array
    duals: Duals
    steps: int


@dataclass(frozen=True, slots=True)
class _Point:
    """Objective, gradient and what the Hessian needs, at one x."""

    x: Array
    value: float
    gradient: Array
    first: Array  # dS/dx (n,)
    worth: Array  # (n,) what a unit of s is worth, -df/ds
    pull: Array  # (T,)
    bend: Array  # (T,) second derivative of the objective in y
    z: Array  # (L,)
    norm: Array  # (T,) smoothed ‖σ ∘ z‖
    mix: Array  # (T,) weight of each target; ones where the objective is their sum
    depth: Array  # (T,) v, net of the smoothed risk term


@dataclass(frozen=True, slots=True)
class _Curvature:
    """The columns that a step may move and the second derivatives there."""

    columns: NDArray[np.intp]
    hessian: Array


def descend(program: Program, start: Array | None = None) -> Descent:
    """Minimise the program over box and budget; ``program.rows`` must be empty.

    The caller checks the answer: see :func:`atlasmix.mixing.certificate.bound`.
    """
    x = spread(program) if start is None else start
    levels = _levels(program)
    x, steps = _exponentiated(program, x, levels[0])
    for level in levels:
        if level != levels[-1] and level.sharpness == 0 and _plain(program, x, level.epsilon):
            continue
        x, taken = _newton(program, x, level)
        steps += taken
    here = _at(program, x, levels[-1])
    risk = program.sigma * here.z / here.norm[:, None] if program.risky else None
    mix = None if program.base is None else here.mix
    return Descent(x, Duals(risk=risk, mix=mix, depth=here.depth), steps)


def _plain(program: Program, x: Array, smoothing: float) -> bool:
    """Whether every risk term is far above ε, so that smoothing would only cost steps."""
    z = by_language(program, saturate(x, program.unique, program.decay))
    norm = np.sqrt(program.variance @ np.square(z))
    return bool(np.all(norm > 3 * smoothing * program.reference))


def spread(program: Program) -> Array:
    """A start inside the limits that reads something of everything."""
    even = np.full(program.unique.size, 1.0 / program.unique.size)
    return _project(program, even, 0.0 if program.spend_all else 0.02)[0]


def _project(program: Program, weight: Array, slack: float) -> tuple[Array, float]:
    """The point of box and budget nearest to ``weight`` in relative entropy: clip(c·weight)."""
    low, high = program.lower, program.upper

    def at(scale: float) -> tuple[Array, float]:
        return np.clip(scale * weight, low, high), scale * slack

    first = at(_bend(weight, slack, low, high))
    # Weights far apart leave no digits in the sums behind a bend: then halve the interval instead.
    if abs(float(first[0].sum()) + first[1] - 1.0) <= 1e-12:
        return first
    left, right = -80.0, 80.0
    for _ in range(100):
        middle = 0.5 * (left + right)
        x, rest = at(float(np.exp(middle)))
        left, right = (middle, right) if x.sum() + rest < 1.0 else (left, middle)
    return at(float(np.exp(left)))


def _bend(weight: Array, slack: float, low: Array, high: Array) -> float:
    """c with Σ clip(c·weight) + c·slack = 1: the sum is piecewise linear, so one sort finds it."""
    bends = np.concatenate([low / weight, high / weight])
    order = np.argsort(bends, kind="stable")
    bends = bends[order]
    slope = np.maximum(slack + np.cumsum(np.concatenate([weight, -weight])[order]), slack)
    rise = np.concatenate([[slack * bends[0]], np.diff(bends) * slope[:-1]])
    total = float(low.sum()) + np.cumsum(rise)
    place = int(np.searchsorted(total, 1.0))
    if place == 0:
        return float(bends[0] if slack == 0 else (1.0 - low.sum()) / slack)
    if place == total.size and slack == 0:
        return float(bends[-1])
    return float(bends[place - 1] + (1.0 - total[place - 1]) / max(slope[place - 1], 1e-30))


@dataclass(frozen=True, slots=True)
class _Level:
    """How much is smoothed: ε of the risk term, in units of each target's reference, and ρ of
    log Σ exp(ρ·)/ρ in place of the maximum.
    """

    epsilon: float
    sharpness: float = 0.0


def _levels(program: Program) -> tuple[_Level, ...]:
    epsilon = _SMOOTHING if program.risky else (0.0,)
    if program.base is None:
        return tuple(_Level(value) for value in epsilon)
    soft = [_Level(epsilon[0], 10.0**power) for power in range(1, 7)]
    return (*soft, *(_Level(value, 1e7) for value in epsilon[1:]), _Level(epsilon[-1], 1e8))


def _at(program: Program, x: Array, level: _Level) -> _Point:
    s = saturate(x, program.unique, program.decay)
    y = program.gain @ s
    first = marginal(x, program.unique, program.decay)
    if program.harmful:
        y = y - program.harm @ (program.harm_slope * x + program.harm_offset)
    z = by_language(program, s)
    norm = np.zeros_like(y)
    if program.risky:
        norm = np.sqrt(
            program.variance @ np.square(z) + np.square(level.epsilon * program.reference)
        )
        y = y - norm
    phi, slope, bend = outer_value(program.exponent, y / program.reference)
    parts, mix = program.coefficient * phi, np.ones_like(y)
    value = float(parts.sum())
    pull = -program.coefficient * slope / program.reference
    bent = program.coefficient * bend / np.square(program.reference)
    if program.base is not None:
        tall = level.sharpness * (program.base + parts)
        mix = np.exp(tall - tall.max())
        value = float(tall.max() + np.log(mix.sum())) / level.sharpness
        mix = mix / mix.sum()
        bent = mix * (bent + level.sharpness * np.square(pull))
        pull = mix * pull
    worth = pull @ program.gain
    if program.risky:
        worth -= (z * ((pull / norm) @ program.variance))[program.member] * program.worth
    gradient = -worth * first
    if program.harmful:
        gradient = gradient + (pull @ program.harm) * program.harm_slope
    depth = y / program.reference
    return _Point(x, value, gradient, first, worth, pull, bent, z, norm, mix, depth)


def steepest(program: Program, gradient: Array) -> Array:
    """The point of box and budget where a line falls furthest: steepest columns filled first."""
    best = program.lower.copy()
    order = np.argsort(gradient, kind="stable")
    if not program.spend_all:
        order = order[gradient[order] < 0]
    room = (program.upper - program.lower)[order]
    left = 1.0 - program.lower.sum()
    best[order] += np.clip(left - (np.cumsum(room) - room), 0.0, room)
    return best


def _exponentiated(program: Program, x: Array, level: _Level) -> tuple[Array, int]:
    slack = 0.0 if program.spend_all else max(1.0 - float(x.sum()), 1e-3)
    x, slack = _project(program, np.maximum(x, 1e-12), slack)
    here, step, count = _at(program, x, level), 1.0, 0
    step /= max(float(np.ptp(here.gradient)), 1e-12)
    while count < _WALK:
        gap = float(here.gradient @ (here.x - steepest(program, here.gradient)))
        if gap <= _HANDOVER * _scale(program, here.value):
            break
        for _ in range(40):
            count += 1
            # The mean is taken off so that no exponent can overflow; the projection undoes it.
            tilt = np.clip(-step * (here.gradient - here.gradient @ here.x), -30.0, 30.0)
            push = np.clip(step * (here.gradient @ here.x), -30.0, 30.0)
            new_slack = max(slack, 1e-14) * float(np.exp(push)) if slack > 0 else 0.0
            y, new_slack = _project(program, np.maximum(here.x, 1e-14) * np.exp(tilt), new_slack)
            there = _at(program, y, level)
            fall = float(here.gradient @ (y - here.x))
            if there.value <= here.value + 0.2 * min(fall, 0.0) and fall < 0:
                here, slack, step = there, new_slack, min(step * 1.6, 1e15)
                break
            step *= 0.4
        else:
            break
    return here.x, count


def _scale(program: Program, value: float) -> float:
    """What a gap is measured against: the value itself, or 1 where the value is a logarithm."""
    return 1.0 if program.exponent is None else abs(value)


def _newton(program: Program, x: Array, level: _Level) -> tuple[Array, int]:
    here = _at(program, x, level)
    known: _Curvature | None = None
    last = np.inf
    for count in range(60):
        vertex = steepest(program, here.gradient)
        gap = float(here.gradient @ (here.x - vertex))
        if gap <= _TOLERANCE * _scale(program, here.value):
            return here.x, count
        columns = _candidates(program, here)
        # Near the optimum the last step's curvature serves once more: it is most of the cost.
        fast = gap <= _FAST * last and program.base is None
        if known is None or not fast or not np.array_equal(known.columns, columns):
            known = _Curvature(columns, _hessian(program, here, columns, level.sharpness))
        last = gap
        direction = _quadratic_step(program, here, known)
        fall = float(here.gradient @ direction)
        if fall >= 0:
            # Newton's model found no good way down: walk towards the vertex that proves the gap.
            direction, fall = vertex - here.x, -gap
        length = 1.0
        while length > 1e-12:
            there = _at(program, here.x + length * direction, level)
            if there.value <= here.value + 1e-4 * length * fall:
                break
            length *= 0.5
        else:
            return here.x, count
        stalled = here.value - there.value <= 1e-16 * abs(here.value) and length == 1.0
        here = there
        if stalled:
            return here.x, count
    return here.x, 60


def _hessian(program: Program, here: _Point, columns: NDArray[np.intp], sharpness: float) -> Array:
    hessian = _second(program, here, columns)
    if program.base is not None:
        gradient = here.gradient[columns]
        hessian -= sharpness * np.outer(gradient, gradient)
    return hessian


def _second(program: Program, here: _Point, columns: NDArray[np.intp]) -> Array:
    """Second derivatives of the targets' parts, mixed."""
    first = here.first[columns]
    jacobian = program.gain[:, columns] * first
    if program.harmful:
        jacobian -= program.harm[:, columns] * program.harm_slope[columns]
    bend = curvature(here.x[columns], program.unique[columns], program.decay)
    # Where the net effect is harm the saturation bends the other way; the model stays convex.
    own = np.maximum(-here.worth[columns] * bend, 0.0)
    if not program.risky:
        jacobian *= np.sqrt(here.bend)[:, None]
        hessian = _gram(jacobian)
        hessian[np.diag_indices_from(hessian)] += own
        return hessian
    member, worth = program.member[columns], program.worth[columns] * first
    # The norm's second derivative: diag(σ²)/‖s‖ less the outer product of its gradient.
    lean = program.variance[:, member] * (here.z[member] * worth)
    jacobian -= lean / here.norm[:, None]
    jacobian *= np.sqrt(here.bend)[:, None]
    lean *= np.sqrt(here.pull / here.norm**3)[:, None]
    hessian = _gram(jacobian)
    hessian -= _gram(lean)
    per_language = ((here.pull / here.norm) @ program.variance)[member] * worth
    if np.unique(member).size == member.size:
        own = own + per_language * worth
    else:
        hessian += (member[:, None] == member[None, :]) * per_language[:, None] * worth
    hessian[np.diag_indices_from(hessian)] += own
    return hessian


def _gram(matrix: Array) -> Array:
    """MᵀM. In single precision where it costs much: a step needs no more, the gradient does."""
    if matrix.size * matrix.shape[1] < _MUCH:
        return np.asarray(matrix.T @ matrix)
    single = matrix.astype(np.float32)
    return np.asarray(single.T @ single, dtype=float)


def _candidates(program: Program, here: _Point) -> NDArray[np.intp]:
    """Columns that a step may move: those read, and those whose tokens are worth more than μ."""
    price = _price(program, here)
    read = here.x > program.lower + 1e-9
    return np.flatnonzero(read | (here.gradient + price < 0))


def _price(program: Program, here: _Point) -> float:
    """μ, the value of one more token of budget, as seen by the columns away from their bounds."""
    if not program.spend_all and here.x.sum() < 1.0 - 1e-9:
        return 0.0
    inside = (here.x > program.lower) & (here.x < program.upper)
    weight = np.where(inside, here.x - program.lower, 0.0)
    if not weight.any():
        return 0.0
    price = -float(here.gradient @ weight / weight.sum())
    return price if program.spend_all else max(price, 0.0)


def _quadratic_step(program: Program, here: _Point, known: _Curvature) -> Array:
    """Minimise the quadratic model over box and budget; returns a step that keeps both."""
    columns = known.columns
    direction = np.zeros_like(here.x)
    idle = np.ones(here.x.size, dtype=bool)
    idle[columns] = False
    direction[idle] = program.lower[idle] - here.x[idle]
    room = 1.0 - float(here.x.sum()) - float(direction.sum())
    model = Quadratic(
        known.hessian,
        here.gradient[columns],
        program.lower[columns] - here.x[columns],
        program.upper[columns] - here.x[columns],
        room,
        program.spend_all,
    )
    direction[columns] = minimise(model)
    return direction
