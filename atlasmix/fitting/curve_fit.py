r"""A smooth falling line through a loss curve, and its inverse: the tokens at which a loss is met.

.. math:: L(D) = c + b\,\frac{e^{-\gamma u} - 1}{\gamma}, \qquad u = \ln (D / D_0), \; b \ge 0

With :math:`\gamma = \beta` this is :math:`E + B/D^{\beta}`, the form that every law here gives a
run as its tokens grow, and with γ = 0 a straight line in log tokens. It falls everywhere, so it has
one inverse; it takes all checkpoints together, where interpolation between two would take their
noise; and it says how much noise there was. An isotonic fit has flat steps, on which a loss is met
at many D at once, and no error. Nothing is read off it beyond the checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.loss_curves import LossCurve

Array = NDArray[np.float64]

LEAST_POINTS: Final = 5
"""Fewest checkpoints that a line is drawn through: three constants, and two that show the noise."""

EARLY: Final = 0.05
"""Part of a run's tokens whose checkpoints are left out where enough follow: our choice, for the
warm-up, whose losses no power law follows."""

_BENDS: Final = np.linspace(0.0, 2.0, 41)
"""γ that are tried, and refined between: β of published laws is 0.1 to 0.6."""
_STRAY: Final = 6.0
"""Robust standard deviations from which a checkpoint is a spike: our choice."""
_MOST_STRAYS: Final = 0.1
_DROP_SIGNS: Final = 8.0
"""Standard errors by which the slope must steepen to be a cool-down: our choice, far beyond what
noise does over all the places that are tried."""
_TRIED: Final = 40
"""Checkpoints at most at which a cool-down is looked for."""
_DROP_PART: Final = 0.005
"""Part of the loss that a cool-down takes off at least; published ones take off 1 to 5 %."""


@dataclass(frozen=True, slots=True, eq=False)
class CurveFit:
    """The line through the checkpoints of one run, or of several seeds of it.

    Attributes:
        centre: ln D₀.
        level, slope, bend: c, b and γ.
        covariance: (3, 3) of them for a noise of 1.
        offsets: (k,) loss of each seed against their mean.
        offset_variance: of one offset, for a noise of 1.
        squares, freedom: sum of squared residuals, and how many are free.
        lag: sum of products of neighbouring residuals.
        low, high: tokens of the first and last checkpoint.
    """

    centre: float
    level: float
    slope: float
    bend: float
    covariance: Array
    offsets: Array
    offset_variance: float
    squares: float
    freedom: int
    lag: float
    low: float
    high: float

    @property
    def points(self) -> int:
        """Checkpoints of all seeds."""
        return self.freedom + 2 + len(self.offsets)

    def loss(self, tokens: float) -> float:
        """L at ``tokens``, the mean of the seeds."""
        return self.level + self.slope * float(_shape(math.log(tokens) - self.centre, self.bend))

    def steepness(self, tokens: float) -> float:
        """−dL/d ln D at ``tokens``."""
        return self.slope * math.exp(-self.bend * (math.log(tokens) - self.centre))

    def tokens(self, loss: float) -> float:
        """D at which the line reaches ``loss``; inf where it never does."""
        if self.slope <= 0:
            return math.inf
        part = (loss - self.level) / self.slope
        if self.bend < 1e-9:
            return math.exp(self.centre - part)
        inside = 1 + self.bend * part
        return math.inf if inside <= 0 else math.exp(self.centre - math.log(inside) / self.bend)

    def variance(self, tokens: float) -> float:
        """Of the line at ``tokens``, for a noise of 1."""
        u = math.log(tokens) - self.centre
        turn = np.array(
            [1.0, float(_shape(u, self.bend)), self.slope * _shape_by_bend(u, self.bend)]
        )
        return max(float(turn @ self.covariance @ turn), 0.0)


def _shape(u: Array | float, bend: float) -> Array:
    """(e^(−γu) − 1)/γ; −u at γ = 0."""
    given = np.asarray(u, dtype=np.float64)
    return -given if bend < 1e-9 else np.expm1(-bend * given) / bend


def _shape_by_bend(u: float, bend: float) -> float:
    """The derivative of :func:`_shape` by γ."""
    if bend < 1e-4:
        return u * u / 2
    return (1 - (1 + bend * u) * math.exp(-bend * u)) / bend**2


def fit_curve(curves: Sequence[LossCurve]) -> CurveFit | None:
    """The line through one run, or through seeds of one run, each with a level of its own.

    Args:
        curves: of the same languages and target.

    Returns:
        The line; None where there are too few checkpoints, or the loss does not fall.

    >>> tokens = np.array([1, 2, 4, 8, 16, 32]) * 1e9
    >>> curve = LossCurve("a", ("cat",), "cat", tokens, 2 + 500 / tokens**0.3)
    >>> fitted = fit_curve([curve])
    >>> round(fitted.tokens(2 + 500 / 12e9**0.3) / 1e9, 2)
    12.0
    """
    kept = [without_spikes(_settled(curve)) for curve in curves]
    kept = [curve for curve in kept if len(curve.tokens) >= LEAST_POINTS]
    if not kept:
        return None
    seed = np.concatenate([np.full(len(each.tokens), k) for k, each in enumerate(kept)])
    x = np.log(np.concatenate([each.tokens for each in kept]))
    loss = np.concatenate([each.loss for each in kept])
    centre = float(x.mean())
    levels = (seed[:, None] == np.arange(len(kept))).astype(np.float64)
    bend, solution, squares = _best_bend(levels, x - centre, loss)
    slope = float(solution[-1])
    if slope <= 0:
        return None
    design = np.column_stack([levels, _shape(x - centre, bend)])
    free = 0.0 < bend < float(_BENDS[-1])
    if free:
        by_bend = [slope * _shape_by_bend(float(u), bend) for u in x - centre]
        design = np.column_stack([design, by_bend])
    left = loss - np.column_stack([levels, _shape(x - centre, bend)]) @ solution
    whole = np.linalg.pinv(design.T @ design)
    seeds = len(kept)
    mean = np.zeros((3, whole.shape[0]))
    mean[0, :seeds] = 1 / seeds
    mean[1, seeds] = 1.0
    if free:
        mean[2, seeds + 1] = 1.0
    apart = np.eye(seeds) - 1 / seeds
    spread = apart @ whole[:seeds, :seeds] @ apart.T
    same = seed[1:] == seed[:-1]
    return CurveFit(
        centre,
        float(solution[:seeds].mean()),
        slope,
        bend,
        mean @ whole @ mean.T,
        solution[:seeds] - solution[:seeds].mean(),
        float(np.trace(spread)) / max(seeds - 1, 1),
        squares,
        len(loss) - seeds - 2,
        float(np.sum((left[1:] * left[:-1])[same])),
        min(float(each.tokens[0]) for each in kept),
        min(float(each.tokens[-1]) for each in kept),
    )


def _settled(curve: LossCurve) -> LossCurve:
    """A curve without its warm-up, where enough is left."""
    late = curve.tokens >= EARLY * curve.tokens[-1]
    return _part(curve, late) if late.sum() > LEAST_POINTS else curve


def _part(curve: LossCurve, kept: NDArray[np.bool_]) -> LossCurve:
    return replace(curve, tokens=curve.tokens[kept], loss=curve.loss[kept])


def without_spikes(curve: LossCurve) -> LossCurve:
    """A curve without checkpoints far off its line, a tenth of them at most."""
    if len(curve.tokens) < 2 * LEAST_POINTS:
        return curve
    x = np.log(curve.tokens)
    ones = np.ones((len(x), 1))
    bend, solution, _ = _best_bend(ones, x - x.mean(), curve.loss)
    left = curve.loss - np.column_stack([ones, _shape(x - x.mean(), bend)]) @ solution
    away = np.abs(left - np.median(left))
    far = away > _STRAY * 1.4826 * float(np.median(away)) + 1e-9
    return _part(curve, ~far) if 0 < far.sum() <= _MOST_STRAYS * len(x) else curve


def _best_bend(levels: Array, u: Array, loss: Array) -> tuple[float, Array, float]:
    """γ of least squares, the levels and slope there, and the sum of squares."""
    basis = np.linalg.qr(levels)[0]
    left = loss - basis @ (basis.T @ loss)
    tried, bend = _BENDS, 0.0
    for _ in range(3):
        shapes = np.array([_shape(u, each) for each in tried.tolist()])
        shapes -= (shapes @ basis) @ basis.T
        told = (shapes @ left) ** 2 / np.maximum(np.sum(shapes**2, axis=1), 1e-300)
        bend = float(tried[int(np.argmax(told))])
        step = float(tried[1] - tried[0])
        low, high = max(bend - step, float(_BENDS[0])), min(bend + step, float(_BENDS[-1]))
        tried = np.linspace(low, high, len(_BENDS))
    design = np.column_stack([levels, _shape(u, bend)])
    solution = np.asarray(np.linalg.lstsq(design, loss, rcond=None)[0], dtype=np.float64)
    return bend, solution, float(np.sum((loss - design @ solution) ** 2))


def cooled_from(curve: LossCurve) -> float | None:
    """Tokens from which the learning rate seems to have been lowered; None where it does not.

    The loss then falls below the line of the checkpoints before: a second slope, steeper from some
    checkpoint on, is tried at each of the last half.
    """
    kept = _settled(curve)
    count = len(kept.tokens)
    if count < 2 * LEAST_POINTS:
        return None
    x, loss = np.log(kept.tokens), kept.loss
    u = x - x.mean()
    best = (0.0, 0.0, 0)
    straight = _best_bend(np.ones((count, 1)), u, loss)[2]
    places = np.unique(np.linspace(count // 2, count - 2, _TRIED).astype(int))
    for place in places.tolist():
        before = kept.tokens[place - 1]
        fall = np.maximum(kept.tokens - before, 0.0) / (kept.tokens[-1] - before)
        levels = np.column_stack([np.ones(count), fall])
        _, solution, squares = _best_bend(levels, u, loss)
        drop, gained = -float(solution[1]), straight - squares
        free = max(count - 4, 1)
        signs = math.sqrt(max(gained, 0.0) / max(squares / free, 1e-18))
        if drop > _DROP_PART * float(loss[-1]) and signs > _DROP_SIGNS and signs > best[0]:
            best = (signs, drop, place)
    return float(kept.tokens[best[2]]) if best[2] else None


def before_cooling(curve: LossCurve, tokens: float) -> LossCurve:
    """The checkpoints before ``tokens``."""
    return _part(curve, curve.tokens < tokens)
