"""What is asked of a table of runs: which law, in how many stages, with what held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError, about
from atlasmix.fitting.forms import (
    DELTA,
    Centres,
    Form,
    atlas,
    centres_of,
    chinchilla,
    curse,
    data_constrained,
    data_only,
    mixing,
)
from atlasmix.fitting.runs import Runs
from atlasmix.laws.kinds import DEFAULT_PHI
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.quantities import format_quantity
from atlasmix.text import and_more

LAWS: Final = ("chinchilla", "data-constrained", "atlas", "mixing", "curse")

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
            ProblemError: no such law, or a constant in ``fixed`` that the law does not have or that
                it cannot have over these runs.
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
            with about("fix", value):
                self._check(name, value)
                _check_range(form, name, value)
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


def _check_range(form: Form, name: str, value: float) -> None:
    """Refuse a constant outside the bounds of its coordinate, where a fit would move it silently.

    Raises:
        ProblemError: names the bounds.
    """
    place = form.constants.index(name)
    middle = np.clip(np.zeros(len(form.constants)), form.low, form.high)
    ends = []
    for bound in (form.low, form.high):
        theta = middle.copy()
        theta[place] = bound[place]
        ends.append(float(form.named(theta[None, :])[name][0]))
    low, high = sorted(ends)
    if name == "E" and value == 0:  # has no logarithm, and is held at next to nothing
        return
    if not low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high):
        why = "; no run has a lower loss than that" if name == "E" and value > high else ""
        raise ProblemError(f"{name} is held at {value:g}: expected {low:.4g} to {high:.4g}{why}")


def one_epoch(runs: Runs) -> NDArray[np.bool_]:
    """(n,) which runs read no text twice."""
    once = runs.epochs <= ONE_EPOCH
    if len(runs.sources):
        read = np.maximum(runs.source_unique, 1e-300)
        once &= np.all(runs.source_tokens <= ONE_EPOCH * read, axis=1)
    return np.asarray(once)


Array = NDArray[np.float64]

_SAME: Final = 1.01
"""Two sizes within 1 % are one: tables round."""


def check_identified(runs: Runs, question: FitQuestion, form: Form, spare: int = 1) -> None:
    """Refuse runs that leave a constant open.

    ``spare``: runs that there must be beside one for each constant.

    Raises:
        DataError: too few runs, one N only, one D only, no repetition, one K only.
    """
    free = {
        name for name, fitted in zip(form.constants, question.free(form), strict=True) if fitted
    }
    if not free:
        raise DataError(
            "every constant is held: leave one free, so that there is a fit", field="fix"
        )
    where = rows_text(runs.rows)
    if runs.count < len(free) + spare:
        raise DataError(
            f"{runs.count} runs ({where}) cannot fit {len(free)} constants "
            f"({', '.join(sorted(free))}): expected at least {len(free) + 1} runs, and better "
            f"{4 * len(free)}; add runs, or fix constants",
            field="fix",
        )
    if free & {"A", "alpha"} and values_of(runs.params) == 1:
        raise DataError(
            f"every run ({where}) has {format_quantity(float(runs.params[0]))} parameters, so "
            "what a larger model gains cannot be seen: add runs of another size, or fix the "
            "capacity term, as A=406.4,alpha=0.34",
            field="fix",
        )
    _check_mixtures(runs, question, free, where)
    own = question.law == "mixing" or not len(runs.sources)
    data = runs.tokens if own else runs.total
    if free & {"B", "beta"} and values_of(data) == 1:
        raise DataError(
            f"every run ({where}) reads {format_quantity(float(data[0]))} tokens, so what more "
            "data gains cannot be seen: add runs on other amounts, or fix the data term, as "
            "B=410.7,beta=0.28",
            field="fix",
        )
    _check_repetition(runs, question, free, where)
    if question.law == "curse" and free & {"phi", "psi"} and values_of(runs.languages) == 1:
        raise DataError(
            f"every run ({where}) has {runs.languages[0]:g} languages, so what more languages "
            "cost cannot be seen: add runs with another number of languages, or fit the law "
            "chinchilla",
            field="law",
        )


def settled(runs: Runs, question: FitQuestion) -> tuple[Runs, FitQuestion]:
    """Hold what the law of mixtures cannot see in these runs at its default, and note it.

    λ where nothing is repeated, and φ of a target whose own share never changes: single
    experiments lack one or the other, and the rest of the law can be fitted all the same.
    """
    if question.law != "mixing" or not runs.count:
        return runs, question
    held, notes = dict(question.fixed), []
    if "lambda" not in held and np.all(one_epoch(runs)):
        held["lambda"] = DEFAULT_DECAY
        notes.append(
            f"no run reads text more than once: lambda is held at its default, {DEFAULT_DECAY:g}"
        )
    targets = runs.targets or (runs.target,)
    for place, target in enumerate(targets):
        name = f"phi {target}" if len(targets) > 1 else "phi"
        shares = runs.own_share[runs.target_of == place]
        if name not in held and values_of(shares) == 1:
            held[name] = DEFAULT_PHI
            notes.append(
                f"the own share of {target or 'the target'} is {shares[0]:.3g} in every run: what "
                f"a smaller one costs cannot be seen, and {name} is held at its default, "
                f"{DEFAULT_PHI:g}"
            )
    return (
        replace(runs, notes=(*runs.notes, *notes)),
        replace(question, fixed=tuple(held.items())),
    )


def _check_mixtures(runs: Runs, question: FitQuestion, free: set[str], where: str) -> None:
    """Refuse runs of mixtures that leave a φ or a τ open, or have no share of their own language.

    Raises:
        DataError: with the rows.
    """
    if question.law != "mixing":
        return
    none = runs.own_share <= 0
    if np.any(none):
        raise DataError(
            f"{rows_text(runs.rows[none])}: nothing was read in the language of the loss, and the "
            "law has no loss there: expected tokens of it above 0; leave the cell of the loss "
            "empty, or the row out",
            field="where",
        )
    targets = runs.targets or (runs.target,)
    for place, target in enumerate(targets):
        mine = runs.target_of == place
        several = len(targets) > 1
        name = f"phi {target}" if several else "phi"
        if name in free and (not np.any(mine) or values_of(runs.own_share[mine]) == 1):
            raise DataError(
                f"the runs ({where}) show one own share of {target or 'the target'}, so {name} "
                f"cannot be seen: add runs with another share, or fix it, as '{name}="
                f"{DEFAULT_PHI:g}'",
                field="fix",
            )
        for number, source in enumerate(runs.sources):
            name = f"tau {source}" + (f":{target}" if several else "")
            if name in free and not np.any(runs.source_tokens[mine, number] > 0):
                raise DataError(f"no run ({where}) reads {source}, so {name} cannot be seen")


def _check_repetition(runs: Runs, question: FitQuestion, free: set[str], where: str) -> None:
    if not question.repeats or not free & {"lambda", "R_D"}:
        return
    once = one_epoch(runs)
    name = "lambda" if "lambda" in free else "R_D"
    if np.all(once):
        raise DataError(
            f"no run ({where}) reads its text more than once, so {name} cannot be seen: give "
            "unique_tokens for runs that repeat, fit the law chinchilla, or fix it, as "
            f"{name}={'0.04' if name == 'lambda' else '25'}",
            field="fix",
        )
    if not np.any(once) and not len(runs.sources) and values_of(runs.epochs) == 1:
        raise DataError(
            f"every run ({where}) reads its text {runs.epochs[0]:.3g} times, so {name} cannot be "
            "told from B: add runs of one epoch or of other numbers of epochs, or fix it",
            field="fix",
        )


def values_of(column: Array) -> int:
    """How many values a column has, those within 1 % of the least of them counted once.

    >>> values_of(np.array([1.0, 1.005, 2.0])), values_of(np.linspace(1, 2, 1000)) > 50
    (2, True)
    """
    ordered = np.sort(column)
    count = place = 0
    while place < len(ordered):
        count += 1
        place = int(np.searchsorted(ordered, ordered[place] * _SAME, side="right"))
    return count


def rows_text(rows: NDArray[np.int64], most: int = 8) -> str:
    """``row 2``, ``rows 2-9``, ``rows 2, 5, 7 and 12 more``.

    >>> rows_text(np.array([2, 3, 4, 9]))
    'rows 2-4, 9'
    """
    ordered = sorted(int(row) for row in rows)
    spans: list[list[int]] = []
    for row in ordered:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    shown = [f"{a}" if a == b else f"{a}-{b}" if b > a + 1 else f"{a}, {b}" for a, b in spans]
    text = ", ".join(shown[:most]) + and_more(sum(b - a + 1 for a, b in spans[most:]))
    return f"row{'s' * (len(ordered) > 1)} {text}"
