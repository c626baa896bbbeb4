"""Many small nonlinear least-squares fits at once, by Levenberg-Marquardt with exact slopes.

Two things keep it quick where the plain method creeps. A coordinate that the model knows only by
its square has a second derivative that products of slopes miss, and beside 0 it is all there is.
And a floor, a level and an exponent trade off along a bent valley: the second half of a step
follows the bend (geodesic acceleration, Transtrum and Sethna 2012, arXiv:1201.5885).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Places = NDArray[np.int64]

_LONGEST: Final = 1.5
"""A coordinate moves by at most so much in one step: most of them are logarithms."""
_HUBER: Final = 3.0
"""Robust standard deviations from which a run counts less: our choice."""
_AHEAD: Final = 0.1
"""Part of a step over which the bend of a model is measured: our choice."""
_BENT: Final = 0.375
"""The most that following the bend adds, in parts of the step itself: our choice. What would be
longer is shortened, as the bend does not stay the same so far."""


class Model(Protocol):
    """What is fitted."""

    def __call__(self, theta: Array, places: Places, slopes: bool = True) -> tuple[Array, Array]:
        """(values (b, n), slopes (b, n, q)) at coordinates (b, q).

        The places say which fits these are. Without slopes the second is any array.
        """


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
        roots: places of the coordinates of which the model knows only the square.
    """

    target: Array
    counts: Array
    allowed: Array
    mean: Array
    precision: Array
    held: Bool
    roots: range = range(0)

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
        trial = theta + _step(model, fits, _Point(theta, value, slope, places), damping)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """Where the fits at ``places`` are: coordinates, and values and slopes of the model there."""

    theta: Array
    value: Array
    slope: Array
    places: Places


def _step(model: Model, fits: Fits, at: _Point, damping: Array) -> Array:
    weighed = at.slope * (fits.counts / fits.allowed[:, None] ** 2)[:, :, None]
    matrix = np.matmul(at.slope.swapaxes(1, 2), weighed)
    pull = _along(at.value - fits.target, weighed)
    free = ~fits.held
    matrix *= free[:, :, None] & free[:, None, :]
    places = np.arange(at.theta.shape[1])
    diagonal = matrix[:, places, places] + fits.precision
    roots = at.theta[:, fits.roots]
    # Half the second derivative of the squares, less what slopes make of it: d(s²)/ds by s. Where
    # it is below 0 the fit is past the best, and the products alone are a safe step back.
    second = pull[:, fits.roots] / np.where(roots == 0.0, 1.0, roots)
    diagonal[:, fits.roots] += np.maximum(second, 0.0)
    pull += fits.precision * (at.theta - fits.mean)
    damped = diagonal * (1.0 + damping[:, None]) + 1e-12
    matrix[:, places, places] = np.where(free, damped, 1.0)
    step = np.clip(-_solved(matrix, pull, free), -_LONGEST, _LONGEST)
    ahead, _ = model(at.theta + _AHEAD * step, at.places, slopes=False)
    straight = np.matmul(at.slope, step[:, :, None])[:, :, 0]
    bend = 2.0 / _AHEAD * ((ahead - at.value) / _AHEAD - straight)
    after = -0.5 * _solved(matrix, _along(np.nan_to_num(bend), weighed), free)
    longest = _BENT * np.sqrt((diagonal * step**2).sum(axis=1))
    length = np.sqrt((diagonal * after**2).sum(axis=1))
    after *= np.minimum(1.0, longest / np.maximum(length, 1e-300))[:, None]
    return np.clip(step + after, -_LONGEST, _LONGEST)


def _along(off: Array, weighed: Array) -> Array:
    """(b, q) how much of (b, n) lies along each slope."""
    return np.asarray(np.matmul(off[:, None, :], weighed)[:, 0, :])


def _solved(matrix: Array, right: Array, free: Bool) -> Array:
    return np.asarray(np.linalg.solve(matrix, np.where(free, right, 0.0)[:, :, None])[:, :, 0])


def huber_weights(residual: Array, counts: Array) -> Array:
    """(b, n) 1 within three robust standard deviations of each fit's residuals, less beyond."""
    size = np.where(counts > 0, np.abs(residual), np.nan)
    limit = _HUBER * np.maximum(1.4826 * np.nanmedian(size, axis=1, keepdims=True), 1e-12)
    far = np.abs(residual) > limit
    return np.where(far, limit / np.where(far, np.abs(residual), 1.0), 1.0)
