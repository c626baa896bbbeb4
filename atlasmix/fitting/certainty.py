"""How sure the constants are: the fit repeated on resampled runs, on all cores.

Whole training runs are drawn with replacement (Efron 1979), so that checkpoints of one run stay
together. The draws come from the seed alone, in blocks of fixed size: the intervals do not depend
on the number of cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.fit import Fit, fit, refit
from atlasmix.fitting.fit_question import LOSS_CONSTANTS, one_epoch
from atlasmix.fitting.forms import r_squared
from atlasmix.fitting.identification import check_identified
from atlasmix.fitting.processes import side_by_side, usable_cores
from atlasmix.fitting.runs import Runs

Array = NDArray[np.float64]

BLOCK: Final = 20
"""Resamples that are fitted side by side."""

COVERAGE: Final = 0.95
_WORTH_PROCESSES: Final = 1.5
_MOST_DRAWS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """The constants of every resample.

    Attributes:
        samples: name -> (R,) in the units of the card; held constants are left out.
        resamples: R.
    """

    samples: dict[str, Array]
    resamples: int

    def interval(self, name: str) -> tuple[float, float]:
        """The middle 95 % of the resamples."""
        return middle(self.samples[name])

    def growth(self) -> tuple[float, float] | None:
        """Interval of β/(α+β): N grows as compute to this power; None where both are held."""
        alpha, beta = self.samples.get("alpha"), self.samples.get("beta")
        if alpha is None or beta is None:
            return None
        return middle(beta / (alpha + beta))


def middle(values: Array) -> tuple[float, float]:
    """The middle 95 % of values."""
    low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def bootstrap(
    fitted: Fit,
    resamples: int,
    seed: int = 0,
    advance: Callable[[int], None] = lambda count: None,
    cores: int | None = None,
) -> Bootstrap:
    """Fit ``resamples`` resamples of the runs of ``fitted``.

    Args:
        fitted: a fit; resamples start from its constants and its other minima.
        resamples: how many, R.
        seed: of the draws.
        advance: called with the number of resamples that have become ready.
        cores: processes at most; None: as many as this process may use.
    """
    draws = _draws(fitted, resamples, seed)
    blocks = [draws[first : first + BLOCK] for first in range(0, len(draws), BLOCK)]
    begin = time.perf_counter()
    thetas = [refit(fitted, blocks[0])]
    advance(len(blocks[0]))
    left = (time.perf_counter() - begin) * (len(blocks) - 1)
    cores = (cores or usable_cores()) if left > _WORTH_PROCESSES else 1
    with closing(side_by_side(partial(refit, fitted), blocks[1:], cores)) as rest:
        for theta in rest:
            thetas.append(theta)
            advance(len(theta))
    named = fitted.form.named(np.concatenate(thetas))
    free = fitted.free
    if fitted.question.tied:
        free = free | (np.array(fitted.form.constants) == "beta")
    samples = {
        name: values for (name, values), is_free in zip(named.items(), free, strict=True) if is_free
    }
    return Bootstrap(samples, len(draws))


def _draws(fitted: Fit, resamples: int, seed: int) -> Array:
    """(R, n) how often each row counts; draws that leave a constant open are drawn again."""
    runs = fitted.runs
    names, members = np.unique(runs.runs, return_inverse=True)
    source = np.random.default_rng(seed)
    drawn: list[Array] = []
    for _ in range(resamples):
        for _ in range(_MOST_DRAWS):
            picked = source.integers(len(names), size=len(names))
            weights = np.bincount(picked, minlength=len(names))[members].astype(float)
            if _fits(fitted, weights):
                drawn.append(weights)
                break
    if not drawn:
        raise DataError(
            f"no resample of {len(names)} runs can fit the law: there are too few for intervals; "
            "add runs, or ask for no resamples",
            field="bootstrap",
        )
    return np.array(drawn)


def _fits(fitted: Fit, weights: Array) -> bool:
    picked = weights > 0
    question, first = fitted.question, fitted.first
    try:
        if first is not None:
            once = first.runs.select(picked[one_epoch(fitted.runs)])
            check_identified(once, first.question, first.form, spare=0)
            base = tuple((name, fitted.constants[name]) for name in LOSS_CONSTANTS)
            question = replace(question, stages=1, fixed=(*question.fixed, *base))
        check_identified(fitted.runs.select(picked), question, fitted.form, spare=0)
    except DataError:
        return False
    return True


Mask = NDArray[np.bool_]

_FOLDS: Final = 5
_FIFTH: Final = 0.2
_STARTS: Final = 8


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One split.

    Attributes:
        split: ``random``, ``N``, ``D``, ``compute``, ``larger half`` or ``mixtures``.
        held: which runs were held out, in words.
        count: how many.
        r_squared: of predicted against measured loss of the runs held out; NaN for fewer than 3.
        error: mean \\|predicted/measured - 1\\|.
        bias: mean predicted/measured - 1: above 0, losses turn out lower than predicted.
        fault: why the split could not be made; empty where it could.
    """

    split: str
    held: str
    count: int = 0
    r_squared: float = float("nan")
    error: float = float("nan")
    bias: float = float("nan")
    fault: str = ""


def held_out(
    fitted: Fit, seed: int = 0, advance: Callable[[int], None] = lambda count: None
) -> tuple[HeldOut, ...]:
    """Every split that the runs allow.

    Args:
        fitted: the fit to all runs.
        seed: of the random fifths.
        advance: called with 1 after every split.
    """
    splits = []
    for split, held, tests in _splits(fitted.runs, seed):
        splits.append(_score(fitted, split, held, tests))
        advance(1)
    return tuple(splits)


def split_names(runs: Runs) -> tuple[str, ...]:
    """The splits that ``held_out`` will make."""
    return tuple(split for split, _, _ in _splits(runs, 0))


def _splits(runs: Runs, seed: int) -> Iterator[tuple[str, str, list[Mask]]]:
    yield "random", "each random fifth in turn", _folds(runs.runs, seed)
    columns = (
        ("N", "the largest N", runs.params),
        ("D", "the largest D", runs.total),
        ("compute", "the largest compute", runs.compute),
    )
    for split, held, column in columns:
        yield split, held, [largest(column, _FIFTH)]
    yield "larger half", "the larger half by compute", [largest(runs.compute, 0.5)]
    mixtures = len(np.unique(runs.mixtures))
    if mixtures > 1:
        words = "each fifth of the mixtures in turn" if mixtures > _FOLDS else "each mixture"
        yield "mixtures", words, _folds(runs.mixtures, seed)


def largest(column: Array, share: float) -> Mask:
    """The rows with the largest values, at least ``share`` of all; equal values stay together."""
    wanted = max(1, int(np.ceil(share * len(column))))
    return np.asarray(column >= np.sort(column)[-wanted] * (1 - 1e-9))


def _folds(groups: NDArray[np.int64], seed: int) -> list[Mask]:
    names = np.unique(groups)
    order = np.random.default_rng(seed).permutation(len(names))
    count = min(_FOLDS, len(names))
    return [np.isin(groups, names[order[fold::count]]) for fold in range(count)]


def _score(fitted: Fit, split: str, held: str, tests: list[Mask]) -> HeldOut:
    runs = fitted.runs
    question = replace(fitted.question, starts=min(fitted.question.starts, _STARTS))
    predicted, seen = np.zeros(runs.count), np.zeros(runs.count, dtype=bool)
    for test in tests:
        try:
            law = fit(runs.select(~test), question)
        except (DataError, ProblemError) as error:
            reason = error.sentence.partition(":")[0]
            return HeldOut(split, held, fault=f"the other runs cannot be fitted: {reason}")
        predicted[test], seen = law.loss_of(runs.select(test)), seen | test
    measured, reached = runs.loss[seen], predicted[seen]
    errors = reached / measured - 1.0
    return HeldOut(
        split,
        held,
        int(np.sum(seen)),
        r_squared(measured, reached) if np.sum(seen) >= 3 else float("nan"),
        float(np.mean(np.abs(errors))),
        float(np.mean(errors)),
    )
