"""A recipe of a compute budget: what it records, that it checks, and what is refused in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.recipe.check import check
from atlasmix.recipe.compare import compare_mixtures
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.solver.compute import at_compute


@pytest.fixture(scope="module")
def computed(store: Store) -> Recipe:
    problem = problem_from_mapping({"targets": "cat", "compute": "1e22"}, store)
    return make_recipe(problem, solve(problem))


def test_the_question_keeps_its_compute(store: Store) -> None:
    problem = problem_from_mapping({"targets": "cat", "compute": "1e22 FLOPs"}, store)
    written = problem_to_mapping(problem)
    assert written["compute"] == 1e22
    assert "budget" not in written
    assert "params" not in written
    assert problem_from_mapping(written, store).compute == 1e22
    assert problem_to_mapping(at_compute(problem)) == written


def test_what_is_recorded(computed: Recipe) -> None:
    chosen = computed.allocation
    assert chosen is not None
    assert 0.999e22 <= 6 * chosen.params * chosen.budget <= 1e22 * (1 + 1e-9)
    assert computed.tokens + computed.unspent == chosen.budget
    assert chosen.proved
    text = dump_recipe(computed)
    assert load_recipe(text) == computed
    assert yaml.safe_load(text)["question"]["compute"] == 1e22


def test_it_holds_and_the_bytes_stay(computed: Recipe, store: Store) -> None:
    problem = at_compute(problem_from_mapping({"targets": "ca", "compute": 1e22}, store))
    assert dump_recipe(make_recipe(problem, solve(problem))) == dump_recipe(computed)
    assert check(computed, store).verdict == "holds"


def test_another_size_today_is_said(computed: Recipe, store: Store) -> None:
    assert computed.allocation is not None
    twice = replace(computed.allocation, params=2 * computed.allocation.params)
    found = check(replace(computed, allocation=twice), store)
    assert found.verdict == "drifted"
    assert "and is best spent on 6.72B parameters" in found.resized


def test_it_is_compared_at_its_own_size(computed: Recipe, store: Store) -> None:
    plain = problem_from_mapping({"targets": "cat"}, store)
    other = make_recipe(plain, solve(plain))
    found = compare_mixtures(computed, other, store)
    by_a, by_b = found.judgements
    assert by_a.a is not None
    assert by_a.a[0].loss == pytest.approx(computed.targets[0].loss, rel=1e-5)
    assert by_b.b is not None
    assert by_b.b[0].loss == pytest.approx(other.targets[0].loss, rel=1e-5)
    assert ("compute", 1e22, None) in found.question


def test_baselines_are_judged_at_the_size_that_was_chosen(store: Store) -> None:
    problem = problem_from_mapping({"targets": "cat", "compute": 1e22}, store)
    chosen = at_compute(problem)
    assert compare(problem) == compare(chosen)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"params": 3}, "6 x params x budget is not the compute of the question"),
        ({"budget": 5}, "budget is not the tokens read and unspent"),
        ({"params": -1}, "found -1, expected a whole number >= 1"),
    ],
)
def test_an_edited_size(computed: Recipe, change: dict[str, int], words: str) -> None:
    content = yaml.safe_load(dump_recipe(computed))
    content["answer"]["allocation"] |= change
    with pytest.raises(DataError, match=words):
        load_recipe(yaml.safe_dump(content))


def test_a_size_without_a_compute_and_the_other_way(computed: Recipe, recipe: Recipe) -> None:
    content = yaml.safe_load(dump_recipe(computed))
    del content["answer"]["allocation"]
    with pytest.raises(DataError, match="expected if the question has compute, and only then"):
        load_recipe(yaml.safe_dump(content))
    plain = yaml.safe_load(dump_recipe(recipe))
    plain["answer"]["allocation"] = {"params": 1, "budget": 1, "gap": None, "proved": True}
    with pytest.raises(DataError, match="expected if the question has compute, and only then"):
        load_recipe(yaml.safe_dump(plain))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"compute": 1e22, "budget": "1T"}, "compute and budget are both given"),
        ({"compute": 1e22, "params": "2B", "budget": "1B"}, "compute and budget and params are"),
        ({"compute": "a lot"}, "compute is 'a lot': expected a number of FLOPs, such as 1e22"),
        ({"compute": -1e22}, "expected a finite number above 0, such as 1e22"),
        ({"compute": "inf"}, "expected a finite number above 0, such as 1e22"),
        ({"compute": True}, "compute is 'True': expected a number of FLOPs"),
    ],
)
def test_questions_that_are_refused(store: Store, question: dict[str, object], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem_from_mapping({"targets": "cat", **question}, store)


def test_phases_that_no_compute_could_have_are_refused_at_once() -> None:
    asked = {"targets": "cat", "compute": "1e22", "phases": [{"name": "end", "tokens": "20%"}]}
    with pytest.raises(ProblemError, match="the shares of the phases sum to 20%: expected 100%"):
        problem_from_mapping(asked)


def test_phases_divide_what_the_compute_buys() -> None:
    """N and D are those of the question without phases; a count is checked once D is known."""
    asked = {"targets": "cat,spa", "compute": "1e22"}
    phases = [
        {"name": "main", "tokens": "80%"},
        {"name": "end", "tokens": "rest", "min": {"cat": "70%"}},
    ]
    whole = problem_from_mapping(asked)
    parted = problem_from_mapping({**asked, "phases": phases})
    mixture = solve(parted)
    assert mixture.proportions == pytest.approx(solve(whole).proportions, abs=1e-9)
    assert sum(phase.tokens for phase in mixture.phases) == pytest.approx(mixture.tokens)
    too_much = problem_from_mapping(
        {**asked, "phases": [{"name": "main", "tokens": "80B"}, {"name": "end", "tokens": "900B"}]}
    )
    with pytest.raises(ProblemError, match=r"ask for 980B tokens, above the \S+ that are best"):
        solve(too_much)
