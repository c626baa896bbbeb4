"""A file of scenarios on the command line: compared, checked over its own tables, or refused."""

import json
import zipfile

import pytest
from command_line import CARD, SCORES, assert_refused, runner

from atlasmix.evidence.overlay import Overlay, lay
from atlasmix.evidence.shelf import MATRICES
from atlasmix.mixture.scenarios import answer_scenario
from atlasmix.problem.scenarios import keep
from atlasmix.recipe.recipe import make_recipe
from atlasmix.recipe.scenario_file import dump_scenarios


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The command line in a folder with a file of five scenarios, one on a table of its own."""
    folder = tmp_path_factory.mktemp("scenarios")
    files = {"table": "ours.csv", "card": "card.yaml"}
    store, _ = lay(Overlay("/nonexistent"), MATRICES, SCORES.encode(), CARD.encode(), files)

    def recipe_of(scenario):
        each = answer_scenario(scenario, store)
        return make_recipe(each.problem, each.mixture, each.comparisons)

    scenarios = ()
    for name, question in (
        ("Base", {"targets": {"cat": 1}}),
        ("Ours", {"targets": {"cat": 1}, "matrix": "ours"}),
        ("Triple", {"targets": {"cat": 1}, "budget": 300_000_000_000}),
        ("Eight", {"targets": {"cat": 1}, "max_epochs": 8}),
        ("Two", {"targets": {"cat": 1}, "max_epochs": 2}),
    ):
        scenarios = keep(scenarios, name, question)
    folder.joinpath("scenarios.zip").write_bytes(dump_scenarios(scenarios, recipe_of, store))
    return runner(folder)


def test_the_first_four_are_compared(made):
    done = made("compare", "scenarios.zip", "--json")
    assert done.status == 0, done.err
    data = json.loads(done.out)
    assert [each["name"] for each in data["scenarios"]] == ["Base", "Ours", "Triple", "Eight"]
    assert data["compared_with"] == "Base"
    solved = made("solve", "--target", "cat", "--max-epochs", "8", "--json")
    assert data["scenarios"][3]["proportions"] == pytest.approx(
        json.loads(solved.out)["proportions"], abs=1e-6
    )


def test_some_are_chosen_and_one_to_compare_with(made):
    words = ("--only", "Two", "--only", "Eight", "--against", "Eight")
    done = made("compare", "scenarios.zip", *words)
    assert done.status == 0, done.err
    assert "of the tokens of 'Two' go elsewhere than those of 'Eight'" in " ".join(done.out.split())
    assert "Base" not in done.out


def test_every_recipe_is_checked_over_the_tables_of_the_file(made):
    done = made("check", "scenarios.zip")
    assert done.status == 0, done.out + done.err
    assert done.out.count("The recipe holds") == 5


def test_unpacked_a_recipe_is_checked_with_the_store_beside_it(made):
    folder = made("--version").folder
    zipfile.ZipFile(folder / "scenarios.zip").extractall(folder / "out")
    alone = made("check", "out/recipes/2-ours.yaml")
    assert alone.status == 1
    done = made("check", "out/recipes/2-ours.yaml", "--store", "out/store")
    assert (done.status, done.out.count("The recipe holds")) == (0, 1), done.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("scenarios.zip", "gpt-3"), "is a file of scenarios: it is compared by itself"),
        (("scenarios.zip", "--against", "Bose"), "no scenario 'Bose': there is 'Base', 'Ours'"),
        (("gpt-3",), "'gpt-3' stands alone: name another mixture"),
        (("gpt-3", "llama-3", "--only", "a"), "--only is of a file of scenarios"),
    ],
)
def test_what_does_not_go_together_is_refused(made, words, sentence):
    assert_refused(made("compare", *words), sentence)


def test_another_archive_is_refused_whole(made):
    folder = made("--version").folder
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    for command in ("compare", "check"):
        assert_refused(made(command, "other.zip"), "holds 'a.txt': expected the ZIP")
