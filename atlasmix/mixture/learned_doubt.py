"""How sure a learned mixture is: laws that may be true answer again, and judge this answer.

A mixture is chosen where its law is lowest, which is partly where the law errs low: the optimiser's
curse. What the own optimum of such a law gains over this mixture by its law, and loses by the law
of all runs, is what it promised and that law does not keep: the size of the curse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import SolverFailed
from atlasmix.mixture.learned import ConvexLaw, LearnedMixture, best_mixture

Array = NDArray[np.float64]

TAILS: Final = (0.05, 0.95)
UNBIASED: Final = "weibull"
"""Quantiles between which a new draw falls nine times of ten, whatever the number of draws."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What the mixture is predicted to gain over a reference.

    Attributes:
        over: the reference, in words.
        loss: predicted weighted loss of the reference.
        gain: that loss less the loss of the mixture.
        low: least gain over nine tenths of the draws.
        high: most gain over them.
        better: part of the draws in which the mixture is better.
    """

    over: str
    loss: float
    gain: float
    low: float
    high: float
    better: float


@dataclass(frozen=True, slots=True, eq=False)
class LearnedDoubt:
    """What draws of the law say of an answer.

    Attributes:
        draws: laws drawn.
        shares: (S, 2) fifth and ninety-fifth percentile of each share of their own optima.
        optimism: mean of what a draw's optimum promised and the law of all runs does not keep.
        gains: over each reference.
    """

    draws: int
    shares: Array
    optimism: float
    gains: tuple[Gain, ...]


def doubt(
    answer: LearnedMixture, laws: Sequence[ConvexLaw], references: Mapping[str, Array]
) -> LearnedDoubt:
    """Ask every law again.

    Args:
        answer: of the law of all runs.
        laws: drawn from what the runs leave open.
        references: words to a mixture (S,).
    """
    question = answer.question
    shares: list[Array] = []
    promised: list[float] = []
    mine: list[float] = []
    losses: dict[str, list[float]] = {name: [] for name in references}
    for law in laws:
        again = replace(question, law=law)
        try:
            other = best_mixture(again, ranges=False)
        except SolverFailed:
            continue  # a draw that is flat in a source
        shares.append(other.shares)
        here = again.loss(answer.shares)
        # The level of a draw cancels: both are differences under one law, never below 0.
        kept = question.loss(other.shares) - answer.loss
        promised.append(max(kept, 0.0) + max(here - other.loss, 0.0))
        mine.append(here)
        for name, reference in references.items():
            losses[name].append(again.loss(reference))
    ends = np.quantile(np.array(shares), TAILS, axis=0, method=UNBIASED).T
    gains = []
    for name, reference in references.items():
        apart = np.array(losses[name]) - np.array(mine)
        low, high = np.quantile(apart, TAILS, method=UNBIASED)
        loss = question.loss(reference)
        gains.append(
            Gain(name, loss, loss - answer.loss, float(low), float(high), float(np.mean(apart > 0)))
        )
    return LearnedDoubt(len(shares), ends, float(np.mean(promised)), tuple(gains))


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a mixture lies from the runs, as total variation: the share that reads otherwise.

    Attributes:
        nearest: name of the nearest run.
        away: distance to it, 0-1.
        typical: median distance of a run to its nearest other run.
        beyond: sources of which the mixture reads more than any run did, or less.
    """

    nearest: str
    away: float
    typical: float
    beyond: tuple[str, ...]


def distance(shares: Array, runs: Array, names: Sequence[str], sources: Sequence[str]) -> Distance:
    """The distance of a mixture (S,) from those of the runs (n, S)."""
    away = 0.5 * np.abs(runs - shares).sum(axis=1)
    at = int(np.argmin(away))
    between = np.array(
        [_nearest_other(runs, place) for place in range(len(runs))], dtype=np.float64
    )
    out = (shares > runs.max(axis=0) + 1e-9) | (shares < runs.min(axis=0) - 1e-9)
    beyond = tuple(name for name, outside in zip(sources, out.tolist(), strict=True) if outside)
    return Distance(names[at], float(away[at]), float(np.median(between)), beyond)


def _nearest_other(runs: Array, place: int) -> float:
    away = 0.5 * np.abs(runs - runs[place]).sum(axis=1)
    away[place] = np.inf
    return float(away.min())
