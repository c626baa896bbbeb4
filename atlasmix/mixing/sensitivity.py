"""Does the answer change with λ? The set of donors over the range of λ that is in print."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from atlasmix.mixing.answer import build_mixture
from atlasmix.mixing.mixture import DecayStep, Mixture
from atlasmix.mixing.problem import MixProblem
from atlasmix.mixing.solve import optimise_problem
from atlasmix.scaling.saturation import DECAY_RANGE

_POINTS = 9
_PRECISION = 1.01
_LEAST = 1e-6
"""A donor below this share of the tokens read does not count as one."""


def sensitivity(
    problem: MixProblem, low: float = DECAY_RANGE[0], high: float = DECAY_RANGE[1]
) -> tuple[DecayStep, ...]:
    """The sets of donors from ``low`` to ``high``, and where one gives way to the next.

    Between two of nine points of a geometric grid with different sets, the change is located to
    1 %; a set that comes and goes between two points with the same set is not seen.
    """
    grid = np.geomspace(low, high, _POINTS).tolist()
    answers = [(decay, _at(problem, decay)) for decay in grid]
    steps: list[tuple[float, Mixture]] = [answers[0]]
    for (left, before), (right, after) in pairwise(answers):
        steps += _changes(problem, (left, before), (right, after))
    ends = [decay for decay, _ in steps[1:]] + [high]
    return tuple(
        DecayStep(start, end, donors(mixture), _target_epochs(mixture), mixture.proportions)
        for (start, mixture), end in zip(steps, ends, strict=True)
    )


def donors(mixture: Mixture) -> tuple[str, ...]:
    """Languages read beside the targets, largest first, without traces."""
    return tuple(key for key in mixture.donors if mixture.proportions[key] > _LEAST)


def _at(problem: MixProblem, decay: float) -> Mixture:
    changed = replace(problem, decay=decay)
    solved = optimise_problem(changed)
    return build_mixture(
        changed, solved.compiled, solved.compiled.expand(changed, solved.optimum.x)
    )


def _changes(
    problem: MixProblem, left: tuple[float, Mixture], right: tuple[float, Mixture]
) -> list[tuple[float, Mixture]]:
    """Where the set of donors changes between two values of λ, in order."""
    if set(donors(left[1])) == set(donors(right[1])):
        return []
    if right[0] / left[0] <= _PRECISION:
        return [right]
    middle = float(np.sqrt(left[0] * right[0]))
    between = (middle, _at(problem, middle))
    return [*_changes(problem, left, between), *_changes(problem, between, right)]


def _target_epochs(mixture: Mixture) -> float:
    targets = {effect.language for effect in mixture.targets}
    return max((s.epochs for s in mixture.pools if s.pool.language in targets), default=0.0)
