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
    if not useful.any():
        return x
    if upper[useful].sum() <= budget:
        x[useful] = upper[useful]
        return x
    log_worth, distinct, most = np.log(value[useful]), unique[useful], upper[useful]

    def at(log_price: float) -> Array:
        """Tokens read at the price μ; pools worth just μ are still left alone."""
        epochs = 1.0 + np.maximum(log_worth - log_price, 0.0) / decay
        return np.minimum(np.where(log_worth > log_price, distinct * epochs, 0.0), most)

    low = float(np.min(log_worth - decay * most / distinct)) - 1.0
    high = float(log_worth.max())
    for _ in range(200):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if at(middle).sum() > budget else (low, middle)
    # Between the two neighbouring prices only pools worth just μ differ: they share what is left.
    less, more = at(high), at(low)
    step = more.sum() - less.sum()
    x[useful] = less + (more - less) * ((budget - less.sum()) / step if step > 0 else 0.0)
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
    log_worth = np.log(worth)

    def at(log_price: Array) -> Array:
        epochs = 1.0 + np.maximum(log_worth - log_price[:, None], 0.0) / decay
        read = np.where(log_worth > log_price[:, None], distinct * epochs, 0.0)
        return np.minimum(read, most)

    low = np.full(budgets.size, float(np.min(log_worth - decay * most / distinct)) - 1.0)
    high = np.full(budgets.size, float(log_worth.max()))
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = at(middle).sum(axis=1) > budgets
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    less, more = at(high), at(low)
    step = (more - less).sum(axis=1)
    part = np.clip((budgets - less.sum(axis=1)) / np.where(step > 0, step, np.inf), 0.0, 1.0)
    x = less + (more - less) * part[:, None]
    return np.asarray(saturate(x, distinct, decay) @ worth)


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
