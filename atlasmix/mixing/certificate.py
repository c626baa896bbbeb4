"""Proof and prices: the best any mixture could do, and what each limit costs.

A convex objective lies above each of its lines. A line in s = S(x) and x, with a price on the
budget and on every limit, is least column by column, in closed form; the sum is a lower bound that
no mixture can beat, whatever the prices (weak duality). The prices are the duals of the limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasmix.mixing.linear import LinearProgram, minimise
from atlasmix.mixing.program import Duals, Linearisation, Program, linearise
from atlasmix.scaling.saturation import Array, saturate


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
    if program.rows.names:
        price, rows = _by_linear_program(program, line)
    else:
        price, rows = _by_halving(program, line), np.zeros(0)
    toll = price + rows @ program.rows.matrix if rows.size else np.full(x.size, price)
    reduced = line.gradient + toll
    value = _least(program, line, toll) - price - float(rows @ program.rows.bound)
    upper, lower = np.maximum(-reduced, 0.0), np.maximum(reduced, 0.0)
    return Bound(value, price, upper, lower, rows, line)


def _least(program: Program, line: Linearisation, toll: Array) -> float:
    """The least of the line plus toll · x over the box."""
    x = _cheapest(program, line, toll)
    s, here = (saturate(z, program.unique, program.decay) for z in (x, line.x))
    change = (line.cost + toll) @ x - line.cost @ line.x - line.worth @ (s - here)
    return line.value + float(change)


def _cheapest(program: Program, line: Linearisation, toll: Array) -> Array:
    """Per column the x in its box where cost·x - worth·S(x) is least.

    Where a unit of s is worth something that is where the marginal value meets the cost; where it
    harms the function is concave, and the least lies at an end.
    """
    price = line.cost + toll
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(price > 0, line.worth / price, np.inf)
        epochs = 1.0 + np.log(ratio) / program.decay
    inside = np.where(ratio > 1.0, program.unique * np.maximum(epochs, 1.0), program.lower)
    inside = np.clip(inside, program.lower, program.upper)

    def at(x: Array) -> Array:
        return np.asarray(price * x - line.worth * saturate(x, program.unique, program.decay))

    end = np.where(at(program.upper) < at(program.lower), program.upper, program.lower)
    return np.asarray(np.where(line.worth > 0, inside, end))


def _by_halving(program: Program, line: Linearisation) -> float:
    """μ at which the cheapest tokens just fit the budget, the best price for the bound."""
    top = float(np.max(np.abs(line.worth) + np.abs(line.cost)))
    low, high = (-top if program.spend_all else 0.0), top

    def excess(price: float) -> bool:
        return float(_cheapest(program, line, np.full(line.x.size, price)).sum()) > 1.0

    if not program.spend_all and not excess(0.0):
        return 0.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if excess(middle) else (low, middle)
    return high


def _by_linear_program(program: Program, line: Linearisation) -> tuple[float, Array]:
    """μ and the prices of the rows from the tangent in x, which are exact at an optimum."""
    limits, n = program.rows, line.x.size
    # Scaled to its own size: HiGHS works with absolute tolerances.
    scale = max(float(np.abs(line.gradient).max()), 1e-300)
    total, cost = np.ones((1, n)), line.gradient / scale
    box = (program.lower, program.upper)
    if program.spend_all:
        task = LinearProgram(cost, limits.matrix, limits.bound, *box, total, np.ones(1))
    else:
        rows, most = np.vstack([limits.matrix, total]), np.append(limits.bound, 1.0)
        task = LinearProgram(cost, rows, most, *box)
    optimum, count = minimise(task, "the certificate"), len(limits.names)
    price = float(optimum.equal[0] if program.spend_all else optimum.rows[count])
    return price * scale, optimum.rows[:count] * scale
