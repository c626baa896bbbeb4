"""A law learned from runs on a shelf of one's own: by name alone, in a file of scenarios too."""

import pytest
from law_runs import law_file

from atlasmix.errors import AtlasMixError, DataError, Infeasible
from atlasmix.evidence.overlay import Overlay, save, take_away
from atlasmix.evidence.shelf import LAWS
from atlasmix.fitting.solving_law import lay_law
from atlasmix.mixture.advice import advise_after
from atlasmix.mixture.solve import solve
from atlasmix.problem.link import short_question, stranger_problem
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.scenarios import keep
from atlasmix.recipe.check import check
from atlasmix.recipe.recipe import make_recipe
from atlasmix.recipe.scenario_file import dump_scenarios, load_scenarios

EMPTY = Overlay("/nonexistent")
SHELF, NAME = lay_law(EMPTY, law_file(), "Mine (2).yaml")
ASKED = {"law": NAME, "targets": {"cat": 1}}


def test_it_answers_as_the_file_does_by_its_path(tmp_path, monkeypatch):
    """The same numbers and hashes: a recipe made here is checked beside the file elsewhere."""
    assert NAME == "mine-2.yaml"
    (tmp_path / NAME).write_bytes(law_file())
    monkeypatch.chdir(tmp_path)
    here, there = stranger_problem(ASKED, SHELF), problem_from_mapping(ASKED)
    assert here.law.sha256 == there.law.sha256
    assert here.matrix.sha256 == there.matrix.sha256
    recipe = make_recipe(here, solve(here))
    assert check(recipe, EMPTY).verdict == "broken"
    assert {check(recipe, each).verdict for each in (SHELF, None)} == {"holds"}


@pytest.mark.parametrize(
    "more", [{}, {"matrix": "atlasmix-2026"}, {"matrix": NAME}, {"budget": "100B", "params": "2B"}]
)
def test_a_short_question_is_read_back_to_the_same(more):
    """What is usual elsewhere is not usual of a law that brings its matrix and size."""
    problem = stranger_problem({**ASKED, **more}, SHELF)
    again = stranger_problem(short_question(problem), SHELF)
    for name in ("budget", "params", "exact_tokens"):
        assert getattr(again, name) == getattr(problem, name)
    assert again.matrix.name == problem.matrix.name == more.get("matrix", NAME)


def test_a_shelf_opens_no_file_for_it(tmp_path, monkeypatch):
    (tmp_path / NAME).write_bytes(law_file())
    monkeypatch.chdir(tmp_path)
    for name in (NAME, f"{tmp_path}/{NAME}", f"./{NAME}"):
        with pytest.raises(AtlasMixError, match="files are not read here"):
            stranger_problem({**ASKED, "law": name}, EMPTY)


def test_it_lies_once_in_bounds_and_in_no_store(tmp_path):
    with pytest.raises(DataError, match="lies here already"):
        lay_law(SHELF, law_file(), NAME, NAME)
    with pytest.raises(DataError, match="cannot be the name"):
        lay_law(EMPTY, law_file(), "x", "../up")
    with pytest.raises(DataError, match=r"not 'scenarios\.yaml'"):
        lay_law(EMPTY, law_file(), "scenarios.yaml")
    full = EMPTY
    for number in range(8):
        full, _ = lay_law(full, law_file(), f"law-{number}")
    with pytest.raises(DataError, match="at most 8; take one away"):
        lay_law(full, law_file(), "one-more")
    with pytest.raises(DataError, match="no store holds one"):
        save(SHELF, LAWS, NAME)
    assert take_away(SHELF, LAWS, NAME) == EMPTY
    assert SHELF.digest() != EMPTY.digest()


def test_scenarios_carry_the_law_and_nothing_that_no_question_names():
    scenarios = keep(keep((), "usual", {"targets": {"cat": 1}}), "ours", ASKED)

    def recipe_of(scenario):
        problem = stranger_problem(scenario.question, SHELF)
        return make_recipe(problem, solve(problem))

    written = dump_scenarios(scenarios, recipe_of, SHELF)
    opened = load_scenarios(written, EMPTY)
    assert opened.store.entries == SHELF.entries
    assert check(opened.recipes["ours"], opened.store).verdict == "holds"
    assert load_scenarios(written, SHELF).store.entries == SHELF.entries
    alone = load_scenarios(dump_scenarios(scenarios[:1], recipe_of, SHELF), EMPTY)
    assert alone.store.entries == ()
    with pytest.raises(DataError, match=r"'ours' rests on mine-2\.yaml, which is gone"):
        dump_scenarios(scenarios, recipe_of, EMPTY)
    other, _ = lay_law(EMPTY, law_file(joint=False), NAME)
    with pytest.raises(DataError, match=r"law 'mine-2\.yaml' lies here already"):
        load_scenarios(written, other)


@pytest.mark.parametrize(
    ("question", "store", "first"),
    [
        ({**ASKED, "targets": {"cat": 1, "glg": 2}}, SHELF, "only Catalan"),
        ({**ASKED, "targets": {"glg": 2}}, SHELF, "only Catalan, English, Spanish"),
        (ASKED, EMPTY, "the usual one"),
    ],
    ids=["one lacks", "all lack", "not brought"],
)
def test_what_the_law_cannot_say_has_a_way_out_that_is_answered(question, store, first):
    steps = advise_after(question, Infeasible("", ()), store)
    assert steps[0].change == first
    assert steps[-1].change == "the usual one"
    for step in steps:
        solve(problem_from_mapping(step.question, store))
