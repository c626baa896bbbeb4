"""Which linear limits collide: each gets a slack, and the least sum of slacks says which must give.

Shares of what is read do not depend on how much is read, so they are tried on mixtures of sum 1 and
told apart to the last digits, whatever the budget; kept amounts, epoch caps and a stated number of
tokens are then tried with everything else at their real size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atlasmix.solver.linear import LinearProgram, NoPoint, minimise
from atlasmix.solver.program import Program

_NOTHING = 1e-7
Give = tuple[str, str, float]  # limit, kind, by how much it must give


def collisions(program: Program, exact: bool = False) -> tuple[tuple[str, ...], list[Give]]:
    """The limits that collide, and by how much those that must give would have to.

    Args:
        program: in shares of the budget.
        exact: all of the budget must be read; else at most as much.

    Returns:
        Two empty collections where some mixture meets all limits.
    """
    shares = np.array([kind != "keep" for kind in program.rows.kinds], dtype=bool)
    if shares.any():
        colliding = _shares(program, np.flatnonzero(shares))
        if colliding[0]:
            return colliding
    if not shares.all() or exact:
        return _amounts(program, exact)
    return (), []


def feasible(program: Program) -> bool:
    """Whether any mixture of just as many tokens meets the program's linear limits."""
    most = np.minimum(program.upper, 1.0)
    if most.sum() < 1.0 - 1e-12:
        return False
    return not program.rows.names or not collisions(program, exact=True)[0]


def reach(program: Program) -> tuple[float, float] | None:
    """Least and most tokens, over those of the program, at which the linear limits can hold.

    None where they never do. At most 1 is looked at; the range has no gaps, since the limits are
    linear in the tokens of every column.
    """
    most = np.minimum(program.upper, 1.0)
    if not program.rows.names:
        high = min(float(most.sum()), 1.0)
        return (0.0, high) if high > 0 else None
    rows = program.rows
    n = most.size
    ends = []
    for sign in (1.0, -1.0):
        task = LinearProgram(
            cost=np.full(n, sign),
            rows=np.vstack([rows.matrix, np.ones(n)]),
            bound=np.append(rows.bound, 1.0),
            low=np.zeros(n),
            high=most,
        )
        try:
            ends.append(float(minimise(task, "the range of tokens").x.sum()))
        except NoPoint:
            return None
    low, high = ends
    return (low, min(high, 1.0)) if high > 1e-15 else None


def _shares(program: Program, rows: NDArray[np.intp]) -> tuple[tuple[str, ...], list[Give]]:
    """Share limits on mixtures of sum 1, with the pools that may be read at all."""
    n, count = program.unique.size, rows.size
    task = LinearProgram(
        cost=np.append(np.zeros(n), np.ones(count)),
        rows=np.hstack([program.rows.matrix[rows], -np.eye(count)]),
        bound=np.zeros(count),
        low=np.zeros(n + count),
        high=np.append(np.where(program.upper > 0, 1.0, 0.0), np.full(count, np.inf)),
        equal=np.append(np.ones(n), np.zeros(count))[None, :],
        level=np.ones(1),
    )
    if not np.any(program.upper > 0):
        return tuple(program.rows.names), []
    optimum = minimise(task, "the check of the limits")
    slack = optimum.x[n:]
    if float(slack.sum()) <= _NOTHING:
        return (), []
    names = [
        program.rows.names[row]
        for row, price in zip(rows, optimum.rows, strict=True)
        if price > 1e-9
    ]
    gives = [
        (program.rows.names[row], program.rows.kinds[row], float(size))
        for row, size in zip(rows, slack, strict=True)
        if size > _NOTHING
    ]
    return tuple(names), gives


def _amounts(program: Program, exact: bool) -> tuple[tuple[str, ...], list[Give]]:
    """All limits at the real size of budget and pools."""
    rows, n = program.rows, program.unique.size
    count = len(rows.names)
    total = np.append(np.ones(n), np.zeros(count))
    every = np.vstack([np.hstack([rows.matrix, -np.eye(count)]), total, -total])
    task = LinearProgram(
        cost=np.append(np.zeros(n), np.ones(count)),
        rows=every,
        bound=np.append(rows.bound, [1.0, -1.0 if exact else 0.0]),
        low=np.zeros(n + count),
        high=np.append(program.upper, np.full(count, np.inf)),
    )
    optimum = minimise(task, "the check of the limits")
    slack = optimum.x[n:]
    if float(slack.sum()) <= _NOTHING:
        return (), []
    names = [
        name for name, price in zip(rows.names, optimum.rows[:count], strict=True) if price > 1e-9
    ]
    if np.any(optimum.upper[:n] > 1e-9):
        names.append("max epochs")
    if optimum.rows[count] > 1e-9:
        names.append("budget")
    if optimum.rows[count + 1] > 1e-9:
        names.append("tokens exactly")
    read = max(float(optimum.x[:n].sum()), 1e-12)
    gives = [
        (name, kind, float(size if kind == "keep" else size / read))
        for name, kind, size in zip(rows.names, rows.kinds, slack, strict=True)
        if size > _NOTHING
    ]
    return tuple(names), gives
