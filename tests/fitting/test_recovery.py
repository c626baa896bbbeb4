"""The law that made the data is found again: without noise, with noise, with outliers."""

import numpy as np
import pytest
from made_runs import (
    TRUTH,
    curse_runs,
    fresh_runs,
    noisy,
    power_law,
    repeated_runs,
    transfer_runs,
)

from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.runs import make_runs
from atlasmix.laws.kinds import DataConstrainedLaw

LOSS = ("alpha", "beta", "E")


def near(found, truth, relative):
    got = {name: found.constants[name] for name in truth}
    assert got == pytest.approx(truth, rel=relative, abs=1e-9)


def test_hoffmann_without_noise():
    near(fit(fresh_runs(), FitQuestion()), TRUTH, 2e-3)


def test_hoffmann_with_noise_and_outliers():
    runs = noisy(fresh_runs(), 0.002, outliers=3)
    truth = {name: TRUTH[name] for name in LOSS}
    near(fit(runs, FitQuestion()), truth, 0.06)


def test_outliers_hardly_move_the_answer():
    clean = fit(noisy(fresh_runs(), 0.002), FitQuestion()).constants
    dirty = fit(noisy(fresh_runs(), 0.002, outliers=3), FitQuestion()).constants
    assert {name: dirty[name] for name in LOSS} == pytest.approx(
        {name: clean[name] for name in LOSS}, rel=0.05
    )


def test_atlas_without_other_languages():
    found = fit(repeated_runs(decay=0.05), FitQuestion("atlas"))
    near(found, TRUTH | {"lambda": 0.05}, 2e-3)


def test_atlas_with_noise_and_outliers():
    found = fit(noisy(repeated_runs(decay=0.05), 0.004, outliers=5), FitQuestion("atlas"))
    near(found, {"lambda": 0.05}, 0.08)
    near(found, {name: TRUTH[name] for name in LOSS}, 0.06)


def test_atlas_with_a_weight_for_every_source():
    found = fit(transfer_runs(taus=(0.4, -0.1)), FitQuestion("atlas"))
    near(found, TRUTH | {"lambda": 0.05, "tau spa": 0.4, "tau eng": -0.1}, 5e-3)


def test_atlas_with_a_weight_that_is_given():
    found = fit(transfer_runs(taus=(0.4, 0.1)), FitQuestion("atlas", fixed=(("tau spa", 0.4),)))
    assert found.constants["tau spa"] == 0.4
    near(found, {"tau eng": 0.1, "lambda": 0.05}, 5e-3)


def test_data_only_says_the_same_in_other_words():
    found = fit(repeated_runs(decay=0.05), FitQuestion("data-constrained", data_only=True))
    near(found, TRUTH | {"R_D": 20.0}, 2e-3)


def excess_runs():
    runs = repeated_runs()
    law = DataConstrainedLaw("truth", 1.87, 521.0, 0.353, 1488.0, 0.353, 15.4, 5.3)
    loss = [law.loss(*row) for row in zip(runs.params, runs.tokens, runs.unique, strict=True)]
    return make_runs(runs.params, runs.tokens, loss, runs.unique)


@pytest.mark.parametrize("stages", [1, 2])
def test_excess_parameters_in_one_stage_and_in_two(stages):
    runs = excess_runs()
    if stages == 2:
        # Excess parameters fade in runs of one epoch too: the first stage sees pure ones alone.
        loss = power_law(runs.params, runs.tokens, E=1.87, A=521.0, alpha=0.353)
        loss += 1488.0 / runs.tokens**0.353 - TRUTH["B"] / runs.tokens ** TRUTH["beta"]
        once = runs.tokens <= runs.unique * 1.001
        runs = make_runs(runs.params, runs.tokens, np.where(once, loss, runs.loss), runs.unique)
    found = fit(runs, FitQuestion("data-constrained", stages=stages, tied=stages == 2))
    near(found, {"E": 1.87, "alpha": 0.353, "R_D": 15.4, "R_N": 5.3}, 0.02 if stages == 1 else 0.1)


def test_the_curse_of_multilinguality():
    found = fit(noisy(curse_runs(0.15, -0.06), 0.001), FitQuestion("curse"))
    assert found.constants["phi"] == pytest.approx(0.15, abs=0.02)
    assert found.constants["psi"] == pytest.approx(-0.06, abs=0.02)


def test_tied_exponents_are_one_number():
    runs = noisy(fresh_runs(), 0.002)
    found = fit(runs, FitQuestion(tied=True))
    assert found.constants["alpha"] == found.constants["beta"]
    assert found.objective > fit(runs, FitQuestion()).objective


def test_what_is_held_stays():
    held = {"E": 1.8, "alpha": 0.35}
    found = fit(noisy(fresh_runs(), 0.002), FitQuestion(fixed=tuple(held.items())))
    assert {name: found.constants[name] for name in held} == pytest.approx(held)
    near(found, {"beta": 0.37}, 0.03)


def test_the_unit_of_the_counts_does_not_matter():
    runs = noisy(fresh_runs(), 0.002)
    scaled = make_runs(runs.params, runs.tokens * 1e3, runs.loss)
    one, other = fit(runs, FitQuestion()), fit(scaled, FitQuestion())
    assert one.objective == pytest.approx(other.objective, rel=1e-8)
    assert one.constants["beta"] == pytest.approx(other.constants["beta"], rel=1e-4)
