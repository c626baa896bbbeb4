"""Megatron-LM and Megatron-Core: the data-args text, the per-split JSON, a Hydra snippet."""

from __future__ import annotations

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    json_text,
    no_cap,
    one_file_a_phase,
    shell,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import plain_decimal

PREFIX = PathRule(
    what="a prefix, without .bin or .idx",
    several="divide",
    spaces=False,
    numbers=False,
    patterns=False,
    endings=(".bin", ".idx"),
)
"""One indexed dataset a path, named without its endings; the list is cut at every blank."""

# OpenEuroLLM/oellm-autoexp includes its mixture the same way:
# config/backend/megatron/baby/data/oellm_256k_10TT_leonardo_train.yaml (commit 02297ccc).
_HYDRA = """\
# @package backend.megatron
# ATLASMIX_EXPORT is the folder in which this file lies.
data_args_path: ${oc.env:ATLASMIX_EXPORT}/data_args.txt
split: '100,0,0'
"""


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``data_args.txt`` (no comment: Megatron would read it as data), and its two companions."""
    sources = plan.by_tokens_and_place(phase)
    pairs = [(plain_decimal(source.weight), source.paths[0]) for source in sources]
    held_out = {
        split: [word for path in paths for word in ("1.0", path)] or None
        for split, paths in (("valid", plan.valid), ("test", plan.test))
    }
    return Export(
        files={
            "data_args.txt": "".join(f"{weight} {path}\n" for weight, path in pairs),
            "per_split.json": json_text(
                {"train": [word for pair in pairs for word in pair], **held_out}
            ),
            "megatron.yaml": _HYDRA,
        },
        load=(
            shell(
                "--per-split-data-args-path per_split.json",
                f"--seq-length {plan.run.sequence_length}",
                f"--global-batch-size {plan.run.batch_size}",
                f"--train-iters {phase.steps}",
                f"--seed {phase.seed}",
            )
            + "\n# or, with nothing held out:\n"
            + shell("--data-args-path data_args.txt", "--split 100,0,0")
            + "\n# or, in Hydra, megatron.yaml, with ATLASMIX_EXPORT=this folder"
        ),
        notes=(
            no_cap("Megatron"),
            "With data_args.txt, --split holds text back from every prefix (3.1% by default), and "
            "what is left is read that much more often.",
        ),
    )


EXPORTER = Exporter(
    name="megatron",
    title="Megatron-LM",
    unit="tokens",
    repetition="none: repeats in silence",
    checked=Checked("executed", "megatron-core 0.16.1", "2026-11-21"),
    write=one_file_a_phase(write_phase),
    most_sources=32767,
    paths=PREFIX,
)
