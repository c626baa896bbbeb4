"""What makes a question take long: the fit behind ``atlasmix.solver.effort``.

    python -m benchmarks.effort [N]    # N random questions, 160 by default: some five minutes

CPU seconds of an answer with its baselines, as the explorer asks for it, over random questions; a
line through their logarithms. Prints and writes EFFORT.md.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.solver.compute import at_compute

HERE: Final = Path(__file__).parent
QUESTIONS: Final = 160
INVENTORIES: Final = ("web-2026", "web-2026", "fineweb2-2025", "mc4-2020", "finepdfs-2026")
FEATURES: Final = ("targets, power", "pools, power", "worst", "expected", "cautious", "compute")
COLUMNS: Final = (*FEATURES, "max_donors", "limits")


def questions(number: int, store: Store) -> Iterator[dict[str, Any]]:
    """Random questions, the same each time."""
    draw = random.Random(20)
    while number:
        inventory = draw.choice(INVENTORIES)
        scored = set(store.matrix().keys)
        known = [key for key in store.inventory(inventory).languages() if key in scored]
        count = draw.choice((1, 1, 1, 2, 3, 5, 8, 13, 20, 30, 50))
        if count > len(known):
            continue
        targets = draw.sample(known, count)
        asked: dict[str, Any] = {"targets": dict.fromkeys(targets, 1), "inventory": inventory}
        if draw.random() < 0.2:
            asked["compute"] = draw.choice((1e20, 1e22, 1e24))
        else:
            asked["budget"] = draw.choice(("3B", "100B", "1T", "10T"))
            asked["params"] = draw.choice(("300M", "2B", "30B"))
        if draw.random() < 0.4:
            asked["objective"] = draw.choice(("worst", "expected", "cautious"))
        if draw.random() < 0.2:
            asked["max_donors"] = draw.choice((1, 4, 12))
        if draw.random() < 0.3:
            asked["min"] = {targets[0]: draw.choice((0.02, 0.01))}
        number -= 1
        yield asked


def measured(number: int) -> Iterator[tuple[list[float], float]]:
    """Features of a question, and its CPU seconds."""
    store = Store("none")
    at_compute(problem_from_mapping({"targets": "cat"}, store))
    for asked in questions(number, store):
        try:
            begin = time.process_time()
            problem = problem_from_mapping(asked, store)
            sized = at_compute(problem)
            solve(sized)
            compare(sized)
        except AtlasMixError:
            continue
        seconds = time.process_time() - begin
        features = [math.log(len(problem.targets)), math.log(len(problem.pools))]
        features += [float(problem.objective == word) for word in ("worst", "expected", "cautious")]
        features += [float(key in asked) for key in ("compute", "max_donors", "min")]
        yield features, seconds


def document(rows: list[tuple[list[float], float]]) -> str:
    """The fit in Markdown."""
    matrix = np.array([[1.0, *features] for features, _ in rows])
    seconds = np.array([taken for _, taken in rows])
    fit, *_ = np.linalg.lstsq(matrix, np.log(seconds), rcond=None)
    off = np.abs(np.log(seconds) - matrix @ fit)
    lines = [
        "# What makes a question take long",
        "",
        f"Written by `python -m benchmarks.effort` from {len(rows)} random questions: CPU seconds",
        "of an answer with its baselines on one core, a line through logarithms. Factors are",
        "against one budget and the plain mean of losses.",
        "",
        "| what | fit |",
        "|---|--:|",
        f"| seconds of one target, one pool | {math.exp(fit[0]):.3f} |",
        *(
            f"| {name} | {value if 'power' in name else math.exp(value):.2f} |"
            for name, value in zip(COLUMNS, fit[1:], strict=True)
        ),
        "",
        f"Half of the questions lie within a factor of {math.exp(statistics.median(off)):.2f} of",
        f"the fit, nine of ten within {math.exp(np.quantile(off, 0.9)):.2f}. The longest took",
        f"{seconds.max():.0f} s.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write."""
    text = document(list(measured(int(sys.argv[1]) if sys.argv[1:] else QUESTIONS)))
    print(text)
    (HERE / "EFFORT.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
