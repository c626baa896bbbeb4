"""Levanter: components and staged ``train_weights``, in blocks that keep the smallest share."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters.exporter import Checked, Export, Exporter, PathRule, no_cap
from atlasmix.interop.exporters.plan import Plan, PlannedPhase
from atlasmix.interop.exporters.planning import refuse_over_cap
from atlasmix.io.safe_yaml import yaml_text
from atlasmix.text import first_few

BLOCKS: Final = (2048, 4096, 8192, 16384, 32768)
"""Levanter's default and its doublings below its limit of 65,536. A power of two, because a count
divided by it is exact in binary: Levanter cuts weight x block to a whole number, and 0.1 x 10 may
be cut to 0."""

OFF: Final = Fraction(1, 20)
"""A block is fine enough where every source is within 5 % of its share (our choice)."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """How a plan fits into blocks.

    Attributes:
        size: sequences a block.
        plan: what will be read: stages that begin where a block begins, and whole sequences of each
            pool in every block, as the proportions of each phase.
        worst: largest distance of a pool's share from what was asked, relative to it.
        worst_pool: which.
    """

    size: int
    plan: Plan
    worst: Fraction
    worst_pool: str


def choose_blocks(plan: Plan) -> Blocks:
    """The smallest block in which every source keeps its share, or the largest there is.

    Raises:
        ProblemError: a pool would get no sequence even in the largest block, or a phase is shorter
            than a block.
    """
    blocks = [_blocks(plan, size) for size in BLOCKS[:1]]
    for size in BLOCKS[1:]:
        if blocks[-1].worst <= OFF:
            break
        blocks.append(_blocks(plan, size))
    last = blocks[-1]
    gone = sorted({name for phase in last.plan.phases for name, count in phase.tokens if not count})
    if gone:
        raise ProblemError(
            f"even in Levanter's largest block of {BLOCKS[-1]:,} sequences there is none of "
            f"{first_few(gone, 8)}: leave these pools out of the question or put them "
            "together"
        )
    return last


def step_grain(block: int, batch_size: int) -> int:
    """Steps between two points at which a stage may begin: there a block must begin too."""
    return block // math.gcd(block, batch_size)


def _blocks(plan: Plan, size: int) -> Blocks:
    near = _near_their_caps(plan)
    worst, worst_pool = Fraction(0), ""
    phases = []
    for phase in _moved(plan, step_grain(size, plan.run.batch_size), size, near):
        shares = phase.shares
        counts = _count(shares, size, near)
        for name, share in shares.items():
            off = abs(Fraction(counts[name], size) / share - 1)
            if off > worst:
                worst, worst_pool = off, name
        phases.append(dataclasses.replace(phase, tokens=tuple(counts.items())))
    return Blocks(size, dataclasses.replace(plan, phases=tuple(phases)), worst, worst_pool)


def _moved(plan: Plan, grain: int, size: int, near: frozenset[str]) -> list[PlannedPhase]:
    """Phases that begin at whole blocks; pools near their caps keep their tokens all the same.

    Raises:
        ProblemError: a phase without a block.
    """
    end = sum(phase.steps for phase in plan.phases)
    starts = [round(phase.first_step / grain) * grain for phase in plan.phases] + [end]
    moved = []
    for number, phase in enumerate(plan.phases):
        steps = starts[number + 1] - starts[number]
        if steps < 1:
            raise ProblemError(
                f"phase {phase.name} has {phase.steps:,} steps, and in Levanter a stage begins "
                f"only every {grain:,} steps (blocks of {size:,}, batches of "
                f"{plan.run.batch_size:,}): lengthen the phase, or choose a batch size that a "
                "power of two divides",
                field="batch_size",
                value=plan.run.batch_size,
            )
        kept = {name: share for name, share in phase.shares.items() if name in near}
        free = 1 - sum(kept.values())
        stretch = Fraction(steps, phase.steps)
        # Shares of the moved phase, times its steps: a kept pool has the tokens it had before.
        others = (stretch - sum(kept.values())) / free if free > 0 else stretch
        if others <= 0:
            kept, others = {}, stretch
        parts = {
            name: share * (1 if name in kept else others) for name, share in phase.shares.items()
        }
        whole = math.lcm(*(part.denominator for part in parts.values()))
        tokens = tuple((name, int(part * whole)) for name, part in parts.items())
        moved.append(
            dataclasses.replace(phase, first_step=starts[number], steps=steps, tokens=tokens)
        )
    return moved


def _count(shares: Mapping[str, Fraction], size: int, near: frozenset[str]) -> dict[str, int]:
    """Whole sequences a block, by largest remainder; a pool near its cap is never rounded up."""
    exact = {name: share * size for name, share in shares.items()}
    counts = {name: math.floor(value) for name, value in exact.items()}
    rising = [name for name in exact if name not in near] or list(exact)
    rising.sort(key=lambda name: (counts[name] - exact[name], name))
    for turn in range(size - sum(counts.values())):
        counts[rising[turn % len(rising)]] += 1
    return counts


def _near_their_caps(plan: Plan) -> frozenset[str]:
    """Pools that are read nearly as often as their caps allow, in all or in one phase."""
    whole = {name: pool.max_epochs for name, pool in plan.pools.items()}
    passes = [(plan.epochs_in_all(), whole)]
    passes += [(plan.epochs(phase), dict(phase.max_epochs)) for phase in plan.phases]
    return frozenset(
        name
        for epochs, caps in passes
        for name, cap in caps.items()
        if epochs.get(name, Fraction(0)) > (1 - OFF) * Fraction(cap)
    )


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
