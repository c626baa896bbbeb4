"""What solving again would change: the mixture's own pools and tokens, in the best proportions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from atlasmix.audit.lint_rows import SLACK, Row
from atlasmix.errors import AtlasMixError, DataError, ProblemError, SolverFailed
from atlasmix.evidence.card import Card
from atlasmix.evidence.inventory import Inventory, Pool
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import answer, solve
from atlasmix.problem.constraints import HARD_EPOCHS, EpochCap, Limit, Selection
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import DEFAULT_PARAMS, MixProblem, Target, check_problem
from atlasmix.problem.vocabulary import Vocabulary
from atlasmix.quantities import parse_quantity
from atlasmix.recipe.check import given_tokens, missing_pools
from atlasmix.recipe.recipe import Recipe
from atlasmix.transfer.estimation import estimate


@dataclass(frozen=True, slots=True)
class Question:
    """How the mixture is asked for again.

    Attributes:
        targets: language key to weight; empty: the mixture's own languages by their shares.
        matrix: transfer matrix by name.
        params: parameters, embeddings included.
    """

    targets: Mapping[str, float]
    matrix: str = "default"
    params: float = DEFAULT_PARAMS


@dataclass(frozen=True, slots=True)
class Change:
    """One language now and in the re-solved mixture.

    Attributes:
        language: key.
        now, then: share of the tokens that were solved for, 0-1.
        loss_now, loss_then: predicted; None for a language that is no target.
        effective_now, effective_then: effective target tokens; None for one that is no target.
    """

    language: str
    now: float
    then: float
    loss_now: float | None = None
    loss_then: float | None = None
    effective_now: float | None = None
    effective_then: float | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The re-solved mixture beside the given one.

    Attributes:
        asked: ``recipe`` (its own question), ``targets`` (the user's) or ``shares`` (the mixture's
            own languages, each weighted by its share).
        tokens: tokens that were solved for; the rest keeps its place.
        covered: their share of the mixture, 0-1.
        left_out: names of sources that keep their place.
        value_now, value_then: the objective, a weighted mean of predicted losses unless the recipe
            asks otherwise; lower is better.
        objective: ``loss`` or ``worst``.
        changes: largest move first.
        gap: what is proved of the re-solved mixture, relative.
        moved: share of the solved tokens that would go elsewhere, 0-1.
        unspent: tokens that the re-solved mixture leaves unread.
        notes: plain sentences.
        refused: why it could not be solved; empty where it was.
    """

    asked: Literal["recipe", "targets", "shares"]
    tokens: float = 0.0
    covered: float = 0.0
    left_out: tuple[str, ...] = ()
    value_now: float | None = None
    value_then: float | None = None
    objective: str = "loss"
    changes: tuple[Change, ...] = ()
    gap: float | None = None
    moved: float = 0.0
    unspent: float = 0.0
    notes: tuple[str, ...] = ()
    refused: str = ""


def solve_again(rows: Sequence[Row], tokens: float, question: Question, store: Store) -> Resolved:
    """The best proportions of the mixture's own pools for the same targets, tokens and caps.

    What has no count, no single language, or a language without scores keeps its place and its
    tokens.

    Args:
        rows: of the mixture, with unique tokens.
        tokens: of the run.
        question: targets and evidence.
        store: where the matrix is found.

    Raises:
        SolverFailed: no engine gave an answer that passed its checks.
    """
    asked: Literal["targets", "shares"] = "targets" if question.targets else "shares"
    try:
        problem, given, left_out = _problem(rows, tokens, question, store)
    except SolverFailed:
        raise
    except AtlasMixError as error:
        return Resolved(asked, refused=str(error))
    read = np.array([given[pool.name] for pool in problem.pools])
    frame = Resolved(asked, problem.budget, problem.budget / tokens, left_out)
    over = [pool.name for pool in problem.pools if given[pool.name] > _most(problem, pool)]
    if over:
        frame = replace(
            frame,
            notes=(
                f"{len(over)} of these sources {'is' if len(over) == 1 else 'are'} read past the "
                "cap now, and none is when solved again: that alone may cost predicted loss",
            ),
        )
    try:
        best = solve(problem)
    except ProblemError as error:
        return replace(frame, refused=str(error))
    return compared(problem, answer(problem, read), best, frame)


def _most(problem: MixProblem, pool: Pool) -> float:
    """Most tokens of a pool within its cap, and a thousandth."""
    caps = [
        one.epochs
        for one in problem.limits
        if isinstance(one, EpochCap) and one.selection.value == pool.name
    ]
    return (caps[-1] if caps else problem.max_epochs) * pool.unique_tokens * (1 + SLACK)


def recipe_again(recipe: Recipe, store: Store) -> Resolved:
    """A recipe's own question solved again with today's evidence, beside its own mixture.

    Raises:
        SolverFailed: no engine gave an answer that passed its checks.
    """
    try:
        problem = problem_from_mapping(recipe.question, store)
        given = given_tokens(recipe, problem)
        if given is None:
            gone = ", ".join(missing_pools(recipe, problem)[:3])
            return Resolved("recipe", refused=f"the question's pools no longer have {gone}")
        best = solve(problem)
    except SolverFailed:
        raise
    except AtlasMixError as error:
        return Resolved("recipe", refused=str(error))
    frame = Resolved("recipe", float(recipe.tokens), 1.0)
    return compared(problem, answer(problem, given), best, frame)


def read_targets(written: Sequence[str], matrix: TransferMatrix) -> dict[str, float]:
    """``cat:2``, ``eng`` ... as keys and weights; also with commas.

    Raises:
        ProblemError: a weight that is not above 0.
        DataError: no such language, or none that the matrix has.
    """
    words = Vocabulary(matrix)
    found: dict[str, float] = {}
    for text in ",".join(written).split(","):
        if not text.strip():
            continue
        name, colon, weight = text.strip().rpartition(":")
        key = words.key(name if colon else weight, "--target")
        if key not in matrix.keys:
            raise DataError(
                f"target {name_of(key)} ({key}) is not in matrix {matrix.name}: choose one that "
                "has scores (atlasmix matrices show), or another --matrix"
            )
        found[key] = parse_quantity(weight, f"weight of {name}") if colon else 1.0
    return found


def compared(problem: MixProblem, now: Mixture, best: Mixture, frame: Resolved) -> Resolved:
    """Both mixtures in the frame of a report."""
    shares_now, shares_then = now.proportions, best.proportions
    effects = {old.language: (old, new) for old, new in zip(now.targets, best.targets, strict=True)}
    changes = []
    for key in {*shares_now, *shares_then, *effects}:
        change = Change(key, shares_now.get(key, 0.0), shares_then.get(key, 0.0))
        if key in effects:
            old, new = effects[key]
            change = replace(
                change,
                loss_now=old.loss,
                loss_then=new.loss,
                effective_now=old.effective_data,
                effective_then=new.effective_data,
            )
        changes.append(change)
    changes.sort(key=lambda one: (-abs(one.then - one.now), one.language))
    return replace(
        frame,
        value_now=now.certificate.value,
        value_then=best.certificate.value,
        objective=problem.objective,
        changes=tuple(changes),
        gap=best.certificate.gap,
        moved=sum(abs(one.then - one.now) for one in changes) / 2,
        unspent=best.unspent,
    )


def _problem(
    rows: Sequence[Row], tokens: float, question: Question, store: Store
) -> tuple[MixProblem, dict[str, float], tuple[str, ...]]:
    matrix = store.matrix(question.matrix)
    pools: dict[str, Pool] = {}
    given: dict[str, float] = {}
    caps: dict[str, float] = {}
    left_out: list[str] = []
    for row in rows:
        if row.language not in matrix.keys or row.unique_tokens is None:
            left_out.append(row.name)
            continue
        # Text counted by language alone is one pool of that language and provenance.
        name = row.name if row.basis == "counted" else f"{row.language}.{row.provenance}.all"
        given[name] = given.get(name, 0.0) + row.share * tokens
        caps[name] = min(row.cap, HARD_EPOCHS)
        pools[name] = Pool(
            name=name,
            language=row.language,
            provenance=row.provenance,
            corpus="given",
            unique_tokens=row.unique_tokens,
            obtained="counted",
            unit="tokens",
        )
    if not pools:
        raise ProblemError(
            f"no source is counted and of a language that matrix {matrix.name} has: give --counts "
            "or --inventory"
        )
    shares: dict[str, float] = {}
    for name, read in given.items():
        key = pools[name].language
        shares[key] = shares.get(key, 0.0) + read / sum(given.values())
    wanted = question.targets or shares
    cap = max(caps.values())
    limits: tuple[Limit, ...] = tuple(
        EpochCap(Selection("pool", name), own) for name, own in caps.items() if own < cap
    )
    law = load_law(DEFAULT_LAW)
    problem = MixProblem(
        targets=tuple(Target(key, weight) for key, weight in wanted.items()),
        pools=tuple(pools.values()),
        matrix=matrix,
        transfer=estimate(matrix, law),
        inventory=Inventory("the mixture's own pools", tuple(pools.values()), Card(), ""),
        law=law,
        budget=sum(given.values()),
        params=question.params,
        decay=law.decay or DEFAULT_DECAY,
        max_epochs=cap,
        limits=limits,
    )
    check_problem(problem)
    return problem, given, tuple(left_out)
