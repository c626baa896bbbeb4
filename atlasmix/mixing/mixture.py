"""The answer: how much of every pool, what it is predicted to give, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from atlasmix.evidence import Pool


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
    found: dict[str, float] = {}
    for share in shares:
        found[share.pool.language] = found.get(share.pool.language, 0.0) + share.proportion
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class TargetEffect:
    """What the mixture is predicted to do for one target. All token counts are target tokens.

    Attributes:
        language, weight: of the target.
        tokens: tokens of the language itself that are read.
        effective_data: expected D_eff = own + transferred - interference.
        own: part that comes from the language's own pools after saturation.
        transferred: part that donors give.
        interference: what harmful languages take away, as a positive number.
        risk_penalty: κ·‖σ ∘ S(D)‖, which the solver subtracts from ``effective_data``.
        loss: predicted loss at ``effective_data``, in the law's unit.
        alone: most D_eff that this target could get for itself within budget and epoch caps.
        loss_alone: predicted loss at ``alone``.
        predicted_share: share of this target's scores in the matrix that nobody measured, 0-1.
        clipped: D_eff less penalty lies below the floor of the objective.
    """

    language: str
    weight: float
    tokens: float
    effective_data: float
    own: float
    transferred: float
    interference: float
    risk_penalty: float
    loss: float
    alone: float
    loss_alone: float
    predicted_share: float
    clipped: bool = False

    @property
    def transfer_share(self) -> float:
        """Part of the effective data that donors give, 0-1."""
        gained = self.own + self.transferred
        return self.transferred / gained if gained > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of how good the answer is.

    Attributes:
        value: objective of this mixture: mean loss, geometric mean of D_eff (tokens), or the
            largest loss relative to the best alone. Risk penalty included.
        bound: no mixture within the limits can be better than this, in the unit of ``value``.
        gap: distance of the two, relative: of effective data where that is the objective or where
            there is one target, of the reducible loss otherwise. 1e-6 means 0.0001 %.
        engine: ``closed form``, ``smooth``, ``CLARABEL``, ``SCS`` or ``donor search``.
        exact: whether the gap is at most 1e-6, the precision that is asked of every engine.
    """

    value: float
    bound: float
    gap: float
    engine: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Price:
    """What one limit costs: the change of the objective if it were a little looser.

    Attributes:
        limit: the limit's name in the user's words: ``budget``, ``unique tokens of cat``,
            ``max epochs of cat.human.hplt-v4``, ``max spa 0.1``.
        change: the loosening that is priced: ``+1B tokens``, ``+1 epoch``, ``-1 point``.
        loss: change of the weighted mean predicted loss for that loosening (first order), below 0
            where looser is better; None where the objective is not a loss.
        effective: relative change of effective data (of its weighted geometric mean); None where
            the objective is a loss over several targets.
        kind: ``budget``, ``unique``, ``epochs``, ``min``, ``max``, ``keep`` or ``guardrail``.
        subject: language, pool or selection it speaks of.
    """

    limit: str
    change: str
    loss: float | None
    effective: float | None
    kind: Literal["budget", "unique", "epochs", "min", "max", "keep", "guardrail"]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Mixture:
    """The answer to a :class:`~atlasmix.mixing.problem.MixProblem`.

    Attributes:
        pools: every pool of the problem, also those left unread, sorted as in the inventory.
        targets: one effect a target, in the order asked.
        budget: tokens that could be read.
        certificate: proof.
        prices: dearest first; limits that cost nothing are left out.
        warnings: plain sentences, most important first.
        phases: the same tokens divided over the phases asked for, in their order; often empty.
    """

    pools: tuple[PoolShare, ...]
    targets: tuple[TargetEffect, ...]
    budget: float
    certificate: Certificate
    prices: tuple[Price, ...]
    warnings: tuple[str, ...]
    phases: tuple[PhaseMixture, ...] = ()

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
        name: ``natural``, ``temperature 3.33``, ``unimax``, ``uniform``, ``target only`` or a
            published mixture.
        proportions: share of tokens per language, largest first.
        tokens: tokens it reads.
        value: its objective, in the unit of the certificate's ``value``.
        effective_data: expected D_eff per target, in the order of the targets.
        losses: predicted loss per target.
        max_epochs: most epochs of any pool.
        within_limits: whether it keeps the epoch caps and every other limit of the problem.
        note: what was assumed, say which part of a published mixture has no pool here.
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


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a language is read or not.

    Attributes:
        language: the donor.
        proportion: share of training tokens, 0 where it is left out.
        target: the target it matters most for.
        score: its score for that target, and the score's standard error.
        stderr: see ``score``.
        status: ``measured`` or ``predicted``.
        weight: τ, effective target tokens per token.
        worth: τ less the risk charge at the margin: what its next token is worth to ``target``.
        threshold: score at which it would leave (if read) or enter (if not) the mixture; None
            where no score within the metric's range does.
        sentence: the same in plain words.
    """

    language: str
    proportion: float
    target: str
    score: float
    stderr: float
    status: str
    weight: float
    worth: float
    threshold: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class DecayStep:
    """The set of donors between two values of λ.

    Attributes:
        low, high: range of λ over which the set stays the same (to 1 %).
        donors: languages read beside the targets, largest first at ``low``.
        target_epochs: most epochs of any target pool at ``low``.
        proportions: share of tokens per language at ``low``.
    """

    low: float
    high: float
    donors: tuple[str, ...]
    target_epochs: float
    proportions: dict[str, float]
