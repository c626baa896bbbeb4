r"""What is believed of τ before anything was scored: from how related two languages are.

.. math:: \log(1 + \tau_{st}) = b_0 + b \cdot x_{st} + u_s + v_{st} + e_{st}

x are the features of :mod:`atlasmix.transfer.relatedness` and no b is negative, so that a closer
relative, all else equal, is never believed to be worth less. u is a donor's own effect, alike for
every target; v a Gaussian process in which two pairs vary together as far as both their sources
and their targets are kin, which is how a measured Galician → Portuguese informs Galician → Spanish;
e is a pair's own. All were fitted to what was measured (``scripts/data/atlasmix_2026.py``); the
card of the prior prints how well they foretell a language that was left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from atlasmix.errors import DataError
from atlasmix.evidence.scores import Floats
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.io.shipped import data_folder
from atlasmix.text import did_you_mean
from atlasmix.transfer.relatedness import FEATURES, FOLDER, Relatedness

DEFAULT_PRIOR: Final = "relatedness-2026"
_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class PriorLaw:
    """The fitted parameters of the prior, all of log(1 + τ).

    Attributes:
        name: on the shelf, ``data/relatedness/NAME.yaml``.
        intercept: b₀, at least 0.
        coefficients: b, in the order of ``FEATURES``, each at least 0.
        donor, kin, pair: standard deviations of u, v and e.
        imputed: intercept, then coefficients of genus, family, script, depth and near, that stand
            in for the cosine of trigrams where a language has no text.
        imputed_stderr: standard deviation of the cosine about them.
        slope, slope_spread: how far the predicted scores of a row follow the prior, on the average
            over the rows, and the standard deviation between rows. 1: as far as the truth would.
    """

    name: str
    intercept: float
    coefficients: tuple[float, ...]
    donor: float
    kin: float
    pair: float
    imputed: tuple[float, ...]
    imputed_stderr: float
    slope: float
    slope_spread: float

    @property
    def variance(self) -> float:
        """Of log(1 + τ) about the mean of the prior, for a pair of which nothing is known."""
        return self.donor**2 + self.kin**2 + self.pair**2

    def mean(self, related: Relatedness) -> Floats:
        """(n, n): b₀ + b·x of every pair; log 2 on the diagonal, a language's worth for itself."""
        values = with_stand_in(related.values, self.imputed)
        mean = self.intercept + np.tensordot(self.coefficients, values, axes=1)
        np.fill_diagonal(mean, np.log(2.0))
        return np.asarray(mean)

    def own_variance(self, related: Relatedness) -> Floats:
        """(n, n): variance that a pair shares with no other: e, and of an imputed cosine."""
        missing = np.isnan(related.values[0])
        return np.where(missing, (self.coefficients[0] * self.imputed_stderr) ** 2, 0.0) + (
            self.pair**2
        )


def with_stand_in(values: Floats, imputed: tuple[float, ...]) -> Floats:
    """Features, (6, n, n), with what stands in for the trigrams of a language without a text.

    Args:
        values: as of :class:`~atlasmix.transfer.relatedness.Relatedness`.
        imputed: as of :class:`PriorLaw`.
    """
    values = values.copy()
    stand_in = imputed[0] + np.tensordot(imputed[1:], values[1:], axes=1)
    values[0] = np.where(np.isnan(values[0]), np.clip(stand_in, 0.0, 1.0), values[0])
    return values


@lru_cache(maxsize=8)
def load_prior(name: str = DEFAULT_PRIOR) -> PriorLaw:
    """A prior that ships.

    Raises:
        DataError: no prior of that name, or its file is damaged.
    """
    folder = data_folder() / FOLDER
    names = tuple(sorted(path.stem for path in folder.glob("*.yaml") if path.stem != "card"))
    if name not in names:
        raise DataError(
            f"no prior {name[:80]!r}: {did_you_mean(name, names, ' ')}there are {', '.join(names)}",
            field="prior",
            value=name,
        )
    content: Any = load_yaml((folder / f"{name}.yaml").read_bytes(), name, _LIMIT)
    return prior_of(name, content["parameters"])


@lru_cache(maxsize=8)
def prior_digest(name: str) -> str:
    """SHA-256 of the file of a prior that ships.

    >>> len(prior_digest("relatedness-2026"))
    64
    """
    load_prior(name)
    return hashlib.sha256((data_folder() / FOLDER / f"{name}.yaml").read_bytes()).hexdigest()


def prior_of(name: str, said: Mapping[str, Any]) -> PriorLaw:
    """The prior that a mapping of parameters describes, in the words of its file."""
    return PriorLaw(
        name=name,
        intercept=float(said["intercept"]),
        coefficients=tuple(float(said["coefficients"][each]) for each in FEATURES),
        donor=float(said["donor"]),
        kin=float(said["kin"]),
        pair=float(said["pair"]),
        imputed=tuple(float(said["trigrams_from"][each]) for each in ("intercept", *FEATURES[1:])),
        imputed_stderr=float(said["trigrams_stderr"]),
        slope=float(said["predicted_slope"]),
        slope_spread=float(said["predicted_slope_spread"]),
    )
