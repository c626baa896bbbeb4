"""Cards: strict, safe, complete."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf_samples import MATRIX_CARD

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card, card_text, matrix_faults, read_card
from atlasmix.io.shipped import data_folder

SHIPPED = sorted(
    path
    for folder in ("transfer_matrices", "inventories", "published_mixtures", "capacity_mixtures")
    for path in (data_folder() / folder).rglob("card.yaml")
)


def test_a_bts_card_knows_what_bts_is():
    card = read_card(MATRIX_CARD)
    assert card.range == (-math.inf, 2.0)
    assert card.diagonal == 1.0
    assert card.higher_is_better
    assert card.stderr_of("predicted") == 0.2
    assert matrix_faults(card) == ()


def test_a_transfer_weight_of_a_language_on_itself_is_one():
    card = read_card("metric: Transfer weight\n")
    assert (card.metric, card.diagonal, card.range) == (
        "transfer weight",
        1.0,
        (-math.inf, math.inf),
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_a_shipped_card_says_what_a_reader_needs(path: Path):
    card = read_card(path.read_bytes())
    for key in ("title", "description", "kind", "unit", "source", "licence", "derivation"):
        assert getattr(card, key), key
    assert {name for name, _ in card.files} == {p.name for p in path.parent.iterdir()} - {
        "card.yaml"
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("titel: x", "unknown key 'titel': expected one of name, kind, title"),
        ("schema: atlasmix/card/9", "schema: expected atlasmix/card/1"),
        ("tokens: 1e9", "tokens: found the text '1e9'.*write 1.0e\\+9"),
        ("tokens: -5", "tokens: found -5, expected a number above 0"),
        ("parameters: .nan", "parameters: found nan, expected a finite number"),
        ("description: no", "description: found False, expected a text; quote it"),
        ("description: 2020-01-01", "description: found .*expected a text; quote it"),
        ("kind: data set", "kind: found 'data set', expected one of transfer matrix"),
        ("axis: script", "axis: found 'script', expected one of language, domain"),
        ("names: [no, yes]", "names: found the label False"),
        ("names: [a, a]", "names: found a more than once"),
        ("range: [1]", "range: found \\[1\\], expected \\[least, greatest\\]"),
        ("range: [2, 1]", "range: .*expected the least below the greatest"),
        ("diagonal: one", "diagonal: found 'one', expected a number, 'table' or 'none'"),
        ("status: guessed", "status: found 'guessed', expected one of measured, predicted"),
        ("rows: donor", "rows: found 'donor', expected one of source, target"),
        ("direction: up", "direction: found 'up', expected 'higher is better'"),
        ("files: [a]", "files: found \\['a'\\], expected 'key: value' lines"),
    ],
)
def test_a_wrong_line_is_named(line: str, words: str):
    with pytest.raises(DataError, match=words):
        read_card(f"{line}\n")


def test_a_negative_standard_error_is_refused():
    with pytest.raises(DataError, match=r"stderr: found -1 for measured, expected .* at least 0"):
        read_card("stderr: {measured: -1}")
    with pytest.raises(DataError, match="stderr: found 'guess', expected measured or predicted"):
        read_card("stderr: {guess: 1}")


def test_a_matrix_the_wrong_way_round_is_refused():
    with pytest.raises(DataError, match="found 'target to source', expected 'source to target'"):
        read_card("orientation: target to source")
    for written in ("source -> target", "source→target", "Source to Target"):
        assert read_card(f"orientation: '{written}'").orientation == "source to target"


def test_all_faults_are_named_at_once():
    with pytest.raises(DataError, match="card has 3 faults") as caught:
        read_card("a: 1\nb: 2\ntokens: x\n")
    assert len(caught.value.faults) == 3


def test_what_a_matrix_card_lacks():
    faults = " ".join(matrix_faults(Card(axis="domain")))
    for word in ("title", "source", "licence", "metric", "orientation", "direction", "names"):
        assert f"{word}: missing" in faults
    assert "kind: found 'token inventory'" in " ".join(matrix_faults(Card(kind="token inventory")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no keys"),
        ("- a\n- b\n", "holds no keys"),
        ("title: 'never closed\n", "is not plain YAML in line"),
        ("title: !!python/object/apply:os.system ['true']\n", "is not plain YAML in line 1"),
        ("a: &x [1]\nb: [*x, *x]\n", "uses a YAML anchor or alias in line 1"),
        ("title: a\ntitle: b\n", "has the key 'title' a second time in line 2"),
        ("no: a\n", r"has in line 1 a key that YAML does not read as a text \('no'\): quote it"),
        ("title: " + "[" * 100 + "]" * 100, "nested deeper than 24"),
        ("title: " + "9" * 10_000, "a number or date that cannot be read"),
        ("title: 2020-99-99\n", "a number or date that cannot be read"),
        ("title: a\0b\n", "holds zero bytes"),
        (b"title: \xff\xfe\n", "is not UTF-8 text"),
        ("title: " + "x" * 300_000, r"has 300,007 bytes: expected at most 262,144"),
    ],
)
def test_yaml_from_strangers(text: str | bytes, words: str):
    with pytest.raises(DataError, match=words):
        read_card(text)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80)))
def test_junk_never_escapes_as_another_error(junk: str | bytes):
    with contextlib.suppress(DataError):
        assert isinstance(read_card(junk), Card)


labels = st.lists(st.text("abc -é", min_size=1).filter(str.strip), unique_by=str.strip, max_size=4)


@given(
    st.text("abc :#'\"-é中\n", max_size=40),
    labels,
    st.floats(0, 10),
    st.sampled_from(["table", "none", 1.0, 0.25]),
)
def test_a_card_survives_writing_and_reading(
    text: str, names: list[str], error: float, diagonal: object
):
    card = Card(
        title=text.strip(),
        names=tuple(name.strip() for name in names),
        stderr=(("measured", error),),
        diagonal=diagonal,  # type: ignore[arg-type]
        range=(-math.inf, 3.5),
        files=(("scores.csv", "0" * 64),),
    )
    assert read_card(card_text(card)) == card
    assert card_text(card) == card_text(read_card(card_text(card)))
