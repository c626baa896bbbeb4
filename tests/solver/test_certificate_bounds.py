"""The proof holds: no mixture within the limits, of any number of tokens, is below the bound.

A line at the wrong point, a price of the wrong sign or a bound over tokens that forgot how own
shares move with T would be beaten by some of these mixtures.
"""

from dataclasses import replace

import numpy as np
import pytest
from fuzz import faults_of, judge_one
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import grid, reaches, reducible, samples, score, tokens_of
from questions import question
from worlds import random_world, world

from atlasmix.mixture.caveats import warn
from atlasmix.mixture.solve import solve
from atlasmix.solver.engines import Engine


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    targets=st.integers(1, 4),
    objective=st.sampled_from(["loss", "worst"]),
    risk=st.sampled_from([0.0, 1.0, 3.0]),
    budget=st.sampled_from([1e9, 10e9, 80e9, 1e12]),
    exact=st.booleans(),
)
def test_no_sampled_mixture_beats_the_bound(seed, targets, objective, risk, budget, exact):
    problem = random_world(
        seed, targets=targets, objective=objective, stderr=0.1, risk_aversion=risk, budget=budget
    )
    total = 4 * sum(pool.unique_tokens for pool in problem.pools)
    problem = replace(problem, exact_tokens=exact and budget < total)
    mixture = solve(problem)
    assert faults_of(problem, mixture, seed) == []


@pytest.mark.parametrize("first", range(0, 24, 12))
def test_random_questions_of_every_kind(first):
    """A part of what fuzz.py asks in the thousands: every limit, shipped and synthetic evidence."""
    for number in range(first, first + 12):
        end, found, _ = judge_one(number, 120)
        assert found == [], (number, end)


@pytest.mark.parametrize("objective", ["loss", "worst"])
@pytest.mark.parametrize("seed", range(51, 54))
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="plain"),
        pytest.param({"max_epochs": 1.0}, id="nobody repeats"),
        pytest.param({"budget": 0.25e9}, id="budget below every pool"),
        pytest.param({"budget": 500e9}, id="budget above all text"),
    ],
)
def test_bound_and_value_meet(objective, seed, options):
    mixture = solve(random_world(seed, targets=3, objective=objective, **options))
    proof = mixture.certificate
    assert proof.exact
    assert proof.fixed_gap <= 1e-6
    assert proof.gap <= 1e-4
    assert proof.bound <= proof.value


def test_a_bound_at_fixed_tokens_is_sharp():
    """Better than a millionth of the reducible loss below the best of a fine local search."""
    problem = random_world(58, languages=3, targets=2, exact_tokens=True, budget=8e9)
    mixture = solve(problem)
    tokens, rng = tokens_of(mixture), np.random.default_rng(0)
    best = float(score(problem, tokens))
    for _ in range(40):
        move = rng.normal(size=(200, 3)) * 10.0 ** rng.uniform(-6, -1)
        near = np.maximum(tokens + (move - move.mean(axis=1, keepdims=True)) * 8e9, 0.0)
        near *= 8e9 / near.sum(axis=1, keepdims=True)
        keep = np.all(near <= 4 * np.array([p.unique_tokens for p in problem.pools]), axis=1)
        best = min(best, float(score(problem, near[keep]).min(initial=best)))
    assert mixture.certificate.bound <= best
    assert mixture.certificate.bound >= best - 1e-6 * reducible(problem, best)


def test_samples_keep_the_limits_and_reach_the_answer():
    """The judge's own mixtures are fit to judge by: within every limit, and some near the best."""
    for number in (0, 1, 2, 4, 8):
        problem = question(number)
        mixture = solve(problem)
        found = samples(problem, 200, 1, around=tokens_of(mixture))
        assert len(found) > 10
        reach = reaches(problem) if problem.objective == "worst" else None
        best = float(score(problem, found, reach).min())
        value = mixture.certificate.value
        assert best <= value + 0.02 * reducible(problem, value, reach)


def test_a_grid_over_all_tokens_is_above_the_bound():
    problem = world(
        [[1, 0.2, 0.1], [0.5, 1, 0.1], [0.2, 0.1, 1]],
        [0.3, 0.5, 30.0],
        ["a", "b"],
        phi=0.3,
        budget=100e9,
    )
    mixture = solve(problem)
    assert mixture.certificate.bound <= score(problem, grid(problem, 61)).min()
    assert mixture.tokens < 0.95 * problem.budget


def test_a_warning_says_how_near_the_answer_is_proved():
    """No world here leaves a gap, so one is written into the answer."""
    problem = random_world(92, languages=3)
    mixture = solve(problem)
    assert not any("proved to be within" in text for text in warn(problem, mixture))
    loose = replace(mixture.certificate, gap=0.002, exact=False)
    said = " | ".join(warn(problem, replace(mixture, certificate=loose)))
    assert "proved to be within 0.20% of the best possible, not closer" in said


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
@pytest.mark.parametrize("targets", [1, 2])
def test_gap_is_the_distance_of_value_and_bound(targets, engine):
    """Relative to the reducible loss."""
    problem = random_world(70, targets=targets)
    proof = solve(problem, engine).certificate
    distance = 1 - (proof.bound - problem.law.E) / (proof.value - problem.law.E)
    assert proof.gap == pytest.approx(max(distance, 0.0), abs=1e-9)
    assert proof.fixed_gap <= proof.gap
