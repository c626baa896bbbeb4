"""Runs of mixtures made from a known mixing law, to recover it from."""

from __future__ import annotations

import numpy as np

from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures, groups_of
from atlasmix.fitting.runs import frozen

SOURCES = ("web", "code", "books", "math", "news", "chat")
SETS = ("web", "code", "books", "math", "quiz")
"""The last has no source of its own."""


def made_law(
    seed: int = 0, capacity: float = 0.3, alpha: float = 0.0, gamma: float = 1.0
) -> MixingLaw:
    """A law whose sets have things in common, as those of real runs do."""
    source = np.random.default_rng(seed)
    count, sets = len(SOURCES), len(SETS)
    common = source.uniform(0.05, 0.5, count)
    worth = common * np.exp(0.4 * source.normal(size=(sets, count)))
    own = np.array([0, 1, 2, 3, -1])
    for row, place in enumerate(own):
        if place >= 0:
            worth[row, place] = 1.0
    worth[4] /= worth[4].max()
    held = own >= 0
    return MixingLaw(
        sources=SOURCES,
        sets=SETS,
        own=frozen(own.astype(np.int64)),
        floor=frozen(source.uniform(1.2, 2.0, sets)),
        capacity=frozen(np.where(held | (alpha > 0), capacity, 0.0)),
        phi=frozen(np.where(held, source.uniform(0.2, 0.4, sets), 0.0)),
        least=frozen(np.where(held, 0.01, 0.0)),
        alpha=frozen(np.full(sets, alpha)),
        data=frozen(source.uniform(0.8, 1.4, sets)),
        background=frozen(np.full(sets, 0.02)),
        worth=frozen(worth),
        beta=frozen(source.uniform(0.2, 0.4, sets)),
        gamma=frozen(np.full(sets, gamma)),
        scale=Scale(
            1e9 * (alpha > 0),
            2e10 * (alpha > 0),
            0.0,
            frozen(np.full(count, np.inf)),
            alpha > 0,
            alpha > 0,
        ),
    )


def made_mixtures(count: int, seed: int = 1, sizes: bool = False) -> Mixtures:
    """Sparse mixtures of every kind, as swarms draw them."""
    source = np.random.default_rng(seed)
    weights = source.dirichlet(np.full(len(SOURCES), 0.6), count)
    weights[weights < 0.002] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return Mixtures(
        names=tuple(f"r{place}" for place in range(count)),
        sources=SOURCES,
        weights=frozen(weights),
        params=frozen(source.choice([1e8, 4e8, 1e9, 3e9], count)) if sizes else None,
        tokens=frozen(10 ** source.uniform(9.7, 11, count)) if sizes else None,
    )


def made_runs_of(
    law: MixingLaw, count: int, noise: float = 0.01, seed: int = 1, sizes: bool = False
) -> MixtureRuns:
    """Runs of the law, with normal noise of so many nats."""
    mixtures = made_mixtures(count, seed, sizes)
    source = np.random.default_rng(seed + 1000)
    loss = law.predict(mixtures)
    return MixtureRuns(
        mixtures=mixtures,
        sets=SETS,
        loss=frozen(loss + noise * source.normal(size=loss.shape)),
        own=law.own,
        groups=groups_of(mixtures),
    )
