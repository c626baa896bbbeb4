r"""The one-stage form of ATLAS: effective data after repetition and transfer in the place of D.

.. math:: L = E + A/N^\alpha + B/D_{eff}^\beta, \quad
          D_{eff} = S_\lambda(D_t; U_t) + \sum_s \tau_s S_\lambda(D_s; U_s)

ATLAS (Longpre et al. 2025, arXiv 2510.22037), Eq. 2-3, one λ for all languages. Without other
languages it is Muennighoff's law (arXiv 2305.16264) without excess parameters, with R*_D = 1/λ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.forms import Centres, common_bounds
from atlasmix.fitting.runs import Runs

Array = NDArray[np.float64]

DECAYS: Final = (1e-4, 30.0)
"""Range of λ: at its ends repeated tokens are worth as much as fresh ones, or nothing."""

TRANSFERS: Final = (-1.0, 3.0)
"""Range of τ, that of scores BTS from -∞ to 1.5 by τ = BTS/(2 - BTS)."""

_LEAST_EFFECTIVE: Final = 1e-4
"""Effective data never fall below this share of the tokens read: harm has no logarithm."""


@dataclass(frozen=True, slots=True, eq=False)
class SaturatedTerms:
    """u, v and what they are made of, at S sets of constants."""

    shift: ClassVar[None] = None

    u: Array
    v: Array
    x: Array
    y: Array
    beta: Array
    by_decay: Array
    by_transfer: tuple[Array, ...]

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms."""
        down = -self.beta * on_v
        return np.stack(
            [
                np.sum(on_e, axis=1),
                np.sum(on_u, axis=1),
                -np.sum(on_u * self.x, axis=1),
                np.sum(on_v, axis=1),
                -np.sum(on_v * self.y, axis=1),
                np.sum(down * self.by_decay, axis=1),
                *(np.sum(down * each, axis=1) for each in self.by_transfer),
            ],
            axis=1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """See Form. Coordinates: log E, a, α, b, β, log λ, then τ of each source.

    Attributes:
        limit: whether the constant is named R_D = 1/λ instead of lambda.
    """

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    runs: Runs
    limit: bool

    def terms(self, theta: Array) -> SaturatedTerms:
        """See Form."""
        runs, decay = self.runs, np.exp(theta[:, 5:6])
        effective, slope = saturation(runs.tokens, runs.unique, decay)
        slope = slope * decay
        pieces = []
        for place in range(len(runs.sources)):
            worth, changes = saturation(
                runs.source_tokens[:, place], runs.source_unique[:, place], decay
            )
            weight = theta[:, 6 + place : 7 + place]
            effective = effective + weight * worth
            slope = slope + weight * changes * decay
            pieces.append(worth)
        read = runs.tokens + np.sum(runs.source_tokens, axis=1)
        least = _LEAST_EFFECTIVE * read
        free = effective > least
        effective = np.where(free, effective, least)
        x = np.log(runs.params) - self.centres.params
        y = np.log(effective) - self.centres.tokens
        scale = np.where(free, 1.0 / effective, 0.0)
        return SaturatedTerms(
            u=theta[:, 1:2] - theta[:, 2:3] * x,
            v=theta[:, 3:4] - theta[:, 4:5] * y,
            x=x,
            y=y,
            beta=theta[:, 4:5],
            by_decay=slope * scale,
            by_transfer=tuple(piece * scale for piece in pieces),
        )

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        values = [
            np.exp(theta[:, 0]),
            np.exp(theta[:, 1] + theta[:, 2] * self.centres.params),
            theta[:, 2],
            np.exp(theta[:, 3] + theta[:, 4] * self.centres.tokens),
            theta[:, 4],
            np.exp(-theta[:, 5] if self.limit else theta[:, 5]),
            *(theta[:, place] for place in range(6, theta.shape[1])),
        ]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form."""
        decay = np.log(values[self.constants[5]])
        return np.array(
            [
                np.log(max(values["E"], 1e-300)),
                np.log(values["A"]) - values["alpha"] * self.centres.params,
                values["alpha"],
                np.log(values["B"]) - values["beta"] * self.centres.tokens,
                values["beta"],
                -decay if self.limit else decay,
                *(values[name] for name in self.constants[6:]),
            ]
        )

    def over(self, runs: Runs) -> Saturated:
        """See Form."""
        return replace(self, runs=runs)


def atlas(runs: Runs, centres: Centres) -> Saturated:
    """The law with λ and a τ for every source."""
    low, high = common_bounds(runs)
    taus = tuple(f"tau {source}" for source in runs.sources)
    names = ("E", "A", "alpha", "B", "beta", "lambda", *taus)
    small, large = TRANSFERS
    return Saturated(
        "chinchilla",
        names,
        np.array([*low, np.log(DECAYS[0]), *(small for _ in taus)]),
        np.array([*high, np.log(DECAYS[1]), *(large for _ in taus)]),
        centres,
        runs,
        limit=False,
    )


def data_only(runs: Runs, centres: Centres) -> Saturated:
    """Muennighoff's law without excess parameters: R_D is the only constant of repetition."""
    low, high = common_bounds(runs)
    return Saturated(
        "data-constrained",
        ("E", "A", "alpha", "B", "beta", "R_D"),
        np.array([*low, np.log(DECAYS[0])]),
        np.array([*high, np.log(DECAYS[1])]),
        centres,
        runs,
        limit=True,
    )


def saturation(tokens: Array, unique: Array, decay: Array) -> tuple[Array, Array]:
    """S_λ(D; U) and ∂S/∂λ, each (S, n), of tokens and unique (n,) at ``decay`` (S, 1)."""
    distinct = np.minimum(unique, tokens)
    again = np.where(tokens > distinct, tokens / np.maximum(distinct, 1e-300) - 1.0, 0.0)
    spent = decay * again
    faded = -np.expm1(-spent)
    worth = distinct * (1.0 + faded / decay)
    slope = distinct * (spent * np.exp(-spent) - faded) / decay**2
    return worth, slope
