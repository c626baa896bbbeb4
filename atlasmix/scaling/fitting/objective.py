r"""The objective of every fit: the sum of Huber terms of the residuals of log loss.

.. math:: \sum_i w_i \, \mathrm{Huber}_\delta(\log \hat L_i - \log L_i)

Hoffmann et al. 2022 (arXiv 2203.15556), Eq. 3, with δ = 1e-3. A sum, never a mean: by Besiroglu
et al. 2024 (arXiv 2404.10102v2) the optimiser behind the printed Chinchilla constants stopped
before it had converged, because its loss was scaled too small.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DELTA: Final = 1e-3
"""Half-width of the quadratic part in log loss: Hoffmann et al. 2022."""


def huber(residuals: Array, delta: float = DELTA) -> Array:
    """Huber's function, r²/2 within ``delta`` and δ(\\|r\\| - δ/2) beyond; any shape.

    >>> huber(np.array([0.0005, 0.01])).tolist()
    [1.25e-07, 9.5e-06]
    """
    clipped = np.clip(residuals, -delta, delta)
    # δ|r| - δ²/2 = c·r - c²/2 with c the clipped residual, and the same expression is r²/2 inside.
    return clipped * (residuals - 0.5 * clipped)


def huber_slope(residuals: Array, delta: float = DELTA) -> Array:
    """Derivative of ``huber``: the residual, clipped to ±δ."""
    return np.clip(residuals, -delta, delta)


def r_squared(loss: Array, predicted: Array) -> float:
    """R² of predicted against measured loss (not log loss), 1 at best; NaN where loss is constant.

    >>> r_squared(np.array([2.0, 3.0, 4.0]), np.array([2.0, 3.0, 4.5]))
    0.875
    """
    spread = float(np.sum((loss - np.mean(loss)) ** 2))
    if spread == 0:
        return float("nan")
    return 1.0 - float(np.sum((loss - predicted) ** 2)) / spread
