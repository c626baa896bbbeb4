"""A small corpus of three languages whose documents differ in length, and its recipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[2]
SEQUENCE = 32
BATCH = 8
BUDGET = 600_000
"""18,750 sequences of 32 tokens, 11,400 documents."""

SHARES = {"cat": 0.6, "spa": 0.3, "por": 0.1}
DOCUMENTS = {"cat": (20_000, 50), "spa": (8_000, 100), "por": (600, 25)}
"""Number of documents and mean tokens of each. Portuguese is too small on purpose: a tenth of the
budget reads it exactly four times, as often as the cap allows."""

FIRST = {"cat": 1000, "spa": 2000, "por": 3000}
"""Every token of a language lies in a thousand of its own: a sample says where it is from."""

CARD = """\
title: A small corpus
source: made for this test
licence: CC0-1.0
"""


@dataclass(frozen=True, slots=True)
class World:
    """The corpus and its recipe on disk.

    Attributes:
        folder: where everything lies.
        documents: language to its documents, each an array of tokens.
        recipe: path of the recipe.
    """

    folder: Path
    documents: Mapping[str, list[NDArray[np.int64]]]
    recipe: Path

    def atlasmix(self, *words: str) -> str:
        """Run the real command line in the folder; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "atlasmix", *words],
            cwd=self.folder,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def export(self, to: str, paths: str, *options: str) -> Path:
        """The folder of an export; ``paths`` is what stands in the paths file."""
        name = f"{to}-{abs(hash((paths, options))) % 10**8}"
        (self.folder / f"{name}.yaml").write_text(paths, encoding="utf-8")
        run = ("--sequence-length", str(SEQUENCE), "--batch-size", str(BATCH))
        where = ("--paths", f"{name}.yaml", "--output", name)
        self.atlasmix("export", "recipe.yaml", "--to", to, *where, *run, *options)
        return self.folder / name


def expected(folder: Path) -> dict[str, dict[str, float]]:
    """Language to what ``expected.json`` says of its pool in the first phase."""
    figures = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert len(figures["phases"]) == 1
    return {one["pool"].partition(".")[0]: one for one in figures["phases"][0]["pools"]}


def shares_of_tokens(tokens: NDArray[np.int64]) -> dict[str, float]:
    """Language to its share of these tokens; separators below 1000 do not count."""
    kept = tokens[tokens >= 1000] // 1000 * 1000
    return {name: float((kept == first).mean()) for name, first in FIRST.items()}


def make_world(folder: Path) -> World:
    """Write the corpus' counts to a store and solve for the shares above, through the CLI."""
    random = np.random.default_rng(7)
    documents = {}
    rows = ["language,provenance,corpus,unique_tokens,unit,obtained,documents"]
    for name, (number, mean) in DOCUMENTS.items():
        off = random.integers(-mean // 2, mean // 2 + 1, number // 2)
        # For every document that is longer than the mean, one is as much shorter.
        lengths = random.permutation(np.concatenate((mean + off, mean - off)))
        documents[name] = [
            FIRST[name] + random.integers(0, 900, length).astype(np.int64) for length in lengths
        ]
        rows.append(f"{name},human,ours,{int(lengths.sum())},test tokens,counted,{number}")
    (folder / "pools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "card.yaml").write_text(CARD, encoding="utf-8")
    world = World(folder, documents, folder / "recipe.yaml")
    world.atlasmix("inventory", "add", "pools.csv", "--card", "card.yaml", "--name", "small")
    words = ["solve", "--target", "cat", "--inventory", "small", "--budget", str(BUDGET)]
    for name, share in SHARES.items():
        words += ["--min", f"{name}={share}", "--max", f"{name}={share}"]
    world.atlasmix(*words, "--output", "recipe.yaml")
    return world


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ATLASMIX")}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY), kept.get("PYTHONPATH", "")))),
        "HOME": str(folder),
        "ATLASMIX_STORE": str(folder / "store"),
        "OPENBLAS_NUM_THREADS": "1",
    }
