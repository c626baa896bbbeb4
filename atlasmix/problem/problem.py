"""The question: which mixture of these pools serves these targets best, under these limits?"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal, NoReturn

from atlasmix.errors import ProblemError, about
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.kinds import LossLaw, TargetLaws
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.problem.constraints import HARD_EPOCHS, EpochCap, Guardrail, Limit, check_limits
from atlasmix.problem.phases import Phase, check_phases
from atlasmix.quantities import format_quantity
from atlasmix.text import first_few, listed
from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT
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


Objective = Literal["loss", "worst", "expected", "cautious", "regret"]
OBJECTIVES: Final = ("loss", "worst", "expected", "cautious", "regret")

UNDER_DRAWS: Final = ("expected", "cautious")
"""Objectives that are taken over draws of the evidence, and charge no donor for doubt besides."""

DEFAULT_TAIL: Final = 0.2
"""Part of the draws whose mean ``cautious`` minimises: our choice, a fifth: few enough to be bad
luck, and of 32 draws still six, so that no single one decides."""

NO_TARGET: Final = "no target: name at least one language, such as cat"

DEFAULT_BUDGET: Final = 100e9
"""Our choice: a small team's run, large enough that Catalan's own web text runs out."""

DEFAULT_PARAMS: Final = 2e9
"""The size at which the scores of the default matrix were measured."""

DEFAULT_EPOCHS: Final = 4.0
"""Muennighoff et al. 2023 (arXiv 2305.16264): up to 4 epochs cost next to nothing."""

DEFAULT_RISK_AVERSION: Final = 1.0
"""κ, our choice: a donor counts for one standard error less than its score says."""

MOST_DRIFT_PENALTY: Final = 100.0
"""Largest weight of the drift penalty: our choice, a hundred times the loss of any text."""

DEFAULT_BOX: Final = 0.9
"""Level of the interval of a score of which only so many may be wrong: our choice, as of draws."""

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

REPHRASED_MOST: Final = 0.48
"""Rephrased text has at most so much to give, in parts of its source's unique tokens: data
efficiency saturated at 1.48 times with 32 rephrases a document (Kim et al. 2026, arXiv 2603.18534;
1.80 times with rephrases of a document joined into one)."""

BENCHMARK_WORTH: Final[Mapping[str, tuple[float, float]]] = {"translated": (1.0, 3.6)}
"""Least and most q of a token for scores on multiple-choice benchmarks, where they are known to
differ from those for loss on native text. Models on machine-translated text reached the score of
models on native web text with 72 % fewer tokens (MultiSynt, arXiv 2607.00890: 3.6 times); models on
native text were better at idiom and culture. Below 1 nobody found it on such benchmarks."""

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


DEFAULT_WITHIN: Final = 0.005
"""Part of the reducible loss within which a share counts as free to move, and that may be given to
stay near a reference: our choice, less than what two seeds of one run differ by."""

MOST_WITHIN: Final = 0.5
"""Our choice: half of all that a mixture can change, far beyond sense."""


@dataclass(frozen=True, slots=True)
class Near:
    """Among mixtures about as good as the best, the one that lies nearest to a reference.

    Attributes:
        reference: a baseline (``targets-temperature-3.33``), a published mixture, or its file.
        within: most of the reducible loss that may be given for it, above 0.
    """

    reference: str
    within: float = DEFAULT_WITHIN

    @property
    def written(self) -> str:
        """As a question has it: ``0.5%:targets-temperature-3.33``."""
        return f"{100 * self.within:g}%:{self.reference}"


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
        objective: ``loss`` (Σ w·loss), ``worst`` (largest loss relative to what the target could
            reach alone on this budget), ``expected`` (mean of Σ w·loss over draws of what the
            evidence leaves open), ``cautious`` (its mean over the worst ``tail`` of them) or
            ``regret`` (what Σ w·loss lies above the best there is under a matrix, by the matrix
            under which that is most).
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
        tail: part of the draws that ``cautious`` speaks of, above 0 and at most 1.
        box: level of the interval at whose lower end a donor counts, 0-1, in the place of κ; None:
            κ standard errors are taken off.
        wrong_scores: most donors of a target that count with the lower end of their interval at
            once, the worst for the mixture, while all others count whole; None: all of them.
        unknown_human: least part of text of unknown origin that people wrote, 0-1, where a limit
            asks for human text: what is not known is not human unless somebody says so.
        drift_penalty: loss, in the law's unit, that would be given for one unit less of excess
            error amplification a(h) - 1 over all tokens of the budget, read in the targets; 0: the
            objective holds no such term, and what machine text risks is told alone.
        near: of the mixtures that are about as good as the best, the one that is nearest to this
            reference is the answer; None: the best.
        rivals: other matrices, one of which may be the one that is right: the objective ``regret``
            is over ``matrix`` and all of them. Everything else that is told is by ``matrix``.
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
    tail: float = DEFAULT_TAIL
    box: float | None = None
    wrong_scores: int | None = None
    unknown_human: float = 0.0
    drift_penalty: float = 0.0
    near: Near | None = None
    rivals: tuple[TransferMatrix, ...] = ()
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

    def worth_of(self, pool: Pool) -> float:
        """q of a token of a pool: that of its provenance, over how many models deep it is."""
        return self.worth.get(pool.provenance, 0.0) / pool.depth

    @property
    def charges_doubt(self) -> bool:
        """Whether donors count with less than their weight, for the doubt about their scores."""
        if self.objective in UNDER_DRAWS:
            return False
        if self.wrong_scores is not None:
            return self.wrong_scores > 0
        return self.box is not None or self.risk_aversion > 0

    @property
    def target_keys(self) -> tuple[str, ...]:
        """The targets' language keys, in the order given."""
        return tuple(target.language for target in self.targets)

    @property
    def donor_keys(self) -> tuple[str, ...]:
        """Languages with pools that are no target, sorted."""
        return tuple(sorted({pool.language for pool in self.pools} - set(self.target_keys)))


@lru_cache(maxsize=16)
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
    _check_doubt(problem)
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
    _check_text(problem)
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


def _check_text(problem: MixProblem) -> None:
    """Refuse targets whose language has no text at all, where others could be had in its place.

    A matrix of a study speaks of a few languages, and its user may know why one has no text; a
    completed one speaks of all there are.
    """
    if not problem.transfer.is_completed:
        return
    have = {pool.language for pool in problem.inventory.pools if pool.unique_tokens > 0}
    codes = {key.partition("_")[0] for key in have}
    for target in problem.target_keys:
        if target.partition("_")[0] not in codes:
            _refuse_without_text(problem, target, have)


def _refuse_without_text(problem: MixProblem, target: str, have: Collection[str]) -> NoReturn:
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
        hint="add your own counts of its text, or ask for a relative",
        value=target,
    )


def _check_law(problem: MixProblem) -> None:
    """Refuse a law of one language where the losses of others count."""
    law = problem.law
    if isinstance(law, TargetLaws):
        _check_learned(problem, law)
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


_SAME_SIZE: Final = 0.05
"""Part by which N or D may differ from the runs' and still be theirs: our choice, as in a table."""


def _check_learned(problem: MixProblem, law: TargetLaws) -> None:
    """Refuse what the runs behind a law say nothing of: other targets, another N or D."""
    guarded = [limit.language for limit in problem.limits if isinstance(limit, Guardrail)]
    for key in (*problem.target_keys, *guarded):
        law.of(key)
    for field_name, what, value, runs, vary in (
        ("params", "parameters", problem.params, law.params, law.params_vary),
        ("budget", "tokens", problem.budget, law.tokens, law.tokens_vary),
    ):
        if not vary and runs > 0 and abs(value / runs - 1) > _SAME_SIZE:
            raise ProblemError(
                f"the runs behind law {law.name} are all of {format_quantity(runs)} {what}, so it "
                f"says nothing of {format_quantity(value)}",
                field=field_name,
                hint=f"leave the {what} out, or add runs of other {what} and learn it again",
                value=value,
            )
    if not law.tokens_vary and not problem.exact_tokens:
        raise ProblemError(
            f"the runs behind law {law.name} all read {format_quantity(law.tokens)} tokens, so it "
            "does not say what fewer would give",
            field="tokens",
            hint="ask for exactly as many",
        )


def _check_doubt(problem: MixProblem) -> None:
    """How doubt is weighed: draws, their tail, the box of the scores."""
    if not 0 < problem.tail <= 1:
        raise ProblemError(
            f"the tail is {problem.tail:g}: expected a part of the draws above 0 and at most 1, "
            "such as 20%",
            field="tail",
            value=problem.tail,
        )
    if problem.box is not None and not 0 < problem.box < 1:
        raise ProblemError(
            f"the box is {problem.box:g}: expected the level of an interval between 0 and 1, such "
            "as 90%",
            field="box",
            value=problem.box,
        )
    if problem.wrong_scores is not None and problem.wrong_scores < 0:
        raise ProblemError(
            f"{problem.wrong_scores} scores wrong at once: expected a whole number from 0",
            field="wrong_scores",
            value=problem.wrong_scores,
        )
    if problem.rivals or problem.objective == "regret":
        _check_rivals(problem)
    if not 0 <= problem.unknown_human <= 1:
        raise ProblemError(
            f"the human part of unknown text is {problem.unknown_human:g}: expected 0 to 1",
            field="unknown_human",
            value=problem.unknown_human,
        )
    _check_drift_penalty(problem)
    if problem.near is not None and not 0.0 < problem.near.within <= MOST_WITHIN:
        raise ProblemError(
            f"a mixture near {problem.near.reference} may cost {100 * problem.near.within:g}% of "
            f"the reducible loss: expected above 0 and at most {100 * MOST_WITHIN:g}%, such as "
            f"{100 * DEFAULT_WITHIN:g}%",
            field="near",
            value=problem.near.within,
        )
    if problem.objective in UNDER_DRAWS:
        _check_under_draws(problem)
    elif problem.wrong_scores is not None and problem.max_donors is not None:
        raise ProblemError(
            f"at most {problem.max_donors} donors and at most {problem.wrong_scores} wrong scores "
            "are not sought together: leave one of them out",
            field="wrong_scores",
            value=problem.wrong_scores,
        )


def _check_drift_penalty(problem: MixProblem) -> None:
    """Refuse a weight out of range, or beside an objective that is no loss."""
    weight = problem.drift_penalty
    if not 0 <= weight <= MOST_DRIFT_PENALTY:
        raise ProblemError(
            f"the drift penalty is {weight:g}: expected 0 (none) to {MOST_DRIFT_PENALTY:g}, in the "
            "unit of the loss, such as 0.05",
            field="drift_penalty",
            value=weight,
        )
    if weight and problem.objective == "worst":
        raise ProblemError(
            "the drift penalty is a loss, and the objective 'worst' a ratio of losses: minimise "
            "the 'loss', or leave the penalty out",
            field="drift_penalty",
            value=weight,
        )


def _check_rivals(problem: MixProblem) -> None:
    """Several matrices and the least regret over them belong together."""
    if not problem.rivals or problem.objective != "regret":
        told = (
            "the objective 'regret' is over several matrices, and one is given: name another one "
            "as a rival, or minimise the 'loss'"
            if not problem.rivals
            else f"{1 + len(problem.rivals)} matrices are given and the objective is "
            f"'{problem.objective}': over several matrices it is 'regret'; leave one of them out"
        )
        raise ProblemError(told, field="objective", value=problem.objective)
    names = [problem.matrix.name, *(matrix.name for matrix in problem.rivals)]
    if len(set(names)) < len(names):
        raise ProblemError(
            f"matrix {max(names, key=names.count)} is named twice: name every one once",
            field="rivals",
        )
    for key, value in (
        ("max_donors", problem.max_donors),
        ("wrong_scores", problem.wrong_scores),
    ):
        if value is not None:
            raise ProblemError(
                f"{key.replace('_', ' ')} is {value} and the objective is 'regret': they are not "
                "sought together; leave one of them out",
                field=key,
                value=value,
            )
    for matrix in problem.rivals:
        if matrix.card.metric not in (BTS, TRANSFER_WEIGHT):
            raise ProblemError(
                f"matrix {matrix.name} holds {matrix.card.metric}: a rival must hold {BTS} or "
                f"{TRANSFER_WEIGHT}, as a calibration is of the first matrix alone",
                field="rivals",
                value=matrix.name,
            )
        for target in problem.target_keys:
            if target not in matrix.keys:
                raise ProblemError(
                    f"matrix {matrix.name} says nothing of {name_of(target)} ({target}): every "
                    "rival must know every target; leave the matrix or the target out",
                    field="rivals",
                    value=matrix.name,
                )


def _check_under_draws(problem: MixProblem) -> None:
    for field_name, told in (("box", "a box"), ("wrong_scores", "a number of wrong scores")):
        if getattr(problem, field_name) is not None:
            raise ProblemError(
                f"the objective '{problem.objective}' is taken over draws of the scores, and "
                f"{told} is given besides: leave one of them out",
                field=field_name,
                value=getattr(problem, field_name),
            )
    if problem.draws == 0:
        raise ProblemError(
            f"the objective '{problem.objective}' is taken over draws, and none are asked for: ask "
            f"for {LEAST_DRAWS} or more, or minimise the 'loss'",
            field="draws",
            value=problem.draws,
        )
    if problem.max_donors is not None:
        raise ProblemError(
            f"at most {problem.max_donors} donors are sought under the objectives 'loss' and "
            f"'worst' alone, and this is '{problem.objective}': leave the limit out, or minimise "
            "the 'loss'",
            field="max_donors",
            value=problem.max_donors,
        )


def canonical(problem: MixProblem) -> MixProblem:
    """The problem with targets and limits in a fixed order, which must not matter to the answer.

    Own epoch caps keep theirs: of two that name the same pool the later one holds.
    """
    caps = tuple(limit for limit in problem.limits if isinstance(limit, EpochCap))
    others = (limit for limit in problem.limits if not isinstance(limit, EpochCap))
    return replace(
        problem,
        targets=tuple(sorted(problem.targets, key=lambda target: target.language)),
        limits=(*sorted(others, key=lambda limit: limit.name), *caps),
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
