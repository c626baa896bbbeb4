"""One target, nothing but budget and caps: by hand and by cone the same effective data."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from judge import caps, effective, tokens_of
from strategies import one_target_worlds
from worlds import own_tokens, pool, shipped, world

from atlasmix.mixing import solve
from atlasmix.mixing.closed_form import fill


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one_target_worlds(least=-0.2))
def test_closed_form_and_conic_agree_to_a_millionth(problem):
    by_hand, by_cone = solve(problem), solve(problem, "conic")
    assert by_hand.certificate.engine == "closed form"
    assert by_cone.certificate.engine in {"CLARABEL", "SCS"}
    assert by_hand.targets[0].effective_data == pytest.approx(
        by_cone.targets[0].effective_data, rel=1e-6
    )
    assert by_hand.certificate.gap <= 1e-9


@settings(max_examples=60, deadline=None)
@given(one_target_worlds())
def test_repeated_pools_share_one_marginal_value(problem):
    """epochs = 1 + ln(τ/μ)/λ for every pool between one epoch and its cap."""
    mixture = solve(problem)
    tokens, most = tokens_of(mixture), caps(problem)
    unique = np.array([pool.unique_tokens for pool in problem.pools])
    tau = problem.transfer.weights[:, 0]
    inside = (tokens > unique * (1 + 1e-6)) & (tokens < most * (1 - 1e-6))
    epochs = tokens[inside] / unique[inside]
    price = tau[inside] * np.exp(-problem.decay * (epochs - 1))
    if price.size:
        assert price == pytest.approx(price[0], rel=1e-6)
        # Nothing left out or half read is worth more, nothing at its cap worth less.
        first = tau * np.where(tokens < unique * (1 - 1e-6), 1.0, 0.0)
        assert np.all(first <= price[0] * (1 + 1e-6))
        at_cap = tokens >= most * (1 - 1e-9)
        last = tau * np.exp(-problem.decay * np.maximum(most / unique - 1, 0))
        assert np.all(last[at_cap] >= price[0] * (1 - 1e-6))


def test_on_paper():
    """1B own tokens at λ = 0.1 and a donor of 0.8: the own pool stops at 1 + ln(1/0.8)/0.1."""
    problem = world([[1, 0], [0.8, 1]], [1.0, 100.0], budget=10e9, decay=0.1, max_epochs=16)
    own, donor = tokens_of(solve(problem)) / 1e9
    assert own == pytest.approx(1 + np.log(1 / 0.8) / 0.1)
    assert donor == pytest.approx(10 - own)
    saturated = 1 + (1 - np.exp(-0.1 * (own - 1))) / 0.1
    assert effective(problem, np.array([own, donor]) * 1e9)[0] == pytest.approx(
        (saturated + 0.8 * donor) * 1e9
    )


def test_worth_counts_like_a_lower_score():
    """Generated text of worth 0.05 comes after a donor of 0.1, translated text of 0.5 before it."""
    tau = [[1, 0], [0.1, 1]]
    for provenance, donors in (("generated", ("b",)), ("translated", ())):
        pools = [pool("a", 1.0), pool("a", 50.0, provenance), pool("b", 50.0)]
        assert solve(world(tau, pools, budget=20e9)).donors == donors


def test_catalan_by_cone():
    problem = shipped(["cat"], risk_aversion=0.0)
    problem_by_hand, by_cone = solve(problem), solve(problem, "conic")
    assert problem_by_hand.certificate.engine == "closed form"
    assert problem_by_hand.targets[0].effective_data == pytest.approx(
        by_cone.targets[0].effective_data, rel=1e-6
    )
    assert problem_by_hand.budget > own_tokens(problem, "cat")


def test_fill_shares_ties_in_proportion_to_unique_tokens():
    tokens = fill(np.array([0.5, 0.5, 0.1]), np.array([1.0, 3.0, 9.0]), np.full(3, 9.0), 0.04, 2.0)
    assert tokens == pytest.approx([0.5, 1.5, 0.0])


def test_fill_reads_nothing_of_no_value():
    assert fill(np.array([0.0, -1.0]), np.ones(2), np.ones(2), 0.04).tolist() == [0.0, 0.0]


def test_fill_stops_at_the_caps():
    assert fill(np.array([1.0, 0.5]), np.ones(2), np.full(2, 0.4), 0.04).tolist() == [0.4, 0.4]
