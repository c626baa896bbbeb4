"""Worlds that a search found and that an engine once stumbled over: kept, each with its number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fuzz import faults_of
from judge import broken, reducible, score, tokens_of
from questions import question
from worlds import keys, random_world, shipped, world

from atlasmix.errors import Infeasible
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.solver.engines import Engine

RISKY = {"risk_aversion": 1.0}


def corner(tau, unique, targets, **options):
    return world(tau, unique, keys(len(tau))[:targets], **options)


def test_the_public_instance_that_read_1100_tokens():
    """Weights of 5, κ 3, at most a fifth of fineweb2: the limit was once broken by half."""
    problem = shipped(
        ("yor", ("eng", 5.0), ("arb", 5.0), "tha"),
        budget=26e9,
        params=44e9,
        decay=0.34,
        risk_aversion=3.0,
        max_epochs=8.0,
        limits=(ShareLimit("max", Selection("corpus", "fineweb2"), 0.2),),
    )
    mixture = solve(problem)
    assert broken(problem, tokens_of(mixture)) == []
    assert faults_of(problem, mixture, 1) == []
    assert mixture.tokens > 1e9
    part = sum(s.proportion for s in mixture.pools if s.pool.corpus == "fineweb2")
    assert part <= 0.2 + 1e-6
    assert all(effect.own_share > 0 for effect in mixture.targets)


def test_a_budget_beyond_all_caps_with_doubt():
    """Newton's first step once left the budget; the answer must not."""
    problem = random_world(22, targets=1, stderr=0.2, budget=30e9, **RISKY)
    assert tokens_of(solve(problem)).sum() <= 30e9 * (1 + 1e-9)


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(
            corner(
                [[1, 1], [1, 1]], [0.0, 0.001], 1, stderr=0.1, budget=1e13, max_epochs=16, **RISKY
            ),
            id="budget 10^6 times the text",
        ),
        pytest.param(
            corner([[1, 0], [0.1, 1]], [1e-6, 0.001], 2, budget=1e8, max_epochs=16, decay=10.0),
            id="fast decay",
        ),
        pytest.param(
            corner(
                [[1, 0.5], [0, 1]], [7.0, 1000.0], 1, max_epochs=0.5, exact_tokens=True, **RISKY
            ),
            id="a useless donor forced by exact tokens",
        ),
    ],
)
def test_no_arithmetic_warning(problem):
    """The project turns a RuntimeWarning of its own code into an error."""
    assert solve(problem).certificate.fixed_gap <= 1e-6


def test_a_mixture_of_something():
    """Text of 1 to 7·10^9 tokens against a budget of 10^13: dust is all there is for a."""
    problem = corner(
        [[1, 0, 0.1], [0, 1, 0], [0, 0.1, 1]],
        [1e-9, 7.0, 0.001],
        3,
        stderr=0.03,
        budget=1e13,
        decay=0.001,
        objective="worst",
        **RISKY,
    )
    mixture = solve(problem)
    assert sum(share.proportion for share in mixture.pools) == pytest.approx(1.0)
    # All of its one token, four times over, and not dust to be swept away.
    assert mixture.pools[0].epochs > 3.0
    assert math.isfinite(mixture.certificate.value)


def test_two_targets_that_crowd_each_other_deep():
    """φ of 0.9 for both and nothing shared: the bound and the value meet all the same.

    (This test once asserted what the definition of ``exact`` implies.)
    """
    problem = corner(
        [[1, 0, 1], [0, 1, 0], [0, 0, 1]],
        [0.001, 7.0, 1.0],
        2,
        phi=0.9,
        budget=1e12,
        max_epochs=16,
        objective="worst",
    )
    mixture = solve(problem)
    assert mixture.certificate.fixed_gap <= 1e-6
    assert mixture.certificate.gap <= 1e-4
    assert faults_of(problem, mixture, 3) == []


def test_scores_of_nothing_and_all_of_the_budget():
    problem = corner(
        [[1, 0, 1e-9, 0], [0, 1, 0, 1e-9], [0, 0, 1, 0.1], [1, 0, 1e-9, 1]],
        [0.01, 1.0, 0.001, 1000.0],
        4,
        stderr=0.03,
        risk_aversion=10.0,
        budget=1e8,
        max_epochs=1,
        decay=0.34,
        objective="worst",
        exact_tokens=True,
    )
    assert solve(problem).tokens == pytest.approx(1e8, rel=1e-6)


def test_an_answer_outside_the_limits_is_never_the_best():
    """Of six tries of the conic engines the one that broke a limit had the lowest value."""
    limits = (
        ShareLimit("min", Selection("language", "e"), 0.1),
        ShareLimit("max", Selection("language", "b"), 0.3),
    )
    problem = random_world(2, targets=2, budget=15e9, limits=limits)
    mixture = solve(problem)
    assert mixture.proportions["b"] <= 0.3 + 1e-6
    assert mixture.proportions["e"] >= 0.1 - 1e-6
    assert mixture.certificate.exact


@pytest.mark.parametrize("number", [3, 7, 89, 384])
def test_guardrails_that_hold_at_some_tokens_only(number):
    """The search over tokens once never ended (3), sat in SCS for 25 seconds (89), overflowed."""
    problem = question(number)
    mixture = solve(problem)
    assert faults_of(problem, mixture, number, 100) == []


@pytest.mark.parametrize("number", [20744, 20836])
def test_two_scripts_of_one_language_alone(number):
    """Text of another script that gives no data was once counted into what a target has alone."""
    problem = question(number)
    assert faults_of(problem, solve(problem), number, 100) == []


@pytest.mark.parametrize("number", [31096, 51403])
def test_limits_that_leave_a_target_nothing_at_one_end(number):
    """At the least tokens that hold what is kept, or the most under shares and caps, the loss has
    no end: the search once stopped there with a gap.
    """
    problem = question(number)
    assert faults_of(problem, solve(problem), number, 100) == []


@pytest.mark.parametrize("number", [60186, 70033])
def test_prices_of_limits_are_as_sharp_as_the_answer(number):
    """A linear program alone priced the limits too roughly to prove an answer to 1e-6."""
    problem = question(number)
    assert faults_of(problem, solve(problem), number, 100) == []


@pytest.mark.parametrize("number", [41258, 51324])
def test_guardrails_that_hold_in_a_narrow_range_of_tokens(number):
    """Between two tries of the scan: once refused, though a mixture keeps them."""
    problem = question(number)
    assert faults_of(problem, solve(problem), number, 100) == []


def test_the_bound_holds_to_the_very_ends_of_the_tokens_that_limits_allow():
    """T is searched a hair inside: what lies in the hair was once left out of the bound."""
    problem = question(600181)
    mixture = solve(problem)
    assert faults_of(problem, mixture, 600181, 100) == []
    cap = 16 * next(p.unique_tokens for p in problem.pools if p.language == "zsm")
    all_of_it = np.array([cap * (p.language == "zsm") for p in problem.pools])
    assert mixture.certificate.bound <= score(problem, all_of_it, None)


@pytest.mark.parametrize("number", [800167, 800412])
def test_the_ends_of_the_tokens_are_proved_by_what_is_near_them(number):
    """A hair at the least tokens was once left to the prices at the most: a gap of 5 %."""
    problem = question(number)
    assert faults_of(problem, solve(problem), number, 100) == []


def test_guardrails_that_a_billionth_of_the_tokens_keeps():
    """Their rest once grew while the gap closed: 6e-5, from cvxpy, was the best."""
    problem = question(600113)
    mixture = solve(problem)
    assert faults_of(problem, mixture, 600113, 100) == []
    assert mixture.certificate.engine == "interior point"


@pytest.mark.parametrize("number", [2000889, 2100045])
def test_the_gap_waits_for_the_slopes_of_tiny_shares(number):
    """The gap once closed first, and prices ran away from a path without a middle: cvxpy, 2e-5."""
    problem = question(number)
    mixture = solve(problem)
    assert faults_of(problem, mixture, number, 100) == []
    assert mixture.certificate.engine is Engine.INTERIOR


def test_limits_that_leave_a_language_nothing_have_no_path_through_it():
    """max cmn 0 % and a minimum that caps hardly leave room for: once cvxpy, 1.5e-6."""
    problem = question(2100247)
    mixture = solve(problem)
    assert faults_of(problem, mixture, 2100247, 100) == []
    assert mixture.certificate.engine is Engine.INTERIOR


def test_guardrails_that_nothing_comes_near_are_refused():
    """Once 'no engine found a mixture that keeps every limit', at few tokens of the budget."""
    with pytest.raises(Infeasible, match="cannot all hold; what must give"):
        solve(question(1262))


@pytest.mark.parametrize("number", [346, 434])
def test_guardrails_that_miss_by_a_hair_are_refused(number):
    """Once 'no engine found a mixture that keeps every limit'."""
    with pytest.raises(Infeasible, match="cannot all hold; what must give"):
        solve(question(number))


@pytest.mark.parametrize("number", [15, 137, 227, 329])
def test_questions_that_once_ended_in_an_error(number):
    """Every token of every pool under a minimum (15), fewer donors than the budget wants (137)."""
    problem = question(number)
    assert faults_of(problem, solve(problem), number, 100) == []


def test_a_guardrail_that_only_its_reference_keeps():
    """No room at all: English no worse than alone. The one mixture that holds it is the answer."""
    guard = Guardrail("eng", 0.0, "target only")
    problem = shipped(("eng",), limits=(guard,), budget=50e9)
    mixture = solve(problem)
    assert mixture.proportions["eng"] == pytest.approx(1.0, abs=1e-3)
    assert broken(problem, tokens_of(mixture)) == []


def test_a_scarce_target_alone_in_a_long_run():
    """A grid that ended at 70 % donors once gave 'alone' a worse loss than the mixture had."""
    problem = world([[1, 0], [0.5, 1]], [0.05, 900.0], budget=60e9, objective="worst")
    mixture = solve(problem)
    value = mixture.certificate.value
    assert value == pytest.approx(1.0, abs=1e-5)
    assert reducible(problem, value, np.array([mixture.targets[0].loss_alone])) > 0


def test_a_linear_program_that_presolve_calls_infeasible_has_its_point():
    """HiGHS's presolve refused the prices of an answer that keeps every limit with room."""
    mixture = solve(question(7003258))
    assert mixture.prices
    assert mixture.certificate.gap < 1e-4
