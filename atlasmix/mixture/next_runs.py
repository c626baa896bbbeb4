r"""Which mixtures to run next: those whose losses would lower the regret of the final mixture most.

Laws drawn from what the runs leave open stand for what may be true. A run at x shows its losses,
with noise; in the linear Gaussian world that the draws span, the expected objective of every
decision d moves by Cov(f(d), y(x))·(Cov(y(x)) + σ²)^(-1)·(y - E y). Whoever then takes the best
decision gains, on average over what may be seen, the knowledge gradient of x (Frazier et al. 2009,
doi 10.1287/ijoc.1080.0314). Runs of a batch are chosen one after another, each with the draws drawn
together by those before it. What is run may be of another size than what is decided on, and cost
accordingly: a run is then chosen for what it takes off in relation to its cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.fitting.learning import Learned
from atlasmix.fitting.mixture_runs import Mixtures
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.design import DesignQuestion, design, within
from atlasmix.mixture.learned import (
    ConvexLaw,
    LearnedMixture,
    MixtureQuestion,
    best_mixture,
    divergence,
)

Array = NDArray[np.float64]

PLANNING_DRAWS: Final = 256
"""Draws that a plan rests on, our choice: what a run shows is read off how the draws vary
together, and few of them seem to be told apart by a run or two."""
DECISIONS: Final = 32
"""Draws whose optima are the decisions between which runs are to tell: our choice."""
MOST_RUNS: Final = 64
_AROUND: Final = 60
_SPREAD: Final = 64
_SPARSE: Final = 32
"""Mixtures tried beside the optima of the draws, our choice: between what is known and chance, of a
space-filling design, and of few sources each. Most of what runs can tell of a source they tell far
from the optimum: tried near it alone, planned runs gain no more than a design's."""
_FEW: Final = 0.3
_HALVINGS: Final = 30
"""Steps towards the best mixture of one that lies beyond a region of trust: the last is none."""
_ALIKE: Final = 1e-4
"""Part of the tokens below which two mixtures are one: optima of draws may be. Our choice."""
_LEAST_NOISE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class RunSize:
    """A size that a run may have, and what it costs.

    Attributes:
        params: parameters; 0 where nobody says.
        tokens: read; 0 where nobody says.
        cost: in any unit, the same for all sizes: only how many times as much counts.
    """

    params: float
    tokens: float
    cost: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class NextRuns:
    """Mixtures to run next, the most telling first.

    Attributes:
        sources: names of what is mixed.
        mixtures: (k, S).
        regret: expected regret of the best mixture now, in the unit of the loss.
        after: (k,) expected regret after each run and those before it.
        sizes: (k,) of each run.
        offered: how many sizes a run could have.
    """

    sources: tuple[str, ...]
    mixtures: Array
    regret: float
    after: Array
    sizes: tuple[RunSize, ...]
    offered: int = 1

    @property
    def size_columns(self) -> dict[str, list[float]]:
        """``params`` and ``tokens`` of each run, as columns of a table; without what nobody says.

        Runs have them all or none: the sizes offered are those of one question.
        """
        columns = {
            "params": [size.params for size in self.sizes],
            "tokens": [size.tokens for size in self.sizes],
        }
        return {name: column for name, column in columns.items() if all(column)}


def next_runs(
    learned: Learned,
    best: LearnedMixture,
    laws: Sequence[ConvexLaw],
    offered: Sequence[tuple[RunSize, Sequence[ConvexLaw]]],
    count: int,
    seed: int = 0,
) -> NextRuns:
    """Plan ``count`` runs within the limits of the question.

    Args:
        learned: from the runs so far.
        best: the best mixture now.
        laws: that may be true, at the size of ``best``.
        offered: sizes that a run may have, each with the same laws at that size.
        count: runs to plan.
        seed: of the mixtures that are tried.

    Raises:
        ProblemError: no run, or more than 64.
    """
    if not 1 <= count <= MOST_RUNS:
        raise ProblemError(f"{count} runs: expected 1 to {MOST_RUNS}", field="next", value=count)
    question = best.question
    optima = [
        best_mixture(replace(question, law=law), ranges=False).shares for law in laws[:DECISIONS]
    ]
    decisions = np.vstack([best.shares, *optima])
    tried = np.vstack([decisions, _candidates(learned, question, decisions, seed)])
    decided = _predicted(laws, learned.runs.sources, decisions)
    losses = np.concatenate(
        [_predicted(sized, learned.runs.sources, tried) for _, sized in offered], axis=1
    )
    cost = np.repeat([size.cost for size, _ in offered], len(tried))
    objective = decided @ question.weights
    noise = _noise(learned)
    chosen: list[int] = []
    alike = np.abs(tried[:, None, :] - tried[None, :, :]).sum(axis=2) / 2.0 < _ALIKE
    # The same mixture at another size is another run.
    alike = np.kron(np.eye(len(offered), dtype=bool), alike)
    after: list[float] = []
    regret = _regret(objective)
    for _ in range(count):
        values = [
            -np.inf
            if np.any(alike[place, chosen])
            else _value(objective, losses[:, place], noise) / cost[place]
            for place in range(len(cost))
        ]
        place = int(np.argmax(values))
        chosen.append(place)
        objective, losses = _observed(objective, losses, place, noise, seed + len(chosen))
        # To know more costs nothing on average; some draws of some hundreds may say that it does.
        after.append(min([_regret(objective), regret, *after]))
    at = np.array(chosen) % len(tried)
    sizes = tuple(offered[place // len(tried)][0] for place in chosen)
    return NextRuns(learned.runs.sources, tried[at], regret, np.array(after), sizes, len(offered))


def _predicted(laws: Sequence[ConvexLaw], sources: tuple[str, ...], mixtures: Array) -> Array:
    """(M, n, K) losses of mixtures by every law."""
    table = Mixtures(("",) * len(mixtures), sources, frozen(mixtures))
    return np.array([law.predict(table) for law in laws])


def _candidates(learned: Learned, question: MixtureQuestion, decisions: Array, seed: int) -> Array:
    """Mixtures that may be run, within the limits: near what is known, and far from it."""
    source = np.random.default_rng(seed)
    runs, sources = learned.runs.weights, decisions.shape[1]
    between = np.empty((_AROUND, sources))
    for place in range(_AROUND):
        far = source.dirichlet(np.ones(sources)) if place % 2 else source.choice(runs)
        part = source.uniform(0.2, 0.8)
        between[place] = part * source.choice(decisions) + (1.0 - part) * far
    sparse = source.dirichlet(np.full(sources, _FEW), _SPARSE)
    low, high, near = question.low, question.high, question.near
    even = np.full(sources, 1.0 / sources)
    spread = design(DesignQuestion(learned.runs.sources, even, _SPREAD, low, high, seed=seed))
    drawn = np.array([within(each, low, high) for each in (*between, *spread, *sparse)])
    for _ in range(_HALVINGS):
        if near is None:
            break
        # The region is convex, and the best mixture lies in it.
        beyond = [divergence(each, near.reference) > near.most + 1e-9 for each in drawn]
        drawn[beyond] = (drawn[beyond] + decisions[0]) / 2.0
    return np.asarray(drawn)


def _noise(learned: Learned) -> Array:
    """(K,) variance of what a run shows: of repeats, or else of what no law explains.

    What a law leaves over of the runs that it was fitted to is too little, as it bends towards
    them, and what it misses of those held out too much, by about as many parts of the truth.
    """
    repeats, loss = learned.runs.noise, learned.runs.loss
    near, far = (
        1.4826 * np.nanmedian(np.abs(predicted - loss), axis=0)
        for predicted in (learned.law.predict(learned.runs.mixtures), learned.chosen.held_out)
    )
    spread = np.where(np.isfinite(repeats), repeats, np.sqrt((near**2 + far**2) / 2.0))
    return np.asarray(np.maximum(spread, _LEAST_NOISE) ** 2)


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
