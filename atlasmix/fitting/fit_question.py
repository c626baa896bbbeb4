"""What is asked of a table of runs: which law, in how many stages, with what held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.fitting.data_constrained import data_constrained
from atlasmix.fitting.forms import DELTA, Centres, Form, centres_of
from atlasmix.fitting.mixing_law import mixing
from atlasmix.fitting.power_laws import chinchilla, curse
from atlasmix.fitting.runs import Runs
from atlasmix.fitting.saturated import atlas, data_only

LAWS: Final = ("chinchilla", "data-constrained", "atlas", "mixing", "curse")
LOSS_CONSTANTS: Final = ("E", "A", "alpha", "B", "beta")

ONE_EPOCH: Final = 1.01
"""Up to here a run counts as one epoch: tables round their tokens."""


@dataclass(frozen=True, slots=True)
class FitQuestion:
    """What is to be fitted, and how.

    Attributes:
        law: one of ``LAWS``.
        data_only: ``data-constrained`` without excess parameters.
        stages: 2 fits E, A, α, B, β on runs of one epoch first, as Muennighoff et al. do; 1 all at
            once, as ATLAS does.
        fixed: constants that are held, in the units of the card.
        tied: whether α = β, as Muennighoff et al. fit their first stage.
        delta: of Huber's function, in log loss.
        starts: descents of a fit.
        own_floors: whether each of several targets has its own E (``mixing``).
    """

    law: str = "chinchilla"
    data_only: bool = False
    stages: int = 1
    fixed: tuple[tuple[str, float], ...] = ()
    tied: bool = False
    delta: float = DELTA
    starts: int = 24
    own_floors: bool = False

    @property
    def repeats(self) -> bool:
        """Whether the law says what repeated tokens are worth."""
        return self.law in {"data-constrained", "atlas", "mixing"}

    @property
    def held(self) -> dict[str, float]:
        """``fixed`` as a mapping."""
        return dict(self.fixed)

    def form(self, runs: Runs) -> Form:
        """The form of the law over ``runs``.

        Raises:
            ProblemError: no such law, or a constant in ``fixed`` that the law does not have.
        """
        makers: dict[str, Callable[[Runs, Centres], Form]] = {
            "chinchilla": chinchilla,
            "data-constrained": data_only if self.data_only else data_constrained,
            "atlas": atlas,
            "mixing": partial(mixing, floors=self.own_floors),
            "curse": curse,
        }
        if self.law not in makers:
            raise ProblemError(f"no law {self.law[:40]!r}: expected one of {', '.join(LAWS)}")
        form = makers[self.law](runs, centres_of(runs, self._centre_breakers()))
        for name, value in self.fixed:
            if name not in form.constants:
                raise ProblemError(
                    f"{name} is no constant of the {self.law} law: it has "
                    f"{', '.join(form.constants)}"
                )
            self._check(name, value)
        return form

    def _centre_breakers(self) -> dict[str, float]:
        # In two stages the second takes A and B from the first.
        return dict.fromkeys(("A", "B"), 1.0) if self.stages == 2 else self.held

    def _check(self, name: str, value: float) -> None:
        if name.startswith("E "):
            raise ProblemError(f"{name} is held: hold E, that of all targets, or none of them")
        positive = name not in {"phi", "psi"} and not name.startswith(("tau ", "phi "))
        least = 0.0 if self.law == "mixing" else -1e3
        if not np.isfinite(value) or (positive and value <= 0 and name != "E") or value < least:
            raise ProblemError(f"{name} is held at {value:g}: expected a finite number above 0")
        if name == "E" and value < 0:
            raise ProblemError(f"E is held at {value:g}: expected a number of at least 0")

    def free(self, form: Form) -> NDArray[np.bool_]:
        """(p,) which coordinates of ``form`` are fitted."""
        held = set(self.held) | ({"beta"} if self.tied else set())
        return np.array([name not in held for name in form.constants])


def one_epoch(runs: Runs) -> NDArray[np.bool_]:
    """(n,) which runs read no text twice."""
    once = runs.epochs <= ONE_EPOCH
    if len(runs.sources):
        read = np.maximum(runs.source_unique, 1e-300)
        once &= np.all(runs.source_tokens <= ONE_EPOCH * read, axis=1)
    return np.asarray(once)
