"""The runs that `learn --next` plans, against a space-filling design and chance, in made worlds.

    python -m benchmarks.planning                  # four minutes of one core; writes PLANNING.md
    python -m benchmarks.planning --quick          # five worlds; prints only
    python -m benchmarks.planning --seeds 900      # other worlds, to try things on; prints only

In every world all three begin with the same dozen runs of a space-filling design. Whatever runs
follow, the law is learned from them anew, and the mixture that it then chooses is judged by the
truth: its regret is what its mean loss lies above the least there is.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.learning import LearnQuestion, learn
from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures, make_mixture_runs
from atlasmix.fitting.rival_laws import FormulaLaw
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.design import DesignQuestion, design
from atlasmix.mixture.learned_answer import MixtureWish, answer, plan
from atlasmix.processes import side_by_side, usable_cores
from benchmarks.coverage import OWN, SETS, SOURCES
from benchmarks.seeds import asked_seeds

Array = NDArray[np.float64]

HERE: Final = Path(__file__).parent
WORLDS: Final = 50
FIRST: Final = 12
COUNTS: Final = (12, 18, 24)
"""Runs at which the law is learned anew: six more, and six more."""
LONGER: Final = (36,)
"""Runs at which a design and chance are looked at too, to see whether they need so many."""
NOISE: Final = 0.03
KINDS: Final = ("mixing", "less of more", "with a remainder", "exponential", "additive")
WAYS: Final = ("planned", "design", "chance")


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A truth: a law, and what no law holds.

    Attributes:
        law: of the losses.
        ways: (F, S) directions of the remainder's waves in the square roots of the shares.
        turns: (F,) where each begins.
        heights: (F, K) of each, in nats.
    """

    law: MixingLaw | FormulaLaw
    ways: Array
    turns: Array
    heights: Array

    def losses(self, weights: Array) -> Array:
        """(n, K) true losses of mixtures (n, S)."""
        names = tuple(str(place) for place in range(len(weights)))
        told = self.law.predict(Mixtures(names, SOURCES, frozen(weights)))
        return np.asarray(told + np.cos(np.sqrt(weights) @ self.ways.T + self.turns) @ self.heights)

    def mean(self, shares: Array) -> float:
        """Mean over the sets at one mixture."""
        return float(self.losses(np.asarray(shares)[None, :]).mean())


def world(seed: int) -> World:
    """The kind goes round with the seed."""
    source, kind = np.random.default_rng(seed), KINDS[seed % len(KINDS)]
    count, sets, waves = len(SOURCES), len(SETS), 200
    common = source.uniform(0.05, 0.5, count)
    worth = common * np.exp(0.4 * source.normal(size=(sets, count)))
    worth[np.arange(4), OWN[:4]] = 1.0
    worth[4] /= worth[4].max()
    floor = source.uniform(1.2, 2.0, sets)
    law: MixingLaw | FormulaLaw
    if kind == "exponential":
        level = np.log(source.uniform(1.5, 3.0, sets))
        constants = np.column_stack([floor, level, -2.5 * worth])
        law = FormulaLaw("exponential", SOURCES, SETS, frozen(constants))
    elif kind == "additive":
        power = source.normal(0.0, 0.5, (sets, count))
        constants = np.column_stack([floor, np.log(1.5 * worth), power])
        law = FormulaLaw("additive", SOURCES, SETS, frozen(constants))
    else:
        law = _mixing(source, worth, floor, 0.6 if kind == "less of more" else 1.0)
    tall = 0.05 * np.sqrt(2.0 / waves) * (kind == "with a remainder")
    return World(
        law,
        ways=source.normal(size=(waves, count)) / 0.5,
        turns=source.uniform(0.0, 2.0 * np.pi, waves),
        heights=tall * source.normal(size=(waves, sets)),
    )


def _mixing(source: np.random.Generator, worth: Array, floor: Array, gamma: float) -> MixingLaw:
    sets, held = len(SETS), OWN >= 0
    return MixingLaw(
        sources=SOURCES,
        sets=SETS,
        own=frozen(OWN),
        floor=frozen(floor),
        capacity=frozen(np.where(held, 0.3, 0.0)),
        phi=frozen(np.where(held, source.uniform(0.2, 0.4, sets), 0.0)),
        least=frozen(np.where(held, 0.01, 0.0)),
        alpha=frozen(np.zeros(sets)),
        data=frozen(source.uniform(0.8, 1.4, sets)),
        background=frozen(np.full(sets, 0.02)),
        worth=frozen(worth),
        beta=frozen(source.uniform(0.2, 0.4, sets)),
        gamma=frozen(np.full(sets, gamma)),
        scale=Scale(0.0, 0.0, 0.0, frozen(np.full(len(SOURCES), np.inf))),
    )


def least_mean(truth: World, starts: Sequence[Array]) -> float:
    """The least mean loss of any mixture: a local search from the best of many, and of those given.

    Where the truth is convex the searches end at one mixture; a remainder may have valleys.
    """
    from scipy.optimize import minimize

    drawn = np.random.default_rng(0).dirichlet(np.full(len(SOURCES), 0.7), 4000)
    tried = np.vstack([drawn, *starts])
    means = truth.losses(tried).mean(axis=1)
    least = float(means.min())
    step = 1e-6 * np.eye(len(SOURCES))

    def slope(shares: Array) -> Array:
        point = np.maximum(shares, 0.0)
        near = truth.losses(np.vstack([point, point + step])).mean(axis=1)
        return np.asarray((near[1:] - near[0]) / 1e-6)

    whole = {"type": "eq", "fun": lambda shares: shares.sum() - 1.0}
    for place in np.argsort(means, kind="stable")[:5]:
        reached = minimize(
            lambda shares: truth.mean(np.maximum(shares, 0.0)),
            tried[place],
            jac=slope,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * len(SOURCES),
            constraints=[whole],
        ).x
        shares = np.maximum(reached, 0.0)
        least = min(least, truth.mean(shares / shares.sum()))
    return least


def made_runs(truth: World, weights: Array, seed: int) -> MixtureRuns:
    """Runs of mixtures; a run has the same noise whoever asked for how many."""
    noise = NOISE * np.random.default_rng(seed).normal(size=(max(*COUNTS, *LONGER), len(SETS)))
    return make_mixture_runs(weights, truth.losses(weights) + noise[: len(weights)], SOURCES, SETS)


def play(seed: int) -> dict[str, dict[int, float]]:
    """Regret in nats by way and number of runs."""
    truth, most = world(seed), max(LONGER)
    even, none = np.full(len(SOURCES), 1 / len(SOURCES)), np.zeros(len(SOURCES))
    spread = design(DesignQuestion(SOURCES, even, most, none, none + 1.0, seed=seed))
    random = np.random.default_rng(seed + 1).dirichlet(np.ones(len(SOURCES)), most)
    chance = np.vstack([spread[:FIRST], random])
    chosen: dict[tuple[str, int], Array] = {}
    for way, table in (("design", spread), ("chance", chance)):
        for count in (*COUNTS[1:], *LONGER):
            chosen[way, count] = _choice(made_runs(truth, table[:count], seed))
    table = spread[:FIRST]
    for now, then in zip(COUNTS, (*COUNTS[1:], 0), strict=True):
        learned = learn(made_runs(truth, table, seed), LearnQuestion(compared=()))
        told = answer(learned, MixtureWish(draws=0))
        chosen["planned", now] = told.mixture.shares
        if then:
            table = np.vstack([table, plan(learned, told, then - now, seed).mixtures])
    chosen["design", FIRST] = chosen["chance", FIRST] = chosen["planned", FIRST]
    least = least_mean(truth, [shares[None, :] for shares in chosen.values()])
    told_of: dict[str, dict[int, float]] = {way: {} for way in WAYS}
    for (way, count), shares in chosen.items():
        told_of[way][count] = truth.mean(shares) - least
    return told_of


def _choice(runs: MixtureRuns) -> Array:
    learned = learn(runs, LearnQuestion(compared=()))
    return np.asarray(answer(learned, MixtureWish(draws=0)).mixture.shares)


def runs_for(curve: dict[int, float], regret: float) -> str:
    """Runs at which a falling curve of regret is as low, the logarithms joined by lines."""
    counts = sorted(curve)
    lowest = np.minimum.accumulate([curve[count] for count in counts])
    if lowest[-1] > regret:
        return f"more than {counts[-1]}"
    place = int(np.argmax(lowest <= regret))
    if place == 0:
        return f"{counts[0]}"
    ends, logs = np.log(counts[place - 1 : place + 1]), np.log(lowest[place - 1 : place + 1])
    part = (logs[0] - np.log(regret)) / (logs[0] - logs[1])
    return f"{np.exp(ends[0] + part * (ends[1] - ends[0])):.0f}"


def page(played: Sequence[dict[str, dict[int, float]]], seeds: Sequence[int], spent: float) -> str:
    """The whole page."""
    table = {
        way: {count: 1000 * np.array([each[way][count] for each in played]) for count in counts}
        for way, counts in (
            ("planned", COUNTS),
            ("design", (*COUNTS, *LONGER)),
            ("chance", (*COUNTS, *LONGER)),
        )
    }
    lines = [
        "# Runs planned next\n",
        "Written by `python -m benchmarks.planning` from the repository's folder, with the",
        "development environment installed.\n",
        f"Python {platform.python_version()}, numpy {version('numpy')}; {spent:.0f} CPU seconds.\n",
        fill(
            f"{len(played)} worlds, seeds {seeds[0]} to {seeds[-1]}: {len(SOURCES)} sources, "
            f"{len(SETS)} losses, noise of {NOISE} nats, {len(KINDS)} kinds of truth in turn "
            f"({', '.join(KINDS)}). All ways begin with the same {FIRST} runs of a space-filling "
            "design. *planned* asks `--next` after every row of the table; *design* goes on with "
            "the design; *chance* draws from all mixtures alike. The law is learned from the runs, "
            "and the mixture that it chooses is judged by the truth. Regret in thousandths of a "
            "nat.",
            100,
        )
        + "\n",
        "| runs | planned, mean | design | chance | planned, median | design | chance "
        "| better than design | better than chance |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for count in COUNTS[1:]:
        ours = table["planned"][count]
        cells = [f"{np.mean(table[way][count]):.2f}" for way in WAYS]
        cells += [f"{np.median(table[way][count]):.2f}" for way in WAYS]
        cells += [
            f"{int(np.sum(ours < table[way][count]))} of {len(ours)}"
            for way in ("design", "chance")
        ]
        lines.append(f"| {count} | {' | '.join(cells)} |")
    before = table["planned"][FIRST]
    lines += [
        f"\nAfter the first {FIRST} runs the regret is {np.mean(before):.2f} in the mean and",
        f"{np.median(before):.2f} in the median, alike for all.\n",
        "## Runs for the same regret\n",
        "What the planned runs reach, and how many runs the others need to reach it (between the",
        "numbers looked at the logarithms are joined by lines).\n",
        "| of the worlds | regret | planned | design | chance |",
        "|---|--:|--:|--:|--:|",
    ]
    for word, of in (("mean", np.mean), ("median", np.median)):
        curves = {
            way: {count: float(of(values)) for count, values in column.items()}
            for way, column in table.items()
        }
        for count in COUNTS[1:]:
            regret = curves["planned"][count]
            cells = [runs_for(curves[way], regret) for way in ("design", "chance")]
            lines.append(f"| {word} | {regret:.2f} | {count} | {' | '.join(cells)} |")
    last = COUNTS[-1]
    lines += [
        f"\n## By the kind of truth, {last} runs\n",
        "| truth | planned, mean | design | chance | better than design | better than chance |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    kinds = np.array([seed % len(KINDS) for seed in seeds])
    for place, kind in enumerate(KINDS):
        here = {way: table[way][last][kinds == place] for way in WAYS}
        cells = [f"{np.mean(values):.2f}" for values in here.values()]
        cells += [
            f"{int(np.sum(here['planned'] < here[way]))} of {len(here[way])}"
            for way in ("design", "chance")
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _timed(seed: int) -> tuple[dict[str, dict[int, float]], float]:
    begin = time.process_time()
    return play(seed), time.process_time() - begin


def main() -> None:
    seeds = asked_seeds(__doc__, WORLDS, len(KINDS))
    played, spent = [], 0.0
    for told, seconds in side_by_side(_timed, seeds, usable_cores()):
        played.append(told)
        spent += seconds
        print(f"{len(played)} of {len(seeds)} worlds", flush=True)
    words = page(played, seeds, spent)
    print(words)
    if seeds == range(WORLDS):
        (HERE / "PLANNING.md").write_text(words, encoding="utf-8")


if __name__ == "__main__":
    main()
