"""Where the effective tokens of each target come from: itself, read once and again, and donors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.prediction import useful_tokens
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.compile import same_language, weights_of


@dataclass(frozen=True, slots=True)
class Flow:
    """What one target has of one language's text of one provenance, in effective target tokens.

    Attributes:
        source: language that is read.
        target: language whose loss counts.
        provenance: of the text.
        own: whether the source is the target itself, in any of its scripts.
        fresh: what its first pass gives, q·τ·min(D, U).
        repeated: what later passes add, q·τ·(S(D; U) - min(D, U)).
        status: how the score behind τ came to be (``measured``, ``own``, ``predicted``,
            ``completed``); empty for the target's own text.
    """

    source: str
    target: str
    provenance: str
    own: bool
    fresh: float
    repeated: float
    status: str

    @property
    def tokens(self) -> float:
        """Both passes, q·τ·S(D; U)."""
        return self.fresh + self.repeated


def flows(problem: MixProblem, mixture: Mixture) -> tuple[Flow, ...]:
    """Every flow above 0, target by target as asked, the largest first.

    Over all sources they sum to ``effective_data`` of each target; those that are its own sum to
    ``own`` and the others to ``transferred``. Donors count whole, without the charge for doubt.

    Args:
        problem: the question.
        mixture: an answer to it, or any mixture of its pools.
    """
    tokens = np.array([share.tokens for share in mixture.pools])
    useful, first = useful_tokens(problem, tokens)
    languages = [pool.language for pool in problem.pools]
    read = np.flatnonzero(tokens > 0).tolist()
    every: list[Flow] = []
    for target in problem.target_keys:
        (tau,), _ = weights_of(problem, [target], languages)
        sums: dict[tuple[str, str], list[float]] = {}
        for place in read:
            pool = problem.pools[place]
            both = sums.setdefault((pool.language, pool.provenance), [0.0, 0.0])
            both[0] += float(tau[place] * first[place])
            both[1] += float(tau[place] * (useful[place] - first[place]))
        mine = [
            _flow(problem, source, target, provenance, *both)
            for (source, provenance), both in sums.items()
            if sum(both) > 0
        ]
        every += sorted(mine, key=lambda flow: (-flow.tokens, flow.source, flow.provenance))
    return tuple(every)


def donated_by_status(given: Sequence[Flow]) -> dict[str, float]:
    """Tokens of what donors give, by how the scores behind it came to be."""
    sums: dict[str, float] = {}
    for flow in given:
        if not flow.own:
            sums[flow.status] = sums.get(flow.status, 0.0) + flow.tokens
    return sums


def _flow(
    problem: MixProblem, source: str, target: str, provenance: str, fresh: float, repeated: float
) -> Flow:
    transfer = problem.transfer
    own = same_language(target, source, transfer.axis)
    status = "" if own else str(transfer.status[transfer.index(source), transfer.index(target)])
    return Flow(source, target, provenance, own, fresh, max(repeated, 0.0), status)
