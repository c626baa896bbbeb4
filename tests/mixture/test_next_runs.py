"""Runs planned next lower the regret, and are where the laws disagree."""

from __future__ import annotations

import numpy as np
import pytest
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

from atlasmix.errors import ProblemError
from atlasmix.fitting.learning import LearnQuestion, learn
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures, groups_of
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.learned import MixtureQuestion, best_mixture, make_question
from atlasmix.mixture.learned_answer import MixtureWish, answer, plan
from atlasmix.mixture.next_runs import _observed, _regret, _value

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


def test_limits_are_kept_and_numbers_refused() -> None:
    learned = learn(made_runs_of(made_law(50), 20), ALONE)
    told = answer(learned, MixtureWish(low={"chat": 0.1}, high={"web": 0.3}, draws=0))
    planned = plan(learned, told, 5)
    assert np.all(planned.mixtures[:, 5] >= 0.1 - 1e-9)
    assert np.all(planned.mixtures[:, 0] <= 0.3 + 1e-9)
    assert len(np.unique(np.round(planned.mixtures, 9), axis=0)) == 5
    with pytest.raises(ProblemError, match="0 runs: expected 1 to 64"):
        plan(learned, told, 0)
