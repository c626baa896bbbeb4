"""Whether nine of ten intervals of a learned law's constants hold the constant that made the runs.

    python -m benchmarks.coverage                # three minutes on two cores; writes COVERAGE.md
    python -m benchmarks.coverage --quick        # four worlds of each kind; prints only
    python -m benchmarks.coverage --seeds 900    # other worlds, to try things on; prints only

Runs of several sizes are made from a known law, the law is learned from them as a user learns it,
and its draws say how sure each constant is. Where the truth is drawn from what is expected before
any run is seen, intervals of an exact posterior hold it as often as they say (simulation-based
calibration, Talts et al. 2018, arXiv 1804.06788). Where it is drawn elsewise, so do those of what
the runs tell, and those of what they leave open are only as good as what was expected.
"""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.learning import LearnQuestion, draw_laws, learn
from atlasmix.fitting.mixing_draws import TOLD, posterior_of
from atlasmix.fitting.mixing_fit import scale_of
from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.mixture_runs import MixtureRuns, make_mixture_runs
from atlasmix.fitting.runs import frozen
from atlasmix.processes import side_by_side, usable_cores
from benchmarks.seeds import asked_seeds

Array = NDArray[np.float64]

HERE: Final = Path(__file__).parent
WORLDS: Final = 50
COUNTS: Final = (30, 60, 120)
"""Runs of a world, in turn."""
DRAWS: Final = 64
NOISE: Final = 0.01
INTERVAL: Final = 0.9
SOURCES: Final = ("web", "code", "books", "math", "news", "chat")
SETS: Final = ("web", "code", "books", "math", "quiz")
"""The last has no source of its own."""
OWN: Final = np.array([0, 1, 2, 3, -1])
KINDS: Final = ("as a solve takes it", "as expected", "elsewise")
PLACES: Final = {"E": 0, "A": 4, "φ": 5, "α": 7, "β": 2}
"""Place of each constant among the coordinates of a fit, less the sources where it follows τ."""


def truth_of(kind: str, scale: Scale, source: np.random.Generator) -> MixingLaw:
    """A law: its constants drawn as a fit expects them, or evenly from ranges of their own."""
    sets, count, held = len(SETS), len(SOURCES), OWN >= 0

    def around(middle: float, centre: float, apart: float) -> Array:
        return middle * np.exp(centre * source.normal() + apart * source.normal(size=sets))

    if kind == "elsewise":
        common = source.uniform(0.05, 0.5, count)
        worth = common * np.exp(0.4 * source.normal(size=(sets, count)))
        floor, data = source.uniform(1.2, 2.0, sets), source.uniform(0.5, 1.4, sets)
        capacity, phi = source.uniform(0.1, 0.5, sets), source.uniform(0.1, 0.6, sets)
        alpha, beta = source.uniform(0.2, 0.5, sets), source.uniform(0.15, 0.45, sets)
        least, any_token = np.full(sets, 0.01), np.full(sets, 0.02)
    else:
        roots = 0.4 + 0.3 * source.normal(size=count) + 0.2 * source.normal(size=(sets, count))
        worth = roots**2
        floor, data = around(1.5, 0.0, 0.4), around(1.0, 0.0, 0.7)
        capacity, phi = 0.3 * source.normal(size=sets) ** 2, around(0.3, 0.0, 0.5)
        alpha, beta = around(0.3, 0.4, 0.4), around(0.3, 0.6, 0.6)
        least, any_token = around(0.01, 0.0, 1.0), around(0.02, 1.0, 1.0)
    worth[np.flatnonzero(held), OWN[held]] = 1.0
    worth[~held] /= worth[~held].max(axis=1, keepdims=True)
    return MixingLaw(
        sources=SOURCES,
        sets=SETS,
        own=frozen(OWN),
        floor=frozen(floor),
        capacity=frozen(capacity),
        phi=frozen(np.where(held, phi, 0.0)),
        least=frozen(np.where(held, least, 0.0)),
        alpha=frozen(alpha),
        data=frozen(data),
        background=frozen(any_token * (kind != "as a solve takes it")),
        worth=frozen(worth),
        beta=frozen(beta),
        gamma=frozen(np.ones(sets)),
        scale=scale,
    )


def made_runs(kind: str, count: int, source: np.random.Generator) -> tuple[MixingLaw, MixtureRuns]:
    """A law, and runs of it of four sizes that read 5 to 100 billion tokens."""
    weights = source.dirichlet(np.full(len(SOURCES), 0.6), count)
    params, tokens = (
        source.choice([1e8, 4e8, 1e9, 3e9], count),
        10 ** source.uniform(9.7, 11, count),
    )
    empty = make_mixture_runs(weights, np.ones((count, len(SETS))), SOURCES, SETS, params, tokens)
    truth = truth_of(kind, scale_of(empty), source)
    clean = truth.predict(empty.mixtures)
    noisy = clean + NOISE * source.normal(size=clean.shape)
    return truth, replace(empty, loss=frozen(noisy))


def worth(law: MixingLaw) -> Array:
    """(K, S) of a token of each source, what any token is worth included, as a solve counts it."""
    return np.asarray((law.worth + law.background[:, None]) / (1.0 + law.background[:, None]))


def constants(law: MixingLaw) -> dict[str, Array]:
    """The constants looked at, of the sets with a source of their own."""
    held = law.own >= 0
    columns = (law.floor, law.capacity, law.phi, law.alpha, law.beta)
    donors = np.ones(law.worth.shape, dtype=bool)
    donors[held, law.own[held]] = False
    named = {name: column[held] for name, column in zip(PLACES, columns, strict=True)}
    return {**named, "τ": worth(law)[held][donors[held]]}


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One kind of constant in one world.

    Attributes:
        inside: whether each interval holds the truth.
        told: whether the runs tell it.
        width: of the intervals, in the constant's unit.
    """

    inside: NDArray[np.bool_]
    told: NDArray[np.bool_]
    width: Array


def play(asked: tuple[str, int]) -> tuple[dict[str, Held], float]:
    """What the intervals of one world hold, and CPU seconds."""
    kind, seed = asked
    begin = time.process_time()
    source = np.random.default_rng([seed, KINDS.index(kind)])
    truth, runs = made_runs(kind, COUNTS[seed % len(COUNTS)], source)
    question = LearnQuestion(compared=(), for_solve=kind == "as a solve takes it")
    learned = learn(runs, question)
    laws = [constants(cast(MixingLaw, law)) for law in draw_laws(learned, DRAWS, seed)]
    left = posterior_of(runs, learned.shape, learned.scale).open[OWN >= 0]
    roots = left[:, 4 : 4 + len(SOURCES)]
    donors = OWN[OWN >= 0][:, None] != np.arange(len(SOURCES))
    result = {}
    for name, true in constants(truth).items():
        drawn = np.array([law[name] for law in laws])
        low, high = ends(drawn)
        place = PLACES.get(name, 0) + (len(SOURCES) if PLACES.get(name, 0) >= 4 else 0)
        told = left[:, place] if name in PLACES else roots[donors]
        result[name] = Held((low <= true) & (true <= high), told <= TOLD, high - low)
    return result, time.process_time() - begin


def ends(drawn: Array) -> Array:
    """(2, …) ends of the interval that a new draw falls into nine times of ten."""
    tails = [(1.0 - INTERVAL) / 2, (1.0 + INTERVAL) / 2]
    return np.asarray(np.quantile(drawn, tails, axis=0, method="weibull"))


def page(played: dict[str, list[dict[str, Held]]], first: int, spent: float) -> str:
    """The whole page."""
    count = len(next(iter(played.values())))
    lines = [
        "# What intervals of learned constants hold\n",
        "Written by `python -m benchmarks.coverage` from the repository's folder, with the",
        "development environment installed.\n",
        f"Python {platform.python_version()}, numpy {version('numpy')}; {spent:.0f} CPU seconds.\n",
        fill(
            f"{count} worlds of each kind, seeds {first} to {first + count - 1}: {len(SOURCES)} "
            f"sources, {len(SETS)} losses, {', '.join(map(str, COUNTS))} runs in turn, of four "
            f"sizes that read 5 to 100 billion tokens, noise of {NOISE} nats. The law is learned "
            f"as `atlasmix learn` does and drawn {DRAWS} times; the interval of a constant is the "
            f"middle {INTERVAL:.0%} of its draws. *told*: the runs leave it open by less than half "
            "of what was open before; *hardly*: by more, so that its interval is mostly what was "
            "expected. τ is the worth of a token of a donor with what any token is worth, as a "
            "solve counts it.",
            100,
        )
        + "\n",
    ]
    words = {
        "as a solve takes it": "Truth drawn from what is expected, ε = 0, learned with "
        "`--for-solve`: exact intervals would hold 90 % of all, told or not.",
        "as expected": "Truth drawn from what is expected, with a worth of any token (ε).",
        "elsewise": "Truth drawn evenly from ranges of its own: intervals of what is hardly "
        "told hold as much as what is expected is right.",
    }
    for kind, worlds in played.items():
        lines += [
            f"## Truth {kind}\n",
            f"{words[kind]}\n",
            "| constant | all | told | of | width | hardly | of |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        for name in worlds[0]:
            inside = np.concatenate([each[name].inside for each in worlds])
            told = np.concatenate([each[name].told for each in worlds])
            width = np.concatenate([each[name].width for each in worlds])
            cells = [f"{inside.mean():.1%}"]
            for some in (told, ~told):
                cells += [f"{inside[some].mean():.1%}" if some.any() else "–", f"{some.sum()}"]
            middle = f"{np.median(width[told]):.3f}" if told.any() else "–"
            cells.insert(3, middle)
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    seeds = asked_seeds(__doc__, WORLDS, 4)
    worlds = [(kind, seed) for seed in seeds for kind in KINDS]
    played: dict[str, list[dict[str, Held]]] = {kind: [] for kind in KINDS}
    spent = 0.0
    for (kind, _), (told, seconds) in zip(
        worlds, side_by_side(play, worlds, usable_cores()), strict=True
    ):
        played[kind].append(told)
        spent += seconds
    words = page(played, seeds.start, spent)
    print(words)
    if seeds == range(WORLDS):
        (HERE / "COVERAGE.md").write_text(words, encoding="utf-8")


if __name__ == "__main__":
    main()
