"""OLMo-core: a ``SourceMixtureList``, the one common format that enforces an epoch cap."""

from __future__ import annotations

import math
from fractions import Fraction

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    one_file_a_phase,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase, PlannedPool
from atlasmix.io.safe_yaml import yaml_text

_LOAD = """\
import numpy as np
from olmo_core.data.source_mixture import (
    SourceMixtureDatasetConfig,
    SourceMixtureList,
)

mixture = SourceMixtureDatasetConfig(
    source_list=SourceMixtureList.from_yaml("source_mixture.yaml"),
    requested_tokens={tokens},
    global_batch_size={batch},  # in tokens
    seed={seed},
)
dataset = mixture.build(npdtype=np.uint32, sequence_length={length})"""


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``source_mixture.yaml``, with no key that OLMo-core does not know: it refuses strangers."""
    epochs = plan.epochs(phase)
    sources = [
        {
            "source_name": source.key,
            "target_ratio": source.weight,
            "max_repetition_ratio": most_repeats(source.pool, epochs[source.pool.name]),
            "max_source_fraction": 1.0,
            "paths": list(source.paths),
        }
        for source in plan.by_tokens(phase)
    ]
    load = _LOAD.format(
        tokens=phase.steps * plan.run.step_tokens,
        batch=plan.run.step_tokens,
        seed=phase.seed,
        length=plan.run.sequence_length,
    )
    return Export(
        files={"source_mixture.yaml": yaml_text({"sources": sources})},
        load=load,
        notes=(
            "OLMo-core stops with 'Insufficient tokens' where the files hold too little for the "
            "caps: the caps are those of the recipe.",
        ),
    )


def most_repeats(pool: PlannedPool, epochs: Fraction) -> float:
    """The pool's cap, or what the phase itself needs where rounding puts it a hair above.

    At least 1, as OLMo-core wants it: a pool that is read in part is capped by its ratio.
    """
    needed = float(epochs)
    if needed <= pool.max_epochs * (1 - 1e-9):
        return max(pool.max_epochs, 1.0)
    # Four places up: 4.0 times a file is cut to whole tokens, and so is the share of the budget.
    return max(math.ceil(needed * 1e4 + 1e-6) / 1e4, 1.0)


EXPORTER = Exporter(
    name="olmo-core",
    title="OLMo-core",
    unit="tokens",
    repetition="max_repetition_ratio: an error",
    checked=Checked("executed", "ai2-olmo-core 3.0.0", "2026-11-21"),
    write=one_file_a_phase(write_phase),
    paths=PathRule(what="tokenised .npy files, * allowed"),
)
