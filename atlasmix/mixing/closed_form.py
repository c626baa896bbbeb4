r"""One target, no limit but budget and epoch caps: the answer by hand.

Tokens go to pools in order of qτ. The marginal value of pool p is qτ in the first epoch and
qτ·e^(-λ(epochs - 1)) after, so at the optimum every repeated pool has the same marginal value μ and
epochs_p = 1 + ln(q_p τ_p / μ)/λ, clipped at the cap. Pools of equal value share in proportion to
their unique tokens.
"""

from __future__ import annotations

import numpy as np

from atlasmix.scaling.saturation import Array, saturate


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
