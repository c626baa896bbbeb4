r"""One target, no limit but budget and epoch caps: the answer by hand.

Tokens go to pools in order of qτ. The marginal value of pool p is qτ in the first epoch and
qτ·e^(-λ(epochs - 1)) after, so at the optimum every repeated pool has the same marginal value μ and
epochs_p = 1 + ln(q_p τ_p / μ)/λ, clipped at the cap. Pools of equal value share in proportion to
their unique tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasmix.laws.saturation import Array, saturate
from atlasmix.solver.program import Program


def fill(value: Array, unique: Array, upper: Array, decay: float, budget: float = 1.0) -> Array:
    """Tokens per pool that maximise Σ value·S(x) under Σ x <= budget, 0 <= x <= upper.

    Args:
        value: qτ per pool; pools of value 0 or below are left unread.
        unique, upper: unique tokens and most tokens, in the unit of ``budget``.
        decay: λ.
        budget: most tokens in all.

    >>> fill(np.array([1.0, 0.5]), np.array([0.2, 9.0]), np.array([0.8, 9.0]), 0.04).round(3)
    array([0.8, 0.2])
    """
    useful = value > 0
    x = np.zeros(value.size)
    if useful.any():
        pools = value[useful], unique[useful], upper[useful]
        x[useful] = _filled(*pools, decay, np.array([budget]))[0]
    return x


def most_value(value: Array, unique: Array, upper: Array, decay: float, budgets: Array) -> Array:
    """The most Σ value·S(x) that each of several budgets buys, shape of ``budgets``.

    As :func:`fill`, for all budgets side by side.

    >>> most_value(np.array([1.0]), np.array([2.0]), np.array([8.0]), 0.04, np.array([0.0, 1.0]))
    array([0., 1.])
    """
    useful = value > 0
    worth, distinct, most = value[useful], unique[useful], upper[useful]
    if not useful.any():
        return np.zeros(budgets.size)
    x = _filled(worth, distinct, most, decay, budgets)
    return np.asarray(saturate(x, distinct, decay) @ worth)


def _filled(worth: Array, distinct: Array, most: Array, decay: float, budgets: Array) -> Array:
    """Tokens of every pool for each budget, shape (budgets, pools); all are worth something.

    As the price μ falls, a pool enters at its worth with all its fresh tokens at once; from there
    to its cap it grows in a straight line of log μ. So does the sum, from mark to mark, and the
    price of a budget is read off it.
    """
    log_worth, fresh = np.log(worth), np.minimum(distinct, most)
    slope = np.where(most > distinct, distinct / decay, 0.0)
    full = log_worth - decay * np.maximum(most / distinct - 1.0, 0.0)
    marks, place = np.unique(-np.concatenate([log_worth, full]), return_inverse=True)
    marks, enter, end = -marks, place[: worth.size], place[worth.size :]  # from the highest down
    jump = np.bincount(enter, fresh, marks.size)
    steepness = np.bincount(enter, slope, marks.size) - np.bincount(end, slope, marks.size)
    steepness = np.maximum(np.cumsum(steepness), 0.0)
    grown = jump[:-1] + steepness[:-1] * -np.diff(marks)
    above = np.concatenate([[0.0], np.cumsum(grown)])  # read before those worth just μ are

    at = np.maximum(np.searchsorted(above, budgets, side="right") - 1, 0)
    left = budgets - above[at] - jump[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        fall = np.where(left > 0, left / steepness[at], 0.0)
        part = np.clip(np.where(left > 0, 1.0, 1.0 + left / jump[at]), 0.0, 1.0)
    lowest = np.append(marks[1:], marks[-1] - 1.0)  # below the last mark all are full
    price = np.maximum(marks[at] - fall, lowest[at])
    price, entering = price[:, None], enter == at[:, None]
    epochs = 1.0 + np.maximum(log_worth - price, 0.0) / decay
    read = np.where(log_worth > price, np.minimum(distinct * epochs, most), 0.0)
    # Pools worth just μ share what is left, by their fresh tokens.
    shared = entering & (log_worth <= price)
    return np.asarray(np.where(shared, part[:, None] * fresh, read))


_GRID = 41
_FINE = 15
_ZOOMS = 6


@dataclass(frozen=True, slots=True)
class Alone:
    """What a target could have with nobody beside it; counts as shares of the program's tokens.

    Attributes:
        chosen_by: loss with what the risk charge leaves of its donors: what the search minimised.
        effective: expected effective data of that mixture.
        loss: expected loss of it.
    """

    chosen_by: float
    effective: float
    loss: float


def best_alone(program: Program, row: int, floor: float) -> Alone:
    """The best mixture for one row of the program alone; ``floor`` is the law's E."""
    gain, own = program.gain[row], _useful(program, row)
    most = float(np.minimum(program.upper[own], 1.0).sum()) if program.heard[row] else 0.0
    most = min(most, 1.0)
    # Dense at both ends: nearly all its own, and nearly nothing.
    steps = np.geomspace(1e-6, 1.0, _GRID - 1)
    spread = np.unique(
        np.concatenate([[0.0, 1.0 - most], steps, 1.0 - steps, _kinks(program, row)])
    )
    donors = gain[~own].max(initial=0.0) > 0
    if most == 0:
        best = 1.0
    elif not donors:
        best = 0.0
    else:
        best = 0.0
        low, high = 0.0, 1.0
        for zoom in range(_ZOOMS):
            d = spread if zoom == 0 else np.linspace(low, high, _FINE)
            d = d[d < 1.0]
            loss = _losses(program, row, np.minimum(most, 1.0 - d), d)
            place = int(np.argmin(loss))
            best = float(d[place])
            low, high = float(d[max(place - 1, 0)]), float(d[min(place + 1, d.size - 1)])
    x = np.zeros(gain.size)
    o = min(most, 1.0 - best)
    for mask, tokens in ((own, o), (~own, best)):
        if tokens > 0 and mask.any():
            x[mask] = fill(
                gain[mask], program.unique[mask], program.upper[mask], program.decay, tokens
            )
    s = saturate(x, program.unique, program.decay)
    total = float(x.sum())
    share = float(x[own].sum()) / total if total > 0 else 0.0
    if not program.heard[row]:
        share = 1.0  # its capacity term is left out, as everywhere: it is infinite in every mixture
    capacity = 0.0
    if program.heard[row]:
        capacity = float(program.capacity[row] * _reach(program, row, share) ** -program.phi[row])
    lost = [_data(program, row, float(values @ s)) for values in (gain, program.expected[row])]
    floor += capacity
    return Alone(floor + lost[0], float(program.expected[row] @ s), floor + lost[1])


def _useful(program: Program, row: int) -> NDArray[np.bool_]:
    """Columns of the target's own text that give it data; another script may give it none."""
    return np.asarray((program.own[row] > 0) & (program.gain[row] > 0), dtype=bool)


def _kinks(program: Program, row: int) -> Array:
    """Tokens of donors at which the best of them have been read once, or to their caps."""
    gain = np.where(_useful(program, row), 0.0, program.gain[row])
    order = np.argsort(-gain, kind="stable")
    order = order[gain[order] > 0]
    most = program.upper[order]
    ends = [np.cumsum(most), np.cumsum(np.minimum(program.unique[order], most))]
    return np.asarray(np.clip(np.concatenate(ends), 0.0, 1.0), dtype=float)


def _data(program: Program, row: int, y: float) -> float:
    return float(program.data[row] * y ** -program.beta[row]) if y > 0 else math.inf


def _reach(program: Program, row: int, share: Array | float) -> Array:
    """m of the row where its own text has that share of the tokens."""
    least = program.least[row]
    return np.asarray(least + (1.0 - least) * share)


def _losses(program: Program, row: int, o: Array, d: Array) -> Array:
    """The loss of the row for own tokens ``o`` and donor tokens ``d``, arrays of one shape."""
    gain, own = program.gain[row], _useful(program, row)
    y = np.zeros(o.size)
    for mask, tokens in ((own, o), (~own, d)):
        y += most_value(
            gain[mask], program.unique[mask], program.upper[mask], program.decay, tokens
        )
    m = o / np.maximum(o + d, 1e-300)
    with np.errstate(divide="ignore"):
        data = program.data[row] * y ** -program.beta[row]
        reach = _reach(program, row, m)
        return np.asarray(program.capacity[row] * reach ** -program.phi[row] + data)
