"""Scores of detectors: read from records and from Dolma's attributes, counted as a loop does."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from corpus_samples import CATALAN, RUSSIAN

from atlasmix.audit.corpus.attributes import attribute_files
from atlasmix.audit.corpus.audit_file import Audit, counts_data, counts_from
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus, shard_of
from atlasmix.audit.corpus.counts import CorpusCounts, Settings, merge_counts
from atlasmix.audit.corpus.detector import DetectorScores, score_of
from atlasmix.audit.corpus.labels import Label
from atlasmix.audit.corpus.listing import list_corpus
from atlasmix.audit.corpus.summary import summarise

THRESHOLDS = (0.5, 0.9)
SETTINGS = Settings(detector="machine", thresholds=THRESHOLDS)


def counted(root: Path, **plan: object) -> CorpusCounts:
    return count_corpus(list_corpus(root, attributes=True), CountingPlan(SETTINGS, **plan))


def write(path: Path, records: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in records)
    content = lines.encode()
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)


@pytest.mark.parametrize(
    ("record", "score"),
    [
        ({"machine": 0.25}, 0.25),
        ({"machine": 1}, 1.0),
        ({"metadata": {"machine": 0.5}, "machine": 0.1}, 0.5),
        ({"attributes": {"machine": [[0, 10, 0.5]]}}, 0.5),
        ({"attributes": {"machine": [[0, 10, 1.0], [10, 40, 0.0]]}}, 0.25),
        ({"metadata": {"other": 1.0}}, None),
    ],
)
def test_a_score_is_read_where_it_stands(record, score):
    assert score_of(record, "machine") == (score, None)


def test_a_field_may_lie_in_another():
    assert score_of({"metadata": {"quality": {"machine": 0.5}}}, "quality.machine") == (0.5, None)
    assert score_of({"quality.machine": 0.5}, "quality.machine") == (0.5, None)


@pytest.mark.parametrize(
    "value",
    ["0.5", True, [], [[0, 0, 1.0]], [[0, 1]], [[5, 1, 0.5]], {"x": 1}, 1e300, float("nan")],
)
def test_what_is_no_score_is_told_and_none(value):
    score, fault = score_of({"machine": value}, "machine")
    assert score is None
    assert fault == "machine is no score of a document, counted as none"


def corpus(root: Path, seed: int = 3) -> dict[tuple[str, str], list[float | None]]:
    """Records of two languages and two origins in four files, and their scores by hand."""
    rng = random.Random(seed)
    told: dict[tuple[str, str], list[float | None]] = {}
    for number in range(4):
        records = []
        for _ in range(60):
            language, origin = rng.choice(["ca", "ru"]), rng.choice(["human", "synthetic"])
            score = None if rng.random() < 0.2 else round(rng.random(), 4)
            record = {
                "text": f"{CATALAN if language == 'ca' else RUSSIAN} {rng.random()}",
                "language": language,
                "provenance": {"origin": origin},
            }
            if score is not None:
                record["metadata"] = {"machine": score}
            records.append(record)
            key = {"ca": "cat", "ru": "rus"}[language]
            told.setdefault((key, origin), []).append(score)
        write(root / f"{number}.jsonl", records)
    return told


def test_shares_and_means_are_those_of_a_loop(tmp_path):
    told = corpus(tmp_path / "corpus")
    summary = summarise(Audit("corpus", counted(tmp_path / "corpus")))
    assert (summary.detector, summary.thresholds) == ("machine", THRESHOLDS)
    seen = {
        (each.language, origin): scores
        for each in summary.languages
        for origin, scores in each.scores.items()
    }
    assert seen.keys() == told.keys()
    for key, scores in told.items():
        known = [score for score in scores if score is not None]
        here = seen[key]
        assert here.documents == len(known)
        assert here.scored == len(known) / len(scores)
        assert here.mean == pytest.approx(sum(known) / len(known), abs=1e-9)
        assert here.reached == tuple(
            sum(score >= threshold for score in known) / len(known) for threshold in THRESHOLDS
        )


def test_parts_in_any_order_give_the_same_to_the_last_digit(tmp_path):
    corpus(tmp_path / "corpus")
    listing = list_corpus(tmp_path / "corpus", attributes=True)
    parts = [
        count_corpus(shard_of(listing, (number, 3)), CountingPlan(SETTINGS)) for number in (1, 2, 3)
    ]
    whole = counts_data(counted(tmp_path / "corpus"))
    for order in ((0, 1, 2), (2, 0, 1)):
        assert counts_data(merge_counts(parts[each] for each in order)) == whole
    assert counts_data(counts_from(json.loads(json.dumps(whole)))) == whole


def test_a_run_goes_on_from_its_partials_and_other_thresholds_do_not(tmp_path):
    corpus(tmp_path / "corpus")
    kept = tmp_path / "partials"
    first = counted(tmp_path / "corpus", partials=kept)
    marks = {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}
    again = counted(tmp_path / "corpus", partials=kept)
    assert counts_data(again) == counts_data(first)
    assert {file.name: file.stat().st_mtime_ns for file in kept.iterdir()} == marks
    other = Settings(detector="machine", thresholds=(0.7,))
    moved = count_corpus(list_corpus(tmp_path / "corpus"), CountingPlan(other, partials=kept))
    assert all(len(each.scores.reached) == 1 for each in moved.streams.values())


def test_an_audit_from_before_there_were_scores_is_read(tmp_path):
    corpus(tmp_path / "corpus")
    data = counts_data(count_corpus(list_corpus(tmp_path / "corpus"), CountingPlan()))
    for name in ("detector", "thresholds"):
        del data["settings"][name]
    for stream in data["streams"]:
        del stream["scores"]
    assert all(each.scores == DetectorScores() for each in counts_from(data).streams.values())


def dolma(root: Path, number: int = 30) -> list[float]:
    """Documents and attributes of two taggers side by side; the scores of the second one."""
    scores = [each / number for each in range(number)]
    documents = [
        {"id": f"d{each}", "text": f"{CATALAN} {each}", "source": "x", "metadata": {"lang": "ca"}}
        for each in range(number)
    ]
    write(root / "documents" / "deep" / "a.jsonl.gz", documents)
    for tagger, field in (("quality", "other"), ("zebra", "machine")):
        lines = [
            {"id": f"d{each}", "attributes": {field: [[0, 9, score]]}}
            for each, score in enumerate(scores)
        ]
        write(root / "attributes" / tagger / "deep" / "a.jsonl.gz", lines)
    return scores


def scores_in(counts: CorpusCounts) -> DetectorScores:
    (stream,) = counts.streams.values()
    return stream.scores


@pytest.mark.parametrize("inside", ["", "documents"])
def test_attributes_are_joined_by_file_and_id(tmp_path, inside):
    scores = dolma(tmp_path)
    counts = counted(tmp_path / inside)
    assert counts.faults == {}
    assert counts.left == {}
    assert scores_in(counts).documents == len(scores)
    assert scores_in(counts).total == sum(round(score * 1e6) for score in scores)
    assert sum(each.documents for each in counts.groups.values()) == len(scores)
    assert list(counts.groups) == [Label("cat")]


def test_attributes_are_passed_over_where_nobody_asks_for_them(tmp_path):
    dolma(tmp_path)
    listing = list_corpus(tmp_path)
    assert [file.attributes for file in listing.files] == [()]
    assert listing.left == {".gz": 2}


def test_a_document_that_is_lost_costs_its_own_score_alone(tmp_path):
    """Joined by their place alone, every score after it would be another document's."""
    scores = dolma(tmp_path)
    path = tmp_path / "documents" / "deep" / "a.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    path.write_bytes(gzip.compress("".join([*lines[:5], "{broken\n", *lines[6:]]).encode()))
    counts = counted(tmp_path)
    assert scores_in(counts).documents == len(scores) - 1
    assert scores_in(counts).total == sum(
        round(score * 1e6) for place, score in enumerate(scores) if place != 5
    )


def test_a_line_of_attributes_that_is_lost_is_told_and_costs_one_score(tmp_path):
    scores = dolma(tmp_path)
    path = tmp_path / "attributes" / "zebra" / "deep" / "a.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    path.write_bytes(gzip.compress("".join([*lines[:5], *lines[6:]]).encode()))
    counts = counted(tmp_path)
    assert scores_in(counts).documents == len(scores) - 1
    assert scores_in(counts).total == sum(
        round(score * 1e6) for place, score in enumerate(scores) if place != 5
    )
    (said,) = counts.faults["documents/deep/a.jsonl.gz"]
    assert said.startswith("documents whose id has no line of attributes")


def test_a_damaged_file_of_attributes_is_told_by_its_tagger(tmp_path):
    dolma(tmp_path)
    path = tmp_path / "attributes" / "zebra" / "deep" / "a.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-40])
    counts = counted(tmp_path)
    said = " ".join(counts.faults["documents/deep/a.jsonl.gz"])
    assert "attributes of zebra: it ends in the middle" in said
    assert sum(each.documents for each in counts.groups.values()) == 30


def test_attributes_in_another_order_are_given_up_and_told(tmp_path):
    dolma(tmp_path, 5000)
    path = tmp_path / "attributes" / "zebra" / "deep" / "a.jsonl.gz"
    lines = [
        json.dumps({"id": f"x{n}", "attributes": {"machine": 1.0}}) + "\n" for n in range(5000)
    ]
    write(path, lines)
    counts = counted(tmp_path)
    assert scores_in(counts).documents == 0
    said = " ".join(counts.faults["documents/deep/a.jsonl.gz"])
    assert "not in the order of the documents, left out after 1,000" in said


def test_a_run_counts_a_file_again_whose_attributes_changed(tmp_path):
    scores = dolma(tmp_path / "corpus")
    kept = tmp_path / "partials"
    counted(tmp_path / "corpus", partials=kept)
    path = tmp_path / "corpus" / "attributes" / "zebra" / "deep" / "a.jsonl.gz"
    lines = [{"id": f"d{n}", "attributes": {"machine": [[0, 9, 1.0]]}} for n in range(30)]
    write(path, lines)
    again = counted(tmp_path / "corpus", partials=kept)
    assert scores_in(again).total == len(scores) * 1_000_000


def test_documents_elsewhere_have_no_attributes(tmp_path):
    write(tmp_path / "texts" / "a.jsonl", [{"text": CATALAN}])
    (tmp_path / "attributes" / "zebra").mkdir(parents=True)
    write(tmp_path / "attributes" / "zebra" / "a.jsonl", [{"id": 1, "attributes": {}}])
    assert attribute_files(tmp_path / "texts" / "a.jsonl") == ()
