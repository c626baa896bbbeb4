r"""Parameters, tokens and mixture together, for a compute budget C = 6·N·D.

With D tokens N = C/6D, so that the capacity terms grow with D^α while the data terms fall: the
search over tokens (tokens.py) with A/N^α moving. N is kept within ten times the sizes of the law's
runs either way; below the D at which N would be larger, N stays there and compute is left over.

Guardrails are relative to a reference mixture of the same size, and at most k donors are found for
one size at a time: there the bound is that of the question without them, and the search is local
around its answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Final

import numpy as np

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.laws.hardware import FLOPS_PER_PARAM_TOKEN
from atlasmix.laws.kinds import FAR, TargetLaws
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.problem import Allocation, MixProblem, Trial, canonical, check_problem
from atlasmix.problem.worlds import floor_of
from atlasmix.quantities import format_flops
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.feasibility import check_feasible
from atlasmix.solver.optimise import optimise_problem, token_range
from atlasmix.solver.tokens import Point, SearchResult, point_at, search

LEAST_COMPUTE: Final = 1e12
MOST_COMPUTE: Final = 1e30

_DIGITS = 3
"""Digits of N: nobody builds a model to four, and rounding costs a millionth of the loss."""

_LADDER = (0.25, 0.5, 2.0, 4.0)
_ANY_PARAMS = (1e5, 1e14)
"""N where a law does not say what sizes its runs had: our choice, all that anybody trains."""

_SIZE = {"params", "budget", "allocation", "phases", "draws", "seed"}
"""Fields of a problem that follow from the size, or leave it as it is."""


def at_compute(problem: MixProblem) -> MixProblem:
    """The problem with N and D chosen for its compute budget; the same one where it has none.

    Raises:
        ProblemError: an objective that cannot weigh N against D, or a budget out of range.
        Infeasible: no mixture meets all limits at any D.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    compute = problem.compute
    if compute is None:
        return problem
    question = _question(problem)
    if problem.allocation is not None and problem.allocation.question == question:
        return problem
    problem = replace(problem, allocation=None)
    # Phases divide the answer and leave it as it is; what they ask for is checked when D is known.
    whole = replace(problem, phases=())
    _check(whole, compute)
    return with_allocation(problem, _allocate(canonical(whole), compute))


def with_allocation(problem: MixProblem, allocation: Allocation) -> MixProblem:
    """The problem with N and D as they were chosen for it."""
    chosen = replace(allocation, question=_question(problem))
    return replace(problem, params=chosen.params, budget=chosen.tokens, allocation=chosen)


def _question(problem: MixProblem) -> tuple[object, ...]:
    """All that a size depends on: a size that was chosen for anything else is chosen anew."""
    return tuple(getattr(problem, each.name) for each in fields(problem) if each.name not in _SIZE)


def at_size(problem: MixProblem, params: float, tokens: float) -> MixProblem:
    """The question of a compute budget, asked of one N and D."""
    return replace(problem, params=params, budget=tokens, compute=None, allocation=None)


def params_range(problem: MixProblem) -> tuple[float, float]:
    """Least and most N that the law can speak of: its runs' sizes, ten times either way."""
    fitted = problem.law.fitted_params
    return _ANY_PARAMS if fitted is None else (fitted[0] / FAR, fitted[1] * FAR)


_MEASURED: Final = {
    "worst": "measures each target against itself",
    "regret": "measures against what is best under each matrix",
}


def _check(problem: MixProblem, compute: float) -> None:
    if problem.objective in ("worst", "regret"):
        raise ProblemError(
            f"the objective '{problem.objective}' {_MEASURED[problem.objective]} at the same size, "
            "which is what is sought: with a compute budget minimise the 'loss', or state "
            "parameters and budget",
            field="objective",
            value=problem.objective,
        )
    law = problem.law
    if isinstance(law, TargetLaws) and not (law.params_vary and law.tokens_vary):
        same = "tokens" if law.params_vary else "parameters"
        raise ProblemError(
            f"the runs behind law {law.name} all have the same {same}, so it cannot divide compute "
            "between parameters and tokens",
            field="compute",
            hint=f"add runs of other {same} and learn it again, or state parameters and budget",
            value=compute,
        )
    if problem.exact_tokens:
        raise ProblemError(
            "tokens are asked for exactly and a compute budget is given: the compute decides how "
            "many are read; leave one of them out",
            field="tokens",
        )
    if problem.drift_penalty:
        raise ProblemError(
            "the drift penalty is a loss over the tokens of a budget, which a compute budget has "
            "yet to choose: state parameters and budget, or leave the penalty out",
            field="drift_penalty",
            value=problem.drift_penalty,
        )
    if not LEAST_COMPUTE <= compute <= MOST_COMPUTE:
        raise ProblemError(
            f"the compute budget is {format_flops(compute)} FLOPs: expected between "
            f"{format_flops(LEAST_COMPUTE)} and {format_flops(MOST_COMPUTE)}, such as 1e22",
            field="compute",
            value=compute,
        )
    least, _ = params_range(problem)
    most = compute / (FLOPS_PER_PARAM_TOKEN * least)
    if most < 1.0:
        raise ProblemError(
            f"{format_flops(compute)} FLOPs do not train the smallest model that law "
            f"{problem.law.name} can speak of on a single token: raise the compute",
            field="compute",
            value=compute,
        )
    check_problem(at_size(problem, least, min(most, 1e18)))


@dataclass(slots=True)
class _Sizes:
    """One question at every D of a compute budget."""

    problem: MixProblem
    compute: float
    seen: dict[float, float] = field(default_factory=dict)

    def params(self, tokens: float) -> float:
        """N that the compute leaves, at most the largest that the law can speak of."""
        largest = params_range(self.problem)[1]
        return min(self.compute / (FLOPS_PER_PARAM_TOKEN * tokens), largest)

    def loss(self, tokens: float) -> float:
        """The objective at D = ``tokens``, in the law's unit; inf where no mixture is."""
        if tokens not in self.seen:
            sized = at_size(self.problem, self.params(tokens), tokens)
            try:
                solved = optimise_problem(sized)
                self.seen[tokens] = solved.optimum.value + floor_of(self.problem)
            except Infeasible:
                self.seen[tokens] = math.inf
        return self.seen[tokens]

    def ends(self) -> tuple[float, float]:
        """D at which N is the largest and the smallest that the law can speak of."""
        least, most = params_range(self.problem)
        top = self.compute / FLOPS_PER_PARAM_TOKEN
        return top / most, min(top / least, 1e17)


def _allocate(problem: MixProblem, compute: float) -> Allocation:
    law, without = problem.law, _without(problem)
    free = _relaxed(problem) if without else problem
    outcome = _search(free, compute)
    sizes = _Sizes(problem, compute)
    tokens = outcome.best.tokens
    if without:
        tokens = _walk(sizes, tokens)
    params, tokens = _rounded(sizes, tokens)
    loss = sizes.loss(tokens)
    floor = floor_of(problem)
    bound = min(outcome.bound + floor, loss)
    others = []
    for factor in _LADDER:
        there = tokens / factor
        size, trial = sizes.params(there), sizes.loss(there)
        # Below the D at which N is the largest there is, compute is left over: no other size.
        spent = size * there * FLOPS_PER_PARAM_TOKEN >= compute * (1 - 1e-9)
        if spent and math.isfinite(trial):
            others.append(Trial(size, there, trial))
    return Allocation(
        compute=compute,
        params=params,
        tokens=tokens,
        loss=loss,
        bound=bound,
        gap=max(loss - bound, 0.0) / max(loss - floor, 1e-300),
        proved=not without,
        without=without,
        others=tuple(sorted(others, key=lambda trial: trial.params)),
        fresh_params=law.best_params(compute),
        solves=outcome.solves + len(sizes.seen),
    )


def _search(problem: MixProblem, compute: float) -> SearchResult:
    """The best D: N moving above the D at which it is the largest, N fixed below.

    Raises:
        Infeasible: no mixture meets all limits at any D.
    """
    turn, top = _Sizes(problem, compute).ends()
    sizes = _Sizes(problem, compute)
    whole = at_size(problem, sizes.params(top), top)
    check_problem(whole)
    compiled = compile_problem(whole)
    check_feasible(whole, compiled)
    ends = token_range(whole, compiled)
    if ends is None:
        raise Infeasible("no mixture meets all limits at any size that this compute pays for")

    def solve_at(tokens: float) -> Point | None:
        params = sizes.params(tokens)
        return point_at(tokens, params, compiled.at(tokens, params))

    searches = []
    turn = min(max(turn, ends.low), ends.high)
    if turn < ends.high:
        above = replace(ends, least=turn, low=turn) if turn > ends.low else ends
        growth = np.array([law.alpha for law in compiled.laws])
        searches.append(search(solve_at, above, growth))
    # Below it N stays and D falls, which can still serve a target whose text is short.
    if ends.low < turn:
        below = replace(ends, high=turn, most=turn) if turn < ends.high else ends
        searches.append(search(solve_at, below))
    kept = [each for each in searches if each is not None]
    if not kept:
        raise Infeasible("no mixture meets all limits at any size that this compute pays for")
    best = min(kept, key=lambda each: each.best.optimum.value)
    bound = min(each.bound for each in kept)
    return replace(best, bound=bound, solves=sum(each.solves for each in kept))


def _walk(sizes: _Sizes, start: float) -> float:
    """A valley near ``start``: out until the loss rises on both sides, then golden sections."""
    low, high = (math.log(end) for end in sizes.ends())

    def loss(log_tokens: float) -> float:
        return sizes.loss(math.exp(log_tokens))

    middle, step = min(max(math.log(start), low), high), 0.3
    if not math.isfinite(loss(middle)):
        grid = [low + (high - low) * part / 12 for part in range(13)]
        middle = min(grid, key=loss)
        if not math.isfinite(loss(middle)):
            raise Infeasible("no mixture meets all limits at any size that this compute pays for")
    left, right = max(middle - step, low), min(middle + step, high)
    while loss(left) < loss(middle) and left > low:
        middle, right, left, step = left, middle, max(left - 2 * step, low), 2 * step
    while loss(right) < loss(middle) and right < high:
        middle, left, right, step = right, middle, min(right + 2 * step, high), 2 * step
    golden = (3 - math.sqrt(5)) / 2
    while right - left > 0.02 and len(sizes.seen) < 60:
        wide = right - middle > middle - left
        probe = middle + golden * (right - middle if wide else left - middle)
        if loss(probe) < loss(middle):
            left, right = (middle, right) if wide else (left, middle)
            middle = probe
        else:
            left, right = (left, probe) if wide else (probe, right)
    return math.exp(middle)


def _rounded(sizes: _Sizes, tokens: float) -> tuple[float, float]:
    """The better of the two N with three digits on either side of the best, and its D."""
    params = sizes.params(tokens)
    unit = 10.0 ** (math.floor(math.log10(params)) - _DIGITS + 1)
    largest, options = params_range(sizes.problem)[1], []
    for count in {math.floor(params / unit + 1e-9), math.ceil(params / unit - 1e-9)}:
        size = float(f"{count * unit:.{_DIGITS}g}")
        if count <= 0 or size > largest * (1 + 1e-9):
            continue
        exact = min(sizes.compute / (FLOPS_PER_PARAM_TOKEN * size), tokens * 1.02)
        place = 10.0 ** max(math.floor(math.log10(exact)) - 5, 0)
        options.append((size, max(math.floor(exact / place + 1e-9) * place, 1.0)))
    if not options:
        return params, tokens
    return min(options, key=lambda pair: (_loss_at(sizes, *pair), pair[0]))


def _loss_at(sizes: _Sizes, params: float, tokens: float) -> float:
    try:
        solved = optimise_problem(at_size(sizes.problem, params, tokens))
    except Infeasible:
        return math.inf
    return solved.optimum.value


def _without(problem: MixProblem) -> tuple[str, ...]:
    """Limits that no line bounds at other sizes, by name."""
    names = [limit.name for limit in problem.limits if isinstance(limit, Guardrail)]
    if problem.max_donors is not None:
        names.append(f"max donors {problem.max_donors}")
    return tuple(names)


def _relaxed(problem: MixProblem) -> MixProblem:
    """The question without those limits: whatever it cannot reach, the question cannot."""
    kept = tuple(limit for limit in problem.limits if not isinstance(limit, Guardrail))
    return replace(problem, limits=kept, max_donors=None)
