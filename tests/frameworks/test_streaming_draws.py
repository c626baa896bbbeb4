"""MosaicML streaming draws each stream as often as its passes say, and no more."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from stand_ins import standing_in
from worlds import SEQUENCE, SHARES, World, expected, shares_of_tokens

with standing_in():
    from streaming import MDSWriter, Stream, StreamingDataset

PATHS = '"*": "mds/{language}"\n'


@pytest.fixture(scope="module", autouse=True)
def shards(world: World, monkeypatch_module: pytest.MonkeyPatch) -> Path:
    """The corpus as MDS shards of sequences, as LLM Foundry writes them with --concat_tokens."""
    folder = world.folder / "mds"
    for name, documents in world.documents.items():
        tokens = np.concatenate(documents)
        rows = tokens[: len(tokens) // SEQUENCE * SEQUENCE].reshape(-1, SEQUENCE)
        columns = {"tokens": "ndarray:int64", "row": "int"}
        with MDSWriter(out=str(folder / name), columns=columns) as writer:
            for number, row in enumerate(rows):
                writer.write({"tokens": row, "row": number})
    monkeypatch_module.chdir(world.folder)
    return folder


def load(out: Path) -> StreamingDataset:
    """As LLM Foundry does: Stream(**one) for each entry."""
    content = yaml.safe_load((out / "train_loader.yaml").read_text(encoding="utf-8"))
    dataset = content["train_loader"]["dataset"]
    streams = [Stream(**one) for one in dataset["streams"].values()]
    return StreamingDataset(
        streams=streams,
        shuffle=dataset["shuffle"],
        shuffle_seed=dataset["shuffle_seed"],
        batch_size=1,
    )


def test_one_epoch_has_the_shares_of_tokens_and_keeps_the_cap(world: World) -> None:
    out = world.export("mosaicml", PATHS)
    drawn = list(load(out))
    assert len(drawn) > 10_000
    found = shares_of_tokens(np.concatenate([one["tokens"] for one in drawn]))
    for name, share in SHARES.items():
        assert found[name] == pytest.approx(share, abs=1e-3)
    figures = expected(out)
    seen = Counter(one["row"] for one in drawn if one["tokens"][0] // 1000 == 3)
    assert max(seen.values()) <= 4
    # Its 15,000 tokens make 468 whole sequences, and three quarters of one are left over.
    assert sum(seen.values()) == pytest.approx(figures["por"]["samples"], abs=4)
    run = json.loads((out / "expected.json").read_text(encoding="utf-8"))["run"]
    # Sequences that do not fill a step, and the cut of each stream to whole samples.
    assert len(drawn) == pytest.approx(run["steps"] * run["batch_size"], abs=4)


def test_a_foreign_key_would_be_refused(world: World) -> None:
    out = world.export("mosaicml", PATHS)
    content = yaml.safe_load((out / "train_loader.yaml").read_text(encoding="utf-8"))
    stream = content["train_loader"]["dataset"]["streams"]["por__human__ours"]
    assert set(stream) == {"local", "repeat"}
    with pytest.raises(TypeError, match="max_epochs"):
        Stream(**stream, max_epochs=4)
