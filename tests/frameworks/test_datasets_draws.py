"""Hugging Face datasets: the printed loader runs as it is, in shares of tokens, and stops."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, interleave_datasets
from worlds import FIRST, SHARES, World, expected

PATHS = '"*": "jsonl/{language}-*.jsonl"\n'


@pytest.fixture(scope="module", autouse=True)
def lines(world: World, monkeypatch_module: pytest.MonkeyPatch) -> None:
    """The corpus as JSON lines, two files a language."""
    folder = world.folder / "jsonl"
    folder.mkdir()
    for name, documents in world.documents.items():
        rows = [
            json.dumps({"text": " ".join(map(str, document)), "id": f"{name}-{number}"}) + "\n"
            for number, document in enumerate(documents)
        ]
        half = len(rows) // 2
        for number, part in enumerate((rows[:half], rows[half:])):
            (folder / f"{name}-{number}.jsonl").write_text("".join(part), encoding="utf-8")
    monkeypatch_module.setenv("HF_HOME", str(world.folder / "cache"))


def printed_loader(out: Path) -> str:
    page = (out / "LOAD.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(import json\n.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def drawn(world: World, monkeypatch_module: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every document until the stream ends by itself."""
    out = world.export("hf", PATHS.replace("jsonl/", f"{world.folder}/jsonl/"))
    monkeypatch_module.chdir(out)
    names: dict[str, Any] = {}
    exec(printed_loader(out), names)
    return list(names["dataset"])


def tokens_by_language(drawn: list[dict[str, Any]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in drawn:
        found[one["id"].partition("-")[0]] += len(one["text"].split())
    return dict(found)


def test_the_printed_loader_has_ten_lines_and_draws_shares_of_tokens(
    world: World, drawn: list[dict[str, Any]]
) -> None:
    out = world.export("hf", PATHS)
    code = [line for line in printed_loader(out).splitlines() if line.strip()]
    assert len(code) <= 12
    assert len(drawn) > 10_000
    found = tokens_by_language(drawn)
    whole = sum(found.values())
    for name, share in SHARES.items():
        assert found[name] / whole == pytest.approx(share, abs=0.01)


def test_no_document_is_seen_more_often_than_its_cap(drawn: list[dict[str, Any]]) -> None:
    seen = Counter(one["id"] for one in drawn)
    most = {name: 0 for name in FIRST}
    for key, count in seen.items():
        name = key.partition("-")[0]
        most[name] = max(most[name], count)
    assert most == {"cat": 1, "spa": 1, "por": 4}


def test_the_stream_ends_about_when_the_budget_does(
    world: World, drawn: list[dict[str, Any]]
) -> None:
    figures = expected(world.export("hf", PATHS))
    documents = sum(one["documents"] for one in figures.values())
    assert len(drawn) == pytest.approx(documents, rel=0.05)
    tokens = sum(len(one["text"].split()) for one in drawn)
    assert tokens == pytest.approx(sum(one["tokens"] for one in figures.values()), rel=0.05)


def test_without_the_conversion_the_shares_of_tokens_would_be_others(world: World) -> None:
    """The trap itself: 0.6/0.3/0.1 taken as probabilities of documents."""
    sources = [
        Dataset.from_dict(
            {"length": [len(document) for document in documents], "name": [name] * len(documents)}
        )
        for name, documents in world.documents.items()
    ]
    mixed = interleave_datasets(
        sources, list(SHARES.values()), seed=1, stopping_strategy="all_exhausted"
    ).select(range(10_000))
    lengths, names = np.asarray(mixed["length"]), np.asarray(mixed["name"])
    found = {name: lengths[names == name].sum() / lengths.sum() for name in SHARES}
    assert found["spa"] > 0.45
    assert found["por"] < 0.05


def test_a_sum_that_is_off_in_the_seventh_place_is_refused() -> None:
    """Why the residual goes to the largest: one after the other rounded, the sum misses 1."""
    sources = [Dataset.from_dict({"a": [1, 2, 3]}) for _ in range(3)]
    with pytest.raises(ValueError, match="sum to 1"):
        interleave_datasets(sources, [0.333333] * 3, seed=1)
