"""The kernel: its counts are those of a slow reference, and its memory does not grow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from corpus_samples import (
    CATALAN,
    HINDI,
    JAPANESE,
    RUSSIAN,
    counted,
    documents,
    slow_counts,
    slow_words,
    write_jsonl,
    zipf_ids,
)
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.audit.corpus.audit_file import Audit
from atlasmix.audit.corpus.corpus import CountingPlan
from atlasmix.audit.corpus.counting import _TypeCounter, split_words
from atlasmix.audit.corpus.counts import TYPES, Place, Settings
from atlasmix.audit.corpus.sketches import distinct, mixed, no_values
from atlasmix.audit.corpus.summary import repeated_bytes, summarise

SAMPLES = [
    "\U00020000\U0001e900\U0001f600x" + "ab" * 200,
    CATALAN,
    RUSSIAN,
    JAPANESE,
    HINDI,
    "ภาษาไทย กับ abc123def",
    "",
    "don't İstanbul ﬁ",
]


def test_words_of_many_scripts():
    assert slow_words("L'aigua, 12 日本x") == ["l", "aigua", "12", "日", "本", "x"]
    words = split_words(SAMPLES)
    numbers = np.diff(words.begins).tolist()
    assert numbers == [len(slow_words(text)) for text in SAMPLES]


@given(
    st.lists(
        st.text(
            st.characters(max_codepoint=0x31000)
            | st.sampled_from("\U00020000\U0001e900\U0001f600\U0001d400aé "),
            max_size=30,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_words_are_those_of_a_slow_reference(texts):
    """The same words where the reference has the same, unlike ones where it has unlike ones."""
    words = split_words(texts)
    slow = [slow_words(text) for text in texts]
    assert np.diff(words.begins).tolist() == [len(each) for each in slow]
    flat = [word for each in slow for word in each]
    numbers = dict(zip(flat, words.hashes.tolist(), strict=True))
    assert [numbers[word] for word in flat] == words.hashes.tolist()
    assert len(set(numbers.values())) == len(numbers)


def test_counts_equal_a_slow_reference(tmp_path):
    rng = np.random.default_rng(0)
    texts = documents(rng, 300, types=6_000) + SAMPLES
    texts += texts[:40] + texts[:7]
    write_jsonl(tmp_path / "a.jsonl", texts[:200], language="ca")
    write_jsonl(tmp_path / "sub" / "b.jsonl", texts[200:], language="ca")
    counts = counted(tmp_path)
    (figures,) = counts.groups.values()
    stream = counts.streams[Place("cat", "unknown")]
    slow = slow_counts(texts)
    for name in ("documents", "bytes", "characters", "words"):
        assert getattr(figures, name) == slow[name], name
    values, types = stream.types.spectrum()
    assert stream.types.whole
    assert dict(zip(values.tolist(), types.tolist(), strict=True)) == slow["spectrum"]
    assert stream.types.distinct() == slow["types"]
    assert distinct(stream.registers) == pytest.approx(slow["types"], rel=0.03)
    assert sorted(stream.documents.counts.tolist()) == slow["repeated"]
    whole = sum(len(text.encode()) for text in texts)
    once = sum(len(text.encode()) for text in set(texts))
    assert repeated_bytes(stream.documents) == pytest.approx(1 - once / whole)
    assert stream.passages.size == figures.words


def test_passages_hold_the_words_in_their_order(tmp_path):
    """Passages over the edges of batches and documents: nothing is lost, doubled or mixed up."""
    rng = np.random.default_rng(1)
    texts = documents(rng, 500, 120)
    records = [
        {"text": text, "language": "ca" if place % 3 else "ru"} for place, text in enumerate(texts)
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "a.jsonl").write_text(lines)
    for key, mine in (("cat", [1, 2]), ("rus", [0])):
        kept = counted(tmp_path).streams[Place(key, "unknown")].passages
        own = [text for place, text in enumerate(texts) if place % 3 in mine]
        words = split_words(own)
        short = (words.hashes >> np.uint64(33)).astype(np.uint32)
        assert Counter((kept.tokens >> np.uint32(1)).tolist()) == Counter(short.tolist())
        assert int((kept.tokens & np.uint32(1)).sum()) == len(own)
        pairs = set(zip(short[:-1].tolist(), short[1:].tolist(), strict=True))
        part = kept.tokens[: int(kept.lengths[0])] >> np.uint32(1)
        assert set(zip(part[:-1].tolist(), part[1:].tolist(), strict=True)) <= pairs
        assert int(kept.raw.sum()) == pytest.approx(sum(map(len, own)), rel=0.02)


def test_script_against_language(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", [CATALAN] * 8 + [RUSSIAN] * 2, language="ca")
    write_jsonl(tmp_path / "b.jsonl", [JAPANESE * 2] * 3 + [RUSSIAN], language="ja")
    write_jsonl(tmp_path / "c.jsonl", [RUSSIAN], language="sr-Latn")
    write_jsonl(tmp_path / "d.jsonl", ["ok", "42"], language="ru")
    write_jsonl(tmp_path / "e.jsonl", [CATALAN])
    summary = summarise(Audit("x", counted(tmp_path)))
    wrong = {each.language: each.wrong_script for each in summary.languages}
    assert wrong["cat"].value == pytest.approx(0.2)
    assert wrong["jpn"].value == pytest.approx(0.25)
    assert wrong["srp_Latn"].value == 1.0
    assert wrong["rus"] is None
    assert wrong["und"] is None


@pytest.mark.parametrize("package", ["py3langid", "pycld2"])
def test_language_against_what_an_identifier_tells(tmp_path, package):
    pytest.importorskip(package, reason=f"{package} is in the extra audit")
    write_jsonl(tmp_path / "a.jsonl", [f"{RUSSIAN} {n}" for n in range(12)], language="ru")
    spanish = "El perro corre por la calle y los niños juegan en el parque con una pelota roja."
    write_jsonl(tmp_path / "b.jsonl", [f"{spanish} {n}" for n in range(4)], language="ru")
    settings = Settings(identifier=package, identified_share=1.0)
    summary = summarise(Audit("x", counted(tmp_path, CountingPlan(settings, workers=1))))
    assert summary.languages[0].wrong_language.value == pytest.approx(0.25)
    assert summary.languages[0].wrong_language.error == 0.0
    assert list(summary.languages[0].told) == ["rus", "spa"]


def test_near_duplicates_are_found_and_unlike_texts_are_not(tmp_path):
    pytest.importorskip("rensa", reason="rensa is in the extra audit")
    rng = np.random.default_rng(3)
    texts = documents(rng, 200, 150)
    copies = [f"{text} zzzzz" for text in texts[:50]]
    write_jsonl(tmp_path / "a.jsonl", texts + texts[:30], language="ca")
    write_jsonl(tmp_path / "b.jsonl", copies, language="ca")
    plan = CountingPlan(Settings(near=True), workers=1)
    near = summarise(Audit("x", counted(tmp_path, plan))).languages[0].near_duplicates
    assert near.value == pytest.approx(50 / 250)


def test_tokens_of_a_sample_with_their_error(tmp_path):
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is in the extra audit")
    known = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    known.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    known.save(str(tmp_path / "tokenizer.json"))
    rng = np.random.default_rng(4)
    texts = [text for size in (20, 80, 200) for text in documents(rng, 400, size)]
    write_jsonl(tmp_path / "corpus" / "a.jsonl", texts, language="ca")
    truth = sum(len(text.split()) for text in texts)
    off = []
    for share in (0.05, 1.0):
        settings = Settings(tokenizer="tokens of mine", token_share=share)
        plan = CountingPlan(settings, str(tmp_path / "tokenizer.json"), workers=1)
        summary = summarise(Audit("x", counted(tmp_path / "corpus", plan)))
        off.append((abs(summary.tokens.value - truth), summary.tokens.error))
        assert summary.unit == "tokens of mine"
    few = write_jsonl(tmp_path / "corpus" / "b.jsonl", texts[:1], language="oc")
    settings = Settings(tokenizer="tokens of mine", token_share=0.05)
    plan = CountingPlan(settings, str(tmp_path / "tokenizer.json"), workers=1)
    occitan = summarise(Audit("x", counted(few.parent, plan))).languages[-1]
    assert occitan.tokens.value == pytest.approx(len(texts[0].split()), rel=0.2)
    assert 0 < off[0][0] < 4 * off[0][1] < 0.1 * truth
    assert off[1] == (pytest.approx(0.0, abs=1e-6), 0.0)


MEASURE_MEMORY = """
import sys
from pathlib import Path
from atlasmix.audit.corpus.counting import FileTask, count_file
from atlasmix.audit.corpus.counts import Settings
counts = count_file(FileTask(Path(sys.argv[1]), "a", Settings()))
words = sum(figures.words for figures in counts.groups.values())
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0], words)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no memory is told here")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """Ten times the text, the same memory; a reader that holds its file shows 36 MB more."""
    text = documents(np.random.default_rng(5), 1, 40_000)[0]
    line = json.dumps({"text": text, "language": "ca"}) + "\n"
    peaks = []
    for times in (20, 200):
        path = tmp_path / f"{times}.jsonl"
        with path.open("w") as file:
            for _ in range(times):
                file.write(line)
        run = subprocess.run(
            [sys.executable, "-c", MEASURE_MEMORY, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        peak, words = map(int, run.stdout.split())
        assert words == 40_000 * times
        peaks.append(peak)
        path.unlink()
    assert peaks[1] - peaks[0] < 15_000, f"{peaks} kB"


@pytest.mark.parametrize("types", [300, 20_000])
def test_types_with_a_seat_are_counted_as_those_without(types):
    """Few types, most of which are seated, and more than are kept, which push others out."""
    rng = np.random.default_rng(6)
    hashes = mixed(zipf_ids(rng, 300_000, types).astype(np.uint64))
    counter = _TypeCounter()
    for part in np.array_split(hashes, 11):
        counter.add(part)
    seen = no_values(TYPES).with_values(hashes)
    assert np.array_equal(counter.types().hashes, seen.hashes)
    assert np.array_equal(counter.types().counts, seen.counts)
