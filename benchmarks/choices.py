"""The mixture that each law chooses, in worlds that the mixing law did not make.

    python -m benchmarks.choices                # five minutes on two cores; writes CHOICES.md
    python -m benchmarks.choices --quick        # three worlds; prints only
    python -m benchmarks.choices --seeds 900    # other worlds, to try things on; prints only

A world is a law of another (exponential, Gaussian process, trees) fitted to runs of RegMix that are
drawn by its seed, and taken for the truth of six of the losses, drawn alike. It is asked for 48
other mixtures of RegMix, with noise, and judges what every law chooses from those runs. Nobody is
told which law it is. Formulas that are convex are minimised exactly, the others searched as their
authors do.
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

from atlasmix.fitting.learning import Law, LearnQuestion, learn
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures
from atlasmix.fitting.mixture_tables import read_mixture_runs
from atlasmix.fitting.rival_laws import FORMULAS, PACKAGES, absent, fit_formula, fit_model
from atlasmix.fitting.run_files import read_run_file
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.learned import ConvexLaw, best_mixture, make_question
from atlasmix.mixture.learned_answer import MixtureWish, answer
from atlasmix.processes import side_by_side, usable_cores
from benchmarks.seeds import asked_seeds

Array = NDArray[np.float64]

HERE: Final = Path(__file__).parent
WORLDS: Final = 50
TRUTHS: Final = ("exponential", "gaussian-process", "lightgbm-small")
BEHIND: Final = 96
"""Runs that a truth is fitted to."""
RUNS: Final = 48
LOSSES: Final = 6
NOISE: Final = 0.02
SEARCHED: Final = 10_000
KEPT: Final = 128
OURS: Final = "atlasmix learn"
BEST_RUN: Final = "the best run"
CONVEX: Final = ("exponential", "additive")
MIXING_ALONE: Final = "the mixing law alone"
TOGETHER: Final = "mean of the three"


def shipped() -> MixtureRuns:
    """RegMix's runs of 1M parameters."""
    return read_mixture_runs([read_run_file("regmix-1m").rows])


def fitted(name: str, runs: MixtureRuns) -> Law:
    """A law of another, fitted to all runs given."""
    if name in FORMULAS:
        return fit_formula(name, runs, np.ones((1, runs.count)))[0]
    return fit_model(name, runs)


def world(seed: int) -> tuple[Law, MixtureRuns, np.random.Generator]:
    """The truth, the runs that it is asked for, and what else is drawn."""
    source, whole = np.random.default_rng(seed), shipped()
    sets = np.sort(source.choice(len(whole.sets), LOSSES, replace=False))
    some = replace(
        whole,
        sets=tuple(whole.sets[place] for place in sets),
        loss=frozen(whole.loss[:, sets]),
        own=frozen(whole.own[sets]),
    )
    order = source.permutation(whole.count)
    truth = fitted(TRUTHS[seed % len(TRUTHS)], some.select(np.sort(order[:BEHIND])))
    few = some.select(np.sort(order[BEHIND : BEHIND + RUNS]))
    clean = truth.predict(few.mixtures)
    noisy = clean + NOISE * source.normal(size=clean.shape)
    return truth, replace(few, loss=frozen(noisy)), source


def mean_loss(law: Law, weights: Array) -> Array:
    """(n,) mean over the losses of mixtures (n, S)."""
    names = tuple(str(place) for place in range(len(weights)))
    return np.asarray(law.predict(Mixtures(names, law.sources, frozen(weights))).mean(axis=1))


def drawn_around(runs: MixtureRuns, source: np.random.Generator) -> Array:
    """Mixtures around the mean of the runs, from near to far."""
    middle = runs.weights.mean(axis=0)
    parts = [source.dirichlet(sharp * middle, SEARCHED // 4) for sharp in (5.0, 20.0, 60.0, 200.0)]
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """The mean of convex laws, which is convex."""

    laws: tuple[ConvexLaw, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        return self.laws[0].sources

    @property
    def sets(self) -> tuple[str, ...]:
        return self.laws[0].sets

    @property
    def least_loss(self) -> Array:
        return np.asarray(np.mean([law.least_loss for law in self.laws], axis=0))

    def at(self, shares: Array) -> tuple[Array, Array]:
        values, slopes = zip(*(law.at(shares) for law in self.laws), strict=True)
        return np.mean(values, axis=0), np.mean(slopes, axis=0)

    def bend(self, shares: Array, weights: Array) -> Array:
        return np.asarray(np.mean([law.bend(shares, weights) for law in self.laws], axis=0))

    def predict(self, mixtures: Mixtures) -> Array:
        return np.asarray(np.mean([law.predict(mixtures) for law in self.laws], axis=0))


def exactly(law: object) -> Array:
    """The mixture of least mean loss by a convex law."""
    return best_mixture(make_question(cast(ConvexLaw, law)), ranges=False).shares


def chosen_by_all(runs: MixtureRuns, tried: Array) -> dict[str, Array]:
    """By law and way: the mixture that it chooses."""
    learned = learn(runs, LearnQuestion(compared=CONVEX))
    laws = {judged.name: judged.law for judged in learned.judged}
    chosen = {
        OURS: answer(learned, MixtureWish(draws=0)).mixture.shares,
        BEST_RUN: runs.weights[int(np.argmin(runs.loss.mean(axis=1)))],
        **{f"{name}, exact": exactly(laws[name]) for name in CONVEX},
    }
    for name in ("exponential", "gaussian-process"):
        law = laws[name] if name in laws else fitted(name, runs)
        chosen[f"{name}, best of many"] = tried[int(np.argmin(mean_loss(law, tried)))]
    for name in ("lightgbm", "lightgbm-small"):
        best = np.argsort(mean_loss(fitted(name, runs), tried), kind="stable")[:KEPT]
        chosen[f"{name}, mean of {KEPT} best"] = tried[best].mean(axis=0)
    alone = learn(runs, LearnQuestion(law="mixing", compared=()))
    chosen[MIXING_ALONE] = answer(alone, MixtureWish(draws=0)).mixture.shares
    chosen[TOGETHER] = exactly(Mean(tuple(cast(ConvexLaw, law) for law in laws.values())))
    return chosen


def play(seed: int) -> tuple[dict[str, float], float]:
    """Regret of every choice in nats, and CPU seconds."""
    begin = time.process_time()
    truth, runs, source = world(seed)
    tried = drawn_around(runs, source)
    chosen = chosen_by_all(runs, tried)
    losses = mean_loss(truth, np.array(list(chosen.values())))
    least = min(float(losses.min()), float(mean_loss(truth, tried).min()))
    if TRUTHS[seed % len(TRUTHS)] in FORMULAS:
        least = float(mean_loss(truth, exactly(truth)[None, :])[0])
    regret = dict(zip(chosen, (losses - least).tolist(), strict=True))
    return regret, time.process_time() - begin


def page(played: list[dict[str, float]], first: int, spent: float) -> str:
    """The whole page."""
    kinds = np.array([(first + place) % len(TRUTHS) for place in range(len(played))])
    regret = {name: 1000 * np.array([each[name] for each in played]) for name in played[0]}
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "lightgbm")
    )
    of = "; ".join(f"{name}: {int(np.sum(kinds == at))}" for at, name in enumerate(TRUTHS))
    lines = [
        "# The mixtures that laws choose\n",
        "Written by `python -m benchmarks.choices` from the repository's folder, with the",
        "development environment and the extra `learn` installed.\n",
        f"Python {platform.python_version()}, {versions}; {spent:.0f} CPU seconds.\n",
        fill(
            f"{len(played)} worlds, seeds {first} to {first + len(played) - 1}, none made from the "
            f"mixing law ({of}). Each is a law fitted to {BEHIND} runs of RegMix and taken for the "
            f"truth of {LOSSES} of its 13 losses; {RUNS} other mixtures of RegMix are the runs, "
            f"with noise of {NOISE} nats. Regret in thousandths of a nat: the true mean loss of "
            f"the mixture chosen less the least known ({SEARCHED:,} mixtures around the runs, and "
            "all choices; the formula is minimised). *atlasmix learn* chooses among the mixing "
            "law, exponential and additive by held-out runs, and mixes in no more of a source than "
            "twice what a run read. *exact*: by the barrier method, as far as the law goes; *best "
            "of many* and *mean of the best*: of those mixtures, as data mixing laws and RegMix "
            "search theirs. *mean of the three*: of the mixing law, exponential and additive, "
            "minimised; over seeds 900 to 947 it is no better (median 9.9 against 10.0 of ours, "
            "mean 15.5 against 15.2; weighed by errors of held-out runs, median 8.9 to 12.8), and "
            "it is no law that a solve takes, so one law answers. *ours is better*: worlds in "
            "which *atlasmix learn* has the lower regret.",
            100,
        )
        + "\n",
        "| choice | median | mean | ours is better | ours less this, median | "
        + " | ".join(f"{name}, median" for name in TRUTHS)
        + " |",
        f"|---|{'--:|' * (4 + len(TRUTHS))}",
    ]
    for name, values in regret.items():
        apart = regret[OURS] - values
        cells = [f"{np.median(values):.1f}", f"{np.mean(values):.1f}"]
        if name == OURS:
            cells += ["", ""]
        else:
            cells += [f"{int(np.sum(apart < 0))} of {len(values)}", f"{np.median(apart):+.1f}"]
        cells += [f"{np.median(values[kinds == at]):.1f}" for at in range(len(TRUTHS))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    seeds = asked_seeds(__doc__, WORLDS, len(TRUTHS))
    for name in PACKAGES:
        if absent(name):
            raise SystemExit(f"{name} needs {absent(name)}: pip install 'atlasmix[learn]'")
    played, spent = [], 0.0
    for regret, seconds in side_by_side(play, seeds, usable_cores()):
        played.append(regret)
        spent += seconds
        print(f"{len(played)} of {len(seeds)} worlds", flush=True)
    words = page(played, seeds.start, spent)
    print(words)
    if seeds == range(WORLDS):
        (HERE / "CHOICES.md").write_text(words, encoding="utf-8")


if __name__ == "__main__":
    main()
