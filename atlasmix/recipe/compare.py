"""Two mixtures side by side, whichever they are: recipes, mixture files, published mixtures."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence.mixture_file import (
    BILLIONTHS,
    GivenMixture,
    GivenPool,
    files_of,
    is_mixture_file,
)
from atlasmix.evidence.mixture_shelf import own_mixture, own_mixtures
from atlasmix.evidence.published import (
    PublishedMixture,
    as_published,
    list_published,
    published,
)
from atlasmix.evidence.store import Store
from atlasmix.languages.language import SUBJECTS
from atlasmix.mixture.diff import Diff, Move, Prediction, Side, SidePool, diff, predictions
from atlasmix.mixture.solve import answer
from atlasmix.problem.baselines import published_tokens
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.as_mixture import read_given
from atlasmix.recipe.check import as_recorded, given_tokens, missing_pools
from atlasmix.recipe.recipe import Recipe
from atlasmix.text import did_you_mean, listed

AnyMixture = Recipe | GivenMixture | PublishedMixture
"""What may stand on either side."""

By = Literal["language", "pool"]
BY: Final[tuple[By, ...]] = ("language", "pool")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Both mixtures judged by one question.

    Attributes:
        by: whose question, ``A`` or ``B``.
        targets: language keys.
        a, b: prediction per target; None where a pool is not in that question, or where the
            question belongs to a law that is gone and cannot be asked.
        note: how a mixture without pools of its own was read, or why there is no prediction.
    """

    by: str
    targets: tuple[str, ...]
    a: tuple[Prediction, ...] | None
    b: tuple[Prediction, ...] | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What sets two mixtures apart.

    Attributes:
        a, b: the mixtures, with their effects by the first question that judges both.
        diff: what moved from A to B.
        question: (key, value in A, value in B) of what two recipes ask otherwise.
        evidence: what to know of the evidence of either, in sentences.
        judgements: both by A's question, and by B's where it differs; empty without a recipe.
    """

    a: Side
    b: Side
    diff: Diff
    question: tuple[tuple[str, Any, Any], ...] = ()
    evidence: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()

    def told_by(self, by: By) -> By:
        """``by``, or ``language`` where a mixture has no pools to compare."""
        return "language" if self.diff.pools is None else by

    def moves(self, by: By) -> tuple[Move, ...]:
        """What moved, by language or by pool."""
        pools = self.diff.pools
        return pools if by == "pool" and pools is not None else self.diff.languages

    def distance(self, by: By) -> float:
        """Part of the tokens that would have to move, 0-1, nine places as mixtures have them."""
        pools = self.diff.pool_distance
        whole = pools if by == "pool" and pools is not None else self.diff.distance
        return round(whole * BILLIONTHS) / BILLIONTHS


def find_mixture(name: str, store: Store | None = None) -> AnyMixture:
    """A recipe or a mixture by its file, or one of the shelf by its name; a file comes first.

    Raises:
        DataError: neither, with the nearest names; or a fault in the file.
    """
    is_path = is_mixture_file(name) or os.sep in name
    if is_path or (os.path.exists(name) and not os.path.isdir(name)):
        mixture, recipe = read_given(Path(name))
        if recipe is not None:
            return recipe
        assert mixture is not None
        return mixture
    names = [mixture.name for mixture in list_published()]
    if name in names:
        return published(name)
    own = own_mixtures(store or Store())
    if name in own:
        return own_mixture(name, store or Store())
    names += own
    raise DataError(
        f"{name[:80]!r} is neither a file nor a published mixture: "
        f"{did_you_mean(name, names, ' ')}expected a recipe, a mixture file, or one of "
        f"{', '.join(names)}"
    )


def compare_mixtures(
    a: AnyMixture, b: AnyMixture, store: Store, names: tuple[str, str] = ("A", "B")
) -> SideBySide:
    """Compare two mixtures; each that is a recipe judges both by its question.

    There a mixture file and a published mixture are read by their language shares, over the pools
    of the question and scaled up to its budget.

    Args:
        a, b: the two.
        store: evidence by which a recipe's question is asked.
        names: of the two, for whoever reads the result.

    Raises:
        ProblemError, DataError: a question that can no longer be asked, or a published mixture of
            whose languages nothing is known.
    """
    mixtures = {"A": a, "B": b}
    question: tuple[tuple[str, Any, Any], ...] = ()
    judges = {word: side for word, side in mixtures.items() if isinstance(side, Recipe)}
    sides = _sides(a, b, names)
    if isinstance(a, Recipe) and isinstance(b, Recipe):
        question = _questions(a, b)
        if not question:
            judges = {"A": a}
        evidence = _evidence(a, b)
    else:
        evidence = _published_notes(mixtures)
    judgements = tuple(_judge(word, judge, mixtures, store) for word, judge in judges.items())
    for judgement in judgements:
        if judgement.a is not None and judgement.b is not None:
            effects = judgement.a, judgement.b
            sides = replace(sides[0], effects=effects[0]), replace(sides[1], effects=effects[1])
            break
    return SideBySide(*sides, diff(*sides), question, evidence, judgements)


def side_of(mixture: AnyMixture, name: str = "") -> Side:
    """One side of a comparison, without effects.

    Raises:
        DataError: a published mixture of whose languages nothing is known.
    """
    if isinstance(mixture, Recipe):
        return _of_recipe(mixture, name)
    if isinstance(mixture, GivenMixture):
        return _of_given(mixture, name)
    if not mixture.shares:
        raise DataError(
            f"of published mixture {mixture.name} no share of a language is known: choose another "
            "(atlasmix mixtures list)"
        )
    return Side(name, None, mixture.sources)


def _of_recipe(recipe: Recipe, name: str) -> Side:
    return Side(
        name=name,
        tokens=float(recipe.tokens),
        shares=tuple(recipe.proportions.items()),
        pools=tuple(
            SidePool(pool.name, pool.language, pool.proportion, pool.tokens, pool.unique_tokens)
            for pool in recipe.pools
        ),
        phases=tuple(
            (phase, tuple(shares.items())) for phase, shares in recipe.phase_proportions.items()
        ),
    )


def _sides(a: AnyMixture, b: AnyMixture, names: tuple[str, str]) -> tuple[Side, Side]:
    """Both sides; of two mixtures that name their files, pool by pool and file by file."""
    if isinstance(a, GivenMixture) and isinstance(b, GivenMixture):
        apart = _read_from_several(a, b)
        return _of_given(a, names[0], apart), _of_given(b, names[1], apart)
    return side_of(a, names[0]), side_of(b, names[1])


def _read_from_several(a: GivenMixture, b: GivenMixture) -> frozenset[str]:
    """Pools of which the files are compared: there are several, or not the same in both."""
    files = [
        {pool.name: frozenset(files_of(pool)) for pool in (*side.pools, *side.other)}
        for side in (a, b)
    ]
    names = files[0].keys() | files[1].keys()
    return frozenset(
        name
        for name in names
        if any(len(side.get(name, ())) > 1 for side in files)
        or (all(name in side for side in files) and files[0][name] != files[1][name])
    )


def _of_given(mixture: GivenMixture, name: str, apart: Collection[str] = ()) -> Side:
    pools: list[SidePool] = []
    for pool in (*mixture.pools, *mixture.other):
        language = pool.language if isinstance(pool, GivenPool) else ""
        files = files_of(pool) if pool.name in apart else {}
        shares = {path: (pool.proportion * part, unique) for path, (part, unique) in files.items()}
        for each, (share, unique) in (
            shares or {pool.name: (pool.proportion, pool.unique_tokens)}
        ).items():
            read = None if mixture.tokens is None else share * mixture.tokens
            pools.append(SidePool(each, language, share, read, unique))
    return Side(name, mixture.tokens, tuple(mixture.proportions.items()), _added_up(pools))


def _added_up(pools: Sequence[SidePool]) -> tuple[SidePool, ...]:
    """Each name once: a file that two pools are read from is one source."""
    by_name: dict[str, SidePool] = {}
    for pool in pools:
        first = by_name.get(pool.name)
        if first is None:
            by_name[pool.name] = pool
            continue
        known = first.tokens is not None and pool.tokens is not None
        read = (first.tokens or 0.0) + (pool.tokens or 0.0) if known else None
        by_name[pool.name] = replace(first, share=first.share + pool.share, tokens=read)
    return tuple(by_name.values())


def _questions(a: Recipe, b: Recipe) -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (key, a.question.get(key), b.question.get(key))
        for key in dict.fromkeys([*a.question, *b.question])
        if a.question.get(key) != b.question.get(key)
    )


def _evidence(a: Recipe, b: Recipe) -> tuple[str, ...]:
    said = []
    old, new = a.origin["matrix"], b.origin["matrix"]
    if old["name"] == new["name"] and old["sha256"] != new["sha256"]:
        said.append(f"matrix {old['name']} had other scores for A than for B")
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


def _published_notes(mixtures: dict[str, AnyMixture]) -> tuple[str, ...]:
    said = []
    for word, mixture in mixtures.items():
        if isinstance(mixture, PublishedMixture):
            sources = dict(mixture.sources)
            known = sum(sources.values())
            subjects = [subject for subject in SUBJECTS if subject in sources]
            left = 1 - known
            rest = ""
            if left >= 5e-4:
                rest = (
                    f"; the other {left:.1%} are of no single language or of one that is not "
                    "published, and count as one more place"
                )
            said.append(
                f"{word} is {mixture.model}, {mixture.stage} ({mixture.year}): shares of "
                f"{mixture.basis}, {mixture.status}; {known:.1%} of it is known by "
                f"{listed(['language', *subjects])}{rest}."
            )
    return tuple(said)


def _judge(by: str, judge: Recipe, mixtures: dict[str, AnyMixture], store: Store) -> Judgement:
    try:
        problem = as_recorded(judge, problem_from_mapping(judge.question, store))
    except AtlasMixError as error:
        if judge.former is None:
            raise
        # A law that is gone: its mixture can be compared all the same.
        return Judgement(by, (), None, None, f"the question of {by} cannot be asked today: {error}")
    judged: list[tuple[Prediction, ...] | None] = []
    notes = []
    for word, mixture in mixtures.items():
        tokens, note = _tokens(word, by, mixture, problem)
        effects = None if tokens is None else predictions(answer(problem, tokens), problem.law.unit)
        judged.append(effects)
        notes += [note] if note else []
    return Judgement(by, problem.target_keys, judged[0], judged[1], "; ".join(notes))


def _tokens(
    word: str, by: str, mixture: AnyMixture, problem: MixProblem
) -> tuple[NDArray[np.float64] | None, str]:
    """Tokens per pool of a question; what to know of them, or why there are none."""
    if isinstance(mixture, Recipe):
        tokens = given_tokens(mixture, problem)
        if tokens is not None:
            return tokens, ""
        gone = ", ".join(missing_pools(mixture, problem)[:3])
        return None, f"{word} reads {gone}, which the question of {by} does not have"
    model = mixture if isinstance(mixture, PublishedMixture) else as_published(mixture)
    try:
        tokens = published_tokens(problem, model)
    except ProblemError:
        return None, f"{word} has no language with a pool in the question of {by}"
    if isinstance(mixture, GivenMixture):
        return tokens, (
            f"{word} is judged by its language shares over the pools of the question of {by}, "
            "scaled up to its budget"
        )
    read = {pool.language for pool, count in zip(problem.pools, tokens, strict=True) if count > 0}
    covered = sum(share for key, share in model.sources if key in read)
    return tokens, (
        f"{model.model}, {model.stage} ({model.basis}, {model.status}): {covered:.0%} of it has "
        "pools here, scaled to 1."
    )


def without_pools(mixtures: SideBySide) -> str:
    """Why two mixtures are not compared by pool, in a sentence; empty where they can be."""
    words = [word for word, side in (("A", mixtures.a), ("B", mixtures.b)) if side.pools is None]
    if not words:
        return ""
    verb = "is" if len(words) == 1 else "are"
    return (
        f"{' and '.join(words)} {verb} published by language alone: what moved by pool is not "
        "compared."
    )


def comparison_data(mixtures: SideBySide, by: By = "language") -> dict[str, Any]:
    """A comparison as plain data; ``pools`` in the place of ``languages`` where it is by pool."""
    evidence = [*mixtures.evidence, *([without_pools(mixtures)] if by == "pool" else [])]
    told = mixtures.told_by(by)
    return {
        "question": mixtures.question,
        "evidence": [sentence for sentence in evidence if sentence],
        "tokens": [round(side.tokens or 0) for side in (mixtures.a, mixtures.b)],
        f"{told}s": [_row(move, told) for move in mixtures.moves(by)],
        "distance": mixtures.distance(by),
        "judgements": [
            {
                "by": judgement.by,
                "targets": judgement.targets,
                "a": _pairs(judgement.a),
                "b": _pairs(judgement.b),
                "note": judgement.note,
            }
            for judgement in mixtures.judgements
        ],
        "phases": [
            {
                "phase": move.phase,
                "language": move.language,
                "share_a": move.before,
                "share_b": move.after,
            }
            for move in mixtures.diff.phases
        ],
    }


def _row(move: Move, by: By) -> dict[str, Any]:
    pool = {"pool": move.name} if by == "pool" else {}
    tokens = {"tokens_a": move.tokens_before, "tokens_b": move.tokens_after}
    return {
        **pool,
        "language": move.language,
        "share_a": move.before,
        "share_b": move.after,
        **(tokens if by == "pool" else {}),
        "epochs_a": move.epochs_before,
        "epochs_b": move.epochs_after,
    }


def _pairs(effects: Sequence[Prediction] | None) -> list[list[float]] | None:
    """(Effective data, loss) per target."""
    if effects is None:
        return None
    return [[effect.effective_data, effect.loss] for effect in effects]
