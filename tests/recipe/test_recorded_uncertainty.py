"""Draws in a recipe: asked for in the question, recorded, read back, and drawn again by check."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.command import solve_command
from atlasmix.problem.link import short_question
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.recipe.check import check
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import Recipe, make_recipe

QUESTION = {"targets": "cat", "draws": 24, "seed": 5, "guardrails": {"eng": "20%"}}


@pytest.fixture(scope="module")
def drawn(store: Store) -> Recipe:
    problem = problem_from_mapping(QUESTION, store)
    return make_recipe(problem, with_uncertainty(problem, solve(problem)))


def test_a_recipe_with_draws_is_read_back_whole(drawn: Recipe) -> None:
    again = load_recipe(dump_recipe(drawn))
    assert again.uncertainty == drawn.uncertainty
    assert (again.uncertainty.draws, again.uncertainty.seed) == (24, 5)
    assert again.question["draws"] == 24
    assert {each.language for each in again.uncertainty.losses} == {"cat"}
    assert again.uncertainty.guardrails[0].limit == "guardrail eng 20% over natural"


def test_it_holds_where_the_same_draws_give_the_same(drawn: Recipe, store: Store) -> None:
    assert check(drawn, store).verdict == "holds"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sure: replace(sure, seed=6), "interval of the loss of Catalan"),
        (
            lambda sure: replace(sure, shares=(replace(sure.shares[0], low=0.1), *sure.shares[1:])),
            "interval of the share of",
        ),
        (
            lambda sure: replace(sure, regret=replace(sure.regret, expected=0.3)),
            "expected regret",
        ),
    ],
    ids=["seed", "share", "regret"],
)
def test_other_draws_are_said(drawn: Recipe, store: Store, change: object, words: str) -> None:
    edited = replace(drawn, uncertainty=change(drawn.uncertainty))
    report = check(edited, store)
    assert report.verdict == "drifted"
    assert any("give otherwise today" in each and words in each for each in report.evidence)


def test_without_draws_nothing_is_drawn_by_a_check(recipe: Recipe, store: Store) -> None:
    assert recipe.uncertainty is None
    assert "uncertainty" not in yaml.safe_load(dump_recipe(recipe))["answer"]
    assert check(recipe, store).verdict == "holds"


def test_the_question_writes_draws_only_where_they_were_asked_for(store: Store) -> None:
    asked = problem_from_mapping(QUESTION, store)
    assert problem_from_mapping(problem_to_mapping(asked), store).draws == 24
    assert "--draws 24 --seed 5" in solve_command(short_question(asked))
    default = problem_from_mapping({"targets": "cat"}, store)
    assert "draws" not in problem_to_mapping(default)
    assert "--draws" not in solve_command(short_question(default))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"draws": 5}, "5 draws: expected 20 to 10,000, or 0 for none"),
        ({"draws": 20_000}, "20,000 draws"),
        ({"draws": -1}, "draws is -1: expected a whole number from 0"),
        ({"draws": "many"}, "draws is 'many'"),
        ({"draws": 30, "seed": -2}, "seed is -2"),
        ({"draws": 30, "seed": 1e30}, "the seed is"),
    ],
    ids=str,
)
def test_draws_that_cannot_be_made(store: Store, question: dict, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem_from_mapping({"targets": "cat", **question}, store)


def test_a_file_with_a_broken_interval_is_refused(drawn: Recipe) -> None:
    content = yaml.safe_load(dump_recipe(drawn))
    content["answer"]["uncertainty"]["shares"][0]["high"] = 1.5
    with pytest.raises(DataError) as refused:
        load_recipe(yaml.safe_dump(content))
    assert any("uncertainty.shares" in fault for fault in refused.value.faults)
