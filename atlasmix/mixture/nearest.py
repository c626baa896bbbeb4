"""The plainest of the mixtures that are as good: the one that moves least from a reference.

An optimum may be flat: many mixtures are as good as anybody could measure, and which of them the
program names hangs on the last digits of the evidence. A team that has a mixture, or a rule of
thumb, leaves it where that pays and nowhere else. So: among the mixtures that read as many tokens
as the best one and are at most so much worse, the one with the fewest tokens elsewhere than the
reference has them (total variation between languages). A sum of absolute differences leaves many
languages just where they are and moves a few.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from atlasmix.errors import ProblemError, SolverFailed, about
from atlasmix.laws.saturation import Array
from atlasmix.mixture.mixture import LeftAlone
from atlasmix.problem.baselines import baseline_tokens
from atlasmix.problem.problem import MixProblem, Near
from atlasmix.solver.conic import nearest
from atlasmix.solver.engines import tidy, violations
from atlasmix.solver.optimise import Solved
from atlasmix.solver.program import Program, objective, scale
from atlasmix.solver.tokens import CRUMB

_SAME: Final = 5e-5
"""Shares that differ by less are one: half a hundredth of a point, which no table shows."""

_GRID: Final = 1e4
"""A share that is moved is a whole number of hundredths of a point where the limits allow it."""

_DUST: Final = 1e-6
"""Share that is the tolerance of an engine and no text."""


def chosen_shares(problem: MixProblem, near: Near, solved: Solved) -> tuple[Array, LeftAlone]:
    """Shares of the columns, (n,), of the mixture that is the answer, and what it leaves alone.

    Args:
        problem: the question in its canonical order.
        near: the reference, and what may be given for lying near it.
        solved: the best mixture.

    Raises:
        ProblemError: no such reference, or one that reads no pool of the question.
        SolverFailed: no solver came to a usable end.
    """
    best = solved.optimum
    program = solved.compiled.program
    members, reference = _languages(problem, near, solved)
    size = scale(program, best.value)
    ceiling = best.value + near.within * size
    few = _without_strangers(program, members, reference, best.x)
    try:
        x = nearest(few, members, reference, ceiling)
    except SolverFailed:  # a limit holds by what was left out
        x = nearest(program, members, reference, ceiling)
    x = tidy(program, x / x.sum(), _DUST)
    tried = (_rounded(x, members, reference), x)
    kept = (
        each
        for each in tried
        if objective(program, each) <= ceiling + _SLACK * size and not violations(program, each)
    )
    chosen = np.asarray(next(kept, best.x))
    return chosen, _left_alone(near, solved, members, reference, chosen)


def _without_strangers(program: Program, members: Array, reference: Array, x: Array) -> Program:
    """The program without donors that neither the reference nor the best mixture reads.

    A token that must lie elsewhere than in the reference is as far from it wherever it lies: it
    would be spread over all languages there are, a hundredth of a point to each.
    """
    rows = program.rows
    called = rows.members[[kind != "max" for kind in rows.kinds]].any(axis=0)
    strange = (reference < CRUMB) & (members @ x < CRUMB)
    own = (program.own > 0).any(axis=0)  # a target of little text is no stranger
    left_out = (strange @ members > 0) & ~called & ~own
    return replace(program, upper=np.where(left_out, 0.0, program.upper))


_SLACK: Final = 1e-6
"""Of the reducible loss, by which rounding may pass what was allowed."""


def _left_alone(
    near: Near, solved: Solved, members: Array, reference: Array, x: Array
) -> LeftAlone:
    """What lies where the reference has it, and how much does not."""
    keys = list(dict.fromkeys(solved.compiled.languages))
    shares, free = members @ x, members @ solved.optimum.x
    same = [
        key
        for key, share, there in zip(keys, shares, reference, strict=True)
        if there > _SAME and abs(share - there) <= _SAME
    ]
    return LeftAlone(
        near.reference, near.within, _moved(shares, reference), _moved(free, reference), tuple(same)
    )


def _languages(problem: MixProblem, near: Near, solved: Solved) -> tuple[Array, Array]:
    """Which columns belong to each language, (languages, n), and the reference's shares.

    Languages of the reference that the program has no column for are in none of its shares.
    """
    with about("near", near.reference):
        tokens = baseline_tokens(problem, near.reference)
        if not tokens.any():
            raise ProblemError(
                f"{near.reference} reads no pool of this question, so nothing lies near it"
            )
    read: dict[str, float] = {}
    for pool, part in zip(problem.pools, (tokens / tokens.sum()).tolist(), strict=True):
        read[pool.language] = read.get(pool.language, 0.0) + part
    languages = solved.compiled.languages
    keys = list(dict.fromkeys(languages))
    members = np.array([[float(each == key) for each in languages] for key in keys])
    return members, np.array([read.get(key, 0.0) for key in keys])


def _moved(shares: Array, reference: Array) -> float:
    """Total variation: the part of the tokens that would have to move."""
    return float(np.maximum(shares - reference, 0.0).sum())


def _rounded(x: Array, members: Array, reference: Array) -> Array:
    """Shares as the reference has them, or in hundredths of a point; the largest has the rest."""
    shares = members @ x
    goal = np.where(
        np.abs(shares - reference) <= _SAME, reference, np.floor(shares * _GRID) / _GRID
    )
    moved = np.flatnonzero(np.abs(shares - reference) > _SAME)
    if moved.size:
        last = moved[int(np.argmax(shares[moved]))]
        goal[last] += 1.0 - float(goal.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(shares > 0, goal / shares, 1.0)
    there = x * (members.T @ factor)
    return np.asarray(there / there.sum())
