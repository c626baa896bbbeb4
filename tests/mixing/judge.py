"""A judge of mixtures that shares no line with the solver: the design's formulas, pool by pool.

D_eff,t = Σ q·τ·S(D; U) - κ·‖σ·q·S per language‖ with σ charged up to τ, and the three objectives.
``tokens`` is (pools,) or (mixtures, pools); what comes back has the leading shape.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from atlasmix.mixing import EpochCap, MixProblem, Mixture

Array = Any


def saturation(read: Array, unique: Array, decay: float) -> Array:
    """ATLAS Eq. 3."""
    again = np.maximum(np.asarray(read) / unique - 1, 0)
    worn = unique * (1 + (1 - np.exp(-decay * again)) / decay)
    return np.where(read <= unique, read, worn)


def _pair(problem: MixProblem, source: str, target: str) -> tuple[float, float]:
    if source not in problem.matrix.keys:
        return 0.0, 0.0
    i, j = problem.matrix.keys.index(source), problem.matrix.keys.index(target)
    tau, sigma = float(problem.transfer.weights[i, j]), float(problem.transfer.stderr[i, j])
    charge = min(problem.risk_aversion * sigma, max(tau, 0.0))
    return (tau * problem.interference if tau < 0 else tau), charge


def expected(problem: MixProblem, tokens: Array, target: str) -> Array:
    """D_eff of one target without penalty, in tokens."""
    total: Array = 0.0
    for place, pool in enumerate(problem.pools):
        if pool.unique_tokens > 0:
            worth = problem.worth[pool.provenance] * _pair(problem, pool.language, target)[0]
            total = total + worth * saturation(
                tokens[..., place], pool.unique_tokens, problem.decay
            )
    return total


def penalty(problem: MixProblem, tokens: Array, target: str) -> Array:
    """κ·‖σ ∘ S(D)‖ in tokens."""
    by_language: dict[str, Array] = {}
    for place, pool in enumerate(problem.pools):
        if pool.unique_tokens > 0:
            charge = _pair(problem, pool.language, target)[1] * problem.worth[pool.provenance]
            read = saturation(tokens[..., place], pool.unique_tokens, problem.decay)
            by_language[pool.language] = by_language.get(pool.language, 0.0) + charge * read
    return np.sqrt(sum(np.square(amount) for amount in by_language.values()))


def effective(problem: MixProblem, tokens: Array) -> Array:
    """D_eff less penalty, in tokens, one column a target."""
    return np.stack(
        [expected(problem, tokens, t) - penalty(problem, tokens, t) for t in problem.target_keys],
        axis=-1,
    )


def sizes(problem: MixProblem) -> Array:
    """Unique tokens of every pool."""
    return np.array([pool.unique_tokens for pool in problem.pools])


def caps(problem: MixProblem) -> Array:
    """Most tokens of every pool by its epoch cap."""
    most = np.full(len(problem.pools), problem.max_epochs)
    for limit in problem.limits:
        if isinstance(limit, EpochCap):
            for place, pool in enumerate(problem.pools):
                if limit.selection.matches(pool):
                    most[place] = limit.epochs
    return most * sizes(problem)


def alone(problem: MixProblem, target: str) -> float:
    """Most D_eff of one target for itself, harm and doubt left out: greedily in small steps."""
    most, unique, left = caps(problem), sizes(problem), problem.budget
    read, best = np.zeros(unique.size), 0.0
    value = np.array(
        [
            max(_pair(problem, pool.language, target)[0], 0.0) * problem.worth[pool.provenance]
            for pool in problem.pools
        ]
    )
    while left > 1e-9 * problem.budget:
        again = np.maximum(read / unique - 1.0, 0.0)
        slope = np.where(read < most * (1 - 1e-12), value * np.exp(-problem.decay * again), 0.0)
        at = int(np.argmax(slope))
        if slope[at] <= 0:
            break
        step = min(problem.budget / 4000, most[at] - read[at], left)
        best += value[at] * (
            saturation(read[at] + step, unique[at], problem.decay)
            - saturation(read[at], unique[at], problem.decay)
        )
        read[at] += step
        left -= step
    return float(best)


def reaches(problem: MixProblem) -> Array:
    """:func:`alone` of every target."""
    return np.array([alone(problem, key) for key in problem.target_keys])


def score(problem: MixProblem, tokens: Array, reach: Array | None = None) -> Array:
    """The objective in the user's unit, turned so that lower is better; inf where D_eff <= 0.

    Mean loss; minus the geometric mean of D_eff; largest loss relative to that at ``reach``.
    """
    data = effective(problem, np.asarray(tokens))
    served = np.all(data > 0, axis=-1)
    data = np.where(data > 0, data, 1.0)
    weight = np.array([target.weight for target in problem.targets])
    weight = weight / weight.sum()
    law = problem.law
    rest = law.E + law.A / problem.params**law.alpha
    losses = rest + law.B / data**law.beta
    if problem.objective == "effective-data":
        value = -np.exp(np.log(data) @ weight)
    elif problem.objective == "loss":
        value = losses @ weight
    else:
        assert reach is not None
        value = np.max(losses / (rest + law.B / reach**law.beta), axis=-1)
    return np.where(served, value, np.inf)


def grid(problem: MixProblem, points: int) -> Array:
    """Every mixture of a grid that keeps caps and budget, (count, pools).

    From each point the rest of the budget is also given to one pool, since optima lie there.
    """
    most = np.minimum(caps(problem), problem.budget)
    rows = np.array(list(product(*(np.linspace(0.0, top, points) for top in most))))
    kept = rows[rows.sum(axis=1) <= problem.budget * (1 + 1e-12)]
    found = [kept]
    for place, top in enumerate(most):
        filled = kept.copy()
        spare = problem.budget - kept.sum(axis=1)
        filled[:, place] = np.minimum(kept[:, place] + np.maximum(spare, 0), top)
        found.append(filled)
    return np.vstack(found)


def samples(problem: MixProblem, count: int, seed: int) -> Array:
    """Random mixtures within caps and budget: Dirichlet shares at several spreads."""
    rng = np.random.default_rng(seed)
    spread = np.exp(rng.uniform(np.log(0.15), np.log(3.0), (count, 1)))
    share = rng.gamma(spread, size=(count, len(problem.pools))) + 1e-300
    share *= rng.uniform(0.3, 1.0, (count, 1)) / share.sum(axis=1, keepdims=True)
    return np.minimum(share * problem.budget, caps(problem))


def tokens_of(mixture: Mixture) -> Array:
    """Tokens read of every pool."""
    return np.array([share.tokens for share in mixture.pools])
