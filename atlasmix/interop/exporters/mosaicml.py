"""MosaicML streaming and LLM Foundry: ``train_loader.dataset.streams`` with a repeat each."""

from __future__ import annotations

from decimal import Decimal

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    one_file_a_phase,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import yaml_text


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``train_loader.yaml``: passes over each stream, so that one epoch of the loader is the phase.

    A stream has only the keys that ``Stream`` takes: any other stops it.
    """
    streams: dict[str, dict[str, object]] = {}
    epochs = plan.epochs(phase)
    for name in phase.shares:
        pool = plan.pools[name]
        passes = epochs[name]
        repeat = Decimal(f"{float(passes):.9g}")
        for number, place in enumerate(pool.places):
            key = pool.key if len(pool.places) == 1 else f"{pool.key}__{number + 1}"
            where = "remote" if "://" in place.path else "local"
            streams[key] = {where: place.path, "repeat": repeat}
    dataset = {
        "streams": streams,
        "shuffle": True,
        "shuffle_seed": phase.seed,
        "max_seq_len": plan.run.sequence_length,
    }
    content = {
        "max_duration": "1ep",
        "global_train_batch_size": plan.run.batch_size,
        "train_loader": {"name": "text", "dataset": dataset},
    }
    return Export(
        files={"train_loader.yaml": yaml_text(content)},
        load=(
            "# into the training YAML of LLM Foundry; or, in Python:\n"
            "streams = [Stream(**one) for one in streams.values()]\n"
            f"StreamingDataset(streams=streams, shuffle=True, shuffle_seed={phase.seed})"
        ),
        notes=(
            "repeat is passes over a stream: the cap holds by construction, and shares are right "
            "where the files hold what the recipe counts. One epoch of the loader is this phase.",
            "A sample must be one sequence: write the shards with --concat_tokens.",
        ),
    )


EXPORTER = Exporter(
    name="mosaicml",
    title="MosaicML streaming",
    unit="epochs",
    repetition="repeat: exact",
    checked=Checked("executed", "mosaicml-streaming 0.13.0", "2026-11-21"),
    write=one_file_a_phase(write_phase),
    paths=PathRule(what="a folder of MDS shards", patterns=False),
)
