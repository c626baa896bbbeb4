"""Rephrased text saturates with the documents it was made from, in the program itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judge import VIEWS, effective, grid, score, tokens_of
from worlds import pool, world

from atlasmix.mixture.prediction import target_effects
from atlasmix.mixture.solve import solve
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.solver.compile import compile_problem, distinct_tokens, source_tokens
from atlasmix.solver.engines import Engine

TAU = np.array([[1.0, 0.3], [0.3, 1.0]])


def mixed(rephrased: float, *more: object, **options: object) -> MixProblem:
    """A target with 3B of human text, its rephrases, and a donor."""
    pools = [pool("a", 3.0), pool("a", rephrased, "rephrased"), pool("b", 60.0), *more]
    return world(TAU, pools, **{"budget": 30e9, **options})


def given(problem: MixProblem, tokens: float) -> float:
    """Effective tokens of a that so many rephrased tokens alone give, by the answer's own words."""
    read = np.array([tokens if p.provenance == "rephrased" else 0.0 for p in problem.pools])
    (effect,) = target_effects(problem, read)
    return effect.effective_data


def test_rephrases_begin_as_human_text_and_end_at_a_part_of_their_source():
    problem = mixed(500.0)
    assert given(problem, 0.01e9) == pytest.approx(0.01e9, rel=1e-9)
    values = [given(problem, tokens) for tokens in np.geomspace(1e8, 1e13, 30)]
    assert np.all(np.diff(values) >= 0)
    assert values[-1] == pytest.approx(VIEWS * 3e9, rel=1e-6)
    # 32 times over: data efficiency 1.48, as was measured.
    assert 3e9 + given(problem, 32 * 3e9) == pytest.approx(1.48 * 3e9, rel=1e-3)


def test_the_ceiling_is_that_of_the_source_whatever_lambda_and_worth():
    for decay in (0.01, 0.34):
        assert given(mixed(500.0, decay=decay), 1e13) == pytest.approx(VIEWS * 3e9, rel=1e-6)
    half = mixed(500.0)
    half = replace(half, worth={**half.worth, "rephrased": 0.5})
    assert given(half, 0.01e9) == pytest.approx(0.005e9, rel=1e-9)
    assert given(half, 1e13) == pytest.approx(VIEWS * 3e9, rel=1e-6)


def test_two_pools_of_rephrases_are_views_of_the_same_documents():
    """Counted one by one they would give twice what their source has to give."""
    split = mixed(300.0, pool("a", 200.0, "rephrased", "other"))
    at = 40e9
    assert given(split, 1e13) == pytest.approx(VIEWS * 3e9, rel=1e-6)
    read = np.array([0.0, 0.6 * at, 0.0, 0.4 * at])
    assert effective(split, read, "a") == pytest.approx(effective(mixed(500.0), _one(at), "a"))
    assert sorted(compile_problem(split).columns) == [(0,), (2,), (3, 1)]


def _one(tokens: float) -> np.ndarray:
    return np.array([0.0, tokens, 0.0])


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
@pytest.mark.parametrize("rephrased", [0.02, 2.0, 40.0])
def test_no_mixture_of_a_grid_is_better(rephrased, engine):
    problem = mixed(rephrased)
    mixture = solve(problem, engine)
    values = score(problem, grid(problem, 25))
    told = score(problem, tokens_of(mixture)[None, :])[0]
    assert mixture.certificate.value == pytest.approx(told, rel=1e-9)
    assert told <= values.min() + 2e-5 * (told - problem.law.E)
    assert mixture.certificate.bound <= values.min() * (1 + 1e-12)  # the grid holds the answer
    assert mixture.certificate.gap <= 2e-5


def test_the_epoch_cap_is_on_the_tokens_that_there_are():
    problem = mixed(5.0)
    assert compile_problem(problem).program.upper[1] * problem.budget == pytest.approx(20e9)
    assert distinct_tokens(problem)[1] < 0.1e9


def test_pools_of_other_provenances_are_as_they_were():
    problem = mixed(5.0)
    distinct = distinct_tokens(problem)
    assert [distinct[0], distinct[2]] == [3e9, 60e9]


def test_without_a_source_no_ceiling_is_known():
    problem = world(TAU, [pool("a", 5.0, "rephrased"), pool("b", 60.0)], budget=30e9)
    assert source_tokens(problem, "a") == 0.0
    assert distinct_tokens(problem)[0] == 5e9


def test_a_source_that_may_not_be_read_is_a_source_all_the_same():
    whole = mixed(5.0)
    closed = replace(whole, pools=whole.pools[1:])
    assert source_tokens(closed, "a") == 3e9
    assert given(closed, 1e13) == pytest.approx(VIEWS * 3e9, rel=1e-6)


def test_more_human_text_is_priced_for_what_its_rephrases_give_too():
    problem = mixed(40.0, budget=60e9)
    prices = {each.subject: each for each in solve(problem).prices if each.kind == "unique"}
    price = prices["a"]

    def grown(step: float) -> float:
        """Every pool of a grows, in proportion."""
        part = 1.0 + step / 43e9
        pools = tuple(
            replace(p, unique_tokens=p.unique_tokens * part) if p.language == "a" else p
            for p in problem.pools
        )
        asked = replace(problem, pools=pools, inventory=replace(problem.inventory, pools=pools))
        return solve(asked).certificate.value

    assert price.change == "+1B unique tokens"
    assert price.value == pytest.approx((grown(5e8) - grown(-5e8)), rel=2e-2)


def test_the_answer_says_what_rephrases_were_counted_as():
    mixture = solve(mixed(40.0))
    (said,) = (each for each in mixture.warnings if "rephrased" in each)
    tokens = tokens_of(mixture)[1]
    assert f"{format_quantity(tokens)} tokens of rephrased a are counted as" in said
    assert "documents that hold 3B human tokens, and have 0.48 times" in said
    bare = solve(world(TAU, [pool("a", 5.0, "rephrased"), pool("b", 60.0)], budget=30e9))
    assert any("without a ceiling" in each for each in bare.warnings)
    human = solve(world(TAU, [pool("a", 5.0), pool("b", 60.0)], budget=30e9))
    assert not any("rephrased" in each for each in human.warnings)


@pytest.mark.parametrize("options", [{"objective": "worst"}, {"objective": "expected"}])
def test_it_holds_under_other_objectives(options):
    problem = mixed(40.0, draws=20, **options)
    mixture = solve(problem)
    assert mixture.certificate.gap <= 2e-5
    assert mixture.targets[0].effective_data == pytest.approx(
        float(effective(problem, tokens_of(mixture), "a")), rel=1e-9
    )
