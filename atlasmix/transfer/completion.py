"""The posterior of log(1 + τ) of every pair: the prior from relatedness, and what was measured.

A Gaussian process over pairs (:mod:`atlasmix.transfer.prior`), conditioned on the measured ones in
closed form. Both parts of its covariance are products, of a part for sources and one for targets,
so that means and variances of all pairs of six hundred languages are a few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atlasmix.evidence.scores import Floats
from atlasmix.transfer.prior import PriorLaw
from atlasmix.transfer.relatedness import Relatedness

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Measured pairs.

    Attributes:
        source, target: (m,) rows and columns of the pairs.
        value: (m,) log(1 + τ) as measured.
        error: (m,) standard error of each, its own.
        level: (n,) standard error of a target's baseline, which all its pairs share.
    """

    source: Places
    target: Places
    value: Floats
    error: Floats
    level: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """The posterior of log(1 + τ), Gaussian pair by pair.

    Attributes:
        mean, variance: (n, n), [source, target].
        without_mean, without_variance: (n, n), what all *other* scores say of a measured pair, its
            own left out; elsewhere the same as ``mean`` and ``variance``.
    """

    mean: Floats
    variance: Floats
    without_mean: Floats
    without_variance: Floats


def covariance(
    prior: PriorLaw,
    related: Relatedness,
    first: tuple[Places, Places],
    second: tuple[Places, Places],
) -> Floats:
    """Prior covariance of pairs, (pairs of ``first``, pairs of ``second``), without e."""
    (s, t), (other, its) = first, second
    donor = prior.donor**2 * (s[:, None] == other[None, :])
    kin = related.kin[np.ix_(s, other)] * related.kin[np.ix_(t, its)]
    return np.asarray(donor + prior.kin**2 * kin)


def seen_covariance(prior: PriorLaw, related: Relatedness, seen: Observations) -> Floats:
    """(m, m): covariance of what was seen, errors of scores and of rows in it."""
    pairs = seen.source, seen.target
    same_row = seen.target[:, None] == seen.target[None, :]
    row = np.where(same_row, seen.level[seen.target][:, None] ** 2, 0.0)
    own = prior.own_variance(related)[pairs] + seen.error**2
    return np.asarray(covariance(prior, related, pairs, pairs) + row + np.diag(own))


def complete(prior: PriorLaw, related: Relatedness, seen: Observations) -> Completed:
    """Condition the prior on the measured pairs.

    Args:
        prior: its parameters.
        related: features and kinship of the languages.
        seen: what was measured; may be empty.
    """
    before = prior.mean(related)
    own = prior.own_variance(related)
    total = prior.donor**2 + prior.kin**2 + own
    if not seen.value.size:
        return Completed(before, total, before, total)
    pairs = seen.source, seen.target
    shared = covariance(prior, related, pairs, pairs)
    pair = own[pairs]
    inverse = np.linalg.inv(seen_covariance(prior, related, seen))
    inverse = (inverse + inverse.T) / 2
    force = inverse @ (seen.value - before[pairs])
    mean = before + _spread(prior, related, seen, force)
    variance = total - _explained(prior, related, seen, inverse)
    without_mean, without_variance = mean.copy(), variance.copy()
    # e of a measured pair is seen as well, by its own score alone.
    mean[pairs] += pair * force
    reach = shared + np.diag(pair)
    variance[pairs] = total[pairs] - np.einsum("ij,jk,ik->i", reach, inverse, reach)
    # Without its own score: the inverse without a row and a column, by blocks.
    others = shared - np.diag(np.diag(shared))
    gain, mixed = np.diag(inverse), np.einsum("ij,ji->i", others, inverse)
    without_mean[pairs] = before[pairs] + others @ force - mixed * force / gain
    without_variance[pairs] = (
        total[pairs] - np.einsum("ij,jk,ik->i", others, inverse, others) + mixed**2 / gain
    )
    return Completed(
        mean,
        np.maximum(variance, 1e-8),
        without_mean,
        np.maximum(without_variance, 1e-8),
    )


def _spread(prior: PriorLaw, related: Relatedness, seen: Observations, force: Floats) -> Floats:
    """(n, n): covariance of every pair with the observations, times ``force``."""
    size = len(related.keys)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (seen.source, seen.target), force)
    donor = prior.donor**2 * matrix.sum(axis=1, keepdims=True)
    rows, columns = np.unique(seen.source), np.unique(seen.target)
    inner = matrix[np.ix_(rows, columns)]
    return np.asarray(
        donor + prior.kin**2 * (related.kin[:, rows] @ inner @ related.kin[columns, :])
    )


def _explained(
    prior: PriorLaw, related: Relatedness, seen: Observations, inverse: Floats
) -> Floats:
    """(n, n): what the observations take off the variance of every pair.

    The covariance with observation i is a(s, i) + b(s, i)·c(t, i): a the donor's, b and c the two
    parts of kinship. The square form in the inverse has three terms, and c is asked only where
    observations are.
    """
    size = len(related.keys)
    every = np.arange(size)
    a = prior.donor**2 * (every[:, None] == seen.source[None, :])
    b = prior.kin**2 * related.kin[:, seen.source]
    c = related.kin[seen.target, :].T
    pulled = a @ inverse
    taken = np.einsum("si,si->s", pulled, a)[:, None] + 2 * (pulled * b) @ c.T
    rows, which = np.unique(seen.source, return_inverse=True)
    gather = np.zeros((seen.source.size, rows.size))
    gather[np.arange(seen.source.size), which] = 1.0
    distinct = prior.kin**2 * related.kin[:, rows]
    for target in range(size):
        weight = c[target]
        inner = gather.T @ (inverse * weight[:, None] * weight[None, :]) @ gather
        taken[:, target] += np.einsum("sa,sa->s", distinct @ inner, distinct)
    return np.asarray(taken)


def follow(
    prior: PriorLaw, logs: Floats, mean: Floats, variance: Floats, predicted: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Posterior after predicted scores, which speak of their own pair alone and not of its level.

    How much a row of predictions is worth is read off the row itself: how far it follows what is
    believed (its slope a, drawn to the mean of all rows as far as it is uncertain), and how far it
    strays (r). Were the truth of a pair ε above what is believed, the row would be a·ε higher; so
    a residual of the row moves log(1 + τ) by a·v/r² of itself, v the variance before. Predictions
    smoother than the truth can be would be believed more than measurements: r² counts for at least
    twice a²v, so a forest never explains more than half of what is unknown (our choice). A row
    that runs against relatedness says nothing.

    Args:
        prior: for the slopes of other rows.
        logs: (n, n), −log((2 − BTS)/2).
        mean, variance: (n, n), what is believed.
        predicted: (n, n), which pairs are predicted.

    Returns:
        mean, variance, and (n,) the slope of every row; nan in a row without predictions.
    """
    mean, variance = mean.copy(), variance.copy()
    slopes = np.full(len(mean), np.nan)
    for target in np.flatnonzero(predicted.sum(axis=0) > _FEW):
        rows = np.flatnonzero(predicted[:, target])
        believed, said = mean[rows, target], logs[rows, target]
        x, y = believed - believed.mean(), said - said.mean()
        square = float(x @ x)
        if square == 0:  # all alike: nothing to follow
            continue
        slope = float(x @ y) / square
        stray = float(np.sum((y - slope * x) ** 2)) / (rows.size - 2)
        error = stray / square
        weight = prior.slope_spread**2 / (prior.slope_spread**2 + error)
        slopes[target] = slope = max(weight * slope + (1 - weight) * prior.slope, 0.0)
        if slope == 0:
            continue
        v = variance[rows, target]
        part = slope * v / np.maximum(stray, 2 * slope**2 * v)
        mean[rows, target] += part * (y - slope * x)
        variance[rows, target] = v * (1 - part * slope)
    return mean, variance, slopes


_FEW = 5
"""Predictions of a row from which a slope and what strays from it are not read (our choice)."""
