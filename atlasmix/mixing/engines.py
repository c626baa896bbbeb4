"""Which engine answers which program, negative transfer around it, and the proof at the end.

In s = S(x) effective data is linear and the tokens read are convex, so budget, caps, guardrails
and every objective are convex with negative transfer in them (program.net). Shares of what is read
and a budget that must be spent are not. There: inner, S <= D in the negative terms; tighten,
tangents of S at the answer; certify, chords of S, and branching (branching.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from atlasmix.errors import SolverFailed
from atlasmix.mixing.branching import Part, branch
from atlasmix.mixing.certificate import Bound, bound
from atlasmix.mixing.closed_form import fill
from atlasmix.mixing.collisions import feasible
from atlasmix.mixing.linear import NoPoint
from atlasmix.mixing.program import (
    Duals,
    Program,
    Rows,
    effective,
    inner,
    net,
    objective,
    relaxed,
    tightened,
)
from atlasmix.mixing.smooth import descend
from atlasmix.scaling.saturation import Array

ENOUGH = 1e-7
"""Certified gap at which an engine's answer is taken without asking a second one."""

_TIGHTENINGS = 30

_PROVED = 1e-6
"""Certified gap above which an answer is said to be proved only so far."""


_BREACH = 1e-6
"""Part of the budget, or of a guardrail's level, by which a limit may be missed."""

_MENDABLE = 1e-3


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
    proof: Bound | None = None  # where the engine has drawn it already


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
    if not feasible(program):
        return None
    program = _without_idle(program)
    start = net(program)
    found = _convex(start, engine)
    if found is None:
        return None
    best = _optimum(program, start, found)
    proved = best.gap(program) <= ENOUGH and not violations(program, best.x)
    if proved or not program.harmful or _exact_in_s(program):
        _check(program, found)
        return replace(best, exact=best.gap(program) <= _PROVED)
    return _relaxed_optimum(program, best, engine)


def _optimum(program: Program, local: Program, found: _Found) -> Optimum:
    """An answer with its exact value and the proof that its own program gives."""
    value = objective(program, found.x, exact=True)
    prices = found.proof or bound(local, found.x, found.duals)
    return Optimum(found.x, value, prices.value, prices, found.duals, found.engine, True)


def _exact_in_s(program: Program) -> bool:
    return not (program.rows.names or program.spend_all)


def _relaxed_optimum(program: Program, best: Optimum, engine: str | None) -> Optimum:
    """Negative transfer under limits that are not convex in s: inner, tighten, certify, branch."""
    proved = best.bound  # weak duality holds in s whether or not the limits are convex there
    broken = bool(violations(program, best.x))
    local = inner(program)
    for _ in range(_TIGHTENINGS):
        found = _convex(local, engine)
        if found is None or violations(program, found.x):
            break
        better = _optimum(program, local, found)
        stuck = better.value >= best.value - 1e-10 * scale(program, best.value)
        if broken or not stuck:
            best, broken = better, False
        elif local.harm_offset.any():
            break
        local = tightened(program, found.x)
    if broken:
        _check(program, _Found(best.x, best.duals, best.engine))
    best = _branched(program, replace(best, bound=proved), engine)
    return replace(best, exact=best.gap(program) <= _PROVED)


def _without_idle(program: Program) -> Program:
    """Columns that help nobody closed: reading them is at best a tie, and unspent is better.

    Not where shares are limited or all must be spent, since a filler can be of use there.
    """
    if not _exact_in_s(program):
        return program
    counted = (program.coefficient > 0) | np.isfinite(program.least)
    helps = (program.gain[counted] > 0).any(axis=0)
    return replace(program, upper=np.where(helps, program.upper, program.lower))


def _branched(program: Program, optimum: Optimum, engine: str | None) -> Optimum:
    """The proof under relaxations of negative transfer, and a better mixture where one is met."""
    enough = ENOUGH * scale(program, optimum.value)
    quick = max(optimum.bound, bound(relaxed(program), optimum.x, optimum.duals).value)
    if optimum.value - quick <= enough:
        return replace(optimum, bound=quick)

    def bounder(part: Program) -> Part | None:
        if part.lower.sum() > 1.0 or np.any(part.lower > part.upper):
            return None
        try:
            found = _convex(part, engine)
            proof = None if found is None else bound(part, found.x, found.duals)
        except NoPoint:
            return None
        if found is None or proof is None:
            return None
        return Part(found.x, proof.line.pull, proof.value)

    branched = branch(program, (optimum.x, optimum.value), bounder, enough)
    if branched.value < optimum.value - enough:
        polished = _convex(tightened(program, branched.x), engine)
        if polished is not None and not violations(program, polished.x):
            better = _optimum(program, tightened(program, polished.x), polished)
            optimum = better if better.value < optimum.value else optimum
    return replace(optimum, bound=min(max(branched.bound, quick), optimum.value))


def _convex(program: Program, engine: str | None) -> _Found | None:
    """The optimum with affine stand-ins in the negative terms, by the first engine that proves it.

    Where none does, the answer with the smallest certified gap.
    """
    descended: _Found | None = None
    if engine is None:
        found = _by_hand(program)
        if found is not None:
            return found
        descended = _by_descent(program)
        if descended is not None and _proved(program, descended):
            return descended
    if descended is None:
        return _by_cone(program)
    try:
        asked = _by_cone(program)
    except SolverFailed:
        return descended
    if asked is None or _gap(program, descended) <= _gap(program, asked):
        return descended
    return asked


def _gap(program: Program, found: _Found) -> float:
    proof = found.proof or bound(program, found.x, found.duals)
    return objective(program, found.x) - proof.value


def _proved(program: Program, found: _Found) -> bool:
    return _gap(program, found) <= ENOUGH * scale(program, objective(program, found.x))


def _by_cone(program: Program) -> _Found | None:
    """cvxpy's answer without its dust; None where it proves that there is none."""
    from atlasmix.mixing.conic import solve_conic

    answer = solve_conic(program)
    if answer is None:
        return None
    short = _shortfall(program, answer.x)
    if _BREACH / 2 < short < _MENDABLE:
        # Asked for as much more as the last digits gave away, the solver keeps what was asked for.
        answer = solve_conic(replace(program, least=program.least * (1 + 2 * short))) or answer
    value = objective(program, answer.x)
    for dust in (1e-4, 1e-5, 1e-6):
        x = tidy(program, answer.x, dust)
        harmless = objective(program, x) <= value + ENOUGH * scale(program, value)
        if harmless and not violations(program, x, 1e-7):
            return _Found(x, answer.duals, answer.solver)
    return _Found(answer.x, answer.duals, answer.solver)


def _shortfall(program: Program, x: Array) -> float:
    """By what part of its level the worst kept guardrail is missed; 0 where none is."""
    guarded = np.isfinite(program.least) & (program.least > 0)
    if not guarded.any():
        return 0.0
    short = program.least - effective(program, x, exact=True, risk=False)
    return max(float(np.max(short[guarded] / program.least[guarded])), 0.0)


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
    """The smooth engine, where its limits are those of the program; the caller asks for proof."""
    if not _plain(program):
        return None
    boxed = _boxed(program) if program.rows.names else program
    if boxed is None or (boxed.spend_all and boxed.upper.sum() < 1.0):
        return None
    try:
        descent = descend(boxed)
    except np.linalg.LinAlgError:
        return None
    proof = bound(program, descent.x, descent.duals)
    # Where targets live on little, even dust matters: then it stays.
    for dust in (1e-8, 1e-11, 0.0):
        found = _Found(tidy(program, descent.x, dust), descent.duals, "smooth", proof)
        if not violations(program, found.x, 1e-9) and (_proved(program, found) or not dust):
            return found
    return None


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
    # What is little of the budget may be all of a small pool: that is no dust.
    dust = (x < least) & (x < 1e-3 * program.upper) & (program.lower == 0)
    clean = np.where(dust, 0.0, x)
    spare = float(x.sum() - clean.sum())
    room = program.upper - clean
    at = int(np.argmax(np.where((room > spare) & (clean > 0), clean, -1.0)))
    if spare > 0 and clean[at] > 0 and room[at] > spare and x.sum() > 1.0 - 1e-6:
        clean[at] += spare
    return clean


def violations(program: Program, x: Array, tolerance: float = _BREACH) -> list[str]:
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
