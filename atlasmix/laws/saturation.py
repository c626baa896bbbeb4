r"""What repeated tokens are worth: saturation of effective data with epochs.

.. math:: S_\lambda(D; U) = D \text{ for } D \le U, \quad
          U\,[1 + (1 - e^{-\lambda (D/U - 1)})/\lambda] \text{ for } D > U

ATLAS (Longpre et al. 2025, arXiv 2510.22037) Eq. 3; the same function as D' of Muennighoff et al.
2023 (arXiv 2305.16264) with R* = 1/λ. It is once differentiable and its limit is U(1 + 1/λ).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

DEFAULT_DECAY: Final = 0.037
"""λ when neither the question nor the law says otherwise: that of the default law, two digits of
its card's 0.0369, fitted at once with its other constants to the 182 public runs of Muennighoff et
al. 2023. See :data:`DECAY_RANGE` for what else is in print."""

DECAY_RANGE: Final = (0.024, 0.34)
"""The range over which every answer is tried again. Its lower end is that of the 95 % interval of
the default law's λ; its upper end is 1/2.92, the data-only decay of Muennighoff et al. 2023; their
1/15.39 = 0.065 holds only with their excess-parameter term."""


def saturate(tokens: ArrayLike, unique: ArrayLike, decay: float) -> Array:
    """Effective tokens S of ``tokens`` read from pools of ``unique`` tokens.

    Args:
        tokens: tokens read, repeats included, D >= 0; any shape.
        unique: distinct tokens, U > 0, in the unit of ``tokens``; broadcasts with it.
        decay: λ > 0, per epoch.

    >>> float(saturate(4.0, 1.0, 0.04).round(4))
    3.827
    """
    read, distinct = np.asarray(tokens, dtype=float), np.asarray(unique, dtype=float)
    # One clipped exponent serves both branches: below one epoch it is 0 and adds nothing.
    again = np.maximum(read / distinct - 1.0, 0.0)
    return np.asarray(np.minimum(read, distinct) - distinct * np.expm1(-decay * again) / decay)


def marginal(tokens: ArrayLike, unique: ArrayLike, decay: float) -> Array:
    """dS/dD: what the next token read is worth, 1 in the first epoch and e^(-λ(D/U - 1)) after."""
    read, distinct = np.asarray(tokens, dtype=float), np.asarray(unique, dtype=float)
    return np.asarray(np.exp(-decay * np.maximum(read / distinct - 1.0, 0.0)))


def curvature(tokens: ArrayLike, unique: ArrayLike, decay: float) -> Array:
    """d²S/dD²: 0 in the first epoch and -λ/U · e^(-λ(D/U - 1)) after; it jumps at D = U."""
    read, distinct = np.asarray(tokens, dtype=float), np.asarray(unique, dtype=float)
    slope = marginal(read, distinct, decay)
    return np.asarray(np.where(read > distinct, -decay / distinct * slope, 0.0))


def value_of_unique(tokens: ArrayLike, unique: ArrayLike, decay: float) -> Array:
    """dS/dU: what one more distinct token is worth while the tokens read stay as they are."""
    read, distinct = np.asarray(tokens, dtype=float), np.asarray(unique, dtype=float)
    again = np.maximum(read / distinct - 1.0, 0.0)
    slope = np.exp(-decay * again)
    return np.asarray(
        np.where(read > distinct, 1.0 - np.expm1(-decay * again) / decay - slope * (1 + again), 0.0)
    )
