"""Why no mixture meets the limits: which of them collide, and by how much one would have to give.

Every limit gets a slack; the least sum of slacks, by linear program, says which must give. The
limits with a price in that program are the ones that collide.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from atlasmix.errors import Infeasible
from atlasmix.problem.constraints import Guardrail, title_of
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.solver.collisions import collisions
from atlasmix.solver.compile import Compiled, compile_problem
from atlasmix.solver.engines import relief
from atlasmix.solver.program import Program
from atlasmix.text import listed


def check_feasible(problem: MixProblem, compiled: Compiled) -> None:
    """Refuse limits that no mixture meets.

    Raises:
        Infeasible: with the colliding limits in ``conflict``.
    """
    program = compiled.program
    full = float(np.minimum(program.upper, 1.0).sum())
    if problem.exact_tokens and full < 1.0 - 1e-9:
        read = format_quantity(full * problem.budget)
        raise Infeasible(
            f"reading exactly {format_quantity(problem.budget)} tokens collides with "
            f"the epoch cap of {problem.max_epochs:g}: the pools give at most {read} tokens; raise "
            "the epoch cap, add pools, or read at most as many",
            ("tokens exactly", "max epochs"),
            field="max_epochs",
            value=problem.max_epochs,
        )
    if not program.rows.names:
        return
    conflict, slack = collisions(program, exact=problem.exact_tokens)
    if conflict:
        told = "; ".join(title_of(name, problem.limits) for name in conflict)
        relax = ", ".join(
            f"'{title_of(name, problem.limits)}' by {_amount(kind, size, problem.budget)}"
            for name, kind, size in slack
        )
        raise Infeasible(
            f"these limits cannot all hold: {told}; least change: relax {relax}",
            conflict,
        )


def least_change(problem: MixProblem) -> dict[str, float]:
    """By how much of the tokens which limits have to give; empty where none collide."""
    compiled = compile_problem(problem)
    _, slack = collisions(compiled.program, exact=problem.exact_tokens)
    return {name: size for name, _, size in slack}


def _amount(kind: str, size: float, budget: float) -> str:
    if kind == "keep":
        return f"{format_quantity(size * budget)} tokens"
    return f"{100 * size:.3g} points"


def explain_guardrails(problem: MixProblem, compiled: Compiled) -> Infeasible:
    """The refusal for guardrails that no mixture within the other limits can keep."""
    guards = [limit for limit in problem.limits if isinstance(limit, Guardrail)]
    names = tuple(limit.name for limit in problem.limits)
    program = compiled.program
    if not guards:
        told = "; ".join(limit.title for limit in problem.limits)
        return Infeasible(f"these limits cannot all hold: {told}", names)
    broken = []
    for guard in guards:
        row = compiled.rows_of.index(guard.language)
        level = np.full(program.level.size, math.inf)
        level[row] = program.level[row]
        factor = relief(replace(program, level=level))
        if factor > 1.0:
            floor = compiled.laws[row].E
            wanted = program.level[row] + floor
            best = factor * program.level[row] + floor
            broken.append(
                f"'{guard.title}' (asks for a loss of {wanted:.4g}, the best within the other "
                f"limits is {best:.4g})"
            )
    if not broken:
        broken = [f"'{guard.title}'" for guard in guards]
    others = _against(problem, program)
    collide = f", which {listed(others)} keeps from it" if others else ""
    return Infeasible(
        f"these limits cannot all hold; what must give: {', '.join(broken)}{collide}; give the "
        "guardrail more slack or relax another limit",
        names,
    )


def _against(problem: MixProblem, program: Program) -> list[str]:
    """Limits on tokens without any one of which the guardrails could hold."""
    rows = program.rows
    told = []
    for place, name in enumerate(rows.names):
        kept = np.arange(len(rows.names)) != place
        if relief(replace(program, rows=rows.only(kept))) <= 1.0:
            told.append(f"'{title_of(name, problem.limits)}'")
    return told
