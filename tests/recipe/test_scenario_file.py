"""A file of scenarios opens to what was written, with its tables; a bad one is a sentence."""

import io
import zipfile

import pytest

from atlasmix.errors import AtlasMixError, DataError
from atlasmix.evidence.overlay import Overlay, lay
from atlasmix.evidence.shelf import MATRICES
from atlasmix.evidence.store import Store
from atlasmix.io.files import read_zip, zip_files
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.link import short_question, stranger_problem
from atlasmix.problem.scenarios import keep
from atlasmix.recipe.check import check
from atlasmix.recipe.recipe import make_recipe
from atlasmix.recipe.scenario_file import dump_scenarios, load_scenarios

CARD = b"""\
title: Ours
metric: BTS
orientation: source to target
status: measured
stderr: {measured: 0.05}
source: our own runs
licence: private
"""
SCORES = b"source,target,score\nspa,cat,0.4\ncat,spa,0.3\n"
EMPTY = Overlay("/nonexistent")
OURS, _ = lay(EMPTY, MATRICES, SCORES, CARD, {"table": "ours.csv", "card": "card.yaml"})


def recipe_of(scenario):
    problem = stranger_problem(scenario.question, OURS)
    return make_recipe(problem, solve(problem), compare(problem))


def kept():
    scenarios = ()
    for name, question in (
        ("Base", {"targets": {"cat": 1}}),
        ("Our scores / 2", {"targets": {"cat": 1}, "matrix": "ours"}),
        ("Cannot be", {"targets": {"cat": 1}, "min": {"spa": 0.7, "eng": 0.7}}),
    ):
        asked = short_question(stranger_problem(question, OURS))
        scenarios = keep(scenarios, name, asked)
    return scenarios


@pytest.fixture(scope="module")
def written():
    return dump_scenarios(kept(), recipe_of, OURS)


def test_it_opens_to_what_was_written_with_its_tables(written):
    opened = load_scenarios(written, EMPTY)
    assert opened.scenarios == kept()
    assert opened.store.entries == OURS.entries
    assert list(opened.recipes) == ["Base", "Our scores / 2"]
    assert {check(each, opened.store).verdict for each in opened.recipes.values()} == {"holds"}
    assert dump_scenarios(opened.scenarios, recipe_of, opened.store) == written


def test_unpacked_it_is_recipes_and_a_store(written, tmp_path):
    zipfile.ZipFile(io.BytesIO(written)).extractall(tmp_path)
    store = Store(str(tmp_path / "store"))
    assert store.verify("ours") == ()
    assert store.matrix("ours").pair("spa", "cat").score == 0.4
    (recipe,) = tmp_path.glob("recipes/2-*.yaml")
    assert "matrix: ours" in recipe.read_text()


def test_tables_that_no_question_names_stay_at_home(written):
    alone = dump_scenarios(kept()[:1], recipe_of, OURS)
    assert not any("store/" in name for name in read_zip(alone, "it", 10**7))
    assert any("store/" in name for name in read_zip(written, "it", 10**7))


def test_a_table_that_lies_there_already_comes_no_second_time(written):
    assert load_scenarios(written, OURS).store == OURS


def test_another_table_of_that_name_is_not_replaced(written):
    other, _ = lay(
        EMPTY, MATRICES, SCORES.replace(b"0.4", b"0.1"), CARD, {"table": "ours.csv", "card": "c"}
    )
    with pytest.raises(DataError, match="matrix 'ours' lies here already: choose another name"):
        load_scenarios(written, other)


def test_a_table_that_is_gone_is_named(written):
    with pytest.raises(DataError, match="'Our scores / 2' rests on ours, which is gone"):
        dump_scenarios(kept(), recipe_of, EMPTY)


def changed(written, **files):
    held = {name: text.decode() for name, text in read_zip(written, "it", 10**7).items()}
    for name, text in files.items():
        held[name] = text
    return zip_files({name: text for name, text in held.items() if text is not None})


LIST = "scenarios.yaml"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({LIST: None}, "lacks scenarios.yaml"),
        ({"../../evil": "x"}, r"holds '\.\./\.\./evil'"),
        ({"store/laws/mine.yaml": "x"}, "holds 'store/laws/mine.yaml'"),
        ({"store/inventories/a/scores.csv": "x"}, "holds 'store/inventories/a/scores.csv'"),
        ({LIST: "schema: !!python/name:os.system x"}, "is not plain YAML"),
        ({LIST: "schema: atlasmix/scenarios/9\nscenarios: []"}, "2 faults"),
        ({LIST: "[1]"}, "fault"),
        (
            {LIST: "schema: atlasmix/scenarios/1\nscenarios: [{name: a, question: {x: 1}}]"},
            "scenario 'a' of the file of scenarios: ",
        ),
        (
            {
                LIST: "schema: atlasmix/scenarios/1\nscenarios: "
                "[{name: a, question: {targets: cat, matrix: /etc/passwd}}]"
            },
            "no matrix ./etc/passwd.",
        ),
        ({"recipes/1-base.yaml": "schema: atlasmix/recipe/2"}, "recipes/1-base.yaml of the file"),
        ({"recipes/6-base.yaml": "x"}, "which is of no scenario"),
        ({"store/transfer_matrices/ours/card.yaml": None}, "lacks the table or the card of 'ours'"),
        ({"store/transfer_matrices/ours/scores.csv": "source\nx\n"}, "scores.csv"),
    ],
)
def test_a_changed_file_is_refused_in_a_sentence(written, files, words):
    with pytest.raises(AtlasMixError, match=words):
        load_scenarios(changed(written, **files), EMPTY)


def bomb():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(LIST, b"\0" * (70 * 1024 * 1024))
    return packed.getvalue()


def doubled():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(LIST, "a")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(LIST, "b")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no file of scenarios: expected the ZIP"),
        (b"schema: atlasmix/recipe/2\n", "is no file of scenarios: expected the ZIP"),
        (b"PK\x03\x04 and no more", "is no whole ZIP archive"),
        (bomb(), "of 73,400,320 bytes: expected at most 100 files of 67,108,864 bytes together"),
        (doubled(), "holds a file twice"),
        (zip_files({f"{n}.txt": "" for n in range(101)}), "holds 101 files"),
        (b"PK\x03\x04" + bytes(17 * 1024 * 1024), "expected at most 16,777,216"),
    ],
    ids=["empty", "recipe", "cut", "bomb", "doubled", "many", "long"],
)
def test_what_is_no_such_file_is_refused(content, words):
    with pytest.raises(DataError, match=words):
        load_scenarios(content, EMPTY)
