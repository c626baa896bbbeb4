"""Small mixtures to divide over phases, and the limits of phases in a word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from worlds import pool

from atlasmix.evidence.pools import Pool
from atlasmix.mixture.mixture import PhaseMixture
from atlasmix.mixture.phases import Split
from atlasmix.problem.constraints import Selection, ShareLimit


def language(key: str) -> Selection:
    return Selection("language", key)


def least(key: str, share: float) -> ShareLimit:
    return ShareLimit("min", language(key), share)


def most(key: str, share: float) -> ShareLimit:
    return ShareLimit("max", language(key), share)


def pools_of(labels: Sequence[str]) -> list[Pool]:
    return [pool(label, 10) for label in labels]


def reads(phases: Sequence[PhaseMixture], pools: Sequence[Pool]) -> NDArray[np.float64]:
    """Tokens of each pool in each phase, (phases, pools)."""
    found = np.zeros((len(phases), len(pools)))
    place = {each.name: number for number, each in enumerate(pools)}
    for row, phase in enumerate(phases):
        for share in phase.shares:
            found[row, place[share.pool.name]] = share.tokens
    return found


def splits(rng: np.random.Generator) -> Split:
    """One to four phases, one to six parts, one to five limits on any of them."""
    phases, parts, limits = rng.integers(1, 5), rng.integers(1, 7), rng.integers(1, 6)
    whole = np.maximum(rng.dirichlet(np.full(parts, rng.choice([0.3, 1, 5]))), 1e-6)
    sizes = np.maximum(rng.dirichlet(np.full(phases, 2.0)), 1e-3)
    whole, sizes = whole / whole.sum(), sizes / sizes.sum()
    rows, bound = np.zeros((limits, phases, parts)), np.zeros(limits)
    for row in range(limits):
        phase, mask = rng.integers(phases), rng.random(parts) < 0.5
        share = min(float(whole[mask].sum()) * rng.uniform(0.5, 1.6), 1.0)
        sign = 1.0 if rng.random() < 0.6 else -1.0
        rows[row, phase, mask] = sign
        bound[row] = sign * share * sizes[phase]
    return Split(whole, sizes, rows, bound)
