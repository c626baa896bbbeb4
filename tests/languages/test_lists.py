"""Lists of languages as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.resolving import resolve, resolve_list
from atlasmix.languages.tables import languages
from atlasmix.problem.parsing import problem_from_mapping

CODES = [code for code in languages() if str(resolve(code)) == code]
PLAIN = [
    code
    for code in CODES
    if "," not in name_of(code) and [str(each) for each in resolve_list(name_of(code))] == [code]
]


@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=8), st.sampled_from(", ;|\t\n"))
def test_codes_between_any_marks_are_themselves(codes, mark):
    assert [str(each) for each in resolve_list(mark.join(codes))] == codes


@given(st.lists(st.sampled_from(PLAIN), min_size=2, max_size=8))
def test_names_between_commas_are_themselves(codes):
    """A name of several words that is cut into its words would be several languages."""
    assert [str(each) for each in resolve_list(", ".join(map(name_of, codes)))] == codes


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Spanish English Portuguese", ["spa", "eng", "por"]),
        ("Scottish Gaelic\nHaitian Creole", ["gla", "hat"]),
        ("Welsh, Elvish, ca", ["cym", "Elvish", "cat"]),
        ("Spanish, Portuguese and Catalan.", ["spa", "por", "cat"]),
        ('"Spanish","Haitian Creole"', ["spa", "hat"]),
        ("1. Spanish\n2. Catalan\n10) eu", ["spa", "cat", "eus"]),
        ("• Spanish\n- Catalan & [Basque]", ["spa", "cat", "eus"]),
        ("['spa', 'cat']", ["spa", "cat"]),
        ("Welsh, 'Elvish'", ["cym", "'Elvish'"]),
        ("", []),
        (" , ;", []),
    ],
)
def test_what_is_no_language_stands_in_its_place(text, read):
    assert [str(each) for each in resolve_list(text)] == read


@pytest.mark.parametrize("text", ["spa;cat,glg", "Spanish; Catalan\nGalician", " spa ,; cat;glg "])
def test_targets_in_one_text_stand_between_any_marks(text):
    problem = problem_from_mapping({"targets": text}, Store("/nonexistent"))
    assert problem.target_keys == ("spa", "cat", "glg")


def test_a_list_without_end_is_read_in_bounded_time():
    assert len(resolve_list("zz " * 1_000_000)) < 5_000
