"""Levanter: components and staged ``train_weights``, in blocks that keep the smallest share."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from atlasmix.recipes.exporters.exporter import Checked, Export, Exporter, PathRule, no_cap
from atlasmix.recipes.exporters.levanter_blocks import OFF, Blocks, choose_blocks, step_grain
from atlasmix.recipes.exporters.plan import Plan
from atlasmix.recipes.exporters.planning import refuse_over_cap
from atlasmix.recipes.yaml_text import yaml_text


def write(plan: Plan) -> Export:
    """``data.yaml`` for today's Levanter, ``data_configs.yaml`` for older ones (1.2).

    Raises:
        ProblemError: a pool that no block can hold, or a phase shorter than a block.
    """
    blocks = choose_blocks(plan)
    real = blocks.plan
    # One sequence of a block more or less: what counting in whole numbers may add to a pool.
    tokens = sum(phase.steps for phase in real.phases) * plan.run.step_tokens
    refuse_over_cap(real, tokens, Fraction(tokens, blocks.size))
    weights: list[list[object]] = [
        [
            phase.first_step,
            {plan.pools[name].key: _of_block(count, blocks.size) for name, count in phase.tokens},
        ]
        for phase in real.phases
    ]
    shared = {
        "train_weights": weights if len(weights) > 1 else weights[0][1],
        "mixture_block_size": blocks.size,
        "stop_strategy": "restart",
    }
    urls = {pool.key: [place.path for place in pool.places] for pool in plan.pools.values()}
    components = {
        key: {"source": {"type": "url", "train_urls": paths}} for key, paths in urls.items()
    }
    configs = {key: {"train_urls": paths} for key, paths in urls.items()}
    steps = sum(phase.steps for phase in real.phases)
    return Export(
        files={
            "data.yaml": yaml_text({"data": {"components": components, **shared}}),
            "data_configs.yaml": yaml_text({"data": {"configs": configs, **shared}}),
        },
        load=(
            "# put data into the configuration, with\n"
            f"trainer:\n  train_batch_size: {plan.run.batch_size}\n"
            f"  num_train_steps: {steps}\n  seed: {plan.run.seed}\n"
            f"# and a model of {plan.run.sequence_length:,} tokens a sequence\n"
            "# (older versions, such as 1.2, read data_configs.yaml instead)"
        ),
        notes=_notes(plan, blocks),
        plan=real,
    )


def _of_block(count: int, size: int) -> Decimal:
    """Exact: the size is a power of two."""
    return Decimal(count) / Decimal(size)


def _notes(plan: Plan, blocks: Blocks) -> tuple[str, ...]:
    notes = [
        no_cap("Levanter"),
        f"mixture_block_size {blocks.size:,} is the smallest that keeps every share within 5%."
        if blocks.worst <= OFF
        else f"Blocks end at {blocks.size:,} sequences: {blocks.worst_pool} is read "
        f"{100 * float(blocks.worst):.0f}% off its share; expected.json has what is really read.",
    ]
    if len(plan.phases) > 1:
        grain = step_grain(blocks.size, plan.run.batch_size)
        notes.append(f"Stages begin at multiples of {grain:,} steps, where a block begins.")
    return tuple(notes)


EXPORTER = Exporter(
    name="levanter",
    title="Levanter",
    unit="tokens",
    repetition="none: restarts in silence",
    stages="native",
    checked=Checked(
        "by hand",
        "marin-levanter 0.2.20.dev202606180959 (data/mixture.py, data/text/datasets.py); the form "
        "with configs was only read: marin-community/levanter src/levanter/data/text.py (0c43d520)",
        "2026-11-21",
    ),
    write=write,
    paths=PathRule(what="files or URLs of text, * allowed"),
)
