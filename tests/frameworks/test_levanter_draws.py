"""Levanter decodes what is exported and counts its blocks as expected.json has them.

Too large for CI (2 GB with jax): skipped there, run by hand with ``pip install marin-levanter``.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from worlds import World

pytest.importorskip("levanter", reason="marin-levanter is not installed: 2 GB, tried by hand")

import draccus
from levanter.data.dataset import ListAsyncDataset
from levanter.data.mixture import MixtureDataset
from levanter.data.text.datasets import LmDataConfig

PATHS = '"*": "texts/{language}-*.jsonl"\n'


def load(out: Path) -> tuple[Any, MixtureDataset[str]]:
    """The configuration, and the mixture that it makes of sources that say their own name."""
    content = yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8"))
    config = draccus.decode(LmDataConfig, content["data"])
    sources = {name: ListAsyncDataset([name] * 10_000) for name in config.components}
    with warnings.catch_warnings():
        # A source with no sequence in a block is only a warning there.
        warnings.simplefilter("error")
        mixture = MixtureDataset(
            sources,
            config.train_weights,
            config.mixture_block_size,
            key=0,
            stop_strategy=config.stop_strategy,
        )
    return config, mixture


def test_blocks_are_counted_as_expected_json_has_them(world: World) -> None:
    out = world.export("levanter", PATHS)
    config, mixture = load(out)
    figures = json.loads((out / "expected.json").read_text(encoding="utf-8"))
    (counts,) = mixture._counts_per_block_per_stage
    found = {
        name: int(counts[place]) / config.mixture_block_size
        for place, name in enumerate(mixture.dataset_index)
    }
    assert found == {
        pool["key"]: pytest.approx(pool["share"], abs=1e-8)
        for pool in figures["phases"][0]["pools"]
    }
    number = 6 * config.mixture_block_size
    drawn = Counter(asyncio.run(mixture.get_batch(list(range(number)))))
    assert {name: count / number for name, count in drawn.items()} == pytest.approx(found)
    assert number > 10_000
