"""Many small fits at once: they end at the minimum that a second solver finds, and soon."""

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize_scalar

from atlasmix.fitting.least_squares import Fits, descend


class Counted:
    """A model that counts how often it is asked for slopes."""

    def __init__(self, values, slopes):
        self.values, self.slopes, self.asked = values, slopes, 0

    def __call__(self, theta, places, slopes=True):
        value = self.values(theta)
        if not slopes:
            return value, value
        self.asked += 1
        return value, self.slopes(theta)


def fits_of(target, allowed, mean, precision, **more):
    """Fits in which every value counts and nothing is held."""
    shape = np.shape(mean)
    return Fits(
        target=np.asarray(target, dtype=float),
        counts=np.ones(np.shape(target)),
        allowed=np.full(len(target), allowed),
        mean=np.asarray(mean, dtype=float),
        precision=np.full(shape, precision),
        held=np.zeros(shape, dtype=bool),
        **more,
    )


@pytest.mark.parametrize("wanted", [-3.0, -0.3, 0.0, 0.3])
def test_a_square_that_the_data_want_below_nothing_is_found_soon(wanted):
    # Catches: a step by products of slopes alone, which beside 0 goes ten times too far, is
    # refused, and creeps for more than sixty steps.
    fits = fits_of([[wanted]], 0.1, [[0.4]], 10.0, roots=range(1))
    model = Counted(lambda theta: theta**2, lambda theta: 2.0 * theta[:, :, None])
    theta, _ = descend(model, fits, fits.mean, 1e-9)
    best = minimize_scalar(
        lambda s: (s**2 - wanted) ** 2 / 0.01 + 10.0 * (s - 0.4) ** 2, bounds=(0.0, 1.0)
    )
    assert theta[0, 0] == pytest.approx(best.x, abs=1e-4)
    assert model.asked <= 15


TOKENS = np.geomspace(0.1, 10.0, 12)


def power_law(theta):
    """E + C·x^-β from (ln E, ln C, ln β), (b, n)."""
    floor, level, beta = np.exp(theta.T)[:, :, None]
    return floor + level * TOKENS**-beta


def power_law_slopes(theta):
    floor, level, beta = np.exp(theta.T)[:, :, None]
    part = level * TOKENS**-beta
    one = np.broadcast_to(floor, part.shape)
    return np.stack([one, part, -part * np.log(TOKENS) * beta], axis=2)


def test_a_floor_a_level_and_an_exponent_are_told_apart_along_their_bent_valley():
    # Catches: a fit that ends in the valley between them, near where it began.
    source = np.random.default_rng(0)
    truth = np.log([1.5, 1.0, 0.3]) + source.normal(size=(40, 3)) * 0.4
    target = power_law(truth) + 0.002 * source.normal(size=(40, 12))
    begun = np.tile(np.log([1.0, 1.0, 0.5]), (40, 1))
    fits = fits_of(target, 0.002, begun, 0.25)
    model = Counted(power_law, power_law_slopes)
    theta, off = descend(model, fits, begun, 1e-9)
    np.testing.assert_allclose(off, power_law(theta) - target, atol=1e-12)
    reached = fits.objective(theta, power_law(theta))
    for place in range(40):

        def residuals(point, place=place):
            off = (power_law(point[None])[0] - target[place]) / 0.002
            return np.concatenate([off, 0.5 * (point - begun[place])])

        best = least_squares(residuals, theta[place], xtol=1e-14, ftol=1e-14, gtol=1e-14)
        assert reached[place] <= 2.0 * best.cost * (1.0 + 1e-5)
    assert model.asked < 61
