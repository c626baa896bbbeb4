"""NeMo 1: the ``model.data.data_prefix`` of a training configuration."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from atlasmix.interop.exporters import megatron
from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    no_cap,
    one_file_a_phase,
    shell,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import yaml_text


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``data.yaml``: ``[weight, prefix, weight, prefix ...]`` for each split.

    NeMo takes a mapping of splits only when train, validation and test are all there; otherwise
    one list, cut by ``splits_string``.
    """
    train: list[object] = []
    for source in plan.by_tokens_and_place(phase):
        train += [source.weight, source.paths[0]]
    data: dict[str, object] = {"data_prefix": train, "splits_string": "100,0,0"}
    notes = [no_cap("NeMo")]
    if plan.valid and plan.test:
        splits = {"train": train, "validation": _even(plan.valid), "test": _even(plan.test)}
        data = {"data_prefix": splits}
    else:
        notes.append(
            "NeMo takes held-out prefixes only together: name both valid and test in the paths "
            "file, or it validates on nothing."
        )
    data["seq_length"] = plan.run.sequence_length
    model = {"global_batch_size": plan.run.batch_size, "seed": phase.seed, "data": data}
    content = {"trainer": {"max_steps": phase.steps}, "model": model}
    return Export(
        files={"data.yaml": yaml_text(content)},
        load=(
            "# defaults: [data, _self_] in your own configuration, then\n"
            + shell(
                "python megatron_gpt_pretraining.py", "--config-path=CONF", "--config-name=YOURS"
            )
        ),
        notes=tuple(notes),
    )


def _even(paths: tuple[str, ...]) -> list[object]:
    return [word for path in paths for word in (Decimal(1), path)]


EXPORTER = Exporter(
    name="nemo",
    title="NeMo",
    unit="tokens",
    repetition="none: repeats in silence",
    checked=Checked(
        "read",
        "nemo_toolkit 1.23.0: collections/nlp/data/language_modeling/megatron/gpt_dataset.py, "
        "blendable_dataset.py, base_dataset_utils.py; langtech-bsc/salamandra "
        "configs/bsc_7b.yaml (d74d3c69). "
        "megatron-core parses its lists in tests/frameworks",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    # blendable_dataset.py: assert num_datasets < 255
    most_sources=254,
    paths=dataclasses.replace(megatron.PREFIX, spaces=True),
)
