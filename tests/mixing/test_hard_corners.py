"""Worlds that a search found and that an engine once stumbled over: kept, each with its number."""

from __future__ import annotations

import pytest
from judge import tokens_of
from worlds import keys, random_world, world

from atlasmix.mixing import Selection, ShareLimit, solve

RISKY = {"risk_aversion": 1.0}


def corner(tau, unique, targets, **options):
    return world(tau, unique, keys(len(tau))[:targets], **options)


def test_a_budget_beyond_all_caps_with_doubt():
    """Newton's first step once left the budget; the answer must not."""
    problem = random_world(22, targets=1, stderr=0.2, budget=30e9, **RISKY)
    assert tokens_of(solve(problem)).sum() <= 30e9 * (1 + 1e-9)


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(
            corner(
                [[1, 1], [0.1, 1]], [0.0, 0.001], 1, stderr=1.0, budget=1e13, max_epochs=16, **RISKY
            ),
            id="budget 10^7 times the text",
        ),
        pytest.param(
            corner(
                [[1, -0.9], [0.1, 1]],
                [0.0, 0.001],
                2,
                stderr=0.16,
                budget=1e8,
                max_epochs=16,
                decay=10.0,
                **RISKY,
            ),
            id="fast decay",
        ),
        pytest.param(
            corner(
                [[1, 0.5], [-0.9, 1]],
                [7.0, 1000.0],
                1,
                stderr=0.03,
                max_epochs=0.5,
                objective="effective-data",
                spend_all=True,
                **RISKY,
            ),
            id="harm forced by spend-all",
        ),
    ],
)
def test_no_arithmetic_warning(problem):
    """The project turns a RuntimeWarning of its own code into an error."""
    assert solve(problem).certificate.gap <= 1e-6


def test_a_mixture_of_something():
    """Text of 1 to 7·10^9 tokens against a budget of 10^13: dust is all there is for a."""
    problem = corner(
        [[1, 0, 0.1], [0, 1, -0.3], [-0.3, 0.1, 1]],
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


def test_deep_harm_is_proved_to_a_millionth_or_said():
    """a and b harm each other at 0.9; ``exact`` means a gap of at most a millionth."""
    problem = corner(
        [[1, -0.9, 1], [-0.9, 1, 0], [0, 0, 1]],
        [0.001, 7.0, 1.0],
        2,
        budget=1e12,
        max_epochs=16,
        objective="worst",
    )
    proof = solve(problem).certificate
    assert not proof.exact or proof.gap <= 1e-6


def test_an_engine_that_keeps_the_budget_at_scores_of_nothing():
    problem = corner(
        [[1, 0, 1e-9, -0.9], [0, 1, -0.3, 1e-9], [0, 0, 1, 0.1], [1, -0.3, 1e-9, 1]],
        [0.0, 1.0, 0.001, 1000.0],
        4,
        stderr=0.03,
        risk_aversion=10.0,
        budget=1e8,
        max_epochs=1,
        decay=0.34,
        objective="worst",
        spend_all=True,
    )
    assert solve(problem).tokens == pytest.approx(1e8, rel=1e-6)


def test_four_targets_that_harm_one_another_and_must_spend_all():
    """Spending is possible: a and d hold 1,000B tokens each and the budget is 10B."""
    problem = corner(
        [[1, -0.3, 1, 1], [0.1, 1, -0.3, 0.1], [0.1, -0.9, 1, 0], [0, 0, -0.3, 1]],
        [1000.0, 1.0, 1.0, 1000.0],
        4,
        max_epochs=0.5,
        decay=0.001,
        objective="effective-data",
        spend_all=True,
    )
    assert solve(problem).tokens == pytest.approx(10e9, rel=1e-6)


def test_the_better_of_two_unproved_answers_is_given():
    """Newton stops a millionth short of its proof; Clarabel, asked next, two hundredths."""
    problem = corner(
        [[1, 0, 1e-9], [-0.9, 1, 1e-9], [-0.3, 1e-9, 1]],
        [0.001, 7.0, 0.0],
        2,
        stderr=0.03,
        risk_aversion=10.0,
        budget=1e12,
        objective="worst",
    )
    assert solve(problem).certificate.gap <= 1e-5


def test_an_answer_outside_the_limits_is_never_the_best():
    """Of six tries of the conic engines the one that broke a limit had the lowest value."""
    limits = (
        ShareLimit("min", Selection("language", "e"), 0.1),
        ShareLimit("max", Selection("language", "b"), 0.3),
    )
    problem = random_world(
        2, targets=2, harmful=0.3, objective="loss", risk_aversion=0.0, budget=15e9, limits=limits
    )
    mixture = solve(problem)
    assert mixture.proportions["b"] <= 0.3 + 1e-6
    assert mixture.proportions["e"] >= 0.1 - 1e-6
    assert mixture.certificate.gap <= 0.01
