"""nanotron: ``data_stages`` with folders and weights, each stage from a step on.

Read from huggingface/nanotron ``src/nanotron/config/config.py`` (00708b80) and swiss-ai/nanotron
(092416fa), which takes ``dataset_folder: {folder: weight}`` and draws a list by size;
``dataset_max_tokens`` of its branches cuts a folder.
"""

from __future__ import annotations

import math
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Marked,
    Stage,
    as_weight,
    finished,
    read_above_zero,
    read_marked,
    read_text,
    run_tokens,
    texts,
    two_lists,
    weight_fault,
)

NAME: Final = "nanotron"


def read(text: str, what: str) -> Listing:
    """The stages of a configuration.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    listed = content.get("data_stages")
    single = content.get("data", "dataset") or content.get("dataset")
    faults: list[str] = []
    notes: list[str] = []
    if listed is not None and listed.kind == "list":
        stages = [_stage(stage, faults, notes) for stage in listed.members()]
    elif single is not None and single.kind == "mapping":
        stages = [Stage("", 0.0, tuple(_entries(single, faults, notes)))]
    else:
        raise DataError(
            f"{what} has no data_stages: expected a list of stages with name, start_training_step "
            "and data.dataset"
        )
    stages.sort(key=lambda stage: stage.first_step)
    for key in ("name", "first_step"):
        values = [getattr(stage, key) for stage in stages]
        if len(set(values)) < len(values):
            faults.append(f"two stages with one {key.replace('_', ' ')}: nanotron stops there")
    refusals = (
        [f"the first stage begins at step {stages[0].first_step + 1:g}: nanotron wants step 1"]
        if listed is not None and stages and stages[0].first_step != 0
        else []
    )
    for stage in stages[1:]:
        finished(stage.entries, faults, what, NAME)
    steps = content.get("tokens", "train_steps")
    keys = ("sequence_length", "micro_batch_size", "batch_accumulation_per_replica")
    factors = [("train_steps", steps), ("dp", content.get("parallelism", "dp"))]
    factors += [(key, content.get("tokens", key)) for key in keys]
    tokens = run_tokens(factors, NAME, faults)
    return Listing(
        finished(stages[0].entries if stages else (), faults, what, NAME),
        tokens=tokens,
        notes=tuple(dict.fromkeys(notes)),
        refusals=tuple(refusals),
        stages=tuple(stages) if len(stages) > 1 else (),
        steps=read_above_zero(steps, "train_steps", NAME, []),
    )


def _stage(stage: Marked, faults: list[str], notes: list[str]) -> Stage:
    start = stage.get("start_training_step")
    step = as_weight(start.value) if start is not None else None
    if step is None or not step >= 1:
        faults.append(f"{stage.place}: no start_training_step from 1")
        step = 1.0
    dataset = stage.get("data", "dataset")
    if dataset is None or dataset.kind != "mapping":
        faults.append(f"{stage.place}: no data.dataset; expected dataset_folder and weights")
        return Stage("", step - 1, ())
    entries = tuple(_entries(dataset, faults, notes))
    return Stage(read_text(stage.get("name")) or "", step - 1, entries)


def _entries(dataset: Marked, faults: list[str], notes: list[str]) -> list[Entry]:
    if dataset.get("hf_dataset_or_datasets") is not None:
        faults.append(
            f"{dataset.place}: hf_dataset_or_datasets mixes documents as it reads them; expected "
            "dataset_folder"
        )
        return []
    folders, weights = dataset.get("dataset_folder"), dataset.get("dataset_weights")
    if folders is None:
        faults.append(f"{dataset.place}: no dataset_folder")
        return []
    if folders.kind == "mapping":
        notes.append(
            "dataset_folder as a mapping of weights: swiss-ai's nanotron takes it, today's refuses"
        )
        entries = []
        for name, node in folders.items():
            number = as_weight(node.value) if node.kind == "scalar" else None
            fault = (
                f"{node.place}: {name[:60]} has no number as weight"
                if number is None
                else weight_fault(number, node.place, NAME)
            )
            faults += [fault] if fault else []
            entries.append(Entry(name, number, node.place))
    elif isinstance(folders.value, str):
        entries = [Entry(folders.value, 1.0, folders.place)]
    elif weights is None or (weights.kind == "scalar" and weights.value is None):
        named = texts(folders)
        if named is None:
            faults.append(f"{folders.place}: expected a list of folders")
        entries = [Entry(name, None, folders.place) for name in named or ()]
        notes.append("no dataset_weights: nanotron then draws in proportion to size, one epoch")
    else:
        entries, wrong, _ = two_lists(folders, weights, NAME)
        faults += wrong
    return _cut(entries, dataset.get("dataset_max_tokens"), faults)


def _cut(entries: list[Entry], most: Marked | None, faults: list[str]) -> list[Entry]:
    """Entries with what ``dataset_max_tokens`` leaves of each."""
    if most is None or (most.kind == "scalar" and most.value is None):
        return entries
    limits: list[float | None] = []
    for node in most.members():
        number = as_weight(node.value) if node.kind == "scalar" else None
        if node.value is not None or node.kind != "scalar":
            number = number if number is not None and math.isfinite(number) else -1.0
        limits.append(number)
    if len(limits) != len(entries) or any(limit is not None and limit <= 0 for limit in limits):
        faults.append(
            f"{most.place}: dataset_max_tokens has {len(limits)} entries for {len(entries)} "
            "folders; expected a number above 0, or null, for each"
        )
        return entries
    return [
        Entry(entry.prefix, entry.weight, entry.place, limit=limit)
        for entry, limit in zip(entries, limits, strict=True)
    ]
