"""``atlasmix audit`` as users meet it: reports, parts, faults, and what it refuses."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, assert_refused

MADE = {"origin": "synthetic", "kind": "self", "generator": "toy@1", "generation": 1}


def documents(rng: np.random.Generator, number: int) -> list[str]:
    """Documents of words of which the one of rank r is drawn about as 1/r."""
    ids = (20_001.0 ** rng.random((number, 150))).astype(int)
    return [" ".join("".join(chr(97 + int(d)) for d in str(each)) for each in row) for row in ids]


def write(path: Path, texts: list[str], **fields: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text, **fields}) + "\n" for text in texts))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A human reference, and a corpus with fresh text and text that loops."""
    rng = np.random.default_rng(0)
    write(tmp_path / "human" / "a.jsonl", documents(rng, 80), language="ca")
    write(tmp_path / "corpus" / "a.jsonl", documents(rng, 80), language="ca")
    loops = [text[:150] * 6 for text in documents(rng, 40)]
    write(tmp_path / "corpus" / "b.jsonl", loops, language="ca", provenance=MADE)
    (tmp_path / "corpus" / "c.jsonl").write_bytes(b'{"text": "\xff"}\n')
    os.mkfifo(tmp_path / "corpus" / "d.jsonl")
    return tmp_path


def test_a_report_at_two_widths(atlasmix: Run, corpus: Path) -> None:
    for columns in (80, 120):
        done = atlasmix("audit", "corpus", "--reference", "human", env={"COLUMNS": str(columns)})
        assert done.status == 0, done.err
        assert max(map(len, done.out.splitlines())) <= columns
        for words in (
            "corpus: 120 documents",
            "Unlike the human reference: Catalan (cat).",
            "2 files with something that could not be read",
            "toy@1",
            "c.jsonl: line 1: not UTF-8, left out",
            "d.jsonl: it is a named pipe, no plain file, and was not read",
            "No publication says at which value to act.",
        ):
            assert words in " ".join(done.out.split()), words


def test_json_says_the_same(atlasmix: Run, corpus: Path) -> None:
    done = atlasmix("audit", "corpus", "--reference", "human", "--json")
    told = json.loads(done.out)
    assert told["total"]["documents"] == 120
    (language,) = told["languages"]
    assert language["warnings"]["unknown"]["flagged"] == []
    assert "distinct_3" in language["warnings"]["synthetic"]["flagged"]
    assert told["flagged"] == ["cat"]
    assert {group["provenance"] for group in told["groups"]} == {"unknown", "generated"}
    assert sum(language["spectra"]["all"]["types"]) <= 8192
    assert "human" not in language["origins"]


def test_a_page_needs_nothing_else(atlasmix: Run, corpus: Path) -> None:
    done = atlasmix("audit", "corpus", "--reference", "human", "--report", "page.html")
    assert done.err == "atlasmix: report written to page.html\n"
    page = (corpus / "page.html").read_text(encoding="utf-8")
    for name in ("origins", "spectra", "variety"):
        assert f'id="figure-{name}"' in page
    assert not re.search(r"<(script|img|link)[^>]+(src|href)=", page)
    assert "Audit of corpus" in page


def test_parts_merge_to_the_report_of_the_whole(atlasmix: Run, corpus: Path) -> None:
    for part in ("1/2", "2/2"):
        done = atlasmix("audit", "corpus", "--shard", part, "--output", f"{part[0]}.audit.json")
        assert f"this is a part of the corpus: {part}" in " ".join(done.out.split())
    merged = atlasmix(
        "audit", "merge", "2.audit.json", "1.audit.json", "--reference", "human", "--json"
    )
    whole = atlasmix("audit", "corpus", "--reference", "human", "--json", "--workers", "3")
    assert merged.out == whole.out
    assert json.loads(merged.out)["shards"] == []
    assert not list(corpus.glob("*.partials"))


def test_a_weekly_look(atlasmix: Run, corpus: Path) -> None:
    """Nothing moved: status 0 with --strict; a corpus of loops: status 1, and what moved."""
    atlasmix("audit", "human", "--output", "old.audit.json")
    again = atlasmix("audit", "human", "--against", "old.audit.json", "--strict")
    assert again.status == 0, again.out
    assert "Nothing moved since human." in again.out
    moved = atlasmix("audit", "corpus", "--against", "old.audit.json", "--strict")
    assert moved.status == 1
    assert "Moved since human: Catalan (cat)." in moved.out
    assert "origin synthetic" in moved.out
    known = atlasmix("audit", "human", "--reference", "old.audit.json", "--strict")
    assert known.status == 0


def test_an_inventory_for_solve(atlasmix: Run, corpus: Path) -> None:
    done = atlasmix("audit", "corpus", "--inventory", "out", "--json")
    assert "2 pools written to out/pools.csv" in done.err
    told = atlasmix("inventory", "add", "out/pools.csv", "--card", "out/card.yaml")
    assert told.status == 0, told.err
    pools = ("--pools", "unknown,generated")
    solved = atlasmix("solve", "--target", "cat", "--inventory", "corpus", *pools)
    assert solved.status == 0, solved.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no corpus 'nothing': name a folder, or a file with texts"),
        (["corpus", "human"], "2 places of a corpus: expected one folder"),
        (["corpus", "--shard", "3"], "shard '3': expected a number and how many there are"),
        (["corpus", "--shard", "3/2"], "shard 3/2: expected a number from 1 to 2 (--shard)"),
        (["corpus", "--engine", "dask"], "has no scheduler: name its address"),
        (["corpus", "--identify", "fasttext"], "expected py3langid or pycld2 (--identify)"),
        (["corpus", "--tokenizer", "x.json"], "tokenizer"),
        (["corpus", "--against", "human/a.jsonl"], "is no audit: expected a file"),
        (["corpus", "--against", "human"], "is no plain file"),
        (["corpus", "--report", "x.pdf"], "expected a file name that ends in .html"),
        (["corpus", "--language", "Klingonn"], "Klingonn"),
        (["merge"], "nothing to merge: name the files of the audits"),
        (["merge", "human/a.jsonl"], "is no audit"),
        (["corpus", "--output", "no/where/x.json"], "cannot be written"),
    ],
)
def test_refusals(atlasmix: Run, corpus: Path, words: list[str], said: str) -> None:
    assert_refused(atlasmix("audit", *words), said)


def test_an_engine_that_is_none(atlasmix: Run, corpus: Path) -> None:
    assert_refused(atlasmix("audit", "corpus", "--engine", "spark"), "no 'spark'", 2)


def test_an_empty_corpus(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "README.md").write_text("x")
    done = atlasmix("audit", "corpus")
    assert done.status == 0, done.err
    assert "corpus: 0 documents" in done.out
    assert "1 files *.md" in done.out


SCORED = [0.1, 0.2, 0.6, 0.95]


def test_scores_of_a_detector_are_told_by_language_and_origin(
    atlasmix: Run, tmp_path: Path
) -> None:
    records = [
        {"text": f"Bon dia {place}", "language": "ca", "metadata": {"detector": score}}
        for place, score in enumerate(SCORED)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    asked = ("audit", "a.jsonl", "--detector-field", "detector")
    done = atlasmix(*asked, "--detector-threshold", "0.9", "--detector-threshold", "0.5")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "Scores of a detector" in said
    assert "≥ 0.5 ≥ 0.9" in said
    assert re.search(r"Catalan \(cat\) unknown 4 100(\.0)?% 0\.46\d* 50(\.0)?% 25(\.0)?%", said)
    assert "no threshold is ours" in said
    told = json.loads(atlasmix(*asked, "--detector-threshold", "0.5,0.9", "--json").out)
    (language,) = told["languages"]
    assert language["scores"]["unknown"]["reached"] == [0.5, 0.25]
    assert told["thresholds"] == [0.5, 0.9]
    plain = atlasmix("audit", "a.jsonl")
    assert "Scores of a detector" not in plain.out
    none = atlasmix("audit", "a.jsonl", "--detector-field", "other")
    assert "No document has a score under other." in none.out


def test_thresholds_that_cannot_be_are_refused(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Bon dia"}\n')
    assert_refused(
        atlasmix("audit", "a.jsonl", "--detector-threshold", "0.5"),
        "no field with scores: name it by --detector-field",
    )
    assert_refused(
        atlasmix(*["audit", "a.jsonl", "--detector-field", "d", "--detector-threshold", "high"]),
        "--detector-threshold is 'high': expected a number, as 0.9",
    )


def test_words_of_scripts_without_spaces_are_cut_where_it_is_asked(
    atlasmix: Run, tmp_path: Path
) -> None:
    pytest.importorskip("icu4py")
    text = "今日は天気がいいので、公園を散歩します。"
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text, "language": "ja"}) + "\n")
    asked = ("audit", "a.jsonl", "--output")
    done = atlasmix(*asked, "cut.audit.json", "--segment", "icu4py", "--json")
    told = json.loads(done.out)
    assert told["total"]["words"] == 11
    assert "as icu4py" in told["unit"]
    plain = atlasmix(*asked, "plain.audit.json", "--json")
    assert json.loads(plain.out)["total"]["words"] == 18
    both = atlasmix("audit", "a.jsonl", "--reference", "cut.audit.json")
    assert_refused(both, "unsegmented scripts were counted by single characters here")
    assert_refused(
        atlasmix("audit", "a.jsonl", "--segment", "jieba"), "no segmenter 'jieba': expected icu4py"
    )
