"""The derivatives of every form against finite differences, at constants of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import curse_runs, fresh_runs, mixture_runs, repeated_runs, transfer_runs

from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.forms import centres_of, huber, huber_slope, jacobian, log_loss, pulled

FORMS = {
    "chinchilla": (FitQuestion("chinchilla"), fresh_runs()),
    "atlas": (FitQuestion("atlas"), repeated_runs()),
    "atlas with sources": (FitQuestion("atlas"), transfer_runs()),
    "data-only": (FitQuestion("data-constrained", data_only=True), repeated_runs()),
    "data-constrained": (FitQuestion("data-constrained"), repeated_runs()),
    "curse": (FitQuestion("curse"), curse_runs()),
    "mixing": (FitQuestion("mixing"), transfer_runs()),
    "mixing, two targets": (FitQuestion("mixing"), mixture_runs(count=30)),
    "mixing, own floors": (FitQuestion("mixing", own_floors=True), mixture_runs(count=30)),
}
VALUES = {
    "E": st.floats(0.01, 3),
    "A": st.floats(1, 1e4),
    "alpha": st.floats(0.05, 1.2),
    "B": st.floats(1, 1e5),
    "beta": st.floats(0.05, 1.2),
    "lambda": st.floats(0.001, 5),
    "R_D": st.floats(0.2, 500),
    "R_N": st.floats(0.2, 500),
    "phi": st.floats(-1, 1),
    "psi": st.floats(-1, 1),
    "E fra": st.floats(0.01, 3),
}
OTHERS = {"tau spa": 0.3, "tau eng": 0.1, "phi cat": 0.1, "phi fra": 0.2, "E fra": 1.9}
OTHERS |= {"tau spa:cat": 0.3, "tau fra:cat": 0.1, "tau cat:fra": 0.2, "tau spa:fra": 0.0}


def constants(names):
    return st.fixed_dictionaries({name: VALUES.get(name, st.floats(0.0, 1.0)) for name in names})


def predicted(form, theta):
    return log_loss(form.terms(theta[None, :]), theta[None, 0])[0][0]


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_derivatives_of_log_loss(name, data):
    question, runs = FORMS[name]
    form = question.form(runs)
    theta = form.coordinates(data.draw(constants(form.constants)))
    exact = jacobian(form, theta)
    step = 1e-6
    for place in range(len(theta)):
        moved = np.array([theta, theta])
        moved[0, place] -= step
        moved[1, place] += step
        ends = [predicted(form, each) for each in moved]
        rough = (ends[1] - ends[0]) / (2 * step)
        # U_N = min(..., N) has a corner; beside it the two sides differ.
        smooth = np.abs(exact[:, place] - rough) <= 1e-5 * (1 + np.abs(rough))
        assert np.mean(smooth) > (0.97 if name == "data-constrained" else 0.999), (
            form.constants[place],
            exact[~smooth, place],
            rough[~smooth],
        )


@pytest.mark.parametrize("name", FORMS)
def test_a_pull_is_the_jacobian_transposed(name):
    question, runs = FORMS[name]
    form = question.form(runs)
    values = {"E": 1.5, "A": 300.0, "alpha": 0.3, "B": 900.0, "beta": 0.32, "lambda": 0.1}
    values |= {"R_D": 9.0, "R_N": 4.0, "phi": 0.1, "psi": -0.1, **OTHERS}
    theta = form.coordinates(values)
    slopes = np.random.default_rng(0).normal(size=(3, runs.count))
    together = pulled(form, np.repeat(theta[None, :], 3, axis=0), slopes)
    np.testing.assert_allclose(together, slopes @ jacobian(form, theta), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FORMS)
def test_coordinates_and_constants_are_two_ways_to_say_one_thing(name):
    question, runs = FORMS[name]
    for asked in (question, FitQuestion(question.law, question.data_only, fixed=(("A", 300.0),))):
        form = asked.form(runs)
        given_ = {"E": 1.5, "A": 300.0, "alpha": 0.3, "B": 900.0, "beta": 0.32, "lambda": 0.1}
        given_ |= {"R_D": 9.0, "R_N": 4.0, "phi": 0.1, "psi": -0.1, **OTHERS}
        named = form.named(form.coordinates(given_)[None, :])
        assert {key: float(value[0]) for key, value in named.items()} == pytest.approx(
            {key: given_[key] for key in form.constants}
        )


def test_centres_leave_a_held_coefficient_alone():
    runs = fresh_runs()
    assert centres_of(runs, {"A": 1.0}).params == 0
    assert centres_of(runs, {"A": 1.0}).tokens > 20


@given(st.floats(-0.1, 0.1), st.floats(1e-4, 1e-2))
def test_huber_is_quadratic_inside_and_linear_outside(residual, delta):
    expected = (
        0.5 * residual**2 if abs(residual) <= delta else delta * (abs(residual) - 0.5 * delta)
    )
    assert huber(np.array(residual), delta) == pytest.approx(expected, abs=1e-16)
    assert huber_slope(np.array(residual), delta) == max(-delta, min(delta, residual))
