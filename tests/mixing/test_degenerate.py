"""Corners: whatever the numbers, an answer that keeps its limits, or a sentence why not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from judge import caps, tokens_of
from strategies import corner_worlds
from worlds import pool, random_world, world

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixing import Selection, ShareLimit, compare, solve


def keeps_its_word(problem, mixture):
    tokens = tokens_of(mixture)
    assert np.all(np.isfinite(tokens))
    assert np.all(tokens >= 0)
    assert sum(share.proportion for share in mixture.pools) == pytest.approx(1.0)
    assert mixture.tokens <= problem.budget * (1 + 1e-6)
    assert np.all(tokens <= caps(problem) + 1e-6 * problem.budget)
    if problem.spend_all:
        assert mixture.tokens == pytest.approx(problem.budget, rel=1e-6)
    assert mixture.certificate.gap >= 0
    assert not math.isnan(mixture.certificate.value)
    assert not math.isnan(mixture.certificate.bound)
    for effect in mixture.targets:
        assert math.isfinite(effect.effective_data)
        assert effect.clipped or effect.effective_data > 0
    for warning in mixture.warnings:
        assert "nan" not in warning.split()


# Derandomised: what a longer search finds is kept, world by world, in test_hard_corners.py
# (warnings of overflow too, which are let pass here and pinned there).
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(corner_worlds())
def test_an_answer_or_a_sentence(problem):
    mixture = refusal = None
    try:
        mixture = solve(problem)
    except ProblemError as error:  # SolverFailed is none: it would be a fault of ours
        refusal = str(error)
    if mixture is None:
        assert len(refusal) > 40
        return
    keeps_its_word(problem, mixture)


def test_one_pool():
    mixture = solve(world([[1]], [2.0], budget=5e9))
    assert mixture.proportions == {"a": 1.0}
    assert mixture.tokens == pytest.approx(5e9)
    assert mixture.certificate.gap <= 1e-9


def test_one_pool_to_its_cap():
    mixture = solve(world([[1]], [2.0], budget=50e9))
    assert mixture.tokens == pytest.approx(8e9)
    assert mixture.unspent == pytest.approx(42e9)


def test_exact_ties_share_in_proportion():
    tau = np.eye(4)
    tau[1:, 0] = 0.3
    mixture = solve(world(tau, [1.0, 2.0, 4.0, 6.0], budget=10e9))
    shares = [share.tokens / share.pool.unique_tokens for share in mixture.pools[1:]]
    assert shares == pytest.approx([shares[0]] * 3, rel=1e-6)


def test_all_harmful():
    """Nothing but the target's own text is read, and the rest of the budget stays."""
    tau = [[1, -0.2, -0.1], [-0.3, 1, -0.1], [-0.1, -0.4, 1]]
    mixture = solve(world(tau, [1.0, 50.0, 50.0], budget=10e9))
    assert mixture.proportions == {"a": 1.0}
    assert mixture.tokens == pytest.approx(4e9)
    assert "unspent" in mixture.warnings[0]


def test_all_harmful_and_all_spent():
    tau = [[1, 0, 0], [-0.3, 1, 0], [-0.1, 0, 1]]
    mixture = solve(world(tau, [1.0, 50.0, 50.0], budget=10e9, spend_all=True))
    assert mixture.tokens == pytest.approx(10e9)
    # The milder of the two takes what is left over.
    assert mixture.proportions["c"] == pytest.approx(0.6, abs=1e-6)
    assert mixture.targets[0].interference == pytest.approx(0.6e9, rel=1e-5)


def test_a_target_without_text_lives_on_donors():
    tau = [[1, 0, 0], [0.4, 1, 0], [0.2, 0, 1]]
    pools = [pool("b", 5.0), pool("c", 50.0)]
    mixture = solve(world(tau, pools, budget=10e9))
    assert "a" not in mixture.proportions
    assert mixture.donors[0] == "b"
    assert mixture.targets[0].transfer_share == 1.0
    assert any("no text of a is read" in text for text in mixture.warnings)
    assert any("has no pool of a here" in text for text in mixture.warnings)


def test_an_empty_pool_is_left_alone():
    mixture = solve(world([[1, 0], [0.4, 1]], [2.0, 0.0], budget=10e9))
    assert mixture.pools[1].tokens == 0
    assert mixture.pools[1].epochs == 0


def test_nothing_helps_a_target_without_text():
    with pytest.raises(
        ProblemError, match=r"nothing .* helps target a: .*no pool of its own and no donor above 0"
    ):
        solve(world([[1, 0], [0, 1]], [pool("b", 5.0)], budget=10e9))


def test_no_pool_with_tokens():
    with pytest.raises(ProblemError, match="no pool with tokens in inventory world"):
        solve(world([[1]], [0.0]))


def test_no_pool_that_the_matrix_knows():
    with pytest.raises(ProblemError, match="none of the 1 pools is in a language of matrix world"):
        solve(world([[1, 0], [0, 1]], [pool("z", 1.0)]))


def test_targets_that_harm_one_another_beyond_remedy():
    tau = [[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]]
    with pytest.raises(
        Infeasible,
        match=r"no mixture leaves effective data for all 3 targets.*"
        r"--interference 0",
    ) as refused:
        solve(world(tau, [5.0, 5.0, 5.0], ["a", "b", "c"]))
    assert refused.value.conflict == ("negative transfer",)
    # The remedy that the sentence names is one.
    mixture = solve(world(tau, [5.0, 5.0, 5.0], ["a", "b", "c"], interference=0.0))
    assert mixture.certificate.gap <= 1e-6


@pytest.mark.parametrize("ratio", [1e-9, 1e-6, 1e6, 1e9])
def test_pools_of_very_different_size(ratio):
    for objective in ("loss", "effective-data", "worst"):
        tau = [[1, 0.1], [0.3, 1]]
        problem = world(tau, [2.0, 2.0 * ratio], ["a", "b"], objective=objective)
        mixture = solve(problem)
        keeps_its_word(problem, mixture)
        assert mixture.certificate.gap <= 1e-6


@pytest.mark.parametrize("budget", [1.0, 1e3, 1e15, 1e18])
def test_budgets_of_very_different_size(budget):
    for targets in (1, 2):
        problem = random_world(121, targets=targets, budget=budget)
        mixture = solve(problem)
        keeps_its_word(problem, mixture)
        assert mixture.certificate.gap <= 1e-6


@pytest.mark.parametrize("decay", [1e-4, 0.04, 3.0, 100.0])
def test_every_allowed_decay(decay):
    problem = random_world(122, targets=2, decay=decay, budget=20e9)
    mixture = solve(problem)
    keeps_its_word(problem, mixture)
    assert mixture.certificate.gap <= 1e-6


@pytest.mark.parametrize("weight", [1e-9, 1e9])
def test_weights_of_very_different_size(weight):
    problem = random_world(123)
    mixture = solve(world(problem.transfer.weights, [1.0] * 6, ["a", ("b", weight)]))
    assert mixture.certificate.gap <= 1e-6


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=25, deadline=None, derandomize=True)
@given(corner_worlds())
def test_baselines_stand_beside_every_answer(problem):
    try:
        solve(problem)
    except ProblemError:
        return
    for entry in compare(problem):
        assert sum(entry.proportions.values()) == pytest.approx(1.0)
        assert entry.tokens <= problem.budget * (1 + 1e-9)
        assert not math.isnan(entry.value)


def test_a_minimum_of_everything():
    limit = ShareLimit("min", Selection("language", "b"), 1.0)
    tau = [[1, 0], [0.4, 1]]
    mixture = solve(world(tau, [2.0, 20.0], limits=(limit,)))
    assert mixture.proportions == pytest.approx({"b": 1.0}, abs=1e-6)
