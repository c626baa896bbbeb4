"""Narrow terminals: no word is broken, no line is too long, and what is left out is named."""

from __future__ import annotations

import re

import pytest
from command_line import Run
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.report.terminal import fitted

PAGES = [
    "solve --target cat --budget 300B",
    "solve --target cat,eng,fra",
    "matrices list",
    "matrices show --target cat",
    "inventory list",
    "inventory show --language cat",
    "mixtures list",
    "laws list",
    "laws show atlas-2025-languages",
    "capacity --from 24 --to 48 --params 2B --tokens 1T --gpu H100",
    "crossover --target cat --tokens 200B",
    "solve --target cat --compute 1e22",
    "languages Romance",
]


@pytest.mark.parametrize("words", PAGES)
def test_sixty_columns_break_no_word(atlasmix: Run, words: str) -> None:
    wide = atlasmix(*words.split(), env={"COLUMNS": "120"})
    narrow = atlasmix(*words.split(), env={"COLUMNS": "60"})
    assert narrow.status == 0, narrow.err
    assert max(map(len, narrow.out.splitlines())) <= 60
    whole = set(wide.out.split()) | {"Too", "narrow", "a", "page", "for:"}
    strangers = {word.rstrip(".,") for word in set(narrow.out.split()) - whole}
    headings = {word.rstrip(".,") for word in whole} | {"notes"}
    assert strangers <= headings


def test_a_short_text_takes_two_lines_at_most() -> None:
    columns = [["donor", "Standard Malay (zsm)"], ["at a score", "enters from -0.47"]]
    assert fitted(columns, 23) == (11, 10)
    assert fitted(columns, 22) == (20,)


def test_what_is_left_out_is_named(atlasmix: Run) -> None:
    out = atlasmix("solve", "--target", "cat", env={"COLUMNS": "40"}).out
    assert "Too narrow a page for: epochs, unique." in out
    assert max(map(len, out.splitlines())) <= 40
    assert re.search(r"human,\s+85\.0%", out)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.text("ab ", max_size=14), min_size=1, max_size=4), min_size=1, max_size=6),
    st.integers(1, 60),
)
def test_columns_fit_the_page_and_hold_their_longest_word(
    columns: list[list[str]], page: int
) -> None:
    widths = fitted(columns, page)
    assert 1 <= len(widths) <= len(columns)
    assert sum(widths) + 2 * (len(widths) - 1) <= page
    for width, texts in zip(widths, columns, strict=False):
        longest = max((len(word) for text in texts for word in text.split()), default=0)
        assert width >= min(longest, page)
    if sum(max(1, *map(len, texts)) for texts in columns) + 2 * (len(columns) - 1) <= page:
        assert widths == tuple(max(1, *map(len, texts)) for texts in columns)


def test_words_of_many_columns_stand_under_their_row(atlasmix: Run) -> None:
    """At 80 columns the reasons of 'explain' stood as pillars, a word a line."""
    out = atlasmix("explain", "--target", "cat", env={"COLUMNS": "80"}).out
    assert "    what decides: its text ends, read 4 times\n" in out
    assert max(map(len, out.splitlines())) <= 80
    wide = atlasmix("explain", "--target", "cat", env={"COLUMNS": "120"}).out
    assert "what decides: its" not in wide
