r"""Proof and prices: the best any mixture could do, and what each limit costs.

A convex objective lies above each of its lines. A line in x and s = S(x), with a price on Σx = 1
and on every limit, is least column by column, in closed form; the sum is a lower bound that no
mixture can beat, whatever the prices (weak duality). The prices are the duals of the limits.

The prices bound the optimum at every other number of tokens too: counted in tokens, the data terms
keep their line; the powers m^-φ are kept as they are, and what multiplies them, κ, moves with T.
See token_bounds.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasmix.mixing.linear import LinearProgram, minimise
from atlasmix.mixing.program import Duals, Line, Program, linearise
from atlasmix.scaling.saturation import Array, saturate


@dataclass(frozen=True, slots=True)
class Bound:
    """What a line proves, in the unit of the objective.

    Attributes:
        value: no mixture of as many tokens within the limits has a lower objective.
        share: ν of Σx = 1, of either sign.
        rows: (m,) price >= 0 of each row of ``program.rows``.
        line: the line it was read from.
    """

    value: float
    share: float
    rows: Array
    line: Line

    def toll(self, program: Program) -> Array:
        """What a share of the tokens costs in every column, (n,): ν and the limits together."""
        toll = np.full(self.line.x.size, self.share)
        return toll + self.rows @ program.rows.matrix if self.rows.size else toll


def bound(program: Program, x: Array, duals: Duals) -> Bound:
    """The lower bound and the prices that the line at ``x`` gives."""
    line = linearise(program, x, duals)
    if program.rows.names:
        share, rows = _by_linear_program(program, line)
    else:
        share, rows = _by_halving(program, line), np.zeros(0)
    toll = share + rows @ program.rows.matrix if rows.size else np.full(x.size, share)
    best = cheapest(toll - line.pull, line.worth, program)
    s = saturate(best, program.unique, program.decay)
    least = line.fixed + line.capacity + float((toll - line.pull) @ best - line.worth @ s)
    value = least - share - float(rows @ program.rows.bound)
    return Bound(value, share, rows, line)


def cheapest(price: Array, worth: Array, program: Program) -> Array:
    """Per column the x where price·x - worth·S(x) is least: marginal value meets price."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(price > 0, worth / price, np.inf)
        epochs = 1.0 + np.log(ratio) / program.decay
    inside = np.where(ratio > 1.0, program.unique * np.maximum(epochs, 1.0), program.lower)
    return np.asarray(np.clip(inside, program.lower, np.minimum(program.upper, 1.0)))


def _by_halving(program: Program, line: Line) -> float:
    """ν at which the cheapest tokens are just all tokens, the best price for the bound.

    Where a whole range of prices does (one column holds all tokens), the highest: it is what a
    token more would be worth, and not the price of the column's own end at all tokens.
    """
    top = float(np.max(line.worth + line.pull)) * 1.001 + 1e-300
    low, high = min(float(np.min(line.pull)), 0.0), top
    while float(cheapest(low - line.pull, line.worth, program).sum()) < 1.0 and low > -top:
        low -= top
    for _ in range(100):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        full = float(cheapest(middle - line.pull, line.worth, program).sum()) >= 1.0 - 1e-12
        low, high = (middle, high) if full else (low, middle)
    return high


def _by_linear_program(program: Program, line: Line) -> tuple[float, Array]:
    """ν and the prices of the rows from the tangent in x, which are exact at an optimum."""
    limits, n = program.rows, line.x.size
    # Scaled to its own size: HiGHS works with absolute tolerances.
    size = max(float(np.abs(line.gradient).max()), 1e-300)
    task = LinearProgram(
        line.gradient / size,
        limits.matrix,
        limits.bound,
        program.lower,
        np.minimum(program.upper, 2.0),  # Σx = 1 ends every column: no end to share its price
        np.ones((1, n)),
        np.ones(1),
    )
    optimum = minimise(task, "the certificate")
    return float(optimum.equal[0]) * size, optimum.rows[: len(limits.names)] * size
