"""Runs made with known constants, to recover them from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atlasmix.scaling.fitting.runs import Runs, frozen, make_runs
from atlasmix.scaling.saturation import saturate

TRUTH = {"E": 1.8, "A": 480.0, "alpha": 0.35, "B": 2000.0, "beta": 0.37}
SIZES = (2e7, 1e8, 4e8, 1.5e9, 6e9)
READ = (1e9, 5e9, 2.5e10, 1.2e11)


def crossed() -> tuple[np.ndarray, np.ndarray]:
    """Every size on every amount of tokens."""
    size, read = np.meshgrid(SIZES, READ)
    return size.ravel(), read.ravel()


def power_law(size, data, **other):
    """Hoffmann's law with TRUTH."""
    law = TRUTH | other
    return law["E"] + law["A"] / size ** law["alpha"] + law["B"] / data ** law["beta"]


def noisy(runs: Runs, noise: float, outliers: int = 0, seed: int = 0) -> Runs:
    """Losses with relative noise, and so many of them far too high."""
    source = np.random.default_rng(seed)
    loss = runs.loss * np.exp(noise * source.normal(size=runs.count))
    loss[source.choice(runs.count, outliers, replace=False)] *= 1.6
    return replace(runs, loss=frozen(loss))


def fresh_runs() -> Runs:
    """Runs of one epoch."""
    size, read = crossed()
    return make_runs(size, read, power_law(size, read))


def repeated_runs(decay: float = 0.05) -> Runs:
    """Runs of 1 to 40 epochs."""
    size, read, epochs = (axis.ravel() for axis in np.meshgrid(SIZES, READ, (1, 4, 12, 40)))
    unique = read / epochs
    return make_runs(size, read, power_law(size, saturate(read, unique, decay)), unique)


def transfer_runs(decay: float = 0.05, taus=(0.4, -0.1), seed: int = 1) -> Runs:
    """Runs of Catalan beside Spanish and English, in mixtures of many kinds."""
    source = np.random.default_rng(seed)
    count = 60
    size = source.choice(SIZES, count)
    total = 10 ** source.uniform(9.3, 11.3, count)
    # At least a fifth of the target, so that harm leaves effective data.
    shares = 0.8 * source.dirichlet((1.0, 1.0, 1.0), count) + (0.2, 0.0, 0.0)
    shares[:20] = (1.0, 0.0, 0.0)
    own, spa, eng = (total * shares[:, place] for place in range(3))
    unique = np.minimum(own, 4e9)
    effective = saturate(own, unique, decay) + taus[0] * spa + taus[1] * eng
    runs = make_runs(size, own, power_law(size, effective), unique)
    others = frozen(np.column_stack([spa, eng]))
    mixtures = np.arange(count) % 20
    return replace(
        runs,
        total=frozen(total),
        sources=("spa", "eng"),
        source_tokens=others,
        source_unique=others,
        mixtures=frozen(mixtures.astype(np.int64)),
        target="cat",
    )


def curse_runs(phi: float = 0.15, psi: float = -0.06) -> Runs:
    """Runs of 1 to 50 languages; tokens of each language."""
    size, each, kinds = (axis.ravel() for axis in np.meshgrid(SIZES, READ, (1, 4, 15, 50)))
    loss = (
        TRUTH["E"]
        + TRUTH["A"] * kinds**phi / size ** TRUTH["alpha"]
        + TRUTH["B"] * kinds**psi / each ** TRUTH["beta"]
    )
    return make_runs(size, each, loss, languages=kinds)
