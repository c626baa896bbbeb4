"""Runs planned next lower the regret, and are where the laws disagree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

from atlasmix.errors import ProblemError
from atlasmix.fitting.learning import LearnQuestion, learn
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures, groups_of
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.learned import MixtureQuestion, best_mixture, divergence, make_question
from atlasmix.mixture.learned_answer import MixtureWish, answer, plan
from atlasmix.mixture.next_runs import RunSize, _candidates, _observed, _regret, _value

ALONE = LearnQuestion(compared=())


def test_a_run_that_shows_what_decides_is_worth_the_regret() -> None:
    """Two decisions, one unknown: seeing it without noise is worth all, seeing nothing none."""
    truth = np.array([-1.0, 1.0] * 20)
    objective = np.column_stack([truth, np.zeros(40)])
    telling, dull = truth[:, None], np.ones((40, 1))
    silent = np.array([1e-8])
    assert _regret(objective) == pytest.approx(0.5)
    assert _value(objective, telling, silent) == pytest.approx(0.5, abs=1e-6)
    assert _value(objective, dull, silent) == pytest.approx(0.0, abs=1e-9)
    assert 0 < _value(objective, telling, np.array([1.0])) < 0.45
    after, _ = _observed(objective, telling[:, None, :], 0, silent, 1)
    assert _regret(after) == pytest.approx(0.0, abs=1e-3)


def more(runs: MixtureRuns, weights: np.ndarray, truth) -> MixtureRuns:
    both = np.vstack([runs.weights, weights])
    names = tuple(map(str, range(len(both))))
    mixtures = Mixtures(names, SOURCES, frozen(both))
    loss = truth.predict(Mixtures(names[: len(weights)], SOURCES, frozen(weights)))
    loss = loss + 0.03 * np.random.default_rng(9).normal(size=loss.shape)
    return MixtureRuns(
        mixtures, SETS, frozen(np.vstack([runs.loss, loss])), runs.own, groups_of(mixtures)
    )


def test_planned_runs_lower_the_true_regret() -> None:
    """Over three worlds, in the mean: what was planned is run, and the law learned again."""
    before, after = [], []
    for seed in range(3):
        truth = made_law(seed + 40)
        runs = made_runs_of(truth, 16, noise=0.03, seed=seed)
        true = MixtureQuestion(truth, np.full(5, 0.2), np.zeros(6), np.ones(6))
        best = best_mixture(true, ranges=False).loss
        learned = learn(runs, ALONE)
        told = answer(learned, MixtureWish(draws=0))
        planned = plan(learned, told, 6)
        assert np.all(np.diff([planned.regret, *planned.after]) < 1e-3)
        assert planned.mixtures.sum(axis=1) == pytest.approx(np.ones(6))
        again = learn(more(runs, planned.mixtures, truth), ALONE)
        shares = best_mixture(make_question(again.law), ranges=False).shares
        before.append(true.loss(told.mixture.shares) - best)
        after.append(true.loss(shares) - best)
    assert np.mean(after) < 0.7 * np.mean(before)


def test_mixtures_far_from_the_optimum_are_tried() -> None:
    learned = learn(made_runs_of(made_law(51), 20), ALONE)
    told = answer(learned, MixtureWish(high={"web": 0.4}, draws=0))
    question = replace(told.mixture.question, high=told.wide)
    tried = _candidates(learned, question, told.mixture.shares[None], 0)
    assert np.all(tried[:, 0] <= 0.4 + 1e-9)
    assert tried.sum(axis=1) == pytest.approx(np.ones(len(tried)))
    # Of every other source some mixture reads more than half, and some nothing to speak of.
    assert np.all(tried[:, 1:].max(axis=0) > 0.5)
    assert np.all(tried.min(axis=0) < 0.02)


def test_a_region_of_trust_is_kept() -> None:
    learned = learn(made_runs_of(made_law(52), 20), ALONE)
    told = answer(learned, MixtureWish(near=("even", 0.2), draws=0))
    planned = plan(learned, told, 40)
    even = np.full(6, 1 / 6)
    assert all(divergence(each, even) <= 0.2 + 1e-6 for each in planned.mixtures)
    assert len(np.unique(np.round(planned.mixtures, 6), axis=0)) == 40


def test_limits_are_kept_and_numbers_refused() -> None:
    learned = learn(made_runs_of(made_law(50), 20), ALONE)
    told = answer(learned, MixtureWish(low={"chat": 0.1}, high={"web": 0.3}, draws=0))
    planned = plan(learned, told, 5)
    assert np.all(planned.mixtures[:, 5] >= 0.1 - 1e-9)
    assert np.all(planned.mixtures[:, 0] <= 0.3 + 1e-9)
    assert len(np.unique(np.round(planned.mixtures, 9), axis=0)) == 5
    with pytest.raises(ProblemError, match="0 runs: expected 1 to 64"):
        plan(learned, told, 0)


def test_runs_are_planned_at_the_size_of_runs_whatever_the_mixture_is_for() -> None:
    """Planned for 70B parameters, runs were once taken for runs of 70B."""
    learned = learn(made_runs_of(made_law(53, alpha=0.33), 20, sizes=True), ALONE)
    told = answer(learned, MixtureWish(params=7e10, tokens=1e12, draws=0))
    planned = plan(learned, told, 3)
    middle = RunSize(learned.scale.params, learned.scale.tokens)
    assert planned.sizes == (middle,) * 3
    there = plan(learned, told, 3, sizes=[RunSize(7e10, 1e12)])
    assert planned.regret == pytest.approx(there.regret)
    assert not np.allclose(planned.after, there.after)


def test_a_run_is_chosen_for_what_it_takes_off_per_cost() -> None:
    """Equal runs: the cheaper; a run that costs a thousand times as much: never, though it tells.

    A cost that were left out of the choice would take the first of two equal sizes.
    """
    learned = learn(made_runs_of(made_law(54, alpha=0.33), 20, sizes=True), ALONE)
    told = answer(learned, MixtureWish(draws=0))
    size = learned.scale.params, learned.scale.tokens
    equal = plan(learned, told, 3, sizes=[RunSize(*size, 2.0), RunSize(*size, 1.0)])
    assert [each.cost for each in equal.sizes] == [1.0] * 3
    alone = plan(learned, told, 3)
    assert equal.mixtures == pytest.approx(alone.mixtures)
    assert equal.offered == 2
    small, large = (1e8, 5e9), (3e9, 6e10)
    for cheap, dear in ((small, large), (large, small)):
        chosen = plan(learned, told, 2, sizes=[RunSize(*dear, 1000.0), RunSize(*cheap, 1.0)])
        assert [(each.params, each.tokens) for each in chosen.sizes] == [cheap] * 2


def test_sizes_that_no_run_tells_of_and_costs_that_are_none_are_refused() -> None:
    learned = learn(made_runs_of(made_law(50), 20), ALONE)
    told = answer(learned, MixtureWish(draws=0))
    with pytest.raises(ProblemError, match="name no parameters, so they say nothing of a run of"):
        plan(learned, told, 2, sizes=[RunSize(1e8, 1e9)])
    with pytest.raises(ProblemError, match="a run costs 0: expected a number above 0"):
        plan(learned, told, 2, sizes=[RunSize(0.0, 0.0, 0.0)])
