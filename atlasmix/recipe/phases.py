"""Phases as a recipe records them: whole tokens that add up both ways, shares to six places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta

from atlasmix.evidence.pools import Pool
from atlasmix.io.schema import AtLeastOne, Count, Name, NotNegative, Share
from atlasmix.mixture.mixture import PhaseMixture
from atlasmix.mixture.phases import split_phases
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.schema import PhaseName
from atlasmix.quantities import MILLIONTHS, exact_parts, significant, split_tokens

_GRAIN: Final = 10**9
"""Tokens are dealt out in this part of all tokens: a thousandth of what proportions record, and far
coarser than the last digits of a solver, so that every machine writes the same counts."""


@dataclass(frozen=True, slots=True)
class RecipePhasePool:
    """What is read of one pool in one phase.

    Attributes:
        name: of the pool, as in the recipe's ``pools``.
        proportion: share of the phase's tokens, 0-1, six places; they sum to exactly 1.
        tokens: tokens read in the phase; over the phases they sum to those of the recipe's pool.
        epochs: passes in the phase alone.
        epochs_after: passes from the first phase to the end of this one.
    """

    name: Name
    proportion: Annotated[
        Share, Meta(description="share of the phase's tokens; all sum to exactly 1")
    ]
    tokens: AtLeastOne
    epochs: Annotated[NotNegative, Meta(description="passes in this phase")]
    epochs_after: Annotated[
        NotNegative, Meta(description="passes from the first phase to the end of this one")
    ]


@dataclass(frozen=True, slots=True)
class RecipePhase:
    """One phase.

    Attributes:
        name: of the phase, as in the question.
        tokens: tokens read in it; over the phases they sum to the recipe's ``tokens``.
        pools: those that are read in it, largest first.
    """

    name: PhaseName
    tokens: Count
    pools: Annotated[tuple[RecipePhasePool, ...], Meta(min_length=1)]


def recipe_phases(problem: MixProblem, tokens: Mapping[str, int]) -> tuple[RecipePhase, ...]:
    """The phases of a recipe that reads ``tokens`` of each pool (by name) in all.

    Whole tokens are split, not those of the mixture, so that totals agree to the token.

    Raises:
        ProblemError, Infeasible, SolverFailed: as ``split_phases``.
    """
    pools = [pool for pool in problem.pools if tokens.get(pool.name)]
    if not problem.phases or not pools:
        return ()
    read = np.array([tokens[pool.name] for pool in pools], dtype=float)
    # Each pool was rounded to a millionth: where limits only just leave a split, so much is lost.
    shares = sum(len(phase.shares) for phase in problem.phases)
    caps = len(pools) * sum(phase.is_capped for phase in problem.phases)
    # A share is lost by as much as its pools may be, a cap by no more than its one pool.
    lost = ((1 + shares) * (1 + len(pools)) + caps) / MILLIONTHS
    split = split_phases(problem.phases, pools, read, tolerance=lost)
    return _records(pools, tokens, split)


def _records(
    pools: Sequence[Pool], tokens: Mapping[str, int], split: Sequence[PhaseMixture]
) -> tuple[RecipePhase, ...]:
    total = sum(tokens[pool.name] for pool in pools)
    cells: dict[str, dict[str, int]] = {}
    for pool in pools:
        exact = {
            phase.name: share.tokens
            for phase in split
            for share in phase.shares
            if share.pool.name == pool.name
        }
        grains = max(round(tokens[pool.name] / max(total / _GRAIN, 1.0)), 1)
        cells[pool.name] = split_tokens(exact_parts(exact, grains), tokens[pool.name])
    _balance(cells, _whole_tokens(split, total))
    before = dict.fromkeys(cells, 0)
    records = []
    for phase in split:
        counts = {name: row[phase.name] for name, row in cells.items() if row.get(phase.name)}
        parts = exact_parts(counts) if counts else {}
        entries = []
        for pool in pools:
            count = counts.get(pool.name)
            if not count:
                continue
            before[pool.name] += count
            entries.append(
                RecipePhasePool(
                    name=pool.name,
                    proportion=parts[pool.name] / MILLIONTHS,
                    tokens=count,
                    epochs=significant(count / pool.unique_tokens, 4),
                    epochs_after=significant(before[pool.name] / pool.unique_tokens, 4),
                )
            )
        entries.sort(key=lambda entry: (-entry.tokens, entry.name))
        records.append(RecipePhase(phase.name, sum(counts.values()), tuple(entries)))
    return tuple(records)


def _whole_tokens(split: Sequence[PhaseMixture], total: int) -> dict[str, int]:
    """Whole tokens of each phase that sum to ``total``; rounding is left to the largest."""
    counts = {phase.name: round(phase.tokens) for phase in split}
    largest = max(counts, key=lambda name: counts[name])
    counts[largest] += total - sum(counts.values())
    return counts


def _balance(cells: dict[str, dict[str, int]], wanted: Mapping[str, int]) -> None:
    """Move the tokens that rounding put into another phase, within pools that both phases read.

    Changes ``cells`` (pool: phase: tokens) in place. Where two phases share no pool a phase stays
    a few tokens off, which is no one's concern.
    """
    for _ in range(len(wanted) ** 2):
        over = {
            phase: sum(row.get(phase, 0) for row in cells.values()) - count
            for phase, count in wanted.items()
        }
        high = max(over, key=lambda phase: over[phase])
        low = min(over, key=lambda phase: over[phase])
        shared = [name for name, row in cells.items() if row.get(high) and row.get(low)]
        if over[high] <= 0 or not shared:
            return
        best = max(shared, key=lambda name: (cells[name][high], name))
        moved = min(over[high], -over[low], cells[best][high] - 1)
        cells[best][high] -= moved
        cells[best][low] += moved


def plain_phase(phase: RecipePhase) -> dict[str, Any]:
    """The phase as a recipe's YAML holds it."""
    written = asdict(phase)
    return {**written, "pools": list(written["pools"])}


def read_phase(content: Mapping[str, Any]) -> RecipePhase:
    """The phase from a recipe's YAML, which follows the schema."""
    pools = tuple(RecipePhasePool(**pool) for pool in content["pools"])
    return RecipePhase(content["name"], content["tokens"], pools)


def phase_faults(content: Mapping[str, Any]) -> list[str]:
    """What does not add up in the phases of a recipe that follows the schema."""
    answer = content["answer"]
    expected = [phase["name"] for phase in content["question"].get("phases", ())]
    phases = answer.get("phases", [])
    named = [phase["name"] for phase in phases]
    if named != expected:
        return [
            f"answer.phases: {', '.join(named) or 'none'}, but the question asks for "
            f"{', '.join(expected) or 'none'}"
        ]
    if not phases:
        return []
    faults = []
    total = sum(phase["tokens"] for phase in phases)
    if total != answer["tokens"]:
        faults.append(f"answer.phases: they read {total} tokens, the whole {answer['tokens']}")
    read: dict[str, int] = {}
    for phase in phases:
        faults += _faults_of(phase, {pool["name"]: pool for pool in answer["pools"]}, read)
    for pool in answer["pools"]:
        if read.get(pool["name"], 0) != pool["tokens"]:
            faults.append(
                f"answer.phases: they read {read.get(pool['name'], 0)} tokens of {pool['name']}, "
                f"the whole {pool['tokens']}"
            )
    return faults


def _faults_of(
    phase: Mapping[str, Any], whole: Mapping[str, Any], read: dict[str, int]
) -> list[str]:
    """Faults of one phase; ``read`` (tokens per pool so far) goes on with it."""
    place, faults = f"answer.phases {phase['name']}", []
    millionths = sum(round(pool["proportion"] * MILLIONTHS) for pool in phase["pools"])
    if millionths != MILLIONTHS:
        faults.append(f"{place}: proportions sum to {millionths / MILLIONTHS:g}, expected 1")
    tokens = sum(pool["tokens"] for pool in phase["pools"])
    if tokens != phase["tokens"]:
        faults.append(f"{place}: {phase['tokens']} tokens, but its pools read {tokens}")
    names = [pool["name"] for pool in phase["pools"]]
    for name in sorted(set(names)):
        if names.count(name) > 1:
            faults.append(f"{place}: {name} stands there twice")
    for pool in phase["pools"]:
        name = pool["name"]
        if name not in whole:
            faults.append(f"{place}: the whole mixture does not read {name}")
            continue
        read[name] = read.get(name, 0) + pool["tokens"]
        unique = whole[name]["unique_tokens"]
        if tokens and abs(pool["tokens"] / tokens - pool["proportion"]) > 2 / MILLIONTHS:
            faults.append(f"{place}: tokens of {name} do not match its proportion")
        for key, count in (("epochs", pool["tokens"]), ("epochs_after", read[name])):
            if abs(count / unique - pool[key]) > 1e-3 * pool[key]:
                faults.append(f"{place}: {key} of {name} do not match its tokens")
    return faults
