"""Flatness: how far the share of each language may move before anybody would measure it.

The objective is convex, so the shares of a language at which it is at most so much worse are one
range, and each end is a convex program of its own: the least or most of that share under a ceiling
on the objective, all other shares chosen anew within the limits. The number of tokens stays.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from atlasmix.mixture.mixture import FLATNESS, Mixture, ShareRange
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.compile import Compiled
from atlasmix.solver.engines import Optimum, extreme
from atlasmix.solver.patience import expired
from atlasmix.solver.program import scale

MOST: Final = 60
"""Languages whose range is sought, largest share first: our choice, more than any table shows."""

_ALWAYS: Final = "eng"
"""English has its range even where it is not read: the share that every reviewer asks about."""


def flatness(
    problem: MixProblem, compiled: Compiled, optimum: Optimum, mixture: Mixture
) -> tuple[ShareRange, ...]:
    """The range of every language that is read, of every target and of English, largest first."""
    program, shares = compiled.program, mixture.proportions
    keys = dict.fromkeys([*shares, *problem.target_keys, _ALWAYS])
    ceiling = optimum.value + FLATNESS * scale(program, optimum.value)
    ranges = []
    for key in list(keys)[:MOST]:
        if expired():
            break
        member = np.array([float(language == key) for language in compiled.languages])
        if not member.any():
            continue
        share = shares.get(key, 0.0)
        low = max(extreme(program, member, ceiling), 0.0)
        high = min(-extreme(program, -member, ceiling), 1.0)
        ranges.append(ShareRange(key, share, min(low, share), max(high, share)))
    return tuple(ranges)
