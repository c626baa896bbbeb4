"""Two recipes side by side: what was asked, what is read, what it is predicted to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import answer
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.quantities import ONE
from atlasmix.recipe.check import as_recorded, given_tokens, missing_pools
from atlasmix.recipe.recipe import Recipe


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """A language in both: shares of training tokens (0-1) and epochs over its pools together."""

    language: str
    share_a: float
    share_b: float
    epochs_a: float
    epochs_b: float


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A language in a phase: shares of its tokens (0-1), None where there is no such phase."""

    phase: str
    language: str
    share_a: float | None
    share_b: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Both mixtures judged by one question.

    Attributes:
        by: whose question, ``A`` or ``B``.
        targets: language keys.
        a, b: (effective data, loss) per target; None where a pool is not in that question, or
            where the question belongs to a law that is gone and cannot be asked.
        note: why one of them is None.
    """

    by: str
    targets: tuple[str, ...]
    a: tuple[tuple[float, float], ...] | None
    b: tuple[tuple[float, float], ...] | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets two recipes apart.

    Attributes:
        question: (key, value in A, value in B) of what was asked differently.
        evidence: the same for matrix and inventory hashes.
        tokens: tokens read in A and in B.
        languages: every language of either, largest share first.
        distance: share of tokens that would have to move, half the sum of differences, 0-1.
        judgements: both by A's question, and by B's where it differs.
        phases: every language of every phase of either, in the order of training.
    """

    question: tuple[tuple[str, Any, Any], ...]
    evidence: tuple[str, ...]
    tokens: tuple[int, int]
    languages: tuple[LanguageRow, ...]
    distance: float
    judgements: tuple[Judgement, ...]
    phases: tuple[PhaseRow, ...] = ()


def difference(a: Recipe, b: Recipe, store: Store) -> Difference:
    """Compare two recipes.

    Args:
        a: first recipe.
        b: second recipe.
        store: evidence by which both are judged.

    Raises:
        ProblemError, DataError: a question that can no longer be asked.
    """
    asked = _asked(a, b)
    judgements = [_judge("A", a, b, store, a)]
    if asked:
        judgements.append(_judge("B", a, b, store, b))
    shares_a, shares_b = a.proportions, b.proportions
    keys = sorted(
        {*shares_a, *shares_b},
        key=lambda key: (-max(shares_a.get(key, 0), shares_b.get(key, 0)), key),
    )
    moved = sum(abs(shares_a.get(key, 0.0) - shares_b.get(key, 0.0)) for key in keys) / 2
    rows = tuple(
        LanguageRow(
            key, shares_a.get(key, 0.0), shares_b.get(key, 0.0), _epochs(a, key), _epochs(b, key)
        )
        for key in keys
    )
    return Difference(
        asked,
        _evidence(a, b),
        (a.tokens, b.tokens),
        rows,
        round(moved * ONE) / ONE,
        tuple(judgements),
        phase_rows(a.phase_proportions, b.phase_proportions),
    )


def phase_rows(
    shares_a: Mapping[str, Mapping[str, float]], shares_b: Mapping[str, Mapping[str, float]]
) -> tuple[PhaseRow, ...]:
    """Every language of every phase of either, from shares (0-1) by phase and language."""
    rows = []
    for name in dict.fromkeys([*shares_a, *shares_b]):
        one, other = shares_a.get(name), shares_b.get(name)
        for key in dict.fromkeys([*(one or ()), *(other or ())]):
            share_a = None if one is None else one.get(key, 0.0)
            share_b = None if other is None else other.get(key, 0.0)
            rows.append(PhaseRow(name, key, share_a, share_b))
    return tuple(rows)


def _asked(a: Recipe, b: Recipe) -> tuple[tuple[str, Any, Any], ...]:
    keys = list(dict.fromkeys([*a.question, *b.question]))
    return tuple(
        (key, a.question.get(key), b.question.get(key))
        for key in keys
        if a.question.get(key) != b.question.get(key)
    )


def _evidence(a: Recipe, b: Recipe) -> tuple[str, ...]:
    said = []
    one, other = a.origin["matrix"], b.origin["matrix"]
    if one["name"] == other["name"] and one["sha256"] != other["sha256"]:
        said.append(f"matrix {one['name']} had other scores for A than for B")
    counts = {item["name"]: item["sha256"] for item in a.origin["inventories"]}
    for item in b.origin["inventories"]:
        if counts.get(item["name"], item["sha256"]) != item["sha256"]:
            said.append(f"inventory {item['name']} had other counts for A than for B")
    said += [
        f"{word} was solved under a law that is superseded; both are judged by today's law"
        for word, recipe in (("A", a), ("B", b))
        if recipe.former is not None
    ]
    if a.origin["atlasmix"] != b.origin["atlasmix"]:
        said.append(f"made by AtlasMix {a.origin['atlasmix']} and {b.origin['atlasmix']}")
    return tuple(said)


def _epochs(recipe: Recipe, key: str) -> float:
    pools = [pool for pool in recipe.pools if pool.language == key]
    unique = sum(pool.unique_tokens for pool in pools)
    return sum(pool.tokens for pool in pools) / unique if unique else 0.0


def _judge(by: str, a: Recipe, b: Recipe, store: Store, asker: Recipe) -> Judgement:
    try:
        problem = as_recorded(asker, problem_from_mapping(asker.question, store))
    except AtlasMixError as error:
        return unasked(by, asker, error)
    found: list[tuple[tuple[float, float], ...] | None] = []
    notes = []
    for word, recipe in (("A", a), ("B", b)):
        tokens = given_tokens(recipe, problem)
        if tokens is None:
            gone = ", ".join(missing_pools(recipe, problem)[:3])
            notes.append(f"{word} reads {gone}, which the question of {by} does not have")
            found.append(None)
        else:
            found.append(_effects(answer(problem, tokens)))
    return Judgement(by, problem.target_keys, found[0], found[1], "; ".join(notes))


def unasked(by: str, asker: Recipe, error: AtlasMixError) -> Judgement:
    """No judgement by the question of a law that is gone: its mixture can be compared all the same.

    Raises:
        AtlasMixError: ``error``, where the recipe is one of today's.
    """
    if asker.former is None:
        raise error
    return Judgement(by, (), None, None, f"the question of {by} cannot be asked today: {error}")


def _effects(mixture: Mixture) -> tuple[tuple[float, float], ...]:
    return tuple((effect.effective_data, effect.loss) for effect in mixture.targets)
