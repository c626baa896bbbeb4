"""Patterns: the scanner finds what the regular expression finds, in time that is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import ProblemError
from atlasmix.interop.importers.patterns import compile_pattern, scan

PARTS = st.sampled_from(
    [
        *("*", "**", "...", "{language}", "{script}", "{provenance}", "{corpus}", "{name}"),
        *("/", "_", "-", ".", "a", "cat", "Latn", "human", "train"),
    ]
)
PATTERNS = st.tuples(st.sampled_from(["", "^"]), st.lists(PARTS, min_size=1, max_size=6)).map(
    lambda parts: parts[0] + "".join(parts[1])
)
WORDS = st.sampled_from(
    [
        "cat",
        "cat_Latn",
        "human",
        "translated",
        "zh-Hant",
        "a",
        "0",
        "train-0",
        "hplt",
        "x.y",
        "ca-ca",
    ]
)
PREFIXES = st.tuples(st.sampled_from(["", "/"]), st.lists(WORDS, min_size=1, max_size=4)).map(
    lambda parts: parts[0] + "/".join(parts[1])
)


@settings(max_examples=1500)
@given(text=PATTERNS, prefix=PREFIXES)
def test_the_scanner_finds_what_the_expression_finds(text: str, prefix: str) -> None:
    pattern = compile_pattern(text)
    match = pattern.expression.fullmatch(prefix)
    found = scan(pattern, prefix)
    if any(token.kind == "again" for token in pattern.tokens):
        # Which of several words stands there twice may differ; whether one does may not.
        assert (found is None) == (match is None)
    else:
        assert found == (None if match is None else match.groupdict())


@pytest.mark.parametrize(
    "text",
    [
        "*a" * 10 + "!",
        "**a" * 10 + "!",
        "{name}*" * 1 + "*b" * 12,
        "*{language}*" + "*-*" * 9 + "!",
    ],
)
def test_ten_stars_do_not_hang(text: str) -> None:
    """A regular expression tried every way to divide the prefix between them, for hours."""
    assert compile_pattern(text).match("/d/" + "a" * 4000) is None


def test_a_word_that_may_stand_twice_in_too_many_ways_is_a_sentence() -> None:
    pattern = compile_pattern("**{name}**{name}**!")
    with pytest.raises(ProblemError, match="which may be too many words"):
        pattern.match("/d/" + "ab" * 400)


def test_an_endless_pattern_is_refused() -> None:
    with pytest.raises(ProblemError, match="expected at most 500"):
        compile_pattern("*" * 501)
