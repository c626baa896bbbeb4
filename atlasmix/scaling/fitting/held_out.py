"""How well the law predicts runs it was not fitted to, split as ATLAS splits them.

ATLAS (arXiv 2510.22037), Table 1: R² on random runs, on the largest N, the largest D, the largest
compute, and unseen mixtures. How much is held out is our choice: a fifth (random and mixtures: each
fifth in turn), and besides the larger half by compute, which is what a plan extrapolates over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.scaling.fitting.fit import Fit, fit
from atlasmix.scaling.fitting.objective import r_squared
from atlasmix.scaling.fitting.runs import Runs

Array = NDArray[np.float64]
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
    found: Fit, seed: int = 0, advance: Callable[[int], None] = lambda count: None
) -> tuple[HeldOut, ...]:
    """Every split that the runs allow.

    Args:
        found: the fit to all runs.
        seed: of the random fifths.
        advance: called with 1 after every split.
    """
    results = []
    for split, held, tests in _splits(found.runs, seed):
        results.append(_score(found, split, held, tests))
        advance(1)
    return tuple(results)


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


def _score(found: Fit, split: str, held: str, tests: list[Mask]) -> HeldOut:
    runs = found.runs
    question = replace(found.question, starts=min(found.question.starts, _STARTS))
    predicted, seen = np.zeros(runs.count), np.zeros(runs.count, dtype=bool)
    for test in tests:
        try:
            law = fit(runs.select(~test), question)
        except (DataError, ProblemError) as error:
            reason = str(error.args[0]).partition(":")[0]
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
