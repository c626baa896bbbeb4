"""Objectives over draws, a box of the scores, and a few scores wrong at once.

Each answer is held against the judge's own formulas, world by world, on a grid of mixtures.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from judge import grid, loss, reducible, score, tokens_of
from worlds import matrix, pool, random_world, shipped, world

from atlasmix.errors import ProblemError
from atlasmix.mixture.explain import explain
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import uncertainty
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.worlds import weighed
from atlasmix.solver.engines import Engine
from atlasmix.solver.program import Scenarios


def doubted(seed: int = 3, sigma: float = 0.2, **options: object) -> MixProblem:
    """A random world whose weights are known to ``sigma`` and whose φ to a third."""
    problem = random_world(seed, **{"draws": 24, **options})
    model = problem.transfer
    off = ~np.eye(len(model.keys), dtype=bool)
    error = np.where(off, sigma, 0.0)
    changed = replace(model, stderr=error, phi_stderr=model.phi / 3, doubt=0.02 * off)
    return replace(problem, assumed=changed)


def by_draw(problem: MixProblem, tokens: np.ndarray) -> np.ndarray:
    """Weighted loss in every draw, (draws, mixtures), by the judge."""
    drawn = weighed(problem)
    total = sum(target.weight for target in problem.targets)
    rows = []
    for draw in range(drawn.count):
        worths = {name: float(each[draw]) for name, each in drawn.worths.items()}
        there = replace(
            problem,
            objective="loss",
            assumed=drawn.transfer.model_of(draw),
            worth={**problem.worth, **worths},
        )
        rows.append(
            sum(t.weight * loss(there, tokens, t.language) for t in problem.targets) / total
        )
    return np.array(rows)


def worst_mean(values: np.ndarray, tail: float) -> np.ndarray:
    """Mean of the worst part of the draws, by sorting; the last one counts in part."""
    ordered = -np.sort(-values, axis=0)
    left = tail * len(values)
    weights = np.clip(left - np.arange(len(values)), 0.0, 1.0) / left
    return weights[weights > 0] @ ordered[weights > 0]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("objective", "tail"), [("expected", 1.0), ("cautious", 0.2)])
def test_no_mixture_of_a_grid_is_better_over_the_same_draws(seed, objective, tail):
    problem = doubted(seed, languages=3, objective=objective, budget=25e9)
    mixture = solve(problem)
    mine = worst_mean(by_draw(problem, tokens_of(mixture)[None, :]), tail)[0]
    assert mixture.certificate.value == pytest.approx(mine, rel=1e-12)
    others = worst_mean(by_draw(problem, grid(problem, 25)), tail)
    part = mine - problem.law.E
    assert mixture.certificate.bound <= others.min() * (1 + 1e-15)  # the last digit of a sum
    assert mine <= others.min() + 2e-5 * part  # the search over tokens ends at that gap
    assert mixture.certificate.gap <= 2e-5
    assert others.min() <= mine + 5e-3 * part  # and the grid comes near it


def test_a_tail_of_all_is_the_mean_and_of_one_draw_the_worst():
    problem = doubted(4, languages=4)
    mean = solve(replace(problem, objective="expected"))
    whole = solve(replace(problem, objective="cautious", tail=1.0))
    assert whole.certificate.value == pytest.approx(mean.certificate.value, rel=1e-9)
    assert whole.proportions == pytest.approx(mean.proportions, abs=1e-4)
    lone = solve(replace(problem, objective="cautious", tail=1e-3))
    losses = by_draw(problem, tokens_of(lone)[None, :])
    assert lone.certificate.value == pytest.approx(losses.max(), rel=1e-12)
    for other in (mean, whole):
        assert losses.max() <= by_draw(problem, tokens_of(other)[None, :]).max() * (1 + 1e-7)


def test_a_smaller_tail_has_a_worse_value():
    problem = doubted(5, objective="cautious")
    values = [
        solve(replace(problem, tail=tail)).certificate.value for tail in (1.0, 0.5, 0.2, 0.05)
    ]
    assert values == sorted(values)


def test_without_doubt_every_objective_over_draws_is_the_loss():
    problem = random_world(6, targets=2)
    problem = replace(
        problem, assumed=replace(problem.transfer, phi_stderr=0.0 * problem.transfer.phi)
    )
    plain = solve(problem)
    for objective in ("expected", "cautious"):
        mixture = solve(replace(problem, objective=objective))
        assert mixture.certificate.value == pytest.approx(plain.certificate.value, rel=1e-9)
        assert mixture.proportions == pytest.approx(plain.proportions, abs=1e-4)


def test_worths_are_drawn_too():
    """Two pools of one language that are worth the same as a rule are two columns here."""
    pools = [pool("a", 2.0, "translated"), pool("a", 2.0, "unknown"), pool("b", 30.0)]
    problem = world(np.array([[1.0, 0.3], [0.3, 1.0]]), pools, objective="expected", draws=20)
    assert set(weighed(problem).worths) == {"translated", "unknown"}
    mixture = solve(problem)
    value = by_draw(problem, tokens_of(mixture)[None, :]).mean()
    assert mixture.certificate.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("objective", ["expected", "cautious"])
def test_cvxpy_finds_no_other_optimum(objective):
    """The second solver writes the worst of the draws another way."""
    problem = doubted(7, languages=4, draws=20, objective=objective, exact_tokens=True)
    first, second = solve(problem), solve(problem, Engine.CONIC)
    part = reducible(problem, first.certificate.value)
    assert second.certificate.value == pytest.approx(first.certificate.value, abs=1e-5 * part)
    assert first.certificate.bound <= second.certificate.value + 1e-9


def test_the_choice_is_regretted_less_in_draws_it_never_saw():
    """Over forty worlds drawn anew, on the average of ten questions."""
    expected, plain = [], []
    for seed in range(10):
        problem = doubted(seed, sigma=0.35, languages=5, targets=2, risk_aversion=1.0)
        for objective, kept in (("expected", expected), ("loss", plain)):
            asked = replace(problem, objective=objective)
            sure = uncertainty(asked, solve(asked), 40, seed=99, cores=1)
            kept.append(sure.regret.relative_expected)
    assert np.mean(expected) < np.mean(plain)


def test_limits_and_guardrails_hold_under_draws():
    limits = (
        ShareLimit("min", Selection("language", "c"), 0.2),
        Guardrail("b", 0.02, "uniform"),
    )
    for objective in ("expected", "cautious"):
        problem = doubted(8, targets=1, languages=4, objective=objective, limits=limits)
        mixture = solve(problem)
        assert mixture.proportions["c"] >= 0.2 - 1e-6
        assert mixture.certificate.gap < 1e-4


def test_the_order_of_targets_changes_nothing():
    problem = doubted(9, targets=3, objective="cautious")
    turned = replace(problem, targets=problem.targets[::-1])
    first, second = solve(problem), solve(turned)
    assert first.proportions == second.proportions
    assert first.certificate.value == second.certificate.value


def lower_end(tau: float, sigma: float, level: float) -> float:
    z = NormalDist().inv_cdf(0.5 + level / 2)
    return max((1 + tau) * np.exp(-z * sigma / (1 + tau)) - 1, 0.0)


def robust_loss(problem: MixProblem, tokens: np.ndarray, level: float, wrong: int) -> np.ndarray:
    """Weighted loss where every target meets its own worst ``wrong`` donors, by trying all sets."""
    model = problem.transfer
    total = 0.0
    for target in problem.targets:
        at = model.keys.index(target.language)
        worst = np.full(len(tokens), -np.inf)
        donors = [key for key in model.keys if key != target.language]
        for hit in combinations(donors, min(wrong, len(donors))):
            weights = model.weights.copy()
            for key in hit:
                row = model.keys.index(key)
                weights[row, at] = lower_end(weights[row, at], model.stderr[row, at], level)
            there = replace(problem, assumed=replace(model, weights=weights))
            worst = np.maximum(worst, loss(there, tokens, target.language))
        total = total + target.weight * worst
    return total / sum(target.weight for target in problem.targets)


@pytest.mark.parametrize("wrong", [0, 1, 2])
@pytest.mark.parametrize("seed", [11, 12])
def test_a_few_wrong_scores_against_every_set_on_a_grid(seed, wrong):
    problem = doubted(seed, languages=4, targets=2, wrong_scores=wrong, box=0.8, budget=25e9)
    mixture = solve(problem)
    mine = robust_loss(problem, tokens_of(mixture)[None, :], 0.8, wrong)[0]
    part = mine - problem.law.E
    assert mixture.certificate.value == pytest.approx(mine, rel=1e-10)
    others = robust_loss(problem, grid(problem, 17), 0.8, wrong)
    assert mixture.certificate.bound <= mine <= others.min() + 1e-6 * part
    assert mixture.certificate.gap < 2e-5


def test_no_score_wrong_trusts_all_and_all_wrong_is_the_box():
    problem = doubted(13, languages=5, targets=2)
    trusting = solve(replace(problem, risk_aversion=0.0))
    none = solve(replace(problem, wrong_scores=0))
    assert none.certificate.value == pytest.approx(trusting.certificate.value, rel=1e-9)
    boxed = solve(replace(problem, box=0.9))
    every = solve(replace(problem, wrong_scores=5))
    assert every.certificate.value == pytest.approx(boxed.certificate.value, rel=1e-7)
    values = [solve(replace(problem, wrong_scores=k)).certificate.value for k in range(5)]
    assert np.all(np.diff(values) >= -1e-9)


def test_a_box_takes_off_what_its_interval_says():
    """One donor, all of the target's text read: the choice counts on the lower end alone."""
    problem = doubted(14, languages=2, targets=1, box=0.9)
    effect = solve(problem).targets[0]
    at = problem.transfer.keys.index("b")
    tau, sigma = problem.transfer.weights[at, 0], problem.transfer.stderr[at, 0]
    part = lower_end(tau, sigma, 0.9) / tau
    assert effect.risk_penalty == pytest.approx((1 - part) * effect.transferred, rel=1e-9)


def test_two_donors_of_equal_worth_are_mixed_where_one_may_be_wrong():
    """What no risk aversion does: half of each, so that one wrong score costs half as much."""
    tau = np.array([[1.0, 0.6, 0.6], [0.6, 1.0, 0.6], [0.6, 0.6, 1.0]])
    problem = world(tau, [1.0, 99.0, 99.0], stderr=0.15, budget=20e9, wrong_scores=1)
    shares = solve(problem).proportions
    assert shares["b"] == pytest.approx(shares["c"], abs=1e-3)
    assert shares["b"] > 0.2


def test_reasons_speak_of_donors_under_every_way_of_doubting():
    for options in ({"objective": "expected"}, {"objective": "cautious"}, {"wrong_scores": 1}):
        problem = replace(shipped([("cat", 1.0), ("cym", 1.0)], budget=200e9), draws=20, **options)
        mixture = solve(problem)
        reasons = explain(problem, mixture)
        read = [key for key in mixture.donors if mixture.proportions[key] > 1e-6]
        assert [reason.language for reason in reasons[: len(read)]] == read
        for reason in reasons[: len(read)]:
            assert reason.worth > 0
            low = -np.inf if reason.threshold is None else reason.threshold
            assert low <= 1.0  # a donor that is read does not wait for a better score


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objective": "expected", "draws": 0}, "none are asked for"),
        ({"objective": "cautious", "tail": 0.0}, "the tail is 0"),
        ({"objective": "cautious", "max_donors": 2}, "under the objectives 'loss' and 'worst'"),
        ({"objective": "expected", "box": 0.9}, "and a box is given besides"),
        ({"wrong_scores": 1, "max_donors": 2}, "are not sought together"),
        ({"box": 1.0}, "the level of an interval between 0 and 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(options, words):
    with pytest.raises(ProblemError, match=words):
        solve(replace(doubted(1), **options))


def test_a_question_is_written_and_read_alike():
    question = {"targets": {"cat": 1}, "objective": "cautious", "tail": "30%", "seed": 5}
    problem = problem_from_mapping(question)
    written = problem_to_mapping(problem)
    assert (written["tail"], written["draws"], written["seed"]) == (0.3, 32, 5)
    assert problem_to_mapping(problem_from_mapping(written)) == written
    boxed = problem_from_mapping({"targets": {"cat": 1}, "box": "80%", "wrong_scores": 2})
    assert (boxed.box, boxed.wrong_scores) == (0.8, 2)


@example([1.0, 2.2250738585e-313], 1.0)
@example([0.0, 1.0, 2.2250738585e-313], 1.0)
@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=12), st.floats(0.05, 1.0))
@settings(max_examples=60, deadline=None)
def test_the_weights_of_scenarios_are_ones_that_may_be(prices, tail):
    """Any prices of an engine become weights under which the line is a proof."""
    size = len(prices)
    most = min(1.0 / (tail * size), 1.0)
    each = Scenarios(np.arange(size), np.arange(size), np.zeros(size, dtype=np.intp), most)
    for blend in (each.allowed(np.array(prices)), each.worst(np.array(prices))):
        assert blend.sum() == pytest.approx(1.0, abs=1e-9)
        assert blend.min() >= 0
        assert blend.max() <= most * (1 + 1e-12)


def two_studies(seed: int) -> MixProblem:
    """The same languages, text and limits under two matrices that disagree."""
    first = random_world(seed, languages=3, targets=2, budget=25e9)
    rng = np.random.default_rng(seed + 1000)
    tau = rng.uniform(0.0, 0.7, (3, 3))
    np.fill_diagonal(tau, 1.0)
    other = replace(matrix(tau), name="other")
    return replace(first, assumed=None, objective="regret", rivals=(other,))


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_the_largest_regret_over_two_matrices_is_least_on_a_grid(seed):
    problem = two_studies(seed)
    mixture = solve(problem)
    alone = replace(problem, objective="loss", rivals=())
    under = (alone, replace(alone, matrix=problem.rivals[0]))
    points, mine = grid(problem, 31), tokens_of(mixture)[None, :]
    regrets = []
    for each in under:
        best = solve(each).certificate.value
        regrets.append([score(each, tokens) - best for tokens in (mine, points)])
    here = max(regret[0][0] for regret in regrets)
    others = np.max([regret[1] for regret in regrets], axis=0)
    part = score(under[0], mine)[0] - problem.law.E
    assert mixture.certificate.value == pytest.approx(here, abs=1e-9)
    assert mixture.certificate.bound <= others.min() + 1e-9
    assert here <= others.min() + 2e-5 * part
    assert others.min() <= here + 5e-3 * part
    # Where neither matrix is trusted alone both are regretted alike, or one does not matter.
    assert here < max(regret_of_first_choice(each, under) for each in under)


def regret_of_first_choice(mine: MixProblem, under: tuple[MixProblem, ...]) -> float:
    """The largest regret of the mixture that is best under one of the matrices alone."""
    tokens = tokens_of(solve(mine))[None, :]
    return max(float(score(each, tokens)[0]) - solve(each).certificate.value for each in under)


def test_two_matrices_that_agree_leave_no_regret():
    problem = two_studies(24)
    twin = replace(problem.matrix, name="twin")
    mixture = solve(replace(problem, rivals=(twin,)))
    assert mixture.certificate.value == pytest.approx(0.0, abs=2e-5)


def test_rivals_are_asked_for_with_their_objective_alone():
    problem = two_studies(25)
    with pytest.raises(ProblemError, match="over several matrices it is 'regret'"):
        solve(replace(problem, objective="loss"))
    with pytest.raises(ProblemError, match="one is given"):
        solve(replace(problem, rivals=()))
    with pytest.raises(ProblemError, match="says nothing of Galician"):
        problem_from_mapping({"targets": {"glg": 1}, "rivals": ["atlas-2025"]})
    with pytest.raises(ProblemError, match="named twice"):
        problem_from_mapping({"targets": {"cat": 1}, "rivals": ["atlasmix-2026"]})
