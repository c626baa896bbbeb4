r"""Which mixtures to run next: those whose losses would lower the regret of the final mixture most.

Laws of resampled runs stand for what may be true. A run at x shows its losses, with noise; in the
linear Gaussian world that the draws span, the expected objective of every decision d moves by
Cov(f(d), y(x))·(Cov(y(x)) + σ²)^(-1)·(y - E y). Whoever then takes the best decision gains, on
average over what may be seen, the knowledge gradient of x (Frazier et al. 2009, doi
10.1287/ijoc.1080.0314). Runs of a batch are chosen one after another, each with the draws drawn
together by those before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.fitting.learning import Learned
from atlasmix.mixture.learned import ConvexLaw, LearnedMixture, best_mixture

Array = NDArray[np.float64]

PLANNING_DRAWS: Final = 48
"""Resamples that a plan rests on: our choice."""
MOST_RUNS: Final = 64
_AROUND: Final = 60
"""Mixtures tried beside the optima of the draws: our choice."""
_LEAST_NOISE: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class NextRuns:
    """Mixtures to run next, the most telling first.

    Attributes:
        sources: names of what is mixed.
        mixtures: (k, S).
        regret: expected regret of the best mixture now, in the unit of the loss.
        after: (k,) expected regret after each run and those before it.
    """

    sources: tuple[str, ...]
    mixtures: Array
    regret: float
    after: Array


def next_runs(
    learned: Learned, best: LearnedMixture, laws: Sequence[ConvexLaw], count: int, seed: int = 0
) -> NextRuns:
    """Plan ``count`` runs within the limits of the question.

    Args:
        learned: from the runs so far.
        best: the best mixture now.
        laws: of resamples of the runs, at the size of ``best``.
        count: runs to plan.
        seed: of the mixtures that are tried.

    Raises:
        ProblemError: no run, or more than 64.
    """
    if not 1 <= count <= MOST_RUNS:
        raise ProblemError(f"{count} runs: expected 1 to {MOST_RUNS}", field="next", value=count)
    question = best.question
    optima = [best_mixture(replace(question, law=law), ranges=False).shares for law in laws]
    decisions = np.vstack([best.shares, *optima])
    tried = np.vstack([decisions, _around(learned, best, decisions, seed)])
    losses = np.array([[law.at(mixture)[0] for mixture in tried] for law in laws])
    objective = losses[:, : len(decisions)] @ question.weights
    noise = _noise(learned)
    chosen: list[int] = []
    after = []
    regret = _regret(objective)
    for _ in range(count):
        values = [
            -np.inf if place in chosen else _value(objective, losses[:, place], noise)
            for place in range(len(tried))
        ]
        place = int(np.argmax(values))
        chosen.append(place)
        objective, losses = _observed(objective, losses, place, noise, seed + len(chosen))
        after.append(_regret(objective))
    return NextRuns(learned.runs.sources, tried[chosen], regret, np.array(after))


def _around(learned: Learned, best: LearnedMixture, decisions: Array, seed: int) -> Array:
    """Mixtures between the optima, the runs and chance, within the limits."""
    source = np.random.default_rng(seed)
    question, runs = best.question, learned.runs.weights
    drawn = np.empty((_AROUND, decisions.shape[1]))
    for place in range(_AROUND):
        far = source.dirichlet(np.ones(decisions.shape[1])) if place % 2 else source.choice(runs)
        part = source.uniform(0.2, 0.8)
        drawn[place] = part * source.choice(decisions) + (1.0 - part) * far
    within = np.all((drawn >= question.low - 1e-9) & (drawn <= question.high + 1e-9), axis=1)
    near = question.near
    if near is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(drawn > 0, drawn * np.log(drawn / near.reference), 0.0)
        within &= terms.sum(axis=1) <= near.most
    return np.asarray(drawn[within])


def _noise(learned: Learned) -> Array:
    """(K,) variance of what a run shows: of repeats, or else of what the law leaves over."""
    repeats = learned.runs.noise
    law = learned.law.predict(learned.runs.mixtures)
    rest = 1.4826 * np.nanmedian(np.abs(law - learned.runs.loss), axis=0)
    return np.asarray(np.maximum(np.where(np.isfinite(repeats), repeats, rest), _LEAST_NOISE) ** 2)


def _regret(objective: Array) -> float:
    """Mean over the draws of what the decision of least mean loses to their own best."""
    here = int(np.argmin(objective.mean(axis=0)))
    return float(np.mean(objective[:, here] - objective.min(axis=1)))


def _update(objective: Array, seen: Array, noise: Array) -> Array:
    """(K, D) what a deviation of the losses seen moves every decision by."""
    draws = len(seen) - 1
    apart, moved = seen - seen.mean(axis=0), objective - objective.mean(axis=0)
    spread = apart.T @ apart / draws + np.diag(noise)
    return np.asarray(np.linalg.solve(spread, apart.T @ moved / draws))


def _value(objective: Array, seen: Array, noise: Array) -> float:
    """The knowledge gradient of a run whose losses are ``seen`` (M, K) in the draws."""
    shift = (seen - seen.mean(axis=0)) @ _update(objective, seen, noise)
    now = objective.mean(axis=0)
    return float(now.min() - np.mean((now + shift).min(axis=1)))


def _observed(
    objective: Array, losses: Array, place: int, noise: Array, seed: int
) -> tuple[Array, Array]:
    """The draws after a run at ``place``: nearer to each other, their mean where it was."""
    seen = losses[:, place]
    source = np.random.default_rng(seed)
    shown = source.normal(size=seen.shape) * np.sqrt(noise)
    off = seen - seen.mean(axis=0) + shown - shown.mean(axis=0)
    everything = losses.reshape(len(seen), -1)
    moved = everything - off @ _update(everything, seen, noise)
    return objective - off @ _update(objective, seen, noise), moved.reshape(losses.shape)
