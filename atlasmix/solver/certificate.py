r"""Proof and prices: the best any mixture could do, and what each limit costs.

A convex objective lies above each of its lines. A line in x and s = S(x), with a price on Σx = 1
and on every limit, is least column by column, in closed form; the sum is a lower bound that no
mixture can beat, whatever the prices (weak duality). The prices are the duals of the limits.

The prices bound the optimum at every other number of tokens too: counted in tokens, the data terms
keep their line; the powers m^-φ are kept as they are, and what multiplies them, κ, moves with T.
See tokens.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasmix.laws.saturation import Array, saturate
from atlasmix.solver.linear import LinearProgram, minimise
from atlasmix.solver.program import Duals, Line, Program, linearise


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
        """What a share of the tokens costs in every column, (n,): ν, limits and drift penalty."""
        toll = self.share + self.line.drift
        return toll + self.rows @ program.rows.matrix if self.rows.size else toll


def bound(program: Program, x: Array, duals: Duals) -> Bound:
    """The lower bound and the prices that the line at ``x`` gives."""
    line = linearise(program, x, duals)
    if not program.rows.names:
        return _priced(program, line, _by_halving(program, line, line.drift), np.zeros(0))
    share, rows = _by_linear_program(program, line)
    proofs = [_priced(program, line, share, rows)]
    # The tangent in x knows no curvature: with the limits' prices held, the best ν is found in s.
    # An engine's own prices of the limits may be the sharper ones.
    for given in (rows, duals.rows):
        if given is not None:
            prices = np.where(np.isnan(given), rows, given)
            extra = prices @ program.rows.matrix + line.drift
            proofs.append(_priced(program, line, _by_halving(program, line, extra), prices))
    return max(proofs, key=lambda proof: proof.value)


def _priced(program: Program, line: Line, share: float, rows: Array) -> Bound:
    """The bound that given prices prove: any of the right sign do."""
    toll = share + line.drift
    if rows.size:
        toll = toll + rows @ program.rows.matrix
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
    inside = np.where(ratio > 1.0, program.unique * np.maximum(epochs, 1.0), 0.0)
    return np.asarray(np.minimum(inside, np.minimum(program.upper, 1.0)))


def _by_halving(program: Program, line: Line, extra: Array | float) -> float:
    """ν at which the cheapest tokens are just all tokens, the best price for the bound.

    Where a whole range of prices does (one column holds all tokens), the highest: it is what a
    token more would be worth, and not the price of the column's own end at all tokens.

    Args:
        program: the program.
        line: the line under its objective.
        extra: what the limits' own prices and the drift penalty add to a share of each column.
    """
    offset = extra - line.pull

    def full(price: float) -> bool:
        return float(cheapest(price + offset, line.worth, program).sum()) >= 1.0 - 1e-12

    reach = float(np.max(np.abs(offset)))
    high = (float(np.max(line.worth)) + reach) * 1.001 + 1e-300
    low = min(float(np.min(line.pull)), 0.0) - (reach if np.any(extra) else 0.0)
    for _ in range(60):
        if full(low):
            break
        low -= high
    for _ in range(100):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if full(middle) else (low, middle)
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
        np.zeros(n),
        np.minimum(program.upper, 2.0),  # Σx = 1 ends every column: no end to share its price
        np.ones((1, n)),
        np.ones(1),
    )
    optimum = minimise(task, "the certificate")
    return float(optimum.equal[0]) * size, optimum.rows[: len(limits.names)] * size
