"""Patterns, mapping files and counts: what they find, and the words in which they are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence.mixture_file import plain_prefix
from atlasmix.interop.importers.counts import read_counts
from atlasmix.interop.importers.listing import Entry
from atlasmix.interop.importers.mapping import (
    GUESSES,
    meaning,
    read_rule,
    read_rules,
    slug,
)
from atlasmix.interop.importers.patterns import compile_pattern
from atlasmix.io.safe_yaml import load_yaml


@pytest.mark.parametrize(
    ("pattern", "prefix", "found"),
    [
        (
            "{corpus}/{language}",
            "hplt/megatron-lm/gle_Latn",
            {"corpus": "hplt", "language": "gle_Latn"},
        ),
        (
            "{corpus}/megatron-lm/{language}",
            "hplt/megatron-lm/ca",
            {"corpus": "hplt", "language": "ca"},
        ),
        ("{language}/{language}-*", "/d/ca/ca-train-0_text_document", {"language": "ca"}),
        ("{language}/{language}-*", "/d/ca/es-train-0_text_document", None),
        ("{corpus}/**", "dclm-1.0/megatron-lm", {"corpus": "dclm-1.0"}),
        ("dclm/**", "dclm", {}),
        ("dclm/**", "dclm-1.0/x", None),
        ("^{corpus}/{language}", "/data/h/ca", None),
        ("*.{language}.bin", "x.ca.bin", None),  # .bin is an ending that does not count
        ("*.{language}", "x.ca.bin", {"language": "ca"}),
        ("c++/{language}", "c++/ca", {"language": "ca"}),
        (
            "{language}.{provenance}",
            "ca.human_edited",
            {"language": "ca", "provenance": "human_edited"},
        ),
        ("{language}.{provenance}", "ca.invented", None),
    ],
)
def test_patterns(pattern: str, prefix: str, found: dict[str, str] | None) -> None:
    assert compile_pattern(pattern).match(prefix) == found


@pytest.mark.parametrize("text", ["code", "math", "en", "no", "ab", "train/it/it-0", "data/cc/x"])
def test_two_letters_are_never_guessed_to_be_a_language(text: str) -> None:
    rules = [read_rule(rule) for rule in GUESSES]
    found = meaning(Entry(text, 1.0, "line 1"), rules, "unknown", "mine")
    assert (found.language, found.other) == ("", text)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("rules: []", "holds no rules"),
        ("rules: [{corpus: x}]", "rule 1: no 'match'"),
        ("rules: [{match: '{langauge}'}]", "rule 1: pattern '{langauge}' has the placeholder"),
        ("rules: [{match: x}]", "rule 1: no language"),
        ("rules: [{match: x, language: catalna}]", "did you mean cat (Catalan)?"),
        ("rules: [{match: '{language}', provenance: humane}]", "did you mean human"),
        ("rules: [{match: x, other: code, language: cat}]", "both 'other' and 'language'"),
        ("rules: [{match: x, othr: code}]", "did you mean other?"),
        ("rules: [{match: x, other: 3}]", "other is 3: expected a text"),
        ("rules: [{match: x, other: '{name}'}]", "other names {name}, which its pattern"),
        ("rules: [3]", "rule 1: 3: expected a mapping"),
    ],
)
def test_a_wrong_rule_is_named(rules: str, said: str) -> None:
    with pytest.raises(DataError) as refused:
        read_rules(load_yaml(rules, "mapping", 9999), "mapping")
    assert said in str(refused.value)


def test_every_wrong_rule_is_named_at_once() -> None:
    with pytest.raises(DataError, match="has 2 faults"):
        read_rules({"rules": [{"match": "x"}, {"match": "{language}"}, 7]}, "mapping")


def test_the_first_rule_that_fits_holds_and_paths_are_tried_after_names() -> None:
    rules = read_rules(
        {"rules": [{"match": "a/**", "other": "code"}, {"match": "**/{language}"}]}, "mapping"
    )
    assert meaning(Entry("a/cat", 1.0, ""), rules, "human", "mine").other == "code"
    found = meaning(Entry("source1", 1.0, "", paths=("/d/cat",)), rules, "human", "My Corpus 1")
    assert (found.language, found.provenance, found.corpus) == ("cat", "human", slug("my corpus 1"))


def test_a_language_that_nobody_knows_is_kept_as_other_and_said() -> None:
    rules = read_rules([{"match": "{language}/*"}], "mapping")
    found = meaning(Entry("code/0", 1.0, ""), rules, "unknown", "mine")
    assert (found.language, found.other) == ("", "code")
    assert "no language 'code'" in found.doubt


def test_counts_of_a_tree_take_what_is_trained_on_and_add_up_shards(tmp_path: Path) -> None:
    for place, name, tokens in (
        ("h/counts/cat_Latn", "release.json", 10),
        ("h/counts/cat_Latn", "source.json", 99),
        ("d/counts/shard-1", "source.json", 3),
        ("d/counts/shard-2", "source.json", 4),
        ("d/counts/shard-2", "wds.json", 1000),
    ):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / name).write_text(f'{{"tokens": {tokens}, "documents": 2}}')
    found = read_counts(tmp_path)
    assert found.of("/x/h/megatron-lm/cat_Latn_text_document").tokens == 10
    assert found.of("d/megatron-lm").tokens == 7
    assert found.of("d/megatron-lm").documents == 4
    assert found.of("cat_Latn") is None
    assert read_counts(tmp_path, ("source.json",)).of("h/cat_Latn").tokens == 99


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.csv", "a,b\n1,2\n", "expected prefix (or dataset and part) and tokens"),
        ("c.csv", "prefix,tokens\nx,many\n", "row 2: tokens 'many'"),
        ("c.csv", "prefix,tokens\nx,1\nx,2\n", "row 3: x stands there twice"),
        ("c.json", "[1]", "is no mapping"),
        ("c.json", '{"x": -1}', "x: no number of tokens"),
        ("c.json", "{", "is not JSON"),
        ("c.json", '{"h/cat": 21.3}', "h/cat: 21.3 tokens: looks like billions typed as units"),
        ("c.csv", "prefix,tokens\nx,0.2\n", "x: 0.2 tokens: looks like billions typed as units"),
    ],
)
def test_wrong_counts_are_named(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(AtlasMixError) as refused:
        read_counts(tmp_path / name)
    assert said in str(refused.value)


def test_an_empty_tree_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no release\.json and no source\.json"):
        read_counts(tmp_path)


def test_dataset_and_part_stand_for_the_prefix(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("dataset,part,tokens\nhplt-3.0,gle_Latn,540275521\n")
    assert read_counts(path).of("hplt-3.0/megatron-lm/gle_Latn").tokens == 540275521


_ENDING = re.compile(r"(_text_document|_text_sentence|_content_document)?(\.bin|\.idx)?$")
_PIECES = ("/", "//", "a", "cat_Latn", "_text_document", "_text_sentence", ".bin", ".idx", " ", ".")


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_endings_and_slashes_are_taken_off_as_the_expression_says(prefix: str) -> None:
    """The plain way of 20,000 prefixes is that of the regular expression, ending by ending."""
    slashes = re.sub(r"/{2,}", "/", prefix.strip())
    assert plain_prefix(prefix) == _ENDING.sub("", slashes, count=1).rstrip("/")


def test_an_empty_pattern_is_refused() -> None:
    with pytest.raises(ProblemError, match="an empty pattern"):
        compile_pattern(" ")
