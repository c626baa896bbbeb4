"""Intervals and regret over draws: closed forms, brute force, and what must never change them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from worlds import BILLION, LAW, pool, random_world, shipped, world

from atlasmix.mixture import uncertainty as module
from atlasmix.mixture.mixture import LEAST_READ, Mixture
from atlasmix.mixture.prediction import target_effects
from atlasmix.mixture.solve import answer, solve
from atlasmix.mixture.uncertainty import outcomes, quantiles, uncertainty, with_uncertainty
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.worlds import draws_of, worlds
from atlasmix.solver.compute import at_compute

SURE = replace(LAW, covariance=(), decay=None)
"""The default law as if nobody doubted its constants."""

DECAY = 0.06  # asked for, and so held


def doubted(seed: int = 3, **options: object) -> MixProblem:
    """Six languages, two or three targets, every weight known to 0.1 and φ to a third."""
    settings = {"law": SURE, "decay": DECAY, **options}
    problem = random_world(seed, **settings)
    model = problem.transfer
    off = ~np.eye(len(model.keys), dtype=bool)
    return replace(
        problem,
        assumed=replace(
            model, stderr=np.where(off, 0.1, 0.0), phi_stderr=model.phi / 3, doubt=0.02 * off
        ),
    )


def tokens_of(mixture: Mixture) -> np.ndarray:
    return np.array([share.tokens for share in mixture.pools])


def tried(problem: MixProblem, draws: int = 40):
    problem = at_compute(problem)
    return outcomes(worlds(problem, draws), tokens_of(solve(problem)), cores=1)


def test_quantiles_are_numbers_of_the_draws_also_beside_infinity() -> None:
    values = [*range(1, 100), np.inf]
    assert quantiles(np.array(values, dtype=float)) == module.Quantiles(5.0, 50.0, 95.0)
    assert quantiles([np.inf, np.inf]).low == np.inf


def test_an_interval_of_one_constant_is_its_closed_form() -> None:
    """E alone is in doubt: the loss moves with it, and no mixture gains from knowing it."""
    width = 0.02
    table = np.zeros((5, 5))
    table[0, 0] = width**2
    law = replace(SURE, covariance=tuple(map(tuple, table)))
    problem = world(np.eye(2), [20.0, 20.0], law=law, decay=DECAY)
    mixture = solve(problem)
    sure = uncertainty(problem, mixture, 200)
    fixed = mixture.targets[0].loss - law.E
    for value, z in zip(
        (sure.losses[0].loss.low, sure.losses[0].loss.high), (-1.6449, 1.6449), strict=True
    ):
        assert value == pytest.approx(law.E * np.exp(z * width) + fixed, abs=0.1 * width * law.E)
    assert sure.regret.expected == pytest.approx(0.0, abs=1e-9)


def test_without_doubt_nothing_has_a_width_and_nothing_is_regretted() -> None:
    problem = random_world(4, law=SURE, decay=DECAY)
    problem = replace(
        problem, assumed=replace(problem.transfer, phi_stderr=np.zeros(len(problem.transfer.keys)))
    )
    mixture = solve(problem)
    sure = uncertainty(problem, mixture, 20)
    for each in (*(row.loss for row in sure.losses), *(row.best for row in sure.shares)):
        assert each.low == each.middle == each.high
    assert [row.loss.low for row in sure.losses] == pytest.approx(
        [effect.loss for effect in mixture.targets], rel=1e-9
    )
    assert {row.read for row in sure.shares} <= {0.0, 1.0}
    assert sure.regret.high <= sure.gap * mixture.certificate.value + 1e-9


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"targets": 3, "objective": "worst"},
        {"budget": 60 * BILLION},
        {"limits": (ShareLimit("min", Selection("language", "b"), 0.2),)},
        {"limits": (Guardrail("b", 0.02, "natural"),), "targets": 3},
        {"limits": (Guardrail("f", 0.1, "natural"),)},
        {"max_donors": 1},
        {"exact_tokens": True},
    ],
    ids=str,
)
def test_nothing_beats_the_best_of_a_draw_by_more_than_its_gap(options: dict) -> None:
    """A best mixture solved under other limits or at another κ would lose to the one given."""
    result = tried(doubted(**options))
    assert np.all(result.value - result.best >= -(result.best - result.bound) - 1e-9)
    assert np.all(result.bound <= result.best)
    assert np.all((result.best - result.bound) / result.reducible <= 1e-3)
    assert result.regret.max() > 1e-5  # else the draws would all be the same


def test_the_value_of_a_draw_is_that_of_its_own_question() -> None:
    """The best mixture of every draw, judged as a mixture somebody gave, has the best's value."""
    problem = doubted()
    drawn = worlds(problem, 20)
    result = outcomes(drawn, tokens_of(solve(problem)), cores=1)
    for draw in range(len(drawn)):
        given = answer(drawn.question(draw), result.tokens[draw])
        assert given.certificate.value == pytest.approx(result.best[draw], rel=1e-7)


def test_expected_regret_by_brute_force() -> None:
    """One target, one donor, all tokens read: the best share of every draw from a fine grid."""
    problem = doubted(languages=2, targets=1, exact_tokens=True, max_epochs=16.0)
    drawn = worlds(problem, 40)
    here = tokens_of(solve(problem))
    result = outcomes(drawn, here, cores=1)
    own, donor = (pool.unique_tokens * problem.max_epochs for pool in problem.pools)
    grid = np.linspace(max(problem.budget - donor, 1.0), min(own, problem.budget), 1501)
    regrets = []
    for draw in range(len(drawn)):
        question = drawn.question(draw)

        def value(tokens: float, question: MixProblem = question) -> float:
            both = np.array([tokens, problem.budget - tokens])
            return target_effects(question, both)[0].loss

        regrets.append(value(here[0]) - min(map(value, grid.tolist())))
    assert result.regret.mean() == pytest.approx(np.mean(regrets), abs=2e-6)
    assert np.mean(regrets) > 1e-4


def test_the_number_of_processes_changes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORTH_PROCESSES", -1.0)  # or nobody is asked to help
    problem = doubted()
    mixture = solve(problem)
    steps: list[int] = []
    alone = uncertainty(problem, mixture, 44, cores=1)
    assert uncertainty(problem, mixture, 44, cores=2, advance=steps.append) == alone
    assert sum(steps) == 44


def test_the_seed_decides() -> None:
    problem = doubted()
    mixture = solve(problem)
    first = uncertainty(problem, mixture, 40, seed=1)
    assert uncertainty(problem, mixture, 40, seed=1) == first
    other = uncertainty(problem, mixture, 40, seed=2)
    assert other.losses != first.losses
    assert other.seed == 2


def test_the_order_of_targets_and_limits_changes_nothing() -> None:
    limits = (
        ShareLimit("max", Selection("language", "c"), 0.4),
        ShareLimit("min", Selection("language", "b"), 0.1),
    )
    problem = doubted(targets=3, limits=limits)
    turned = replace(problem, targets=problem.targets[::-1], limits=limits[::-1])
    here, there = (uncertainty(each, solve(each), 24) for each in (problem, turned))
    assert here.losses == there.losses[::-1]
    assert (here.regret, here.shares) == (there.regret, there.shares)


def test_a_donor_that_is_certain_stays_in_every_draw() -> None:
    """And one whose weight is lower than any doubt about the first can lift is never read."""
    tau = np.eye(3)
    tau[1, 0], tau[2, 0] = 0.9, 0.05
    problem = world(tau, [1.0, 30.0, 30.0], law=SURE, decay=DECAY)
    model = problem.transfer
    doubt = np.zeros((3, 3))
    doubt[2, 0] = 0.02
    problem = replace(problem, assumed=replace(model, stderr=doubt, phi_stderr=model.phi / 10))
    sure = uncertainty(problem, solve(problem), 64)
    read = {row.language: row.read for row in sure.shares}
    assert read["a"] == read["b"] == 1.0
    assert read.get("c", 0.0) == 0.0


def test_a_share_counts_as_read_from_a_thousandth_on() -> None:
    problem = doubted()
    mixture = solve(problem)
    result = outcomes(worlds(problem, 40), tokens_of(mixture), cores=1)
    shares = result.tokens / result.tokens.sum(axis=1, keepdims=True)
    for row in uncertainty(problem, mixture, 40).shares:
        at = [pool.language for pool in problem.pools].index(row.language)
        assert row.read == np.mean(shares[:, at] >= LEAST_READ)
        assert row.best.low <= row.best.middle <= row.best.high


def test_a_guardrail_that_breaks_in_a_draw_is_counted_and_loosened() -> None:
    """Held fast it would leave draws without any mixture, and regrets below 0."""
    problem = doubted(limits=(Guardrail("b", 0.0, "natural"),), targets=1)
    result = tried(problem, 60)
    sure = uncertainty(problem, solve(problem), 60)
    assert sure.guardrails[0].limit == "guardrail b 0% over natural"
    assert sure.guardrails[0].kept == result.kept.mean()
    assert 0.0 < sure.guardrails[0].kept < 1.0
    assert np.all(result.value >= result.best - (result.best - result.bound) - 1e-9)


def test_doubt_taken_from_every_donor_is_not_taken_twice() -> None:
    """A draw is the truth: at κ = 1 its best mixture would be charged for doubt it has not."""
    problem = replace(doubted(), risk_aversion=3.0)
    assert worlds(problem, 20).question(0).risk_aversion == 0.0
    cautious, plain = (
        outcomes(worlds(each, 30), tokens_of(solve(each)), cores=1)
        for each in (problem, replace(problem, risk_aversion=0.0))
    )
    assert cautious.best == pytest.approx(plain.best, rel=1e-6)


def test_what_is_drawn_and_what_is_held_is_said() -> None:
    asked = worlds(doubted(), 20)
    assert any("does not state how their errors go together" in each for each in asked.held)
    assert any(each == "λ at 0.06, as asked for" for each in asked.held)
    usual = worlds(shipped(["cat"], law=LAW, decay=LAW.decay), 20)
    assert not usual.held
    assert len({law.A for law in usual.laws}) == 20
    assert usual.decays == pytest.approx([law.decay for law in usual.laws])
    own = worlds(doubted(law=replace(SURE, decay=0.5), decay=0.5), 20)
    assert "λ at 0.5, the law's own" in own.held  # beyond the range that others found
    assert set(own.decays.tolist()) == {0.5}
    default = worlds(doubted(decay=0.037), 20)
    assert default.decays.min() > 0.024
    assert default.decays.max() < 0.34
    assert len(set(default.decays.tolist())) == 20


def test_the_worth_of_text_is_drawn_where_it_is_read_and_nobody_fixed_it() -> None:
    pools = (pool("a", 1.0), pool("b", 4.0), pool("a", 3.0, "translated"))
    problem = world(np.eye(2), pools, law=SURE, decay=DECAY)
    drawn = worlds(problem, 64)
    assert set(drawn.worths) == {"translated"}
    assert 0.2 < drawn.worths["translated"].min() < 0.5 < drawn.worths["translated"].max() < 1.0
    fixed = replace(problem, worth={**problem.worth, "translated": 0.1})
    assert worlds(fixed, 64).worths == {}
    assert any("worth of translated text at 0.1" in each for each in worlds(fixed, 64).held)


def test_draws_that_nobody_asked_for_depend_on_the_size_alone() -> None:
    problem = shipped(["cat"])
    assert draws_of(problem) == 32
    assert draws_of(replace(problem, draws=0)) == 0
    assert draws_of(replace(problem, draws=500)) == 500
    assert draws_of(replace(problem, max_donors=3)) == 0
    assert draws_of(replace(problem, pools=problem.pools * 400)) == 0
    mixture = solve(problem)
    assert with_uncertainty(replace(problem, draws=0), mixture) is mixture
    assert with_uncertainty(problem, mixture).uncertainty.draws == 32


def test_a_chosen_size_stays_in_every_draw() -> None:
    problem = at_compute(replace(shipped(["cat"]), compute=1e20))
    drawn = worlds(problem, 20)
    assert {drawn.question(draw).params for draw in range(20)} == {problem.params}
    assert uncertainty(problem, solve(problem), 20).draws == 20
