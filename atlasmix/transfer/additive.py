r"""An additive model of the scores of any study, on their own scale, and how well it foretells.

.. math:: y_{st} = \mu + d_s + a_t + b \cdot x_{st} + e_{st} + \text{error}

d is a donor's effect, a a target's, x are features of the pair and e is the pair's own; the error
has the standard error of the score. Of d, a, b and e each is Gaussian about 0, with a variance that
is where the restricted likelihood of the seen scores is greatest (empirical Bayes): where a study
shows no difference between donors, the variance is nothing and so is every effect.

Nothing here knows of tokens or of a law: where a score is a BTS or a transfer weight of languages,
:mod:`atlasmix.transfer.completion` says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from atlasmix.evidence.scores import Floats

Bools = npt.NDArray[np.bool_]

LEAST: Final = 1e-3
"""Least standard deviation of an effect, of that of the scores: as good as nothing."""

MOST: Final = 10.0
"""Most of one, of that of the scores."""

REFITTED: Final = 100
"""Most pairs of a study of which each is left out with the deviations learned anew (our choice). In
made worlds of 12 pairs those of all promise an R² of 0.3 where there is none; of 35, 0.04 too much.
"""

_QUANTILE: Final = 1.2815515655446004
"""Standard normal deviate that 0.9 lie below: of an interval of 80 %."""


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveModel:
    """The model as fitted to the seen scores of one study.

    Attributes:
        mean: μ.
        donor, target, slope, pair: standard deviations of d, a, b (of a standardised feature) and
            e, in the unit of the scores.
        scores: (n, n) foretold for every pair, [source, target].
        stderr: (n, n) standard error of the true score of a pair that was not seen.
        seen: (n, n) which pairs were.
        without: (n, n) foretold for a seen pair by all others; nan elsewhere.
        without_stderr: (n, n) of the seen score about ``without``, its own error in it.
        refitted: whether the deviations were learned anew without each pair.
        widened: what all standard errors were multiplied by, at least 1: how many of them the pairs
            that were left out stray, root mean square. Few pairs make a model too sure.
    """

    mean: float
    donor: float
    target: float
    slope: float
    pair: float
    scores: Floats
    stderr: Floats
    seen: Bools
    without: Floats
    without_stderr: Floats
    refitted: bool
    widened: float


@dataclass(frozen=True, slots=True)
class Foretelling:
    """How well pairs that were left out, one at a time, are foretold.

    Attributes:
        method: ``model``, ``mean`` or ``row and column means``.
        r2: 1 less squares over those about the mean of all; below 0 where a constant does better.
        rmse: root mean square error, unit of the scores.
        coverage: share (0-1) of scores inside their interval of 80 %.
    """

    method: str
    r2: float
    rmse: float
    coverage: float


def differences(columns: Floats) -> Floats:
    """Features of pairs from numbers of labels: (n, k) to (k, n, n), minus absolute differences.

    Each column is standardised first; one that is the same for all says nothing and stays 0.
    """
    centred = columns - columns.mean(axis=0)
    spread = np.sqrt(np.mean(centred**2, axis=0))
    units = (centred / np.where(spread > 0, spread, 1.0)).T
    return np.asarray(-np.abs(units[:, :, None] - units[:, None, :]))


def fit(
    scores: Floats,
    stderr: Floats,
    seen: Bools,
    features: Floats | None = None,
    refitted: int = REFITTED,
) -> AdditiveModel:
    """The model of the seen pairs.

    Args:
        scores: (n, n), [source, target]; what is not seen is not read.
        stderr: (n, n) standard errors, >= 0.
        seen: (n, n) pairs that were measured, none on the diagonal, three at least.
        features: (k, n, n), nan where unknown (then as the mean pair); None: none.
        refitted: a study of at most so many pairs is learned anew without each.
    """
    size = len(scores)
    x = _standardised(np.zeros((0, size, size)) if features is None else features)
    y = np.where(seen, scores, 0.0)
    middle = float(y[seen].mean())
    unit = float(y[seen].std()) or 1.0
    y = np.where(seen, (y - middle) / unit, 0.0)
    error = np.where(seen, stderr, 0.0) / unit
    # From where effects explain half of it, and from where they explain little: a likelihood of
    # few pairs may have two tops.
    deviations = _deviations(y, error, seen, x, (np.array([0.5, 0.5, 0.3, 0.5]), _LITTLE))
    posterior = _posterior(y, error, seen, x, deviations)
    anew = int(seen.sum()) <= refitted
    if anew:
        without, spread = _anew(y, error, seen, x, deviations)
    else:
        # A pair taken out: 1/P is the variance of its score by all others, P the projection.
        noise = deviations[3] ** 2 + error**2
        gain = np.maximum(1.0 / noise - posterior.variance / noise**2, 1e-12)
        without, spread = y - (y - posterior.sums) / noise / gain, 1.0 / np.sqrt(gain)
    squares = np.where(seen, ((y - without) / spread) ** 2, 0.0)
    total, count = float(squares.sum()), int(seen.sum())
    # Of a left-out pair as far as the others stray, or its interval would know of it.
    others = np.sqrt(np.maximum((total - squares) / max(count - 1, 1), 1.0))
    widened = max(1.0, float(np.sqrt(total / count)))
    donor, target, slope, pair = (float(each) * unit for each in deviations)
    return AdditiveModel(
        mean=middle + unit * posterior.mean,
        donor=donor,
        target=target,
        slope=slope if len(x) else 0.0,
        pair=pair,
        scores=middle + unit * posterior.sums,
        stderr=widened * unit * np.sqrt(posterior.variance + deviations[3] ** 2),
        seen=seen,
        without=np.where(seen, middle + unit * without, np.nan),
        without_stderr=np.where(seen, others * unit * spread, np.nan),
        refitted=anew,
        widened=widened,
    )


def foretellings(model: AdditiveModel, scores: Floats) -> tuple[Foretelling, ...]:
    """The model and two plain baselines, each score foretold from all others.

    Args:
        model: fitted to ``scores``.
        scores: (n, n).
    """
    seen = model.seen
    y = np.where(seen, scores, 0.0)
    count, total = int(seen.sum()), float(y.sum())
    mean = (total - y) / max(count - 1, 1)
    rows, columns = (_others(y, seen, axis, mean) for axis in (1, 0))
    results = [_foretelling("model", y, model.without, model.without_stderr, seen)]
    for method, told in (("mean", mean), ("row and column means", rows + columns - mean)):
        squares = np.where(seen, (y - told) ** 2, 0.0)
        # As wide as the others strayed.
        spread = np.sqrt(np.maximum(squares.sum() - squares, 0.0) / max(count - 1, 1))
        results.append(_foretelling(method, y, told, spread, seen))
    return tuple(results)


def _others(y: Floats, seen: Bools, axis: int, mean: Floats) -> Floats:
    """Mean of the other pairs of a row or column; of all others where it has none."""
    count = seen.sum(axis=axis, keepdims=True) - seen
    total = y.sum(axis=axis, keepdims=True) - y
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), mean))


def _foretelling(method: str, y: Floats, told: Floats, stderr: Floats, seen: Bools) -> Foretelling:
    value, off = y[seen], (y - told)[seen]
    about = float(np.sum((value - value.mean()) ** 2))
    return Foretelling(
        method,
        1.0 - float(off @ off) / about if about > 0 else float("nan"),
        float(np.sqrt(np.mean(off**2))),
        float(np.mean(np.abs(off) <= _QUANTILE * stderr[seen])),
    )


def _standardised(features: Floats) -> Floats:
    """Mean 0 and deviation 1 over pairs; what is unknown is 0, what never differs is left out."""
    apart = ~np.eye(features.shape[-1], dtype=bool)
    kept = []
    for each in features:
        known = apart & np.isfinite(each)
        values = each[known]
        spread = float(values.std()) if values.size else 0.0
        if spread > 0:
            kept.append(np.where(known, (each - values.mean()) / spread, 0.0))
    return np.stack(kept) if kept else np.zeros((0, *features.shape[1:]))


_LITTLE: Final = np.array([0.1, 0.1, 0.05, 0.9])


def _deviations(
    y: Floats, error: Floats, seen: Bools, x: Floats, starts: tuple[Floats, ...]
) -> Floats:
    """Standard deviations of d, a, b and e where the restricted likelihood is greatest."""
    from scipy.optimize import minimize

    def lacking(logs: Floats) -> float:
        deviations = np.exp(logs)
        noise = deviations[3] ** 2 + error**2
        return -_normal(y, noise, seen, x, deviations).likelihood

    ends = [(np.log(LEAST), np.log(MOST))] * 4
    tops = [minimize(lacking, np.log(each), method="L-BFGS-B", bounds=ends) for each in starts]
    best = min(tops, key=lambda each: float(each.fun))
    return np.asarray(np.exp(best.x))


class _Posterior(NamedTuple):
    """μ, and (n, n) the sum of effects of every pair with its variance."""

    mean: float
    sums: Floats
    variance: Floats


def _posterior(y: Floats, error: Floats, seen: Bools, x: Floats, deviations: Floats) -> _Posterior:
    normal = _normal(y, deviations[3] ** 2 + error**2, seen, x, deviations)
    # Effects in their own unit, and the inverse of what is known of them.
    half = np.linalg.solve(normal.root, np.diag(normal.scale))
    effects = half.T @ normal.drawn
    variance = np.maximum(_squares(half.T @ half, x), 0.0)
    return _Posterior(float(effects[0]), _sums(effects, x), variance)


def _anew(
    y: Floats, error: Floats, seen: Bools, x: Floats, deviations: Floats
) -> tuple[Floats, Floats]:
    """Each seen pair foretold without it, and the deviation of its score, all learned anew."""
    without, spread = np.zeros(y.shape), np.ones(y.shape)
    # At a deviation of nothing the likelihood is level: an effect would never come back.
    start = np.clip(deviations, 0.1, 1.0)
    for row, column in np.argwhere(seen):
        rest = seen.copy()
        rest[row, column] = False
        known = np.where(rest, y, 0.0)
        learned = _deviations(known, error, rest, x, (start,))
        posterior = _posterior(known, error, rest, x, learned)
        without[row, column] = posterior.sums[row, column]
        own = learned[3] ** 2 + error[row, column] ** 2
        spread[row, column] = np.sqrt(posterior.variance[row, column] + own)
    return without, spread


class _Normal(NamedTuple):
    """The normal equations of (μ, d, a, b), each in units of its deviation.

    Attributes:
        root: lower triangle, of which the matrix is the square.
        drawn: root⁻¹ times what the scores say.
        scale: the units.
        likelihood: log restricted likelihood of the scores, but for a constant.
    """

    root: Floats
    drawn: Floats
    scale: Floats
    likelihood: float


def _normal(y: Floats, noise: Floats, seen: Bools, x: Floats, deviations: Floats) -> _Normal:
    size, count = len(y), len(x)
    weight = np.where(seen, 1.0 / noise, 0.0)
    weighted = x * weight
    first, second, third = (
        slice(1, size + 1),
        slice(size + 1, 2 * size + 1),
        slice(2 * size + 1, None),
    )
    square = np.zeros((2 * size + 1 + count, 2 * size + 1 + count))
    rows, columns = weight.sum(axis=1), weight.sum(axis=0)
    square[0, 0] = weight.sum()
    square[0, first], square[0, second] = rows, columns
    square[0, third] = weighted.sum(axis=(1, 2))
    square[first, first], square[second, second] = np.diag(rows), np.diag(columns)
    square[first, second] = weight
    square[first, third], square[second, third] = weighted.sum(axis=2).T, weighted.sum(axis=1).T
    square[third, third] = np.tensordot(weighted, x, axes=([1, 2], [1, 2]))
    square = np.triu(square) + np.triu(square, 1).T
    pull = weight * y
    told = np.concatenate(
        [[pull.sum()], pull.sum(axis=1), pull.sum(axis=0), (x * pull).sum(axis=(1, 2))]
    )
    donor, target, slope = deviations[:3]
    scale = np.concatenate(
        [[1.0], np.full(size, donor), np.full(size, target), np.full(count, slope)]
    )
    # Effects in units of their deviations, which may be as good as 0; μ is believed flat.
    known = scale[:, None] * square * scale[None, :] + np.diag([0.0, *np.ones(len(scale) - 1)])
    root = np.linalg.cholesky(known)
    drawn = np.linalg.solve(root, scale * told)
    logs = float(np.log(noise[seen]).sum()) + 2 * float(np.log(np.diag(root)).sum())
    likelihood = -0.5 * (logs + float((pull * y).sum()) - float(drawn @ drawn))
    return _Normal(root, drawn, scale, likelihood)


def _sums(effects: Floats, x: Floats) -> Floats:
    """(n, n): μ + d + a + b·x."""
    size = x.shape[-1]
    donor, target = effects[1 : size + 1], effects[size + 1 : 2 * size + 1]
    slopes = np.tensordot(effects[2 * size + 1 :], x, axes=1)
    return np.asarray(effects[0] + donor[:, None] + target[None, :] + slopes)


def _squares(covariance: Floats, x: Floats) -> Floats:
    """(n, n): the variance of every such sum."""
    size = x.shape[-1]
    first, second = slice(1, size + 1), slice(size + 1, 2 * size + 1)
    third = slice(2 * size + 1, None)
    alone = np.diag(covariance)
    effects = (
        covariance[0, 0]
        + (alone[first] + 2 * covariance[0, first])[:, None]
        + (alone[second] + 2 * covariance[0, second])[None, :]
        + 2 * covariance[first, second]
    )
    mixed = covariance[0, third][:, None, None] + covariance[third, first][:, :, None]
    mixed = mixed + covariance[third, second][:, None, :]
    inner = np.tensordot(covariance[third, third], x, axes=1)
    return np.asarray(effects + np.sum(x * (2 * mixed + inner), axis=0))
