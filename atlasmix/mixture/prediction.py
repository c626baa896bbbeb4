"""What a mixture is predicted to give: the law evaluated for every target, pool by pool."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from atlasmix.evidence.scores import SEEN
from atlasmix.laws.saturation import Array, saturate
from atlasmix.mixture.mixture import Certificate, Mixture, PoolShare, TargetEffect
from atlasmix.problem.problem import UNDER_DRAWS, MixProblem
from atlasmix.problem.worlds import floor_of, weighed
from atlasmix.solver.closed_form import Alone
from atlasmix.solver.compile import (
    Compiled,
    charged,
    distinct_tokens,
    drift_of,
    harms,
    most_weight,
    same_language,
    weights_of,
)
from atlasmix.solver.engines import Engine
from atlasmix.solver.optimise import matrix_bests
from atlasmix.solver.program import worst_weights


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, in the unit of the program's objective; see ``Certificate``."""

    bound: float
    gap: float
    fixed_gap: float
    engine: Engine
    exact: bool
    solves: int = 1


def build_mixture(
    problem: MixProblem,
    compiled: Compiled,
    tokens: Array,
    proof: Proof | None = None,
    alone: tuple[Alone, ...] = (),
) -> Mixture:
    """The answer for given tokens per pool, without prices and warnings.

    Args:
        problem: the question.
        compiled: its program at the whole budget.
        tokens: tokens read per pool of the problem, shape (pools,).
        proof: None for mixtures somebody gave, whose certificate says ``given``.
        alone: what each target could have by itself within the whole budget; empty: not asked, and
            nan in the effects.
    """
    effects = target_effects(problem, tokens, alone)
    value = objective_value(problem, compiled, tokens, effects)
    certificate = Certificate(value, -math.inf, math.inf, Engine.GIVEN, False, math.inf, 0)
    if proof is not None:
        # The value is summed anew from whole tokens: the last digits may fall below the bound.
        bound = min(in_user_unit(problem, proof.bound), value)
        certificate = Certificate(
            value, bound, proof.gap, proof.engine, proof.exact, proof.fixed_gap, proof.solves
        )
    shares = _shares(problem, tokens)
    return Mixture(shares, effects, problem.budget, problem.params, certificate, (), ())


def _shares(problem: MixProblem, tokens: Array) -> tuple[PoolShare, ...]:
    total = float(tokens.sum())
    shares = []
    for pool, read in zip(problem.pools, tokens.tolist(), strict=True):
        fresh = min(read, pool.unique_tokens)
        proportion = read / total if total > 0 else 0.0
        shares.append(PoolShare(pool, read, proportion, fresh, read - fresh))
    return tuple(shares)


def useful_tokens(problem: MixProblem, tokens: Array) -> tuple[Array, Array]:
    """What is read of each pool as fresh human tokens of its own language, both (pools,).

    Args:
        problem: the question.
        tokens: tokens read per pool of the problem, shape (pools,).

    Returns:
        q·S(D; U), all of it, and the part of the first pass, q·min(D, U).
    """
    unique = np.maximum(distinct_tokens(problem), 1e-9)
    worth = np.array([problem.worth_of(pool) for pool in problem.pools])
    return worth * saturate(tokens, unique, problem.decay), worth * np.minimum(tokens, unique)


def target_effects(
    problem: MixProblem, tokens: Array, alone: tuple[Alone, ...] = ()
) -> tuple[TargetEffect, ...]:
    """Each target's predicted effect, pool by pool.

    Works on the pools, not on the program's columns, so that it holds for any mixture.

    Args:
        problem: the question.
        tokens: tokens read per pool of the problem, shape (pools,).
        alone: as for :func:`build_mixture`.
    """
    worth = np.array([problem.worth_of(pool) for pool in problem.pools])
    saturated, _ = useful_tokens(problem, tokens)
    languages = [pool.language for pool in problem.pools]
    axis, different = problem.transfer.axis, dict.fromkeys(languages)
    total, effects = float(tokens.sum()), []
    for row, target in enumerate(problem.targets):
        law = problem.law.of(target.language)
        (tau,), _ = weights_of(problem, [target.language], languages)
        same = {key for key in different if same_language(target.language, key, axis)}
        own = np.array([key in same for key in languages])
        gives = saturated * tau
        transferred, mine = float(gives[~own].sum()), float(gives[own].sum())
        phi = float(problem.transfer.phi[problem.transfer.index(target.language)])
        read = float(tokens[own].sum())
        share = float(tokens[own & (worth > 0)].sum()) / total if total > 0 else 0.0
        capacity = law.capacity_loss(problem.params, share, phi)
        data = law.data_loss(mine + transferred)
        effects.append(
            TargetEffect(
                language=target.language,
                weight=target.weight,
                tokens=read,
                own_share=share,
                phi=phi,
                effective_data=mine + transferred,
                own=mine,
                transferred=transferred,
                risk_penalty=_penalty(problem, target.language, languages, saturated),
                capacity_loss=capacity,
                data_loss=data,
                loss=law.loss(problem.params, mine + transferred, share, phi),
                alone=alone[row].effective * problem.budget if alone else math.nan,
                loss_alone=alone[row].loss if alone else math.nan,
                predicted_share=predicted_share(problem, target.language),
            )
        )
    return tuple(effects)


def _penalty(problem: MixProblem, target: str, languages: list[str], saturated: Array) -> float:
    """Effective tokens of donors that the choice does not count on."""
    if problem.wrong_scores is not None:
        harm = harms(problem, target, languages, saturated)
        return float(-np.sort(-harm)[: problem.wrong_scores].sum())
    tau, sigma = weights_of(problem, [target], languages)
    return float((saturated * charged(problem, tau, sigma)).sum())


def predicted_share(problem: MixProblem, target: str) -> float:
    """Share of what is known of a target's donors that nobody measured, 0-1."""
    at = problem.transfer.index(target)
    status = np.delete(problem.transfer.status[:, at], at)
    known = status[status != ""]
    return float(np.mean(~np.isin(known, SEEN))) if known.size else 0.0


def objective_value(
    problem: MixProblem, compiled: Compiled, tokens: Array, effects: tuple[TargetEffect, ...]
) -> float:
    """The objective in the user's unit: donors count with what the risk charge leaves of them.

    The capacity term of a target without any text to read is infinite in every mixture: it is left
    out, as in the program.

    Args:
        problem: the question.
        compiled: its program.
        tokens: tokens read per pool of the problem, shape (pools,).
        effects: what they do to each target, in the order of the problem's.
    """
    value = _loss_value(problem, compiled, tokens, effects)
    # The regret under a matrix holds it already.
    return value if problem.objective == "regret" else value + drift_value(problem, tokens)


def drift_value(problem: MixProblem, tokens: Array) -> float:
    """What the drift penalty adds to the objective, in the law's unit; 0 where there is none.

    inf where a target reads machine text and no human text.
    """
    drift = drift_of(problem, problem.pools)
    return 0.0 if drift is None else drift.value(tokens / problem.budget)


def _loss_value(
    problem: MixProblem, compiled: Compiled, tokens: Array, effects: tuple[TargetEffect, ...]
) -> float:
    program = compiled.program
    if problem.objective == "regret":
        return max(matrix_regrets(problem, tokens))
    if problem.objective in UNDER_DRAWS:
        values = _under_draws(problem, compiled, tokens)
        if problem.objective == "expected":
            return float(values.mean())
        blend = worst_weights(values, most_weight(problem, values.size))
        return float(blend[blend > 0] @ values[blend > 0])
    parts = []
    for row, effect in enumerate(effects):
        heard, law = bool(program.heard[row]), problem.law.of(effect.language)
        data = law.data_loss(effect.effective_data - effect.risk_penalty)
        parts.append(law.E + data + (effect.capacity_loss if heard else 0.0))
    if problem.objective == "worst":
        ratio = [_ratio_to_alone(compiled, effect.language) for effect in effects]
        return float(np.max(np.array(ratio) * np.array(parts)))
    weight = np.array([effect.weight for effect in effects])
    return float(weight @ np.array(parts) / weight.sum())


def matrix_regrets(problem: MixProblem, tokens: Array) -> tuple[float, ...]:
    """What a mixture's loss lies above the best, under each matrix of the question."""
    regrets = []
    for best in matrix_bests(problem):
        effects = target_effects(best.problem, tokens)
        value = objective_value(best.problem, best.solved.compiled, tokens, effects)
        regrets.append(value - best.loss)
    return tuple(regrets)


def _ratio_to_alone(compiled: Compiled, target: str) -> float:
    """What makes a loss the ratio to what the target could have alone."""
    rows = np.array([key == target for key in compiled.rows_of])
    return float(compiled.program.weight[rows].max())


def _under_draws(problem: MixProblem, compiled: Compiled, tokens: Array) -> Array:
    """Weighted loss of the targets in every draw that the objective weighs, (draws,)."""
    drawn = weighed(problem)
    unique = np.maximum(distinct_tokens(problem), 1e-9)
    saturated = saturate(tokens, unique, problem.decay)
    read = np.flatnonzero(tokens > 0)
    total = float(tokens.sum())
    weight = np.array([target.weight for target in problem.targets])
    loss = np.zeros(drawn.count)
    for row, target in enumerate(problem.targets):
        data, own = np.zeros(drawn.count), 0.0
        for place in read.tolist():
            pool = problem.pools[place]
            worth = drawn.worth(problem, pool.provenance) / pool.depth
            data += saturated[place] * worth * drawn.weights(pool.language, target.language)
            same = same_language(target.language, pool.language, problem.transfer.axis)
            if same and problem.worth_of(pool) > 0:
                own += float(tokens[place])
        share = own / total if total > 0 else 0.0
        laws = [law.of(target.language) for law in drawn.laws]
        floor, scale, beta, least, capacity = np.array(
            [(a.E, a.B, a.beta, a.least, a.capacity_loss(problem.params)) for a in laws]
        ).T
        with np.errstate(divide="ignore"):
            part = floor + scale * data**-beta
            if compiled.program.heard[compiled.rows_of.index(target.language)]:
                reach = least + (1.0 - least) * share
                part = part + capacity * reach ** -drawn.phi(target.language)
        loss += weight[row] / weight.sum() * part
    return loss


def in_user_unit(problem: MixProblem, value: float) -> float:
    """A value of the program's objective in the unit of the user's."""
    return value if problem.objective in ("worst", "regret") else floor_of(problem) + value
