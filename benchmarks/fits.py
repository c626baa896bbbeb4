"""Fitting a law against plain scipy from a grid of 4,500 starts without gradients, in one run.

    python -m benchmarks.fits            # half an hour or more; writes FITS.md
    python -m benchmarks.fits --quick    # every 50th start of the rival, prints only

The rival is what is usually written: the grid of Hoffmann et al. 2022 (their section D.2), one
``scipy.optimize.minimize`` with L-BFGS-B a start, derivatives by finite differences.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.fitting.certainty import bootstrap
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.forms import huber
from atlasmix.fitting.runs import Runs, make_runs
from atlasmix.fitting.tables import Reading, parse_filter, read_runs
from atlasmix.io.files import read_file
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import read_rows

HERE: Final = Path(__file__).parent
GRID: Final = (
    np.arange(0.0, 26.0, 5.0),
    np.arange(0.0, 26.0, 5.0),
    np.arange(-1.0, 1.1, 0.5),
    np.arange(0.0, 2.1, 0.5),
    np.arange(0.0, 2.1, 0.5),
)
"""log A, log B, log E, α and β: 4,500 starts."""

RESAMPLES: Final = 200


@dataclass(frozen=True, slots=True)
class Result:
    """One problem: objectives and CPU seconds of both, and of our bootstrap."""

    name: str
    runs: int
    ours: float
    seconds: float
    theirs: float
    rival_seconds: float
    starts: int
    near: int
    resamples: float


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every 50th start of the rival")
    stride = 50 if parser.parse_args().quick else 1
    results = [_compare(name, make(), stride) for name, make in WORLDS.items()]
    text = document(results)
    print(text)
    if stride == 1:
        (HERE / "FITS.md").write_text(text, encoding="utf-8")


def open_lm() -> Runs:
    """104 public runs of Gadre et al. 2024, those on C4."""
    path = data_folder() / "runs" / "openlm-104.csv"
    where = (parse_filter("train_set=c4_original"),)
    how = Reading(columns=(("loss", "loss_c4_val"),), where=where)
    return read_runs(read_rows(read_file(path, 10**7), path.name), how)


def made() -> Runs:
    """240 runs of known constants with 1 % noise and ten diverged ones, from a seed."""
    source = np.random.default_rng(0)
    size, read = 10 ** source.uniform(7.5, 10, 240), 10 ** source.uniform(9, 12, 240)
    loss = 1.82 + 482 / size**0.348 + 2085 / read**0.366
    loss *= np.exp(0.01 * source.normal(size=240))
    loss[:10] *= 1.5
    return make_runs(size, read, loss)


WORLDS: Final[dict[str, Callable[[], Runs]]] = {
    "public: OpenLM on C4": open_lm,
    "made: 240 runs, 1 % noise, 10 diverged": made,
}


def _compare(name: str, runs: Runs, stride: int) -> Result:
    begin = time.process_time()
    found = fit(runs, FitQuestion())
    seconds = time.process_time() - begin
    begin = time.process_time()
    bootstrap(found, RESAMPLES, cores=1)
    resamples = time.process_time() - begin
    begin = time.process_time()
    values = rival(runs, stride)
    spent = time.process_time() - begin
    near = int(np.sum(values <= min(values.min(), found.objective) * (1 + 1e-6)))
    return Result(
        name,
        runs.count,
        found.objective,
        seconds,
        float(values.min()),
        spent,
        len(values),
        near,
        resamples,
    )


def rival(runs: Runs, stride: int) -> np.ndarray:
    """The objective that each start of the grid reaches."""
    from scipy.optimize import minimize

    size, read, loss = np.log(runs.params), np.log(runs.tokens), np.log(runs.loss)

    def objective(theta: np.ndarray) -> float:
        a, b, e, alpha, beta = theta
        with np.errstate(all="ignore"):
            parts = np.logaddexp(np.logaddexp(a - alpha * size, b - beta * read), e)
            return float(np.sum(huber(parts - loss)))

    starts = list(product(*GRID))[::stride]
    return np.array([minimize(objective, start, method="L-BFGS-B").fun for start in starts])


def document(results: list[Result]) -> str:
    """The results in Markdown."""
    lines = [
        "# Fits against a grid of starts",
        "",
        "Written by `python -m benchmarks.fits` from the repository's folder, with the development",
        "environment installed (`--quick` takes every 50th start of the rival and writes nothing).",
        "",
        f"Python {platform.python_version()}, numpy {version('numpy')}, scipy {version('scipy')}; "
        "one core each.",
        "The machine is shared and its speed changes: **read the ratios, not the seconds.**",
        "",
        "Both minimise the same sum of Huber terms (delta 0.001, log loss) of Hoffmann's law. The "
        "rival is",
        "`scipy.optimize.minimize` (L-BFGS-B, finite differences) from each of the 4,500 starts of",
        "Hoffmann et al. 2022; AtlasMix descends from 24 starts at once with exact derivatives.",
        "",
        "| runs | objective, AtlasMix | objective, rival | CPU s, AtlasMix | CPU s, rival | times "
        "faster | starts of the rival within 1e-6 of the best | CPU s of 200 resamples, AtlasMix |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in results:
        lines.append(
            f"| {one.name} ({one.runs}) | {one.ours:.10g} | {one.theirs:.10g} | "
            f"{one.seconds:.2f} | {one.rival_seconds:.0f} | "
            f"{one.rival_seconds / one.seconds:,.0f} | {one.near} of {one.starts:,} | "
            f"{one.resamples:.1f} |"
        )
    equal = all(one.ours <= one.theirs * (1 + 1e-9) for one in results)
    fast = all(one.rival_seconds >= 10 * one.seconds for one in results)
    lines += [
        "",
        "| goal | |",
        "|---|---|",
        f"| objective equal (1e-9) or lower | {'yes' if equal else '**no**'} |",
        f"| at least 10 times faster | {'yes' if fast else '**no**'} |",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
