"""The results in Markdown: what was run, the goals, a table a world."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from benchmarks.tokens import Searched
    from benchmarks.worlds import World

OURS: Final = "AtlasMix"
PACKAGES: Final = ("numpy", "scipy", "cvxpy", "clarabel", "scs")

_HEAD: Final = """\
# The solver against its rivals

Written by `python -m benchmarks.solvers --limit {seconds:g}` from the repository's folder, with the
development environment installed (`--quick` runs the worlds of up to 600 pools and writes nothing).
How long whole commands take: [STARTUP.md](STARTUP.md).

{versions}; one BLAS thread.

Every method minimises the same Σ w (A/N^α m^-φ + B/T^β y^-β) at a fixed number of tokens T in a
process of its own: at most {seconds:g} s of CPU time and {memory:g} GiB. Imports are not timed. A
method over a limit is not run on larger worlds.
The machine is shared and its speed changes from minute to minute: **read the ratios, not the
seconds**, and a ratio near 1 as equal.

- *above best*: objective (the reducible loss) above the best any method reached, relative, after
  the answer was moved inside its box. Answers that break a limit by more than 1e-7 set no best.
- *certified gap*: how far the answer can be from the optimum at most, relative, by one and the
  same proof for all (`benchmarks/judge.py`).
- *CPU ratio*: CPU time against AtlasMix.
- *broken by*: the largest limit broken before the answer was moved inside, in shares of the tokens.

cvxpy is given powers as exp(-β log x): its own `power` takes many times as long.
"""


def document(
    judged: Sequence[tuple[World, dict[str, Any]]],
    searched: dict[str, Searched],
    seconds: float,
    memory: float,
) -> str:
    """The whole report.

    Args:
        judged: runs and verdicts of every world.
        searched: the search over the number of tokens by question.
        seconds, memory: the limits of one solve.
    """
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    head = _HEAD.format(
        versions=f"Python {platform.python_version()}, {versions}", seconds=seconds, memory=memory
    )
    parts = [head, _goals(judged, searched)]
    if searched:
        parts.append(_searches(searched))
    return "\n".join([*parts, *(_section(world, told) for world, told in judged)])


_SEARCH: Final = """\
## The search over the number of tokens

The whole answer, compiled and searched over T (`optimise_problem`), against one solve at the best
T, both with imports done. Caps bind in all; *read / budget* below 1 says that they hold the answer
back. Synthetic programs are searched alike, without a question behind them. The first solve of
`{limited}` in its process, imports and all, took {first:.2f} CPU s.

{table}
"""
LIMITED: Final = "34x80-limits"


def _searches(searched: dict[str, Searched]) -> str:
    from benchmarks.tokens import table

    first = searched[LIMITED].first
    return _SEARCH.format(limited=LIMITED, first=first, table=table(searched))


def _goals(judged: Sequence[tuple[World, dict[str, Any]]], searched: dict[str, Searched]) -> str:
    lines = ["## Goals", "", "| goal | reached | |", "|---|---|---|"]
    ours = [told["verdicts"].get(OURS) for _, told in judged]
    worst = max((v["worse"] if v else float("inf") for v in ours), default=0.0)
    lines.append(_goal("never worse than a rival beyond 1e-7", f"{worst:.1e}", worst <= 1e-7))
    gap = max((v["gap"] if v else float("inf") for v in ours), default=0.0)
    lines.append(_goal("certified gap at most 1e-6", f"{gap:.1e}", gap <= 1e-6))
    own = max((told["own"].get("gap", float("inf")) for _, told in judged), default=0.0)
    lines.append(_goal("and by the library's own proof", f"{own:.1e}", own <= 1e-6))
    kept = [(v["violation"] if v else float("inf")) for v in ours]
    lines.append(_goal("no limit broken beyond 1e-7", f"{max(kept):.1e}", max(kept) <= 1e-7))
    for world, told in judged:
        time = {run.method: run.seconds for run in told["runs"]}
        mine, conic = time.get(OURS), time.get("cvxpy, Clarabel")
        if (world.targets, world.pools) == (420, 420):
            least = (conic / mine if conic else 0.0) if mine else 0.0
            words = f"{least:.0f} times" if conic or not mine else "Clarabel gave no answer"
            lines.append(
                _goal(f"{world.name}: 30 times faster than plain Clarabel", words, least >= 30)
            )
        if (world.targets, world.pools) == (1800, 1800):
            words = f"{mine:.2f} s" if mine else "over the limit"
            lines.append(
                _goal(f"{world.name}: within 2 CPU seconds", words, bool(mine and mine <= 2))
            )
    if searched:
        name, ratio = max(
            ((name, one.search / one.fixed) for name, one in searched.items()),
            key=lambda pair: pair[1],
        )
        words = f"{ratio:.1f} ({name})"
        lines.append(_goal("search over T at most 15 times a fixed solve", words, ratio <= 15))
        gap = max(one.gap for one in searched.values())
        lines.append(_goal("certified gap over T at most 1e-4", f"{gap:.1e}", gap <= 1e-4))
        first = searched[LIMITED].first
        words = f"{first:.2f} s with imports"
        lines.append(_goal(f"{LIMITED}: whole answer within 2 CPU seconds", words, first <= 2))
    return "\n".join([*lines, ""])


def _goal(goal: str, reached: str, kept: bool) -> str:
    return f"| {goal} | {reached} | {'yes' if kept else '**no**'} |"


def _section(world: World, told: dict[str, Any]) -> str:
    own = told["own"]
    lines = [f"## {world.name}: {world.targets} × {world.pools}", "", f"{world.real}."]
    if own:
        lines.append(f"The library's own proof: gap {own['gap']:.1e}, {own['engine']} engine.")
    lines += [
        "",
        "| method | above best | certified gap | CPU s | CPU ratio | peak MiB | broken by |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    mine = next((run.seconds for run in told["runs"] if run.method == OURS), None)
    for run in told["runs"]:
        verdict = told["verdicts"].get(run.method)
        peak = f"{run.peak:.0f}" if run.peak else ""
        if verdict is None or run.seconds is None:
            lines.append(f"| {run.method} | – | – | {run.remark} | – | {peak} | |")
            continue
        ratio = f"{run.seconds / mine:.2g}" if mine and run.seconds < 10 * mine else ""
        if mine and not ratio:
            ratio = f"{run.seconds / mine:,.0f}"
        broken = f"{verdict['violation']:.0e}" if verdict["violation"] > 1e-12 else "0"
        lines.append(
            f"| {run.method} | {verdict['worse']:.1e} | {verdict['gap']:.1e} | {run.seconds:.3g} | "
            f"{ratio} | {peak} | {broken} |"
        )
    return "\n".join([*lines, ""])
