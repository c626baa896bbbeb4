"""Runs of mixtures of three languages under a known law, and the file of the law they teach."""

from __future__ import annotations

from functools import cache

import numpy as np

from atlasmix.fitting.law_file import law_mapping, law_text
from atlasmix.fitting.learning import LearnQuestion, learn
from atlasmix.fitting.mixture_tables import read_mixture_runs
from atlasmix.fitting.solving_law import solving_draws
from atlasmix.io.tables import read_rows, to_csv

NAMES = ("cat", "eng", "spa")
TAU = np.array([[1.0, 0.10, 0.40], [0.05, 1.0, 0.10], [0.30, 0.15, 1.0]])
DRAWS = 6


@cache
def run_table(count: int = 60, joint: bool = True, names: tuple[str, ...] = NAMES) -> bytes:
    """A table of runs with a little noise, as ``learn`` reads it.

    Args:
        count: of runs.
        joint: whether they differ in parameters and in tokens; else all are of one size.
        names: of sources and sets.
    """
    source = np.random.default_rng(1)
    weights = source.dirichlet(np.ones(3), count)
    params = source.choice([1e8, 4e8, 1e9, 3e9], count) if joint else np.full(count, 1e9)
    tokens = 10 ** source.uniform(9.7, 11, count) if joint else np.full(count, 2e10)
    lost = 0.3 * (params[:, None] / 1e9) ** -0.33 * (0.02 + 0.98 * weights) ** -0.15
    taught = 0.9 * (weights @ TAU.T * tokens[:, None] / 2e10) ** -0.3
    loss = np.array([1.9, 1.6, 1.7]) + lost + taught + 0.003 * source.normal(size=(count, 3))
    header = ("run", "params", "tokens", *(f"w_{n}" for n in names), *(f"loss_{n}" for n in names))
    rows = tuple(
        (f"r{place}", *(repr(float(cell)) for cell in row))
        for place, row in enumerate(np.column_stack([params, tokens, weights, loss]))
    )
    return to_csv(header, rows)


@cache
def law_file(joint: bool = True, for_solve: bool = True) -> bytes:
    """The file that ``learn`` saves of those runs."""
    runs = read_mixture_runs([read_rows(run_table(joint=joint), "runs.csv")])
    learned = learn(runs, LearnQuestion(compared=(), for_solve=for_solve))
    drawn = solving_draws(learned, DRAWS, 0)
    return law_text(law_mapping(learned, "mine", [("runs.csv", "0" * 64)], drawn)).encode()
