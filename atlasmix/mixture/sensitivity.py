"""Does the answer change with what is least certain: λ, φ, and the worth of synthetic text?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from atlasmix.laws.saturation import DECAY_RANGE
from atlasmix.mixture.mixture import LEAST_READ, Mixture, SensitivityStep
from atlasmix.mixture.prediction import build_mixture
from atlasmix.problem.problem import BENCHMARK_WORTH, WORTH_RANGE, MixProblem
from atlasmix.solver.optimise import optimise_problem

_POINTS = 7
_PRECISION = 1.01
_COARSE = 1.1
_SHIFT = 0.2
"""Part by which the tokens read may change within one step."""

_With = Callable[[float], MixProblem]

PHI: Final = "φ"
DECAY: Final = "λ"


def sensitivity(
    problem: MixProblem, low: float = DECAY_RANGE[0], high: float = DECAY_RANGE[1]
) -> tuple[SensitivityStep, ...]:
    """The sets of donors and the tokens read over the range of every uncertain constant.

    λ from ``low`` to ``high``; φ over the law's range, all targets' in proportion; q of every
    provenance that may be read and has a range (:data:`WORTH_RANGE`) at its two ends. A donor
    counts from a thousandth of the tokens on. Between two points of a geometric grid with different
    sets, the change is located to 1 %; a set that comes and goes between two points with the same
    set is not seen. A step also ends where the tokens read have moved by more than a fifth since
    its start, to 10 % of the constant.
    """
    steps = _along(DECAY, lambda value: replace(problem, decay=value), low, high)
    least, most = problem.law.phi_range
    if 0 < least < most:
        steps += _along(PHI, lambda value: with_phi(problem, value), least, most)
    read = {pool.provenance for pool in problem.pools if pool.unique_tokens > 0}
    for provenance in sorted(read & WORTH_RANGE.keys()):
        steps += _ends(problem, provenance, WORTH_RANGE[provenance], f"worth of {provenance}")
        if provenance in BENCHMARK_WORTH:
            name = f"worth of {provenance}{BY_BENCHMARKS}"
            steps += _ends(problem, provenance, BENCHMARK_WORTH[provenance], name)
    return tuple(steps)


BY_BENCHMARKS: Final = " by benchmarks"
"""Ends the name of a worth that is for benchmark scores and not for loss on native text."""


def with_phi(problem: MixProblem, phi: float) -> MixProblem:
    """The question if a typical language had this φ: that of every target moves in proportion.

    τ is held. The same scores under another φ would give other transfer weights, less where φ is
    smaller: what this shows is the part of capacity alone.
    """
    transfer = problem.transfer
    moved = replace(transfer, phi=transfer.phi * phi / problem.law.phi)
    return replace(problem, assumed=moved)


def donors(mixture: Mixture) -> tuple[str, ...]:
    """Languages read beside the targets with a thousandth of the tokens or more, largest first."""
    return tuple(key for key in mixture.donors if mixture.proportions[key] >= LEAST_READ)


def _along(constant: str, at: _With, low: float, high: float) -> list[SensitivityStep]:
    """The sets of donors and the tokens read from ``low`` to ``high`` of one constant."""
    answers = [(value, _solved(at(value))) for value in np.geomspace(low, high, _POINTS).tolist()]
    changes: list[tuple[float, Mixture]] = [answers[0]]
    for left, right in pairwise(answers):
        changes += _changes(at, changes[-1][1], left, right)
    ends = [value for value, _ in changes[1:]] + [high]
    return [
        SensitivityStep(
            constant,
            start,
            end,
            donors(mixture),
            _target_epochs(mixture),
            mixture.proportions,
            mixture.tokens,
        )
        for (start, mixture), end in zip(changes, ends, strict=True)
    ]


def _ends(
    problem: MixProblem, provenance: str, ends: tuple[float, float], constant: str
) -> list[SensitivityStep]:
    """The mixture where a token of a provenance is worth least and most."""
    steps = []
    for worth in ends:
        mixture = _solved(replace(problem, worth={**problem.worth, provenance: worth}))
        part = sum(s.proportion for s in mixture.pools if s.pool.provenance == provenance)
        steps.append(
            SensitivityStep(
                constant,
                worth,
                worth,
                donors(mixture),
                _target_epochs(mixture),
                mixture.proportions,
                mixture.tokens,
                part,
            )
        )
    return steps


def _solved(problem: MixProblem) -> Mixture:
    solved = optimise_problem(problem)
    tokens = solved.compiled.expand(problem, solved.optimum.x)
    return build_mixture(problem, solved.compiled, tokens)


def _changes(
    at: _With, start: Mixture, left: tuple[float, Mixture], right: tuple[float, Mixture]
) -> list[tuple[float, Mixture]]:
    """Where, after ``left`` and up to ``right``, an answer is no longer like that of its step.

    Args:
        at: the question at a value.
        start: the answer where the step of ``left`` begins.
        left, right: two values and their answers.
    """
    changes = []
    while _differ(start, right[1]):
        low, high = left, right
        while high[0] / low[0] > (_COARSE if _same_donors(low[1], high[1]) else _PRECISION):
            middle = float(np.sqrt(low[0] * high[0]))
            between = (middle, _solved(at(middle)))
            low, high = (low, between) if _differ(start, between[1]) else (between, high)
        changes.append(high)
        start, left = high[1], high
    return changes


def _same_donors(mixture: Mixture, other: Mixture) -> bool:
    return set(donors(mixture)) == set(donors(other))


def _differ(mixture: Mixture, other: Mixture) -> bool:
    """Whether two answers belong to different steps."""
    few, many = sorted((mixture.tokens, other.tokens))
    return not _same_donors(mixture, other) or many > few * (1 + _SHIFT)


def _target_epochs(mixture: Mixture) -> float:
    targets = {effect.language for effect in mixture.targets}
    return max((s.epochs for s in mixture.pools if s.pool.language in targets), default=0.0)
