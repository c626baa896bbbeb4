"""Profiles of texts of the user's own."""

import sys

import pytest
from texts import play

from atlasmix.errors import DataError
from atlasmix.evidence.trigrams import (
    LEAST_LETTERS,
    MOST,
    cosine,
    parse_trigrams,
    profile,
    profile_of_file,
    trigrams_csv,
)

GREEK = "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. "


def test_profile_counts_letters_alone():
    assert profile("Ab, ab! 12") == {" ab": 2, "ab ": 2, "b a": 1}


def test_letters_of_another_script_are_romanised_as_those_of_the_declaration(tmp_path):
    """Left as they are they would share no trigram with any language."""
    pytest.importorskip("anyascii")
    path = tmp_path / "greek.txt"
    path.write_text(GREEK * 100, encoding="utf-8")
    read = profile_of_file(path)
    assert all(trigram.isascii() for trigram in read)
    assert {" ka", "kai", "ai "} <= set(read)


def test_without_the_package_that_romanises_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "anyascii", None)
    path = tmp_path / "greek.txt"
    path.write_text(GREEK * 100, encoding="utf-8")
    with pytest.raises(DataError, match=r"pip install 'atlasmix\[relatedness\]'"):
        profile_of_file(path)


def test_a_profile_of_half_a_book_is_that_of_the_other_half(tmp_path):
    """What the least length rests on: short texts are strangers to their own language."""
    text = play()
    parts = [text[: 2 * LEAST_LETTERS], text[-2 * LEAST_LETTERS :]]
    assert cosine(*map(profile, parts)) > 0.85
    assert cosine(profile(text[:500]), profile(text[-500:])) < 0.7


def test_a_file_of_profiles_gives_them_back(tmp_path):
    path = tmp_path / "play.txt"
    path.write_text(play(), encoding="utf-8")
    profiles = {"sco": profile_of_file(path), "abt": {'"a"': 3, "a,b": 2}}
    assert parse_trigrams(trigrams_csv(profiles)) == profiles
    assert len(profiles["sco"]) == MOST
