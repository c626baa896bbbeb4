"""The recipe: a question, its answer and where every number came from, as plain frozen data."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import numpy as np
from msgspec import Meta

from atlasmix.errors import ProblemError
from atlasmix.evidence.pools import Pool, Provenance
from atlasmix.io.schema import AtLeastOne, Count, Name, NotNegative, Positive, Share
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.hardware import FLOPS_PER_PARAM_TOKEN
from atlasmix.laws.kinds import LossLaw, TargetLaws
from atlasmix.mixture.mixture import (
    Caveat,
    Comparison,
    Mixture,
    ShareRange,
    TargetEffect,
    Uncertainty,
)
from atlasmix.mixture.solve import answer
from atlasmix.problem.parsing import problem_to_mapping, tidy_number
from atlasmix.problem.pool_choice import inventory_hashes
from atlasmix.problem.problem import Allocation, MixProblem
from atlasmix.quantities import (
    MILLIONTHS,
    PLACES,
    at_most,
    exact_parts,
    finite,
    format_quantity,
    outward,
    significant,
    split_tokens,
    whole,
)
from atlasmix.recipe.phases import RecipePhase, RecipePhasePool, recipe_phases
from atlasmix.solver.compute import at_compute
from atlasmix.solver.optimise import matrix_bests
from atlasmix.text import first_few, listed
from atlasmix.transfer.prior import prior_digest
from atlasmix.version import __version__

_NOT_CONSTANTS = ("note", "fitted_params", "fitted_tokens", "covariance")
_DISTRIBUTIONS = {"CLARABEL": "clarabel", "SCS": "scs", "HIGHS": "highspy"}


def origin_of(problem: MixProblem, mixture: Mixture, read: Collection[str]) -> dict[str, Any]:
    """Plain data on everything behind the answer.

    λ, κ and the worth of each provenance stand in the recipe's question already.

    Args:
        problem: what was asked.
        mixture: what was answered.
        read: names of the pools that the recipe lists.
    """
    law = problem.law
    rivals = matrix_bests(problem)[1:] if problem.rivals else ()
    pools = [pool for pool in problem.pools if pool.name in read]
    return {
        "atlasmix": __version__,
        "solver": _solver(str(mixture.certificate.engine)),
        "matrix": _matrix(problem),
        **({"rivals": [_matrix(each.problem) for each in rivals]} if rivals else {}),
        "inventories": [
            {"name": name, "sha256": digest} for name, digest in inventory_hashes(problem.inventory)
        ],
        "law": _law(law),
        "pairs": pairs(problem, {pool.language for pool in pools}),
        "targets": target_exponents(problem),
        "pools": [_pool(pool) for pool in sorted(pools, key=lambda each: each.name)],
    }


def _law(law: LossLaw) -> dict[str, Any]:
    """The constants of a law; of a learned one those of every target, its file and its runs."""
    shown = {each.name: getattr(law, each.name) for each in dataclasses.fields(LossLaw)}
    facts = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in shown.items()
        if key not in _NOT_CONSTANTS and value not in (None, "") and (key, value) != ("least", 0.0)
    }
    if not isinstance(law, TargetLaws):
        return facts
    return {
        **facts,
        "sha256": law.sha256,
        "runs": [{"name": name, "sha256": digest} for name, digest in law.runs],
        "targets": [
            {
                "language": each.language,
                **{key: finite(getattr(each, key), 12) for key in _BY_TARGET},
            }
            for each in law.targets
        ],
    }


_BY_TARGET: Final = ("E", "A", "alpha", "B", "beta", "phi", "least")


def _matrix(problem: MixProblem) -> dict[str, str]:
    card = problem.matrix.card
    return {
        "name": problem.matrix.name,
        "sha256": problem.matrix.sha256,
        "metric": card.metric,
        "calibration": problem.transfer.calibration,
        "source": card.source,
        "licence": card.licence,
        **prior_origin(card.prior),
    }


def prior_origin(name: str) -> dict[str, str]:
    """The relatedness prior that completes a matrix; nothing where none does."""
    return {"prior": name, "prior_sha256": prior_digest(name)} if name else {}


def pairs(problem: MixProblem, sources: Collection[str]) -> list[dict[str, Any]]:
    """Every score from a language that is read to a target, and what the law makes of it.

    Each has status, score and its standard error (``stderr``), and the transfer weight τ with its
    own (``transfer_stderr``), as estimated together with φ.
    """
    rows = []
    transfer = problem.transfer
    for target in problem.target_keys:
        for source in sorted(set(sources) - {target}):
            score = problem.matrix.pair(source, target)
            place = transfer.index(source), transfer.index(target)
            rows.append(
                {
                    "source": source,
                    "target": target,
                    "status": str(transfer.status[place]) or "missing",
                    "score": finite(score.score),
                    "stderr": finite(score.stderr),
                    "transfer_weight": finite(float(transfer.weights[place])),
                    "transfer_stderr": finite(float(transfer.stderr[place])),
                }
            )
    return rows


def target_exponents(problem: MixProblem) -> list[dict[str, Any]]:
    """Capacity exponent φ of every target, with its standard error, in the order asked."""
    transfer = problem.transfer
    places = [(key, transfer.index(key)) for key in problem.target_keys]
    return [
        {
            "language": key,
            "phi": finite(float(transfer.phi[place])),
            "phi_stderr": finite(float(transfer.phi_stderr[place])),
        }
        for key, place in places
    ]


def _pool(pool: Pool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "obtained": pool.obtained,
        "unit": pool.unit,
        "source": pool.source,
        "licence": pool.licence,
    }


def _solver(engine: str) -> dict[str, str]:
    distribution = _DISTRIBUTIONS.get(engine.upper())
    if distribution is None:
        return {"engine": engine, "version": f"atlasmix {__version__}"}
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {"engine": engine, "version": f"{distribution} {version(distribution)}"}
    except PackageNotFoundError:
        return {"engine": engine, "version": f"{distribution}, version unknown"}


SCHEMA: Final = "atlasmix/recipe/2"


@dataclass(frozen=True, slots=True)
class RecipePool:
    """What is read of one pool.

    Attributes:
        name, language, provenance, corpus: of the pool.
        proportion: share of training tokens, 0-1, six places; they sum to exactly 1.
        tokens: tokens read, repeats included; they sum to the recipe's ``tokens``.
        epochs: tokens read / unique tokens.
        unique_tokens: distinct tokens in the pool, in the unit given in the origin.
    """

    name: Name
    language: Name
    provenance: Provenance
    corpus: str
    proportion: Annotated[
        float, Meta(gt=0, le=1, description="share of training tokens; all sum to exactly 1")
    ]
    tokens: Count
    epochs: NotNegative
    unique_tokens: AtLeastOne


@dataclass(frozen=True, slots=True)
class RecipeTarget:
    """The predicted effect on one target; counts in target tokens, losses in the law's unit.

    The fields are those of :class:`atlasmix.mixture.mixture.TargetEffect`; a loss is None where
    it is infinite, because there is no text of the language or no data at all.
    """

    language: Name
    weight: Positive
    own_share: Annotated[
        Share, Meta(description="m, share of all tokens read that is in the target's own language")
    ]
    phi: Annotated[NotNegative, Meta(description="capacity exponent of the target")]
    capacity_loss: Annotated[
        float | None,
        Meta(description="A m^-phi / N^alpha; null where none of its own text is read"),
    ]
    data_loss: Annotated[
        float | None, Meta(description="B / D_eff^beta; null where there is no data")
    ]
    loss: Annotated[float | None, Meta(description="E + capacity_loss + data_loss")]
    loss_alone: Annotated[
        float | None, Meta(description="of the best mixture for this target alone")
    ]
    effective_data: Annotated[
        Count, Meta(description="own + transferred, target-token equivalents")
    ]
    own: Count
    transferred: Count
    risk_penalty: Annotated[
        Count, Meta(description="part of transferred that the solver does not count on")
    ]
    alone: Annotated[
        Count, Meta(description="effective data of the best mixture for this target alone")
    ]
    predicted_share: Annotated[
        Share, Meta(description="share of this target's scores that nobody measured")
    ]


@dataclass(frozen=True, slots=True)
class RecipeCertificate:
    """The proof; gaps are rounded up. See :class:`atlasmix.mixture.mixture.Certificate`."""

    value: float | None
    bound: float | None
    gap: Annotated[
        float | None,
        Meta(
            description="of value and bound, over all numbers of tokens, relative to the "
            "reducible loss"
        ),
    ]
    fixed_gap: Annotated[
        float | None, Meta(description="the same among mixtures of as many tokens")
    ]
    engine: Name
    exact: bool
    solves: Annotated[Count, Meta(description="numbers of tokens that were tried")]


@dataclass(frozen=True, slots=True)
class RecipeShareRange:
    """How far a language's share may move; ``low`` is rounded down, ``high`` up, to six places."""

    language: Name
    share: Share
    low: Annotated[Share, Meta(description="rounded down")]
    high: Annotated[Share, Meta(description="rounded up")]


Number = Annotated[float | None, Meta(description="null where there is no finite number")]


@dataclass(frozen=True, slots=True)
class RecipeLossInterval:
    """The loss of a target under this mixture, over the draws: 5, 50 and 95 of a hundred."""

    language: Name
    low: Number
    middle: Number
    high: Number


@dataclass(frozen=True, slots=True)
class RecipeShareInterval:
    """The share of a language here, and in the best mixtures of the draws."""

    language: Name
    share: Share
    low: Share
    middle: Share
    high: Share
    read: Annotated[Share, Meta(description="part of the draws whose best mixture reads it")]


@dataclass(frozen=True, slots=True)
class RecipeRegret:
    """How much worse this mixture is than the best of each draw."""

    expected: Annotated[
        float | None,
        Meta(description="mean over the draws; null where the mixture reads nothing of a target"),
    ]
    high: Annotated[float | None, Meta(description="90 of a hundred draws lie at or below it")]
    relative_expected: Annotated[
        float | None, Meta(description="relative to the reducible part of the best objective")
    ]
    relative_high: float | None


@dataclass(frozen=True, slots=True)
class RecipeGuardrailOdds:
    """Part of the draws in which this mixture keeps a guardrail."""

    limit: Name
    kept: Share


@dataclass(frozen=True, slots=True)
class RecipeUncertainty:
    """How sure the answer is; see :class:`atlasmix.mixture.mixture.Uncertainty`."""

    draws: Annotated[Count, Meta(description="worlds drawn from what the evidence allows")]
    seed: Annotated[Count, Meta(description="of the draws")]
    regret: RecipeRegret
    losses: tuple[RecipeLossInterval, ...]
    shares: tuple[RecipeShareInterval, ...]
    least_tokens: Annotated[
        Count, Meta(description="read by the best mixture: 5 of a hundred draws at or below it")
    ]
    most_tokens: Annotated[Count, Meta(description="95 of a hundred draws at or below it")]
    guardrails: tuple[RecipeGuardrailOdds, ...]
    gap: Annotated[
        NotNegative, Meta(description="largest certified gap of any draw's best, rounded up")
    ]
    drawn: Annotated[tuple[str, ...], Meta(description="what the draws differ in")]
    held: Annotated[tuple[str, ...], Meta(description="what they have in common")]


@dataclass(frozen=True, slots=True)
class RecipeAllocation:
    """How a compute budget was divided; see ``atlasmix.problem.problem.Allocation``.

    Attributes:
        params: N with embeddings, three digits.
        budget: D, most tokens read; 6·N·D is at most the question's ``compute``.
        gap: how much of the reducible loss another N, D and mixture could take off at most.
        proved: whether that holds for the question as it is, with all its limits.
    """

    params: Annotated[AtLeastOne, Meta(description="parameters with embeddings")]
    budget: Annotated[AtLeastOne, Meta(description="most tokens read")]
    gap: Annotated[
        float | None,
        Meta(description="what another size could take off the reducible loss at most, relative"),
    ]
    proved: bool


@dataclass(frozen=True, slots=True)
class RecipeBaseline:
    """A mixture that the answer was compared with; losses and effective data per target."""

    name: Name
    value: float | None
    tokens: Count
    effective_data: tuple[int, ...]
    losses: tuple[float | None, ...]
    max_epochs: NotNegative
    within_limits: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """Question, answer and origin; ``dump_recipe`` writes it.

    >>> from atlasmix import Problem
    >>> recipe = Problem("cat").solve().recipe
    >>> recipe.tokens, sum(recipe.proportions.values())
    (100000000000, 1.0)

    Attributes:
        question: as ``problem_to_mapping`` writes it, every default included.
        params: parameters of the model, with embeddings.
        tokens: tokens read in all.
        unspent: tokens of the budget that are better not read.
        pools: those that are read, largest first.
        targets: effects, in the order asked.
        certificate: proof.
        baselines: what else was tried.
        warnings: plain sentences.
        origin: evidence, law and versions behind the numbers, as plain data.
        allocation: N and D, where the question gave a compute budget for both.
        phases: the same tokens divided over the phases asked for; empty where there are none.
        stopped: why tokens stay unread; empty where none does.
        caveats: what keeps the answer from being called certified.
        flatness: how far each language's share may move; empty where nobody asked.
        uncertainty: intervals and regret over draws; None where none were made.
        former: a recipe of an earlier law as its file holds it. Then only the mixture (pools and
            phases) speaks: there are no targets, and the certificate proves nothing. None: a recipe
            of today's.
    """

    question: Mapping[str, Any]
    params: int
    tokens: int
    unspent: int
    pools: tuple[RecipePool, ...]
    targets: tuple[RecipeTarget, ...]
    certificate: RecipeCertificate
    baselines: tuple[RecipeBaseline, ...]
    warnings: tuple[str, ...]
    origin: Mapping[str, Any]
    allocation: RecipeAllocation | None = None
    phases: tuple[RecipePhase, ...] = ()
    stopped: str = ""
    caveats: tuple[Caveat, ...] = ()
    flatness: tuple[RecipeShareRange, ...] = ()
    uncertainty: RecipeUncertainty | None = None
    former: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        """What is read, in a few lines."""
        targets = list(self.question["targets"])
        shares = list(self.proportions.items())
        named = first_few([f"{key} {share:.1%}" for key, share in shares], 5)
        return (
            f"Recipe for {listed(targets)}: {format_quantity(self.tokens)} tokens, "
            f"{format_quantity(self.params)} parameters\n  {named}"
        )

    @property
    def flops(self) -> float:
        """Operations that training takes, 6·N·D of the tokens that are read, six digits."""
        return significant(FLOPS_PER_PARAM_TOKEN * self.params * self.tokens)

    @property
    def proportions(self) -> dict[str, float]:
        """Share of training tokens per language, six places, largest first; sums to 1."""
        return self._per_language(self.pools)

    @property
    def phase_proportions(self) -> dict[str, dict[str, float]]:
        """The same for each phase, by name, in the order of training; each sums to 1."""
        return {phase.name: self._per_language(phase.pools) for phase in self.phases}

    def _per_language(self, read: Sequence[RecipePool | RecipePhasePool]) -> dict[str, float]:
        language = {pool.name: pool.language for pool in self.pools}
        millionths: dict[str, int] = {}
        for pool in read:
            key = language[pool.name]
            millionths[key] = millionths.get(key, 0) + round(pool.proportion * MILLIONTHS)
        ordered = sorted(millionths.items(), key=lambda item: (-item[1], item[0]))
        return {key: part / MILLIONTHS for key, part in ordered}


def make_recipe(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison] = ()
) -> Recipe:
    """The record of an answer.

    Its proportions are whole millionths, and what it predicts for the targets is predicted for that
    very mixture, so that it can be derived from the record again. The certificate is that of the
    answer.

    Args:
        problem: what was asked.
        mixture: what was answered.
        comparisons: baselines that should stand in the record.

    Raises:
        ProblemError: pools that the problem's inventory does not have, or weights that were
            assumed, which no record could derive again.
    """
    if problem.assumed is not None:
        raise ProblemError(
            "the transfer weights of this question are assumed, not what its matrix says: no "
            "recipe can record where they come from; put them into a matrix of your own"
        )
    problem = at_compute(problem)
    pools = recipe_pools(mixture)
    tokens = sum(pool.tokens for pool in pools)
    read = {pool.name for pool in pools}
    effects = _effects(problem, pools)
    allocation = _allocation(problem.allocation)
    return Recipe(
        question=problem_to_mapping(problem),
        params=allocation.params if allocation else round(problem.params),
        tokens=tokens,
        unspent=max(round(problem.budget) - tokens, 0),
        pools=pools,
        targets=tuple(recipe_target(effect) for effect in effects),
        certificate=RecipeCertificate(
            value=finite(mixture.certificate.value, 8),
            bound=finite(mixture.certificate.bound, 8),
            gap=finite(at_most(mixture.certificate.gap), 3),
            fixed_gap=finite(at_most(mixture.certificate.fixed_gap), 3),
            engine=str(mixture.certificate.engine),
            exact=mixture.certificate.exact,
            solves=mixture.certificate.solves,
        ),
        baselines=tuple(_baseline(comparison) for comparison in comparisons),
        warnings=(*_lost(mixture, effects), *mixture.warnings),
        origin=origin_of(problem, mixture, read),
        allocation=allocation,
        phases=recipe_phases(problem, {pool.name: pool.tokens for pool in pools}),
        stopped=mixture.stopped,
        caveats=mixture.caveats,
        flatness=tuple(_range(each) for each in mixture.flatness),
        uncertainty=None
        if mixture.uncertainty is None
        else recipe_uncertainty(mixture.uncertainty),
    )


def recipe_pools(mixture: Mixture) -> tuple[RecipePool, ...]:
    """The pools that are read, with proportions in millionths that sum to exactly 1."""
    shares = {share.pool.name: share.tokens for share in mixture.read}
    if not shares:
        return ()
    parts = {name: part for name, part in exact_parts(shares).items() if part}
    tokens = split_tokens(parts, _total(mixture))
    by_name = {share.pool.name: share.pool for share in mixture.read}
    pools = []
    for name in sorted(parts, key=lambda each: (-parts[each], each)):
        pool = by_name[name]
        pools.append(
            RecipePool(
                name=name,
                language=pool.language,
                provenance=cast(Provenance, pool.provenance),
                corpus=pool.corpus,
                proportion=parts[name] / MILLIONTHS,
                tokens=tokens[name],
                epochs=significant(tokens[name] / pool.unique_tokens, 4),
                unique_tokens=max(round(pool.unique_tokens), 1),
            )
        )
    return tuple(pools)


def _effects(problem: MixProblem, pools: Sequence[RecipePool]) -> tuple[TargetEffect, ...]:
    """What the recorded tokens, not those of the answer to the last digit, give each target."""
    read = {pool.name: float(pool.tokens) for pool in pools}
    tokens = np.array([read.get(pool.name, 0.0) for pool in problem.pools])
    return answer(problem, tokens).targets


def _lost(mixture: Mixture, effects: Sequence[TargetEffect]) -> tuple[str, ...]:
    """A warning for each target of whose text the answer reads too little to be recorded."""
    recorded = {effect.language: effect.served for effect in effects}
    return tuple(
        f"less than a millionth of the tokens would be {name_of(effect.language)}: the recipe, in "
        "millionths, leaves it out; ask for a least share of it, or for a smaller budget"
        for effect in mixture.targets
        if effect.served and not recorded[effect.language]
    )


def _total(mixture: Mixture) -> int:
    """All tokens read: the budget to the token where it is spent, else six digits."""
    near = abs(mixture.tokens - mixture.budget) <= 1e-6 * mixture.budget
    return round(mixture.budget) if near else whole(mixture.tokens)


def _allocation(allocation: Allocation | None) -> RecipeAllocation | None:
    if allocation is None:
        return None
    gap = finite(at_most(allocation.gap), 3)
    return RecipeAllocation(
        whole(allocation.params), whole(allocation.tokens), gap, allocation.proved
    )


def recipe_target(effect: TargetEffect) -> RecipeTarget:
    """An effect as a recipe records it."""
    return RecipeTarget(
        language=effect.language,
        weight=tidy_number(effect.weight),
        own_share=significant(effect.own_share),
        phi=significant(effect.phi),
        capacity_loss=finite(effect.capacity_loss),
        data_loss=finite(effect.data_loss),
        loss=finite(effect.loss),
        loss_alone=finite(effect.loss_alone),
        effective_data=whole(effect.effective_data),
        own=whole(effect.own),
        transferred=whole(effect.transferred),
        risk_penalty=whole(effect.risk_penalty),
        alone=whole(effect.alone),
        predicted_share=significant(effect.predicted_share, 3),
    )


def recipe_uncertainty(sure: Uncertainty) -> RecipeUncertainty:
    """What draws say of an answer, as a recipe records it."""
    regret = sure.regret
    return RecipeUncertainty(
        draws=sure.draws,
        seed=sure.seed,
        regret=RecipeRegret(
            expected=finite(regret.expected, 4),
            high=finite(regret.high, 4),
            relative_expected=finite(regret.relative_expected, 4),
            relative_high=finite(regret.relative_high, 4),
        ),
        losses=tuple(
            RecipeLossInterval(
                each.language,
                finite(each.loss.low),
                finite(each.loss.middle),
                finite(each.loss.high),
            )
            for each in sure.losses
        ),
        shares=tuple(
            RecipeShareInterval(
                each.language,
                round(each.share, PLACES),
                round(each.best.low, PLACES),
                round(each.best.middle, PLACES),
                round(each.best.high, PLACES),
                significant(each.read, 4),
            )
            for each in sure.shares
        ),
        least_tokens=whole(sure.tokens.low, 4),
        most_tokens=whole(sure.tokens.high, 4),
        guardrails=tuple(RecipeGuardrailOdds(each.limit, each.kept) for each in sure.guardrails),
        gap=at_most(sure.gap),
        drawn=sure.drawn,
        held=sure.held,
    )


def _range(share_range: ShareRange) -> RecipeShareRange:
    low, high = outward(share_range.low, share_range.high)
    return RecipeShareRange(share_range.language, round(share_range.share, PLACES), low, high)


def _baseline(comparison: Comparison) -> RecipeBaseline:
    return RecipeBaseline(
        name=comparison.name,
        value=finite(comparison.value, 8),
        tokens=whole(comparison.tokens),
        effective_data=tuple(whole(tokens) for tokens in comparison.effective_data),
        losses=tuple(finite(loss) for loss in comparison.losses),
        max_epochs=significant(comparison.max_epochs, 4),
        within_limits=comparison.within_limits,
    )
