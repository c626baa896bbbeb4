r"""One judge for all methods: the value of an answer and how far it can be from the best.

The losses are convex in m and y, and m and S are linear and concave in the shares: with tangents
at an answer and prices μ, ν, ρ of guardrails, of Σx = 1 and of the limits,

.. math:: f(x') \ge f_0 + g_0 - \nu - \rho b
          + \sum_p \big[(\nu + \rho R_p - a_p) x'_p - c_p S(x'_p)\big]

a is what a share of the tokens is worth as capacity, c what a unit of S is worth as data,
guardrails included. Each bracket is least in closed form. The prices come from one linear program,
the tangents in x over all limits. None of this is the library's own code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from atlasmix.laws.saturation import Array, marginal, saturate
from atlasmix.solver.program import Program


@dataclass(frozen=True, slots=True)
class Verdict:
    """Value of an answer put into its box, by how much it broke a limit, and its certified gap."""

    value: float
    violation: float
    gap: float


@dataclass(frozen=True, slots=True)
class Tangent:
    """Σ weight·(L - E) as its tangent at some x: fixed - capacity·x - data·S(x)."""

    fixed: float
    capacity: Array
    data: Array


def feasible(program: Program, x: Array) -> tuple[Array, float]:
    """The answer inside its box with sum 1, and the largest limit it broke, in shares."""
    most = np.minimum(program.upper, 1.0)
    given = np.nan_to_num(x)
    inside = np.clip(given, 0.0, most)
    violation = max(float(np.abs(inside - x).max()), abs(float(x.sum()) - 1.0))
    for _ in range(50):
        spare = 1.0 - float(inside.sum())
        room = (most - inside) if spare > 0 else inside
        room = room * inside  # in proportion to what is read
        if abs(spare) < 1e-15 or not room.any():
            break
        inside = np.clip(inside + spare * room / room.sum(), 0.0, most)
    if program.rows.names:
        violation = max(violation, float((program.rows.matrix @ x - program.rows.bound).max()))
    guarded = np.isfinite(program.level)
    if guarded.any():
        over = expected(program, inside)[guarded] / program.level[guarded] - 1.0
        violation = max(violation, float(over.max()))
    return inside, violation


def losses(program: Program, gain: Array, x: Array) -> Array:
    """L - E of every row, (T,)."""
    with np.errstate(divide="ignore"):
        lost = program.data * (gain @ saturate(x, program.unique, program.decay)) ** -program.beta
        bowed = program.capacity * (program.least + program.own @ x) ** -program.phi
    return np.asarray(lost + np.where(program.heard, bowed, 0.0))


def expected(program: Program, x: Array) -> Array:
    """L - E as guardrails count it, (T,)."""
    return losses(program, program.expected, x)


def judge(program: Program, x: Array) -> Verdict:
    """The verdict on shares ``x`` (n,) of a program that minimises a sum over targets."""
    inside, violation = feasible(program, x)
    value = float(program.weight @ losses(program, program.gain, inside))
    bound = lower_bound(program, inside)
    return Verdict(value, violation, max(value - bound, 0.0) / abs(value))


def tangent(program: Program, gain: Array, weight: Array, x: Array) -> Tangent:
    """The tangent of Σ weight·(L - E) at ``x``."""
    y = np.maximum(gain @ saturate(x, program.unique, program.decay), 1e-300)
    m = np.maximum(program.least + program.own @ x, 1e-300)
    lost = weight * program.data * y**-program.beta
    bowed = np.where(program.heard, weight * program.capacity * m**-program.phi, 0.0)
    ahead = 1.0 + program.phi - program.phi * program.least / m
    fixed = ((1.0 + program.beta) * lost).sum() + (ahead * bowed).sum()
    capacity = (bowed * program.phi / m) @ program.own
    return Tangent(float(fixed), capacity, (program.beta * lost / y) @ gain)


def lower_bound(program: Program, x: Array) -> float:
    """No mixture within the limits has a lower objective than this."""
    here = tangent(program, program.gain, program.weight, x)
    guards = [int(row) for row in np.flatnonzero(np.isfinite(program.level))]
    single = np.eye(program.weight.size)
    held = [tangent(program, program.expected, single[row], x) for row in guards]
    guard, rows = np.zeros(len(guards)), np.zeros(len(program.rows.names))
    if guards or rows.size:
        guard, rows = _prices(program, x, here, held, guards)
    fixed = here.fixed + sum(
        price * (each.fixed - program.level[row])
        for price, each, row in zip(guard, held, guards, strict=True)
    )
    capacity = here.capacity + sum(
        price * each.capacity for price, each in zip(guard, held, strict=True)
    )
    worth = here.data + sum(price * each.data for price, each in zip(guard, held, strict=True))
    cost = -capacity + (rows @ program.rows.matrix if rows.size else 0.0)
    level = float(rows @ program.rows.bound) if rows.size else 0.0
    return float(fixed) - level + _least(program, np.asarray(cost), np.asarray(worth))


def _prices(
    program: Program, x: Array, here: Tangent, held: list[Tangent], guards: list[int]
) -> tuple[Array, Array]:
    """Prices of guardrails and limits from the tangents in x."""
    from scipy.optimize import linprog

    slope, s = (
        marginal(x, program.unique, program.decay),
        saturate(x, program.unique, program.decay),
    )
    cost = -here.capacity - here.data * slope
    matrix, bound = [program.rows.matrix], [program.rows.bound]
    for each, row in zip(held, guards, strict=True):
        fall = -each.capacity - each.data * slope
        level = each.fixed - float(each.capacity @ x + each.data @ s) - float(fall @ x)
        matrix.append(fall[None, :])
        bound.append(np.array([program.level[row] - level]))
    size = float(np.abs(cost).max())
    solve: Any = linprog
    answer = solve(
        cost / size,
        A_ub=np.vstack(matrix),
        b_ub=np.concatenate(bound),
        A_eq=np.ones((1, x.size)),
        b_eq=np.ones(1),
        bounds=np.column_stack([0.0 * program.upper, np.minimum(program.upper, 1.0)]),
        method="highs",
    )
    if answer.status != 0:  # any prices prove something
        return np.zeros(len(guards)), np.zeros(len(program.rows.names))
    prices = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0) * size
    count = len(program.rows.names)
    return prices[count:], prices[:count]


def _least(program: Program, cost: Array, worth: Array) -> float:
    """The least of cost·x - worth·S(x) over box and Σx = 1, from below."""
    most = np.minimum(program.upper, 1.0)

    def read(price: float) -> Array:
        net = cost + price
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            epochs = 1.0 + np.log(worth / net) / program.decay
            x = np.where(net <= 0, most, np.where(worth > net, program.unique * epochs, 0.0))
        return np.clip(x, 0.0, most)

    low, high = -float(np.abs(cost).max() + worth.max()), float(np.abs(cost).max() + worth.max())
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if read(middle).sum() > 1.0 else (low, middle)
    x = read(high)
    s = saturate(x, program.unique, program.decay)
    return float((cost + high) @ x - worth @ s) - high
