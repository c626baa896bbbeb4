"""What solving again would change: the mixture's own pools and tokens, in the best proportions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from atlasmix.audit.lint_rows import SLACK, Row
from atlasmix.errors import AtlasMixError, DataError, ProblemError, SolverFailed
from atlasmix.evidence.card import Card
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.mixture.diff import Diff, Side, diff, largest_first, predictions
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.prediction import build_mixture
from atlasmix.mixture.solve import answer, best, solve
from atlasmix.problem.constraints import HARD_EPOCHS, EpochCap, Limit, Selection
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import DEFAULT_PARAMS, MixProblem, Target, check_problem
from atlasmix.problem.vocabulary import Vocabulary
from atlasmix.quantities import parse_quantity
from atlasmix.recipe.check import given_tokens, missing_pools
from atlasmix.recipe.recipe import Recipe
from atlasmix.solver.compile import compile_problem, epoch_limits


@dataclass(frozen=True, slots=True)
class ResolveOptions:
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
        basis: whose question: ``recipe`` (its own), ``targets`` (the user's) or ``shares`` (the
            mixture's own languages, each weighted by its share).
        tokens: tokens that were solved for; the rest keeps its place.
        covered: their share of the mixture, 0-1.
        left_out: names of sources that keep their place.
        value_now, value_then: the objective, a weighted mean of predicted losses unless the recipe
            asks otherwise; lower is better.
        objective: ``loss`` or ``worst``.
        diff: what moves from the given mixture to the re-solved one; None where it was refused.
        gap: what is proved of the re-solved mixture, relative.
        unspent: tokens that the re-solved mixture leaves unread.
        notes: plain sentences.
        refused: why it could not be solved; empty where it was.
    """

    basis: Literal["recipe", "targets", "shares"]
    tokens: float = 0.0
    covered: float = 0.0
    left_out: tuple[str, ...] = ()
    value_now: float | None = None
    value_then: float | None = None
    objective: str = "loss"
    diff: Diff | None = None
    gap: float | None = None
    unspent: float = 0.0
    notes: tuple[str, ...] = ()
    refused: str = ""

    @property
    def moved(self) -> float:
        """Share of the solved tokens that would go elsewhere, 0-1."""
        return 0.0 if self.diff is None else self.diff.distance

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every language that is read or a target, the largest move first."""
        if self.diff is None:
            return ()
        effects = {effect.language: effect for effect in self.diff.effects}
        changes = []
        for move in largest_first(self.diff.languages):
            change = Change(move.language, move.before, move.after)
            effect = effects.get(move.language)
            if effect is not None:
                change = replace(
                    change,
                    loss_now=effect.loss_before,
                    loss_then=effect.loss_after,
                    effective_now=effect.effective_before,
                    effective_then=effect.effective_after,
                )
            changes.append(change)
        return tuple(changes)


def resolved_data(resolved: Resolved) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "asked": resolved.basis,
        "tokens": resolved.tokens,
        "covered": resolved.covered,
        "left_out": resolved.left_out,
        "value_now": resolved.value_now,
        "value_then": resolved.value_then,
        "objective": resolved.objective,
        "changes": [asdict(change) for change in resolved.changes],
        "gap": resolved.gap,
        "moved": resolved.moved,
        "unspent": resolved.unspent,
        "notes": resolved.notes,
        "refused": resolved.refused,
    }


def solve_again(
    rows: Sequence[Row], tokens: float, options: ResolveOptions, store: Store
) -> Resolved:
    """The best proportions of the mixture's own pools for the same targets, tokens and caps.

    What has no count, no single language, or a language without scores keeps its place and its
    tokens.

    Args:
        rows: of the mixture, with unique tokens.
        tokens: of the run.
        options: targets and evidence.
        store: where the matrix is found.

    Raises:
        SolverFailed: no engine gave an answer that passed its checks.
    """
    basis: Literal["targets", "shares"] = "targets" if options.targets else "shares"
    try:
        problem, given, left_out = _problem(rows, tokens, options, store)
    except SolverFailed:
        raise
    except AtlasMixError as error:
        return Resolved(basis, refused=str(error))
    read = np.array([given[pool.name] for pool in problem.pools])
    frame = Resolved(basis, problem.budget, problem.budget / tokens, left_out)
    unique = np.array([pool.unique_tokens for pool in problem.pools])
    most = epoch_limits(problem) * unique * (1 + SLACK)
    over = int((read > most).sum())
    if over:
        frame = replace(
            frame,
            notes=(
                f"{over} of these sources {'is' if over == 1 else 'are'} read past the "
                "cap now, and none is when solved again: that alone may cost predicted loss",
            ),
        )
    try:
        again = best(_merged(problem))
    except ProblemError as error:
        return replace(frame, refused=str(error))
    now = build_mixture(problem, compile_problem(problem), read)
    return compared(problem, now, again, frame)


def _merged(problem: MixProblem) -> MixProblem:
    """The question with one pool a language, provenance and cap.

    The best mixture reads such pools evenly, so that they are one to it; a corpus of 20,000 files
    is then a question of a few pools. What is read *now* need not be even, and is judged by file.
    """
    sums: dict[tuple[str, str, str], float] = {}
    for pool in problem.pools:
        key = pool.language, pool.provenance, pool.corpus
        sums[key] = sums.get(key, 0.0) + pool.unique_tokens
    pools = tuple(
        Pool(
            name=f"{language}.{provenance}.{corpus}",
            language=language,
            provenance=provenance,
            corpus=corpus,
            unique_tokens=tokens,
            obtained="counted",
            unit="tokens",
        )
        for (language, provenance, corpus), tokens in sums.items()
    )
    return replace(problem, pools=pools)


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
        again = solve(problem)
    except SolverFailed:
        raise
    except AtlasMixError as error:
        return Resolved("recipe", refused=str(error))
    frame = Resolved("recipe", float(recipe.tokens), 1.0)
    return compared(problem, answer(problem, given), again, frame)


def read_targets(written: Sequence[str], matrix: TransferMatrix) -> dict[str, float]:
    """``cat:2``, ``eng`` ... as keys and weights; also with commas.

    Raises:
        ProblemError: a weight that is not above 0.
        DataError: no such language, or none that the matrix has.
    """
    words = Vocabulary(matrix)
    targets: dict[str, float] = {}
    for text in ",".join(written).split(","):
        if not text.strip():
            continue
        name, colon, weight = text.strip().rpartition(":")
        key = words.key(name if colon else weight, "target")
        if key not in matrix.keys:
            raise DataError(
                f"target {name_of(key)} ({key}) is not in matrix {matrix.name}: choose one that "
                "has scores (atlasmix matrices show), or another matrix",
                field="targets",
                value=text.strip(),
            )
        targets[key] = parse_quantity(weight, f"weight of {name}") if colon else 1.0
    return targets


def compared(problem: MixProblem, now: Mixture, again: Mixture, frame: Resolved) -> Resolved:
    """Both mixtures in the frame of a report."""
    return replace(
        frame,
        value_now=now.certificate.value,
        value_then=again.certificate.value,
        objective=problem.objective,
        diff=diff(_with_targets(now), _with_targets(again)),
        gap=again.certificate.gap,
        unspent=again.unspent,
    )


def _with_targets(mixture: Mixture) -> Side:
    """A side that names its targets where it reads none of their text; by language alone."""
    read = mixture.proportions
    unread = {each.language: 0.0 for each in mixture.targets if each.language not in read}
    shares = tuple((read | unread).items())
    return Side("", mixture.tokens, shares, effects=predictions(mixture))


def _problem(
    rows: Sequence[Row], tokens: float, options: ResolveOptions, store: Store
) -> tuple[MixProblem, dict[str, float], tuple[str, ...]]:
    matrix = store.matrix(options.matrix)
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
            corpus=f"cap {caps[name]:.15g}",  # one limit a cap, however many sources have it
            unique_tokens=row.unique_tokens,
            obtained="counted",
            unit="tokens",
        )
    if not pools:
        raise ProblemError(
            f"no source is counted and of a language that matrix {matrix.name} has: give "
            "counts or an inventory",
            field="counts",
        )
    budget = sum(given.values())
    shares: dict[str, float] = {}
    for name, read in given.items():
        key = pools[name].language
        shares[key] = shares.get(key, 0.0) + read / budget
    wanted = options.targets or shares
    cap = max(caps.values())
    limits: tuple[Limit, ...] = tuple(
        EpochCap(Selection("corpus", pools[name].corpus), own)
        for own, name in {own: name for name, own in caps.items() if own < cap}.items()
    )
    law = load_law(DEFAULT_LAW)
    problem = MixProblem(
        targets=tuple(Target(key, weight) for key, weight in wanted.items()),
        pools=tuple(pools.values()),
        matrix=matrix,
        inventory=Inventory("the mixture's own pools", tuple(pools.values()), Card(), ""),
        law=law,
        budget=budget,
        params=options.params,
        decay=law.decay or DEFAULT_DECAY,
        max_epochs=cap,
        limits=limits,
    )
    check_problem(problem)
    return problem, given, tuple(left_out)
