"""Other ways to solve the same program: each a function from a program to shares of the tokens.

All minimise one objective, Σ w (A/N^α m^-φ + B/T^β y^-β), over Σx = 1 and epoch caps, and over
limits where they can be stated at all. cvxpy is given the saturation by fresh and repeated tokens,
which makes it convex; the others see x and exact gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from atlasmix.laws.saturation import Array, marginal, saturate
from atlasmix.solver.closed_form import fill
from atlasmix.solver.program import Program

SAMPLES: Final = 100_000
KEPT: Final = 128
CONCENTRATIONS: Final = (1.0, 10.0, 100.0)
"""Total mass of the Dirichlet priors; RegMix searches with 1, the others are to its advantage."""

_LEAST: Final = 1e-30


class Unable(Exception):
    """A method that cannot be asked this question."""


@dataclass(frozen=True, slots=True)
class Exact:
    """The objective with its gradient in x, and the guardrails with theirs."""

    program: Program

    @staticmethod
    def of(program: Program) -> Exact:
        """The objective of a program whose objective is a sum over its targets."""
        if program.base is not None:
            raise ValueError("the rivals know a sum over the targets")
        return Exact(program)

    def __call__(self, x: Array) -> tuple[float, Array]:
        return self._sum(x, self.program.weight, self.program.gain)

    def guard(self, x: Array, row: int) -> tuple[float, Array]:
        """Expected loss of a row over what its guardrail allows."""
        weight = np.zeros(self.program.weight.size)
        weight[row] = 1.0 / self.program.level[row]
        return self._sum(x, weight, self.program.expected)

    def _sum(self, x: Array, weight: Array, gain: Array) -> tuple[float, Array]:
        program = self.program
        # Trial steps may leave the box: what is nothing or less stands at a finite, great loss.
        y = np.maximum(gain @ saturate(x, program.unique, program.decay), _LEAST)
        m = np.maximum(program.least + program.own @ x, _LEAST)
        lost = weight * program.data * y**-program.beta
        bowed = np.where(program.heard, weight * program.capacity * m**-program.phi, 0.0)
        slope = marginal(x, program.unique, program.decay)
        worth = (program.beta * lost / y) @ gain
        gradient = -worth * slope - (program.phi * bowed / m) @ program.own
        return float(lost.sum() + bowed.sum()), gradient

    def many(self, x: Array) -> Array:
        """The objective of every row of ``x``, shape (m, n) -> (m,)."""
        program = self.program
        y = program.gain @ saturate(x, program.unique, program.decay).T
        m = np.maximum(program.least[:, None] + program.own @ x.T, _LEAST)
        lost = (program.weight * program.data) @ np.maximum(y, _LEAST) ** -program.beta[:, None]
        heavy = np.where(program.heard, program.weight * program.capacity, 0.0)
        return np.asarray(lost + heavy @ m ** -program.phi[:, None])


def limited(program: Program) -> bool:
    """Whether there are limits beside Σx = 1 and epoch caps."""
    return bool(program.rows.names) or bool(np.isfinite(program.level).any())


def refuse_limits(program: Program) -> None:
    """Say of a method that knows Σx = 1 and epoch caps only that it cannot be asked."""
    if limited(program):
        raise Unable("cannot state these limits")


def capped(x: Array, upper: Array) -> Array:
    """Shares with what lies over the caps handed to the other pools in proportion, last axis."""
    for _ in range(20):
        over = np.maximum(x - upper, 0.0).sum(axis=-1, keepdims=True)
        x = np.minimum(x, upper)
        if over.max() < 1e-12:
            break
        room = np.where(x < upper, x, 0.0)
        total = room.sum(axis=-1, keepdims=True)
        x = x + np.divide(room * over, total, out=np.zeros_like(x), where=total > 0)
    return np.asarray(np.minimum(x, upper))


def natural(program: Program) -> Array:
    """Half in proportion to unique tokens, half evenly."""
    n = program.unique.size
    return capped(0.5 * program.unique / program.unique.sum() + 0.5 / n, program.upper)


def start(program: Program) -> Array:
    """Where the local methods start: the best of the natural, the targets' own and their mean."""
    most = np.minimum(program.upper, 1.0)
    own = np.mean([fill(row, program.unique, most, program.decay) for row in program.gain], axis=0)
    tries = [capped(part * own + (1 - part) * natural(program), most) for part in (0.0, 0.5, 0.99)]
    return tries[int(np.argmin(Exact.of(program).many(np.array(tries))))]


def atlasmix(program: Program) -> Array:
    """This library."""
    from atlasmix.solver.engines import optimise

    found = optimise(program)
    if found is None:
        raise RuntimeError("no mixture meets the limits")
    return found.x


def clarabel(program: Program) -> Array:
    """cvxpy with Clarabel at its defaults."""
    return _plain_conic(program, "CLARABEL", {})


def scs(program: Program) -> Array:
    """cvxpy with SCS, asked for 1e-6."""
    return _plain_conic(program, "SCS", {"eps_abs": 1e-6, "eps_rel": 1e-6, "max_iters": 50_000})


def _plain_conic(program: Program, solver: str, options: dict[str, Any]) -> Array:
    """The program as cvxpy's rules ask for it.

    x^-β is written exp(-β log x): cvxpy's own ``power`` takes many times as long.
    """
    import cvxpy

    cp: Any = cvxpy
    n = program.unique.size
    fresh, epochs = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
    worn = (1 - cp.exp(-program.decay * epochs)) / program.decay
    x = fresh + cp.multiply(program.unique, epochs)
    s = cp.Variable(n, nonneg=True)
    heard = np.flatnonzero(program.heard)
    m = program.least[heard] + program.own[heard] @ x
    crowding = cp.exp(-cp.multiply(program.phi[heard], cp.log(m)))
    bowed = cp.multiply(program.capacity[heard], crowding)

    def lost(gain: Array, rows: Any) -> Any:
        steep = cp.multiply(-program.beta[rows], cp.log(gain @ s))
        return cp.multiply(program.data[rows], cp.exp(steep))

    counted = program.weight > 0
    value = (
        program.weight[counted] @ lost(program.gain[counted], counted)
        + program.weight[heard] @ bowed
    )
    limits = [
        s <= fresh + cp.multiply(program.unique, worn),
        fresh <= program.unique,
        x <= program.upper,
        cp.sum(x) == 1,
    ]
    if program.rows.names:
        limits.append(program.rows.matrix @ x <= program.rows.bound)
    for row in np.flatnonzero(np.isfinite(program.level)):
        data = lost(program.expected[[row]], [row])[0]
        place = int(np.searchsorted(heard, row))
        limits.append(data + (bowed[place] if program.heard[row] else 0) <= program.level[row])
    task = cp.Problem(cp.Minimize(value), limits)
    task.solve(solver=solver, **options)
    if x.value is None:
        raise RuntimeError(f"{solver} ended with status {task.status}")
    return np.asarray(x.value, dtype=float)


def slsqp(program: Program) -> Array:
    """scipy SLSQP with exact gradients."""
    import scipy.optimize

    minimize: Any = scipy.optimize.minimize
    exact, rows = Exact.of(program), program.rows
    limits: list[dict[str, Any]] = [
        {
            "type": "eq",
            "fun": lambda x: x.sum() - 1.0,
            "jac": lambda x: np.ones((1, x.size)),
        }
    ]
    if rows.names:
        limits.append(
            {
                "type": "ineq",
                "fun": lambda x: rows.bound - rows.matrix @ x,
                "jac": lambda _: -rows.matrix,
            }
        )
    limits += [
        {
            "type": "ineq",
            "fun": lambda x, row=row: 1.0 - exact.guard(x, row)[0],
            "jac": lambda x, row=row: -exact.guard(x, row)[1],
        }
        for row in np.flatnonzero(np.isfinite(program.level))
    ]
    answer = minimize(
        exact,
        start(program),
        jac=True,
        bounds=np.column_stack([0.0 * program.upper, np.minimum(program.upper, 1.0)]),
        constraints=limits,
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-14},
    )
    return np.asarray(answer.x, dtype=float)


def trust_constr(program: Program) -> Array:
    """scipy trust-constr with exact gradients and its own (BFGS) curvature.

    Barrier and radius start small: with scipy's own it ends far from the start, and worse.
    """
    import scipy.optimize
    from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint

    minimize: Any = scipy.optimize.minimize
    exact, n = Exact.of(program), program.unique.size
    limits: list[Any] = [LinearConstraint(np.ones((1, n)), 1.0, 1.0)]
    if program.rows.names:
        limits.append(LinearConstraint(program.rows.matrix, -np.inf, program.rows.bound))
    limits += [
        NonlinearConstraint(
            lambda x, row=row: exact.guard(x, row)[0],
            -np.inf,
            1.0,
            jac=lambda x, row=row: exact.guard(x, row)[1][None, :],
            hess=scipy.optimize.BFGS(),
        )
        for row in np.flatnonzero(np.isfinite(program.level))
    ]
    answer = minimize(
        exact,
        0.9 * start(program) + 0.1 * natural(program),
        jac=True,
        bounds=Bounds(0.0, np.minimum(program.upper, 1.0)),
        constraints=limits,
        method="trust-constr",
        options={
            "maxiter": 3000,
            "gtol": 1e-9,
            "xtol": 1e-10,
            "initial_tr_radius": 1e-3,
            "initial_barrier_parameter": 1e-4,
            "initial_barrier_tolerance": 1e-4,
        },
    )
    return np.asarray(answer.x, dtype=float)


def softmax(program: Program) -> Array:
    """L-BFGS on a softmax: what lies over a cap is handed to the others in proportion."""
    import scipy.optimize

    refuse_limits(program)
    minimize: Any = scipy.optimize.minimize
    exact = Exact.of(program)

    def shares(free: Array) -> Array:
        tall: Array = np.exp(free - free.max())
        return capped(tall / tall.sum(), program.upper)

    def fall(free: Array) -> tuple[float, Array]:
        x = shares(free)
        value, gradient = exact(x)
        loose = np.where(x < program.upper, x, 0.0)
        mean = float(loose @ gradient) / max(float(loose.sum()), 1e-300)
        return value, loose * (gradient - mean)

    options = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-15, "gtol": 1e-10}
    free = np.log(np.maximum(start(program), 1e-12))
    answer = minimize(fall, free, jac=True, method="L-BFGS-B", options=options)
    return shares(np.asarray(answer.x))


def random_best(program: Program) -> Array:
    """The best of 100,000 Dirichlet mixtures round the natural one."""
    return np.asarray(_random(program)[0])


def random_mean(program: Program) -> Array:
    """The mean of the best 128 of them, as RegMix searches (Liu et al. 2024, arXiv 2407.01492)."""
    return capped(_random(program).mean(axis=0), program.upper)


def _random(program: Program) -> Array:
    """The best ``KEPT`` samples, best first."""
    refuse_limits(program)
    rng, exact = np.random.default_rng(42), Exact.of(program)
    prior = program.unique / program.unique.sum()
    best, values = np.zeros((0, prior.size)), np.zeros(0)
    batch = 1000
    for count in range(SAMPLES // batch):
        mass = CONCENTRATIONS[count % len(CONCENTRATIONS)]
        x = capped(rng.dirichlet(np.maximum(mass * prior, 1e-8), batch), program.upper)
        value = exact.many(x)
        order = np.argsort(value)[:KEPT]
        best, values = np.vstack([best, x[order]]), np.append(values, value[order])
        order = np.argsort(values, kind="stable")[:KEPT]
        best, values = best[order], values[order]
    return best


OURS: Final = "AtlasMix"
RIVALS: Final[dict[str, Callable[[Program], Array]]] = {
    OURS: atlasmix,
    "cvxpy, Clarabel": clarabel,
    "cvxpy, SCS": scs,
    "SLSQP": slsqp,
    "trust-constr": trust_constr,
    "L-BFGS, softmax": softmax,
    "random, best": random_best,
    "random, mean of 128": random_mean,
}
