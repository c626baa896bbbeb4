"""GPT-NeoX: paths and weights of a configuration that is merged with the others."""

from __future__ import annotations

import dataclasses

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters import megatron
from atlasmix.interop.exporters.exporter import Checked, Export, Exporter, no_cap, one_file_a_phase
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import yaml_text


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``atlasmix_data.yml``, a name that no configuration of NeoX has: two of one name are refused.

    Raises:
        ProblemError: no held-out paths; NeoX wants train, valid and test together.
    """
    if not (plan.valid and plan.test):
        raise ProblemError(
            "GPT-NeoX takes weighted training paths only together with valid and test paths: add "
            "'valid: /data/valid_text_document' and 'test: ...' to the paths file"
        )
    sources = plan.by_tokens_and_place(phase)
    content = {
        "train_data_paths": [source.paths[0] for source in sources],
        "train_data_weights": [source.weight for source in sources],
        "valid_data_paths": list(plan.valid),
        "valid_data_weights": [1.0] * len(plan.valid),
        "test_data_paths": list(plan.test),
        "test_data_weights": [1.0] * len(plan.test),
        "weight_by_num_documents": False,
        "seq_length": plan.run.sequence_length,
        "train_iters": phase.steps,
        "seed": phase.seed,
    }
    return Export(
        files={"atlasmix_data.yml": yaml_text(content)},
        load=(
            "python deepy.py train.py model.yml atlasmix_data.yml\n"
            "# no other file may have these keys, nor data_path"
        ),
        notes=(
            no_cap("GPT-NeoX"),
            "weight_by_num_documents stays false: true would throw these weights away, and its "
            "code does not do what its description says (95 and 5 documents become 0.5 and 0.5).",
            f"train_micro_batch_size_per_gpu x accumulation x devices must make "
            f"{plan.run.batch_size:,} sequences.",
        ),
    )


EXPORTER = Exporter(
    name="gpt-neox",
    title="GPT-NeoX",
    unit="tokens",
    repetition="none: repeats in silence",
    checked=Checked(
        "read",
        "EleutherAI/gpt-neox megatron/data/data_utils.py (007d6d0c), "
        "megatron/data/blendable_dataset.py (091b1653), "
        "megatron/neox_arguments/arguments.py (0097a39e)",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    # blendable_dataset.py: assert num_datasets < 255
    most_sources=254,
    paths=dataclasses.replace(megatron.PREFIX, spaces=True, numbers=True),
)
