"""A share set by hand: the best mixture in which one language has it, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture, ShareRange
from atlasmix.mixture.solve import best
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.worlds import floor_of
from atlasmix.quantities import format_quantity
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.compute import at_size
from atlasmix.solver.optimise import for_objective
from atlasmix.solver.program import scale
from atlasmix.text import listed

_SAME: Final = 1e-7
"""Shares that differ by less are one."""

_BEYOND: Final = 0.5
"""How far beyond its range a share is tried, in widths of the range: our choice, enough to feel
that the cost rises there."""

_NARROW: Final = 0.02
"""The width that a narrower range counts as: two points, our choice."""

_STEPS: Final = 20
_EXACTLY: Final = "tokens exactly"
"""A limit of this file's own, which nobody asked for."""


@dataclass(frozen=True, slots=True)
class ForcedShare:
    """One share set by hand, all others chosen anew within the limits.

    Attributes:
        language: whose share was set.
        share: the one that was asked for, 0-1.
        mixture: the best one with it; effects and proof, without prices and ranges.
        change: of the objective against the best share, in the unit of the certificate's
            ``value``; 0 or above.
        relative: the same over the reducible part of the objective.
    """

    language: str
    share: float
    mixture: Mixture
    change: float
    relative: float


def force_share(problem: MixProblem, tokens: float, language: str, share: float) -> ForcedShare:
    """The best mixture in which a language has just this share.

    Parameters stay, and so does the number of tokens read, unless something in the question is
    measured against its budget (the objectives ``worst`` and ``regret``, a guardrail, the drift
    penalty): then tokens are chosen anew, too. The objective is convex in the share, so a limit on
    the side of the best share is met with equality.

    Args:
        problem: the question, its size chosen.
        tokens: tokens that its answer reads.
        language: key.
        share: of the tokens read, 0-1.

    Raises:
        ProblemError: no share, or a language without text here.
        Infeasible: no mixture within the limits has this share.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    if not 0.0 <= share <= 1.0:
        raise ProblemError(
            f"the share of {language} is {share:g}: expected 0 to 1, such as 0.2", field="share"
        )
    if language not in {pool.language for pool in problem.pools if pool.unique_tokens > 0}:
        raise ProblemError(
            f"{language} has no text in this question, so it has no share to set: open its pools, "
            "or name another language",
            field="language",
            value=language,
        )
    whole = _fixed(problem, tokens)
    free = best(whole)
    now = free.proportions.get(language, 0.0)
    there = free
    if abs(share - now) > _SAME:
        bound: Literal["min", "max"] = "min" if share > now else "max"
        side = ShareLimit(bound, Selection("language", language), share)
        try:
            there = best(replace(whole, limits=(*whole.limits, side)))
        except Infeasible as error:
            against = [name for name in error.conflict if name not in (side.name, _EXACTLY)]
            held = f": against it stands {listed(against)}" if against else ""
            raise Infeasible(
                f"no mixture within the limits reads {100 * share:.3g}% {name_of(language)} in "
                f"{format_quantity(whole.budget)} tokens{held}",
                error.conflict,
            ) from None
    change = max(there.certificate.value - free.certificate.value, 0.0)
    program = for_objective(whole, compile_problem(whole)).program
    value = free.certificate.value
    reducible = scale(program, value - (0.0 if _is_ratio(problem) else floor_of(problem)))
    return ForcedShare(language, share, there, change, change / reducible)


def _is_ratio(problem: MixProblem) -> bool:
    """Whether the program's objective is the user's own and holds no E to take off."""
    return problem.objective in ("worst", "regret")


def _fixed(problem: MixProblem, tokens: float) -> MixProblem:
    """The question at one N, and at one D where nothing is measured against its budget."""
    problem = replace(problem, phases=(), near=None)
    against = _is_ratio(problem) or problem.drift_penalty > 0
    against |= any(isinstance(limit, Guardrail) for limit in problem.limits)
    if against and tokens < problem.budget * (1 - _SAME):
        return at_size(problem, problem.params, problem.budget)
    return replace(at_size(problem, problem.params, tokens), exact_tokens=True)


def share_steps(flat: ShareRange) -> tuple[float, ...]:
    """Shares to try of a language, rising: its range, a little beyond, and its own."""
    beyond = _BEYOND * max(flat.high - flat.low, _NARROW)
    ends = max(flat.low - beyond, 0.0), min(flat.high + beyond, 1.0)
    even = np.linspace(*ends, _STEPS + 1).round(4).tolist()
    kept = {flat.low, flat.share, flat.high}
    near = (ends[1] - ends[0]) / _STEPS / 4
    return tuple(
        sorted({*kept, *(step for step in even if min(abs(step - each) for each in kept) > near)})
    )
