"""The proof holds: no mixture within the limits is better than the bound says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import grid, reaches, samples, score, tokens_of
from worlds import random_world, world

from atlasmix.mixing import solve
from atlasmix.mixing.warnings import warn

OBJECTIVES = ["loss", "effective-data", "worst"]


def sign(problem):
    return -1 if problem.objective == "effective-data" else 1


@settings(max_examples=35, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    targets=st.integers(1, 3),
    harmful=st.sampled_from([0.1, 0.3, 0.6]),
    objective=st.sampled_from(["loss", "effective-data"]),
    risk=st.sampled_from([0.0, 1.0]),
    budget=st.sampled_from([3e9, 10e9, 40e9]),
)
def test_no_sampled_mixture_beats_the_bound(seed, targets, harmful, objective, risk, budget):
    problem = random_world(
        seed,
        targets=targets,
        harmful=harmful,
        objective=objective,
        stderr=0.1,
        risk_aversion=risk,
        budget=budget,
    )
    check_proof(problem, seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_sampled_mixture_has_a_better_worst_target(seed):
    problem = random_world(seed, languages=4, harmful=0.3, objective="worst", budget=15e9)
    check_proof(problem, seed)


def check_proof(problem, seed):
    mixture = solve(problem)
    proof, reach = mixture.certificate, reaches(problem)
    side = sign(problem)
    assert side * proof.bound <= side * proof.value + 1e-9 * abs(proof.value)
    assert score(problem, tokens_of(mixture), reach) == pytest.approx(side * proof.value, rel=1e-5)
    others = score(problem, samples(problem, 1500, seed), reach)
    assert others.min() >= side * proof.bound - 1e-6 * abs(proof.bound)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(51, 57))
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"harmful": 0.0}, id="nothing harmful"),
        pytest.param({"harmful": 0.4, "max_epochs": 1.0}, id="nobody repeats"),
        pytest.param({"harmful": 0.4, "budget": 0.25e9}, id="budget below every pool"),
    ],
)
def test_bound_and_value_meet_where_harm_cannot_be_repeated(objective, seed, options):
    mixture = solve(random_world(seed, targets=3, objective=objective, **options))
    assert mixture.certificate.exact
    assert mixture.certificate.gap <= 1e-6
    assert mixture.certificate.bound == pytest.approx(mixture.certificate.value, rel=1e-6)


def test_harm_worth_repeating_is_tightened_and_proved():
    """b is its own target and harms a: reading it four times harms a less than four passes would.

    A fine grid is the truth; inner, tightened and relaxed programs stand around it.
    """
    tau = [[1, -0.2, 0.1], [-0.5, 1, 0.1], [0.2, 0.1, 1]]
    problem = world(tau, [2.0, 0.5, 3.0], ["a", "b"], max_epochs=16, decay=0.34, budget=20e9)
    mixture = solve(problem)
    proof = mixture.certificate
    assert mixture.pools[1].epochs > 1
    best = score(problem, grid(problem, 81)).min()
    assert proof.bound <= best + 1e-9
    assert proof.value <= best + 1e-6
    assert proof.gap < 0.05


def repeated_harm(seed, **options):
    return random_world(
        seed, languages=3, harmful=0.5, max_epochs=16.0, decay=0.34, budget=30e9, **options
    )


@pytest.mark.parametrize("seed", [61, 62, 92, 113])
def test_the_local_answer_is_near_the_best_of_a_grid_where_harm_is_repeated(seed):
    problem = repeated_harm(seed)
    mixture = solve(problem)
    best = score(problem, grid(problem, 51)).min()
    assert mixture.certificate.bound <= best + 1e-9
    assert mixture.certificate.value <= best * (1 + 1e-6)


def test_a_warning_says_how_near_the_answer_is_proved():
    """No world here leaves a gap, so one is written into the answer."""
    problem = repeated_harm(92)
    mixture = solve(problem)
    assert not any("proved to be within" in text for text in warn(problem, mixture))
    loose = replace(mixture.certificate, gap=0.002, exact=False)
    said = " | ".join(warn(problem, replace(mixture, certificate=loose)))
    assert "proved to be within 0.20% of the best possible, not closer" in said


@pytest.mark.parametrize("engine", [None, "conic"])
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("objective", ["loss", "effective-data"])
def test_gap_is_the_distance_of_value_and_bound(objective, targets, engine):
    """Relative to effective data where that is solved for, else to the reducible loss."""
    problem = random_world(70, targets=targets, harmful=0.2, objective=objective)
    proof = solve(problem, engine).certificate
    law = problem.law
    rest = law.capacity_term(problem.params)
    if objective == "effective-data":
        distance = np.log(proof.bound / proof.value)
    elif targets == 1:
        distance = np.log((proof.value - rest) / (proof.bound - rest)) / law.beta
    else:
        distance = 1 - (proof.bound - rest) / (proof.value - rest)
    assert proof.gap == pytest.approx(max(distance, 0.0), abs=1e-12)
    assert proof.gap <= 1e-6
