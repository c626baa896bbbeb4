"""The search over the number of tokens against one solve at a fixed number of them.

Run by ``python -m benchmarks.solvers``; alone it prints its table:

    python -m benchmarks.tokens
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.worlds import TOKENS, World, moved

if TYPE_CHECKING:
    from atlasmix.solver.optimise import Solved

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Searched:
    """One question: its search over tokens and one solve at the best number, in CPU seconds.

    Attributes:
        first: the whole search as asked once, imports of engines and solvers included.
        search, fixed: the least of several.
        solves: numbers of tokens that were solved.
        read: tokens that are best read, over the budget.
        gap: certified, over all numbers of tokens.
        fixed_gap: certified, at the best number.
    """

    first: float
    search: float
    fixed: float
    solves: int
    read: float
    gap: float
    fixed_gap: float


def measure(world: World) -> Searched:
    """Search and fixed solve of one world, in turn, so that a slow minute falls on both."""
    from atlasmix.solver.engines import optimise

    run = _question(world) if world.ask else _synthetic(world)
    first, found = _timed(run)
    program = found.compiled.program
    least = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        least[0] = min(least[0], _timed(run)[0])
        # Short solves are timed together: the clock may tick in milliseconds.
        count = max(1, int(0.1 / max(least[1], 1e-3))) if least[1] < 1.0 else 1
        taken = _timed(lambda count=count: [optimise(program) for _ in range(count)])[0]
        least[1] = min(least[1], taken / count)
    budget = world.ask().budget if world.ask else 1.0
    return Searched(
        first,
        least[0],
        least[1],
        found.solves,
        found.compiled.tokens / budget,
        found.gap,
        found.optimum.gap(program),
    )


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    answer = run()
    return time.process_time() - begin, answer


def _question(world: World) -> Callable[[], Solved]:
    from atlasmix.solver.optimise import optimise_problem

    assert world.ask is not None
    asked = world.ask()
    return lambda: optimise_problem(asked)


def _synthetic(world: World) -> Callable[[], Solved]:
    """The same search on a program that no question stands behind; tokens in budgets."""
    from atlasmix.solver.compile import Compiled
    from atlasmix.solver.engines import optimise
    from atlasmix.solver.optimise import Solved
    from atlasmix.solver.tokens import Point, TokenRange, search

    program = world.build()

    def solve_at(tokens: float) -> Point | None:
        there = Compiled(moved(program, tokens), tokens, (), (), ())
        optimum = optimise(there.program)
        return None if optimum is None else Point(tokens, 1.0, there, optimum)

    def run() -> Solved:
        top = min(float(program.upper.sum()), 1.0)
        found = search(solve_at, TokenRange(0.0, 0.0, top, top))
        if found is None:
            raise RuntimeError(f"no number of tokens of {world.name} could be solved")
        return Solved(found.best.compiled, found.best.optimum, found.bound, found.solves)

    return run


def table(searched: dict[str, Searched]) -> str:
    """The measurements in Markdown."""
    lines = [
        "| question | read / budget | solves | CPU s | CPU s, fixed tokens | ratio | certified gap "
        "| at fixed tokens |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {name} | {one.read:.3g} | {one.solves} | {one.search:.3g} | {one.fixed:.3g} | "
        f"{one.search / one.fixed:.1f} | {one.gap:.1e} | {one.fixed_gap:.1e} |"
        for name, one in searched.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table({world.name: measure(world) for world in TOKENS}))
