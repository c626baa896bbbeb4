"""How long an answer will take, estimated from the size of its question before it is solved.

It serves to let small questions pass large ones, not to promise anything: half of random questions
lie within a factor of 1.5 of the fit behind it, nine of ten within 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from atlasmix.problem.problem import MixProblem

ONE_TARGET: Final = 0.001
"""CPU seconds of one target, one pool and one budget, the plain mean of losses: from the fit of
``benchmarks/EFFORT.md``, as all figures here."""

BY_TARGETS: Final = 0.78
"""Seconds grow with this power of the number of targets."""

BY_POOLS: Final = 0.82
"""And with this power of the number of pools; the fit has 36 to 346."""

OBJECTIVES: Final[Mapping[str, float]] = {"worst": 2.1, "expected": 3.6, "cautious": 13.0}
"""What an objective takes against the mean of losses; ``regret`` solves once for each matrix, which
is our reading of the code and not of the fit."""

COMPUTE: Final = 1.6
"""Of a question that leaves parameters and tokens open. Limits and a bound on the number of donors
made no difference."""


def expected_seconds(problem: MixProblem) -> float:
    """CPU seconds that an answer with its baselines is estimated to take on one core.

    Args:
        problem: what is asked; it is not solved.

    Returns:
        An estimate, from a fit to random questions on the machine of ``benchmarks/EFFORT.md``.

    >>> from atlasmix.evidence.store import Store
    >>> from atlasmix.problem.parsing import problem_from_mapping
    >>> one = problem_from_mapping({"targets": "cat"}, Store("none"))
    >>> two = problem_from_mapping({"targets": ["cat", "spa"], "compute": 1e22}, Store("none"))
    >>> expected_seconds(one) < expected_seconds(two)
    True
    """
    factor = 1.0 + len(problem.rivals)
    factor *= OBJECTIVES.get(problem.objective, 1.0)
    if problem.compute is not None and problem.allocation is None:
        factor *= COMPUTE
    size = len(problem.targets) ** BY_TARGETS * len(problem.pools) ** BY_POOLS
    return float(ONE_TARGET * size * factor)
