"""Which engine answers which program, negative transfer around it, and the proof at the end.

Negative transfer makes D_eff a difference of two concave functions. Inner: S <= D in the negative
terms. Tighten: tangents of S at the answer, solved again while that helps. Certify: chords of S,
which relax, and the gap between the two (design.md, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from atlasmix.errors import SolverFailed
from atlasmix.mixing.certificate import Bound, bound
from atlasmix.mixing.closed_form import fill
from atlasmix.mixing.program import (
    Duals,
    Program,
    Rows,
    effective,
    inner,
    objective,
    relaxed,
    tightened,
)
from atlasmix.mixing.smooth import descend
from atlasmix.scaling.saturation import Array

ENOUGH = 1e-7
"""Certified gap at which an engine's answer is taken without asking a second one."""

_TIGHTENINGS = 30


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best mixture found and what is known about it.

    Attributes:
        x: shares of the budget, (n,).
        value: objective there, with S itself in the negative terms.
        bound: no feasible x has a lower objective.
        prices: the line at ``x`` and its duals.
        duals: of the non-smooth parts.
        engine: who found it.
        exact: no relaxation of negative transfer lies between ``value`` and ``bound``.
    """

    x: Array
    value: float
    bound: float
    prices: Bound
    duals: Duals
    engine: str
    exact: bool

    def gap(self, program: Program) -> float:
        """Certified gap, relative; see :class:`atlasmix.mixing.mixture.Certificate`."""
        return max(self.value - self.bound, 0.0) / scale(program, self.value)


@dataclass(frozen=True, slots=True)
class _Found:
    x: Array
    duals: Duals
    engine: str


def scale(program: Program, value: float) -> float:
    """What a gap is measured against: 1 for logarithms (already relative), else the value."""
    return 1.0 if program.exponent is None else max(abs(value), 1e-300)


def optimise(program: Program, engine: str | None = None) -> Optimum | None:
    """The optimum of a program with its proof; None where no mixture meets the limits.

    Args:
        program: as compiled.
        engine: ``conic`` asks cvxpy even where a faster engine would do (the oracle of the tests).

    Raises:
        SolverFailed: no engine gave an answer that keeps the limits.
    """
    start = inner(program)
    found = _convex(start, engine)
    if found is None:
        return None
    local, value = start, objective(program, found.x, exact=True)
    for _ in range(_TIGHTENINGS if _repeats_harm(program, found.x) else 0):
        tighter = tightened(program, found.x)
        again = _convex(tighter, engine)
        if again is None:
            break
        new_value = objective(program, again.x, exact=True)
        if new_value >= value - 1e-10 * scale(program, value):
            break
        found, local, value = again, tighter, new_value
    _check(program, found)
    prices = bound(local, found.x, found.duals)
    lowest, exact = _lower_bound(program, found, engine, (prices.value, value))
    return Optimum(found.x, value, lowest, prices, found.duals, found.engine, exact)


def _repeats_harm(program: Program, x: Array) -> bool:
    """Whether a pool that harms someone is read more than once, so that S < D in its term."""
    return program.harmful and bool(np.any((x > program.unique) & program.harm.any(axis=0)))


def _lower_bound(
    program: Program, found: _Found, engine: str | None, local: tuple[float, float]
) -> tuple[float, bool]:
    """The proof, drawn under the relaxation wherever a harmful pool could be read twice."""
    could_repeat = program.harm.any(axis=0) & (program.upper > program.unique * (1 + 1e-12))
    if not could_repeat.any():
        return local[0], True
    loose = relaxed(program)
    lowest = bound(loose, found.x, found.duals).value
    if local[1] - lowest > ENOUGH * scale(program, local[1]):
        best = _convex(loose, engine)
        if best is not None:
            lowest = max(lowest, bound(loose, best.x, best.duals).value)
    return lowest, local[1] - lowest <= ENOUGH * scale(program, local[1])


def _convex(program: Program, engine: str | None) -> _Found | None:
    """The optimum with affine stand-ins in the negative terms, by the first engine that can."""
    if engine is None:
        for candidate in (_by_hand(program), _by_descent(program)):
            if candidate is not None:
                return candidate
    from atlasmix.mixing.conic import solve_conic

    answer = solve_conic(program)
    if answer is None:
        return None
    return _Found(tidy(program, answer.x, 1e-7), answer.duals, answer.solver)


def _plain(program: Program) -> bool:
    return not np.isfinite(program.least).any()


def _by_hand(program: Program) -> _Found | None:
    """The closed form: one target, nothing at risk, no limit but budget and caps."""
    rows = np.flatnonzero(program.coefficient)
    if (
        not _plain(program)
        or program.rows.names
        or program.spend_all
        or (rows.size != 1 or program.base is not None)
    ):
        return None
    row = int(rows[0])
    if program.sigma[row, program.member[program.gain[row] > 0]].any() or program.lower.any():
        return None
    x = fill(program.gain[row], program.unique, program.upper, program.decay)
    risk = np.zeros_like(program.sigma) if program.risky else None
    return _Found(x, Duals(risk=risk), "closed form")


def _by_descent(program: Program) -> _Found | None:
    """The smooth engine, where its own certificate shows that it has arrived."""
    if not _plain(program):
        return None
    boxed = _boxed(program) if program.rows.names else program
    if boxed is None or (boxed.spend_all and boxed.upper.sum() < 1.0):
        return None
    try:
        descent = descend(boxed)
    except np.linalg.LinAlgError:
        return None
    x = tidy(program, descent.x, 1e-8)
    value = objective(program, x)
    lowest = bound(program, descent.x, descent.duals).value
    if value - lowest > ENOUGH * scale(program, value):
        return None
    return _Found(x, descent.duals, "smooth")


def _boxed(program: Program) -> Program | None:
    """Shares of single columns as box constraints, which is exact where the budget is spent.

    Whether spending it is best is left to the certificate, which keeps the limits as they are.
    """
    lower, upper = program.lower.copy(), program.upper.copy()
    for kind, members, level in zip(
        program.rows.kinds, program.rows.members, program.rows.levels, strict=True
    ):
        columns = np.flatnonzero(members)
        if columns.size == 0:
            continue
        if columns.size > 1:
            return None
        at = int(columns[0])
        if kind == "max":
            upper[at] = min(upper[at], level)
        else:
            lower[at] = max(lower[at], level)
    if np.any(lower > upper) or lower.sum() > 1.0 or upper.sum() < 1.0:
        return None
    none = Rows.none(program.unique.size)
    return replace(program, lower=lower, upper=upper, rows=none, spend_all=True)


def tidy(program: Program, x: Array, least: float) -> Array:
    """Columns below ``least`` (solver dust) set to 0, their tokens given to the largest column."""
    dust = (x < least) & (program.lower == 0)
    clean = np.where(dust, 0.0, x)
    spare = float(x.sum() - clean.sum())
    room = program.upper - clean
    at = int(np.argmax(np.where((room > spare) & (clean > 0), clean, -1.0)))
    if spare > 0 and clean[at] > 0 and room[at] > spare and x.sum() > 1.0 - 1e-6:
        clean[at] += spare
    return clean


def violations(program: Program, x: Array, tolerance: float = 1e-6) -> list[str]:
    """The limits that ``x`` breaks by more than ``tolerance`` of the budget, by name."""
    broken = []
    if np.any(x > program.upper + tolerance) or np.any(x < program.lower - tolerance):
        broken.append("epoch cap")
    total = float(x.sum())
    if total > 1.0 + tolerance or (program.spend_all and total < 1.0 - tolerance):
        broken.append("budget")
    excess = program.rows.matrix @ x - program.rows.bound
    broken += [
        name for name, over in zip(program.rows.names, excess, strict=True) if over > tolerance
    ]
    guarded = np.flatnonzero(np.isfinite(program.least))
    if guarded.size:
        short = program.least - effective(program, x, exact=True, risk=False)
        broken += ["guardrail"] * bool(np.any(short[guarded] > tolerance * program.least[guarded]))
    return broken


def _check(program: Program, found: _Found) -> None:
    broken = violations(program, found.x)
    if broken:
        raise SolverFailed(
            f"the {found.engine} engine returned a mixture that breaks {', '.join(broken)}: "
            "please report the problem"
        )
