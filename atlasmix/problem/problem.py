"""The question: which mixture of these pools serves these targets best, under these limits?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from atlasmix.errors import ProblemError, about
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.problem.constraints import HARD_EPOCHS, Guardrail, Limit, check_limits
from atlasmix.problem.phases import Phase, check_phases
from atlasmix.quantities import format_quantity
from atlasmix.text import first_few, listed
from atlasmix.transfer.estimation import estimated
from atlasmix.transfer.model import TransferModel


@dataclass(frozen=True, slots=True)
class Trial:
    """Another size at the same compute, with its own best mixture: predicted mean loss there."""

    params: float
    tokens: float
    loss: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """How a compute budget is best divided between parameters and tokens.

    Attributes:
        compute: FLOPs, C = 6·N·D.
        params: N with embeddings, three digits.
        tokens: D, most tokens read, six digits; 6·N·D is at most ``compute``.
        loss: objective there (weighted mean loss, risk charge included), in the law's unit.
        bound: no N, D and mixture within the limits has a lower one.
        gap: distance of the two, relative to the reducible loss (``loss`` - E).
        proved: whether the bound holds by the shape of the problem as it is; otherwise it is that
            of the same question without the limits named in ``without``.
        without: limits that had to be left out for the bound.
        others: other sizes, smallest first.
        fresh_params: N that the law's closed form gives for unlimited fresh text of one kind.
        solves: mixtures solved on the way.
        question: what it was chosen for; a changed question gets another allocation.
    """

    compute: float
    params: float
    tokens: float
    loss: float
    bound: float
    gap: float
    proved: bool
    without: tuple[str, ...]
    others: tuple[Trial, ...]
    fresh_params: float
    solves: int
    question: tuple[object, ...] = field(default=(), repr=False, compare=False)


Objective = Literal["loss", "worst"]
OBJECTIVES: Final = ("loss", "worst")

NO_TARGET: Final = "no target: name at least one language, such as cat"

DEFAULT_BUDGET: Final = 100e9
"""Our choice: a small team's run, large enough that Catalan's own web text runs out."""

DEFAULT_PARAMS: Final = 2e9
"""The size at which the scores of the default matrix were measured."""

DEFAULT_EPOCHS: Final = 4.0
"""Muennighoff et al. 2023 (arXiv 2305.16264): up to 4 epochs cost next to nothing."""

DEFAULT_RISK_AVERSION: Final = 1.0
"""κ, our choice: a donor counts for one standard error less than its score says."""

DEFAULT_SEED: Final = 1

LEAST_DRAWS: Final = 20
"""Draws below which none lies under 5 in a hundred."""

MOST_DRAWS: Final = 10_000
"""Our choice: 256 already give the ends of an interval to about a twentieth of its width."""

_MOST_SEED: Final = 2**53
"""Whole numbers up to here are read back as they were written."""

WORTH: Final[Mapping[str, float]] = {
    "human": 1.0,
    "human_edited": 1.0,
    "rephrased": 1.0,
    "translated": 0.5,
    "generated": 0.05,
    "unknown": 0.5,
}
"""q, worth of one token against a human token of the same language, for loss on native text.

human: by definition. human_edited: token-edited text keeps the error of human text within a factor
of two (Zhu et al. 2024, arXiv 2412.14689). rephrased: equal until its share grows (Kang et al.
2025). generated: 0.04-0.08, derived from the mixtures of Zhu et al. 2024, Table 1. translated and
unknown: an assumption of ours between 0.2 and 1; nothing in print measures them on this scale."""

WORTH_RANGE: Final[Mapping[str, tuple[float, float]]] = {
    "translated": (0.2, 1.0),
    "generated": (0.04, 0.08),
    "unknown": (0.2, 1.0),
}
"""Least and most q between which an answer that reads such text is tried; see :data:`WORTH`."""


@dataclass(frozen=True, slots=True)
class Target:
    """A language whose loss counts, and how much."""

    language: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class MixProblem:
    """What is asked; :func:`atlasmix.solver.optimise` answers it.

    Attributes:
        targets: languages whose loss counts, with weights above 0.
        pools: what may be read.
        matrix: the scores, with their card.
        inventory: where the pools come from.
        law: the loss law.
        budget: most tokens read in training, repeats included (D).
        params: N, with embeddings.
        objective: ``loss`` (Σ w·loss) or ``worst`` (largest loss relative to what the target could
            reach alone on this budget).
        decay: λ of the saturation.
        risk_aversion: κ; a donor counts with τ less κ standard errors, and never below 0.
        max_epochs: most passes over a pool, at most 16.
        limits: share limits, kept tokens, own epoch caps, guardrails.
        max_donors: most languages read beside the targets, or None.
        exact_tokens: read just ``budget`` tokens, even where fewer would be better.
        worth: q per provenance.
        compute: FLOPs to divide between N and D; then ``params`` and ``budget`` are to be chosen
            by :func:`atlasmix.solver.compute.at_compute`, which also leaves ``allocation``.
        allocation: how they were chosen.
        phases: parts of the run with limits of their own; they divide the optimum and leave it as
            it is. None: one mixture from the first step to the last.
        calibration: how scores become transfer weights; None: as their metric implies.
        draws: worlds drawn from what the evidence allows, in which the answer is tried; 0: none,
            None: few, where they cost little (:func:`atlasmix.mixture.uncertainty.draws_of`).
        seed: of the draws, from 0.
        assumed: weights and exponents in the place of what the scores say, for questions of the
            kind 'what if'; no recipe records their answers.
    """

    targets: tuple[Target, ...]
    pools: tuple[Pool, ...]
    matrix: TransferMatrix
    inventory: Inventory
    law: LossLaw
    budget: float = DEFAULT_BUDGET
    params: float = DEFAULT_PARAMS
    objective: Objective = "loss"
    decay: float = DEFAULT_DECAY
    risk_aversion: float = DEFAULT_RISK_AVERSION
    max_epochs: float = DEFAULT_EPOCHS
    limits: tuple[Limit, ...] = ()
    max_donors: int | None = None
    exact_tokens: bool = False
    worth: Mapping[str, float] = field(default_factory=lambda: dict(WORTH))
    compute: float | None = None
    allocation: Allocation | None = None
    phases: tuple[Phase, ...] = ()
    calibration: str | None = None
    draws: int | None = None
    seed: int = DEFAULT_SEED
    assumed: TransferModel | None = None

    def __repr__(self) -> str:
        """What is asked, in three lines."""
        targets = listed([target.language for target in self.targets])
        size = f"{format_quantity(self.budget)} tokens, {format_quantity(self.params)} parameters"
        limits = (
            f", limits {first_few([each.name for each in self.limits], 4)}" if self.limits else ""
        )
        return (
            f"MixProblem for {targets}: {size}, objective {self.objective}, "
            f"at most {self.max_epochs:g} epochs{limits}\n  {len(self.pools)} pools of "
            f"{self.inventory.name}, matrix {self.matrix.name}, law {self.law.name}"
        )

    @property
    def transfer(self) -> TransferModel:
        """What the scores say under the law: transfer weights τ and capacity exponents φ."""
        return self.assumed or _transfer(self)

    @property
    def target_keys(self) -> tuple[str, ...]:
        """The targets' language keys, in the order given."""
        return tuple(target.language for target in self.targets)

    @property
    def donor_keys(self) -> tuple[str, ...]:
        """Languages with pools that are no target, sorted."""
        return tuple(sorted({pool.language for pool in self.pools} - set(self.target_keys)))


@lru_cache(maxsize=64)
def _transfer(problem: MixProblem) -> TransferModel:
    """The model of a problem, looked up once: it is asked for pool by pool."""
    guarded = (each.language for each in problem.limits if isinstance(each, Guardrail))
    keys = frozenset([*problem.target_keys, *guarded, *(pool.language for pool in problem.pools)])
    return estimated(problem.matrix, problem.law, problem.calibration, keys)


def check_problem(problem: MixProblem) -> None:
    """Refuse a question that has no answer for reasons visible before solving.

    Raises:
        ProblemError: with what was found, what was expected and what to change.
    """
    _check_numbers(problem)
    if problem.compute is not None and problem.allocation is None:
        raise ProblemError(
            "parameters and budget are not chosen yet for this compute: ask at_compute(problem) "
            "first, or solve(problem)",
            field="compute",
            value=problem.compute,
        )
    if not problem.targets:
        raise ProblemError(NO_TARGET, field="targets")
    keys = problem.target_keys
    if len(set(keys)) < len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise ProblemError(
            f"target {', '.join(twice)} is named twice: give it one weight", field="targets"
        )
    with about("matrix", problem.matrix.name):
        transfer = problem.transfer
    for target in problem.targets:
        if not (math.isfinite(target.weight) and target.weight > 0):
            raise ProblemError(
                f"target {target.language} has weight {target.weight:g}: expected a number above 0",
                field="targets",
                value=target.weight,
            )
        with about("targets", target.language):
            transfer.index(target.language)
        _check_text(problem, target.language)
    if problem.objective == "worst" and len({target.weight for target in problem.targets}) > 1:
        raise ProblemError(
            "the objective 'worst' treats all targets alike: leave the weights out, or minimise "
            "the weighted 'loss'",
            field="objective",
            value=problem.objective,
        )
    if not any(pool.unique_tokens > 0 for pool in problem.pools):
        raise ProblemError(
            f"no pool with tokens in inventory {problem.inventory.name} for this choice of "
            "provenance and languages",
            field="pools",
            hint="choose another inventory or other pools",
        )
    check_limits(problem.limits, problem.pools)
    by_compute = problem.compute is not None
    check_phases(problem.phases, problem.pools, problem.budget, by_compute)
    _check_law(problem)


def _check_text(problem: MixProblem, target: str) -> None:
    """Refuse a target whose language has no text at all, where others could be had in its place.

    A matrix of a study speaks of a few languages, and its user may know why one has no text; a
    completed one speaks of all there are.
    """
    if not problem.transfer.is_completed:
        return
    code = target.partition("_")[0]
    have = {pool.language for pool in problem.inventory.pools if pool.unique_tokens > 0}
    if any(key.partition("_")[0] == code for key in have):
        return
    model = problem.transfer
    column = model.index(target)
    near = sorted(
        (key for key in have if key in model.keys),
        key=lambda key: (-model.weights[model.index(key), column], key),
    )
    named = ", ".join(
        f"{name_of(key)} ({key}, τ {model.weights[model.index(key), column]:.2f})"
        for key in near[:3]
    )
    raise ProblemError(
        f"inventory {problem.inventory.name} has no text in {name_of(target)} ({target}), and a "
        "model that reads none never learns it"
        + (f"; nearest to it by relatedness are {named}" if near else ""),
        field="targets",
        hint="choose another inventory, add your own counts of its text, or ask for a relative",
        value=target,
    )


def _check_law(problem: MixProblem) -> None:
    """Refuse a law of one language where the losses of others count."""
    law = problem.law
    guarded = [limit.language for limit in problem.limits if isinstance(limit, Guardrail)]
    others = [key for key in (*problem.target_keys, *guarded) if key != law.language]
    if law.language and others:
        raise ProblemError(
            f"law {law.name} speaks of {name_of(law.language)} alone, in a loss ({law.unit}) that "
            f"is not comparable with that of {name_of(others[0])}",
            field="law",
            hint=f"choose another law, or ask for {law.language} as the only target",
            value=law.name,
        )


def _check_numbers(problem: MixProblem) -> None:
    for key, what, value, least, most in (
        ("budget", "the budget", problem.budget, 1.0, 1e18),
        ("params", "the number of parameters", problem.params, 1.0, 1e18),
        ("lambda", "the decay λ", problem.decay, 1e-4, 100.0),
        ("max_epochs", "the epoch cap", problem.max_epochs, 1e-3, HARD_EPOCHS),
    ):
        if not least <= value <= most:
            raise ProblemError(
                f"{what} is {format_quantity(value)}: expected between {format_quantity(least)} "
                f"and {format_quantity(most)}",
                field=key,
                value=value,
            )
    if not 0 <= problem.risk_aversion <= 100:
        raise ProblemError(
            f"the risk aversion is {problem.risk_aversion:g}: expected 0 (trust every score) to "
            "100; 1 takes one standard error off",
            field="risk_aversion",
            value=problem.risk_aversion,
        )
    if problem.objective not in OBJECTIVES:
        raise ProblemError(
            f"no objective {problem.objective!r}: expected one of {', '.join(OBJECTIVES)}",
            field="objective",
            value=problem.objective,
        )
    if problem.max_donors is not None and problem.max_donors < 0:
        raise ProblemError(
            f"at most {problem.max_donors} donors: expected a whole number from 0",
            field="max_donors",
            value=problem.max_donors,
        )
    if problem.draws and not LEAST_DRAWS <= problem.draws <= MOST_DRAWS:
        raise ProblemError(
            f"{problem.draws:,} draws: expected {LEAST_DRAWS} to {MOST_DRAWS:,}, or 0 for none",
            field="draws",
            value=problem.draws,
        )
    if not 0 <= problem.seed <= _MOST_SEED:
        raise ProblemError(
            f"the seed is {problem.seed}: expected a whole number from 0 to {_MOST_SEED:,}",
            field="seed",
            value=problem.seed,
        )
    for provenance, worth in problem.worth.items():
        if not 0 <= worth <= 100:
            raise ProblemError(
                f"a token of provenance {provenance} is worth {worth:g}: expected 0 to 100",
                field="worth",
                value=worth,
            )
