"""``solve(problem) -> mixture``: the optimum with its proof, prices, flatness and caveats."""

from __future__ import annotations

from dataclasses import replace

from atlasmix.errors import ProblemError
from atlasmix.laws.saturation import Array
from atlasmix.mixture.caveats import caveats, warn, why_stopped
from atlasmix.mixture.crumbs import without_crumbs
from atlasmix.mixture.flatness import flatness
from atlasmix.mixture.mixture import Crumbs, LeftAlone, Mixture
from atlasmix.mixture.nearest import chosen_shares
from atlasmix.mixture.phases import split_phases
from atlasmix.mixture.prediction import Proof, build_mixture
from atlasmix.mixture.prices import prices
from atlasmix.problem.problem import MixProblem, canonical, check_problem
from atlasmix.solver.compile import alone_of, compile_problem
from atlasmix.solver.compute import at_compute
from atlasmix.solver.engines import Engine
from atlasmix.solver.optimise import Solved, optimise_problem
from atlasmix.solver.program import objective, scale

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
    x, left_alone, crumbs = _chosen(problem, solved, engine)
    tokens = compiled.expand(problem, x)
    # Alone a target has the whole budget, and any donor.
    whole = compiled.at(problem.budget, problem.params)
    if problem.max_donors is not None:
        whole = compile_problem(problem)
    alone = alone_of(problem, whole)
    mixture = build_mixture(problem, compiled, tokens, _proof(solved, x), alone)
    stopped, stopped_by = why_stopped(problem, solved, mixture)
    mixture = replace(
        mixture,
        prices=prices(problem, solved, mixture),
        phases=split_phases(problem.phases, problem.pools, tokens),
        flatness=flatness(problem, compiled, optimum, mixture),
        stopped=stopped,
        stopped_by=stopped_by,
        left_alone=left_alone,
        crumbs=crumbs,
    )
    mixture = replace(mixture, caveats=caveats(problem, solved, mixture))
    mixture = replace(mixture, warnings=warn(problem, mixture))
    effects = {effect.language: effect for effect in mixture.targets}
    return replace(mixture, targets=tuple(effects[key] for key in order))


def best(problem: MixProblem) -> Mixture:
    """The best mixture with its effect and its proof, and nothing that explains it.

    As :func:`solve`, without prices, ranges, phases, caveats, and what each target has alone.

    Raises:
        ProblemError, Infeasible, SolverFailed: as :func:`solve`.
    """
    problem = canonical(at_compute(problem))
    solved = optimise_problem(problem)
    x, *_ = _chosen(problem, solved)
    tokens = solved.compiled.expand(problem, x)
    return build_mixture(problem, solved.compiled, tokens, _proof(solved, x))


def _chosen(
    problem: MixProblem, solved: Solved, engine: Engine | None = None
) -> tuple[Array, LeftAlone | None, Crumbs | None]:
    """Shares of the columns of the mixture that is the answer, and why it is not the very best."""
    if problem.near is None:
        x, crumbs = without_crumbs(problem, solved, engine)
        return x, None, crumbs
    return (*chosen_shares(problem, problem.near, solved), None)


def _proof(solved: Solved, x: Array) -> Proof:
    """What is proved of a mixture, at its number of tokens and over all of them.

    It is ``exact`` where the best one is: what was given for staying near a reference, or for
    reading no crumbs, is wanted, and stands in the gap.
    """
    optimum, program = solved.optimum, solved.compiled.program
    fixed = optimum.gap(program)
    given = max(objective(program, x) - optimum.value, 0.0) / scale(program, optimum.value)
    given = 0.0 if x is optimum.x else given
    return Proof(
        bound=min(solved.bound, optimum.value),
        gap=max(solved.gap, fixed) + given,
        fixed_gap=fixed + given,
        engine=optimum.engine,
        exact=fixed <= _PROVED and solved.gap <= _PROVED_TOKENS,
        solves=solved.solves,
    )


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
