"""The answer: how much of every pool, what it is predicted to give, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from atlasmix.evidence.pools import Pool
from atlasmix.problem.constraints import Limit
from atlasmix.problem.problem import DEFAULT_WITHIN
from atlasmix.quantities import format_quantity
from atlasmix.solver.engines import Engine
from atlasmix.text import first_few, listed


@dataclass(frozen=True, slots=True)
class PoolShare:
    """What is read of one pool.

    Attributes:
        pool: which.
        tokens: tokens read in training, repeats included.
        proportion: share of all tokens read, 0-1; proportions sum to 1.
        fresh, repeated: tokens of the first pass and of later passes; they sum to ``tokens``.
        epochs: tokens read / unique tokens.
    """

    pool: Pool
    tokens: float
    proportion: float
    fresh: float
    repeated: float

    @property
    def epochs(self) -> float:
        """Passes over the pool, 0 for an empty one."""
        return self.tokens / self.pool.unique_tokens if self.pool.unique_tokens else 0.0


@dataclass(frozen=True, slots=True)
class PhaseShare:
    """What is read of one pool in one phase.

    Attributes:
        pool: which.
        tokens: tokens read in the phase, above 0, repeats included.
        proportion: share of the phase's tokens, 0-1.
        epochs: passes over the pool in the phase alone.
        epochs_after: passes over it from the first phase to the end of this one.
    """

    pool: Pool
    tokens: float
    proportion: float
    epochs: float
    epochs_after: float


@dataclass(frozen=True, slots=True)
class PhaseMixture:
    """The mixture of one phase.

    Attributes:
        name: of the phase.
        tokens: tokens read in it.
        shares: the pools that are read in it, largest first; over all phases a pool's tokens sum
            to those of the whole mixture.
    """

    name: str
    tokens: float
    shares: tuple[PhaseShare, ...]

    @property
    def proportions(self) -> dict[str, float]:
        """Share of the phase's tokens per language, largest first; sums to 1."""
        return by_language(self.shares)


def by_language(shares: Iterable[PoolShare | PhaseShare]) -> dict[str, float]:
    """Proportions of pools added up per language, largest first."""
    proportions: dict[str, float] = {}
    for share in shares:
        proportions[share.pool.language] = (
            proportions.get(share.pool.language, 0.0) + share.proportion
        )
    return dict(sorted(proportions.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class TargetEffect:
    """What the mixture is predicted to do for one target. All token counts are target tokens.

    Attributes:
        language, weight: of the target.
        tokens: tokens of the language itself that are read, in all its scripts.
        own_share: m, their share of all tokens read, 0-1.
        phi: capacity exponent φ of this target.
        effective_data: expected D_eff = own + transferred.
        own: part that comes from the language's own pools after saturation.
        transferred: part that donors give.
        risk_penalty: part of ``transferred`` that the solver does not count on (κσ of each donor).
        capacity_loss: A·m^(-φ)/N^α, in the law's unit; inf where none of its own text is read.
        data_loss: B/D_eff^β, in the law's unit; inf where there is no data.
        loss: predicted loss, E + both; inf where the model never reads the language.
        alone: D_eff of the best mixture for this target alone, within budget and epoch caps.
        loss_alone: predicted loss of that mixture: what it could have with nobody beside it.
        predicted_share: share of this target's scores in the matrix that nobody measured, 0-1.
    """

    language: str
    weight: float
    tokens: float
    own_share: float
    phi: float
    effective_data: float
    own: float
    transferred: float
    risk_penalty: float
    capacity_loss: float
    data_loss: float
    loss: float
    alone: float
    loss_alone: float
    predicted_share: float

    @property
    def transfer_share(self) -> float:
        """Part of the effective data that donors give, 0-1."""
        gained = self.own + self.transferred
        return self.transferred / gained if gained > 0 else 0.0

    @property
    def served(self) -> bool:
        """Whether the model reads any text in the language itself."""
        return self.own_share > 0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of how good the answer is.

    Attributes:
        value: objective of this mixture: weighted mean loss, or the largest loss relative to the
            best alone. Donors count with what is left of their weight after the risk charge.
        bound: no mixture within the limits, and no smaller number of tokens, can be better than
            this, in the unit of ``value``.
        gap: distance of the two relative to the reducible loss (the objective less E). 1e-6 means
            0.0001 %.
        engine: who found it.
        exact: whether ``fixed_gap`` is at most 1e-6 and ``gap`` at most 1e-4, the precision that is
            asked of every engine and of the search over tokens.
        fixed_gap: the same as ``gap`` among mixtures of just as many tokens.
        solves: numbers of tokens that were tried to find the best one.
    """

    value: float
    bound: float
    gap: float
    engine: Engine
    exact: bool = True
    fixed_gap: float = 0.0
    solves: int = 1


@dataclass(frozen=True, slots=True)
class Price:
    """What one limit costs: the change of the objective if it were a little looser.

    Attributes:
        limit: the limit's name in the user's words: ``budget``, ``unique tokens of cat``,
            ``max epochs of cat.human.hplt-v4``, ``max spa 0.1``.
        change: the loosening that is priced: ``+1B tokens``, ``+0.1 epoch``, ``-1 point``.
        value: change of the objective for that loosening (first order), in the unit of the
            certificate's ``value``; below 0 where looser is better.
        relative: the same over the reducible part of the objective.
        kind: ``budget``, ``unique``, ``epochs``, ``min``, ``max``, ``keep`` or ``guardrail``.
        subject: language, pool or selection it speaks of.
    """

    limit: str
    change: str
    value: float
    relative: float
    kind: Literal["budget", "unique", "epochs", "min", "max", "keep", "guardrail"]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ShareRange:
    """How far one language's share may move before it matters.

    Attributes:
        language: read in the answer, or a target that is not.
        share: its share of the tokens read in the answer, 0-1.
        low, high: least and most share with which the objective is at most ``FLATNESS`` of the
            reducible loss worse, all other shares chosen anew within the limits.
    """

    language: str
    share: float
    low: float
    high: float


FLATNESS: Final = DEFAULT_WITHIN
"""Part of the reducible loss by which a share may worsen the objective and still count as free."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Where a number lies over the draws: 5, 50 and 95 of a hundred lie at or below it.

    Every one of them is the number of one draw, nothing between two: ``low`` to ``high`` is the
    90 % interval.
    """

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class LossInterval:
    """The loss of one target under this mixture, over the draws.

    Attributes:
        language: the target.
        loss: in the law's unit; inf where the mixture reads none of its text.
    """

    language: str
    loss: Quantiles


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """The share of one language in the best mixture of each draw.

    Attributes:
        language: read in this mixture or in that of a draw.
        share: its share of the tokens read in this mixture, 0-1.
        best: its share in the best mixture of each draw.
        read: part of the draws whose best mixture reads it, by a thousandth of the tokens or more
            (``LEAST_READ``).
    """

    language: str
    share: float
    best: Quantiles
    read: float


@dataclass(frozen=True, slots=True)
class Regret:
    """How much worse this mixture is than the best of each draw, had one known it.

    Attributes:
        expected: mean over the draws, in the unit of the certificate's ``value``.
        high: 90 of a hundred draws lie at or below it.
        relative_expected, relative_high: the same, each draw relative to the reducible part of its
            best objective.
    """

    expected: float
    high: float
    relative_expected: float
    relative_high: float


@dataclass(frozen=True, slots=True)
class GuardrailOdds:
    """Part of the draws, 0-1, in which this mixture keeps a guardrail.

    Attributes:
        limit: the guardrail by name.
        kept: that part.
    """

    limit: str
    kept: float


LEAST_READ: Final = 1e-3
"""Share of the tokens from which on a language counts as read: our choice, below it no run tells.
"""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How sure an answer is, by draws of what nobody knows for certain.

    Attributes:
        draws: worlds drawn from the posterior.
        seed: of the draws.
        losses: of this mixture, one a target, in the order asked.
        shares: of the best mixture of each draw, largest share of this mixture first.
        regret: of this mixture.
        tokens: tokens that the best mixture of each draw reads.
        guardrails: how often this mixture keeps each.
        gap: largest certified gap of any draw's optimum, relative to its reducible part; no regret
            is too small by more.
        drawn: what the draws differ in, a sentence each.
        held: what they have in common although nobody knows it for certain, a sentence each.
    """

    draws: int
    seed: int
    losses: tuple[LossInterval, ...]
    shares: tuple[ShareInterval, ...]
    regret: Regret
    tokens: Quantiles
    guardrails: tuple[GuardrailOdds, ...]
    gap: float
    drawn: tuple[str, ...]
    held: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caveat:
    """Why the answer is not one to act on as it stands, said before any proof.

    Attributes:
        kind: ``no text`` (a target has none of its own), ``no loss`` (a target's loss is infinite),
            ``unspent`` (more than half of the budget), ``shrunk`` (a limit was met by reading
            fewer tokens), ``drowned`` (less than 2 % of it is in the targets' own languages),
            ``strangers`` (more than 5 % of it are donors that only a prediction
            speaks for), ``worth`` (it hangs on a worth of synthetic or unknown text that is
            assumed) or ``size`` (N or D lies beyond ten times the law's runs, or N beyond what so
            much text can use).
        sentence: the same in plain words, with the limit or the language by name.
    """

    kind: Literal[
        "no text", "no loss", "unspent", "shrunk", "drowned", "strangers", "worth", "size"
    ]
    sentence: str


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What an answer that was asked to stay near a reference leaves as it is there.

    Attributes:
        reference: its name.
        within: what of the reducible loss was allowed for it.
        moved: part of the tokens, 0-1, that lies elsewhere than in the reference.
        moved_best: the same of the best mixture.
        same: languages that have the share that they have in the reference.
    """

    reference: str
    within: float
    moved: float
    moved_best: float
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crumbs:
    """Donors that the best mixture reads so little of that an answer leaves them out.

    Attributes:
        languages: keys, those of which the best mixture reads most first.
        share: of the tokens that it reads of all of them, 0-1.
        worth: of the reducible loss, what they would give together.
    """

    languages: tuple[str, ...]
    share: float
    worth: float


@dataclass(frozen=True, slots=True)
class Mixture:
    """The answer to a :class:`~atlasmix.problem.problem.MixProblem`.

    Attributes:
        pools: every pool of the problem, also those left unread, sorted as in the inventory.
        targets: one effect a target, in the order asked.
        budget: most tokens that could be read.
        params: parameters of the model, with embeddings.
        certificate: proof.
        prices: dearest first; limits that cost nothing are left out.
        warnings: plain sentences, most important first.
        phases: the same tokens divided over the phases asked for, in their order; often empty.
        caveats: what keeps the answer from being called certified, most important first.
        flatness: how far each language's share may move, largest share first; empty where nobody
            asked.
        stopped: why not all of the budget is read; empty where it is.
        stopped_by: the limits of the question's own that end it before the budget.
        uncertainty: intervals and regret over draws; None where none were made.
        left_alone: of an answer that stays near a reference; None: nobody asked for that.
        crumbs: donors left out for the little that would be read of them; None: there are none.
    """

    pools: tuple[PoolShare, ...]
    targets: tuple[TargetEffect, ...]
    budget: float
    params: float
    certificate: Certificate
    prices: tuple[Price, ...]
    warnings: tuple[str, ...]
    phases: tuple[PhaseMixture, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    flatness: tuple[ShareRange, ...] = ()
    stopped: str = ""
    stopped_by: tuple[Limit, ...] = ()
    uncertainty: Uncertainty | None = None
    left_alone: LeftAlone | None = None
    crumbs: Crumbs | None = None

    @property
    def crumb_keys(self) -> tuple[str, ...]:
        """Languages that are left out for the little that would be read of them."""
        return self.crumbs.languages if self.crumbs else ()

    def __repr__(self) -> str:
        """What is read, in two lines."""
        shares = list(self.proportions.items())
        named = first_few([f"{key} {share:.1%}" for key, share in shares], 5)
        targets = listed([effect.language for effect in self.targets])
        return f"Mixture for {targets}: {format_quantity(self.tokens)} tokens\n  {named}"

    @property
    def tokens(self) -> float:
        """Tokens read in all."""
        return sum(share.tokens for share in self.pools)

    @property
    def unspent(self) -> float:
        """Tokens of the budget that are better not read."""
        return max(self.budget - self.tokens, 0.0)

    @property
    def read(self) -> tuple[PoolShare, ...]:
        """The pools that are read, largest first."""
        return tuple(
            sorted(
                (share for share in self.pools if share.tokens > 0),
                key=lambda share: (-share.tokens, share.pool.name),
            )
        )

    @property
    def proportions(self) -> dict[str, float]:
        """Share of training tokens per language, largest first; sums to 1."""
        return by_language(self.read)

    @property
    def donors(self) -> tuple[str, ...]:
        """Languages read that are no target, largest first."""
        targets = {target.language for target in self.targets}
        return tuple(key for key in self.proportions if key not in targets)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline on the same objective.

    Attributes:
        name: ``natural``, ``temperature 3.33``, ``unimax``, ``uniform``, the same ``of targets``,
            ``target only`` or a published mixture.
        proportions: share of tokens per language, largest first.
        tokens: tokens it reads.
        value: its objective, in the unit of the certificate's ``value``.
        effective_data: expected D_eff per target, in the order of the targets.
        losses: predicted loss per target.
        max_epochs: most epochs of any pool.
        within_limits: whether it keeps the epoch caps and every other limit of the problem.
        breaks: the limits that it breaks, by name; ``epoch cap`` and ``guardrail`` for those.
        note: what was assumed, say which part of a published mixture has no pool here.
        covered: part of a published mixture (0-1) that has pools here, of which ``proportions`` are
            shares; of a baseline all.
    """

    name: str
    proportions: dict[str, float]
    tokens: float
    value: float
    effective_data: tuple[float, ...]
    losses: tuple[float, ...]
    max_epochs: float
    within_limits: bool
    note: str = ""
    breaks: tuple[str, ...] = ()
    covered: float = 1.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a language is read or not.

    Attributes:
        language: the donor.
        proportion: share of training tokens, 0 where it is left out.
        target: the target it matters most for.
        score: its score for that target, and the score's standard error; nan where it has none.
        stderr: see ``score``.
        status: how τ came to be: ``measured``, ``own`` (measured by the user), ``predicted`` (by
            the study), ``completed`` (from relatedness and other pairs) or empty (no score).
        weight: τ, effective target tokens per token.
        weight_stderr: its standard error.
        worth: what its next token is worth to ``target``, in tokens of its own: τ less the risk
            charge, times what repeats have left of it.
        threshold: score at which it would leave (if read) or enter (if not) the mixture; None
            where no score within the metric's range does.
        short_of: how far τ, less the risk charge, lies below what would bring it in or keep it
            there; below 0 for a donor that is read, inf where no weight would do.
        sentence: the same in plain words.
    """

    language: str
    proportion: float
    target: str
    score: float
    stderr: float
    status: str
    weight: float
    weight_stderr: float
    worth: float
    threshold: float | None
    short_of: float
    sentence: str


@dataclass(frozen=True, slots=True)
class SensitivityStep:
    """The answer between two values of one uncertain constant.

    Attributes:
        constant: ``λ``, ``φ`` (of the law; every target's moves in proportion) or the provenance
            whose worth q is varied, as ``worth of translated``.
        low, high: range over which the set of donors stays the same (to 1 %), and the tokens read
            stay within 20 % of those at ``low`` (to 10 %).
        donors: languages read beside the targets with a thousandth of the tokens or more, largest
            first at ``low``.
        target_epochs: most epochs of any target pool at ``low``.
        proportions: share of tokens per language at ``low``.
        tokens: tokens read in all at ``low``.
        synthetic: share of the tokens of the provenance that is varied, at ``low``; 0 otherwise.
    """

    constant: str
    low: float
    high: float
    donors: tuple[str, ...]
    target_epochs: float
    proportions: dict[str, float]
    tokens: float = 0.0
    synthetic: float = 0.0
