"""A recipe of the first version: its mixture is read, its law is superseded, and that is said."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from recipe_samples import set_at

from atlasmix.audit.lint import Standard, lint
from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.interop.cards.facts import CardOptions, facts_of_recipe
from atlasmix.problem.parsing import problem_from_mapping, read_question
from atlasmix.recipe.as_mixture import given_of_recipe, read_given
from atlasmix.recipe.check import check
from atlasmix.recipe.compare import compare_mixtures
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import Recipe
from atlasmix.recipe.run_phases import phases_of

FILE = Path(__file__).with_name("former_recipe.yaml")
STORE = Store("/nonexistent")


@pytest.fixture(scope="module")
def former() -> Recipe:
    return load_recipe(FILE)


def content() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def changed(**question: Any) -> Recipe:
    old = content()
    old["question"] |= question
    return load_recipe(yaml.safe_dump(old, sort_keys=False))


def test_its_mixture_is_read_and_nothing_that_its_law_predicted(former: Recipe) -> None:
    answer = content()["answer"]
    assert [dataclasses.asdict(pool) for pool in former.pools] == answer["pools"]
    assert (former.tokens, former.unspent) == (answer["tokens"], answer["unspent"])
    assert former.params == 2_000_000_000
    assert (former.targets, former.baselines, former.origin["pairs"]) == ((), (), [])
    assert former.certificate.value is None
    assert not former.certificate.exact
    assert former.warnings[0].startswith("its law is superseded")


def test_written_anew_it_is_the_file_to_the_byte(former: Recipe) -> None:
    """Exports and cards name the hash of a recipe: it must be that of the file one has."""
    assert dump_recipe(former) == FILE.read_text(encoding="utf-8")


def test_check_names_the_old_law_and_what_to_do(former: Recipe) -> None:
    found = check(former, STORE)
    assert found.verdict == "superseded"
    assert "L = E + A/N^α + B/D_eff^β" in found.reason
    assert "solve the question in OLD.yaml again" in found.reason
    # Its interference of 1 was written unasked: nothing needs to be changed first.
    assert "first change" not in found.reason


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"interference": 0.5}, "first change its interference (leave it out)"),
        ({"spend_all": True}, "first change its spend_all (write tokens: exactly)"),
        ({"objective": "effective-data"}, "first change its objective (write loss)"),
        (
            {"interference": 0, "objective": "effective-data"},
            "first change its interference (leave it out) and objective (write loss)",
        ),
    ],
)
def test_check_says_which_key_to_change_first(question: dict[str, Any], words: str) -> None:
    assert words in check(changed(**question), STORE).reason


def test_its_question_is_asked_again_as_it_stands() -> None:
    problem = problem_from_mapping(read_question(FILE), STORE)
    assert problem.target_keys == ("cat", "cym", "nob")
    assert (problem.law.name, problem.decay) == ("muennighoff-2023", 0.04)


def test_lint_and_cards_see_its_pools(former: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_bytes(FILE.read_bytes())
    mixture, recipe = read_given(path)
    assert mixture is None
    assert recipe == former
    report = lint(given_of_recipe(former, "old.yaml"), Standard())
    assert report.tokens == former.tokens
    assert {row.name: row.cap for row in report.rows}["cym.human.fineweb2"] == 8
    facts = facts_of_recipe(former, "old.yaml", CardOptions())
    assert facts.sha256 == hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert dict(facts.languages) == pytest.approx(former.proportions)
    (only,) = phases_of(former)
    assert only.tokens == former.tokens


def test_it_is_compared_with_a_recipe_of_today(former: Recipe, recipe: Recipe) -> None:
    """Both are judged by the law of today, by the question of either that can be asked."""
    found = compare_mixtures(recipe, former, STORE)
    assert "B was solved under a law that is superseded" in " ".join(found.evidence)
    assert {move.language for move in found.diff.languages} >= {"cat", "cym", "nob", "spa"}
    assert found.diff.distance > 0.5
    by_old = found.judgements[1]
    assert by_old.b is not None
    assert all(effect.loss > 0 for effect in by_old.b)


def test_it_is_compared_even_where_its_question_cannot_be_asked(recipe: Recipe) -> None:
    odd = changed(interference=0.5)
    found = compare_mixtures(odd, recipe, STORE)
    assert [judgement.by for judgement in found.judgements] == ["A", "B"]
    assert found.judgements[0].a is found.judgements[0].b is None
    assert "the question of A cannot be asked today: " in found.judgements[0].note
    assert found.judgements[1].b is not None
    beside = compare_mixtures(odd, given_of_recipe(recipe, "r.yaml"), STORE)
    assert "cannot be asked today" in beside.judgements[0].note


def test_a_question_of_today_that_cannot_be_asked_is_no_comparison(recipe: Recipe) -> None:
    odd = dataclasses.replace(recipe, question={**recipe.question, "interference": 1})
    with pytest.raises(ProblemError, match="leave it out"):
        compare_mixtures(odd, recipe, STORE)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("answer", "pools", 0, "proportion"), 0.5, "proportions sum to"),
        (("answer", "pools", 0, "tokens"), 7, "but the pools read"),
        (("answer", "pools"), [], r"answer\.pools"),
        (("answer", "pools", 0, "note"), "x", "no key 'note'"),
        (("question", "targets"), {}, r"question\.targets"),
        (("question", "params"), "many", "question.params is 'many'"),
        (("origin", "matrix", "sha256"), "abc", "expected a text matching regex"),
        (("origin", "law"), {}, "'name' is missing"),
    ],
)
def test_a_broken_one_is_refused(path: tuple[str | int, ...], value: object, words: str) -> None:
    old = content()
    set_at(old, path, value)
    with pytest.raises((DataError, ProblemError), match=words):
        load_recipe(yaml.safe_dump(old, sort_keys=False))
