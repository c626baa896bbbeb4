r"""The mixing law of one evaluation set after another: its value, its slope, its curvature.

    L = E + A·(N/N₀)^(-α)·(μ + (1 - μ)·m)^(-φ) + B·(ε·d^γ + Σ_s τ_s·(S_λ(D_s; U_s)/D₀)^γ)^(-β)

m is the share of all tokens that is in the set's own source, D_s = D·p_s, d = D/D₀; τ >= 0, τ = 1
of the own source; 0 < γ <= 1: the more of one source is read, the less a token more of it tells. At
one size and without repetition this is the one-size form
E + A·(μ + (1 - μ)·m)^(-φ) + B/(ε + Σ τ·p^γ)^β. Both terms are convex in the mixture p.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.fitting.mixture_runs import Mixtures
from atlasmix.fitting.runs import frozen
from atlasmix.laws.saturation import curvature, marginal, saturate

Array = NDArray[np.float64]
Places = NDArray[np.int64]

DECAY: Final = 0.037
"""λ of repeated tokens: that of the law which ships as the default, where runs do not tell."""


NO_SHARE: Final = 1e-9
"""μ that stands for none: at a μ of 0 the loss of a set of which nothing is read has no end."""

_NOTHING: Final = 1e-12
"""A share that is as good as none."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The size that a law counts from.

    Attributes:
        params: N₀, parameters; 0 where the runs do not say.
        tokens: D₀, tokens read; 0 where the runs do not say.
        decay: λ of repeated tokens; 0 where no unique tokens are known.
        unique: (S,) distinct tokens of each source at the size asked for, inf where unknown.
        params_vary: whether the runs tell what parameters do; else mixtures of any N are as of N₀.
        tokens_vary: whether they tell what tokens do; else mixtures of any D are as of D₀.
    """

    params: float
    tokens: float
    decay: float
    unique: Array
    params_vary: bool = False
    tokens_vary: bool = False

    @property
    def repeats(self) -> bool:
        """Whether repeated tokens count less."""
        return self.decay > 0 and self.tokens > 0


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """What a law sees of n mixtures.

    Attributes:
        shares: (n, S) p.
        data: (n, S) S_λ(D_s; U_s)/D₀: the shares themselves at one size without repetition.
        amount: (n,) D/D₀.
        size: (n,) ln(N/N₀).
    """

    shares: Array
    data: Array
    amount: Array
    size: Array


def exposure(mixtures: Mixtures, scale: Scale) -> Exposure:
    """What a law of this scale sees; where a table says no size, that of the scale."""
    count = mixtures.count
    amount, size = np.ones(count), np.zeros(count)
    if mixtures.tokens is not None and scale.tokens_vary:
        amount = _known(mixtures.tokens, scale.tokens) / scale.tokens
    if mixtures.params is not None and scale.params_vary:
        size = np.log(_known(mixtures.params, scale.params) / scale.params)
    data = mixtures.weights * amount[:, None]
    if scale.repeats:
        unique = np.broadcast_to(scale.unique, data.shape)
        if mixtures.unique is not None:
            unique = np.where(np.isnan(mixtures.unique), unique, mixtures.unique)
        finite = np.isfinite(unique) & (unique > 0)
        distinct = np.where(finite, unique, 1.0) / scale.tokens
        data = np.where(finite, saturate(data, distinct, scale.decay), data)
    return Exposure(mixtures.weights, data, amount, size)


def _known(column: Array, instead: float) -> Array:
    return np.where(np.isnan(column), instead, column)


@dataclass(frozen=True, slots=True, eq=False)
class MixingLaw:
    """The law of K evaluation sets over S sources.

    Attributes:
        sources: names of what is mixed.
        sets: names of the evaluation sets.
        own: (K,) place of each set's own source; -1 where it has none.
        floor: (K,) E, the loss that remains.
        capacity: (K,) A, the capacity term where everything read is the set's own; 0: none.
        phi: (K,) φ, how fast capacity is lost as the own share falls.
        least: (K,) μ, the share of capacity that a set has where nothing of its own is read.
        alpha: (K,) α, exponent of the parameters; 0 where all runs have one size.
        data: (K,) B, the data term where one token in the set's own worth is read of D₀.
        background: (K,) ε, what any token is worth.
        worth: (K, S) τ, worth of a token of each source.
        beta: (K,) β, exponent of the data.
        gamma: (K,) γ, how fast a source tells less as more of it is read; 1: not at all.
        scale: N₀, D₀ and λ.
    """

    sources: tuple[str, ...]
    sets: tuple[str, ...]
    own: Places
    floor: Array
    capacity: Array
    phi: Array
    least: Array
    alpha: Array
    data: Array
    background: Array
    worth: Array
    beta: Array
    gamma: Array
    scale: Scale

    @property
    def name(self) -> str:
        """The word of this law."""
        return "mixing"

    @property
    def convex(self) -> bool:
        """Always: every term is a convex decreasing function of a concave one."""
        return True

    def predict(self, mixtures: Mixtures) -> Array:
        """(n, K) loss of each mixture.

        Raises:
            ProblemError: mixtures of other sources than the law's.
        """
        check_sources(self.sources, mixtures)
        seen = exposure(mixtures, self.scale)
        own = seen.shares[:, np.maximum(self.own, 0)]
        share = np.where(self.own >= 0, own, 1.0)
        reach = self.least + (1.0 - self.least) * share
        grown = np.exp(-self.alpha * seen.size[:, None])
        effective = self.background * seen.amount[:, None] ** self.gamma
        told = powers(seen.data, self.gamma)
        effective = effective + np.einsum("kns,ks->nk", told, self.worth)
        return np.asarray(
            self.floor
            + self.capacity * grown * reach**-self.phi
            + self.data * effective**-self.beta
        )

    def at(self, shares: Array) -> tuple[Array, Array]:
        """Loss (K,) and its slope (K, S) at one mixture of the law's own size."""
        data, rate, _ = self._read(shares)
        reach = self._reach(shares)
        effective = self.background + (self.worth * data).sum(axis=1)
        losing = self.capacity * reach**-self.phi
        learning = self.data * effective**-self.beta
        slope = -(self.beta * learning / effective)[:, None] * self.worth * rate
        rows = np.flatnonzero(self.own >= 0)
        pull = -self.phi * losing / reach * (1.0 - self.least)
        slope[rows, self.own[rows]] += pull[rows]
        return np.asarray(self.floor + losing + learning), slope

    def bend(self, shares: Array, weights: Array) -> Array:
        """(S, S) second derivative of Σ weights·loss at one mixture of the law's own size."""
        data, rate, turn = self._read(shares)
        reach = self._reach(shares)
        effective = self.background + (self.worth * data).sum(axis=1)
        learning = weights * self.data * effective**-self.beta
        first = -self.beta * learning / effective
        second = -(self.beta + 1.0) * first / effective
        ways = self.worth * rate
        bent = (ways * second[:, None]).T @ ways
        bent[np.diag_indices_from(bent)] += first @ (self.worth * turn)
        losing = weights * self.capacity * reach**-self.phi
        curve = self.phi * (self.phi + 1.0) * losing / reach**2 * (1.0 - self.least) ** 2
        rows = np.flatnonzero(self.own >= 0)
        np.add.at(bent, (self.own[rows], self.own[rows]), curve[rows])
        return np.asarray(bent)

    def _read(self, shares: Array) -> tuple[Array, Array, Array]:
        """(K, S) what every source tells every set, its slope and its curvature in the share."""
        data = np.asarray(shares, dtype=np.float64)
        rate, turn = np.ones_like(data), np.zeros_like(data)
        if self.scale.repeats:
            finite = np.isfinite(self.scale.unique)
            distinct = np.where(finite, self.scale.unique, 1.0) / self.scale.tokens
            decay = self.scale.decay
            rate = np.where(finite, marginal(data, distinct, decay), 1.0)
            turn = np.where(finite, curvature(data, distinct, decay), 0.0)
            data = np.where(finite, saturate(data, distinct, decay), data)
        gamma = self.gamma[:, None]
        told = powers(data[None], self.gamma)[:, 0]
        # At a share of 0 a power below 1 is steeper than any number: there it counts as just above.
        some = np.maximum(data, _NOTHING)
        first = gamma * some ** (gamma - 1.0)
        second = (gamma - 1.0) * first / some
        return told, first * rate, second * rate**2 + first * turn

    def _reach(self, shares: Array) -> Array:
        """Part of the capacity; 1 of a set that has no capacity term."""
        share = np.where(self.own >= 0, shares[np.maximum(self.own, 0)], 1.0)
        held = self.capacity > 0
        return np.asarray(np.where(held, self.least + (1.0 - self.least) * share, 1.0))

    def at_size(
        self, params: float | None, tokens: float | None, unique: Array | None = None
    ) -> MixingLaw:
        """The same law, counted from another size.

        Args:
            params: N; None, or where the runs do not tell what it does: the level stays.
            tokens: D, likewise; what repeats at D counts less all the same.
            unique: (S,) distinct tokens of each source there, inf where unknown; None: as before.
        """
        scale = self.scale
        grown, read = 1.0, 1.0
        if params is not None and scale.params_vary:
            grown = params / scale.params
        if tokens is not None and scale.tokens_vary:
            read = tokens / scale.tokens
        distinct = scale.unique if unique is None else unique
        size = scale.tokens if tokens is None else tokens
        repeats = size > 0 and bool(np.any(np.isfinite(distinct)))
        return replace(
            self,
            capacity=frozen(self.capacity * grown**-self.alpha),
            data=frozen(self.data * read ** -(self.beta * self.gamma)),
            scale=replace(
                scale,
                params=scale.params if params is None else params,
                tokens=size,
                decay=(scale.decay or DECAY) if repeats else 0.0,
                unique=frozen(distinct),
            ),
        )

    @property
    def least_loss(self) -> Array:
        """(K,) E: what no mixture at this size can go below."""
        return self.floor


def powers(data: Array, gamma: Array) -> Array:
    """(K, n, S) data^γ of every set; 0 stays 0."""
    power = np.exp(gamma[:, None, None] * np.log(np.maximum(data, _NOTHING)))
    power[:, data <= 0] = 0.0
    return np.asarray(power)


def check_sources(sources: tuple[str, ...], mixtures: Mixtures) -> None:
    """Refuse mixtures of other sources, or in another order.

    Raises:
        ProblemError: names the first that differs.
    """
    if mixtures.sources != sources:
        raise ProblemError(
            f"the mixtures are of {', '.join(mixtures.sources[:4])} ... and the law of "
            f"{', '.join(sources[:4])} ...: expected the same {len(sources)} sources in one order"
        )


def one_mixture(sources: tuple[str, ...], shares: Array) -> Mixtures:
    """A table of one mixture at a law's own size."""
    return Mixtures(("mixture",), sources, frozen(np.asarray(shares, dtype=np.float64)[None, :]))
