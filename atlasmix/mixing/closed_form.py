r"""One target, no limit but budget and epoch caps: the answer by hand.

Tokens go to pools in order of qτ. The marginal value of pool p is qτ in the first epoch and
qτ·e^(-λ(epochs - 1)) after, so at the optimum every repeated pool has the same marginal value μ and
epochs_p = 1 + ln(q_p τ_p / μ)/λ, clipped at the cap. Pools of equal value share in proportion to
their unique tokens.
"""

from __future__ import annotations

import numpy as np

from atlasmix.scaling.saturation import Array


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
