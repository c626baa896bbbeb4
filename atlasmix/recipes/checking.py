"""Does a recipe still hold? Its evidence looked up, its question solved again, both compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import AtlasMixError, SolverFailed
from atlasmix.evidence import Store
from atlasmix.mixing import Mixture, answer, solve
from atlasmix.mixing.problem import MixProblem
from atlasmix.recipes.origin import pairs
from atlasmix.recipes.pool_choice import inventory_hashes
from atlasmix.recipes.question import problem_from_mapping
from atlasmix.recipes.recipe import Recipe, recipe_pools
from atlasmix.recipes.rounding import ONE
from atlasmix.version import __version__

Verdict = Literal["holds", "drifted", "broken"]
TOLERANCE = 1e-6
"""Proportions that differ by no more are the same: a recipe records six places."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One language whose proportion is another today: recorded and new share, 0-1."""

    language: str
    recorded: float
    today: float


@dataclass(frozen=True, slots=True)
class EffectShift:
    """A target's predicted loss and effective data with today's evidence.

    Attributes:
        language: the target.
        recorded: loss that the recipe predicts, None where it has none.
        kept: loss of the recipe's own mixture, predicted today.
        today: loss of today's best mixture.
    """

    language: str
    recorded: float | None
    kept: float
    today: float


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What became of a recipe.

    Attributes:
        verdict: ``holds`` (same mixture to 1e-6 and same predicted losses to five digits),
            ``drifted`` (another mixture or another loss today) or ``broken`` (the question can no
            longer be asked).
        evidence: what differs between the recorded evidence and today's, one sentence each.
        shifts: languages whose proportion moved, largest move first.
        effects: per target, recorded against today; empty where it is broken.
        reason: why the question cannot be asked any more; empty otherwise.
    """

    verdict: Verdict
    evidence: tuple[str, ...]
    shifts: tuple[Shift, ...] = ()
    effects: tuple[EffectShift, ...] = ()
    reason: str = ""

    @property
    def largest_shift(self) -> float:
        """Largest move of a language's proportion, 0-1."""
        return max((abs(one.today - one.recorded) for one in self.shifts), default=0.0)


def check(
    recipe: Recipe, store: Store, solver: Callable[[MixProblem], Mixture] = solve
) -> CheckReport:
    """Solve a recipe's question again with today's evidence and compare.

    Args:
        recipe: read and validated by ``load_recipe``.
        store: where today's evidence lies.
        solver: another ``solve``, for tests.

    Raises:
        SolverFailed: no engine gave an answer that passed its checks.
    """
    try:
        problem = problem_from_mapping(recipe.question, store)
        mixture = solver(problem)
    except SolverFailed:
        raise
    except AtlasMixError as error:
        return CheckReport("broken", (), reason=str(error))
    evidence = evidence_changes(recipe, problem)
    shifts = proportion_shifts(recipe, today_of(mixture))
    given = given_tokens(recipe, problem)
    if given is None:
        gone = ", ".join(missing_pools(recipe, problem))
        return CheckReport(
            "broken", evidence, shifts, reason=f"pool {gone} is no longer in the question's pools"
        )
    kept = answer(problem, given)
    effects = tuple(
        EffectShift(old.language, old.loss, now.loss, best.loss)
        for old, now, best in zip(recipe.targets, kept.targets, mixture.targets, strict=True)
    )
    same = not shifts and all(_same_loss(effect) for effect in effects)
    return CheckReport("holds" if same else "drifted", evidence, shifts, effects)


def _same_loss(effect: EffectShift) -> bool:
    """Whether the recipe's own mixture is predicted today what it records, to five digits."""
    if effect.recorded is None:
        return not math.isfinite(effect.kept)
    return abs(effect.kept - effect.recorded) <= 1e-5 * abs(effect.recorded)


def evidence_changes(recipe: Recipe, problem: MixProblem) -> tuple[str, ...]:
    """What differs between the evidence a recipe records and that of ``problem``."""
    origin = recipe.origin
    said = []
    if origin["matrix"]["sha256"] != problem.matrix.sha256:
        said.append(f"matrix {problem.matrix.name} has other scores than when the recipe was made")
    recorded = {one["name"]: one["sha256"] for one in origin["inventories"]}
    for name, digest in inventory_hashes(problem.inventory):
        if recorded.get(name) != digest:
            said.append(f"inventory {name} has other counts than when the recipe was made")
    law = origin["law"]
    if any(law[key] != getattr(problem.law, key) for key in ("E", "A", "alpha", "B", "beta")):
        said.append(f"law {problem.law.name} has other constants than when the recipe was made")
    said += _pair_changes(origin["pairs"], problem, recipe)
    if origin["atlasmix"] != __version__:
        said.append(f"made by AtlasMix {origin['atlasmix']}, checked by {__version__}")
    return tuple(said)


def proportion_shifts(recipe: Recipe, today: Mapping[str, float]) -> tuple[Shift, ...]:
    """Languages whose recorded proportion is not ``today``'s to 1e-6, largest move first."""
    recorded = recipe.proportions
    moved = [
        Shift(key, recorded.get(key, 0.0), today.get(key, 0.0))
        for key in sorted({*recorded, *today})
        # Both are whole millionths: one apart is the rounding, not the mixture.
        if abs(recorded.get(key, 0.0) - today.get(key, 0.0)) > 1.5 * TOLERANCE
    ]
    return tuple(sorted(moved, key=lambda one: (-abs(one.today - one.recorded), one.language)))


def today_of(mixture: Mixture) -> dict[str, float]:
    """The proportions of a mixture per language, as a recipe would record them."""
    shares: dict[str, int] = {}
    for pool in recipe_pools(mixture):
        shares[pool.language] = shares.get(pool.language, 0) + round(pool.proportion * ONE)
    return {key: part / ONE for key, part in shares.items()}


def given_tokens(recipe: Recipe, problem: MixProblem) -> NDArray[np.float64] | None:
    """The recipe's tokens per pool of ``problem``; None where a pool is not among them."""
    if missing_pools(recipe, problem):
        return None
    read = {pool.name: float(pool.tokens) for pool in recipe.pools}
    return np.array([read.get(pool.name, 0.0) for pool in problem.pools])


def missing_pools(recipe: Recipe, problem: MixProblem) -> tuple[str, ...]:
    """Pools of the recipe that ``problem`` may not read."""
    known = {pool.name for pool in problem.pools}
    return tuple(pool.name for pool in recipe.pools if pool.name not in known)


def _pair_changes(
    recorded: list[dict[str, object]], problem: MixProblem, recipe: Recipe
) -> list[str]:
    today = {
        (one["source"], one["target"]): one
        for one in pairs(problem, set(recipe.proportions) & set(problem.matrix.keys))
    }
    said = []
    for old in recorded:
        new = today.get((old["source"], old["target"]))
        if new is not None and any(old[key] != new[key] for key in ("score", "stderr", "status")):
            said.append(
                f"score of {old['source']} for {old['target']}: {old['score']} ({old['status']}) "
                f"then, {new['score']} ({new['status']}) today"
            )
    return said
