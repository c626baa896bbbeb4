"""A recipe beside a published mixture, compared as two recipes are, by the recipe's question."""

from __future__ import annotations

from atlasmix.errors import DataError
from atlasmix.evidence.published import PublishedMixture
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import answer
from atlasmix.problem.baselines import published_tokens
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.check import as_recorded, given_tokens, missing_pools
from atlasmix.recipe.difference import Difference, Judgement, LanguageRow
from atlasmix.recipe.recipe import Recipe


def against_published(recipe: Recipe, other: PublishedMixture, store: Store) -> Difference:
    """What sets a recipe (A) and a published mixture (B) apart.

    The published mixture is scaled to the languages that have pools in the recipe's question, and
    reads its whole budget.

    Raises:
        ProblemError, DataError: the question can no longer be asked, its pools are gone, or the
            published mixture has no language with a pool in it.
    """
    problem = as_recorded(recipe, problem_from_mapping(recipe.question, store))
    tokens = given_tokens(recipe, problem)
    if tokens is None:
        gone = ", ".join(missing_pools(recipe, problem)[:3])
        raise DataError(
            f"the recipe reads {gone}, which its question no longer has: solve the question again"
        )
    mine, theirs = answer(problem, tokens), answer(problem, published_tokens(problem, other))
    shares, others = mine.proportions, theirs.proportions
    rows = [
        LanguageRow(
            key,
            shares.get(key, 0.0),
            others.get(key, 0.0),
            _epochs(mine, key),
            _epochs(theirs, key),
        )
        for key in dict.fromkeys((*shares, *others))
    ]
    rows.sort(key=lambda row: (-max(row.share_a, row.share_b), row.language))
    covered = sum(share for key, share in other.shares if key in others)
    note = (
        f"{other.model}, {other.stage} ({other.basis}, {other.status}): {covered:.0%} of it has "
        "pools here, scaled to 1."
    )
    judgement = Judgement("A", problem.target_keys, _effects(mine), _effects(theirs), note)
    distance = sum(abs(row.share_a - row.share_b) for row in rows) / 2
    return Difference(
        (), (), (recipe.tokens, round(theirs.tokens)), tuple(rows), distance, (judgement,)
    )


def _epochs(mixture: Mixture, key: str) -> float:
    read = [share for share in mixture.pools if share.pool.language == key and share.tokens > 0]
    unique = sum(share.pool.unique_tokens for share in read)
    return sum(share.tokens for share in read) / unique if unique else 0.0


def _effects(mixture: Mixture) -> tuple[tuple[float, float], ...]:
    return tuple((effect.effective_data, effect.loss) for effect in mixture.targets)
