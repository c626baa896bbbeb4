"""Hugging Face datasets: probabilities and repeats for ``interleave_datasets``, with a loader."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    json_text,
    one_file_a_phase,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase

SCHEMA: Final = "atlasmix/hf-mixture/1"

_LOAD = """\
import json
from datasets import interleave_datasets, load_dataset

mixture = json.load(open("mixture.json"))
sources, weights = [], []
for source in mixture["sources"]:
    texts = load_dataset(**source["load_dataset"], streaming=True)
    sources.append(texts.repeat(source["repeat"]))
    weights.append(source["probability"])
how = mixture["interleave_datasets"]
dataset = interleave_datasets(sources, weights, **how)"""

_BUILDERS: Final = (
    (("parquet",), "parquet"),
    (("json", "jsonl", "ndjson"), "json"),
    (("txt",), "text"),
    (("csv", "tsv"), "csv"),
    (("arrow",), "arrow"),
)
_PACKED: Final = {"gz", "zst", "xz", "bz2", "zip"}


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``mixture.json``: one source a pool, in shares of documents, repeated to its epochs."""
    epochs = plan.epochs(phase)
    sources = plan.by_documents(phase)
    content = {
        "schema": SCHEMA,
        "sources": [
            {
                "name": source.key,
                "probability": float(source.weight),
                "repeat": passes(epochs[source.pool.name]),
                "load_dataset": load_arguments(source.paths),
            }
            for source in sources
        ],
        "interleave_datasets": {"seed": phase.seed, "stopping_strategy": "first_exhausted"},
    }
    return Export(
        files={"mixture.json": json_text(content)},
        load=_LOAD,
        notes=(
            "Probabilities are shares of documents: share of tokens / tokens per document.",
            "repeat is the cap, in whole passes: the stream ends when the first source has been "
            "read so often. Draws are random, so a source that needs every pass ends it a little "
            "early.",
        ),
    )


def passes(epochs: Fraction) -> int:
    """Whole passes that hold so many epochs; six digits of a recipe may put 4 a hair above 4."""
    return max(math.ceil(epochs - Fraction(1, 1000)), 1)


def load_arguments(paths: tuple[str, ...]) -> dict[str, object]:
    """How ``load_dataset`` is called: by the files' ending, or with the name of a dataset."""
    builders = {_builder(path) for path in paths}
    if len(builders) == 1 and None not in builders:
        return {"path": builders.pop(), "data_files": list(paths), "split": "train"}
    if len(paths) == 1:
        return {"path": paths[0], "split": "train"}
    return {"path": "json", "data_files": list(paths), "split": "train"}


def _builder(path: str) -> str | None:
    endings = path.rpartition("/")[2].casefold().split(".")[1:]
    kept = [ending for ending in endings if ending not in _PACKED]
    last = kept[-1] if kept else ""
    return next((name for known, name in _BUILDERS if last in known), None)


EXPORTER = Exporter(
    name="hf",
    title="Hugging Face datasets",
    unit="documents",
    documents="needed",
    repetition="repeat(k), then the stream ends",
    checked=Checked("executed", "datasets 5.2.0", "2026-11-21"),
    write=one_file_a_phase(write_phase),
    paths=PathRule(what="files of one kind (parquet, jsonl, ...) or one dataset's name"),
)
