"""Proof and prices: the best any mixture could do, and what each limit costs.

A convex objective lies above each of its lines. The least value of such a line over all feasible
mixtures is a lower bound that no mixture can beat (the Frank-Wolfe gap), found by a linear program
whose duals are the prices of the limits. Where pools harm, the line is drawn under a relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasmix.mixing.linear import LinearProgram, minimise
from atlasmix.mixing.program import Duals, Linearisation, Program, linearise
from atlasmix.scaling.saturation import Array


@dataclass(frozen=True, slots=True)
class Bound:
    """What a line proves, in the unit of the objective.

    Attributes:
        value: no feasible mixture has a lower objective.
        budget: μ >= 0, fall of the objective per share of budget added (below 0 only where all
            must be spent).
        upper, lower: (n,) price >= 0 of each column's most and least tokens.
        rows: (m,) price >= 0 of each row of ``program.rows``.
        line: the line it was read from.
    """

    value: float
    budget: float
    upper: Array
    lower: Array
    rows: Array
    line: Linearisation


def bound(program: Program, x: Array, duals: Duals) -> Bound:
    """The lower bound and the prices that the line at ``x`` gives."""
    line = linearise(program, x, duals)
    start = line.value - float(line.gradient @ x)
    if program.rows.names:
        return _by_linear_program(program, line, start)
    return _by_sorting(program, line, start)


def _by_sorting(program: Program, line: Linearisation, start: float) -> Bound:
    """Box and budget alone: fill the steepest columns first."""
    gradient = line.gradient
    order = np.argsort(gradient, kind="stable")
    room = (program.upper - program.lower)[order]
    left = 1.0 - float(program.lower.sum())
    before = np.cumsum(room) - room
    # μ is the gradient of the column at which the budget runs out.
    reached = order[(before < left) & (room > 0)]
    full = bool(room.sum() >= left)
    price = -float(gradient[reached[-1]]) if full and reached.size else 0.0
    if not program.spend_all:
        price = max(price, 0.0)
    reduced = gradient + price
    upper, lower = np.maximum(-reduced, 0.0), np.maximum(reduced, 0.0)
    value = start - price - float(upper @ program.upper) + float(lower @ program.lower)
    return Bound(value, price, upper, lower, np.zeros(0), line)


def _by_linear_program(program: Program, line: Linearisation, start: float) -> Bound:
    n = program.unique.size
    # Scaled to its own size: HiGHS works with absolute tolerances.
    scale = max(float(np.abs(line.gradient).max()), 1e-300)
    total = np.ones((1, n))
    limits = program.rows
    if program.spend_all:
        task = LinearProgram(
            line.gradient / scale,
            limits.matrix,
            limits.bound,
            program.lower,
            program.upper,
            total,
            np.ones(1),
        )
    else:
        rows, bound = np.vstack([limits.matrix, total]), np.append(limits.bound, 1.0)
        task = LinearProgram(line.gradient / scale, rows, bound, program.lower, program.upper)
    optimum = minimise(task, "the certificate")
    count = len(limits.names)
    price = scale * float(optimum.equal[0] if program.spend_all else optimum.rows[count])
    rows_price = optimum.rows[:count] * scale
    # The value is rebuilt from the prices, so that it is a bound whatever the tolerance was.
    reduced = line.gradient + price + rows_price @ limits.matrix
    upper, lower = np.maximum(-reduced, 0.0), np.maximum(reduced, 0.0)
    value = start - price - float(rows_price @ limits.bound)
    value += float(lower @ program.lower) - float(upper @ program.upper)
    return Bound(value, price, upper, lower, rows_price, line)
