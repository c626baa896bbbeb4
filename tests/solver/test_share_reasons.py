"""Why a share is what it is: slopes and moves against the law evaluated by somebody else."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import pool, random_world, world

from atlasmix.evidence.store import Store
from atlasmix.mixture.prediction import build_mixture
from atlasmix.mixture.shares import explain_shares
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.shares import share_sentence, shares_table
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.optimise import optimise_problem

FLAT = 1e-6


def asked(**question):
    problem = problem_from_mapping(question, Store("/nonexistent"))
    return problem, solve(problem)


def by_language(problem, mixture, *languages):
    return {each.language: each for each in explain_shares(problem, mixture, languages)}


def objective(problem, tokens):
    """The objective by the law, pool by pool, which knows nothing of slopes and columns."""
    return build_mixture(problem, compile_problem(problem), tokens).certificate.value


def exchanged(problem, mixture, giver, taker, share):
    """``share`` of the tokens from one language to another; each has one pool."""
    tokens = np.array([each.tokens for each in mixture.pools])
    languages = np.array([each.pool.language for each in mixture.pools])
    tokens[languages == giver] -= share * mixture.tokens
    tokens[languages == taker] += share * mixture.tokens
    return tokens


def test_on_paper():
    """One target with 1B of text, four times; b's tokens are worth half: both slopes by hand."""
    problem = world([[1, 0], [0.5, 1]], [1.0, 50.0], phi=0.1, exact_tokens=True)
    mixture = solve(problem)
    told = by_language(problem, mixture)
    a, b = told["a"], told["b"]
    assert (a.held, b.held) == ("text", "free")
    assert a.share == pytest.approx(0.4)
    effect, law = mixture.targets[0], problem.law
    data = law.beta * effect.data_loss / effect.effective_data
    repeats = np.exp(-problem.decay * 3.0)
    room = 0.1 * effect.capacity_loss / (a.share * mixture.tokens)
    assert b.value == pytest.approx(1.0)
    assert a.value == pytest.approx((data * repeats + room) / (0.5 * data), rel=1e-6)
    assert a.fresh == pytest.approx(repeats)
    (gift,) = a.gifts
    assert gift.capacity == pytest.approx(room / (data * repeats + room), rel=1e-6)
    assert b.gifts[0].tokens == pytest.approx(effect.transferred)


@pytest.mark.parametrize("seed", range(8))
def test_a_point_more_or_less_is_the_law_evaluated_anew(seed):
    problem = random_world(seed + 40, languages=5, targets=1 + seed % 3, budget=15e9)
    mixture = solve(problem)
    base = mixture.certificate.value
    tested = 0
    for reason in explain_shares(problem, mixture):
        for move, way in ((reason.more, 1.0), (reason.less, -1.0)):
            if move is None or len(move.others) != 1:
                continue
            ends = (move.others[0], reason.language)
            moved = exchanged(problem, mixture, *ends[:: int(way)], move.step)
            change = objective(problem, moved) - base
            assert move.change == pytest.approx(change, rel=1e-3, abs=1e-7 * base)
            tested += 1
    assert tested


@pytest.mark.parametrize("seed", range(12))
def test_no_move_within_the_limits_is_better_and_what_is_better_breaks_one(seed):
    """The objective is convex and the answer its least: the sign of every move follows."""
    limits = (ShareLimit("min", Selection("language", "c"), 0.2),) if seed % 2 else ()
    problem = random_world(seed, languages=5, targets=2, budget=12e9)
    problem = replace(problem, limits=limits)
    mixture = solve(problem)
    for reason in explain_shares(problem, mixture):
        for move in filter(None, (reason.more, reason.less)):
            assert move.relative > -FLAT or move.breaks, (reason.language, move)
        assert (reason.held == "free") == (abs(reason.value - 1) < 1e-3), reason
        if reason.held == "below":
            assert reason.value < 1 + 1e-3
        if reason.held in ("text", "most"):
            assert reason.value > 1 - 1e-3
        if reason.held == "least":
            assert reason.value < 1 + 1e-3
            assert reason.limits == (limits[0].name,)


@pytest.mark.parametrize("seed", range(6))
def test_a_small_move_changes_what_the_value_says(seed):
    """(value - 1) · price is the slope: against a difference a thousandth of a point wide."""
    problem = random_world(seed + 70, languages=5, targets=2, budget=12e9)
    mixture = solve(problem)
    told = by_language(problem, mixture)
    free = [key for key, each in told.items() if each.held == "free"]
    price = optimise_problem(problem).optimum.prices.share
    base = mixture.certificate.value
    step = 1e-5
    for key, reason in told.items():
        if not free or key == free[0] or reason.held == "closed":
            continue
        moved = exchanged(problem, mixture, free[0], key, step)
        slope = (objective(problem, moved) - base) / step
        assert slope == pytest.approx(-(reason.value - 1) * price, abs=0.02 * price)


def test_limits_texts_and_prices_hold_shares_as_they_are_said_to():
    question = {"cat": 1, "spa": 1, "glg": 1}, {"min": {"eng": 0.3}, "max": {"spa": 0.1}}
    problem, mixture = asked(targets=question[0], budget=300e9, **question[1])
    told = by_language(problem, mixture, "lat", "xyz")
    assert told["eng"].held == "least"
    assert told["eng"].limits == ("min eng 30%",)
    assert told["eng"].less.relative < 0
    assert told["eng"].less.breaks == ("min eng 30%",)
    assert told["spa"].held == "most"
    assert told["spa"].more.breaks == ("max spa 10%",)
    assert told["glg"].held == "text"
    assert told["glg"].more.relative < 0
    assert told["lat"].held == "below"
    assert told["xyz"].held == "no scores"
    assert "'min English 30%' holds it up" in share_sentence(problem, told["eng"])
    assert "breaks the epoch cap of 4" in share_sentence(problem, told["glg"])


def test_what_is_left_out_says_why():
    problem, mixture = asked(targets={"cat": 1}, max_donors=1, max={"por": 0})
    told = by_language(problem, mixture, "por", "fra")
    assert told["por"].held == "closed"
    assert told["eng"].held in ("below", "donors")
    assert told["por"].more is None
    table = shares_table(problem, tuple(told.values()))
    assert len(table.rows) == len(told)


def test_one_language_alone_has_nobody_to_take_from():
    problem = world([[1.0]], [100.0])
    (reason,) = explain_shares(problem, solve(problem))
    assert (reason.share, reason.held) == (1.0, "free")
    assert reason.more is None
    assert reason.less is None
    assert share_sentence(problem, reason).startswith("a, 100%")


def test_a_guardrail_bars_what_would_harm_its_language():
    rail = Guardrail("b", 0.0, "uniform")
    tau = np.eye(3) * 0.9 + 0.1
    problem = world(tau, [10.0, 10.0, 50.0], ["a", ("c", 1.0)], limits=(rail,), phi=0.1)
    mixture = solve(problem)
    told = by_language(problem, mixture)
    assert told["b"].share > 0.2
    assert told["b"].less.breaks == (rail.name,)
    assert told["b"].gifts[0].target == "b"


def test_machine_text_gives_the_next_token_where_human_text_ends():
    """Of two pools of one language the one with room decides: its language is free to move."""
    pools = [pool("a", 1.0), pool("a", 50.0, "translated"), pool("b", 50.0)]
    problem = world([[1, 0], [0.5, 1]], pools, phi=0.1, exact_tokens=True)
    told = by_language(problem, solve(problem))
    assert told["a"].held == "free"
    assert told["a"].value == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("objective_name", ["worst", "expected", "cautious"])
def test_every_objective_has_its_reasons(objective_name):
    draws = {} if objective_name == "worst" else {"draws": 20}
    problem, mixture = asked(
        targets={"cat": 1, "glg": 1}, budget=300e9, objective=objective_name, **draws
    )
    told = by_language(problem, mixture)
    for reason in told.values():
        for move in filter(None, (reason.more, reason.less)):
            assert move.relative > -1e-4 or move.breaks
        assert sum(gift.part for gift in reason.gifts) == pytest.approx(1.0, abs=2e-3)
