"""LLaMA-Factory: ``dataset_info.json`` with a number of samples each, and the arguments."""

from __future__ import annotations

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    json_text,
    one_file_a_phase,
    rows_by_place,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import yaml_text


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """Counts, not probabilities: ``interleave_under`` ends with the smallest source, and
    ``interleave_over`` repeats without limit.
    """
    rows = rows_by_place(plan, phase)
    info = {
        source.key: {
            "file_name": source.paths[0],
            "num_samples": count,
            "columns": {"prompt": "text"},
        }
        for source, count in rows
    }
    arguments = {
        "stage": "pt",
        "dataset_dir": ".",
        "dataset": ",".join(info),
        "mix_strategy": "concat",
        "streaming": False,
        "cutoff_len": plan.run.sequence_length,
        "seed": phase.seed,
    }
    return Export(
        files={
            "dataset_info.json": json_text(info),
            "llama_factory.yaml": yaml_text(arguments),
        },
        load=(
            "# beside your model and training arguments\nllamafactory-cli train llama_factory.yaml"
        ),
        notes=(
            "num_samples counts rows: tokens / tokens per document. Above the size of a source "
            "LLaMA-Factory takes every row once and draws the rest at random, so single rows may "
            "come oftener than the epochs say.",
            "Rows are expected to have a column text; change columns where yours differ. Paths "
            "that are not absolute begin in this folder.",
        ),
    )


EXPORTER = Exporter(
    name="llama-factory",
    title="LLaMA-Factory",
    unit="documents",
    documents="needed",
    repetition="num_samples, then at random",
    checked=Checked(
        "read",
        "llamafactory 0.9.5: data/loader.py, data/parser.py, hparams/data_args.py",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    paths=PathRule(
        what="a file or a folder of files of one kind", several="divide", patterns=False
    ),
)
