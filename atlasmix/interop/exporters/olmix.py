"""olmix: the ``mix`` and the ``data.sources`` of an experiment."""

from __future__ import annotations

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    one_file_a_phase,
)
from atlasmix.interop.exporters.olmo_core import most_repeats
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.io.safe_yaml import yaml_text


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``mix.yaml``: flat, so that every entry has both ``weight`` and ``repetition_factor``."""
    sources = plan.by_tokens(phase)
    epochs = plan.epochs(phase)
    caps = {each.key: most_repeats(each.pool, epochs[each.pool.name]) for each in sources}
    content = {
        "data": {
            "sources": [
                {
                    "name": source.key,
                    "paths": list(source.paths),
                    "max_repetition_factor": caps[source.key],
                }
                for source in sources
            ]
        },
        "mix": {
            source.key: {"weight": source.weight, "repetition_factor": caps[source.key]}
            for source in sources
        },
    }
    return Export(
        files={"mix.yaml": yaml_text(content)},
        load=(
            "# put data and mix into your experiment, then\n"
            "olmix launch validate --config experiment.yaml"
        ),
        notes=(
            "olmix trains proxy models: its own chinchilla_multiple sets the tokens, not this "
            "file. repetition_factor becomes OLMo-core's cap, which is an error when passed.",
        ),
    )


EXPORTER = Exporter(
    name="olmix",
    title="olmix",
    unit="tokens",
    repetition="repetition_factor: an error",
    checked=Checked(
        "read",
        "allenai/olmix olmix/aliases.py (094a3b35), olmix/launch/utils.py (716c5f3b), "
        "configs/examples/launch/data_proportions/mix_baseline.yaml (f4df5063)",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    paths=PathRule(what="tokenised .npy files, * allowed"),
)
