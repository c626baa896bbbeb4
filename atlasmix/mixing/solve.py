"""``solve(problem) -> mixture``: check, compile, optimise, prove, put into words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from atlasmix.errors import Infeasible
from atlasmix.mixing.answer import Proof, build_mixture, effective_tokens
from atlasmix.mixing.baselines import baseline_tokens
from atlasmix.mixing.compile import Compiled, compile_problem
from atlasmix.mixing.donors import optimise_donors
from atlasmix.mixing.engines import Optimum, optimise
from atlasmix.mixing.feasibility import check_feasible, explain_guardrails
from atlasmix.mixing.limits import EpochCap, Guardrail
from atlasmix.mixing.mixture import Mixture
from atlasmix.mixing.phase_split import split_phases
from atlasmix.mixing.prices import prices
from atlasmix.mixing.problem import MixProblem, check_problem
from atlasmix.mixing.warnings import warn
from atlasmix.scaling.saturation import Array


@dataclass(frozen=True, slots=True)
class Solved:
    """An optimum with the program it belongs to, for explanations and further questions."""

    compiled: Compiled
    optimum: Optimum


def solve(problem: MixProblem, engine: str | None = None) -> Mixture:
    """The best mixture of the problem's pools for its targets, with proof and prices.

    Args:
        problem: the question; where it has a compute budget and no N and D yet, they are chosen.
        engine: ``conic`` asks cvxpy even where a faster engine would do.

    Raises:
        ProblemError: the question cannot be asked this way.
        Infeasible: no mixture meets all limits; ``conflict`` names those that collide.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    if problem.compute is not None:
        from atlasmix.mixing.compute_optimal import at_compute

        problem = at_compute(problem)
    asked, problem = problem.target_keys, canonical(problem)
    solved = optimise_problem(problem, engine)
    compiled, optimum = solved.compiled, solved.optimum
    gap = optimum.gap(compiled.program)
    proof = Proof(optimum.bound, gap, optimum.engine, optimum.exact)
    tokens = compiled.expand(problem, optimum.x)
    mixture = build_mixture(problem, compiled, tokens, proof)
    mixture = replace(mixture, prices=prices(problem, compiled, optimum, mixture))
    phases = split_phases(problem.phases, problem.pools, tokens)
    mixture = replace(mixture, warnings=warn(problem, mixture), phases=phases)
    effects = {effect.language: effect for effect in mixture.targets}
    return replace(mixture, targets=tuple(effects[key] for key in asked))


def canonical(problem: MixProblem) -> MixProblem:
    """The problem with targets and limits in a fixed order, which must not matter to the answer.

    Own epoch caps keep theirs: of two that name the same pool the later one holds.
    """
    caps = tuple(limit for limit in problem.limits if isinstance(limit, EpochCap))
    others = (limit for limit in problem.limits if not isinstance(limit, EpochCap))
    return replace(
        problem,
        targets=tuple(sorted(problem.targets, key=lambda one: one.language)),
        limits=(*sorted(others, key=lambda limit: limit.name), *caps),
    )


def optimise_problem(problem: MixProblem, engine: str | None = None) -> Solved:
    """The optimum in numbers; raises as :func:`solve` does."""
    check_problem(problem)
    compiled = compile_problem(problem, guard_levels(problem))
    check_feasible(problem, compiled)
    program = compiled.program
    if problem.max_donors is None:
        optimum = optimise(program, engine)
    else:
        targets = tuple(
            place for place, key in enumerate(compiled.languages) if key in problem.target_keys
        )
        optimum = optimise_donors(program, targets, problem.max_donors)
    if optimum is None and problem.max_donors is not None and optimise(program, engine):
        raise Infeasible(
            f"at most {problem.max_donors} donors collides with the other limits, which need more; "
            "raise --max-donors or relax a minimum",
            ("max donors", *(limit.name for limit in problem.limits)),
        )
    if optimum is None:
        raise explain_guardrails(problem, compiled)
    return Solved(compiled, optimum)


def guard_levels(problem: MixProblem) -> dict[str, float]:
    """Least expected effective data, in tokens, that each guardrail asks for.

    The loss falls with effective data alone, so a bound on the loss is a bound on D_eff.
    """
    guards = [limit for limit in problem.limits if isinstance(limit, Guardrail)]
    if not guards:
        return {}
    keys = dict.fromkeys(limit.language for limit in guards)
    compiled = compile_problem(problem, dict.fromkeys(keys, 0.0))
    levels: dict[str, float] = {}
    for limit in guards:
        tokens = baseline_tokens(problem, limit.reference)
        data = effective_tokens(compiled, problem, compiled.collapse(problem, tokens))
        reference = float(data[compiled.rows_of.index(limit.language)])
        if reference <= 0:
            raise Infeasible(
                f"{limit.name}: the reference mixture gives {limit.language} no effective data, so "
                "there is no loss to guard; choose another reference, say eng=1%:uniform",
                (limit.name,),
            )
        allowed = problem.law.loss(problem.params, reference) * (1 + limit.slack)
        level = problem.law.tokens_for(problem.params, allowed)
        levels[limit.language] = max(levels.get(limit.language, 0.0), level)
    return levels


def answer(problem: MixProblem, tokens: Array) -> Mixture:
    """The predicted effect of a given mixture, in the words of an answer but without a proof.

    Args:
        problem: the question it is judged by.
        tokens: tokens read per pool of ``problem.pools``, shape (pools,).
    """
    check_problem(problem)
    mixture = build_mixture(problem, compile_problem(problem), tokens)
    return replace(mixture, warnings=warn(problem, mixture))
