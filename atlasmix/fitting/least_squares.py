"""Many small nonlinear least-squares fits at once, by Levenberg-Marquardt with exact slopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Places = NDArray[np.int64]

Model = Callable[[Array, Places], tuple[Array, Array]]
"""(values (b, n), slopes (b, n, q)) at coordinates (b, q); the places say which fits these are."""

_LONGEST: Final = 1.5
"""A coordinate moves by at most so much in one step: most of them are logarithms."""
_HUBER: Final = 3.0
"""Robust standard deviations from which a run counts less: our choice."""


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """b fits of q coordinates to n measured values each, with a normal prior.

    Attributes:
        target: (b, n) what was measured; any number where it does not count.
        counts: (b, n) weight of each value, 0 where it does not count.
        allowed: (b,) standard deviation of a value around its model.
        mean: (b, q) of the prior; where a coordinate is held, its value.
        precision: (b, q) of the prior, 0 where there is none.
        held: (b, q) whether a coordinate does not move.
    """

    target: Array
    counts: Array
    allowed: Array
    mean: Array
    precision: Array
    held: Bool

    def subset(self, stay: Bool) -> Fits:
        """The fits where ``stay``."""
        names = ("target", "counts", "allowed", "mean", "precision", "held")
        return replace(self, **{name: getattr(self, name)[stay] for name in names})

    def objective(self, theta: Array, value: Array) -> Array:
        """(b,) weighted squares in units of what is allowed, and those of the prior."""
        off = (value - self.target) / self.allowed[:, None]
        squares = (self.counts * off**2).sum(axis=1)
        return np.asarray(squares + (self.precision * (theta - self.mean) ** 2).sum(axis=1))


def descend(
    model: Model, fits: Fits, theta: Array, tolerance: float = 1e-6, most: int = 60
) -> tuple[Array, Array]:
    """Minimise every fit's objective from ``theta``.

    Args:
        model: see Model.
        fits: what is fitted.
        theta: (b, q) where to begin.
        tolerance: a fit ends when a step gains less than this share of its objective.
        most: steps of any fit.

    Returns:
        Coordinates (b, q) and residuals (b, n), model less measured.
    """
    theta = np.where(fits.held, fits.mean, theta)
    damping = np.full(len(theta), 1e-2)
    places = np.arange(len(theta))
    value, slope = model(theta, places)
    sums = fits.objective(theta, value)
    ended, residuals = theta.copy(), value - fits.target
    for _ in range(most):
        trial = theta + _step(fits, theta, value, slope, damping)
        near, near_slope = model(trial, places)
        after = fits.objective(trial, near)
        better = np.isfinite(after) & (after < sums)
        gain = np.where(better, sums - after, 0.0)
        done = (better & (gain <= tolerance * sums)) | (damping > 1e8)
        theta = np.where(better[:, None], trial, theta)
        value = np.where(better[:, None], near, value)
        if not np.all(better):
            near_slope = np.where(better[:, None, None], near_slope, slope)
        slope = near_slope
        sums = np.where(better, after, sums)
        damping = np.where(better, np.maximum(damping / 4, 1e-9), damping * 6)
        ended[places], residuals[places] = theta, value - fits.target
        if np.all(done):
            break
        if np.any(done):
            stay = ~done
            places, theta, value, slope = places[stay], theta[stay], value[stay], slope[stay]
            sums, damping, fits = sums[stay], damping[stay], fits.subset(stay)
    return ended, residuals


def _step(fits: Fits, theta: Array, value: Array, slope: Array, damping: Array) -> Array:
    weight = fits.counts / fits.allowed[:, None] ** 2
    weighed = slope * weight[:, :, None]
    matrix = np.matmul(slope.swapaxes(1, 2), weighed)
    pull = np.matmul((value - fits.target)[:, None, :], weighed)[:, 0, :]
    pull += fits.precision * (theta - fits.mean)
    free = ~fits.held
    matrix *= free[:, :, None] & free[:, None, :]
    places = np.arange(theta.shape[1])
    diagonal = matrix[:, places, places] + fits.precision
    damped = diagonal * (1.0 + damping[:, None]) + 1e-12
    matrix[:, places, places] = np.where(free, damped, 1.0)
    step = np.linalg.solve(matrix, np.where(free, pull, 0.0)[:, :, None])[:, :, 0]
    return np.asarray(np.clip(-step, -_LONGEST, _LONGEST))


def huber_weights(residual: Array, counts: Array) -> Array:
    """(b, n) 1 within three robust standard deviations of each fit's residuals, less beyond."""
    size = np.where(counts > 0, np.abs(residual), np.nan)
    limit = _HUBER * np.maximum(1.4826 * np.nanmedian(size, axis=1, keepdims=True), 1e-12)
    far = np.abs(residual) > limit
    return np.where(far, limit / np.where(far, np.abs(residual), 1.0), 1.0)
