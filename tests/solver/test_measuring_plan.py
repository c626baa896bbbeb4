"""What to measure next: closed forms, irrelevant scores, and regret that really falls."""

from __future__ import annotations

from dataclasses import replace
from math import erf, exp, pi, sqrt

import numpy as np
import pytest
from judge import loss
from worlds import random_world, world

from atlasmix.errors import ProblemError
from atlasmix.mixture.measuring import (
    Study,
    candidates_of,
    losses_of,
    measuring_plan,
    value_of,
)
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.worlds import worlds
from atlasmix.solver.optimise import optimise_problem


def doubted(seed: int, sigma: float = 0.3, **options: object) -> MixProblem:
    """Six languages with plenty of text whose weights are known to ``sigma``."""
    problem = random_world(seed, languages=6, **{"targets": 1, "budget": 40e9, **options})
    model = problem.transfer
    off = ~np.eye(len(model.keys), dtype=bool)
    none = np.zeros(len(model.keys))
    changed = replace(model, stderr=np.where(off, sigma, 0.0), phi_stderr=none)
    status = np.where(off, "completed", "defined")
    return replace(problem, assumed=replace(changed, status=status))


@pytest.mark.parametrize(("mean", "noise"), [(0.0, 0.5), (0.4, 0.5), (0.4, 2.0), (1.5, 0.2)])
def test_the_value_of_a_score_about_two_mixtures_is_its_closed_form(mean, noise):
    """Loss of the second less that of the first is Gaussian, and the score is it with noise."""
    rng = np.random.default_rng(3)
    lead = mean + rng.standard_normal(4_000)
    read = (lead + noise * rng.standard_normal(lead.size))[:, None]
    change = np.stack([np.zeros(lead.size), lead], axis=1)
    width = 1.0 / sqrt(1.0 + noise**2)
    u = mean / width
    above = 0.5 * (1.0 - erf(u / sqrt(2)))
    expected = width * (exp(-u * u / 2) / sqrt(2 * pi) - u * above)
    value, each = value_of(read, change)
    assert value == pytest.approx(expected, abs=4 * each.std() / sqrt(each.size) + 0.01 * width)


def test_a_score_that_says_nothing_is_worth_nothing():
    """A world is not judged by a regression that has seen it: chance is no knowledge."""
    rng = np.random.default_rng(4)
    change = np.stack([np.zeros(256), 0.1 + rng.standard_normal(256)], axis=1)
    values = [value_of(rng.standard_normal((256, 3)), change)[0] for _ in range(40)]
    assert np.mean(values) < 2 * np.std(values) / sqrt(len(values))


def test_losses_of_the_worlds_are_those_of_the_law():
    problem = doubted(5, targets=2)
    drawn = worlds(problem, 8)
    mixtures = np.random.default_rng(1).uniform(0, 4e9, (3, len(problem.pools)))
    found = losses_of(drawn, mixtures)
    for draw in range(8):
        there = drawn.question(draw)
        mean = sum(loss(there, mixtures, key) for key in problem.target_keys) / 2
        assert found[draw] == pytest.approx(mean, rel=1e-12)


def test_only_what_nobody_measured_and_text_allows_is_a_candidate():
    problem = doubted(6)
    status = problem.transfer.status.copy()
    status[1, 0] = "measured"
    pools = tuple(
        replace(pool, unique_tokens=1e7) if pool.language == "c" else pool for pool in problem.pools
    )
    problem = replace(problem, pools=pools, assumed=replace(problem.transfer, status=status))
    pairs = candidates_of(worlds(problem, 64), 1e9)
    assert sorted(each.languages[0] for each in pairs) == ["d", "e", "f"]


def test_knowing_what_is_planned_lowers_regret_more_than_other_pairs():
    """Over fifty truths: against pairs by chance and those in most doubt."""
    rng = np.random.default_rng(8)
    study = Study(2e9, 4e9, 0.05)
    regrets: dict[str, list[float]] = {"planned": [], "doubtful": [], "chance": [], "none": []}
    for seed in range(5):
        problem = scarce(40 + seed)
        model = problem.transfer
        # Doubt is where it does not matter as well: in donors that nobody would read.
        error = model.stderr * (1.0 + (model.weights < 0.2))
        problem = replace(problem, assumed=replace(model, stderr=error))
        plan = measuring_plan(replace(problem, draws=128), 2, study, cores=1)
        chosen = [source for each in plan.measurements for source, _ in each.scores]
        donors = list(problem.transfer.keys[1:])
        by_doubt = sorted(donors, key=lambda key: -error[problem.transfer.index(key), 0])
        truths = worlds(problem, 10, seed=77)
        for draw in range(10):
            truth = truths.question(draw)
            least = best_of(truth)[1]
            some = list(rng.permutation(donors)[: len(chosen)])
            for name, known in (
                ("planned", chosen),
                ("doubtful", by_doubt[: len(chosen)]),
                ("chance", some),
                ("none", []),
            ):
                tokens, _ = best_of(learnt(problem, truth, known, study.stderr, rng))
                regrets[name].append(float(loss(truth, tokens, "a")) - least)
    mean = {name: float(np.mean(values)) for name, values in regrets.items()}
    assert mean["planned"] < 0.6 * mean["none"]
    assert mean["planned"] < 0.8 * min(mean["doubtful"], mean["chance"])
    assert min(regrets["planned"]) > -1e-4


def scarce(seed: int) -> MixProblem:
    """A target with little text of its own, and eight donors with plenty."""
    rng = np.random.default_rng(seed)
    tau = np.eye(9)
    tau[1:, 0] = rng.uniform(0.0, 0.6, 8)
    problem = world(tau, [2.0] + [50.0] * 8, budget=25e9, exact_tokens=True)
    model = problem.transfer
    off = ~np.eye(9, dtype=bool)
    changed = replace(
        model,
        stderr=np.where(off, 0.3, 0.0),
        phi_stderr=np.zeros(9),
        status=np.where(off, "completed", "defined"),
    )
    return replace(problem, assumed=changed)


def best_of(problem: MixProblem) -> tuple[np.ndarray, float]:
    """Tokens per pool of the best mixture, and its loss."""
    solved = optimise_problem(problem)
    tokens = solved.compiled.expand(problem, solved.optimum.x)
    return tokens, problem.law.E + solved.optimum.value


def learnt(
    problem: MixProblem, truth: MixProblem, known: list[str], noise: float, rng: np.random.Generator
) -> MixProblem:
    """The question once the scores of some donors have been read, by precision."""
    model = problem.transfer
    weights, stderr = model.weights.copy(), model.stderr.copy()
    for key in known:
        row = model.index(key)
        read = truth.transfer.weights[row, 0] + noise * rng.standard_normal()
        trust = stderr[row, 0] ** 2 / (stderr[row, 0] ** 2 + noise**2)
        weights[row, 0] += trust * (read - weights[row, 0])
        stderr[row, 0] *= sqrt(1.0 - trust)
    assumed = replace(model, weights=np.maximum(weights, 0.0), stderr=stderr)
    return replace(problem, assumed=assumed, risk_aversion=0.0)


def test_nothing_is_planned_where_every_score_is_known_well():
    problem = doubted(9, sigma=1e-6)
    assert measuring_plan(replace(problem, draws=64), 3, cores=1).measurements == ()


def test_pairs_come_cheapest_regret_first_and_sum_to_what_is_left():
    plan = measuring_plan(doubted(10, targets=2, draws=96), 4, cores=1)
    left = plan.regret
    for each in plan.measurements:
        left -= each.value
        assert each.left == pytest.approx(max(left, 0.0), abs=1e-12)
        assert each.value > 0
    targets = [key for each in plan.measurements for key in each.alone]
    assert len(set(targets)) == len(targets)  # a run alone is paid for once


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(ProblemError, match="0 pairs: expected at least 1"):
        measuring_plan(doubted(1), 0)
    with pytest.raises(ProblemError, match="expected 64 or more"):
        measuring_plan(doubted(1, draws=20), 1)
    problem = doubted(1)
    known = np.full(problem.transfer.status.shape, "measured")
    with pytest.raises(ProblemError, match="nothing is left to plan"):
        measuring_plan(replace(problem, assumed=replace(problem.transfer, status=known)), 1)
