"""RegMix and Sailor: the data YAML of their TinyLlama training script."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from atlasmix.errors import DataError
from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    no_cap,
    one_file_a_phase,
    shell,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import yaml_text


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``data.yaml``: beginnings of file names to weights; the folder is given on the command line.

    Raises:
        DataError: files in more than one folder, or a name that begins like another's.
    """
    sources = plan.by_tokens_and_place(phase)
    folder = _folder([source.paths[0] for source in sources])
    held_out = _folder(plan.valid) if plan.valid else ""
    content = {
        "train": {_name(source.paths[0]): source.weight for source in sources},
        "valid": {_name(path): Decimal(1) for path in plan.valid},
        "data_seed": phase.seed,
        "global_batch_size": plan.run.batch_size,
        "max_step": phase.steps,
    }
    _refuse_beginnings(sorted({*content["train"], *content["valid"]}))  # type: ignore[misc]
    return Export(
        files={"data.yaml": yaml_text(content)},
        load=(
            shell(
                "python pretrain/tinyllama.py",
                "--data_yaml_file data.yaml",
                f"--train_data_dir {folder}",
                *([f"--val_data_dir {held_out}"] if held_out else []),
            )
        ),
        notes=(
            no_cap("The script"),
            "A source with fewer files than devices is left out without an error: look for 'skip "
            "dataset' in the log.",
            "The block size is the model's: it must be "
            f"{plan.run.sequence_length:,} for these steps to be this budget.",
        ),
    )


def _folder(paths: Sequence[str]) -> str:
    folders = {path.rpartition("/")[0] or "." for path in paths}
    if len(folders) > 1:
        raise DataError(
            f"RegMix reads one folder, and the paths lie in {len(folders)}: "
            f"{', '.join(sorted(folders)[:8])}; put the files together"
        )
    return folders.pop()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _refuse_beginnings(names: Sequence[str]) -> None:
    """The script looks for ``name*``: a name that begins another takes its files too."""
    both = [
        f"{name} begins {other}: its pattern {name}* takes the other's files too"
        for name in names
        for other in names
        if other != name and other.startswith(name)
    ]
    if both:
        raise DataError(
            "the names of some files are not apart for RegMix: rename them", tuple(both)
        )


EXPORTER = Exporter(
    name="regmix",
    title="RegMix",
    unit="tokens",
    repetition="none: repeats in silence",
    checked=Checked(
        "read",
        "sail-sg/regmix model_training/pretrain/tinyllama.py (0529f0d3), "
        "mixture_config/config_1b/regmix.yaml (476a7b09)",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    paths=PathRule(
        what="a folder and how the names of its files begin",
        several="divide",
        patterns=False,
        endings=("/",),
    ),
)
