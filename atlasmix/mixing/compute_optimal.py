r"""Parameters, tokens and mixture together, for a compute budget C = 6·N·D.

With D tokens the best mixture reaches V(D), the weighted power mean of effective data less the risk
charge, and the mean loss is

.. math:: F(D) = E + A (6D/C)^\alpha + B V(D)^{-\beta}

V is concave: it is the value of a convex program whose right-hand side is D. F need not have one
valley all the same (V may bend where a language's own text runs out and donors take over), so a
search by halves is not safe. But the prices of each solved mixture give a line above V, and under
the lines F has a least value in closed form (envelope.py): the next D is where that bound is least,
until it meets the best answer. These are Kelley's cutting planes in one dimension.

Where V is not concave (guardrails, at most k donors, shares of tokens under negative transfer) the
bound is that of the question without those limits, and the search is local around its answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Final

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixing.allocation import Allocation, Trial
from atlasmix.mixing.envelope import Curve, Line, lowest
from atlasmix.mixing.limits import Guardrail, ShareLimit
from atlasmix.mixing.problem import MixProblem, check_problem
from atlasmix.mixing.solve import Solved, canonical, optimise_problem
from atlasmix.quantities import format_flops
from atlasmix.scaling.hardware import FLOPS_PER_PARAM_TOKEN

LEAST_COMPUTE: Final = 1e12
MOST_COMPUTE: Final = 1e30

ENOUGH: Final = 1e-7
"""Gap, relative to the reducible loss, at which the search for D stops."""

_MOST_SOLVES = 80
_SHARP = 2e-4
"""Relative width of D to which the answer is narrowed before N is rounded."""

_DIGITS = 3
"""Digits of N: nobody builds a model to four, and rounding costs a millionth of the loss."""

_LADDER = (0.25, 0.5, 2.0, 4.0)
_FURTHEST = 1e17
_DUST = 1e-9


@dataclass(frozen=True, slots=True)
class _Point:
    """F at one D, its slope in log D, and lines above V that the mixture there gives."""

    tokens: float
    loss: float
    slope: float
    lines: tuple[Line, ...]


@dataclass(slots=True)
class _Search:
    """One question and every D it has been solved at; None where no mixture meets the limits."""

    problem: MixProblem
    compute: float
    curve: Curve
    seen: dict[float, _Point | None] = field(default_factory=dict)

    @property
    def points(self) -> list[_Point]:
        """The solved ones, by D."""
        return sorted((one for one in self.seen.values() if one), key=lambda one: one.tokens)

    @property
    def best(self) -> _Point:
        """The least loss so far."""
        return min(self.points, key=lambda one: (one.loss, one.tokens))

    def at(self, tokens: float) -> _Point | None:
        """The point at D = ``tokens``, solved once."""
        if tokens not in self.seen:
            asked = at_size(self.problem, self.params(tokens), tokens)
            try:
                self.seen[tokens] = _point(self.curve, asked, optimise_problem(asked))
            except Infeasible:
                self.seen[tokens] = None
        return self.seen[tokens]

    def params(self, tokens: float) -> float:
        """N that the compute leaves."""
        return self.compute / (FLOPS_PER_PARAM_TOKEN * tokens)


def at_compute(problem: MixProblem) -> MixProblem:
    """The problem with N and D chosen for its compute budget; the same one where it has none.

    Raises:
        ProblemError: an objective that cannot weigh N against D, or a budget out of range.
        Infeasible: no mixture meets all limits at any D.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    if problem.compute is None or problem.allocation is not None:
        return problem
    # Phases divide the answer and leave it as it is; what they ask for is checked when D is known.
    whole = replace(problem, phases=())
    _check(whole, problem.compute)
    chosen = _allocate(canonical(whole), problem.compute)
    return replace(problem, params=chosen.params, budget=chosen.tokens, allocation=chosen)


def at_size(problem: MixProblem, params: float, tokens: float) -> MixProblem:
    """The question of a compute budget, asked of one N and D."""
    return replace(problem, params=params, budget=tokens, compute=None, allocation=None)


def _check(problem: MixProblem, compute: float) -> None:
    why = {
        "effective-data": "has no loss, so nothing would speak for more parameters",
        "worst": "measures each target against itself at the same size, which is what is sought",
    }.get(problem.objective)
    if why:
        raise ProblemError(
            f"the objective '{problem.objective}' {why}: with a compute budget minimise the "
            "'loss', or state parameters and budget"
        )
    if not LEAST_COMPUTE <= compute <= MOST_COMPUTE:
        raise ProblemError(
            f"the compute budget is {format_flops(compute)} FLOPs: expected between "
            f"{format_flops(LEAST_COMPUTE)} and {format_flops(MOST_COMPUTE)}, such as 1e22"
        )
    start = _fresh_tokens(problem, compute)
    check_problem(at_size(problem, compute / (FLOPS_PER_PARAM_TOKEN * start), start))


def _allocate(problem: MixProblem, compute: float) -> Allocation:
    law = problem.law
    scale = law.A * math.pow(FLOPS_PER_PARAM_TOKEN / compute, law.alpha)
    curve = Curve(law.E, scale, law.alpha, law.B, law.beta)
    without = _not_concave(problem)
    free = _Search(_relaxed(problem) if without else problem, compute, curve)
    bound = _explore(free)
    search = free
    if without:
        search = _Search(problem, compute, curve)
        _walk(search, free.best.tokens, bound)
    else:
        _sharpen(search)
    best = _rounded(search)
    loss = best.loss
    others = [search.at(best.tokens / factor) for factor in reversed(_LADDER)]
    gap = max(loss - bound, 0.0) / (loss - law.E)
    return Allocation(
        compute=compute,
        params=_significant(search.params(best.tokens)),
        tokens=best.tokens,
        loss=loss,
        bound=min(bound, loss),
        gap=gap,
        proved=not without,
        without=without,
        others=tuple(
            Trial(search.params(one.tokens), one.tokens, one.loss)
            for one in sorted(filter(None, others), key=lambda one: -one.tokens)
        ),
        fresh_params=law.best_params(compute),
        solves=len(search.seen) + (len(free.seen) if without else 0),
    )


def _point(curve: Curve, problem: MixProblem, solved: Solved) -> _Point:
    """V, its slope and two lines above it, from the optimum's bound and prices.

    y is concave and f falls in it, so that what proves the bound on f proves a line above V, the
    power mean of y (for one target V = y): weak duality again, whatever the prices were.
    """
    program, optimum = solved.compiled.program, solved.optimum
    tokens, law = problem.budget, problem.law
    counted = len(problem.targets)
    alone = program.reference[:counted] * tokens
    if program.exponent is None:
        effective, rate = float(alone[0]) * math.exp(-optimum.value), 1.0
    else:
        weight = [target.weight for target in problem.targets]
        mean = sum(w * a**-law.beta for w, a in zip(weight, alone.tolist(), strict=True))
        effective = (mean / sum(weight) * optimum.value) ** (-1 / law.beta)
        rate = 1.0 / (law.beta * optimum.value)
    price = rate * optimum.prices.budget
    slack = rate * max(optimum.value - optimum.bound, 0.0) + _DUST
    tangent = Line(effective * (1.0 + slack - price), effective * price / tokens)
    # V is at most what the best first token is worth, times D: the mean is concave and homogeneous.
    most = rate * float(optimum.prices.line.worth.max()) * (1.0 + slack)
    through_zero = Line(0.0, effective * most / tokens)
    data = curve.loss(tokens, effective) - curve.E - curve.capacity(tokens)
    slope = curve.alpha * curve.capacity(tokens) - curve.beta * data * price
    return _Point(tokens, curve.loss(tokens, effective), slope, (tangent, through_zero))


def _explore(search: _Search) -> float:
    """Solve where the bound is least until it meets the best answer; returns the bound."""
    low, high = _range(search)
    _first_feasible(search, low, high)
    bound = -math.inf
    while len(search.seen) < _MOST_SOLVES:
        lines = [line for one in search.points for line in one.lines]
        tokens, bound = lowest(search.curve, lines, low, high)
        best = search.best
        if best.loss - bound <= ENOUGH * (best.loss - search.curve.E) or tokens in search.seen:
            break
        if search.at(tokens) is None:
            edge = _edge(search, tokens)
            low, high = (edge, high) if tokens < best.tokens else (low, edge)
    return bound


def _range(search: _Search) -> tuple[float, float]:
    """D at which both N and D stay within 1 and 1e17."""
    most = search.compute / FLOPS_PER_PARAM_TOKEN
    return max(1.0, most / _FURTHEST), min(_FURTHEST, most)


def _first_feasible(search: _Search, low: float, high: float) -> None:
    """A D at which some mixture meets the limits; kept tokens want a large one.

    Raises:
        Infeasible: none does; in the words of the starting point.
    """
    start = _fresh_tokens(search.problem, search.compute)
    for power in (0, 1, -1, 2, -2, 3, -3, 4, -4):
        tokens = start * 8.0**power
        if low <= tokens <= high and search.at(tokens) is not None:
            return
    optimise_problem(at_size(search.problem, search.params(start), start))
    raise Infeasible("no mixture meets all limits at any size that this compute pays for")


def _edge(search: _Search, outside: float) -> float:
    """The last D towards ``outside`` at which some mixture meets the limits; solves on the way."""
    inside = min((one.tokens for one in search.points), key=lambda at: abs(math.log(at / outside)))
    while abs(math.log(inside / outside)) > _SHARP / 10:
        middle = math.sqrt(inside * outside)
        if search.at(middle) is None:
            outside = middle
        else:
            inside = middle
    return inside


def _sharpen(search: _Search) -> None:
    """Narrow D between the nearest points where F falls and where it rises (false position)."""
    best = search.best
    left = [one for one in search.points if one.tokens <= best.tokens and one.slope < 0]
    right = [one for one in search.points if one.tokens >= best.tokens and one.slope > 0]
    if not left or not right:
        return
    low, high = left[-1], right[0]
    falls, rises = low.slope, high.slope
    for _ in range(20):
        width = math.log(high.tokens / low.tokens)
        if width <= _SHARP:
            return
        part = min(max(falls / (falls - rises), 0.02), 0.98)
        middle = search.at(low.tokens * math.exp(part * width))
        if middle is None or middle.slope == 0:
            return
        # Illinois: the end that stays counts half, so that both ends move.
        if middle.slope < 0:
            low, falls, rises = middle, middle.slope, rises / 2
        else:
            high, rises, falls = middle, middle.slope, falls / 2


def _walk(search: _Search, start: float, bound: float) -> None:
    """A valley near ``start``: out until F rises on both sides, then golden sections."""

    def loss(log_tokens: float) -> float:
        found = search.at(math.exp(log_tokens))
        return math.inf if found is None else found.loss

    low, high = (math.log(end) for end in _range(search))
    middle, step = min(max(math.log(start), low), high), 0.5
    if not math.isfinite(loss(middle)):
        _first_feasible(search, math.exp(low), math.exp(high))
        middle = math.log(search.best.tokens)
    if loss(middle) - bound <= ENOUGH * (loss(middle) - search.curve.E):
        return
    left, right = max(middle - step, low), min(middle + step, high)
    while loss(left) < loss(middle) and left > low:
        middle, right, left, step = left, middle, max(left - 2 * step, low), 2 * step
    while loss(right) < loss(middle) and right < high:
        middle, left, right, step = right, middle, min(right + 2 * step, high), 2 * step
    golden = (3 - math.sqrt(5)) / 2
    while right - left > 0.01 and len(search.seen) < _MOST_SOLVES:
        wide = right - middle > middle - left
        probe = middle + golden * (right - middle if wide else left - middle)
        if loss(probe) < loss(middle):
            left, right = (middle, right) if wide else (left, middle)
            middle = probe
        else:
            left, right = (left, probe) if wide else (probe, right)


def _rounded(search: _Search) -> _Point:
    """The better of the two N with three digits on either side of the best."""
    params = search.params(search.best.tokens)
    unit = 10.0 ** (math.floor(math.log10(params)) - _DIGITS + 1)
    found = []
    for count in (math.floor(params / unit), math.ceil(params / unit)):
        if count > 0:
            tokens = search.compute / (FLOPS_PER_PARAM_TOKEN * count * unit)
            place = 10.0 ** max(math.floor(math.log10(tokens)) - 5, 0)
            found.append(search.at(max(math.floor(tokens / place + 1e-9) * place, 1.0)))
    solved = [one for one in found if one is not None]
    return min(solved, key=lambda one: (one.loss, -one.tokens)) if solved else search.best


def _significant(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _fresh_tokens(problem: MixProblem, compute: float) -> float:
    """D of the closed form for unlimited fresh text, within what is asked of any problem."""
    tokens = compute / (FLOPS_PER_PARAM_TOKEN * problem.law.best_params(compute))
    most = compute / FLOPS_PER_PARAM_TOKEN
    return min(max(tokens, 1.0, most / _FURTHEST), _FURTHEST, most)


def _not_concave(problem: MixProblem) -> tuple[str, ...]:
    """Limits under which V is not known to be concave in D, by name."""
    found = [limit.name for limit in problem.limits if isinstance(limit, Guardrail)]
    if problem.max_donors is not None:
        found.append(f"max donors {problem.max_donors}")
    weights = problem.transfer.weights
    if problem.interference > 0 and bool((weights < 0).any()):
        found += [limit.name for limit in problem.limits if isinstance(limit, ShareLimit)]
        found += ["spend-all"] if problem.spend_all else []
    return tuple(found)


def _relaxed(problem: MixProblem) -> MixProblem:
    """The question without those limits: whatever it cannot reach, the question cannot."""
    dropped = _not_concave(problem)
    kept = tuple(limit for limit in problem.limits if limit.name not in dropped)
    return replace(
        problem,
        limits=kept,
        max_donors=None,
        spend_all=problem.spend_all and "spend-all" not in dropped,
    )
