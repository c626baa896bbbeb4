"""The evidence that a recipe quotes, held against what that evidence reads today."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import AtlasMixError, SolverFailed
from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.kinds import TargetLaws
from atlasmix.mixture.diff import Side, SidePool, diff
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import answer, solve
from atlasmix.mixture.uncertainty import uncertainty
from atlasmix.problem.former import superseded
from atlasmix.problem.parsing import CONSTANTS, problem_from_mapping
from atlasmix.problem.pool_choice import inventory_hashes
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import MILLIONTHS, finite, format_quantity
from atlasmix.recipe.phases import RecipePhase, recipe_phases
from atlasmix.recipe.recipe import (
    Recipe,
    RecipeShareInterval,
    pairs,
    prior_origin,
    recipe_pools,
    recipe_target,
    recipe_uncertainty,
    target_exponents,
)
from atlasmix.recipe.recomputation import (
    answer_changes,
    origin_edits,
    same_number,
    today_of_recipe,
)
from atlasmix.solver.compute import at_compute, at_size
from atlasmix.text import first_few
from atlasmix.version import __version__

_SAME_SHARE: Final = 1e-3
"""Shares of the best mixtures of draws that differ by less are the same: where a draw is flat, two
machines may find two of its best mixtures."""

_SAME_REGRET: Final = 0.01
"""The same of expected regret, relative: a small difference of large numbers."""

_NOT_READ: Final = RecipeShareInterval("none", 0.0, 0.0, 0.0, 0.0, 0.0)

_PAIR_FACTS: Final = ("score", "stderr", "status")
_WEIGHT: Final = ("transfer_weight", "transfer_stderr")
_PHI: Final = ("phi", "phi_stderr")
_POOL_ORIGIN: Final = ("obtained", "unit", "source", "licence")
_POOL_ANSWER: Final = ("language", "provenance", "corpus", "unique_tokens")


def _same_matrix(recipe: Recipe, problem: MixProblem) -> bool:
    """Whether scores and prior are those that the recipe records."""
    then, now = recipe.origin["matrix"], prior_origin(problem.matrix.card.prior)
    return bool(
        then["sha256"] == problem.matrix.sha256
        and then.get("prior_sha256") == now.get("prior_sha256")
    )


def evidence_changes(recipe: Recipe, problem: MixProblem) -> tuple[str, ...]:
    """What differs between the evidence a recipe records and that of ``problem``."""
    origin = recipe.origin
    said = []
    if origin["matrix"]["sha256"] != problem.matrix.sha256:
        said.append(f"matrix {problem.matrix.name} has other scores than when the recipe was made")
    elif not _same_matrix(recipe, problem):
        said.append(
            f"matrix {problem.matrix.name} is completed by another prior than when the recipe was "
            "made"
        )
    rivals = {entry["name"]: entry["sha256"] for entry in origin.get("rivals", ())}
    said += [
        f"matrix {matrix.name} has other scores than when the recipe was made"
        for matrix in problem.rivals
        if rivals.get(matrix.name) != matrix.sha256
    ]
    recorded = {entry["name"]: entry["sha256"] for entry in origin["inventories"]}
    for name, digest in inventory_hashes(problem.inventory):
        if recorded.get(name) != digest:
            said.append(f"inventory {name} has other counts than when the recipe was made")
    said += _file_changes(recipe, problem)
    if not _same_law(recipe, problem):
        said.append(f"law {problem.law.name} has other constants than when the recipe was made")
    if not _same_matrix(recipe, problem):
        said += _pair_changes(recipe, problem)
    if origin["atlasmix"] != __version__:
        said.append(f"made by AtlasMix {origin['atlasmix']}, checked by {__version__}")
    return tuple(said)


def edited_facts(recipe: Recipe, problem: MixProblem) -> tuple[str, ...]:
    """What a recipe says of evidence that has its hash still, and that this evidence does not say.

    A table with the same SHA-256 holds the same figures: then the recipe was edited.
    """
    origin, said = recipe.origin, []
    if _same_matrix(recipe, problem):
        edits = _pair_edits(recipe, problem) + _estimate_edits(recipe, problem)
        said += [f"this recipe was edited: {words}" for words in edits]
    hashes = {entry["name"]: entry["sha256"] for entry in origin["inventories"]}
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
    recorded = {(pair["source"], pair["target"]): pair for pair in recipe.origin["pairs"]}
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
                f"{_told_of(old, _WEIGHT)}, its scores and law give {_told_of(new, _WEIGHT)}"
            )
    exponents = {entry["language"]: entry for entry in target_exponents(problem)}
    for old in origin["targets"]:
        new = exponents.get(old["language"])
        if new is not None and _differ(old, new, _PHI):
            said.append(
                f"it gives phi of {old['language']} as {_told_of(old, _PHI)}, its scores and law "
                f"give {_told_of(new, _PHI)}"
            )
    return said


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    return any(not same_number(old[key], new[key]) for key in keys)


def _told_of(entry: Mapping[str, Any], keys: tuple[str, str]) -> str:
    return f"{entry[keys[0]]} ±{entry[keys[1]]}"


def _same_law(recipe: Recipe, problem: MixProblem) -> bool:
    """Whether the law whose constants a recipe records is that of its question today."""
    law = recipe.origin["law"]
    keys = (*CONSTANTS, "decay", "phi")
    targets = {each["language"]: each for each in law.get("targets", ())}
    return all(same_number(law.get(key), getattr(problem.law, key)) for key in keys) and all(
        same_number(value, getattr(problem.law.of(key), name))
        for key, constants in targets.items()
        if key in problem.target_keys
        for name, value in constants.items()
    )


def _file_changes(recipe: Recipe, problem: MixProblem) -> list[str]:
    """Whether a learned law and the runs behind it are those that the recipe records."""
    then, law = recipe.origin["law"], problem.law
    if not isinstance(law, TargetLaws) or then.get("sha256") == law.sha256:
        return []
    if [each["sha256"] for each in then.get("runs", ())] == [digest for _, digest in law.runs]:
        return [f"law {law.name} is another file than when the recipe was made, of the same runs"]
    named = first_few([name for name, _ in law.runs], 4)
    return [f"law {law.name} was learned from other runs than when the recipe was made: {named}"]


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
    return {(pair["source"], pair["target"]): pair for pair in pairs(problem, sources)}


def _score_words(pair: Mapping[str, Any]) -> str:
    return f"{_told_of(pair, ('score', 'stderr'))} ({pair['status']})"


Verdict = Literal["holds", "edited", "drifted", "broken", "superseded"]
TOLERANCE = 1e-6
"""Proportions that differ by no more are the same: a recipe records six places."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One language whose proportion is another today: recorded and new share, 0-1."""

    language: str
    recorded: float
    today: float


@dataclass(frozen=True, slots=True)
class PhaseShift:
    """One pool whose share of a phase is another today: recorded and new share, 0-1."""

    phase: str
    pool: str
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
        verdict: ``holds`` (same mixture and phases to 1e-6, same predictions to five digits),
            ``edited`` (it quotes its evidence otherwise than that evidence reads, by its hash),
            ``drifted`` (another mixture or another prediction today), ``broken`` (the question can
            no longer be asked) or ``superseded`` (it was solved under a law that is gone).
        evidence: what differs between the recorded evidence and today's, then what the recipe
            predicts and its own mixture does not give today, one sentence each.
        shifts: languages whose proportion moved, largest move first.
        effects: per target, recorded against today; empty where it is broken.
        resized: what size the question's compute buys today, where that is another; else empty.
        reason: why it is broken or superseded; empty otherwise.
        phases: pools whose share of a phase moved, in the order of training.
    """

    verdict: Verdict
    evidence: tuple[str, ...]
    shifts: tuple[Shift, ...] = ()
    effects: tuple[EffectShift, ...] = ()
    reason: str = ""
    resized: str = ""
    phases: tuple[PhaseShift, ...] = ()

    @property
    def largest_shift(self) -> float:
        """Largest move of a language's proportion, 0-1."""
        return max((abs(shift.today - shift.recorded) for shift in self.shifts), default=0.0)


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

    >>> from atlasmix import Problem, Store
    >>> check(Problem("cat").solve().recipe, Store(None)).verdict
    'holds'
    """
    if recipe.former is not None:
        return CheckReport("superseded", (), reason=superseded(recipe.question))
    try:
        problem = at_compute(problem_from_mapping(_question(recipe), store))
        mixture = solver(problem)
    except SolverFailed:
        raise
    except AtlasMixError as error:
        return CheckReport("broken", (), reason=str(error))
    sure = recipe.uncertainty
    if sure is not None and mixture.uncertainty is None:
        drawn = uncertainty(problem, mixture, sure.draws, sure.seed)
        mixture = dataclasses.replace(mixture, uncertainty=drawn)
    evidence = evidence_changes(recipe, problem)
    shifts = proportion_shifts(recipe, today_of(mixture))
    given = given_tokens(recipe, problem)
    if given is None:
        gone = ", ".join(missing_pools(recipe, problem))
        return CheckReport(
            "broken", evidence, shifts, reason=f"pool {gone} is no longer in the question's pools"
        )
    named = [target.language for target in recipe.targets]
    if named != list(problem.target_keys):
        said = (
            f"this recipe was edited: its answer speaks of the targets {', '.join(named)}, its "
            f"question of {', '.join(problem.target_keys)}"
        )
        return CheckReport("edited", (said, *evidence), shifts)
    kept = answer(as_recorded(recipe, problem), given)
    effects = tuple(
        EffectShift(old.language, old.loss, now.loss, best.loss)
        for old, now, best in zip(recipe.targets, kept.targets, mixture.targets, strict=True)
    )
    resized = _resized(recipe, problem)
    phases = phase_shifts(recipe, problem, mixture)
    predictions = (
        *prediction_changes(recipe, kept, mixture),
        *uncertainty_changes(recipe, problem, mixture),
    )
    if not (shifts or resized or phases or predictions):
        # Of another mixture all figures are others; of the same they are the same or edited.
        predictions = answer_changes(recipe, today_of_recipe(recipe, problem, mixture))
    verdict: Verdict = "drifted" if shifts or resized or phases or predictions else "holds"
    edits = (
        *edited_facts(recipe, problem),
        *(f"this recipe was edited: {words}" for words in origin_edits(recipe, problem, mixture)),
    )
    if edits:
        verdict = "edited"
    evidence = (*edits, *evidence, *predictions)
    return CheckReport(verdict, evidence, shifts, effects, resized=resized, phases=phases)


def _question(recipe: Recipe) -> Mapping[str, Any]:
    """The question with its targets in the order of the answer: a mapping may have been sorted."""
    targets, named = recipe.question["targets"], [each.language for each in recipe.targets]
    if not isinstance(targets, Mapping) or sorted(targets) != sorted(named):
        return recipe.question
    return {**recipe.question, "targets": {key: targets[key] for key in named}}


def as_recorded(recipe: Recipe, problem: MixProblem) -> MixProblem:
    """The recipe's question at the N and D that it records; the same where it asked for them."""
    chosen = recipe.allocation
    if chosen is None:
        return problem
    return at_size(problem, float(chosen.params), float(chosen.budget))


def _resized(recipe: Recipe, problem: MixProblem) -> str:
    then, now = recipe.allocation, problem.allocation
    if then is None or now is None or (then.params, then.budget) == (now.params, now.tokens):
        return ""
    sizes = [
        f"{format_quantity(params)} parameters on {format_quantity(tokens, 4)} tokens"
        for params, tokens in ((then.params, then.budget), (now.params, now.tokens))
    ]
    return f"its compute was spent on {sizes[0]}, and is best spent on {sizes[1]} today"


def prediction_changes(recipe: Recipe, kept: Mixture, today: Mixture) -> tuple[str, ...]:
    """What a recipe predicts and its mixture does not give, a sentence a target; its objective.

    Args:
        recipe: with its recorded predictions.
        kept: its own mixture, answered with today's evidence.
        today: today's answer to its question.
    """
    said = []
    for old, effect in zip(recipe.targets, kept.targets, strict=True):
        then, now = dataclasses.asdict(old), dataclasses.asdict(recipe_target(effect))
        apart = [
            f"{key.replace('_', ' ')} {_told(then[key])} where its mixture gives {_told(now[key])}"
            for key in then
            if not same_number(then[key], now[key])
        ]
        if apart:
            said.append(f"of {name_of(old.language)} the recipe records {', '.join(apart)}")
    value = finite(today.certificate.value, 8)
    if not same_number(recipe.certificate.value, value):
        said.append(
            f"the recipe records the objective {_told(recipe.certificate.value)}, the best today "
            f"is {_told(value)}"
        )
    return tuple(said)


def uncertainty_changes(recipe: Recipe, problem: MixProblem, today: Mixture) -> tuple[str, ...]:
    """What a recipe says of draws and the same draws do not give today's answer.

    Args:
        recipe: with or without draws; without, nothing is drawn.
        problem: its question today.
        today: today's answer to it.
    """
    then = recipe.uncertainty
    if then is None:
        return ()
    drawn = today.uncertainty or uncertainty(problem, today, then.draws, then.seed)
    now = recipe_uncertainty(drawn)
    apart = []
    for old in then.losses:
        new = next((each for each in now.losses if each.language == old.language), None)
        if new is None or not all(map(same_number, _ends(old), _ends(new))):
            apart.append(f"the interval of the loss of {name_of(old.language)}")
    shares = {each.language: each for each in now.shares}
    for share in then.shares:
        other = shares.get(share.language, _NOT_READ)
        if max(abs(a - b) for a, b in zip(_ends(share), _ends(other), strict=True)) > _SAME_SHARE:
            apart.append(f"the interval of the share of {name_of(share.language)}")
    regret = then.regret.expected, now.regret.expected
    finite_both = [value for value in regret if value is not None]
    if len(finite_both) == 1 or (
        finite_both and not math.isclose(*finite_both, rel_tol=_SAME_REGRET, abs_tol=_SAME_SHARE)
    ):
        apart.append("the expected regret")
    if not apart:
        return ()
    return (f"{then.draws} draws by seed {then.seed} give otherwise today: {first_few(apart, 3)}",)


def _ends(interval: Any) -> tuple[Any, Any, Any]:
    return interval.low, interval.middle, interval.high


def _told(value: Any) -> str:
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def proportion_shifts(recipe: Recipe, today: Mapping[str, float]) -> tuple[Shift, ...]:
    """Languages whose recorded proportion is not ``today``'s to 1e-6, largest move first."""
    recorded = Side("recipe", None, tuple(recipe.proportions.items()))
    # Both are whole millionths: one apart is the rounding, not the mixture.
    moved = diff(recorded, Side("today", None, tuple(today.items()))).moved(1.5 * TOLERANCE)
    return tuple(Shift(move.language, move.before, move.after) for move in moved)


def phase_shifts(recipe: Recipe, problem: MixProblem, mixture: Mixture) -> tuple[PhaseShift, ...]:
    """Pools whose recorded tokens of a phase are not today's, to a millionth of all tokens."""
    tokens = {pool.name: pool.tokens for pool in recipe_pools(mixture)}
    today = {phase.name: phase for phase in recipe_phases(problem, tokens)}
    least = 1.5 * TOLERANCE * recipe.tokens
    shifts = []
    for phase in recipe.phases:
        new = today.get(phase.name, RecipePhase(phase.name, 0, ()))
        moves = diff(_side_of_phase(phase), _side_of_phase(new)).pools or ()
        shifts += [
            PhaseShift(phase.name, move.name, move.before, move.after)
            for move in sorted(moves, key=lambda move: move.name)
            if abs((move.tokens_before or 0) - (move.tokens_after or 0)) > least
        ]
    return tuple(shifts)


def _side_of_phase(phase: RecipePhase) -> Side:
    """What a phase reads, by pool alone."""
    pools = tuple(SidePool(pool.name, "", pool.proportion, pool.tokens) for pool in phase.pools)
    return Side(phase.name, phase.tokens, (), pools)


def today_of(mixture: Mixture) -> dict[str, float]:
    """The proportions of a mixture per language, as a recipe would record them."""
    shares: dict[str, int] = {}
    for pool in recipe_pools(mixture):
        shares[pool.language] = shares.get(pool.language, 0) + round(pool.proportion * MILLIONTHS)
    return {key: part / MILLIONTHS for key, part in shares.items()}


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
