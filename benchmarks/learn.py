"""Laws of the loss of a mixture on RegMix's runs: how well each ranks mixtures it never saw.

    python -m benchmarks.learn            # half an hour; writes LEARN.md
    python -m benchmarks.learn --quick    # two subsamples, no trees and no process; prints only

Fitted to 24, 48 and 96 of the 512 runs at 1M parameters (ten subsamples by seed) and to all of
them; judged on the 256 test runs of the same size, which nothing is tuned on. CPU seconds of this
process, of one core each.

A second table asks what each law is for: the mixture that it chooses, in worlds where the truth is
known. A world is a law of another fitted to all 512 runs (exponential, additive, trees, a Gaussian
process): it is asked for 48 of their mixtures, with noise, and judges the mixtures that are chosen
from them. Nobody is told which law it is.
"""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.fitting.learning import Law, LearnQuestion, learn, ranks_of
from atlasmix.fitting.mixing_fit import Form, Shape, fit_mixing
from atlasmix.fitting.mixing_law import one_mixture
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures
from atlasmix.fitting.mixture_tables import read_mixture_runs
from atlasmix.fitting.rival_laws import FORMULAS, RIVALS, absent, fit_formula, fit_model
from atlasmix.fitting.run_files import read_run_file
from atlasmix.mixture.learned import best_mixture, make_question

HERE: Final = Path(__file__).parent
FORMS: Final[dict[str, Form]] = {"mixing, γ = 1": "own share", "mixing, τ alone": "transfer"}
COUNTS: Final = (24, 48, 96, 512)
SUBSAMPLES: Final = 10
WORLD_COUNT: Final = 20


def shipped(name: str) -> MixtureRuns:
    return read_mixture_runs([read_run_file(name).rows])


def predicted(name: str, runs: MixtureRuns, test: MixtureRuns) -> np.ndarray:
    """Losses of the test mixtures by one law; ``mixing`` is what ``learn`` chooses."""
    if name == "mixing":
        return learn(runs, LearnQuestion(compared=())).law.predict(test.mixtures)
    if name in FORMS:
        shape = Shape(FORMS[name], 0.2)
        return fit_mixing(runs, shape).law(runs).predict(test.mixtures)
    if name in FORMULAS:
        law = fit_formula(name, runs, np.ones((1, runs.count)))[0]
        return law.predict(test.mixtures)
    return fit_model(name, runs).predict(test.mixtures)


def measure(name: str, count: int, subsamples: int) -> tuple[list[float], list[float], float]:
    """Mean rank correlation and mean squared error of each subsample, and CPU seconds of one."""
    whole, test = shipped("regmix-1m"), shipped("regmix-1m-test")
    ranks, errors, begin = [], [], time.process_time()
    seeds = range(subsamples if count < whole.count else 1)
    for seed in seeds:
        chosen = np.random.default_rng(seed).choice(whole.count, count, replace=False)
        losses = predicted(name, whole.select(np.sort(chosen)), test)
        ranks.append(float(ranks_of(test, losses).mean()))
        errors.append(float(np.mean((losses - test.loss) ** 2)))
    return ranks, errors, (time.process_time() - begin) / len(ranks)


WORLDS: Final = ("exponential", "additive", "lightgbm-small", "gaussian-process")
CHOICES: Final = ("mixing", "exponential", "additive", "lightgbm-small, searched")
NOISE: Final = 0.02
SEARCHED: Final = 20_000


def world(name: str) -> Law:
    """A law of all runs, taken for the truth."""
    whole = shipped("regmix-1m")
    if name in FORMULAS:
        return fit_formula(name, whole, np.ones((1, whole.count)))[0]
    return fit_model(name, whole)


def searched(runs: MixtureRuns, source: np.random.Generator) -> np.ndarray:
    """RegMix's way: trees, and the mean of the 128 best of many mixtures drawn around the runs."""
    model = fit_model("lightgbm-small", runs)
    middle = runs.weights.mean(axis=0)
    parts = [source.dirichlet(sharp * middle, SEARCHED // 4) for sharp in (5.0, 20.0, 60.0, 200.0)]
    drawn = np.concatenate(parts)
    tried = Mixtures(("",) * len(drawn), runs.sources, drawn)
    best = np.argsort(model.predict(tried).mean(axis=1), kind="stable")[:128]
    return drawn[best].mean(axis=0)


def gains(name: str, worlds: int) -> dict[str, list[float]]:
    """By choice: what the mixture chosen gains in truth over the best of the runs, by world."""
    truth, whole = world(name), shipped("regmix-1m")
    gained: dict[str, list[float]] = {choice: [] for choice in CHOICES}
    for seed in range(worlds):
        source = np.random.default_rng(seed)
        few = whole.select(np.sort(source.choice(whole.count, 48, replace=False)))
        clean = truth.predict(few.mixtures)
        runs = replace(few, loss=clean + NOISE * source.normal(size=clean.shape))
        best = clean[int(np.argmin(runs.loss.mean(axis=1)))].mean()
        learned = learn(runs, LearnQuestion(compared=("exponential", "additive")))
        shares = {
            judged.name: best_mixture(make_question(judged.law), ranges=False).shares
            for judged in learned.judged
        }
        shares["lightgbm-small, searched"] = searched(runs, source)
        for choice, mixture in shares.items():
            loss = truth.predict(one_mixture(runs.sources, mixture)).mean()
            gained[choice].append(float(best - loss))
    return gained


def fit_seconds() -> float:
    """CPU seconds of one fit of all 13 losses from 512 runs."""
    whole = shipped("regmix-1m")
    begin = time.process_time()
    fit_mixing(whole, Shape())
    return time.process_time() - begin


def page(lines: list[str], chosen: list[str], seconds: float) -> str:
    import scipy

    head = f"""\
# Laws learned from RegMix's runs

Written by `python -m benchmarks.learn` from the repository's folder, with the development
environment and the extra `learn` installed (`--quick` takes two subsamples and writes nothing).

Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, \
scikit-learn {version("scikit-learn")}, LightGBM {version("lightgbm")}; one core.
The machine is shared and its speed changes: **read the ratios, not the seconds.**

512 mixtures of 17 domains, 13 losses, models of 1M parameters (`data/runs/regmix-1m.csv`); judged
on 256 test mixtures of the same size. Ten subsamples by seed where fewer runs are fitted. *rank* is
Spearman's correlation of predicted and measured loss, the mean over the 13 losses; *worst* the
lowest of the subsamples. `mixing` is what `atlasmix learn` answers with: form and strength chosen
on runs held out, whose seconds are counted; the two forms of it below are held at one strength. One
fit alone of all 13 losses from 512 runs takes {seconds:.2f} CPU seconds.

| law | runs | rank | worst | squared error | CPU s |
|---|--:|--:|--:|--:|--:|
"""
    tail = """
RegMix's trees split no fewer than 20 runs, so 24 runs give them a constant. A law that wins within
one size need not at another, and these runs of one size cannot show it.
"""
    asked = f"""
## The mixtures that they choose

A world is a law of another fitted to all 512 runs and taken for the truth; 48 of the mixtures are
its runs, with noise of {NOISE} nats. The gain is the true mean loss of the best run less that of
the mixture chosen, in nats, median over {WORLD_COUNT} worlds; in brackets in how many the mixture
is better than the best run. The formulas are minimised exactly; *searched* is RegMix's way, the
mean of the 128 best of {SEARCHED:,} mixtures by the trees.

| truth | {" | ".join(CHOICES)} |
|---|{"--:|" * len(CHOICES)}
"""
    return head + "\n".join(lines) + "\n" + tail + asked + "\n".join(chosen) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    names = ["mixing", *FORMS, *(FORMULAS if quick else RIVALS)]
    lines = []
    for name in names:
        if absent(name):
            raise SystemExit(f"{name} needs {absent(name)}: pip install 'atlasmix[learn]'")
        for count in COUNTS:
            ranks, errors, seconds = measure(name, count, 2 if quick else SUBSAMPLES)
            line = (
                f"| {name} | {count} | {np.mean(ranks):.3f} | {min(ranks):.3f} | "
                f"{np.mean(errors):.4f} | {seconds:.2f} |"
            )
            print(line, flush=True)
            lines.append(line)
    chosen = []
    for name in ("exponential", "additive") if quick else WORLDS:
        cells = []
        for gained in gains(name, 2 if quick else WORLD_COUNT).values():
            better = sum(gain > 0 for gain in gained)
            cells.append(f"{np.median(gained):+.4f} ({better})")
        chosen.append(f"| {name} | {' | '.join(cells)} |")
        print(chosen[-1], flush=True)
    if not quick:
        (HERE / "LEARN.md").write_text(page(lines, chosen, fit_seconds()), encoding="utf-8")


if __name__ == "__main__":
    main()
