"""The posterior over pairs: against the joint Gaussian written out, and in made worlds."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from atlasmix.transfer.completion import Observations, complete, covariance, follow
from atlasmix.transfer.prior import load_prior
from atlasmix.transfer.relatedness import relatedness

PRIOR = dataclasses.replace(load_prior(), donor=0.06, kin=0.08, pair=0.03)
KEYS = tuple(["cat", "cym", "deu", "ell", "eng", "eus", "fra", "glg", "ita", "nob", "por", "spa"])
RELATED = relatedness(KEYS)
SIZE = len(KEYS)
OFF = np.argwhere(~np.eye(SIZE, dtype=bool))


def world(seed, count=30, level=0.05, noise=0.04):
    """True log(1 + τ) of all pairs, drawn from the prior, and some of it measured."""
    rng = np.random.default_rng(seed)
    rows, columns = OFF[:, 0], OFF[:, 1]
    mean = PRIOR.mean(RELATED)[rows, columns]
    own = PRIOR.own_variance(RELATED)[rows, columns]
    joint = covariance(PRIOR, RELATED, (rows, columns), (rows, columns)) + np.diag(own)
    truth = rng.multivariate_normal(mean, joint, method="cholesky")
    picked = np.sort(rng.choice(len(OFF), count, replace=False))
    levels = np.full(SIZE, level)
    shift = rng.normal(0, level, SIZE)
    value = truth[picked] + shift[columns[picked]] + rng.normal(0, noise, count)
    seen = Observations(rows[picked], columns[picked], value, np.full(count, noise), levels)
    return truth, picked, joint, mean, seen


def by_hand(mean, joint, seen, picked):
    """The joint Gaussian of all pairs, conditioned with no shortcut."""
    row = np.where(seen.target[:, None] == seen.target[None, :], seen.level[0] ** 2, 0.0)
    known = joint[np.ix_(picked, picked)] + row + np.diag(seen.error**2)
    reach = joint[:, picked]
    gain = reach @ np.linalg.inv(known)
    return mean + gain @ (seen.value - mean[picked]), np.diag(joint - gain @ reach.T)


def test_it_is_the_conditioned_joint_gaussian():
    """Closed form against brute force: a slip in one of the three product terms shows here."""
    _, picked, joint, mean, seen = world(1)
    found = complete(PRIOR, RELATED, seen)
    expected = by_hand(mean, joint, seen, picked)
    at = OFF[:, 0], OFF[:, 1]
    np.testing.assert_allclose(found.mean[at], expected[0], atol=1e-10)
    np.testing.assert_allclose(found.variance[at], expected[1], atol=1e-10)


def test_what_the_others_say_is_what_is_said_without_the_pair():
    """The leave-one-out formula against leaving each pair out."""
    _, picked, joint, mean, seen = world(2, count=12)
    found = complete(PRIOR, RELATED, seen)
    for at in range(12):
        keep = np.arange(12) != at
        rest = Observations(
            seen.source[keep], seen.target[keep], seen.value[keep], seen.error[keep], seen.level
        )
        alone = by_hand(mean, joint, rest, picked[keep])
        pair = seen.source[at], seen.target[at]
        assert found.without_mean[pair] == pytest.approx(alone[0][picked[at]], abs=1e-9)
        assert found.without_variance[pair] == pytest.approx(alone[1][picked[at]], abs=1e-9)


def test_without_a_measurement_the_prior_is_left():
    nothing = Observations(
        np.array([], int), np.array([], int), np.array([]), np.array([]), np.zeros(SIZE)
    )
    found = complete(PRIOR, RELATED, nothing)
    np.testing.assert_array_equal(found.mean, PRIOR.mean(RELATED))
    assert np.all(found.variance >= PRIOR.variance - 1e-12)


def test_intervals_hold_what_they_say_over_200_worlds():
    """Nominal 80 % and 95 %, to three points, for measured and unmeasured pairs alike."""
    inside = {0.8: [], 0.95: []}
    for seed in range(200):
        truth, _, _, _, seen = world(100 + seed)
        found = complete(PRIOR, RELATED, seen)
        at = OFF[:, 0], OFF[:, 1]
        off = np.abs(truth - found.mean[at]) / np.sqrt(found.variance[at])
        for level, hits in inside.items():
            hits.append((off < norm.ppf(0.5 + level / 2)).mean())
    for level, hits in inside.items():
        assert np.mean(hits) == pytest.approx(level, abs=0.03)


def test_a_measured_pair_moves_its_kin_and_hardly_a_stranger():
    """Galician from Portuguese better than thought: from Spanish too, from Greek hardly."""
    pair = KEYS.index("por"), KEYS.index("glg")
    before = PRIOR.mean(RELATED)
    seen = Observations(
        np.array(pair[:1]),
        np.array(pair[1:]),
        np.array([before[pair] + 0.3]),
        np.array([0.03]),
        np.zeros(SIZE),
    )
    moved = complete(PRIOR, RELATED, seen).mean - before
    to = KEYS.index("glg")
    spa, ell = moved[KEYS.index("spa"), to], moved[KEYS.index("ell"), to]
    assert moved[pair] > 2 * spa > 4 * abs(ell) > 0
    # By as much as the fit says: the covariance over the variance.
    other = np.array([KEYS.index("spa")]), np.array([to])
    mine = np.array(pair[:1]), np.array(pair[1:])
    gain = covariance(PRIOR, RELATED, other, mine)[0, 0] / (
        covariance(PRIOR, RELATED, mine, mine)[0, 0] + PRIOR.pair**2 + 0.03**2
    )
    assert spa == pytest.approx(0.3 * gain)


def test_predictions_that_follow_relatedness_are_used_and_others_are_not():
    """Rows of a made forest: one true and a half too flat, one noise, one turned round."""
    rng = np.random.default_rng(5)
    prior = dataclasses.replace(PRIOR, slope=0.5, slope_spread=0.3)
    mean, variance = PRIOR.mean(RELATED), np.full((SIZE, SIZE), PRIOR.variance)
    truth = mean + rng.normal(0, np.sqrt(PRIOR.variance), (SIZE, SIZE))
    predicted = np.zeros((SIZE, SIZE), dtype=bool)
    predicted[:, :3] = ~np.eye(SIZE, dtype=bool)[:, :3]
    said = np.zeros((SIZE, SIZE))
    said[:, 0] = 0.5 * truth[:, 0] + 0.4
    said[:, 1] = rng.normal(0, 0.2, SIZE)
    said[:, 2] = -2.0 * mean[:, 2]
    after, left, slopes = follow(prior, said, mean, variance, predicted)
    rows = predicted[:, 0]
    error = [np.sum((each[rows, 0] - truth[rows, 0]) ** 2) for each in (mean, after)]
    assert error[1] < 0.6 * error[0]
    assert np.all(left[rows, 0] < variance[rows, 0])
    assert np.all(left[rows, 0] >= variance[rows, 0] / 2)
    assert slopes[2] == 0.0
    np.testing.assert_array_equal(after[:, 2], mean[:, 2])
    np.testing.assert_array_equal(after[:, 3:], mean[:, 3:])
    assert np.abs(after[:, 1] - mean[:, 1]).max() < 0.1


def test_a_level_of_predictions_says_nothing():
    """A forest that sets a whole row lower by guess: nothing moves."""
    rng = np.random.default_rng(6)
    mean, variance = PRIOR.mean(RELATED), np.full((SIZE, SIZE), PRIOR.variance)
    predicted = ~np.eye(SIZE, dtype=bool)
    said = mean + rng.normal(0, 0.05, (SIZE, SIZE))
    first = follow(PRIOR, said, mean, variance, predicted)[0]
    second = follow(PRIOR, said - 0.7, mean, variance, predicted)[0]
    np.testing.assert_allclose(first, second, atol=1e-12)
