"""Lists in sentences and nearest names: one implementation for the whole library."""

import ast
import difflib
import doctest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import atlasmix
from atlasmix import text
from atlasmix.text import and_more, did_you_mean, first_few, likeness, listed, nearest

PACKAGE = Path(atlasmix.__file__).parent


def test_examples_hold():
    failed, tried = doctest.testmod(text)
    assert tried > 4
    assert failed == 0


@pytest.mark.parametrize(
    ("words", "most", "said"),
    [
        ([], 6, ""),
        (["a"], 6, "a"),
        (["a", "b"], 6, "a and b"),
        (["a", "b", "c"], 3, "a, b and c"),
        (["a", "b", "c"], 2, "a, b and 1 more"),
        (("a", "b", "c"), 1, "a and 2 more"),
    ],
)
def test_a_list_reads_as_a_sentence(words, most, said):
    assert listed(words, most) == said


def test_names_are_separated_by_commas_and_the_rest_is_counted():
    assert first_few(["a", "b"], 2) == "a, b"
    assert first_few(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert first_few(["a", "b", "c"], 1, "languages") == "a and 2 more languages"
    assert and_more(-1) == ""


def test_the_nearest_comes_first_and_two_are_said():
    known = ["budget", "budgets", "gadget", "params"]
    assert nearest("bugdet", known) == ("budget", "budgets")
    assert nearest("bugdet", known, 1) == ("budget",)
    assert did_you_mean("bugdet", known, " ") == "did you mean budget or budgets? "
    assert did_you_mean("bugdet", ["seed"], " ") == ""


def test_case_does_not_matter_and_the_known_word_is_said_as_it_is_written():
    assert nearest("h100-SXN", ["H100-SXM", "A100"]) == ("H100-SXM",)


WORDS = st.text("abcde-", max_size=8)


@given(word=WORDS, known=st.lists(WORDS, unique=True, max_size=8))
def test_the_nearest_are_those_of_difflib(word, known):
    assert list(nearest(word, known, 3)) == difflib.get_close_matches(word, known, 3, 0.6)
    assert all(ratio >= 0.6 for ratio in likeness(word, known, 0.6).values())


def test_nobody_else_looks_for_near_names():
    for path in PACKAGE.rglob("*.py"):
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        }
        assert path.name == "text.py" or "difflib" not in names, path
