"""The conic engine: the program written for cvxpy, the oracle of the others and the last one asked.

The only file that imports cvxpy. Fresh and repeated tokens are separate variables, which makes the
saturation exact with one exponential cone a column; x^-β is exp(-β log x); columns are scaled by
their unique tokens. Clarabel is asked first, then SCS; a status is believed only after the answer
has been checked against every limit (engines.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from atlasmix.errors import SolverFailed
from atlasmix.laws.saturation import Array
from atlasmix.solver.certificate import bound
from atlasmix.solver.linear import NoPoint
from atlasmix.solver.program import Drift, Duals, Program, Scenarios, columns, objective

SOLVERS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("CLARABEL", {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}),
    ("CLARABEL", {}),
    ("SCS", {"eps_abs": 1e-8, "eps_rel": 1e-8, "max_iters": 50_000}),
)

_ENOUGH: Final = 5e-7
"""Certified gap below which no other solver is asked."""

_NEARLY: Final = 1e-4
_SHARP_TRIES: Final = 2
"""After two answers of Clarabel a gap of this size is taken."""


@dataclass(frozen=True, slots=True)
class ConicAnswer:
    """Shares (n,), duals, and what was used."""

    x: Array
    duals: Duals
    solver: str


class _Model:
    """The variables and constraints of one program, kept by name to read their duals.

    Over the columns that may hold something: another leaves the solvers' cones no inside.
    """

    def __init__(self, whole: Program) -> None:
        import cvxpy as cp

        self.cp: Any = cp
        self.count = whole.upper.size
        self.open = np.flatnonzero(whole.upper > 0)
        self.program = program = columns(whole, self.open)
        n = program.unique.size
        self.unit = np.minimum(program.unique, 1.0)
        self.fresh = cp.Variable(n, nonneg=True)
        self.again = cp.Variable(n, nonneg=True)
        self.x = cp.multiply(self.unit, self.fresh) + cp.multiply(program.unique, self.again)
        worn = (1 - cp.exp(-program.decay * self.again)) / program.decay
        self.s = cp.multiply(self.unit, self.fresh) + cp.multiply(program.unique, worn)
        self.guard: dict[int, Any] = {}
        self.mix: list[Any] = []
        self.each = None if program.base is None else Scenarios.of(program)
        self.constraints: list[Any] = []

    def shares(self) -> Array:
        """Those of every column of the whole program, (n,), as a solver left them."""
        x = np.zeros(self.count)
        x[self.open] = np.clip(self.x.value, 0.0, np.minimum(self.program.upper, 1.0))
        return x

    def limits(self) -> None:
        """Σx = 1, box and rows."""
        program, cp = self.program, self.cp
        most = np.minimum(program.upper, 1.0)
        self.constraints += [
            self.fresh <= np.minimum(program.unique, most) / self.unit,
            self.x <= most,
            self.x >= 0,
            cp.sum(self.x) == 1.0,
        ]
        once = most <= program.unique
        if once.any():
            self.constraints.append(self.again[np.flatnonzero(once)] == 0)
        if program.rows.names:
            self.constraints.append(program.rows.matrix @ self.x <= program.rows.bound)

    def loss(self, row: int, gain: Array) -> Any:
        """L - E of one target as a convex expression."""
        program, cp = self.program, self.cp
        # A unit of its own keeps the arguments of the logarithms near 1.
        unit = max(float(gain[row] @ np.minimum(program.upper, 1.0)), 1e-300)
        y = (gain[row] / unit) @ self.s
        beta = float(program.beta[row])
        lost = float(program.data[row]) * unit**-beta * cp.exp(-beta * cp.log(y))
        if not program.heard[row]:
            return lost
        least, phi = float(program.least[row]), float(program.phi[row])
        most = max(least + float(program.own[row] @ np.minimum(program.upper, 1.0)), 1e-300)
        m = least / most + (program.own[row] / most) @ self.x
        return lost + float(program.capacity[row]) * most**-phi * cp.exp(-phi * cp.log(m))

    def cost(self) -> Any:
        """The objective."""
        program, cp = self.program, self.cp
        counted = np.flatnonzero(program.weight > 0)
        parts = [program.weight[row] * self.loss(int(row), program.gain) for row in counted]
        drift = 0.0 if program.drift is None else self.drift(program.drift)
        if self.each is None or program.base is None:
            return cp.sum(cp.hstack(parts)) + drift
        each = self.each
        worst = cp.Variable(each.block_count)
        over = cp.Variable(each.count, nonneg=True) if each.most < 1.0 else np.zeros(each.count)
        start = each.values(program.base[each.rows])
        for scenario in range(each.count):
            mine = [parts[place] for place in np.flatnonzero(each.of_row == scenario)]
            value = start[scenario] + cp.sum(cp.hstack(mine))
            below = value <= worst[int(each.block[scenario])] + over[scenario]
            self.mix.append(below)
            self.constraints.append(below)
        return cp.sum(worst) + each.most * cp.sum(over) + drift

    def drift(self, drift: Drift) -> Any:
        """The penalty on machine text, two quadratics over linear a language."""
        cp, parts = self.cp, []
        for price, read, human in zip(drift.price, drift.read, drift.human, strict=True):
            t, h = read @ self.x, human @ self.x
            amplified = cp.quad_over_lin(t, h) + cp.quad_over_lin(t, 2 * t - h)
            parts.append(price * (0.5 * amplified - t))
        return cp.sum(cp.hstack(parts))

    def guards(self) -> None:
        """Expected losses at most what the guardrails allow."""
        program = self.program
        for row in np.flatnonzero(np.isfinite(program.level)):
            kept = self.loss(int(row), program.expected) / program.level[row] <= 1.0
            self.guard[int(row)] = kept
            self.constraints.append(kept)


def solve_conic(program: Program) -> ConicAnswer | None:
    """The optimum of the whole program, or None where the solver proves that there is none.

    Of several solvers' answers the one with the smallest certified gap is returned.

    Raises:
        SolverFailed: no solver came to a usable end.
    """
    best: tuple[float, ConicAnswer] | None = None
    seen: list[str] = []
    for tries, answer in enumerate(_answers(program, seen), 1):
        if answer is None:
            break
        value = objective(program, answer.x)
        try:
            gap = value - bound(program, answer.x, answer.duals).value
        except NoPoint:
            continue
        if best is None or gap < best[0]:
            best = (gap, answer)
        # SCS, a first-order method, will not sharpen what an interior point nearly solved.
        enough = _ENOUGH if tries < _SHARP_TRIES else _NEARLY
        if best[0] <= enough * max(abs(value), 1e-12):
            break
    if best is None:
        if any("infeasible" in each for each in seen):
            return None
        raise SolverFailed(
            f"no solver reached an optimum ({'; '.join(seen)}): please report the problem"
        )
    return best[1]


def nearest(program: Program, members: Array, reference: Array, ceiling: float) -> Array:
    """Shares (n,) that move least from a reference among those at most so much worse.

    Args:
        program: the program; its limits hold.
        members: (groups, n), 1 where a column belongs to a group.
        reference: (groups,) shares, summing to 1 at most.
        ceiling: most of the objective.

    Raises:
        SolverFailed: no solver came to a usable end; ``ceiling`` lies below the optimum, say.
    """
    model = _Model(program)
    model.limits()
    cost = model.cost()
    model.guards()
    # Scaled to the room that the ceiling leaves: the solver works with absolute tolerances.
    room = max(abs(ceiling), 1e-12)
    model.constraints.append(cost / room <= ceiling / room)
    moved = model.cp.norm1(members[:, model.open] @ model.x - reference) / 2
    task = model.cp.Problem(model.cp.Minimize(moved), model.constraints)
    for _ in _endings(task, []):
        if task.status in {"optimal", "optimal_inaccurate"}:
            return model.shares()
    raise SolverFailed("no solver found the nearest mixture: please report the problem")


def _endings(task: Any, seen: list[str]) -> Iterator[str]:
    """Each solver that came to an end of its own, by name, with the task as it left it."""
    import cvxpy as cp

    for solver, options in SOLVERS:
        try:
            with warnings.catch_warnings():
                # An inaccurate end is judged by its certified gap, not by a warning.
                warnings.simplefilter("ignore")
                task.solve(solver=solver, **options)
        except (cp.error.SolverError, ValueError) as error:  # SCS raises one of its own
            seen.append(f"{solver}: {str(error).splitlines()[0][:80]}")
            continue
        seen.append(f"{solver}: {task.status}")
        yield solver


def _answers(program: Program, seen: list[str]) -> Iterator[ConicAnswer | None]:
    """Each solver's answer in turn; None where one proves that there is none."""
    model = _Model(program)
    model.limits()
    cost = model.cost()
    model.guards()
    task = model.cp.Problem(model.cp.Minimize(cost), model.constraints)
    for solver in _endings(task, seen):
        if task.status in {"infeasible", "infeasible_inaccurate"}:
            yield None
        if task.status in {"optimal", "optimal_inaccurate"}:
            yield _read(model, solver)


def _read(model: _Model, solver: str) -> ConicAnswer:
    program = model.program
    mix, guard = None, None
    if model.each is not None:
        prices = np.array([max(float(below.dual_value), 0.0) for below in model.mix])
        mix = model.each.by_row(program, model.each.allowed(prices))
    if model.guard:
        guard = np.zeros(program.weight.size)
        for place, kept in model.guard.items():
            guard[place] = max(float(kept.dual_value), 0.0) / program.level[place]
    return ConicAnswer(model.shares(), Duals(guard, mix), solver)
