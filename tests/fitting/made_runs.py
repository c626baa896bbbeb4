"""Runs made with known constants, to recover them from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atlasmix.fitting.runs import Runs, frozen, make_runs
from atlasmix.fitting.tables import Reading, read_targets
from atlasmix.io.tables import Rows
from atlasmix.laws.saturation import saturate

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


PHIS = {"cat": 0.14, "fra": 0.08}
TAUS = {"spa:cat": 0.4, "fra:cat": 0.15, "cat:fra": 0.05, "spa:fra": 0.2}


def mixture_table(
    decay: float = 0.05,
    count: int = 90,
    noise: float = 0.0,
    floors: tuple[float, float] = (1.8, 1.8),
    seed: int = 3,
) -> list[dict[str, float | str]]:
    """Mixtures of Catalan, French and Spanish of many kinds, with the loss of the first two.

    One row a run, as a wide table has them. A fifth reads a single language; Catalan has 2B tokens.
    """
    source = np.random.default_rng(seed)
    size = source.choice(SIZES, count)
    total = 10 ** source.uniform(9.3, 11.3, count)
    shares = 0.85 * source.dirichlet((0.8, 0.8, 0.8), count) + 0.05
    shares[: count // 10] = (1.0, 0.0, 0.0)
    shares[count // 10 : count // 5] = (0.0, 1.0, 0.0)
    names = ("cat", "fra", "spa")
    read = {name: total * shares[:, place] for place, name in enumerate(names)}
    unique = {name: np.minimum(read[name], 2e9 if name == "cat" else 1e12) for name in names}
    rows: list[dict[str, float | str]] = []
    worth = {name: np.zeros(count) for name in names}
    for name in names:
        some = read[name] > 0
        worth[name][some] = saturate(read[name][some], unique[name][some], decay)
    for run in range(count):
        row: dict[str, float | str] = {"params": size[run]}
        for name in names:
            row[f"tokens_{name}"] = read[name][run]
            row[f"unique_tokens_{name}"] = unique[name][run]
        for place, target in enumerate(("cat", "fra")):
            share, row[f"loss_{target}"] = shares[run, place], ""
            if share == 0:
                continue
            data = worth[target][run] + sum(
                tau * worth[pair[:3]][run] for pair, tau in TAUS.items() if pair[4:] == target
            )
            law = TRUTH | {"E": floors[place]}
            loss = law["E"] + law["A"] * share ** -PHIS[target] / size[run] ** law["alpha"]
            loss += law["B"] / data ** law["beta"]
            row[f"loss_{target}"] = loss * np.exp(noise * source.normal())
        rows.append(row)
    return rows


def as_rows(table: list[dict[str, float | str]], keep: tuple[str, ...] = ()) -> Rows:
    """A table as its reader gets it, with the columns ``keep`` or all."""
    header = tuple(keep) or tuple(table[0])
    cells = tuple(
        tuple(text if isinstance(text := row[name], str) else repr(float(text)) for name in header)
        for row in table
    )
    return Rows("runs.csv", header, tuple(range(2, len(cells) + 2)), cells)


def mixture_runs(**made) -> Runs:
    """The runs of :func:`mixture_table`, both targets."""
    return read_targets(as_rows(mixture_table(**made)), Reading("mixing"))
