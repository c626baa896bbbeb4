"""A recipe beside a mixture that somebody trains on, or two such mixtures side by side."""

from __future__ import annotations

import math

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence.mixture_file import BILLIONTHS, GivenMixture
from atlasmix.evidence.published import PublishedMixture
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import answer
from atlasmix.problem.baselines import published_tokens
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.as_mixture import given_of_recipe
from atlasmix.recipe.check import as_recorded, given_tokens
from atlasmix.recipe.difference import Difference, Judgement, LanguageRow, unasked
from atlasmix.recipe.recipe import Recipe

Side = GivenMixture | Recipe


def difference_given(a: Side, b: Side, store: Store) -> Difference:
    """Compare where at least one side is a mixture file.

    The side that is a recipe judges both by its question; there the mixture is read as a published
    one is: its language shares, over the recipe's own pools.

    Args:
        a: first.
        b: second.
        store: evidence by which the recipe's question is asked.

    Raises:
        ProblemError, DataError: a question that can no longer be asked.
    """
    given = tuple(given_of_recipe(one, "") if isinstance(one, Recipe) else one for one in (a, b))
    shares = given[0].proportions, given[1].proportions
    keys = sorted(
        {*shares[0], *shares[1]},
        key=lambda key: (-max(shares[0].get(key, 0.0), shares[1].get(key, 0.0)), key),
    )
    rows = tuple(
        LanguageRow(
            key,
            shares[0].get(key, 0.0),
            shares[1].get(key, 0.0),
            _epochs(given[0], key),
            _epochs(given[1], key),
        )
        for key in keys
    )
    # What has no single language is one more place where tokens go.
    rest = [1 - sum(one.values()) for one in shares]
    moved = (sum(abs(row.share_a - row.share_b) for row in rows) + abs(rest[0] - rest[1])) / 2
    judgements = [
        _judge(word, judge, a, b, store)
        for word, judge in (("A", a), ("B", b))
        if isinstance(judge, Recipe)
    ]
    return Difference(
        question=(),
        evidence=(),
        tokens=(round(given[0].tokens or 0), round(given[1].tokens or 0)),
        languages=rows,
        distance=round(moved * BILLIONTHS) / BILLIONTHS,
        judgements=tuple(judgements),
    )


def _epochs(mixture: GivenMixture, key: str) -> float:
    """Over the pools of a language together; 0 without pools, nan where a number is unknown."""
    pools = [pool for pool in mixture.pools if pool.language == key]
    unique = [pool.unique_tokens for pool in pools]
    if not pools:
        return 0.0
    if mixture.tokens is None or None in unique:
        return math.nan
    return mixture.tokens * sum(pool.proportion for pool in pools) / sum(filter(None, unique))


def _judge(word: str, judge: Recipe, a: Side, b: Side, store: Store) -> Judgement:
    try:
        problem = as_recorded(judge, problem_from_mapping(judge.question, store))
    except AtlasMixError as error:
        return unasked(word, judge, error)
    found: list[tuple[tuple[float, float], ...] | None] = []
    notes = []
    for side, one in (("A", a), ("B", b)):
        if isinstance(one, Recipe):
            tokens = given_tokens(one, problem)
        else:
            try:
                tokens = published_tokens(problem, _as_published(one))
            except ProblemError:
                tokens = None
            notes.append(
                f"{side} is judged by its language shares over the pools of the question of "
                f"{word}, scaled up to its budget"
            )
        found.append(None if tokens is None else _effects(answer(problem, tokens)))
    return Judgement(word, problem.target_keys, found[0], found[1], "; ".join(notes))


def _as_published(given: GivenMixture) -> PublishedMixture:
    shares = tuple(given.proportions.items())
    return PublishedMixture(given.name, given.name, "", 0, shares, (), "tokens", "imported", "")


def _effects(mixture: Mixture) -> tuple[tuple[float, float], ...]:
    return tuple((effect.effective_data, effect.loss) for effect in mixture.targets)
