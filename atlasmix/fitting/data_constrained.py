r"""Muennighoff's form: repeated tokens and excess parameters both fade.

.. math:: L = E + A/N'^\alpha + B/D'^\beta, \quad
          D' = U_D[1 + R_D(1 - e^{-(D/U_D - 1)/R_D})]

and N' likewise from U_N = min(G·(G·U_D)^{β/α}, N), G = (αA/(βB))^{1/(α+β)}, the parameters that U_D
tokens alone would be given (Muennighoff et al. 2023, arXiv 2305.16264, Eq. 17-18). R_D and R_N are
what the paper writes R*_D and R*_N.
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

LIMITS: Final = (1 / 30.0, 1e8)
"""Range of R_D and R_N: at its ends what is repeated is worth nothing, or as much as the first."""

_LARGEST_LOG: Final = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class ConstrainedTerms:
    """u, v and the derivatives of log N' and log D' at S sets of constants."""

    shift: ClassVar[None] = None

    u: Array
    v: Array
    x: Array
    y: Array
    alpha: Array
    beta: Array
    by_fitting: Array
    by_data_limit: Array
    by_params_limit: Array
    fitting: tuple[Array, Array, Array, Array]

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms; ``fitting`` holds ∂log U_N by a, α, b and β."""
        down = -self.alpha * on_u
        by_a, by_alpha, by_b, by_beta = (
            np.sum(down * self.by_fitting * each, axis=1) for each in self.fitting
        )
        return np.stack(
            [
                np.sum(on_e, axis=1),
                np.sum(on_u, axis=1) + by_a,
                -np.sum(on_u * self.x, axis=1) + by_alpha,
                np.sum(on_v, axis=1) + by_b,
                -np.sum(on_v * self.y, axis=1) + by_beta,
                np.sum(-self.beta * on_v * self.by_data_limit, axis=1),
                np.sum(down * self.by_params_limit, axis=1),
            ],
            axis=1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class DataConstrained:
    """See Form. Coordinates: log E, a, α, b, β, log R_D, log R_N."""

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    runs: Runs

    def terms(self, theta: Array) -> ConstrainedTerms:
        """See Form."""
        alpha, beta = theta[:, 2:3], theta[:, 4:5]
        log_a = theta[:, 1:2] + alpha * self.centres.params
        log_b = theta[:, 3:4] + beta * self.centres.tokens
        # log G, then log U_N = log G + (β/α)(log G + log U_D).
        both = alpha + beta
        scale = (np.log(alpha / beta) + log_a - log_b) / both
        distinct = np.minimum(self.runs.unique, self.runs.tokens)
        reach, ratio = scale + np.log(distinct), beta / alpha
        size = np.log(self.runs.params)
        excess = scale + ratio * reach < size
        fitting = np.where(excess, scale + ratio * reach, size)
        log_params, by_fitting, by_params_limit = _faded(size - fitting, theta[:, 6:7])
        log_tokens, _, by_data_limit = _faded(
            np.log(self.runs.tokens) - np.log(distinct), theta[:, 5:6]
        )
        x = fitting + log_params - self.centres.params
        y = np.log(distinct) + log_tokens - self.centres.tokens
        through = np.where(excess, 1.0 + ratio, 0.0)
        by_alpha = (1 / alpha + self.centres.params - scale) / both
        by_beta = (-1 / beta - self.centres.tokens - scale) / both
        bend = np.where(excess, reach, 0.0)
        return ConstrainedTerms(
            u=theta[:, 1:2] - alpha * x,
            v=theta[:, 3:4] - beta * y,
            x=x,
            y=y,
            alpha=alpha,
            beta=beta,
            by_fitting=by_fitting,
            by_data_limit=by_data_limit,
            by_params_limit=by_params_limit,
            fitting=(
                through / both,
                through * by_alpha - bend * ratio / alpha,
                -through / both,
                through * by_beta + bend / alpha,
            ),
        )

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        values = [
            np.exp(theta[:, 0]),
            np.exp(theta[:, 1] + theta[:, 2] * self.centres.params),
            theta[:, 2],
            np.exp(theta[:, 3] + theta[:, 4] * self.centres.tokens),
            theta[:, 4],
            np.exp(theta[:, 5]),
            np.exp(theta[:, 6]),
        ]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form."""
        return np.array(
            [
                np.log(max(values["E"], 1e-300)),
                np.log(values["A"]) - values["alpha"] * self.centres.params,
                values["alpha"],
                np.log(values["B"]) - values["beta"] * self.centres.tokens,
                values["beta"],
                np.log(values["R_D"]),
                np.log(values["R_N"]),
            ]
        )

    def over(self, runs: Runs) -> DataConstrained:
        """See Form."""
        return replace(self, runs=runs)


def data_constrained(runs: Runs, centres: Centres) -> DataConstrained:
    """The whole form, with excess parameters."""
    low, high = common_bounds(runs)
    least, most = np.log(LIMITS)
    return DataConstrained(
        "data-constrained",
        ("E", "A", "alpha", "B", "beta", "R_D", "R_N"),
        np.array([*low, least, least]),
        np.array([*high, most, most]),
        centres,
        runs,
    )


def _faded(log_ratio: Array, log_limit: Array) -> tuple[Array, Array, Array]:
    """log(X'/U) of X/U = e^log_ratio >= 1; then ∂log X'/∂log U at fixed X, and by log R*."""
    limit = np.exp(log_limit)
    again = np.expm1(np.minimum(log_ratio, _LARGEST_LOG))
    spent = again / limit
    left = np.exp(-spent)
    worth = 1.0 - limit * np.expm1(-spent)
    by_unique = 1.0 - left * (1.0 + again) / worth
    by_limit = (-limit * np.expm1(-spent) - left * again) / worth
    return np.log(worth), by_unique, by_limit
