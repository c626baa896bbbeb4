"""The optimum of a question in numbers: compile, optimise over tokens and mixtures, prove."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import Infeasible, about
from atlasmix.languages.catalogue import name_of
from atlasmix.problem.baselines import baseline_tokens
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.problem import MixProblem, check_problem
from atlasmix.problem.worlds import floor_of
from atlasmix.solver.collisions import reach
from atlasmix.solver.compile import (
    Compiled,
    OtherWorlds,
    Wrong,
    charged,
    compile_problem,
    most_harmful,
    weights_of,
    with_worlds,
    with_wrong_scores,
)
from atlasmix.solver.donors import mute, only, optimise_donors
from atlasmix.solver.engines import Engine, Optimum
from atlasmix.solver.feasibility import check_feasible, explain_guardrails
from atlasmix.solver.patience import expired
from atlasmix.solver.program import losses, objective, scale
from atlasmix.solver.tokens import Point, SearchResult, TokenRange, point_at, search

_MOST_SIZES = 30
_SAME_TOKENS, _SAME_VALUE = 1e-6, 1e-7


@dataclass(frozen=True, slots=True)
class Solved:
    """An optimum with the program it belongs to, for explanations and further questions.

    Attributes:
        compiled: the question at the tokens that are best read.
        optimum: the best mixture there.
        bound: no number of tokens within the budget has a better one, in the program's unit.
        solves: numbers of tokens that were tried.
    """

    compiled: Compiled
    optimum: Optimum
    bound: float
    solves: int

    @property
    def gap(self) -> float:
        """Certified gap over mixtures and tokens, relative to the reducible part."""
        value = self.optimum.value
        return max(value - self.bound, 0.0) / scale(self.compiled.program, value)


def optimise_problem(
    problem: MixProblem, engine: Engine | None = None, levels: dict[str, float] | None = None
) -> Solved:
    """The optimum in numbers; raises as :func:`atlasmix.mixture.solve.solve` does.

    Args:
        problem: the question.
        engine: who is asked; None: the fastest first.
        levels: most predicted loss of each guarded language, in the law's unit; None: as the
            guardrails say.
    """
    check_problem(problem)
    levels = guard_levels(problem) if levels is None else levels
    compiled = for_objective(problem, compile_problem(problem, levels))
    check_feasible(problem, compiled)
    if problem.wrong_scores is not None:
        return _wrong_scores(problem, compiled, engine)
    outcome = over_tokens(problem, compiled, engine)
    if outcome is None:
        raise explain_guardrails(problem, compiled)
    if problem.max_donors is not None:
        return _few_donors(problem, compiled, outcome)
    return Solved(outcome.best.compiled, outcome.best.optimum, outcome.bound, outcome.solves)


def for_objective(problem: MixProblem, compiled: Compiled) -> Compiled:
    """The program whose value is the objective: of regret, one with a row a target and matrix."""
    if problem.objective == "regret":
        return under_rivals(compiled, matrix_bests(problem))
    return compiled


@dataclass(frozen=True, slots=True, eq=False)
class MatrixBest:
    """The best there is if one of several matrices is right.

    Attributes:
        problem: the question under that matrix alone.
        loss: weighted mean loss of its best mixture, in the law's unit; doubt is charged.
        solved: that mixture.
    """

    problem: MixProblem
    loss: float
    solved: Solved


@lru_cache(maxsize=8)
def matrix_bests(problem: MixProblem) -> tuple[MatrixBest, ...]:
    """The best under each matrix of a question, that of ``problem.matrix`` first.

    Raises:
        Infeasible: under one of them no mixture meets the limits.
    """
    alone = replace(problem, objective="loss", rivals=())
    bests = []
    for matrix in (problem.matrix, *problem.rivals):
        question = alone
        if matrix is not problem.matrix:
            question = replace(alone, matrix=matrix, calibration=None, assumed=None)
        with about("rivals", matrix.name):
            solved = optimise_problem(question)
        bests.append(MatrixBest(question, floor_of(question) + solved.optimum.value, solved))
    return tuple(bests)


def under_rivals(compiled: Compiled, bests: Sequence[MatrixBest]) -> Compiled:
    """The program with a row a target and matrix; minimised is the largest regret of a matrix."""
    problem, times = bests[0].problem, len(bests)
    keys = problem.target_keys
    worth = np.array([problem.worth_of(pool) for pool in compiled.heads(problem)])
    gains, phi = [], np.empty((times, len(keys)))
    base = np.zeros((times, len(keys)))
    for place, best in enumerate(bests):
        transfer = best.problem.transfer
        tau, sigma = weights_of(best.problem, keys, compiled.languages)
        gains.append(np.maximum(tau - charged(best.problem, tau, sigma), 0.0) * worth)
        phi[place] = [transfer.phi[transfer.index(key)] for key in keys]
        base[place, 0] = floor_of(problem) - best.loss
    other = OtherWorlds(
        at=list(range(len(keys))) * times,
        gain=np.vstack(gains),
        phi=phi.ravel(),
        weight=np.tile(compiled.program.weight[: len(keys)], times),
        base=base.ravel(),
        scenario=np.repeat(np.arange(times), len(keys)),
    )
    return with_worlds(problem, compiled, other)


def _wrong_scores(problem: MixProblem, compiled: Compiled, engine: Engine | None) -> Solved:
    """The best mixture against the scores that harm it most, few enough of them wrong at once.

    Scenarios are added as they are met: with some of them the optimum lies below, and what the
    mixture found has of the worst ones lies above.
    """
    wrong: Wrong = most_harmful(problem, compiled, np.minimum(compiled.program.upper, 1.0))
    solves = 0
    best: Solved | None = None
    for _ in range(_MOST_ROUNDS):
        there = with_wrong_scores(problem, compiled, wrong)
        outcome = over_tokens(problem, there, engine)
        if outcome is None:
            raise explain_guardrails(problem, compiled)
        solves += outcome.solves
        optimum, at = outcome.best.optimum, outcome.best.compiled
        worst = most_harmful(problem, at, optimum.x)
        new = tuple(each for each in worst if each not in wrong)
        inside = compiled.at(at.tokens, problem.params)
        whole = with_wrong_scores(problem, inside, (*wrong, *new)).program
        value = objective(whole, optimum.x)
        if best is None or value < best.optimum.value:
            best = Solved(at, replace(optimum, value=value), outcome.bound, solves)
        best = replace(best, bound=max(best.bound, outcome.bound), solves=solves)
        if not new or best.gap <= _SAME_VALUE or expired():
            break
        wrong = (*wrong, *new)
    assert best is not None
    return best


_MOST_ROUNDS = 40


def over_tokens(
    problem: MixProblem,
    compiled: Compiled,
    engine: Engine | None = None,
    allowed: tuple[NDArray[np.intp], NDArray[np.bool_]] | None = None,
) -> SearchResult | None:
    """The best number of tokens at the problem's N; None where no mixture meets the limits."""

    if allowed is not None:
        compiled = replace(compiled, program=only(compiled.program, *allowed))

    def solve_at(tokens: float) -> Point | None:
        there = compiled.at(tokens, problem.params)
        return point_at(tokens, problem.params, there, engine)

    if problem.exact_tokens:
        point = solve_at(problem.budget)
        return (
            None
            if point is None or not point.kept
            else SearchResult(point, point.optimum.bound, 1, (point,))
        )
    ends = token_range(problem, compiled)
    return None if ends is None else search(solve_at, ends)


def token_range(problem: MixProblem, compiled: Compiled) -> TokenRange | None:
    """Least and most tokens, at most those of the program, at which the linear limits can hold."""
    ends = reach(compiled.program)
    # Linear programs know absolute sizes: what is little of the budget is looked at again.
    while ends is not None and ends[1] < 0.01:
        compiled = compiled.at(compiled.tokens * ends[1] * 2, problem.params)
        ends = reach(compiled.program)
    if ends is None:
        return None
    # A millionth inside: see TokenRange. A millionth less of everything costs less than a millionth
    # of the data terms, a millionth more of anything less than a millionth of the capacity terms.
    # A linear program misses all of the budget by its last digits.
    part = 1.0 if ends[1] >= 1.0 - 1e-9 else ends[1]
    inside = (1e-6 if compiled.program.rows.names else 1e-9) if part < 1.0 else 0.0
    least, most = ends[0] * compiled.tokens, part * compiled.tokens
    high = most * (1.0 - inside)
    return TokenRange(least, min(least * (1 + 1e-6), high), high, most)


def donor_columns(problem: MixProblem, compiled: Compiled) -> NDArray[np.intp]:
    """Number of the donor that each column belongs to, -1 for those of the targets."""
    targets = compiled.program.own[: len(problem.targets)].max(axis=0, initial=0.0) > 0
    donors = sorted({key for key, own in zip(compiled.languages, targets, strict=True) if not own})
    return np.array(
        [
            -1 if own else donors.index(key)
            for key, own in zip(compiled.languages, targets, strict=True)
        ],
        dtype=np.intp,
    )


def _few_donors(problem: MixProblem, compiled: Compiled, free: SearchResult) -> Solved:
    """At most k donors, with free ``free`` of that limit: see :class:`_DonorCount`."""
    most, donor_of = problem.max_donors, donor_columns(problem, compiled)
    assert most is not None
    if len(set(donor_of[free.best.optimum.x > 0].tolist()) - {-1}) <= most:
        return Solved(free.best.compiled, free.best.optimum, free.bound, free.solves)
    none = np.zeros(int(donor_of.max()) + 1, dtype=bool)
    solved: Solved | None = None
    if most:
        solved = _DonorCount(problem, compiled, donor_of, most, free).solve()
    elif not mute(only(compiled.program, donor_of, none)):
        over = over_tokens(problem, compiled, allowed=(donor_of, none))
        if over is not None:
            solved = Solved(over.best.compiled, over.best.optimum, over.bound, over.solves)
    if solved is None:
        raise Infeasible(
            f"at most {most} donors collides with the other limits, which need more; allow more "
            "donors or relax a minimum",
            ("max donors", *(limit.name for limit in problem.limits)),
            field="max_donors",
            value=most,
        )
    return solved


class _DonorCount:
    """The best set at one T, the best T for that set, and again from there.

    Starts at the best T of any number of donors and at all tokens; below, where k donors hold
    less. What is proved of all sets is proved at one T: the search ends at a T where it was.
    """

    def __init__(
        self,
        problem: MixProblem,
        compiled: Compiled,
        donor_of: NDArray[np.intp],
        most: int,
        free: SearchResult,
    ) -> None:
        self.problem, self.compiled = problem, compiled
        self.donor_of, self.most, self.free = donor_of, most, free
        self.best: Solved | None = None
        self.proved: list[float] = []
        self.sets: set[bytes] = set()
        self.solves = free.solves

    def solve(self) -> Solved | None:
        """The answer; None where no k donors meet the limits."""
        top, exact = max(point.tokens for point in self.free.points), self.problem.exact_tokens
        sizes = [self.free.best.tokens, *([top] if top > self.free.best.tokens else [])]
        fewer = iter([] if exact else np.geomspace(top, 1e-4 * top, 25)[1:].tolist())
        while len(self.proved) < _MOST_SIZES:
            tokens: float | None = None
            if sizes:
                tokens = sizes.pop(0)
            elif self.best is None:
                tokens = next(fewer, None)
            elif not self._known(self.best.compiled.tokens):
                tokens = self.best.compiled.tokens
            if tokens is None or (self.best is not None and expired()):
                break
            if not self._known(tokens):
                self._look_at(tokens)
        return None if self.best is None else replace(self.best, solves=self.solves)

    def _known(self, tokens: float) -> bool:
        return any(math.isclose(tokens, each, rel_tol=_SAME_TOKENS) for each in self.proved)

    def _look_at(self, tokens: float) -> None:
        """The best set at T, and the best T of a set that was not met before."""
        there = self.compiled.at(tokens, self.problem.params)
        optimum = optimise_donors(there.program, self.donor_of, self.most)
        self.solves += 1
        self.proved.append(tokens)
        if optimum is None:
            return
        best = self.best
        if best is not None and math.isclose(tokens, best.compiled.tokens, rel_tol=_SAME_TOKENS):
            # The bound over sets holds for the answer that stood here, too.
            if optimum.value > best.optimum.value:
                low = min(optimum.bound, best.optimum.value)
                optimum = replace(best.optimum, bound=low, engine=optimum.engine)
                there = best.compiled
            self._take(there, optimum)
        elif best is None or optimum.value < best.optimum.value:
            self._take(there, optimum)
        read = {int(donor) for donor in self.donor_of[optimum.x > 0] if donor >= 0}
        chosen = np.isin(np.arange(int(self.donor_of.max()) + 1), sorted(read))
        if self.problem.exact_tokens or chosen.tobytes() in self.sets:
            return
        self.sets.add(chosen.tobytes())
        again = over_tokens(self.problem, self.compiled, allowed=(self.donor_of, chosen))
        self.solves += again.solves if again else 0
        if again is not None and self.best is not None:
            value, known = self.best.optimum.value, self._known(again.best.tokens)
            least = value - _SAME_VALUE * scale(there.program, value)
            if again.best.optimum.value < least and not known:
                self._take(again.best.compiled, again.best.optimum)

    def _take(self, compiled: Compiled, optimum: Optimum) -> None:
        """The best so far; over all T only the bound of any number of donors holds."""
        over = optimum.bound if self.problem.exact_tokens else min(self.free.bound, optimum.value)
        self.best = Solved(compiled, optimum, over, self.solves)


def guard_levels(problem: MixProblem) -> dict[str, float]:
    """Most predicted loss, in the law's unit, that each guardrail allows."""
    guards = [limit for limit in problem.limits if isinstance(limit, Guardrail)]
    if not guards:
        return {}
    keys = dict.fromkeys(limit.language for limit in guards)
    compiled = compile_problem(problem, dict.fromkeys(keys, math.inf))
    levels: dict[str, float] = {}
    for limit in guards:
        with about("guardrails", limit.reference):
            x = compiled.collapse(baseline_tokens(problem, limit.reference))
        row = compiled.rows_of.index(limit.language)
        read = float(x.sum())
        reference = math.inf
        if read > 0:
            there = compiled.at(compiled.tokens * read, problem.params)
            reference = compiled.laws[row].E + float(
                losses(there.program, x / read, expected=True)[row]
            )
        if not math.isfinite(reference) or not compiled.program.heard[row]:
            raise Infeasible(
                f"{limit.title}: the reference mixture reads no {name_of(limit.language)}, so "
                "there is no loss to guard; choose another reference, say eng=1%:uniform",
                (limit.name,),
                field="guardrails",
                value=limit.reference,
            )
        allowed = reference * (1 + limit.slack)
        levels[limit.language] = min(levels.get(limit.language, math.inf), allowed)
    return levels
