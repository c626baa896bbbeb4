"""256 draws of an answer, against the same draws solved one by one in plain cvxpy.

    python -m benchmarks.draws            # a few minutes; writes DRAWS.md
    python -m benchmarks.draws --quick    # 32 draws, prints only

The rival is what is usually written: every draw handed to cvxpy with Clarabel, at all tokens and
then in a bounded search over their number by scipy, without any proof over it. Compiling the draw,
and what its guardrails allow, are not counted for it. It solves a few draws, and its time for all
is in proportion.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from cvxpy.error import SolverError
from scipy.optimize import minimize_scalar

from atlasmix.evidence.pools import Pool
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import Outcomes, outcomes
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.worlds import worlds
from atlasmix.report.words import number_text
from atlasmix.solver.compile import Compiled, compile_problem
from atlasmix.solver.engines import violations
from atlasmix.solver.optimise import guard_levels, optimise_problem, token_range
from atlasmix.solver.program import objective, scale
from benchmarks.rivals import Unable, clarabel
from benchmarks.worlds import EUROPE, limited_problem, problem

HERE: Final = Path(__file__).parent
DRAWS: Final = 256
RIVALS_DRAWS: Final = 4
CORES: Final = 2
KEPT: Final = 1e-6
"""Broken limits, in shares, up to which the rival's answer counts."""


@dataclass(frozen=True, slots=True)
class World:
    """A question, and the most seconds that its draws may take on two cores; None: no goal."""

    name: str
    ask: Callable[[], MixProblem]
    most: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One world.

    Attributes:
        name: of the world.
        draws: made.
        wall: seconds on two cores, which others may share.
        cpu: seconds on one, in one process.
        rival: seconds of CPU that the rival would take for as many.
        over: largest objective of ours above the rival's, relative to the reducible part.
        gap: largest certified gap of a draw, over all numbers of tokens.
        worst: most by which this mixture beats the best of a draw, relative; regret is cut there.
        regret: expected, relative to the reducible loss.
        same: whether one process and two gave the same numbers.
        most: seconds allowed, of CPU on each of two cores.
    """

    name: str
    draws: int
    wall: float
    cpu: float
    rival: float
    over: float
    gap: float
    worst: float
    regret: float
    same: bool
    most: float | None


def many_pools() -> MixProblem:
    """Catalan from 100 pools: the web pools of the matrix, each language's cut in two or three."""
    asked = problem(("cat",), 100e9)
    pools: list[Pool] = []
    for place, pool in enumerate(asked.pools):
        parts = 3 if place < 24 else 2
        pools += [
            replace(
                pool,
                name=f"{pool.name}.{part}",
                corpus=f"{pool.corpus}-{part}",
                provenance=("human", "translated", "generated")[part],
                unique_tokens=pool.unique_tokens / parts,
            )
            for part in range(parts)
        ]
    return replace(asked, pools=tuple(pools))


def default_evidence() -> MixProblem:
    """Basque by the default matrix, from all human web pools that it knows."""
    return problem_from_mapping({"targets": "eus"}, Store(None))


WORLDS: Final = (
    World("1x38, Catalan", lambda: problem(("cat",), 100e9), None),
    World("1x38, Yoruba", lambda: problem(("yor",), 300e9), None),
    World("1 x all, Basque", default_evidence, 10.0),
    World("1x100", many_pools, 10.0),
    World("13x38, Europe", lambda: problem(EUROPE, 2e12), None),
    World("38x38", lambda: problem(None, 1e12), 60.0),
    World("34x80-limits", limited_problem, 60.0),
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="32 draws, no file")
    quick = parser.parse_args().quick
    results = []
    for each in WORLDS:
        results.append(measure(each, 32 if quick else DRAWS))
        print(f"{each.name:18} {results[-1].wall:6.1f} s", file=sys.stderr)
    text = document(results)
    print(text)
    if not quick:
        (HERE / "DRAWS.md").write_text(text, encoding="utf-8")


def measure(world: World, draws: int) -> Result:
    """One world, its draws on two cores and on one, and a few by the rival."""
    asked = world.ask()
    mixture = solve(asked)
    tokens = _tokens(mixture)
    begin = time.perf_counter()
    drawn = worlds(asked, draws)
    both = outcomes(drawn, tokens, cores=CORES)
    wall = time.perf_counter() - begin
    spent = time.process_time()
    alone = outcomes(drawn, tokens, cores=1)
    cpu = time.process_time() - spent
    rival, over = _rival(asked, draws)
    return Result(
        world.name,
        draws,
        wall,
        cpu,
        rival,
        over,
        float(((both.best - both.bound) / both.reducible).max()),
        float(((both.best - both.value) / both.reducible).max()),
        float((both.regret / both.reducible).mean()),
        _same(both, alone),
        world.most,
    )


def _tokens(mixture: Mixture) -> np.ndarray:
    return np.array([share.tokens for share in mixture.pools])


def _same(here: Outcomes, there: Outcomes) -> bool:
    return all(
        np.array_equal(getattr(here, name), getattr(there, name))
        for name in ("losses", "value", "best", "bound", "tokens", "kept")
    )


def _rival(asked: MixProblem, draws: int) -> tuple[float, float]:
    """CPU seconds for as many draws by the rival, and how far ours lies above it at most."""
    drawn = worlds(asked, draws)
    spent, over = 0.0, -np.inf
    for draw in np.linspace(0, draws - 1, RIVALS_DRAWS).astype(int).tolist():
        question = drawn.question(draw)
        ours = optimise_problem(question, levels=guard_levels(question))
        ends = token_range(question, compile_problem(question, guard_levels(question)))
        assert ends is not None
        begin = time.process_time()
        theirs = _by_search(question, ours.compiled, max(ends.low, 1e-3 * ends.high), ends.high)
        spent += time.process_time() - begin
        if np.isfinite(theirs):
            over = max(over, (ours.optimum.value - theirs) / scale(ours.compiled.program, theirs))
    return spent / RIVALS_DRAWS * draws, float(over)


def _by_search(question: MixProblem, compiled: Compiled, low: float, high: float) -> float:
    """The rival's best objective within the limits: at all tokens, and over their number."""

    def value(log_tokens: float) -> float:
        program = compiled.at(float(np.exp(log_tokens)), question.params, question).program
        try:
            x = np.clip(clarabel(program), 0.0, program.upper)
        except (Unable, SolverError, RuntimeError):  # it gives up on some draws
            return np.inf
        x = x / x.sum()
        return np.inf if violations(program, x, KEPT) else objective(program, x)

    options: Any = {"maxiter": 12, "xatol": 0.01}
    first, last = float(np.log(low)), float(np.log(high))
    inside: Any = minimize_scalar(value, bounds=(first, last), method="bounded", options=options)
    return min(value(last), float(inside.fun))


def document(results: list[Result]) -> str:
    """The page of results."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "cvxpy"))
    rows = "\n".join(
        f"| {each.name} | {each.cpu:.1f} | {each.cpu / each.draws * 1000:.0f} | "
        f"{each.rival:.0f} | {each.rival / each.cpu:.1f} | {each.over:.1e} | {each.gap:.1e} | "
        f"{each.worst:.1e} | {number_text(100 * each.regret)} % |"
        for each in results
    )
    goals = "\n".join(
        f"| {each.name}: {each.draws} draws within {each.most:g} s on two cores "
        f"| {each.cpu / CORES:.1f} s | {_yes(each.cpu / CORES <= each.most)} |"
        for each in results
        if each.most is not None
    )
    gap, over = max(each.gap for each in results), max(each.over for each in results)
    worst = max(each.worst - each.gap for each in results)
    return f"""\
# Draws of an answer

Written by `python -m benchmarks.draws` from the repository's folder, with the development
environment installed (`--quick` makes 32 draws and writes nothing).

Python {platform.python_version()}, {packages}; {os.cpu_count()} cores, one BLAS thread.
The machine is shared and its speed changes: **read the ratios, not the seconds.** Goals are judged
by the CPU seconds of one process over two cores: the time on the wall is everybody's.

Each draw has transfer weights, exponents, law constants and worths of its own, and is solved over
mixtures and numbers of tokens with a proof. The rival solves the same draws with cvxpy and
Clarabel, at all tokens and in a bounded search of at most 12 steps over their number, without a
proof over it; {RIVALS_DRAWS} of its draws are timed and taken in proportion, the compiling of them
not counted. *above the rival*: our best objective above the rival's, relative to the reducible
part. *beats the best*: most by which the mixture that is tried lies below the best of a draw;
regret is cut at 0 there.

| question | CPU s, one process | ms a draw | CPU s, rival | times faster | \
above the rival | largest gap | beats the best | expected regret |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
{rows}

| goal | reached | |
|---|---|---|
{goals}
| one process and two give the same numbers | | {_yes(all(each.same for each in results))} |
| never above the rival beyond 1e-6 | {over:.1e} | {_yes(over <= 1e-6)} |
| certified gap of every draw at most 1e-4 | {gap:.1e} | {_yes(gap <= 1e-4)} |
| no draw's best is beaten by more than its gap | {worst:.1e} | {_yes(worst <= 0)} |
"""


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


if __name__ == "__main__":
    main()
