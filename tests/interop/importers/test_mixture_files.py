"""The mixture file: the same bytes, the same mixture back, and every fault named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import (
    BILLIONTHS,
    GivenMixture,
    dump_mixture,
    load_mixture,
    mixture_schema,
)
from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.interop.importers.reading import Request, import_mixture
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping

LANGUAGES = ("cat", "spa", "nob", "nan", "srp_Latn", "yes" and "yor", "isl", "gle")
WEIGHTS = st.floats(1e-12, 1e12, allow_nan=False)


@st.composite
def mixtures(draw: st.DrawFn, folder: Path) -> GivenMixture:
    """Any list of prefixes, some of one pool, some of none."""
    entries = draw(
        st.lists(
            st.tuples(WEIGHTS, st.sampled_from((*LANGUAGES, "code", "math")), st.integers(0, 3)),
            min_size=1,
            max_size=12,
        )
    )
    text = "1 x/cat\n" + "".join(
        f"{weight!r} corpus-{shard}/{name}\n" for weight, name, shard in entries
    )
    path = folder / "mix.txt"
    path.write_text(text, encoding="utf-8")
    return import_mixture(Request(path, "megatron", pattern="{corpus}/{language}"))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_mixture_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    mixture = data.draw(mixtures(tmp_path_factory.getbasetemp()))
    text = dump_mixture(mixture)
    assert load_mixture(text) == mixture
    assert dump_mixture(load_mixture(text)) == text
    entries = (*mixture.pools, *mixture.other)
    assert sum(round(one.proportion * BILLIONTHS) for one in entries) == BILLIONTHS
    weights = [part.weight for one in entries for part in one.parts]
    for one in entries:
        share = sum(part.weight for part in one.parts) / sum(weights)
        assert one.proportion == pytest.approx(share, abs=2 / BILLIONTHS)


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "mix.txt"
    path.write_text("0.7 h/cat_Latn\n0.3 h/spa_Latn\n", encoding="utf-8")
    return dump_mixture(import_mixture(Request(path, "megatron")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("proportion: 0.7", "proportion: 0.6", "proportions sum to 0.900000000, expected 1"),
        ("name: cat.unknown.h", "name: kat", "pool kat: expected the name cat.unknown.h"),
        ("language: cat", "language: ca", "pool cat.unknown.h: expected the name ca.unknown.h"),
        ("provenance: unknown", "provenance: humane", "found 'humane', expected one of"),
        ("tokens: null\n", "", "'tokens' is missing"),
        ("schema: atlasmix/mixture/1", "schema: atlasmix/mixture/2", "is no mixture"),
        ("name: mix", "name: mix\ncolour: red", "no key 'colour'"),
    ],
)
def test_a_fault_is_named(text: str, old: str, new: str, said: str) -> None:
    assert old in text
    with pytest.raises(DataError) as refused:
        load_mixture(text.replace(old, new, 1))
    assert said in str(refused.value)


def test_a_language_must_be_written_as_its_key(text: str) -> None:
    changed = text.replace("name: cat.unknown.h", "name: ca.unknown.h").replace(
        "language: cat", "language: ca"
    )
    with pytest.raises(DataError, match=r"write the language as cat"):
        load_mixture(changed)


def test_the_schema_is_valid_and_names_every_field(text: str) -> None:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(mixture_schema())
    assert json.dumps(mixture_schema())


def test_it_stands_where_a_published_mixture_does(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    one = published(str(path))
    assert (one.name, one.shares) == ("mix", (("cat", 0.7), ("spa", 0.3)))
    store = Store("/nonexistent")
    free = problem_from_mapping({"targets": "cat"}, store)
    railed = problem_from_mapping(
        {"targets": "cat", "guardrails": {"spa": f"0%:{path}"}, "budget": "10B"}, store
    )
    assert any(found.name == "mix" for found in compare(free, (one,)))
    # Spanish may not get worse than with 30 % of its own text: the plain optimum reads less.
    assert solve(railed).proportions["spa"] >= 0.29


def test_a_missing_file_is_a_sentence() -> None:
    with pytest.raises(DataError, match=r"no file nosuch\.yaml"):
        published("nosuch.yaml")
