"""The conic engine: the program written for cvxpy, for every limit the smooth engine has not.

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
from numpy.typing import NDArray

from atlasmix.errors import SolverFailed
from atlasmix.mixing.certificate import bound
from atlasmix.mixing.program import FLOOR, Duals, Program, objective
from atlasmix.scaling.saturation import Array, tokens_behind

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


_MISSED: Final = 1e-6
"""Part of the budget by which an answer may miss a limit and still be compared."""


@dataclass(frozen=True, slots=True)
class ConicAnswer:
    """Shares (n,), duals, and what was used; ``slack`` (T,) where guardrails may be broken."""

    x: Array
    duals: Duals
    solver: str
    slack: Array


class _Model:
    """The variables and constraints of one program, kept by name to read their duals."""

    def __init__(self, program: Program, elastic: bool) -> None:
        import cvxpy as cp

        self.cp: Any = cp
        self.program = program
        n, targets = program.unique.size, program.coefficient.size
        self.unit = np.minimum(program.unique, 1.0)
        self.fresh = cp.Variable(n, nonneg=True)
        self.again = cp.Variable(n, nonneg=True)
        self.x = cp.multiply(self.unit, self.fresh) + cp.multiply(program.unique, self.again)
        self.slack = cp.Variable(targets, nonneg=True) if elastic else None
        # s <= S(x): help pulls it up to S, harm leaves it below; then fewer tokens do the same.
        self.s = cp.Variable(n, nonneg=True)
        worn = (1 - cp.exp(-program.decay * self.again)) / program.decay
        self.saturation = cp.multiply(self.unit, self.fresh) + cp.multiply(program.unique, worn)
        self.risk: list[Any] = []
        self.guard: dict[int, Any] = {}
        self.mix: list[Any] = []
        self.constraints: list[Any] = []

    def limits(self) -> None:
        """Budget, box and rows."""
        program, cp = self.program, self.cp
        total, most = cp.sum(self.x), np.minimum(program.upper, 1.0)
        self.constraints += [
            cp.multiply(1 / self.unit, self.s) <= cp.multiply(1 / self.unit, self.saturation),
            self.fresh <= np.minimum(program.unique, most) / self.unit,
            self.x <= most,
            self.x >= program.lower,
            total == 1.0 if program.spend_all else total <= 1.0,
        ]
        once = most <= program.unique
        if once.any():
            self.constraints.append(self.again[np.flatnonzero(once)] == 0)
        if program.rows.names:
            self.constraints.append(program.rows.matrix @ self.x <= program.rows.bound)

    def effective(self, rows: NDArray[np.intp]) -> Any:
        """y_t / reference_t of the given targets, without penalty, as one concave expression."""
        program = self.program
        scale = 1.0 / program.reference[rows][:, None]
        gain, harm = program.gain[rows] * scale, program.harm[rows] * scale
        y = gain @ self.s
        if harm.any():
            y = y - (harm * program.harm_slope) @ self.x - harm @ program.harm_offset
        return y

    def penalty(self, row: int) -> Any:
        """κ·‖σ ∘ z‖ / reference as a variable above its cone; 0 where nothing is at risk."""
        program, cp = self.program, self.cp
        sigma = program.sigma[row] / program.reference[row]
        languages = np.flatnonzero(sigma)
        if languages.size == 0:
            self.risk.append(None)
            return 0.0
        matrix = np.zeros((languages.size, program.unique.size))
        for place, language in enumerate(languages):
            own = program.member == language
            matrix[place, own] = sigma[language] * program.worth[own]
        size = cp.Variable()
        cone = cp.SOC(size, matrix @ self.s)
        self.constraints.append(cone)
        self.risk.append((cone, languages))
        return size

    def cost(self, floored: bool) -> Any:
        """The objective; where ``floored``, targets go on along the tangent below the floor.

        The tangent is steep and costs digits, so it is left out until it is needed.
        """
        program, cp = self.program, self.cp
        counted = np.flatnonzero(program.coefficient)
        v = cp.Variable(counted.size)
        short = cp.Variable(counted.size, nonneg=True) if floored else np.zeros(counted.size)
        penalty = cp.hstack([self.penalty(int(row)) for row in counted])
        self.constraints += [v >= FLOOR, v - short + penalty <= self.effective(counted)]
        coefficient = program.coefficient[counted]
        if program.exponent is None:
            return coefficient @ (-cp.log(v) + short / FLOOR)
        slope = program.exponent * FLOOR ** (-program.exponent - 1)
        parts = cp.exp(-program.exponent * cp.log(v)) + slope * short
        if program.base is None:
            return coefficient @ parts
        worst = cp.Variable()
        for place, row in enumerate(counted):
            below = program.base[row] + coefficient[place] * parts[place] <= worst
            self.mix.append((int(row), below))
            self.constraints.append(below)
        return worst

    def guards(self) -> None:
        """Expected effective data at least what the guardrail asks for."""
        program = self.program
        for row in np.flatnonzero(np.isfinite(program.least)):
            y = self.effective(np.array([row]))
            if self.slack is not None:
                y = y + self.slack[int(row)]
            kept = y >= program.least[[row]] / program.reference[[row]]
            self.guard[int(row)] = kept
            self.constraints.append(kept)


def solve_conic(program: Program, *, elastic: bool = False) -> ConicAnswer | None:
    """The optimum of the whole program, or None where the solver proves that there is none.

    Of several solvers' answers the one with the smallest certified gap is returned.

    Args:
        program: any program.
        elastic: let guardrails be broken and minimise by how much, to explain a conflict.

    Raises:
        SolverFailed: no solver came to a usable end.
    """
    best: tuple[float, ConicAnswer] | None = None
    seen: list[str] = []
    tries = 0
    for floored in (False, True):
        answers = _answers(program, floored, elastic, seen)
        for answer in answers:
            if answer is None:
                if floored:
                    return None
                break
            if elastic:
                return answer
            value = objective(program, answer.x)
            gap = value - bound(program, answer.x, answer.duals).value
            if not _keeps(program, answer.x):
                gap = np.inf  # outside the limits a lower value proves nothing
            if best is None or gap < best[0]:
                best = (gap, answer)
            tries += 1
            # SCS, a first-order method, will not sharpen what an interior point nearly solved.
            enough = _ENOUGH if tries < _SHARP_TRIES else _NEARLY
            if best[0] <= enough * max(abs(value), 1.0):
                return best[1]
    if best is None:
        raise SolverFailed(
            f"no solver reached an optimum ({'; '.join(seen)}): please report the problem"
        )
    return best[1]


def _keeps(program: Program, x: Array) -> bool:
    """Whether the budget and the rows hold; the box always does (see _read)."""
    total, excess = float(x.sum()), program.rows.matrix @ x - program.rows.bound
    spent = not program.spend_all or total >= 1.0 - _MISSED
    return spent and total <= 1.0 + _MISSED and bool(np.all(excess <= _MISSED))


def _answers(
    program: Program, floored: bool, elastic: bool, seen: list[str]
) -> Iterator[ConicAnswer | None]:
    """Each solver's answer in turn; None where one proves that there is none."""
    model = _Model(program, elastic)
    model.limits()
    cost = model.cp.sum(model.slack) if elastic else model.cost(floored)
    model.guards()
    task = model.cp.Problem(model.cp.Minimize(cost), model.constraints)
    for solver, options in SOLVERS:
        try:
            with warnings.catch_warnings():
                # An inaccurate end is judged by its certified gap, not by a warning.
                warnings.simplefilter("ignore")
                task.solve(solver=solver, **options)
        except model.cp.error.SolverError as error:
            seen.append(f"{solver}: {str(error).splitlines()[0][:80]}")
            continue
        seen.append(f"{solver}: {task.status}")
        if task.status in {"infeasible", "infeasible_inaccurate"}:
            yield None
        if task.status in {"optimal", "optimal_inaccurate"}:
            yield _read(model, solver)


def _read(model: _Model, solver: str) -> ConicAnswer:
    program = model.program
    targets = program.coefficient.size
    x = np.asarray(model.x.value, dtype=float)
    if not (program.rows.names or program.spend_all):
        s = np.maximum(np.asarray(model.s.value, dtype=float), 0.0)
        x = np.minimum(x, tokens_behind(s, program.unique, program.decay))
    x = np.clip(x, program.lower, program.upper)
    if x.sum() > 1.0:
        x = program.lower + (x - program.lower) * (
            (1.0 - program.lower.sum()) / (x.sum() - program.lower.sum())
        )
    risk, mix, guard = None, None, None
    if any(model.risk):
        risk = np.zeros_like(program.sigma)
        for row, entry in zip(np.flatnonzero(program.coefficient), model.risk, strict=True):
            if entry is not None:
                risk[row, entry[1]] = _unit_dual(entry[0])
    if model.mix:
        mix = np.zeros(targets)
        for row, below in model.mix:
            mix[row] = max(float(below.dual_value), 0.0)
        mix = mix / mix.sum() if mix.sum() > 0 else None
    if model.guard:
        guard = np.zeros(targets)
        for place, kept in model.guard.items():
            guard[place] = max(float(kept.dual_value[0]), 0.0) / program.reference[place]
    slack = np.zeros(targets) if model.slack is None else np.asarray(model.slack.value)
    return ConicAnswer(x, Duals(risk, guard, mix), solver, slack * program.reference)


def _unit_dual(cone: Any) -> Array:
    """u with norm at most 1 from the dual of ‖s‖ <= size."""
    head, tail = (np.atleast_1d(np.asarray(part, dtype=float)) for part in cone.dual_value)
    if head[0] <= 0:
        return np.zeros(tail.size)
    unit = -tail.ravel() / head[0]
    return np.asarray(unit / max(float(np.linalg.norm(unit)), 1.0))
