"""How sure the constants are: the fit repeated on resampled runs, on all cores.

Whole training runs are drawn with replacement (Efron 1979), so that checkpoints of one run stay
together. The draws come from the seed alone, in blocks of fixed size: the intervals do not depend
on the number of cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError
from atlasmix.scaling.fitting.cores import side_by_side, usable_cores
from atlasmix.scaling.fitting.fit import Fit, refit
from atlasmix.scaling.fitting.identification import check_identified
from atlasmix.scaling.fitting.question import LOSS_CONSTANTS, one_epoch

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
    found: Fit,
    resamples: int,
    seed: int = 0,
    advance: Callable[[int], None] = lambda count: None,
    cores: int | None = None,
) -> Bootstrap:
    """Fit ``resamples`` resamples of the runs of ``found``.

    Args:
        found: a fit; resamples start from its constants and its other minima.
        resamples: how many, R.
        seed: of the draws.
        advance: called with the number of resamples that have become ready.
        cores: processes at most; None: as many as this process may use.
    """
    draws = _draws(found, resamples, seed)
    blocks = [draws[first : first + BLOCK] for first in range(0, len(draws), BLOCK)]
    begin = time.perf_counter()
    thetas = [refit(found, blocks[0])]
    advance(len(blocks[0]))
    left = (time.perf_counter() - begin) * (len(blocks) - 1)
    cores = (cores or usable_cores()) if left > _WORTH_PROCESSES else 1
    with closing(side_by_side(partial(refit, found), blocks[1:], cores)) as rest:
        for theta in rest:
            thetas.append(theta)
            advance(len(theta))
    named = found.form.named(np.concatenate(thetas))
    free = found.free
    if found.question.tied:
        free = free | (np.array(found.form.constants) == "beta")
    samples = {
        name: values for (name, values), fitted in zip(named.items(), free, strict=True) if fitted
    }
    return Bootstrap(samples, len(draws))


def _draws(found: Fit, resamples: int, seed: int) -> Array:
    """(R, n) how often each row counts; draws that leave a constant open are drawn again."""
    runs = found.runs
    names, members = np.unique(runs.runs, return_inverse=True)
    source = np.random.default_rng(seed)
    drawn: list[Array] = []
    for _ in range(resamples):
        for _ in range(_MOST_DRAWS):
            picked = source.integers(len(names), size=len(names))
            weights = np.bincount(picked, minlength=len(names))[members].astype(float)
            if _fits(found, weights):
                drawn.append(weights)
                break
    if not drawn:
        raise DataError(
            f"no resample of {len(names)} runs can fit the law: there are too few for intervals; "
            "add runs, or --bootstrap 0"
        )
    return np.array(drawn)


def _fits(found: Fit, weights: Array) -> bool:
    picked = weights > 0
    question, first = found.question, found.first
    try:
        if first is not None:
            once = first.runs.select(picked[one_epoch(found.runs)])
            check_identified(once, first.question, first.form, spare=0)
            base = tuple((name, found.constants[name]) for name in LOSS_CONSTANTS)
            question = replace(question, stages=1, fixed=(*question.fixed, *base))
        check_identified(found.runs.select(picked), question, found.form, spare=0)
    except DataError:
        return False
    return True
