"""L-BFGS side by side against scipy's, and against answers known by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import noisy, repeated_runs
from scipy.optimize import minimize as scipy_minimize

from atlasmix.fitting.fit import descend, fit, grid_of_starts, minimise
from atlasmix.fitting.fit_question import FitQuestion


def rosenbrock(theta, places):
    x, y = theta[:, 0], theta[:, 1]
    value = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    slope = np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=1)
    return value, slope


def test_a_narrow_valley_from_many_starts():
    starts = np.random.default_rng(0).uniform(-2, 2, (30, 2))
    found = descend(rosenbrock, starts, (np.array([-5.0, -5.0]), np.array([5.0, 5.0])))
    np.testing.assert_allclose(found.theta, 1.0, atol=1e-4)


def test_a_bound_stops_the_valley():
    starts = np.random.default_rng(0).uniform(-2, 0.5, (10, 2))
    found = descend(rosenbrock, starts, (np.array([-5.0, -5.0]), np.array([0.5, 5.0])))
    np.testing.assert_allclose(found.theta, [[0.5, 0.25]] * 10, atol=1e-4)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_convex_bowl_in_a_box_meets_the_conditions_of_optimality(seed):
    source = np.random.default_rng(seed)
    root = source.normal(size=(4, 4))
    bowl, tilt = root @ root.T + 0.1 * np.eye(4), source.normal(size=4)

    def objective(theta, places):
        pulled = theta @ bowl
        return 0.5 * np.sum(theta * pulled, axis=1) + theta @ tilt, pulled + tilt

    low, high = np.full(4, -0.5), np.full(4, 0.5)
    found = descend(objective, source.uniform(-0.5, 0.5, (3, 4)), (low, high))
    for theta in found.theta:
        slope = bowl @ theta + tilt
        inside = (theta > low) & (theta < high)
        assert np.all(np.abs(slope[inside]) < 1e-4)
        assert np.all(slope[theta == low] >= -1e-4)
        assert np.all(slope[theta == high] <= 1e-4)


def test_a_flat_tail_is_left():
    """Where the objective bends down no curvature can be learnt, and steps must still be long."""

    def objective(theta, places):
        x = theta[:, 0]
        return -np.exp(-(x**2) / 2), (x * np.exp(-(x**2) / 2))[:, None]

    found = descend(objective, np.array([[5.0], [-4.0]]), (np.array([-9.0]), np.array([9.0])))
    np.testing.assert_allclose(found.theta, 0.0, atol=1e-4)
    assert found.evaluations < 300


def test_a_start_without_a_value_hurts_nobody():
    def objective(theta, places):
        with np.errstate(invalid="ignore"):
            return np.sqrt(theta[:, 0]) + theta[:, 0], 0.5 / np.sqrt(theta) + 1

    found = descend(objective, np.array([[-1.0], [2.0]]), (np.array([-2.0]), np.array([3.0])))
    assert np.isinf(found.value[0])
    assert found.value[1] < 2.0


@pytest.mark.parametrize("law", ["atlas", "chinchilla"])
def test_no_worse_than_scipy_from_the_same_starts(law):
    runs = noisy(repeated_runs(), 0.01, outliers=4, seed=5)
    question = FitQuestion(law)
    found = fit(runs, question)
    form = question.form(runs)
    starts = grid_of_starts(form, runs.loss, {}, question.delta, 6)

    def value(theta):
        one = minimise(form, runs.loss, question, theta[None, :], bounds=(theta, theta))
        return float(one.value[0])

    best = min(
        scipy_minimize(
            value, start, method="L-BFGS-B", bounds=list(zip(form.low, form.high, strict=True))
        ).fun
        for start in starts[:3]
    )
    assert found.objective <= best * question.delta * runs.count * (1 + 1e-9)


def test_every_start_ends_near_the_same_minimum():
    runs = noisy(repeated_runs(), 0.01, outliers=4, seed=5)
    question = FitQuestion("atlas")
    form = question.form(runs)
    starts = grid_of_starts(form, runs.loss, {}, question.delta, 24)
    found = minimise(form, runs.loss, question, starts)
    assert np.sum(found.value < found.value.min() * (1 + 1e-6)) >= 12
