r"""The forms of a law, each with exact derivatives, evaluated for many sets of constants at once.

Every form is a floor, a capacity term and a data term,

.. math:: \hat L = e^{e} + e^{u} + e^{v}

and differs in u and v alone. Coordinates are chosen so that an optimiser is at ease: logarithms of
what must be positive, and u and v measured at the geometric mean of the runs' N and D, so that a
change of α does not have to be undone by a change of log A.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.runs import Runs

Array = NDArray[np.float64]

DELTA: Final = 1e-3
"""Half-width of the quadratic part in log loss: Hoffmann et al. 2022."""


def huber(residuals: Array, delta: float = DELTA) -> Array:
    """Huber's function, r²/2 within ``delta`` and δ(\\|r\\| - δ/2) beyond; any shape.

    >>> huber(np.array([0.0005, 0.01])).tolist()
    [1.25e-07, 9.5e-06]
    """
    clipped = np.clip(residuals, -delta, delta)
    # δ|r| - δ²/2 = c·r - c²/2 with c the clipped residual, and the same expression is r²/2 inside.
    return clipped * (residuals - 0.5 * clipped)


def huber_slope(residuals: Array, delta: float = DELTA) -> Array:
    """Derivative of ``huber``: the residual, clipped to ±δ."""
    return np.clip(residuals, -delta, delta)


def r_squared(loss: Array, predicted: Array) -> float:
    """R² of predicted against measured loss (not log loss), 1 at best; NaN where loss is constant.

    >>> r_squared(np.array([2.0, 3.0, 4.0]), np.array([2.0, 3.0, 4.5]))
    0.875
    """
    spread = float(np.sum((loss - np.mean(loss)) ** 2))
    if spread == 0:
        return float("nan")
    return 1.0 - float(np.sum((loss - predicted) ** 2)) / spread


EXPONENTS: Final = (0.01, 3.0)
"""Range of α and β. Published ones lie within 0.05-1; a fit at an end says so."""

FLOOR_BOUND: Final = 1e-5
"""Least E as a share of the least loss; a fit that ends there has E = 0."""


class Terms(Protocol):
    """u and v of one form at S sets of constants, and the way back."""

    @property
    def shift(self) -> Array | None:
        """(S, n) what log floor is above e, where runs differ in their floor; None: nothing."""

    @property
    def u(self) -> Array:
        """(S, n) log of the capacity term."""

    @property
    def v(self) -> Array:
        """(S, n) log of the data term."""

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """(S, p): Σ_i on_e·∂e_i/∂θ + on_u·∂u_i/∂θ + on_v·∂v_i/∂θ, e_i the log floor of run i."""


class Form(Protocol):
    """A law's form over given runs.

    Attributes:
        kind: kind of its card.
        constants: names as the card has them, in the order of the coordinates.
        low, high: (p,) bounds of the coordinates.
    """

    @property
    def kind(self) -> str:
        """See above."""

    @property
    def constants(self) -> tuple[str, ...]:
        """See above."""

    @property
    def low(self) -> Array:
        """See above."""

    @property
    def high(self) -> Array:
        """See above."""

    def terms(self, theta: Array) -> Terms:
        """u and v, each (S, n), at coordinates ``theta`` (S, p)."""

    def named(self, theta: Array) -> dict[str, Array]:
        """The constants in the units of the card, each (S,), from coordinates (S, p)."""

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """(p,) coordinates of constants in the units of the card."""

    def over(self, runs: Runs) -> Form:
        """The same form, with the same coordinates, over other runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Centres:
    """Logarithms of N, D and K at which coordinates are measured."""

    params: float
    tokens: float
    languages: float = 0.0


def centres_of(runs: Runs, fixed: Mapping[str, float]) -> Centres:
    """The geometric means of the runs; 0 for a term whose coefficient somebody fixed."""
    return Centres(
        params=0.0 if "A" in fixed else float(np.mean(np.log(runs.params))),
        tokens=0.0 if "B" in fixed else float(np.mean(np.log(np.maximum(runs.tokens, 1.0)))),
        languages=0.0 if {"A", "B"} & set(fixed) else float(np.mean(np.log(runs.languages))),
    )


def log_loss(terms: Terms, floor: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    """log of the predicted loss (S, n), and the shares of floor, capacity and data in it."""
    e = floor[:, None] if terms.shift is None else floor[:, None] + terms.shift
    top = np.maximum(np.maximum(terms.u, terms.v), e)
    parts = np.exp(e - top), np.exp(terms.u - top), np.exp(terms.v - top)
    total = parts[0] + parts[1] + parts[2]
    return top + np.log(total), (parts[0] / total, parts[1] / total, parts[2] / total)


def pulled(form: Form, theta: Array, slopes: Array) -> Array:
    """(S, p): Σ_i slopes·∂log L̂_i/∂θ, for ``slopes`` (S, n)."""
    terms = form.terms(theta)
    _, (floor, capacity, data) = log_loss(terms, theta[:, 0])
    return terms.pull(slopes * floor, slopes * capacity, slopes * data)


def jacobian(form: Form, theta: Array) -> Array:
    """(n, p) derivatives of log L̂ of each run at one set of coordinates (p,)."""
    count = form.terms(theta[None, :]).u.shape[1]
    return pulled(form, np.repeat(theta[None, :], count, axis=0), np.eye(count))


def common_bounds(runs: Runs) -> tuple[list[float], list[float]]:
    """Bounds of e, a, α, b, β."""
    least, most = float(np.min(runs.loss)), float(np.max(runs.loss))
    small, large = EXPONENTS
    # A term at the centre of the runs is no larger than a few times the largest loss.
    top = float(np.log(most)) + 5.0
    low = [float(np.log(least * FLOOR_BOUND)), -60.0, small, -60.0, small]
    return low, [float(np.log(least)), max(top, 60.0), large, max(top, 60.0), large]
