"""Which engine answers which program at a fixed number of tokens, and the proof at the end.

An engine is never believed: every answer passes the same certificate (certificate.py) and the same
check of the limits. The interior point serves every limit; cvxpy is asked where it does not prove
its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import numpy as np

from atlasmix.errors import SolverFailed
from atlasmix.laws.saturation import Array
from atlasmix.solver.certificate import Bound, bound
from atlasmix.solver.collisions import feasible
from atlasmix.solver.interior import Aim, follow
from atlasmix.solver.linear import NoPoint
from atlasmix.solver.patience import expired
from atlasmix.solver.program import Duals, Program, losses, objective, scale


class Engine(StrEnum):
    """Who finds a mixture; as a request, who is asked first."""

    INTERIOR = "interior point"
    CONIC = "conic"
    """cvxpy, with whichever of its solvers answers; a certificate names that solver."""
    CLARABEL = "CLARABEL"
    SCS = "SCS"
    DONOR_SEARCH = "donor search"
    GIVEN = "given"
    """Nobody: a mixture that was given, with no proof."""


ENOUGH = 1e-7
"""Certified gap at which an engine's answer is taken without asking a second one."""

_GOOD, _FAIR = 1e-6, 1e-4
"""Certified gaps at which cvxpy is not asked any more: as a rule, and where guardrails leave hardly
any room."""

_TIGHT = 1e-4
"""Share of its level by which a guardrail holds at best, below which it leaves hardly any room."""

_HOPELESS = 1.5
"""Largest guarded loss over its level, in the mixture that keeps them best, from which on
guardrails that no engine could keep are taken for ones that cannot hold: our choice."""

BREACH = 1e-7
"""Share of the tokens read, or of a guardrail's level, by which a limit may be missed."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best mixture found and what is known about it.

    Attributes:
        x: shares of the tokens read, (n,).
        value: objective there.
        bound: no feasible x of as many tokens has a lower objective.
        prices: the line at ``x`` and its duals.
        duals: of guardrails and maximum.
        engine: who found it.
    """

    x: Array
    value: float
    bound: float
    prices: Bound
    duals: Duals
    engine: Engine

    def gap(self, program: Program) -> float:
        """Certified gap, relative; see :class:`atlasmix.mixture.mixture.Certificate`."""
        return max(self.value - self.bound, 0.0) / scale(program, self.value)


_Answer = tuple[Array, Duals, Engine]
_Ask = Callable[[Program], _Answer | None]


def optimise(program: Program, engine: Engine | None = None) -> Optimum | None:
    """The optimum of a program with its proof; None where no mixture meets the limits.

    Args:
        program: as compiled.
        engine: ``Engine.CONIC`` asks cvxpy even where a faster engine would do (the oracle of the
            tests).

    Raises:
        SolverFailed: no engine gave an answer that keeps the limits.
    """
    if not feasible(program):
        return None
    safe: Array | None = None
    tight, far = False, False
    if np.isfinite(program.level).any():
        eased = _eased(program)
        if eased is None or eased.bound > 1.0 + BREACH:
            return None
        safe = None if violations(program, eased.x) else eased.x
        if safe is None and abs(eased.value - 1.0) <= BREACH:
            return None  # they would hold by a hair, which no arithmetic finds
        tight = safe is not None and eased.value > 1.0 - 100 * _TIGHT
        far = eased.value > _HOPELESS
    best, tried = _best(program, _order(engine, safe, tight), safe, _FAIR if tight else _GOOD)
    if best is None and far:
        return None  # the proof is weak, but nothing came near what the guardrails ask for
    if best is None:
        raise SolverFailed(
            f"no engine ({', '.join(tried) or 'none'}) found a mixture that keeps every limit: "
            "relax the tightest limit a little, or report the question"
        )
    return best


def _best(
    program: Program, order: list[_Ask], safe: Array | None, good: float
) -> tuple[Optimum | None, list[Engine]]:
    """The best answer of the engines, and who was asked; cvxpy only where the gap is not good."""
    best: Optimum | None = None
    tried = []
    for ask in order:
        if ask is _cone and best is not None and (best.gap(program) <= good or expired()):
            break  # a first-order method takes seconds and hardly finds more
        answer = ask(program)
        if answer is None:
            continue
        optimum = _proved(program, *answer, safe)
        tried.append(answer[2])
        if optimum is not None and (best is None or optimum.gap(program) < best.gap(program)):
            best = optimum
        if best is not None and best.gap(program) <= ENOUGH:
            break
    return best, tried


def _order(engine: Engine | None, safe: Array | None, tight: bool) -> list[_Ask]:
    """The engines to ask in turn."""
    if engine is Engine.CONIC:
        return [_cone]
    order: list[_Ask] = [_interior]
    if safe is not None:
        order.append(partial(_interior, safe=safe))
    return [*order, *([_roomier] if tight else []), _cone]


def _roomier(program: Program) -> _Answer | None:
    """With guardrails a little looser: duals that a program without room has not."""
    return _interior(replace(program, level=program.level * (1.0 + _TIGHT)))


def _interior(program: Program, safe: Array | None = None) -> _Answer | None:
    end = follow(program, safe=safe)
    return (end.x, end.duals, Engine.INTERIOR) if np.isfinite(end.x).all() else None


def _cone(program: Program) -> _Answer | None:
    from atlasmix.solver.conic import solve_conic

    try:
        answer = solve_conic(program)
    except SolverFailed:
        return None
    return None if answer is None else (answer.x, answer.duals, Engine(answer.solver))


def _proved(
    program: Program, x: Array, duals: Duals, engine: Engine, safe: Array | None
) -> Optimum | None:
    """The answer without its dust, with its proof; None where it breaks a limit.

    Where an engine missed a guardrail by a little the answer is drawn towards ``safe``, a mixture
    that keeps every limit, as far as needed.
    """
    x = _summed(program, np.clip(x, 0.0, np.minimum(program.upper, 1.0)))
    try:
        proof = bound(program, x, duals)
    except NoPoint:
        return None
    enough = ENOUGH * scale(program, objective(program, x))
    for dust in (1e-7, 1e-9, 1e-12, 0.0):
        clean = tidy(program, x, dust)
        worse = objective(program, clean) - min(objective(program, x), proof.value + 10 * enough)
        if dust and not worse <= 0.1 * enough:
            continue
        if not violations(program, clean):
            value = objective(program, clean)
            return Optimum(clean, value, min(proof.value, value), proof, duals, engine)
    if safe is None:
        return None
    low, high = 0.0, 1.0
    for _ in range(40):
        part = 0.5 * (low + high)
        low, high = (part, high) if violations(program, x + part * (safe - x)) else (low, part)
    drawn = x + high * (safe - x)
    value = objective(program, drawn)
    return Optimum(drawn, value, min(proof.value, value), proof, duals, engine)


def _summed(program: Program, x: Array) -> Array:
    """Shares that sum to 1 within their box, however little an engine missed it by."""
    most = np.minimum(program.upper, 1.0)
    for _ in range(3):
        spare = 1.0 - float(x.sum())
        if spare == 0.0:
            break
        room = (most - x) if spare > 0 else x
        # What is read already gives or takes first: a column at 0 stays there.
        read = x > 1e-9
        enough = float(room[read].sum()) >= abs(spare) * (1 - 1e-6)
        room = np.where(read, room, 0.0) if enough else room
        total = float(room.sum())
        if total <= 0:
            break
        x = x + np.sign(spare) * room * min(abs(spare) / total, 1.0)
    return x


def relief(program: Program) -> float:
    """By what factor the guardrails would have to be loosened at least; at most 1: they can hold.

    The least possible of the largest predicted loss over its level, proved from below.
    """
    eased = _eased(program)
    if eased is None:
        return np.inf
    return 1.0 if eased.value <= 1.0 else eased.bound


def _eased(program: Program) -> Optimum | None:
    try:
        eased = barrier(program)
    except NoPoint:
        return None
    return None if eased is None else eased[1]


def barrier(program: Program) -> tuple[Program, Optimum] | None:
    """The program of :func:`relief`, largest loss over its level, and its optimum.

    Where its bound is above 1 no mixture keeps the guardrails. None: one can never hold, since it
    asks for less than E or none of its language's text may be read.
    """
    guarded = np.isfinite(program.level)
    most = np.minimum(program.upper, 1.0)
    mute = program.heard & (program.own @ most <= 0) | (program.expected @ most <= 0)
    if np.any(program.level[guarded] <= 0) or np.any(mute & guarded):
        return None
    share = np.where(guarded, 1.0 / np.where(guarded, program.level, 1.0), 0.0)
    loose = replace(
        program,
        gain=program.expected,
        weight=share,
        base=np.zeros(share.size),
        scenario=None,
        blocks=None,
        most=1.0,
        level=np.full(share.size, np.inf),
        drift=None,
    )
    best: Optimum | None = None
    for ask in (_interior, _cone):
        answer = ask(loose)
        if answer is None:
            continue
        x = _summed(loose, np.clip(answer[0], 0.0, np.minimum(loose.upper, 1.0)))
        value, proof = objective(loose, x), bound(loose, x, answer[1])
        if best is None or value - proof.value < best.value - best.bound:
            best = Optimum(x, value, proof.value, proof, *answer[1:])
        if best.value <= 1.0 or best.bound > 1.0 or best.value - best.bound <= BREACH:
            break
    return None if best is None else (loose, best)


def extreme(program: Program, cost: Array, ceiling: float) -> float:
    """The least of cost · x where the objective is at most ``ceiling`` and the limits hold."""
    end = follow(program, Aim(cost, ceiling))
    return float(cost @ np.clip(end.x, 0.0, np.minimum(program.upper, 1.0)))


def tidy(program: Program, x: Array, least: float) -> Array:
    """Columns below ``least`` (solver dust) set to 0, their tokens given to the others."""
    if least <= 0:
        return x
    # What is little of the tokens may be all of a small pool, or all that a target has: no dust.
    dust = (x < least) & (x < 1e-3 * program.upper)
    needed = (program.own[:, dust] > 0).any(axis=1) & (program.own @ np.where(dust, 0.0, x) <= 0)
    if needed.any():
        dust &= ~(program.own[needed] > 0).any(axis=0)
    return _summed(program, np.where(dust, 0.0, x)) if dust.any() else x


def violations(program: Program, x: Array, tolerance: float = BREACH) -> list[str]:
    """The limits that ``x`` breaks by more than ``tolerance`` of the tokens read, by name."""
    broken = []
    if np.any(x > program.upper + tolerance) or np.any(x < -tolerance):
        broken.append("epoch cap")
    total = float(x.sum())
    if abs(total - 1.0) > tolerance:
        broken.append("tokens")
    excess = program.rows.matrix @ x - program.rows.bound
    broken += [
        name for name, over in zip(program.rows.names, excess, strict=True) if over > tolerance
    ]
    guarded = np.isfinite(program.level)
    if guarded.any():
        over = losses(program, x, expected=True)[guarded] / program.level[guarded] - 1.0
        broken += ["guardrail"] * bool(np.any(over > tolerance))
    return broken
