"""The page Recipes: they open, are checked and compared, and say what no longer holds."""

from pathlib import Path

import pytest
from controls import control

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import make_recipe

STORE = Store("/nonexistent")
FORMER = Path(__file__).parents[1] / "recipe" / "former_recipe.yaml"


def recipe_of(**asked):
    problem = problem_from_mapping(asked, STORE)
    return dump_recipe(make_recipe(problem, solve(problem))).encode()


def test_the_answer_of_mix_is_a_recipe_that_holds(visit):
    guest = visit()
    guest.page("recipes")
    assert "The recipe holds: solved again, the mixture is the same" in guest.words()
    mixture = solve(problem_from_mapping({"targets": "cat"}, STORE))
    shown = {
        name: x
        for trace in guest.figures()[0]["data"]
        for name, x in zip(trace["y"], trace["x"], strict=True)
    }
    assert shown == {
        name_of(key): pytest.approx(100 * share, abs=1e-3)
        for key, share in mixture.proportions.items()
    }
    assert "human, hplt-v4" in guest.words()


def open_recipe(at, place, content, name="mine.yaml"):
    control(at, "selectbox", f"Recipe {place}").set_value("A recipe file").run()
    uploader = next(one for one in at.file_uploader if one.key == f"file-{place}")
    uploader.set_value((name, content, "text/yaml")).run()


def test_a_file_is_opened_checked_and_taken_to_mix(visit):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "A", recipe_of(targets="cat", max_epochs=2))
    guest.whole()
    assert "A: mine.yaml, 100B tokens" in guest.words()
    assert "The recipe holds" in guest.words()
    next(one for one in at.button if one.label.startswith("Open its question")).click().run()
    guest.whole()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "max_epochs": 2}


def test_what_keeps_a_recipe_from_being_certified_stands_on_its_page(visit):
    guest = visit()
    at = guest.page("recipes")
    text = recipe_of(targets="yor,eng", budget="8T", min={"yor": 0.01})
    open_recipe(at, "A", text)
    guest.whole()
    (warning,) = at.warning
    said = warning.value.replace("\\", "")
    assert said.startswith("**Before you use this:** A limit was met by shrinking the run from 8T")
    assert "'min Yoruba 1%'" in said
    at = guest.page("recipes")
    open_recipe(at, "A", recipe_of(targets="cat"))
    assert not at.warning


def test_a_recipe_of_the_former_law_is_read_and_said_to_be_superseded(visit):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "A", FORMER.read_bytes(), "former.yaml")
    guest.whole()
    words = guest.words()
    assert "The recipe's law is superseded: its mixture stands, its predictions do not." in words
    assert "a donor may take data away" in words
    recipe = load_recipe(FORMER)
    shown = {
        name: x
        for trace in guest.figures()[0]["data"]
        for name, x in zip(trace["y"], trace["x"], strict=True)
    }
    assert shown == {
        name_of(key): pytest.approx(100 * share) for key, share in recipe.proportions.items()
    }
    drawn = {trace["name"]: trace["y"] for trace in guest.figures()[0]["data"]}
    assert set(drawn["target"]) == {"Catalan", "Welsh", "Norwegian Bokmål"} & set(shown)


def test_an_edited_recipe_is_found_out(visit):
    guest = visit()
    at = guest.page("recipes")
    edited = recipe_of(targets="cat").replace(b"score: 0.4", b"score: 0.9")
    open_recipe(at, "A", edited)
    assert "The recipe was edited" in guest.words()


def test_two_recipes_are_compared(visit):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "B", recipe_of(targets="cat", max_epochs=2))
    guest.whole()
    second, first = guest.figures()[0]["data"]
    shown = dict(zip(second["y"], second["x"], strict=True))
    mixture = solve(problem_from_mapping({"targets": "cat", "max_epochs": 2}, STORE))
    assert shown["Catalan"] == pytest.approx(100 * mixture.proportions["cat"], abs=1e-3)
    assert first["name"] == "the answer on Mix"
    assert "Predicted effect by the question of A" in guest.words()


def test_a_published_mixture_is_set_beside(visit):
    guest = visit()
    at = guest.page("recipes")
    control(at, "selectbox", "Recipe B").set_value("A published mixture").run()
    control(at, "selectbox", "Mixture").set_value("salamandra-7b").run()
    guest.whole()
    assert "has pools here, scaled to 1" in guest.words()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"targets: [cat]", "is no recipe"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"schema: atlasmix/recipe/1\nquestion: {}\n", "faults: mend what follows"),
        (b"schema: !!python/name:os.system x", "is not plain YAML"),
    ],
)
def test_what_is_no_recipe_is_refused(visit, content, words):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "A", content)
    guest.whole()
    assert words in guest.words()


def test_a_recipe_never_names_a_file_of_the_host(visit, tmp_path):
    law = tmp_path / "law.yaml"
    law.write_text("secret: words")
    guest = visit()
    at = guest.page("recipes")
    usual = f"law: {DEFAULT_LAW}".encode()
    whole = recipe_of(targets="cat")
    assert usual in whole
    open_recipe(at, "A", whole.replace(usual, f"law: {law}".encode()))
    assert "files are not read here" in guest.words()
    assert "secret" not in guest.words()
