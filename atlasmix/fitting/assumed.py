r"""Constants that runs cannot tell, taken from a law: assumed, not learned.

Runs of one N say nothing of what parameters do, and runs of one D nothing of what tokens do: no
fit of them has an α or a β. A law of runs of many sizes has both. In the terms of the mixing law

    A₀ = A/N₀^α,   B₀ = B/D₀^β

are its two terms at the size of the runs. α is taken where all runs are of one N; β and B₀ where
they read one D, for then a data term of another size could be any part of the loss; A₀ of a set
whose own share does not tell it, while that of the others is only expected near it. μ, the part of
the capacity of a set of which nothing is read, goes with them where every run that measured the set
read some of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.mixture_runs import NO_SOURCE, MixtureRuns, middle_of
from atlasmix.laws.kinds import LossLaw
from atlasmix.quantities import format_quantity
from atlasmix.text import listed
from atlasmix.transfer.draws import Factors, draw_laws

Array = NDArray[np.float64]

CAPACITY, ALPHA, DATA, BETA = range(4)
"""Places in :meth:`Assumed.logs`."""

_FIELD: Final = "constants_from"
_ATTRIBUTES: Final = {"mu": "least"}


@dataclass(frozen=True, slots=True)
class GivenLaw:
    """A law whose constants are taken where runs tell none.

    Attributes:
        law: with one loss.
        sha256: of its card.
    """

    law: LossLaw
    sha256: str


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a law gives to a fit.

    Attributes:
        given: the law.
        params: N₀ of the runs; 0: α is not taken.
        tokens: D₀ of the runs; 0: β and B are not taken.
        lone: whether a set's own share does not tell its capacity term, so that A is taken too.
        near: whether every run that measured a set read some of its own, so that μ is taken too.
    """

    given: GivenLaw
    params: float
    tokens: float
    lone: bool = False
    near: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The constants that are taken."""
        capacity = ("alpha", *(("A",) * self.lone)) if self.params else ()
        data = ("beta", "B") if self.tokens else ()
        return (*capacity, *data, *(("mu",) * self.near))

    def logs(self, law: LossLaw | None = None) -> Array:
        """(4,) ln A₀, ln α, ln B₀, ln β; nan where it is not taken.

        Args:
            law: the law in whose place another stands, as a draw of it; None: the law itself.
        """
        law = law or self.given.law
        logs = np.full(4, np.nan)
        if self.params:
            logs[CAPACITY] = np.log(law.A) - law.alpha * np.log(self.params)
            logs[ALPHA] = np.log(law.alpha)
        if self.tokens:
            logs[DATA] = np.log(law.B) - law.beta * np.log(self.tokens)
            logs[BETA] = np.log(law.beta)
        return logs

    def drawn(self, draws: int, seed: int) -> Array:
        """(draws, 4) the same as far as the law's card says how sure it is; else all alike."""
        laws = draw_laws(self.given.law, Factors(draws, seed))
        return np.array([self.logs(law) for law in laws]).reshape(draws, 4)

    @property
    def words(self) -> str:
        """What is assumed and why, for a reader."""
        sizes = [
            *([f"are of {format_quantity(self.params)} parameters"] if self.params else []),
            *([f"read {format_quantity(self.tokens)} tokens"] if self.tokens else []),
            *(["read some of what a set is drawn from"] if self.near else []),
        ]
        doubt = (
            "drawn as its card says they go together"
            if self.given.law.covariance
            else "the same in every draw, for its card states no doubt of them"
        )
        return (
            f"{listed(self.names)} of law {self.given.law.name}: assumed, not learned, as all runs "
            f"{listed(sizes)} ({doubt})"
        )

    def data(self) -> dict[str, Any]:
        """The record in a law's file."""
        law = self.given.law
        return {
            "law": law.name,
            "sha256": self.given.sha256,
            "unit": law.unit,
            "constants": {
                name: float(getattr(law, _ATTRIBUTES.get(name, name))) for name in self.names
            },
            "words": self.words,
        }


def assumed_by(runs: MixtureRuns, given: GivenLaw | None) -> Assumed | None:
    """What the runs cannot tell and the law gives; None: nothing, or no law.

    Args:
        runs: that a law is learned from.
        given: the law, if one was named.

    Raises:
        ProblemError: losses in another unit than the law's.
        DataError: runs that do not name the size from which its constants would count.
    """
    if given is None or (runs.params_vary and runs.tokens_vary):
        return None
    params = 0.0 if runs.params_vary else middle_of(runs.mixtures.params)
    tokens = 0.0 if runs.tokens_vary else middle_of(runs.mixtures.tokens)
    if not params and not tokens:
        column = "tokens" if runs.params_vary else "params" if runs.tokens_vary else ""
        raise DataError(
            f"the runs do not name their {column or 'params or tokens'}, from which the constants "
            f"of law {given.law.name} would count: add "
            f"{f'a column {column}' if column else 'the columns params and tokens'}, or leave the "
            "law out",
            field=_FIELD,
        )
    lone = bool(np.any(runs.own == NO_SOURCE))
    assumed = Assumed(given, params, tokens, lone, bool(np.any(always_read(runs))))
    if given.law.unit != runs.unit:
        raise ProblemError(
            f"law {given.law.name} is of losses in {given.law.unit} and the runs have theirs in "
            f"{runs.unit}: its A and B would be off; "
            "expected a law in the unit of the runs, such as 'atlasmix fit' makes of runs of one "
            "text",
            field=_FIELD,
            value=given.law.name,
        )
    return assumed


def always_read(runs: MixtureRuns) -> NDArray[np.bool_]:
    """(K,) whether every run that measured a set read some of its own source."""
    share = runs.weights[:, np.maximum(runs.own, 0)]
    read = np.all((share > 0) | np.isnan(runs.loss), axis=0)
    return np.asarray(read & (runs.own != NO_SOURCE))
