r"""What serving more languages costs: the curse of multilinguality at equal loss.

Going from K to rK languages read evenly, the loss of each stays where it was on the curve

.. math:: r^\varphi w s^{-\alpha} + r^\psi (1 - w) t^{-\beta} = 1

with s and t the multipliers of parameters and of tokens *per language*, and w the share of the
reducible loss that is due to parameters before (ATLAS, Longpre et al. 2025, arXiv 2510.22037,
Eq. 8). Compute is 6·N·D with all tokens, so it is multiplied by s·r·t.

The least compute has a closed form for any start (ours; the paper gives it for a compute-optimal
one): s·t is least where the two terms are β/(α+β) and α/(α+β), so s = (r^φ w (α+β)/β)^(1/α) and
t = (r^ψ (1-w) (α+β)/α)^(1/β). At a compute-optimal start w = β/(α+β) and the brackets leave r^(φ/α)
and r^(ψ/β), the paper's multipliers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.laws.kinds import CurseLaw
from atlasmix.quantities import format_quantity

MOST_LANGUAGES: Final = 10_000
"""More than there are; anything above is taken for a slip."""

_NEAR = 0.01
"""Relative distance of a start from the compute-optimal share within which it counts as that."""

_POINTS = 33


@dataclass(frozen=True, slots=True)
class Multiplier:
    """How many times as much; ``low`` and ``high`` over what the law's intervals allow."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Way:
    """One point of the iso-loss curve, all against the start.

    Attributes:
        name: what is kept or chosen.
        params: of N.
        tokens: of all tokens read.
        tokens_each: of the tokens of one language.
        compute: of 6·N·D.
        possible: whether any amount of data or parameters holds the loss there.
    """

    name: str
    params: Multiplier
    tokens: Multiplier
    tokens_each: Multiplier
    compute: Multiplier
    possible: bool = True


@dataclass(frozen=True, slots=True)
class Start:
    """Where one stands.

    Attributes:
        languages: K, read evenly.
        params, tokens: N with embeddings and all tokens read; None: only multipliers are asked.
        share: part of the reducible loss that is due to parameters, 0-1.
        known: whether that share was ``assumed`` compute-optimal, ``stated``, or ``computed`` from
            a law with all its constants.
    """

    languages: int
    params: float | None
    tokens: float | None
    share: float
    known: Literal["assumed", "stated", "computed"]


@dataclass(frozen=True, slots=True)
class Growth:
    """What it takes to serve ``languages`` at the loss of the start.

    Attributes:
        law: behind it.
        start: where one stands.
        languages: how many are to be served.
        optimal_share: w of a compute-optimal model.
        cheapest: the least compute at equal loss.
        restored: each term brought back to where it was: the paper's closed form, which is the
            least compute only from a compute-optimal start.
        rebalanced: the cheapest way to the same loss at the languages of the start; None where the
            start is compute-optimal.
        others: further points of the curve.
        curve: (parameters, all tokens) multipliers along it, parameters rising.
        warnings: plain sentences.
    """

    law: CurseLaw
    start: Start
    languages: int
    optimal_share: float
    cheapest: Way
    restored: Way
    rebalanced: Way | None
    others: tuple[Way, ...]
    curve: tuple[tuple[float, float], ...]
    warnings: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """r, new languages over old."""
        return self.languages / self.start.languages


@dataclass(frozen=True, slots=True)
class _Exponents:
    """One set of exponents with the share that goes with it."""

    phi: float
    psi: float
    alpha: float
    beta: float
    share: float

    @property
    def optimal(self) -> float:
        return self.beta / (self.alpha + self.beta)

    def each_for(self, ratio: float, params: float) -> float:
        """t that holds the loss at s = ``params``; inf where no amount of data does."""
        left = 1.0 - ratio**self.phi * self.share * params**-self.alpha
        if left <= 0:
            return math.inf
        return float((ratio**self.psi * (1.0 - self.share) / left) ** (1.0 / self.beta))

    def params_for(self, ratio: float, each: float) -> float:
        """s that holds the loss at t = ``each``; inf where no number of parameters does."""
        left = 1.0 - ratio**self.psi * (1.0 - self.share) * each**-self.beta
        if left <= 0:
            return math.inf
        return float((ratio**self.phi * self.share / left) ** (1.0 / self.alpha))

    def cheapest(self, ratio: float) -> tuple[float, float]:
        """(s, t) of the least compute at equal loss."""
        balance = self.share / self.optimal, (1.0 - self.share) / (1.0 - self.optimal)
        return (
            float((ratio**self.phi * balance[0]) ** (1.0 / self.alpha)),
            float((ratio**self.psi * balance[1]) ** (1.0 / self.beta)),
        )

    def restored(self, ratio: float) -> tuple[float, float]:
        """(s, t) that bring each term back to where it was."""
        return float(ratio ** (self.phi / self.alpha)), float(ratio ** (self.psi / self.beta))


@dataclass(frozen=True, slots=True)
class _Family:
    """The law's exponents, and those at the corners of its intervals."""

    middle: _Exponents
    corners: tuple[_Exponents, ...]
    ratio: float

    def way(self, name: str, point: Callable[[_Exponents], tuple[float, float]]) -> Way:
        """A point of the curve as multipliers with their ranges."""
        s, t = point(self.middle)
        pairs = [(s, t), *(point(corner) for corner in self.corners)]

        def over(value: Callable[[float, float], float]) -> Multiplier:
            values = [value(*pair) for pair in pairs]
            return Multiplier(values[0], min(values), max(values))

        r = self.ratio
        return Way(
            name,
            params=over(lambda s, _: s),
            tokens=over(lambda _, t: r * t),
            tokens_each=over(lambda _, t: t),
            compute=over(lambda s, t: r * s * t),
            possible=math.isfinite(s) and math.isfinite(t),
        )


def starting(
    law: CurseLaw,
    languages: int,
    params: float | None = None,
    tokens: float | None = None,
    share: float | None = None,
) -> Start:
    """Where one stands, with the share of the loss that is due to parameters.

    Args:
        law: of kind curse.
        languages: K, at least 1.
        params, tokens: N and all tokens read, if known.
        share: w, if known; else computed where the law has A and B, else assumed compute-optimal.

    Raises:
        ProblemError: a share outside 0-1, or N without D.
    """
    if (params is None) != (tokens is None):
        given, lacking = ("params", "tokens") if tokens is None else ("tokens", "params")
        raise ProblemError(
            f"{given} is given without {lacking}: a size needs both; leave both out for "
            "multipliers alone",
            field=lacking,
        )
    if share is not None:
        if not 0 < share < 1:
            raise ProblemError(
                f"the capacity share is {share:g}: expected a part of the reducible loss above 0 "
                "and below 1, such as 25%",
                field="capacity_share",
                value=share,
            )
        return Start(languages, params, tokens, share, "stated")
    if params is not None and tokens is not None and law.A is not None:
        capacity, data = law.terms(languages, params, tokens / languages)
        return Start(languages, params, tokens, capacity / (capacity + data), "computed")
    return Start(languages, params, tokens, law.beta / (law.alpha + law.beta), "assumed")


def grow(
    law: CurseLaw,
    start: Start,
    languages: int,
    new_params: float | None = None,
    new_tokens: float | None = None,
) -> Growth:
    """What it takes to serve ``languages`` at the loss of ``start``.

    Args:
        law: of kind curse.
        start: from :func:`starting`.
        languages: to be served; fewer than now is a way to shrink.
        new_params, new_tokens: one of them, to have the other answered; needs the start's.

    Raises:
        ProblemError: numbers out of range, or a model that no amount of data brings to the loss.
    """
    for what, count in (("now", start.languages), ("to be served", languages)):
        if not 1 <= count <= MOST_LANGUAGES:
            raise ProblemError(
                f"{count} languages {what}: expected a whole number from 1 to {MOST_LANGUAGES:,}"
            )
    family = _family(law, start, languages / start.languages)
    middle, ratio = family.middle, family.ratio
    off = abs(start.share / middle.optimal - 1) > _NEAR
    others = [
        family.way("same parameters", lambda each: (1.0, each.each_for(ratio, 1.0))),
        family.way(
            "same total tokens", lambda each: (each.params_for(ratio, 1 / ratio), 1 / ratio)
        ),
        family.way("same tokens per language", lambda each: (each.params_for(ratio, 1.0), 1.0)),
    ]
    chosen = _chosen(family, start, new_params, new_tokens)
    balance = _Family(middle, family.corners, 1.0)
    return Growth(
        law=law,
        start=start,
        languages=languages,
        optimal_share=middle.optimal,
        cheapest=family.way("least compute", lambda each: each.cheapest(ratio)),
        restored=family.way("each term restored", lambda each: each.restored(ratio)),
        rebalanced=(
            balance.way("least compute, same languages", lambda each: each.cheapest(1.0))
            if off
            else None
        ),
        others=(*others, *([chosen] if chosen else [])),
        curve=_curve(middle, ratio),
        warnings=tuple(_warnings(law, start, languages)),
    )


def _family(law: CurseLaw, start: Start, ratio: float) -> _Family:
    def with_share(phi: float, psi: float, alpha: float, beta: float) -> _Exponents:
        share = beta / (alpha + beta) if start.known == "assumed" else start.share
        return _Exponents(phi, psi, alpha, beta, share)

    middle = with_share(law.phi, law.psi, law.alpha, law.beta)
    return _Family(middle, tuple(with_share(*corner) for corner in law.corners), ratio)


def _chosen(
    family: _Family, start: Start, new_params: float | None, new_tokens: float | None
) -> Way | None:
    """The point of the curve at a number of parameters or tokens that somebody chose."""
    if new_params is None and new_tokens is None:
        return None
    if new_params is not None and new_tokens is not None:
        raise ProblemError(
            "both new parameters and new tokens are given: equal loss leaves one of them to be "
            "answered; leave one out"
        )
    if start.params is None or start.tokens is None:
        raise ProblemError(
            "new parameters or tokens are given without those of the start: add params and tokens",
            field="params",
        )
    ratio, middle = family.ratio, family.middle
    if new_params is not None:
        s = new_params / start.params
        if math.isinf(middle.each_for(ratio, s)):
            least = start.params * (ratio**middle.phi * middle.share) ** (1 / middle.alpha)
            raise ProblemError(
                f"{format_quantity(new_params)} parameters never reach the loss of the start, "
                f"whatever they read: expected more than {format_quantity(least)}"
            )
        name = f"{format_quantity(new_params)} parameters"
        return family.way(name, lambda each: (s, each.each_for(ratio, s)))
    each = float(new_tokens or 0.0) / start.tokens / ratio
    if math.isinf(middle.params_for(ratio, each)):
        least = (ratio**middle.psi * (1 - middle.share)) ** (1 / middle.beta) * ratio
        raise ProblemError(
            f"on {format_quantity(new_tokens or 0.0)} tokens no model reaches the loss of the "
            f"start, however large: expected more than {format_quantity(least * start.tokens)}"
        )
    name = f"{format_quantity(new_tokens or 0.0)} tokens"
    return family.way(name, lambda exponents: (exponents.params_for(ratio, each), each))


def _curve(middle: _Exponents, ratio: float) -> tuple[tuple[float, float], ...]:
    """Points from a third of the cheapest parameters to six times as many, where the loss holds."""
    best = middle.cheapest(ratio)[0]
    least = (ratio**middle.phi * middle.share) ** (1 / middle.alpha)
    low = max(best / 3, 1.05 * least)
    points = np.unique(np.append(np.geomspace(low, 6 * best, _POINTS), best)).tolist()
    return tuple((s, ratio * middle.each_for(ratio, s)) for s in points)


def _warnings(law: CurseLaw, start: Start, languages: int) -> list[str]:
    said = []
    for count in dict.fromkeys((start.languages, languages)):
        if law.fitted_languages is not None and not _inside(count, law.fitted_languages):
            least, most = law.fitted_languages
            said.append(
                f"law {law.name} was fitted on {least:g} to {most:g} languages: {count} is an "
                "extrapolation"
            )
    if start.params is None or law.fitted_params is None:
        return said
    if not _inside(start.params, law.fitted_params):
        ends = [format_quantity(end) for end in law.fitted_params]
        said.append(
            f"law {law.name} was fitted on {ends[0]} to {ends[1]} parameters: "
            f"{format_quantity(start.params)} is an extrapolation"
        )
    return said


def _inside(value: float, ends: tuple[float, float]) -> bool:
    return ends[0] <= value <= ends[1]
