"""Donors in crumbs: text that nobody would prepare, and nobody would miss.

A target that is short of text is helped a little by every relative that has some, and the program
reads each of them to its cap: 38 languages for Swahili, the last with 73,000 tokens. Who trains a
model prepares no corpus for the hundredth part of a percent of its tokens. So a donor of less than
``CRUMB`` of the tokens is left out where all that are left out are worth less than ``WORTH``
together. What that gives away is said, and stands in the gap of the proof.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import SolverFailed
from atlasmix.laws.saturation import Array
from atlasmix.mixture.mixture import FLATNESS, Crumbs
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.engines import Engine, Optimum, optimise
from atlasmix.solver.optimise import Solved
from atlasmix.solver.program import scale
from atlasmix.solver.tokens import CRUMB

WORTH: Final = 0.1 * FLATNESS
"""Part of the reducible loss that all donors left out may be worth together: our choice, a tenth of
what no run would show."""


def without_crumbs(
    problem: MixProblem, solved: Solved, engine: Engine | None = None
) -> tuple[Array, Crumbs | None]:
    """Shares of the columns, (n,), of the best mixture without crumbs, and what it leaves out.

    As many of the donors in crumbs as are worth at most ``WORTH`` together, those of least worth
    first. None is left out that a limit calls for, and none of a question whose donors are made to
    be wrong, one or another.

    Args:
        problem: the question in its canonical order.
        solved: its best mixture.
        engine: as in :func:`atlasmix.solver.engines.optimise`.
    """
    best, program = solved.optimum, solved.compiled.program
    keys = np.array(solved.compiled.languages)
    shares = {key: float(best.x[keys == key].sum()) for key in dict.fromkeys(keys.tolist())}
    donors = [key for key in shares if key not in problem.target_keys]
    small = [key for key in donors if 0 < shares[key] < CRUMB]
    if not small or problem.wrong_scores is not None:
        return best.x, None
    gain = -best.prices.line.gradient - best.prices.share
    worth = {key: float((gain * best.x)[keys == key].sum()) for key in small}
    small.sort(key=lambda key: (worth[key], shares[key], key))
    unread = np.isin(keys, [key for key in donors if shares[key] == 0])
    ceiling = best.value + WORTH * scale(program, best.value)

    def leaving(count: int) -> Optimum | None:
        """The best mixture without the first so many; None where limits or the loss forbid it."""
        out: NDArray[np.bool_] = unread | np.isin(keys, small[:count])
        try:
            optimum = optimise(replace(program, upper=np.where(out, 0.0, program.upper)), engine)
        except SolverFailed:
            return None
        return optimum if optimum is not None and optimum.value <= ceiling else None

    kept, count = leaving(len(small)), len(small)
    if kept is None:
        count, over = 0, len(small)
        while over - count > 1:
            middle = (count + over) // 2
            there = leaving(middle)
            if there is None:
                over = middle
            else:
                kept, count = there, middle
    if kept is None:
        return best.x, None
    left = sorted(small[:count], key=lambda key: (-shares[key], key))
    given = max(kept.value - best.value, 0.0) / scale(program, best.value)
    return kept.x, Crumbs(tuple(left), sum(shares[key] for key in left), given)
