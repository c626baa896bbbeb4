"""Sketches and samples: exact where all is kept, within their error where not, in any order."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from corpus_samples import zipf_ids
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.audit.corpus.near import (
    BANDS,
    MOST,
    ROWS,
    SHINGLE,
    NearDocuments,
    near_documents,
    no_documents,
)
from atlasmix.audit.corpus.passages import SAMPLE, Passages, begins_document, no_passages
from atlasmix.audit.corpus.sketches import (
    DISTINCT_ERROR,
    add_hashes,
    distinct,
    mixed,
    no_registers,
    no_values,
)

SIZES = [1, 10, 1_000, 20_000, 100_000, 3_000_000]


def hashes(number, seed=0):
    return mixed(np.arange(number, dtype=np.uint64) + np.uint64(seed << 40))


@pytest.mark.parametrize("size", SIZES)
def test_distinct_values_within_four_standard_errors(size):
    """From linear counting to the raw estimate, with no bump where one hands over to the other."""
    off = []
    for seed in range(4):
        registers = no_registers()
        add_hashes(registers, hashes(size, seed))
        off.append(distinct(registers) / size - 1)
    assert max(map(abs, off)) < 4 * DISTINCT_ERROR
    assert abs(np.mean(off)) < 4 * DISTINCT_ERROR / 2


def test_registers_forget_order_and_repetition():
    one, two = no_registers(), no_registers()
    values = hashes(5_000)
    add_hashes(one, values)
    add_hashes(two, np.repeat(values[::-1], 3))
    assert np.array_equal(one, two)
    assert distinct(no_registers()) == 0.0


def test_ranks_are_the_place_of_the_first_bit():
    registers = no_registers()
    add_hashes(registers, np.array([0, 1, 1 << 31, (1 << 32) - 1], dtype=np.uint64))
    assert registers[0] == 33
    for tail, rank in ((1, 32), (1 << 31, 1), ((1 << 32) - 1, 1), (1 << 16, 16)):
        registers = no_registers()
        add_hashes(registers, np.array([tail], dtype=np.uint64))
        assert registers[0] == rank


values = st.lists(st.integers(0, 400), max_size=300)


@given(values, values, st.integers(1, 40))
def test_least_hashes_are_those_of_a_plain_count(left, right, most):
    together = Counter(left + right)
    kept = sorted(together)[:most]
    parts = [
        no_values(most).with_values(
            np.array(each, dtype=np.uint64), np.array(each, dtype=np.int64) * 2
        )
        for each in (left, right)
    ]
    for merged in (parts[0].merged(parts[1]), parts[1].merged(parts[0])):
        assert merged.hashes.tolist() == kept
        assert merged.counts.tolist() == [together[each] for each in kept]
        assert merged.sizes.tolist() == [2 * each for each in kept]


def test_counts_stay_whole_when_values_come_in_parts():
    """A value that was pushed out and comes back would have lost its first occurrences."""
    rng = np.random.default_rng(0)
    ids = mixed(zipf_ids(rng, 200_000).astype(np.uint64))
    seen = no_values(500)
    for part in np.array_split(ids, 37):
        seen = seen.with_values(part)
    names, counts = np.unique(ids, return_counts=True)
    assert np.array_equal(seen.hashes, names[:500])
    assert np.array_equal(seen.counts, counts[:500])
    assert seen.distinct() == pytest.approx(len(names), rel=4 / 500**0.5)


def made_passages(rng, number, length=200):
    lengths = np.full(number, length, dtype=np.int64)
    return Passages(
        priorities=rng.integers(0, 2**63, number).astype(np.uint64),
        lengths=lengths,
        documents=rng.integers(0, 2**32, number).astype(np.uint32),
        raw=rng.integers(500, 900, number),
        packed=rng.integers(300, 500, number),
        tokens=np.repeat(np.arange(number, dtype=np.uint32) * 2, length),
    )


def test_passages_merge_in_any_order_and_stay_within_their_size():
    rng = np.random.default_rng(1)
    parts = [made_passages(rng, number) for number in (500, 300, 7, 200)]
    whole = no_passages().merged(*parts)
    other = parts[3].merged(parts[1]).merged(parts[0].merged(no_passages(), parts[2]))
    for name in ("priorities", "lengths", "documents", "raw", "packed", "tokens"):
        assert np.array_equal(getattr(whole, name), getattr(other, name)), name
    assert SAMPLE <= whole.size < SAMPLE + 200
    assert np.all(np.diff(whole.priorities.astype(np.float64)) >= 0)
    least = np.sort(np.concatenate([part.priorities for part in parts]))[: len(whole.priorities)]
    assert np.array_equal(whole.priorities, least)
    assert not begins_document(whole.tokens).any()


def made_near(keys, documents, band=0):
    number = len(keys)
    bands = np.arange(number * 16, dtype=np.uint32).reshape(number, 16) + np.uint32(band)
    return NearDocuments(
        np.array(keys, dtype=np.uint64),
        np.array(documents, dtype=np.uint64),
        np.ones(number, dtype=np.int64),
        bands,
    )


def test_near_documents_count_the_same_text_once_and_merge_in_any_order():
    parts = [made_near([5, 5, 1], [7, 8, 9]), made_near([5, 2], [7, 4], 1000)]
    one = no_documents().merged(*parts)
    two = parts[1].merged(no_documents(), parts[0])
    assert one.keys.tolist() == two.keys.tolist() == [1, 2, 5, 5]
    assert one.counts.tolist() == [1, 1, 2, 1]
    assert one.copies() == (0, 4)


@pytest.mark.parametrize("likeness", [0.3, 0.6, 0.8, 0.9])
def test_alike_documents_share_a_band_as_often_as_the_formula_says(likeness):
    """Pairs of documents with a part of their shingles in common, known exactly."""
    pytest.importorskip("rensa", reason="rensa is in the extra audit")
    rng = np.random.default_rng(3)
    pairs, shingles = 200, 400
    length = shingles + SHINGLE - 1
    shared = round(2 * shingles * likeness / (1 + likeness)) + SHINGLE - 1
    words = rng.integers(0, 2**62, (pairs, 2, length)).astype(np.uint64)
    words[:, 1, :shared] = words[:, 0, :shared]
    begins = np.arange(2 * pairs + 1) * length
    names = np.arange(2 * pairs, dtype=np.uint64)
    copies, size = near_documents(words.ravel(), begins, names).copies()
    expected = 1 - (1 - likeness**ROWS) ** BANDS
    spread = (expected * (1 - expected) / pairs) ** 0.5
    assert size == 2 * pairs
    assert copies / pairs == pytest.approx(expected, abs=4 * spread + 0.01)


def test_near_documents_are_bounded():
    rng = np.random.default_rng(2)
    many = made_near(rng.integers(0, 2**60, 6_000), np.arange(6_000))
    assert len(no_documents().merged(many).keys) == MOST
