"""From a recipe and the user's run to a plan, or a refusal that says what to change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import Exporter
from atlasmix.interop.exporters.paths import (
    EXAMPLE,
    PathsFile,
    place_pools,
    refuse_unknown_lengths,
    tokens_per_document,
)
from atlasmix.interop.exporters.plan import Place, Plan, PlannedPhase, PlannedPool, Run
from atlasmix.quantities import MILLIONTHS, format_quantity
from atlasmix.recipe.as_mixture import epoch_caps, phase_caps
from atlasmix.recipe.recipe import Recipe
from atlasmix.recipe.run_phases import RunPhase
from atlasmix.text import first_few

PARTS: Final = "__"
"""Stands between language, provenance and corpus, where a pool's name has dots: a dot in a key
breaks Hydra's overrides (``data.sources.cat.human.weight=0.5``)."""


def safe_key(name: str) -> str:
    """A pool's name in letters, digits and underscores, beginning with a letter.

    Such a word is no number and no truth value to any reader of YAML: a pool's name has three
    parts, and one word alone, such as ``no``, gets an underscore.

    >>> safe_key("cat.human.hplt-v4"), safe_key("srp_Cyrl.human.2023"), safe_key("no")
    ('cat__human__hplt_v4', 'srp_Cyrl__human__2023', 'no_')
    """
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    key = re.sub(r"[^A-Za-z0-9_]", "_", bare.replace(".", PARTS)) or "pool"
    if not key[0].isalpha():
        key = f"p_{key}"
    return key if PARTS in key else f"{key}_"


def safe_keys(names: Iterable[str]) -> dict[str, str]:
    """Name to key, for all pools of one export.

    Raises:
        DataError: two names that become one key.
    """
    keys = {name: safe_key(name) for name in names}
    by_key: dict[str, list[str]] = {}
    for name, key in keys.items():
        by_key.setdefault(key, []).append(name)
    doubled = [f"{key}: {' and '.join(each)}" for key, each in by_key.items() if len(each) > 1]
    if doubled:
        raise DataError(
            f"{len(doubled)} names of pools are the same in letters, digits and underscores: "
            "expected one name a pool; rename a corpus in the inventory",
            tuple(doubled),
        )
    return keys


LARGEST: Final = 10**7
"""Most tokens of a sequence, and sequences of a step; above, a slip is taken for granted."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the user says beside the recipe.

    Attributes:
        run: sequence length, batch, seed.
        budget: tokens to train on in the place of the recipe's, or None.
        paths: the paths file, or None.
        lengths: tokens per document, by name of a pool or pattern.
    """

    run: Run = field(default_factory=Run)
    budget: float | None = None
    paths: PathsFile | None = None
    lengths: Mapping[str, float] = field(default_factory=dict)


def make_plan(
    recipe: Recipe,
    phases: Sequence[RunPhase],
    exporter: Exporter,
    options: ExportOptions,
    store: Store,
) -> Plan:
    """The plan of a run.

    Args:
        recipe: what to train on.
        phases: of the recipe, in the order of training.
        exporter: the framework that will read the plan.
        options: of the user.
        store: where the recipe's inventory is looked up for tokens per document.

    Raises:
        ProblemError: a run that cannot be: too short, over an epoch cap, pools that would never be
            drawn, documents of unknown length where the framework draws documents.
        DataError: paths that are missing or would be misread.
    """
    read = {name for phase in phases for name, tokens in phase.pools if tokens > 0}
    pools = [pool for pool in recipe.pools if pool.name in read]
    keys = safe_keys(pool.name for pool in pools)
    placed = _placed(recipe, keys, exporter, options)
    lengths: Mapping[str, float] = {}
    if exporter.documents != "unused" or options.lengths:
        lengths = tokens_per_document(recipe, options.lengths, store)
    if exporter.documents == "needed":
        refuse_unknown_lengths([name for name in keys if name not in lengths], exporter.title)
    caps = epoch_caps(recipe)
    plan = Plan(
        run=options.run,
        phases=_phases(phases, options, phase_caps(recipe)),
        pools={
            pool.name: PlannedPool(
                name=pool.name,
                key=keys[pool.name],
                language=pool.language,
                provenance=pool.provenance,
                corpus=pool.corpus,
                unique_tokens=pool.unique_tokens,
                max_epochs=caps[pool.name],
                tokens_per_document=lengths.get(pool.name),
                places=placed.get(pool.name, ()),
            )
            for pool in pools
        },
        valid=options.paths.valid if options.paths else (),
        test=options.paths.test if options.paths else (),
    )
    _refuse_vanishing(plan)
    refuse_over_cap(plan, sum(phase.tokens for phase in phases))
    _refuse_too_many(plan, exporter)
    return plan


def refuse_over_cap(plan: Plan, tokens: int, grain: Fraction = Fraction(0)) -> None:
    """Refuse a plan that reads a pool more often than its question allows.

    A recipe has six places, so a pool may be over its cap by a millionth of the recipe's tokens.

    Args:
        plan: what will be read.
        tokens: of the recipe.
        grain: tokens that the framework's own rounding may add to a pool.

    Raises:
        ProblemError: naming every such pool.
    """
    over = []
    for name, epochs in plan.epochs_in_all().items():
        pool = plan.pools[name]
        most = Fraction(pool.max_epochs) * pool.unique_tokens + Fraction(tokens, MILLIONTHS) + grain
        if epochs * pool.unique_tokens > most:
            over.append(f"{name} {float(epochs):.2f} times (cap {pool.max_epochs:g})")
    for phase in plan.phases:
        passes = plan.epochs(phase)
        for name, cap in phase.max_epochs.items():
            unique = plan.pools[name].unique_tokens if name in passes else 0
            # A phase begins and ends at a whole step: one step more than its tokens, at most.
            spare = Fraction(tokens, MILLIONTHS) + grain + plan.run.step_tokens
            if name in passes and passes[name] * unique > Fraction(cap) * unique + spare:
                over.append(
                    f"{name} {float(passes[name]):.2f} times in phase {phase.name} (cap {cap:g})"
                )
    if over:
        read = sum(phase.steps for phase in plan.phases) * plan.run.step_tokens
        raise ProblemError(
            f"on {format_quantity(read)} tokens this recipe reads {first_few(over, 8)}: hardly any "
            "framework stops there by itself; solve again with this budget, or raise the cap",
            field="budget",
        )


def _placed(
    recipe: Recipe, keys: Mapping[str, str], exporter: Exporter, options: ExportOptions
) -> Mapping[str, tuple[Place, ...]]:
    pools = [pool for pool in recipe.pools if pool.name in keys]
    if options.paths is not None:
        return place_pools(pools, keys, options.paths, exporter)
    if not exporter.paths.needed:
        return {}
    raise ProblemError(
        f"{exporter.title} reads files, and nobody says where {first_few(list(keys), 8)} lie: "
        f"give paths in a file of lines such as {EXAMPLE}",
        field="paths",
    )


def _phases(
    phases: Sequence[RunPhase], options: ExportOptions, caps: Mapping[str, Mapping[str, float]]
) -> tuple[PlannedPhase, ...]:
    """Whole steps: the last step of a phase is the last that fits into its tokens.

    Args:
        phases: of the recipe, in the order of training.
        options: of the user.
        caps: those of single phases, by phase and pool.
    """
    run = options.run
    for key, what, number in (
        ("sequence_length", "the sequence length", run.sequence_length),
        ("batch_size", "the batch size", run.batch_size),
    ):
        if not 1 <= number <= LARGEST:
            raise ProblemError(
                f"{what} is {number}: expected a whole number from 1 to {LARGEST:,}",
                field=key,
                value=number,
            )
    whole = sum(phase.tokens for phase in phases)
    budget = Fraction(whole) if options.budget is None else Fraction(round(options.budget))
    planned: list[PlannedPhase] = []
    tokens, start = Fraction(0), 0
    for number, phase in enumerate(phases):
        tokens += phase.tokens * budget / whole
        end = int(tokens / run.step_tokens)
        if end <= start:
            raise ProblemError(
                f"phase {phase.name} has {format_quantity(float(phase.tokens * budget / whole))} "
                f"tokens, less than one step of {run.batch_size:,} sequences of "
                f"{run.sequence_length:,}: lower the batch size or the sequence length",
                field="batch_size",
                value=run.batch_size,
            )
        read = tuple((name, count) for name, count in phase.pools if count > 0)
        key = safe_key(phase.name).rstrip("_")
        steps, seed, own = end - start, run.seed + number, caps.get(phase.name, {})
        planned.append(PlannedPhase(phase.name, key, start, steps, seed, read, own))
        start = end
    return tuple(planned)


def _refuse_vanishing(plan: Plan) -> None:
    gone = [
        f"{name} ({float(phase.shares[name]):.2g} of phase {phase.name})"
        for phase in plan.phases
        for name, samples in plan.samples(phase).items()
        if samples == 0
    ]
    if gone:
        raise ProblemError(
            f"in this run not one sequence would be drawn of {first_few(gone, 8)}: raise the "
            "budget, lower the sequence length, or leave these pools out of the question",
            field="budget",
        )


def _refuse_too_many(plan: Plan, exporter: Exporter) -> None:
    sources = max(
        sum(
            len(plan.pools[name].places) if exporter.paths.several == "divide" else 1
            for name in phase.shares
        )
        for phase in plan.phases
    )
    if exporter.most_sources is not None and sources > exporter.most_sources:
        raise ProblemError(
            f"this recipe has {sources:,} entries, and {exporter.title} can hold at most "
            f"{exporter.most_sources:,}: put the smallest pools together"
        )
