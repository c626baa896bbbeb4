r"""Forms without repetition: Hoffmann's law, and ATLAS's law of the number of languages.

.. math:: L = E + A K^\varphi/N^\alpha + B K^\psi/D_t^\beta

Hoffmann et al. 2022 (arXiv 2203.15556), Eq. 2, is K = 1; ATLAS (arXiv 2510.22037), §5, the rest,
with D_t the tokens of one language.
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

LANGUAGE_EXPONENTS: Final = (-2.0, 2.0)
"""Range of φ and ψ; ATLAS prints 0.11 and -0.04."""


@dataclass(frozen=True, slots=True, eq=False)
class PowerTerms:
    """u = a + φk - αx and v = b + ψk - βy of S sets of constants."""

    shift: ClassVar[None] = None

    u: Array
    v: Array
    x: Array
    y: Array
    k: Array | None

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms."""
        columns = [
            np.sum(on_e, axis=1),
            np.sum(on_u, axis=1),
            -np.sum(on_u * self.x, axis=1),
            np.sum(on_v, axis=1),
            -np.sum(on_v * self.y, axis=1),
        ]
        if self.k is not None:
            columns += [np.sum(on_u * self.k, axis=1), np.sum(on_v * self.k, axis=1)]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class PowerLaw:
    """See Form. Coordinates: log E, a, α, b, β and, for ``curse``, φ, ψ."""

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    x: Array
    y: Array
    k: Array | None

    def terms(self, theta: Array) -> PowerTerms:
        """See Form."""
        u = theta[:, 1:2] - theta[:, 2:3] * self.x
        v = theta[:, 3:4] - theta[:, 4:5] * self.y
        if self.k is not None:
            u, v = u + theta[:, 5:6] * self.k, v + theta[:, 6:7] * self.k
        return PowerTerms(u, v, self.x, self.y, self.k)

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        centres = self.centres
        log_a = theta[:, 1] + theta[:, 2] * centres.params
        log_b = theta[:, 3] + theta[:, 4] * centres.tokens
        if self.k is not None:
            log_a = log_a - theta[:, 5] * centres.languages
            log_b = log_b - theta[:, 6] * centres.languages
        values = [np.exp(theta[:, 0]), np.exp(log_a), theta[:, 2], np.exp(log_b), theta[:, 4]]
        values += [theta[:, place] for place in range(5, theta.shape[1])]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form."""
        centres = self.centres
        a = np.log(values["A"]) - values["alpha"] * centres.params
        b = np.log(values["B"]) - values["beta"] * centres.tokens
        theta = [np.log(max(values["E"], 1e-300)), a, values["alpha"], b, values["beta"]]
        if self.k is not None:
            theta[1] += values["phi"] * centres.languages
            theta[3] += values["psi"] * centres.languages
            theta += [values["phi"], values["psi"]]
        return np.asarray(theta)

    def over(self, runs: Runs) -> PowerLaw:
        """See Form."""
        x, y, k = _logarithms(runs, self.centres)
        return replace(self, x=x, y=y, k=None if self.k is None else k)


def chinchilla(runs: Runs, centres: Centres) -> PowerLaw:
    """L = E + A/N^α + B/D^β."""
    low, high = common_bounds(runs)
    x, y, _ = _logarithms(runs, centres)
    names = ("E", "A", "alpha", "B", "beta")
    return PowerLaw("chinchilla", names, np.array(low), np.array(high), centres, x, y, None)


def curse(runs: Runs, centres: Centres) -> PowerLaw:
    """L = E + A·K^φ/N^α + B·K^ψ/D_t^β."""
    low, high = common_bounds(runs)
    x, y, k = _logarithms(runs, centres)
    small, large = LANGUAGE_EXPONENTS
    names = ("E", "A", "alpha", "B", "beta", "phi", "psi")
    bounds = np.array([*low, small, small]), np.array([*high, large, large])
    return PowerLaw("curse", names, *bounds, centres, x, y, k)


def _logarithms(runs: Runs, centres: Centres) -> tuple[Array, Array, Array]:
    """log N, log D and log K of the runs, from the centres."""
    return (
        np.log(runs.params) - centres.params,
        np.log(runs.tokens) - centres.tokens,
        np.log(runs.languages) - centres.languages,
    )
