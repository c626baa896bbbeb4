"""No word of a visitor is the path of a file: each place where one could stand is tried."""

import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from explorer.tasks import TASKS, opened_link
from references import WHOLE, named_in, questions, spellings
from test_packing import CARD, SCORES

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.plan import Run
from atlasmix.laws.shelf import load_curse, load_law
from atlasmix.mixture.solve import solve
from atlasmix.problem.link import link_text, read_link, stranger_problem
from atlasmix.problem.parsing import QUESTION_KEYS, problem_from_mapping
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import make_recipe

NOBODY = Overlay("/nonexistent")
OPENED: list[str] = []
WATCHED: list[str] = []


def _note(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and WATCHED:
        path = str(arguments[0])
        if path.startswith(WATCHED[0]):
            OPENED.append(path)


sys.addaudithook(_note)


@pytest.fixture
def folder():
    """A folder of the host that no visitor may look into; what is opened in it is noted.

    Its path is short: refusals cut a long name, in the middle of what tells two of them apart.
    """
    with tempfile.TemporaryDirectory(prefix="host-") as made:
        home = Path(made)
        pairs = spellings(home)
        OPENED.clear()
        WATCHED[:] = [made]
        yield home, pairs
        WATCHED.clear()


def told(task, *arguments):
    """What a visitor is told: the refusal in words, or that there was none."""
    try:
        (opened_link if task == "link" else TASKS[task])(*arguments)
    except AtlasMixError as error:
        return str(error)
    except Exception as error:  # a fault of ours, which the visitor sees too
        return repr(error)
    return "done"


def assert_blind(pairs, words_of):
    """Whether a file is there changes no word, and none is opened."""
    for there, other in pairs:
        assert words_of(there).replace("secret", "secrex") == words_of(other)
        assert OPENED == [], there


def test_the_whole_question_has_every_key():
    """A key that comes later has to be tried too."""
    assert set(WHOLE) == set(QUESTION_KEYS)


def test_the_watch_sees_what_is_opened(folder):
    """Without this the tests below would pass whatever is read."""
    home, _ = folder
    asked = {"targets": "cat", "guardrails": {"spa": f"5%:{home}/secret.yaml"}}
    problem = problem_from_mapping(asked, Store("/nonexistent"))  # an owner may
    with pytest.raises(AtlasMixError, match="mixture"):
        solve(problem)
    assert OPENED


PLACES = [where for where, _ in questions("x")]


@pytest.mark.parametrize("number", range(len(PLACES)), ids=PLACES)
def test_no_field_of_a_question_is_a_path(folder, number):
    def asked(text):
        return list(questions(text))[number][1]

    assert_blind(folder[1], lambda text: told("reasons", asked(text), NOBODY))
    assert_blind(folder[1], lambda text: told("link", link_text(asked(text)), NOBODY))


def test_weights_of_a_question_are_read_by_names_alone(folder):
    for key in ("matrix", "law", "calibration"):
        assert_blind(
            folder[1],
            lambda text, key=key: told("weights", {"matrix": "atlas-2025", key: text}, NOBODY),
        )


@pytest.fixture(scope="module")
def recipe():
    problem = problem_from_mapping({"targets": "cat", "guardrails": {"spa": "90%"}}, NOBODY)
    return yaml.safe_load(dump_recipe(make_recipe(problem, solve(problem))))


def test_no_field_of_a_recipe_is_a_path(folder, recipe):
    """The question of a recipe is asked again when it is checked or compared."""
    pairs = folder[1][:2]
    plain = yaml.safe_dump(recipe).encode()
    for where, new in named_in(recipe, pairs[0][0]):
        if where.startswith(".question") or where.count(".") < 3:
            other = dict(named_in(recipe, pairs[0][1]))[where]
            texts = [yaml.safe_dump(each, sort_keys=False).encode() for each in (new, other)]
            for task in ("check recipe", "compare recipes", "against published"):
                beside = {"compare recipes": (plain,), "against published": ("gpt-3",)}
                words = [told(task, text, *beside.get(task, ()), NOBODY) for text in texts]
                assert words[0].replace("secret", "secrex") == words[1], where
            assert OPENED == [], where


def test_a_checked_recipe_that_names_a_file_is_broken_and_says_so(folder, recipe):
    there = folder[1][0][0]
    for asked in ({"law": there}, {"guardrails": {"spa": f"90%:{there}"}}):
        text = yaml.safe_dump({**recipe, "question": {**recipe["question"], **asked}}).encode()
        report = TASKS["check recipe"](text, NOBODY)
        assert report.verdict == "broken"
        assert "files are not read here" in report.reason
    assert OPENED == []


def test_what_a_control_offers_by_name_is_taken_by_name_alone(folder, recipe):
    """A visitor may send another text than those that a control offers."""
    text = yaml.safe_dump(recipe).encode()
    question = {"targets": {"cat": 1}}
    for words_of in (
        lambda name: told("answer", question, NOBODY, (name,)),
        lambda name: told("against published", text, name, NOBODY),
        lambda name: told("export", text, name, "", Run(), NOBODY),
        lambda name: told("export", text, "megatron", name, Run(), NOBODY),
        lambda name: told("export", text, "megatron", f"cat.human.hplt-v4: {name}", Run(), NOBODY),
        lambda name: told("save", "matrix", NOBODY, name),
    ):
        assert_blind(folder[1], words_of)
    for there, _ in folder[1]:
        for read in (load_law, load_curse):
            with pytest.raises(AtlasMixError, match="files are not read here"):
                read(there, NOBODY)
    assert OPENED == []


def test_no_field_of_a_card_is_a_path(folder):
    card, files = yaml.safe_load(CARD), {"table": "t.csv", "card": "c.yaml"}
    for number in range(len(list(named_in(card, "x")))):

        def words_of(text, number=number):
            _, new = list(named_in(card, text))[number]
            return told("lay", "matrix", NOBODY, files, SCORES, yaml.safe_dump(new).encode(), "own")

        assert_blind(folder[1], words_of)
    for name in ("name", "table", "card"):

        def named(text, name=name):
            given = {**files, name: text} if name in files else files
            return told(
                "lay", "matrix", NOBODY, given, SCORES, CARD, text if name == "name" else "own"
            )

        assert_blind(folder[1], named)


def test_a_store_of_the_owner_opens_no_file_for_a_stranger(folder):
    """The reader of links does not depend on who calls it with which store."""
    there = folder[1][0][0]
    for asked in ({"law": there}, {"guardrails": {"spa": f"5%:{there}"}}):
        with pytest.raises(AtlasMixError, match="files are not read here"):
            stranger_problem({"targets": "cat", **asked}, Store("/nonexistent"))
        with pytest.raises(AtlasMixError, match="files are not read here"):
            read_link(link_text({"targets": "cat", **asked}), Store("/nonexistent"))
    assert OPENED == []


def test_a_law_that_is_called_like_a_path_is_not_looked_for(folder, monkeypatch):
    """The name of a law that is written out in full came back as a name to open."""
    home, _ = folder
    monkeypatch.chdir(home)
    home.joinpath("hoffmann-2022").mkdir()
    called = {**WHOLE["law"], "name": "hoffmann-2022/../secret.yaml", "language": ""}
    short = TASKS["short"]({"targets": {"cat": 1}, "law": called}, NOBODY)
    assert short["law"]["name"] == called["name"]
    assert OPENED == []


def test_no_page_reads_a_file_that_it_was_given_by_name():
    """The pages themselves open nothing but their own files, beside the program."""
    home = Path(__file__).parents[2] / "apps" / "explorer"
    for path in home.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in ("read_text(", "read_bytes(", "find_mixture", "read_given", ".open("):
            assert word not in text, f"{path.name}: {word}"
