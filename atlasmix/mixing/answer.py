"""From shares of the budget back to tokens, epochs, predicted effects, prices and warnings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from atlasmix.mixing.compile import Compiled, believed, charged
from atlasmix.mixing.mixture import Certificate, Mixture, PoolShare, TargetEffect
from atlasmix.mixing.problem import MixProblem
from atlasmix.mixing.program import FLOOR, effective, outer_value
from atlasmix.scaling.saturation import Array, saturate


@dataclass(frozen=True, slots=True)
class Proof:
    """What an engine proved, in the unit of the program's objective."""

    bound: float
    gap: float
    engine: str
    exact: bool


def build_mixture(
    problem: MixProblem, compiled: Compiled, tokens: Array, proof: Proof | None = None
) -> Mixture:
    """The answer for given tokens per pool, without prices and warnings.

    Args:
        problem: the question.
        compiled: its program.
        tokens: tokens read per pool of the problem, shape (pools,).
        proof: None for mixtures somebody gave, whose certificate says ``given``.
    """
    effects = _effects(problem, compiled, tokens)
    value = objective_value(problem, effects)
    certificate = Certificate(value, -math.inf, math.inf, "given")
    if proof is not None:
        bound = _in_words(problem, compiled, proof.bound)
        certificate = Certificate(value, bound, proof.gap, proof.engine, proof.exact)
    return Mixture(_shares(problem, tokens), effects, problem.budget, certificate, (), ())


def _shares(problem: MixProblem, tokens: Array) -> tuple[PoolShare, ...]:
    total = float(tokens.sum())
    shares = []
    for pool, read in zip(problem.pools, tokens.tolist(), strict=True):
        fresh = min(read, pool.unique_tokens)
        proportion = read / total if total > 0 else 0.0
        shares.append(PoolShare(pool, read, proportion, fresh, read - fresh))
    return tuple(shares)


def _effects(problem: MixProblem, compiled: Compiled, tokens: Array) -> tuple[TargetEffect, ...]:
    """Each target's predicted effect, pool by pool, with S itself everywhere.

    Works on the pools, not on the program's columns, so that it holds for any mixture.
    """
    unique = np.array([max(pool.unique_tokens, 1e-9) for pool in problem.pools])
    worth = np.array([problem.worth.get(pool.provenance, 0.0) for pool in problem.pools])
    saturated = worth * saturate(tokens, unique, problem.decay)
    languages = [pool.language for pool in problem.pools]
    effects = []
    for row, target in enumerate(problem.targets):
        at = problem.transfer.index(target.language)
        tau, sigma = _columns(problem, languages, at)
        own = np.array([language == target.language for language in languages])
        gives = saturated * tau
        transferred = float(np.where(~own, np.maximum(gives, 0.0), 0.0).sum())
        interference = float(-np.minimum(gives, 0.0).sum())
        mine = float(gives[own].sum())
        expected = mine + transferred - interference
        by_language: dict[str, float] = {}
        for language, amount in zip(languages, sigma * saturated, strict=True):
            by_language[language] = by_language.get(language, 0.0) + float(amount)
        penalty = math.hypot(*by_language.values())
        alone = float(compiled.program.reference[row]) * problem.budget
        effects.append(
            TargetEffect(
                language=target.language,
                weight=target.weight,
                tokens=float(tokens[own].sum()),
                effective_data=expected,
                own=mine,
                transferred=transferred,
                interference=interference,
                risk_penalty=penalty,
                loss=problem.law.loss(problem.params, expected),
                alone=alone,
                loss_alone=problem.law.loss(problem.params, alone),
                predicted_share=predicted_share(problem, target.language),
                clipped=bool(expected - penalty < FLOOR * alone),
            )
        )
    return tuple(effects)


def _columns(problem: MixProblem, languages: list[str], target: int) -> tuple[Array, Array]:
    index = {key: place for place, key in enumerate(problem.transfer.keys)}
    tau, sigma = np.zeros(len(languages)), np.zeros(len(languages))
    for place, language in enumerate(languages):
        source = index.get(language)
        if source is not None:
            tau[place] = problem.transfer.weights[source, target]
            sigma[place] = problem.transfer.stderr[source, target]
    return believed(problem, tau), charged(problem, tau, sigma)


def predicted_share(problem: MixProblem, target: str) -> float:
    """Share of a target's scores from other languages that nobody measured, 0-1."""
    at = problem.transfer.index(target)
    status = np.delete(problem.transfer.status[:, at], at)
    known = status[status != ""]
    return float(np.mean(known == "predicted")) if known.size else 0.0


def objective_value(problem: MixProblem, effects: tuple[TargetEffect, ...]) -> float:
    """The objective in the user's unit, with the risk penalty, the floor's tangent included."""
    weight = np.array([effect.weight for effect in effects])
    weight = weight / weight.sum()
    alone = np.array([effect.alone for effect in effects])
    v = np.array([e.effective_data - e.risk_penalty for e in effects]) / alone
    if problem.objective == "effective-data":
        return math.exp(float(weight @ (np.log(alone) - _outer(v, None))))
    law = problem.law
    reducible = law.B * alone**-law.beta
    if len(effects) == 1:
        # One target is solved on a logarithmic scale: the same floor, in the same words.
        # exp(β·φ) overflows far below the floor: there the loss is without bound.
        with np.errstate(over="ignore"):
            losses = law.capacity_term(problem.params) + reducible * np.exp(
                law.beta * _outer(v, None)
            )
    else:
        losses = law.capacity_term(problem.params) + reducible * _outer(v, law.beta)
    if problem.objective == "worst":
        return float(np.max(losses / (law.capacity_term(problem.params) + reducible)))
    return float(weight @ losses)


def _outer(v: Array, exponent: float | None) -> Array:
    return outer_value(exponent, v)[0]


def _in_words(problem: MixProblem, compiled: Compiled, bound: float) -> float:
    """A bound on the program's objective in the unit of the user's."""
    program, law = compiled.program, problem.law
    weight = np.array([target.weight for target in problem.targets])
    weight = weight / weight.sum()
    alone = program.reference[: weight.size] * problem.budget
    if program.base is not None and program.exponent is not None:
        return bound
    if program.exponent is None:
        with np.errstate(over="ignore"):  # a bound that bounds nothing is infinite
            mean = float(np.exp(float(weight @ np.log(alone)) - bound))
        if problem.objective == "effective-data":
            return mean
        loss = law.loss(problem.params, mean)
        return (
            loss / law.loss(problem.params, float(alone[0]))
            if (problem.objective == "worst")
            else loss
        )
    reducible = float(weight @ (law.B * alone**-law.beta))
    return law.capacity_term(problem.params) + reducible * bound


def effective_tokens(compiled: Compiled, problem: MixProblem, x: Array) -> Array:
    """Expected D_eff of every row of the program, in tokens."""
    return effective(compiled.program, x, exact=True, risk=False) * problem.budget
