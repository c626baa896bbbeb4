"""Early warning: planted collapse is flagged, fresh human text is not, over seeds."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from corpus_samples import as_text, counted, write_jsonl
from texts import generate, play

from atlasmix.audit.corpus.audit_file import Audit
from atlasmix.audit.corpus.counts import Place
from atlasmix.audit.corpus.drift import drift_between
from atlasmix.audit.corpus.measures import (
    MEASURES,
    coverage,
    excerpt,
    measures,
    numbered,
    tail_types,
)
from atlasmix.audit.corpus.passages import Passages, as_tokens, no_passages
from atlasmix.audit.corpus.sketches import mixed
from atlasmix.audit.corpus.summary import summarise
from atlasmix.audit.corpus.warnings import LEAST_TOKENS, early_warning

SEEDS = range(4)
DOCUMENT = 300


def human(rng: np.random.Generator, number: int) -> list[np.ndarray]:
    """Documents of a source that never ends: each word hangs on the two before it.

    A page of words has its own likely followers, so pairs and triples repeat as in a language.
    """
    size = number * DOCUMENT
    ranks = np.minimum(30_001.0 ** rng.random(size), 30_000).astype(np.int64)
    stays = rng.random(size) < 0.4
    ids = ranks.copy()
    for place in np.flatnonzero(stays[1:]) + 1:
        ids[place] = 1 + (ids[place - 1] * 7919) % 997
    return list(ids.reshape(number, DOCUMENT))


def passages(documents: list[np.ndarray], rng: np.random.Generator) -> Passages:
    """A sample that holds all of some documents, one passage each."""
    parts = []
    for ids in documents:
        raw = as_text(ids).encode()
        first = np.zeros(len(ids), dtype=bool)
        first[0] = True
        parts.append(
            Passages(
                priorities=rng.integers(0, 2**63, 1).astype(np.uint64),
                lengths=np.array([len(ids)]),
                documents=np.array([zlib.crc32(ids.tobytes())], dtype=np.uint32),
                raw=np.array([len(raw)]),
                packed=np.array([len(zlib.compress(raw))]),
                tokens=as_tokens(mixed(ids.astype(np.uint64)), first),
            )
        )
    return no_passages().merged(*parts)


def cut(ids: np.ndarray) -> list[np.ndarray]:
    return [ids[at : at + DOCUMENT] for at in range(0, len(ids) - DOCUMENT + 1, DOCUMENT)]


@pytest.mark.parametrize("seed", SEEDS)
def test_fresh_human_text_is_not_flagged(seed):
    rng = np.random.default_rng(seed)
    reference, fresh = (passages(human(rng, 120), rng) for _ in range(2))
    warning = early_warning(fresh, reference)
    assert warning.tokens == 18_000
    assert warning.flagged == ()
    assert set(warning.measures) == set(MEASURES)


@pytest.mark.parametrize("seed", SEEDS)
def test_text_of_a_model_that_read_human_text_is_flagged(seed):
    """One generation at temperature 1, from other human text than the reference."""
    rng = np.random.default_rng(seed)
    reference = passages(human(rng, 120), rng)
    trained = np.concatenate(human(rng, 120))
    made = passages(cut(generate(trained, len(trained), rng)), rng)
    warning = early_warning(made, reference)
    assert {"distinct_2", "distinct_3"} <= set(warning.flagged)
    assert warning.measures["distinct_3"].z < -10


def sharpened(documents: list[np.ndarray], rng: np.random.Generator, temperature: float) -> list:
    """Documents redrawn word by word from their own frequencies, to the power 1/T."""
    flat = np.concatenate(documents)
    types, counts = np.unique(flat, return_counts=True)
    weights = counts ** (1 / temperature)
    return cut(rng.choice(types, len(flat), p=weights / weights.sum()))


@pytest.mark.parametrize("seed", SEEDS)
def test_sharpened_resampling_lowers_the_entropy_too(seed):
    """At T = 0.8 entropy, which is blind at T = 1, is flagged with types and the tail."""
    rng = np.random.default_rng(seed)
    plain = [
        np.minimum(30_001.0 ** rng.random(DOCUMENT), 30_000).astype(np.int64) for _ in range(360)
    ]
    reference, fresh = passages(plain[:120], rng), plain[120:240]
    alike = early_warning(passages(fresh, rng), reference)
    assert alike.flagged == ()
    warning = early_warning(passages(sharpened(fresh, rng, 0.8), rng), reference)
    assert {"entropy", "types", "tail_coverage", "distinct_2"} <= set(warning.flagged)
    assert all(
        warning.measures[name].z < 0 for name in ("entropy", "types", "tail_coverage", "distinct_2")
    )


def test_both_sides_are_flagged():
    rng = np.random.default_rng(1)
    reference = passages(human(rng, 120), rng)
    wild = [rng.integers(1, 10**6, DOCUMENT) for _ in range(120)]
    warning = early_warning(passages(wild, rng), reference)
    assert warning.measures["types"].z > 10
    assert "types" in warning.flagged


def test_a_play_against_itself_and_its_trigrams(tmp_path):
    """Through files and kernel: half of a play against the other half, then a model of that."""
    words = np.array(play().split())
    types, ids = np.unique(words, return_inverse=True)
    documents = [ids[at : at + 100] for at in range(0, len(ids), 100)]
    rng = np.random.default_rng(2)
    rng.shuffle(documents)
    half = len(documents) // 2
    made = generate(np.concatenate(documents[half:]), len(ids) // 2, rng)
    for name, part in (
        ("human", documents[:half]),
        ("fresh", documents[half:]),
        ("made", [made[at : at + 100] for at in range(0, len(made), 100)]),
    ):
        texts = [" ".join(types[each]) for each in part]
        write_jsonl(tmp_path / name / "a.jsonl", texts, language="en")
    reference = counted(tmp_path / "human")
    found = {
        name: summarise(Audit(name, counted(tmp_path / name), reference)).languages[0].warning
        for name in ("fresh", "made")
    }
    assert found["fresh"].flagged == ()
    assert {"distinct_2", "distinct_3"} <= set(found["made"].flagged)


def test_too_little_text_is_said_and_not_judged():
    rng = np.random.default_rng(3)
    some = passages(human(rng, 40), rng)
    little = passages(human(rng, 4), rng)
    assert (
        early_warning(little, some).missing
        == f"1,200 tokens of text, of which {LEAST_TOKENS:,} are needed"
    )
    assert "tokens of reference, of which 4,000 are needed" in early_warning(some, little).missing
    assert early_warning(some, no_passages()).measures == {}


def test_a_reference_of_few_documents_is_parted_by_passages():
    rng = np.random.default_rng(4)
    long = [np.concatenate(human(rng, 4)) for _ in range(6)]
    parts = [piece for ids in long for piece in cut(ids)]
    sample = passages(parts, rng)
    few = type(sample)(
        sample.priorities,
        sample.lengths,
        sample.documents % np.uint32(6),
        sample.raw,
        sample.packed,
        sample.tokens,
    )
    assert not early_warning(passages(human(rng, 20), rng), few).whole_documents


def test_measures_by_hand():
    ids = [np.array([1, 2, 1, 2, 3]), np.array([1, 2, 4])]
    (sample,) = numbered(passages(ids, np.random.default_rng(5)))
    text = excerpt(sample, np.arange(2), 8)
    found = measures(text)
    # Pairs: 12 21 12 23 | 12 24, none over the edge of a document; triples: 121 212 123 | 124.
    assert found["distinct_2"] == pytest.approx(4 / 6)
    assert found["distinct_3"] == pytest.approx(1.0)
    assert found["types"] == 4
    assert found["hapax"] == pytest.approx(2 / 4)
    shares = np.array([3, 3, 1, 1]) / 8
    assert found["entropy"] == pytest.approx(-np.sum(shares * np.log2(shares)))
    assert found["compression"] == pytest.approx(text.packed / text.raw)
    assert measures(excerpt(sample, np.arange(2), 5))["types"] <= 4


def test_the_tail_is_what_lies_beyond_most_tokens():
    tokens = np.repeat(np.arange(5, dtype=np.uint32), [50, 30, 10, 6, 4])
    assert sorted(tail_types(tokens).tolist()) == [2, 3, 4]
    (sample,) = numbered(passages([np.array([2, 3, 3])], np.random.default_rng(0)))
    text = excerpt(sample, np.arange(1), 3)
    assert coverage(np.array([0, 1, 7]), text) == pytest.approx(2 / 3)
    assert coverage(np.array([], dtype=np.int64), text) == 1.0


def test_what_says_it_is_synthetic_is_no_reference(tmp_path):
    rng = np.random.default_rng(6)
    texts = [as_text(each) for each in human(rng, 80)]
    write_jsonl(tmp_path / "human" / "a.jsonl", texts[:40], language="ca")
    made = {"origin": "synthetic", "generator": "m"}
    write_jsonl(
        tmp_path / "human" / "b.jsonl", ["x y z " * 300] * 40, language="ca", provenance=made
    )
    write_jsonl(tmp_path / "new" / "a.jsonl", texts[40:], language="ca")
    write_jsonl(tmp_path / "new" / "b.jsonl", ["x y z " * 300] * 30, language="ca", provenance=made)
    audit = Audit("new", counted(tmp_path / "new"), counted(tmp_path / "human"))
    (language,) = summarise(audit).languages
    assert language.warnings["unknown"].flagged == ()
    assert "types" in language.warnings["synthetic"].flagged
    assert "types" in language.warning.flagged


def corpus_of(root, rng, shares, copies=0):
    """A corpus of these numbers of documents by origin."""
    for origin, number in shares.items():
        texts = [as_text(each) for each in human(rng, number)]
        said = {"origin": origin, "generator": "m@1" if origin == "synthetic" else ""}
        write_jsonl(
            root / f"{origin}.jsonl", texts + texts[:copies], language="ca", provenance=said
        )
    return Audit(root.name, counted(root))


def test_drift_names_what_moved_and_nothing_else(tmp_path):
    rng = np.random.default_rng(7)
    old = corpus_of(tmp_path / "old", rng, {"human": 60, "synthetic": 40})
    same = corpus_of(tmp_path / "same", rng, {"human": 60, "synthetic": 40})
    moved = corpus_of(tmp_path / "moved", rng, {"human": 30, "synthetic": 70}, copies=10)
    assert drift_between(old, same).drifted == ()
    (language,) = drift_between(old, moved).drifted
    told = {move.what: move for move in language.moves if move.moved}
    assert set(told) == {"origin human", "origin synthetic", "exact duplicates"}
    assert told["origin human"].before == pytest.approx(0.6)
    assert told["origin human"].now == pytest.approx(1 / 3)
    assert told["exact duplicates"].now == pytest.approx(20 / 120)
    assert language.documents == (100, 120)


def test_languages_that_come_and_go_are_named(tmp_path):
    rng = np.random.default_rng(8)
    write_jsonl(tmp_path / "old" / "a.jsonl", [as_text(human(rng, 1)[0])], language="ca")
    write_jsonl(tmp_path / "new" / "a.jsonl", [as_text(human(rng, 1)[0])], language="oc")
    old, new = (Audit(name, counted(tmp_path / name)) for name in ("old", "new"))
    drift = drift_between(old, new)
    assert (drift.new, drift.gone, drift.languages) == (("oci",), ("cat",), ())


def test_a_spectrum_is_kept_for_the_human_floor(tmp_path):
    from atlasmix.laws.collapse import least_human_share, type_retention

    rng = np.random.default_rng(9)
    audit = corpus_of(tmp_path / "x", rng, {"human": 60, "unknown": 20})
    (language,) = summarise(audit).languages
    spectrum = language.spectra["human"]
    stream = audit.counts.streams[Place("cat", "human")]
    whole = np.repeat(spectrum.counts, spectrum.types)
    assert sorted(whole.tolist()) == sorted(stream.types.counts.tolist())
    kept = type_retention(spectrum.counts, 0.1, 5, spectrum.types)
    assert kept == pytest.approx(type_retention(stream.types.counts, 0.1, 5))
    assert 0 < least_human_share(spectrum.counts, 0.3, 25, spectrum.types) < 1
    assert set(language.spectra) == {"all", "human", "unknown"}


def test_text_of_the_reference_itself_has_more_of_its_tail_which_is_not_held_against_it():
    rng = np.random.default_rng(10)
    ids = human(rng, 120)
    reference = passages(ids, rng)
    warning = early_warning(passages(ids, rng), reference)
    assert warning.shared == 1.0
    assert warning.flagged == ()
    assert "tail_coverage" not in warning.measures


def test_z_of_fresh_human_text_is_standard():
    """Without the correction for parts of one reference, the spread of z would be 1.7."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        ids = [np.minimum(3_001.0 ** rng.random(100), 3_000).astype(np.int64) for _ in range(120)]
        warning = early_warning(passages(ids[:60], rng), passages(ids[60:], rng))
        assert warning.tokens == 3_000
        found.append([warning.measures[name].z for name in ("types", "distinct_2", "entropy")])
    assert 0.75 < np.std(found) < 1.35
    assert abs(np.mean(found)) < 0.5


def test_text_without_a_language_is_held_against_a_reference_without_one(tmp_path):
    rng = np.random.default_rng(11)
    for name in ("human", "new"):
        write_jsonl(tmp_path / name / "a.jsonl", [as_text(each) for each in human(rng, 40)])
    audit = Audit("new", counted(tmp_path / "new"), counted(tmp_path / "human"))
    (language,) = summarise(audit).languages
    assert language.language == "und"
    assert language.warning.tokens == 6_000
