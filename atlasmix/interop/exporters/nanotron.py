"""nanotron: ``data_stages``, with one stage a phase in the same file."""

from __future__ import annotations

from atlasmix.interop.exporters.exporter import Checked, Export, Exporter, PathRule, no_cap
from atlasmix.interop.exporters.plan import Plan
from atlasmix.io.safe_yaml import yaml_text


def write(plan: Plan) -> Export:
    """``data_stages.yaml``: lists of folders and weights; strict, so no key of ours."""
    stages = []
    for phase in plan.phases:
        sources = plan.by_tokens_and_place(phase)
        dataset = {
            "dataset_folder": [source.paths[0] for source in sources],
            "dataset_weights": [source.weight for source in sources],
        }
        stages.append(
            {
                "name": phase.name,
                # The first step is step 1.
                "start_training_step": phase.first_step + 1,
                "data": {"dataset": dataset, "seed": plan.run.seed, "num_loading_workers": 1},
            }
        )
    steps = sum(phase.steps for phase in plan.phases)
    return Export(
        files={"data_stages.yaml": yaml_text({"data_stages": stages})},
        load=(
            "# put data_stages into the configuration, with\n"
            f"tokens: {{sequence_length: {plan.run.sequence_length}, train_steps: {steps}}}\n"
            f"# and {plan.run.batch_size} sequences a step, that is\n"
            "# micro_batch_size x batch_accumulation_per_replica x dp"
        ),
        notes=(
            no_cap("nanotron"),
            "What was read of a folder is counted on from stage to stage.",
        ),
    )


EXPORTER = Exporter(
    name="nanotron",
    title="nanotron",
    unit="tokens",
    repetition="none: repeats in silence",
    stages="native",
    checked=Checked(
        "read", "huggingface/nanotron src/nanotron/config/config.py (00708b80)", "2026-11-21"
    ),
    write=write,
    paths=PathRule(what="a folder of .ds files", several="divide", patterns=False),
)
