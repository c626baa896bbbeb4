"""A judge of mixtures that shares no line with the solver: the design's formulas, pool by pool.

L_t = E + A·m_t^(-φ_t)/N^α + B/D_eff,t^β with m_t the share of all tokens read that is in the
target's own language, D_eff,t = Σ q·max(0, τ - κσ)·S(D; U). ``tokens`` is (pools,) or
(mixtures, pools), tokens read per pool; what comes back has the leading shape.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.baselines import baseline_tokens
from atlasmix.problem.constraints import EpochCap, Guardrail, KeepTokens, ShareLimit
from atlasmix.problem.problem import MixProblem

Array = Any


def saturation(read: Array, unique: Array, decay: float) -> Array:
    """ATLAS Eq. 3."""
    again = np.maximum(np.asarray(read) / unique - 1, 0)
    return np.where(read <= unique, read, unique * (1 + (1 - np.exp(-decay * again)) / decay))


def sizes(problem: MixProblem) -> Array:
    """Unique tokens of every pool."""
    return np.array([pool.unique_tokens for pool in problem.pools])


def caps(problem: MixProblem) -> Array:
    """Most tokens of every pool: its epoch cap, and nothing of languages without scores."""
    most = np.full(len(problem.pools), problem.max_epochs)
    for limit in problem.limits:
        if isinstance(limit, EpochCap):
            for place, pool in enumerate(problem.pools):
                if limit.selection.matches(pool):
                    most[place] = limit.epochs
    known = [pool.language in problem.transfer.keys for pool in problem.pools]
    return np.where(known, most * sizes(problem), 0.0)


def open_caps(problem: MixProblem) -> Array:
    """The same where a limit of 0 % closes a pool."""
    most = caps(problem)
    for limit in problem.limits:
        if isinstance(limit, ShareLimit) and limit.bound == "max" and limit.share == 0:
            most = np.where(limit.selection.mask(problem.pools), 0.0, most)
    return most


def is_own(problem: MixProblem, target: str) -> Array:
    """Pools that give the target capacity: in its language, in any script, and worth anything."""
    same = [p.language == target for p in problem.pools]
    if problem.transfer.axis == "language":
        base = target.partition("_")[0]
        same = [p.language.partition("_")[0] == base for p in problem.pools]
    return np.array(same) & (worths(problem) > 0)


def worths(problem: MixProblem) -> Array:
    """q of every pool."""
    return np.array([problem.worth.get(pool.provenance, 0.0) for pool in problem.pools])


def values(problem: MixProblem, target: str, charged: bool) -> Array:
    """What a fresh token of every pool is worth to the target as data: q·τ, or q·max(0, τ - κσ)."""
    at = problem.transfer.keys.index(target)
    found = []
    for pool in problem.pools:
        if pool.language not in problem.transfer.keys:
            found.append(0.0)
            continue
        row = problem.transfer.keys.index(pool.language)
        tau = float(problem.transfer.weights[row, at])
        sigma = float(problem.transfer.stderr[row, at])
        found.append(max(tau - problem.risk_aversion * sigma, 0.0) if charged else tau)
    return np.array(found) * worths(problem)


def effective(problem: MixProblem, tokens: Array, target: str, charged: bool = False) -> Array:
    """D_eff of one target in tokens."""
    tokens = np.asarray(tokens, dtype=float)
    unique = np.maximum(sizes(problem), 1e-9)
    value = values(problem, target, charged)
    given = saturation(tokens, unique, problem.decay) * value
    for key in {pool.language for pool in problem.pools}:
        given = with_views(problem, key, tokens, value, given)
    return given.sum(axis=-1)


VIEWS = 0.48
"""What all rephrases of a language give at most, in parts of its human text."""


def with_views(problem: MixProblem, key: str, tokens: Array, value: Array, given: Array) -> Array:
    """The data of rephrased pools of one language, which are views of the same documents.

    Together they rise from q tokens a token to 0.48 times the human text: S with that limit.
    """
    pools = list(enumerate(problem.pools))
    mine = [at for at, p in pools if p.language == key and p.provenance == "rephrased"]
    source = sum(p.unique_tokens for _, p in pools if p.language == key and "human" in p.provenance)
    q = problem.worth.get("rephrased", 0.0)
    if not mine or not source or not q:
        return given
    given = given.copy()
    read = tokens[..., mine].sum(axis=-1) * q
    first = VIEWS * source / (1 + 1 / problem.decay)
    both = saturation(read, min(first, q * sizes(problem)[mine].sum()), problem.decay)
    given[..., mine] = 0.0
    given[..., mine[0]] = both * value[mine[0]] / q
    return given


def own_share(problem: MixProblem, tokens: Array, target: str) -> Array:
    """m of one target."""
    tokens = np.asarray(tokens, dtype=float)
    return tokens @ is_own(problem, target) / np.maximum(tokens.sum(axis=-1), 1e-300)


def mute(problem: MixProblem, target: str) -> bool:
    """Whether there is no text in the target's language that may be read."""
    useful = is_own(problem, target) * worths(problem) * open_caps(problem)
    return not useful.any()


def loss(problem: MixProblem, tokens: Array, target: str, charged: bool = False) -> Array:
    """L of one target; without its capacity term where the target is mute."""
    law, at = problem.law, problem.transfer.keys.index(target)
    phi = float(problem.transfer.phi[at])
    with np.errstate(divide="ignore"):
        value = law.E + law.B * effective(problem, tokens, target, charged) ** -law.beta
        if not mute(problem, target):
            m = own_share(problem, tokens, target)
            value = value + law.A / problem.params**law.alpha * m**-phi
    return value


def _curve(value: Array, unique: Array, most: Array, decay: float) -> tuple[Array, Array]:
    """The most data that tokens of these pools buy: tokens and data along one falling price."""
    useful = (value > 0) & (most > 0)
    value, unique, most = value[useful], unique[useful], most[useful]
    if not value.size:
        return np.array([0.0, 1e-9]), np.zeros(2)
    lowest = float((value * np.exp(-decay * np.maximum(most / unique - 1, 0))).min())
    prices = np.geomspace(float(value.max()), max(lowest, float(value.max()) * 1e-6), 4000)
    edges = np.concatenate([value * (1 + 1e-12), value * (1 - 1e-12)])
    price = np.sort(np.concatenate([prices, edges, [lowest * 0.999]]))[::-1][:, None]
    epochs = 1 + np.log(np.maximum(value / price, 1.0)) / decay
    read = np.minimum(np.where(value > price, unique * epochs, 0.0), most)
    found = saturation(read, unique, decay) @ value
    return np.append(0.0, read.sum(axis=1)), np.append(0.0, found)


def alone(problem: MixProblem, target: str, charged: bool = True) -> float:
    """Least loss of a target with nobody beside it, within budget and epoch caps.

    By a dense scan over its own tokens and its donors'; what it reads is chosen by charged weights.
    """
    most, unique = open_caps(problem), np.maximum(sizes(problem), 1e-9)
    value, own = values(problem, target, charged=True), is_own(problem, target)
    mine = _curve(value[own], unique[own], most[own], problem.decay)
    theirs = _curve(value[~own], unique[~own], most[~own], problem.decay)
    room = min(float(mine[0][-1]), problem.budget)
    law, phi = problem.law, float(problem.transfer.phi[problem.transfer.keys.index(target)])
    most_donor = min(float(theirs[0][-1]), problem.budget)
    donors = np.concatenate([[0.0], np.geomspace(1e-9 * problem.budget, problem.budget, 20001)])
    donors = np.unique(np.minimum(donors, most_donor))
    silent = mute(problem, target)
    best = math.inf
    for _ in range(3):
        read = np.minimum(room, problem.budget - donors)
        data = np.interp(read, *mine) + np.interp(donors, *theirs)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = law.E + law.B * data**-law.beta
            if not silent:
                share = read / (read + donors)
                total = total + law.A / problem.params**law.alpha * share**-phi
        total = np.where(np.isnan(total), np.inf, total)
        at = int(np.argmin(total))
        best = min(best, float(total[at]))
        low, high = donors[max(at - 1, 0)], donors[min(at + 1, donors.size - 1)]
        donors = np.linspace(low, high, 2001)
    return best


def reaches(problem: MixProblem) -> Array:
    """:func:`alone` of every target, for the objective ``worst``."""
    return np.array([alone(problem, key) for key in problem.target_keys])


def losses(problem: MixProblem, tokens: Array, charged: bool = False) -> Array:
    """L of every target, one column each."""
    return np.stack([loss(problem, tokens, key, charged) for key in problem.target_keys], axis=-1)


def score(problem: MixProblem, tokens: Array, reach: Array | None = None) -> Array:
    """The objective in the user's unit: mean loss, or the largest over ``reach``; less is best."""
    lost = losses(problem, tokens, charged=True)
    if problem.objective == "worst":
        reach = reaches(problem) if reach is None else reach
        return np.max(lost / reach, axis=-1)
    weight = np.array([target.weight for target in problem.targets])
    return lost @ (weight / weight.sum())


def reducible(problem: MixProblem, value: float, reach: Array | None = None) -> float:
    """The part of an objective that a mixture can change; gaps are measured against it."""
    if problem.objective == "worst":
        reach = reaches(problem) if reach is None else reach
        return value - problem.law.E / float(reach.max())
    return value - problem.law.E


def guard_levels(problem: MixProblem) -> dict[str, float]:
    """Most expected loss of every guarded language: a share above that of the reference mixture."""
    levels: dict[str, float] = {}
    for limit in problem.limits:
        if isinstance(limit, Guardrail):
            reference = baseline_tokens(problem, limit.reference)
            allowed = float(loss(problem, reference, limit.language)) * (1 + limit.slack)
            levels[limit.language] = min(levels.get(limit.language, math.inf), allowed)
    return levels


def donors_of(problem: MixProblem) -> tuple[str, ...]:
    """Languages with pools that are no target's, in no script."""
    bases = {key.split("_")[0] for key in problem.target_keys}
    found = {pool.language for pool in problem.pools if pool.language in problem.transfer.keys}
    return tuple(sorted(key for key in found if key.split("_")[0] not in bases))


def _broken_shares(problem: MixProblem, tokens: Array, slack: float) -> list[str]:
    total, names = float(tokens.sum()), []
    for limit in problem.limits:
        if isinstance(limit, ShareLimit | KeepTokens):
            part = float(tokens[limit.selection.mask(problem.pools)].sum())
            if isinstance(limit, KeepTokens):
                over = (limit.tokens - part) / total
            else:
                over = (part / total - limit.share) * (1 if limit.bound == "max" else -1)
            names += [limit.name] * int(over > slack)
    return names


def broken(problem: MixProblem, tokens: Array, slack: float = 1e-6) -> list[str]:
    """The limits that one mixture breaks by more than ``slack`` of the tokens read."""
    tokens = np.asarray(tokens, dtype=float)
    total, names = float(tokens.sum()), []
    if not total > 0 or not np.all(np.isfinite(tokens)) or np.any(tokens < 0):
        return ["tokens"]
    most = caps(problem)
    if np.any(tokens > most * (1 + slack) + 1e-9 * total):
        names.append("epoch cap")
    if total > problem.budget * (1 + slack):
        names.append("budget")
    if problem.exact_tokens and total < problem.budget * (1 - slack):
        names.append("tokens exactly")
    names += _broken_shares(problem, tokens, slack)
    for key, level in guard_levels(problem).items():
        if float(loss(problem, tokens, key)) > level * (1 + slack):
            names.append(f"guardrail {key}")
    if problem.max_donors is not None:
        read = {p.language for p, n in zip(problem.pools, tokens, strict=True) if n > 0}
        if len(read & set(donors_of(problem))) > problem.max_donors:
            names.append("max donors")
    return names


def linear(problem: MixProblem, ease: float = 0.0) -> tuple[Array, Array, Array]:
    """Shares, kept tokens and budget as rows · D/budget <= bound, and the most of every pool.

    Args:
        problem: the question.
        ease: by how much every share and amount is loosened; below 0 tightened.
    """
    rows, bound = [], []
    for limit in problem.limits:
        if isinstance(limit, ShareLimit | KeepTokens):
            inside = limit.selection.mask(problem.pools).astype(float)
            if isinstance(limit, KeepTokens):
                rows.append(-inside)
                bound.append(-limit.tokens / problem.budget + ease)
            else:
                sign = 1.0 if limit.bound == "max" else -1.0
                rows.append(sign * (inside - limit.share) - ease)
                bound.append(0.0)
    count = len(problem.pools)
    rows.append(np.ones(count))
    bound.append(1.0)
    if problem.exact_tokens:
        rows.append(-np.ones(count))
        bound.append(-1.0)
    return np.array(rows), np.array(bound), np.minimum(caps(problem) / problem.budget, 1.0)


def samples(
    problem: MixProblem, count: int, seed: int, around: Array | None = None, vertices: int = 12
) -> Array:
    """Random mixtures that keep every limit, of any number of tokens within the budget.

    Vertices of what the linear limits allow, found by linear programs of random costs, are mixed by
    Dirichlet shares and drawn towards ``around``; those that break a guardrail are left out.
    """
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    rows, bound, most = linear(problem)
    if problem.max_donors is not None:
        donors = donors_of(problem)
        read = set()
        if around is not None:
            read = {p.language for p, n in zip(problem.pools, around, strict=True) if n > 0}
        allowed = set(rng.permutation(donors)[: problem.max_donors]) if around is None else read
        closed = [p.language in donors and p.language not in allowed for p in problem.pools]
        most = np.where(closed, 0.0, most)
    corners = [] if around is None else [np.asarray(around) / problem.budget]
    for _ in range(vertices):
        cost = rng.normal(size=most.size) - rng.choice([0.0, 1.0, 3.0])
        cost = np.where(rng.random(most.size) < 0.3, 0.0, cost)
        found = linprog(cost, rows, bound, bounds=np.column_stack([0 * most, most]))
        if found.status == 0 and found.x.sum() > 1e-12:
            corners.append(found.x)
    if not corners:
        return np.zeros((0, most.size))
    base = np.array(corners)
    spread = np.exp(rng.uniform(np.log(0.1), np.log(3.0), (count, 1)))
    share = rng.gamma(spread, size=(count, len(corners))) + 1e-300
    drawn = share / share.sum(axis=1, keepdims=True) @ base
    if around is not None:
        near = 10.0 ** rng.uniform(-6, 0, (count, 1)) * (rng.random((count, 1)) < 0.7)
        near = np.where(near > 0, near, 1.0)
        drawn = near * drawn + (1 - near) * base[0]
    drawn = np.minimum(np.maximum(drawn, 0.0), most) * problem.budget
    for key, level in guard_levels(problem).items():
        drawn = drawn[loss(problem, drawn, key) <= level]
    return drawn


def grid(problem: MixProblem, points: int, least: float = 0.0) -> Array:
    """Every mixture of a grid over caps and budget, (count, pools): all shares and all T.

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
    every = np.vstack(found)
    total = every.sum(axis=1)
    return every[total > least * problem.budget + 1e-9]


def tokens_of(mixture: Mixture) -> Array:
    """Tokens read of every pool."""
    return np.array([share.tokens for share in mixture.pools])
