"""``solve(problem) -> mixture``: the optimum with its proof, prices, flatness and caveats."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.laws.saturation import Array, saturate
from atlasmix.mixture.caveats import caveats, warn, why_stopped
from atlasmix.mixture.flatness import flatness
from atlasmix.mixture.mixture import Certificate, Mixture, PoolShare, TargetEffect
from atlasmix.mixture.phases import split_phases
from atlasmix.mixture.prices import prices
from atlasmix.problem.problem import MixProblem, check_problem
from atlasmix.solver.closed_form import Alone
from atlasmix.solver.compile import Compiled, alone_of, charged, compile_problem, same_language
from atlasmix.solver.compute import at_compute
from atlasmix.solver.engines import Engine
from atlasmix.solver.optimise import canonical, optimise_problem


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
    effects = _effects(problem, tokens, alone)
    value = objective_value(problem, compiled, effects)
    certificate = Certificate(value, -math.inf, math.inf, Engine.GIVEN, False, math.inf, 0)
    if proof is not None:
        # The value is summed anew from whole tokens: the last digits may fall below the bound.
        bound = min(in_words(problem, proof.bound), value)
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


def _effects(
    problem: MixProblem, tokens: Array, alone: tuple[Alone, ...]
) -> tuple[TargetEffect, ...]:
    """Each target's predicted effect, pool by pool.

    Works on the pools, not on the program's columns, so that it holds for any mixture.
    """
    unique = np.array([max(pool.unique_tokens, 1e-9) for pool in problem.pools])
    worth = np.array([problem.worth.get(pool.provenance, 0.0) for pool in problem.pools])
    saturated = worth * saturate(tokens, unique, problem.decay)
    languages = [pool.language for pool in problem.pools]
    total, law, effects = float(tokens.sum()), problem.law, []
    for row, target in enumerate(problem.targets):
        tau, sigma = _columns(problem, languages, problem.transfer.index(target.language))
        own = np.array(
            [same_language(target.language, key, problem.transfer.axis) for key in languages]
        )
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
                risk_penalty=float((saturated * charged(problem, tau, sigma)).sum()),
                capacity_loss=capacity,
                data_loss=data,
                loss=law.E + capacity + data,
                alone=alone[row].effective * problem.budget if alone else math.nan,
                loss_alone=alone[row].loss if alone else math.nan,
                predicted_share=predicted_share(problem, target.language),
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
    return tau, sigma


def predicted_share(problem: MixProblem, target: str) -> float:
    """Share of a target's scores from other languages that nobody measured, 0-1."""
    at = problem.transfer.index(target)
    status = np.delete(problem.transfer.status[:, at], at)
    known = status[status != ""]
    return float(np.mean(known == "predicted")) if known.size else 0.0


def objective_value(
    problem: MixProblem, compiled: Compiled, effects: tuple[TargetEffect, ...]
) -> float:
    """The objective in the user's unit: donors count with what the risk charge leaves of them.

    The capacity term of a target without any text to read is infinite in every mixture: it is left
    out, as in the program.
    """
    program, law = compiled.program, problem.law
    parts = []
    for row, effect in enumerate(effects):
        heard = bool(program.heard[row])
        data = law.data_loss(effect.effective_data - effect.risk_penalty)
        parts.append(law.E + data + (effect.capacity_loss if heard else 0.0))
    weight = program.weight[: len(effects)]
    if program.base is not None:
        return float(np.max(weight * np.array(parts)))
    return float(weight @ np.array(parts))


def in_words(problem: MixProblem, value: float) -> float:
    """A value of the program's objective in the unit of the user's."""
    return value if problem.objective == "worst" else problem.law.E + value


_PROVED = 1e-6
_PROVED_TOKENS = 1e-4
"""Certified gaps above which an answer is said to be proved only so far: at its number of tokens,
and over all of them."""


def solve(problem: MixProblem, engine: Engine | None = None) -> Mixture:
    """The best mixture of the problem's pools for its targets, with proof and prices.

    Args:
        problem: the question; where it has a compute budget and no N and D yet, they are chosen.
        engine: ``Engine.CONIC`` asks cvxpy even where a faster engine would do.

    Raises:
        ProblemError: the question cannot be asked this way, or ``engine`` is none of them.
        Infeasible: no mixture meets all limits; ``conflict`` names those that collide.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    if engine is not None and not isinstance(engine, Engine):
        raise ProblemError(
            f"engine is {engine!r}: expected one of Engine, as Engine.CONIC, or none",
            field="engine",
            value=str(engine),
        )
    problem = at_compute(problem)
    order, problem = problem.target_keys, canonical(problem)
    solved = optimise_problem(problem, engine)
    compiled, optimum = solved.compiled, solved.optimum
    fixed = optimum.gap(compiled.program)
    proof = Proof(
        bound=min(solved.bound, optimum.value),
        gap=max(solved.gap, fixed),
        fixed_gap=fixed,
        engine=optimum.engine,
        exact=fixed <= _PROVED and solved.gap <= _PROVED_TOKENS,
        solves=solved.solves,
    )
    tokens = compiled.expand(problem, optimum.x)
    # Alone a target has the whole budget, and any donor.
    whole = compiled.at(problem.budget, problem.params, problem)
    if problem.max_donors is not None:
        whole = compile_problem(problem)
    mixture = build_mixture(problem, compiled, tokens, proof, alone_of(problem, whole))
    mixture = replace(
        mixture,
        prices=prices(problem, solved, mixture),
        phases=split_phases(problem.phases, problem.pools, tokens),
        flatness=flatness(problem, compiled, optimum, mixture),
        stopped=why_stopped(problem, solved, mixture),
    )
    mixture = replace(mixture, caveats=caveats(problem, solved, mixture))
    mixture = replace(mixture, warnings=warn(problem, mixture))
    effects = {effect.language: effect for effect in mixture.targets}
    return replace(mixture, targets=tuple(effects[key] for key in order))


def answer(problem: MixProblem, tokens: Array) -> Mixture:
    """The predicted effect of a given mixture, in the words of an answer but without a proof.

    Args:
        problem: the question it is judged by.
        tokens: tokens read per pool of ``problem.pools``, shape (pools,).
    """
    check_problem(problem)
    compiled = compile_problem(problem)
    mixture = build_mixture(problem, compiled, tokens, alone=alone_of(problem, compiled))
    return replace(mixture, warnings=warn(problem, mixture))
