"""Grain mixes ArrayRecords by the file exported for MaxText, in shares of tokens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import grain.python as grain
import numpy as np
import pytest
from array_record.python.array_record_module import ArrayRecordWriter
from worlds import SHARES, World, shares_of_tokens

PATHS = '"*": "records/{language}.array_record"\n'


@pytest.fixture(scope="module", autouse=True)
def records(world: World, monkeypatch_module: pytest.MonkeyPatch) -> None:
    """The corpus as ArrayRecords, one document a record."""
    folder = world.folder / "records"
    folder.mkdir()
    for name, documents in world.documents.items():
        writer = ArrayRecordWriter(str(folder / f"{name}.array_record"), "group_size:1")
        for document in documents:
            writer.write(document.astype(np.int64).tobytes())
        writer.close()
    monkeypatch_module.chdir(world.folder)


def mixed(out: Path) -> grain.IterDataset:
    """Named datasets and normalised weights, as MaxText's get_datasets makes of the file."""
    content = json.loads((out / "grain_mixture.json").read_text(encoding="utf-8"))
    passes = int(re.search(r"num_epoch=(\d+)", (out / "LOAD.md").read_text(encoding="utf-8"))[1])
    datasets = {
        name: grain.MapDataset.source(grain.ArrayRecordDataSource([one["path"]]))
        .shuffle(seed=1234)
        .repeat(passes)
        .to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=1))
        for name, one in content.items()
    }
    return grain.IterDataset.mix(datasets, {name: one["weight"] for name, one in content.items()})


def test_records_are_drawn_in_shares_of_tokens_until_the_cap(world: World) -> None:
    out = world.export("maxtext", PATHS)
    content = json.loads((out / "grain_mixture.json").read_text(encoding="utf-8"))
    assert all(set(one) == {"path", "weight"} for one in content.values())
    drawn = [np.frombuffer(record, dtype=np.int64) for record in mixed(out)]
    assert len(drawn) > 10_000
    found = shares_of_tokens(np.concatenate(drawn))
    for name, share in SHARES.items():
        assert found[name] == pytest.approx(share, abs=0.01)
    small = sum(1 for record in drawn if record[0] // 1000 == 3)
    assert small == pytest.approx(4 * len(world.documents["por"]), abs=1)


def test_a_weight_that_four_decimals_turn_to_nothing_stops_grain() -> None:
    """What the semicolon form of grain_train_files does to a share of 0.00003."""
    sources = [grain.MapDataset.range(9).to_iter_dataset() for _ in range(2)]
    weights = [round(1 - 3e-5, 4), round(3e-5, 4)]
    with pytest.raises(ValueError, match="non-zero"):
        next(iter(grain.IterDataset.mix(sources, weights)))
