r"""The kinds of scaling laws: what each says, and which of them can drive a solve.

Only a :class:`LossLaw` has what a mixture needs, a loss from parameters and effective data. The
others answer other questions, and say which where somebody asks them to drive a solve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from atlasmix.errors import ProblemError
from atlasmix.evidence.scores import Floats
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.text import first_few

DEFAULT_PHI: Final = 0.11
"""φ when a law's card does not say: the printed exponent of the K-law of ATLAS (arXiv 2510.22037,
§5), which is this law for a mixture of K even shares."""

DEFAULT_PHI_RANGE: Final = (0.08, 0.17)
"""Range of φ beside it: what estimates from scores and from mixture runs give (our choice)."""

LOSS_CONSTANTS: Final = ("E", "A", "alpha", "B", "beta")
"""The constants of a law without those of repetition and of capacity, in this order everywhere."""

FAR: Final = 10.0
"""A factor of N or D from a law's runs beyond which nothing that it says is certain: our choice."""


@dataclass(frozen=True, slots=True)
class LossLaw:
    r"""Loss of one language from parameters, its own share and effective data.

    .. math:: L = E + A m^{-\varphi}/N^\alpha + B/D_{eff}^\beta

    N in parameters, D_eff in tokens, m the part of all tokens read that is in the language itself
    (its own share). Form: Hoffmann et al. 2022 (arXiv 2203.15556), with effective data in the place
    of tokens, and a share of the capacity as in Fernandes et al. 2023 (arXiv 2302.09650): with own
    share m the model works like one of m^(φ/α)·N parameters that reads nothing else.

    Attributes:
        name: how a question calls it.
        E, A, alpha, B, beta: the constants; E and the loss share one unit.
        unit: unit of the loss, say ``nats per token``.
        measured_on: data, languages and sizes of the runs behind it.
        source: paper or file the constants come from.
        note: what must be known before they are used elsewhere.
        decay: λ of repeated tokens that was fitted together with the constants; then a solve with
            this law uses it unless another is asked for.
        language: key of the only language it speaks of; empty: any.
        fitted_params: least and most parameters of the runs behind it, if its card says.
        phi: capacity exponent φ of a typical language, under these very constants.
        phi_range: least and most φ that the evidence allows.
        fitted_tokens: least and most tokens of the runs behind it, if its card says.
        covariance: covariance of the natural logarithms of E, A, α, B, β and, where it was fitted
            with them, λ, row by row in this order: how sure the constants are, and how they go
            together; empty where the card does not say.
        least: μ, the part of the capacity that a language has where nothing of it is read; then
            m is μ + (1 - μ) times its share of the tokens.

    >>> law = LossLaw("mine", 1.8, 482, 0.35, 2085, 0.37, "nats per token", "web text", "my runs")
    >>> round(law.capacity_loss(2e9) + law.data_loss(1e11), 3)
    0.445
    """

    kind: ClassVar[str] = "chinchilla"

    name: str
    E: float
    A: float
    alpha: float
    B: float
    beta: float
    unit: str
    measured_on: str
    source: str
    note: str = ""
    decay: float | None = None
    language: str = ""
    fitted_params: tuple[float, float] | None = None
    phi: float = DEFAULT_PHI
    phi_range: tuple[float, float] = DEFAULT_PHI_RANGE
    fitted_tokens: tuple[float, float] | None = None
    covariance: tuple[tuple[float, ...], ...] = ()
    least: float = 0.0

    def of(self, key: str) -> LossLaw:
        """The law of one target: the same for all, where it was fitted to all of them."""
        return self

    def __repr__(self) -> str:
        """The law as a formula."""
        decay = f", λ {self.decay:.4g}" if self.decay else ""
        return (
            f"LossLaw({self.name!r}: L = {self.E:.4g} + {self.A:.4g}·m^-{self.phi:.3g}/"
            f"N^{self.alpha:.4g} + {self.B:.4g}/D^{self.beta:.4g}{decay}; {self.unit})"
        )

    def capacity_term(self, params: float) -> float:
        """E + A/N^α: the loss that data alone cannot remove at ``params`` parameters."""
        return self.E + self.capacity_loss(params)

    def capacity_loss(self, params: float, own_share: float = 1.0, phi: float = 0.0) -> float:
        """A·m^(-φ)/N^α: the part of the loss that more parameters remove.

        Args:
            params: N.
            own_share: m, 0-1: part of all tokens read that is in the language itself.
            phi: φ of the language; at 0 its share costs it nothing.

        Returns:
            inf where nothing is read of the language and φ is above 0.
        """
        reach = self.least + (1.0 - self.least) * own_share
        if reach <= 0 and phi > 0:
            return math.inf
        crowding = math.pow(reach, -phi) if phi else 1.0
        return self.A * crowding * math.pow(params, -self.alpha)

    def data_loss(self, effective_tokens: float) -> float:
        """B/D_eff^β: the part of the loss that more data removes; inf at no data."""
        if effective_tokens <= 0:
            return math.inf
        return self.B * math.pow(effective_tokens, -self.beta)

    def loss(
        self, params: float, effective_tokens: float, own_share: float = 1.0, phi: float = 0.0
    ) -> float:
        """Predicted loss at N = ``params`` and D_eff = ``effective_tokens``; inf at no data.

        ``own_share`` and ``phi`` as for :meth:`capacity_loss`; left out, the model reads nothing
        else, or shares its parameters at no cost.
        """
        # In this order, so that a law alone gives what it always gave, to the last digit.
        crowded = self.E + self.capacity_loss(params, own_share, phi)
        return crowded + self.data_loss(effective_tokens)

    def tokens_for(self, params: float, loss: float) -> float:
        """Effective tokens that reach ``loss`` at ``params``; inf where no data would."""
        reducible = loss - self.capacity_term(params)
        return math.inf if reducible <= 0 else math.pow(self.B / reducible, 1 / self.beta)

    def best_params(self, compute: float) -> float:
        """N at which 6·N·D = ``compute`` FLOPs are best spent on fresh tokens (Hoffmann Eq. 4)."""
        both = self.alpha + self.beta
        return self._balance() * math.pow(compute / 6, self.beta / both)

    def params_for(self, tokens: float) -> float:
        """N to which D = ``tokens`` fresh tokens are the best complement (Hoffmann Eq. 4)."""
        scale = self._balance()
        return scale * math.pow(tokens * scale, self.beta / self.alpha)

    def _balance(self) -> float:
        """G = (αA/βB)^(1/(α+β))."""
        both = self.alpha + self.beta
        return math.pow(self.alpha * self.A / (self.beta * self.B), 1 / both)


@dataclass(frozen=True, slots=True)
class TargetLaws(LossLaw):
    """A law of every target, fitted jointly to runs of mixtures, with what they say of transfer.

    Its own constants are the medians of its targets', for what asks of a typical language.

    Attributes:
        targets: of each, its ``language`` set.
        draws: the same in every draw of the law.
        transfer: τ of every source for every target, as a matrix of weights.
        weights: (draws, sources, targets) τ in every draw, in the order of ``transfer.keys``
            and of ``targets``.
        file: how a question names it.
        sha256: of that file.
        runs: name and SHA-256 of each file of runs that it was learned from.
        params, tokens: N₀ and D₀, the middle of the runs; 0 where they do not say N.
        params_vary, tokens_vary: whether the runs differ in N and in D; where they do not the law
            says nothing of others.
    """

    targets: tuple[LossLaw, ...] = ()
    draws: tuple[tuple[LossLaw, ...], ...] = field(default=(), compare=False, repr=False)
    transfer: TransferMatrix | None = field(default=None, compare=False, repr=False)
    weights: Floats | None = field(default=None, compare=False, repr=False)
    file: str = ""
    sha256: str = ""
    runs: tuple[tuple[str, str], ...] = ()
    params: float = 0.0
    tokens: float = 0.0
    params_vary: bool = True
    tokens_vary: bool = True

    def of(self, key: str) -> LossLaw:
        """The law of one target.

        Raises:
            ProblemError: the runs did not measure it.
        """
        for law in self.targets:
            if law.language == key:
                return law
        known = first_few([law.language for law in self.targets], 8)
        raise ProblemError(
            f"law {self.name} has no loss of {key}: its runs measured {known}",
            field="law",
            hint="choose targets among them, or another law",
            value=key,
        )

    def brings(self, matrix: TransferMatrix) -> bool:
        """Whether a matrix holds the law's own weights, here or in another process."""
        own = self.transfer
        return own is not None and (own.name, own.sha256) == (matrix.name, matrix.sha256)

    def drawn(self, draw: int) -> TargetLaws:
        """The law of one draw; those past the last begin anew."""
        if not self.draws:
            return self
        return replace(self, targets=self.draws[draw % len(self.draws)], draws=(), weights=None)


@dataclass(frozen=True, slots=True)
class DataConstrainedLaw:
    r"""Loss with excess parameters as well as repeated tokens worth less and less.

    .. math:: L = E + A/N'^\alpha + B/D'^\beta, \quad
              D' = U_D [1 + R_D (1 - e^{-(D/U_D - 1)/R_D})]

    and N' alike, from U_N, the parameters that U_D tokens would be given, with R_N (Muennighoff et
    al. 2023, arXiv 2305.16264, Eq. 17). R_D and R_N are what the paper writes R_D* and R_N*.
    """

    kind: ClassVar[str] = "data-constrained"
    purpose: ClassVar[str] = (
        "predicts the loss of one model on one repeated text; its decay of repeated tokens holds "
        "only together with its term for excess parameters, which no mixture is solved with"
    )

    name: str
    E: float
    A: float
    alpha: float
    B: float
    beta: float
    R_D: float
    R_N: float

    def loss(self, params: float, tokens: float, unique: float) -> float:
        """Predicted loss of N = ``params`` on ``tokens`` read from ``unique`` tokens."""
        distinct = min(unique, tokens)
        both = self.alpha + self.beta
        scale = math.pow(self.alpha * self.A / (self.beta * self.B), 1 / both)
        fitting = min(scale * math.pow(distinct * scale, self.beta / self.alpha), params)
        data = _decayed(tokens, distinct, self.R_D)
        return (
            self.E
            + self.A * math.pow(_decayed(params, fitting, self.R_N), -self.alpha)
            + self.B * math.pow(data, -self.beta)
        )


@dataclass(frozen=True, slots=True)
class CurseLaw:
    r"""Loss of each of K languages read evenly: the curse of multilinguality.

    .. math:: L = E + A K^\varphi / N^\alpha + B K^\psi / D_t^\beta

    D_t are the tokens of one language, K·D_t all tokens (ATLAS, arXiv 2510.22037, Eq. 7).

    Attributes:
        name: how a question of capacity calls it.
        phi, psi: growth of the need of capacity and of data per language with K.
        alpha, beta: exponents of N and D_t.
        E, A, B: None where the source does not print them; multipliers do not need them.
        corners: (φ, ψ, α, β) at the corners of what the card's intervals allow; empty: no interval.
        fitted_params, fitted_languages: least and most N and K behind it, if its card says.
        resamples: of the runs behind it, which the corners then are; 0: it was not learned.
    """

    kind: ClassVar[str] = "curse"
    purpose: ClassVar[str] = (
        "says what serving more languages costs at equal loss: see atlasmix capacity"
    )

    name: str
    phi: float
    psi: float
    alpha: float
    beta: float
    E: float | None = None
    A: float | None = None
    B: float | None = None
    corners: tuple[tuple[float, float, float, float], ...] = ()
    fitted_params: tuple[float, float] | None = None
    fitted_languages: tuple[float, float] | None = None
    resamples: int = 0

    def terms(self, languages: float, params: float, tokens_each: float) -> tuple[float, float]:
        """Capacity and data term of the loss; both NaN where A and B are not known."""
        if self.A is None or self.B is None:
            return math.nan, math.nan
        capacity = self.A * math.pow(languages, self.phi) * math.pow(params, -self.alpha)
        return capacity, self.B * math.pow(languages, self.psi) * math.pow(tokens_each, -self.beta)


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """One fitted law of a table by language; ``unique_tokens`` as its source counts them."""

    language: str
    regime: str
    law: LossLaw
    unique_tokens: float


@dataclass(frozen=True, slots=True)
class LanguageLaws:
    """Loss laws of single languages from one study, by language and training regime.

    Attributes:
        name: of the table; one law of it is ``NAME/LANGUAGE/REGIME``.
        regimes: (name, what it means), in the order of the source.
        rows: the laws.
    """

    kind: ClassVar[str] = "per-language"

    name: str
    regimes: tuple[tuple[str, str], ...]
    rows: tuple[LanguageRow, ...]

    @property
    def purpose(self) -> str:
        """What it is for, with an example of how one law is named."""
        first = self.rows[0].law.name
        return f"holds a law for each of its languages, and one is named in full, as {first}"


Law = LossLaw | DataConstrainedLaw | CurseLaw | LanguageLaws


@dataclass(frozen=True, slots=True)
class Interval:
    """How far one constant may lie, both ends included."""

    constant: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LawCard:
    """A law with what its card says.

    Attributes:
        name, kind: of the law.
        title: one line.
        constants: as the card gives them, in its order; empty for a table.
        unit: unit of the loss.
        measured_on: data, languages and sizes of the runs behind it.
        source: paper or file the constants come from.
        valid_for: what the law may be used for; empty where nothing special.
        licence, note: what must be known before it is used elsewhere.
        phi_is: how φ was obtained; empty: the card gives none, and the law has the default.
        intervals: how far each constant may lie.
        intervals_are: what those intervals mean.
        also_fitted: further numbers of the fit, which nothing here uses.
        law: the law itself.
        shipped: whether it comes with AtlasMix.
    """

    name: str
    kind: str
    title: str
    constants: tuple[tuple[str, float], ...]
    unit: str
    measured_on: str
    source: str
    law: Law
    valid_for: str = ""
    licence: str = ""
    note: str = ""
    phi_is: str = ""
    intervals: tuple[Interval, ...] = ()
    intervals_are: str = ""
    also_fitted: tuple[tuple[str, float], ...] = ()
    shipped: bool = False

    @property
    def drives_a_solve(self) -> bool:
        """Whether a question of mixtures takes it (a table: one of its laws)."""
        return isinstance(self.law, LossLaw | LanguageLaws)


def learned_card(law: TargetLaws) -> LawCard:
    """What the file of a law that was learned from runs says of it, as the card of another says.

    Args:
        law: as a question takes it.
    """
    return LawCard(
        name=law.file or law.name,
        kind="learned",
        title=f"A law of each of {len(law.targets)} losses, learned from runs of mixtures",
        constants=(),
        unit=law.unit,
        measured_on=law.measured_on,
        source=law.source,
        law=law,
        note=law.note,
        phi_is="fitted to the runs, target by target",
    )


def _decayed(amount: float, unique: float, limit: float) -> float:
    """U·[1 + R*(1 - e^(-(X/U - 1)/R*))]."""
    return unique * (1 - limit * math.expm1(-(amount / unique - 1) / limit))
