"""A second solver: the law written for cvxpy pool by pool, at a fixed number of tokens.

Nothing of the solver's programs is used: values, caps and limits are the judge's.
"""

from __future__ import annotations

import warnings
from typing import Any

import cvxpy as cp
import numpy as np
from judge import caps, guard_levels, is_own, linear, mute, sizes, values

from atlasmix.problem.problem import MixProblem


class Model:
    """The convex program of one question at T tokens, in shares of T."""

    def __init__(self, problem: MixProblem, tokens: float) -> None:
        self.problem, self.tokens = problem, tokens
        self.used = np.flatnonzero(caps(problem) > 0)
        unique = sizes(problem)[self.used] / tokens
        most = np.minimum(caps(problem)[self.used] / tokens, 1.0)
        unit = np.minimum(unique, 1.0)
        fresh, again = cp.Variable(unit.size, nonneg=True), cp.Variable(unit.size, nonneg=True)
        self.x = cp.multiply(unit, fresh) + cp.multiply(unique, again)
        worn = (1 - cp.exp(-problem.decay * again)) / problem.decay
        self.s = cp.multiply(unit, fresh) + cp.multiply(unique, worn)
        self.limits = [fresh <= np.minimum(unique, most) / unit, self.x <= most]
        self.limits.append(cp.sum(self.x) == 1.0)
        rows, bound, _ = linear(problem)
        count = len(rows) - 1 - problem.exact_tokens
        if count:
            share = bound[:count] * problem.budget / tokens
            self.limits.append(rows[:count][:, self.used] @ self.x <= share)

    def loss(self, target: str, charged: bool) -> Any:
        """L - E of one target."""
        problem, law = self.problem, self.problem.law
        value = values(problem, target, charged)[self.used]
        least = max(float(value.max()), 1e-12)
        data = law.B * (least * self.tokens) ** -law.beta
        lost = data * cp.exp(-law.beta * cp.log((value / least) @ self.s))
        if mute(problem, target):
            return lost
        phi = float(problem.transfer.phi[problem.transfer.keys.index(target)])
        own = is_own(problem, target)[self.used].astype(float)
        return lost + law.A / problem.params**law.alpha * cp.exp(-phi * cp.log(own @ self.x))

    def _solve(self, cost: Any, limits: list[Any]) -> float:
        task = cp.Problem(cp.Minimize(cost), self.limits + limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                task.solve(solver="CLARABEL")
            except cp.error.SolverError:
                return np.nan
        if task.status in {"optimal", "optimal_inaccurate"}:
            return float(task.value)
        return np.inf if "infeasible" in str(task.status) else np.nan

    def best(self, reach: Any = None) -> float:
        """The least objective; inf where nothing is feasible, nan where Clarabel gives up."""
        problem, law = self.problem, self.problem.law
        levels = guard_levels(problem)
        guards = [self.loss(key, False) <= level - law.E for key, level in levels.items()]
        parts = [self.loss(key, True) for key in problem.target_keys]
        if problem.objective == "worst":
            worst = cp.Variable()
            below = [(law.E + p) / r <= worst for p, r in zip(parts, reach, strict=True)]
            return self._solve(worst, guards + below)
        weight = np.array([target.weight for target in problem.targets])
        return law.E + self._solve(
            cp.sum(cp.multiply(weight / weight.sum(), cp.hstack(parts))), guards
        )

    def relief(self) -> float:
        """By what factor the guardrails' reducible losses must grow at this T; <= 1: they hold."""
        law, factor = self.problem.law, cp.Variable()
        guards = [
            self.loss(key, False) / (level - law.E) <= factor
            for key, level in guard_levels(self.problem).items()
        ]
        return self._solve(factor, guards)

    def read(self) -> np.ndarray:
        """Tokens per pool of the last answer."""
        tokens = np.zeros(len(self.problem.pools))
        tokens[self.used] = np.maximum(self.x.value, 0.0) * self.tokens
        return tokens
