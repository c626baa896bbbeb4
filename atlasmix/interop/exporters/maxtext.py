"""MaxText and Grain: the JSON of named datasets for ``grain_train_mixture_config_path``."""

from __future__ import annotations

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    json_text,
    one_file_a_phase,
    shell,
)
from atlasmix.interop.exporters.hf import passes
from atlasmix.interop.exporters.plan import Plan, PlannedPhase, Source

_PLACES = 4
"""What the semicolon form of ``grain_train_files`` rounds every weight to."""


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``grain_mixture.json``: weights in shares of records, which MaxText does not round."""
    sources = plan.by_documents_and_place(phase)
    content = {
        source.key: {"path": source.paths[0], "weight": float(source.weight)} for source in sources
    }
    repeats = max(passes(epochs) for epochs in plan.epochs(phase).values())
    notes = [
        "Weights are shares of records, drawn before packing: share of tokens / tokens per record.",
        f"num_epoch={repeats} holds for every source alike: only the most repeated one is capped. "
        "The run ends when the first source is exhausted.",
    ]
    lost = [source.key for source in lost_in_four_places(sources)]
    if lost:
        notes.append(
            "The form 'path,weight;path,weight' of grain_train_files rounds to four decimals and "
            f"would lose {', '.join(lost[:8])}" + (" and more" if len(lost) > 8 else "") + ": use "
            "this file."
        )
    return Export(
        files={"grain_mixture.json": json_text(content)},
        load=(
            shell(
                "dataset_type=grain",
                "grain_file_type=arrayrecord",
                "grain_train_mixture_config_path=grain_mixture.json",
                f"num_epoch={repeats}",
                f"max_target_length={plan.run.sequence_length}",
                f"steps={phase.steps}",
                f"data_shuffle_seed={phase.seed}",
            )
        ),
        notes=tuple(notes),
    )


def lost_in_four_places(sources: list[Source]) -> list[Source]:
    """Sources that ``round(weight, 4)`` turns to 0, at which Grain stops."""
    return [source for source in sources if round(float(source.weight), _PLACES) == 0]


EXPORTER = Exporter(
    name="maxtext",
    title="MaxText",
    unit="documents",
    documents="needed",
    repetition="num_epoch, the same for all",
    checked=Checked(
        "executed",
        "grain 0.2.18 mixes what the file says; MaxText itself was read: "
        "AI-Hypercomputer/maxtext src/maxtext/input_pipeline/grain_data_processing.py (7a1dd6d5)",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    paths=PathRule(what="a pattern of ArrayRecord files", several="divide"),
)
