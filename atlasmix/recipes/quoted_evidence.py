"""The evidence that a recipe quotes, held against what that evidence reads today."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Final

from atlasmix.mixing.problem import MixProblem
from atlasmix.recipes.law_words import CONSTANTS
from atlasmix.recipes.origin import pairs, target_exponents
from atlasmix.recipes.pool_choice import inventory_hashes
from atlasmix.recipes.recipe import Recipe
from atlasmix.version import __version__

_SAME_DIGITS: Final = 1e-5
"""Numbers that differ by less, relatively, are the same: a recipe records six digits, of a mixture
that it records to a millionth."""

_PAIR_FACTS: Final = ("score", "stderr", "status")
_WEIGHT: Final = ("transfer_weight", "transfer_stderr")
_PHI: Final = ("phi", "phi_stderr")
_POOL_ORIGIN: Final = ("obtained", "unit", "source", "licence")
_POOL_ANSWER: Final = ("language", "provenance", "corpus", "unique_tokens")


def same_number(then: Any, now: Any) -> bool:
    """Whether two facts of a recipe are the same, numbers to five digits."""
    if isinstance(then, int | float) and isinstance(now, int | float):
        # Counts below a millionth of a token come from the order of additions.
        return math.isclose(then, now, rel_tol=_SAME_DIGITS, abs_tol=1e-9)
    return bool(then == now)


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
    if not _same_law(recipe, problem):
        said.append(f"law {problem.law.name} has other constants than when the recipe was made")
    if origin["matrix"]["sha256"] != problem.matrix.sha256:
        said += _pair_changes(recipe, problem)
    if origin["atlasmix"] != __version__:
        said.append(f"made by AtlasMix {origin['atlasmix']}, checked by {__version__}")
    return tuple(said)


def edited_facts(recipe: Recipe, problem: MixProblem) -> tuple[str, ...]:
    """What a recipe says of evidence that has its hash still, and that this evidence does not say.

    A table with the same SHA-256 holds the same figures: then the recipe was edited.
    """
    origin, said = recipe.origin, []
    if origin["matrix"]["sha256"] == problem.matrix.sha256:
        edits = _pair_edits(recipe, problem) + _estimate_edits(recipe, problem)
        said += [f"this recipe was edited: {words}" for words in edits]
    hashes = {one["name"]: one["sha256"] for one in origin["inventories"]}
    if hashes == dict(inventory_hashes(problem.inventory)):
        said += [f"this recipe was edited: {words}" for words in _pool_edits(recipe, problem)]
    return tuple(said)


def _pair_changes(recipe: Recipe, problem: MixProblem) -> list[str]:
    today = _pairs_today(recipe, problem)
    said = []
    for old in recipe.origin["pairs"]:
        new = today.get((old["source"], old["target"]))
        if new is not None and any(old[key] != new[key] for key in _PAIR_FACTS):
            said.append(
                f"score of {old['source']} for {old['target']}: {old['score']} ({old['status']}) "
                f"then, {new['score']} ({new['status']}) today"
            )
    return said


def _pair_edits(recipe: Recipe, problem: MixProblem) -> list[str]:
    today = _pairs_today(recipe, problem)
    recorded = {(one["source"], one["target"]): one for one in recipe.origin["pairs"]}
    # The rule for a standard error stands on the card, which another version may word anew.
    same_version = recipe.origin["atlasmix"] == __version__
    facts = _PAIR_FACTS if same_version else ("score", "status")
    said = []
    for (source, target), old in recorded.items():
        new = today.get((source, target))
        pair = f"{source} for {target}"
        if new is None:
            said.append(f"it quotes a score of {pair}, which its answer does not use")
        elif any(old[key] != new[key] for key in facts):
            said.append(
                f"it gives the score of {pair} as {_score_words(old)}, the matrix it names as "
                f"{_score_words(new)}"
            )
    missing = [
        f"{source} for {target}" for source, target in today if (source, target) not in recorded
    ]
    return said + [f"it does not quote the score of {pair}" for pair in missing]


def _estimate_edits(recipe: Recipe, problem: MixProblem) -> list[str]:
    """Transfer weights and capacity exponents that the quoted scores do not give.

    They follow from matrix, calibration and law; another version may estimate them otherwise.
    """
    origin = recipe.origin
    if (
        origin["atlasmix"] != __version__
        or origin["matrix"]["calibration"] != problem.transfer.calibration
        or not _same_law(recipe, problem)
    ):
        return []
    today = _pairs_today(recipe, problem)
    said = []
    for old in origin["pairs"]:
        new = today.get((old["source"], old["target"]))
        if new is not None and _differ(old, new, _WEIGHT):
            said.append(
                f"it gives the transfer weight of {old['source']} for {old['target']} as "
                f"{_told(old, _WEIGHT)}, its scores and law give {_told(new, _WEIGHT)}"
            )
    exponents = {one["language"]: one for one in target_exponents(problem)}
    for old in origin["targets"]:
        new = exponents.get(old["language"])
        if new is not None and _differ(old, new, _PHI):
            said.append(
                f"it gives phi of {old['language']} as {_told(old, _PHI)}, its scores and law give "
                f"{_told(new, _PHI)}"
            )
    return said


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    return any(not same_number(old[key], new[key]) for key in keys)


def _told(entry: Mapping[str, Any], keys: tuple[str, str]) -> str:
    return f"{entry[keys[0]]} ±{entry[keys[1]]}"


def _same_law(recipe: Recipe, problem: MixProblem) -> bool:
    """Whether the law whose constants a recipe records is that of its question today."""
    law = recipe.origin["law"]
    keys = (*CONSTANTS, "decay", "phi")
    return all(same_number(law.get(key), getattr(problem.law, key)) for key in keys)


def _pool_edits(recipe: Recipe, problem: MixProblem) -> list[str]:
    pools = {pool.name: pool for pool in problem.pools}
    said = []
    for part, facts, entries in (
        ("origin", _POOL_ORIGIN, recipe.origin["pools"]),
        ("answer", _POOL_ANSWER, [dataclasses.asdict(pool) for pool in recipe.pools]),
    ):
        for old in entries:
            pool = pools.get(old["name"])
            if pool is None:
                said.append(f"its {part} names pool {old['name']}, which it may not read")
                continue
            today = {**dataclasses.asdict(pool), "unique_tokens": max(round(pool.unique_tokens), 1)}
            said += [
                f"it gives {fact.replace('_', ' ')} of pool {pool.name} as {old[fact]!r}, the "
                f"inventory it names as {today[fact]!r}"
                for fact in facts
                if old[fact] != today[fact]
            ]
    return said


def _pairs_today(recipe: Recipe, problem: MixProblem) -> dict[tuple[str, str], dict[str, Any]]:
    sources = set(recipe.proportions) & set(problem.matrix.keys)
    return {(one["source"], one["target"]): one for one in pairs(problem, sources)}


def _score_words(pair: Mapping[str, Any]) -> str:
    return f"{_told(pair, ('score', 'stderr'))} ({pair['status']})"
