"""Other ways to solve the same program: each a function from a program to shares of the budget.

All minimise one objective, saturated negative transfer and risk term included, over budget and
epoch caps. The program is convex in what tokens are worth, s = S(x), as x = S⁻¹(s) is convex and
rising; that is how cvxpy is given it. The others see x and exact gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from atlasmix.mixing.closed_form import fill
from atlasmix.mixing.program import Program, by_language, outer_value
from atlasmix.scaling.saturation import Array, marginal, saturate

SAMPLES: Final = 100_000
KEPT: Final = 128
CONCENTRATIONS: Final = (1.0, 10.0, 100.0)
"""Total mass of the Dirichlet priors; RegMix searches with 1, the others are to its advantage."""


@dataclass(frozen=True, slots=True)
class Exact:
    """The objective with its gradient in x, negative transfer saturated."""

    program: Program
    net: Array  # (T, n)

    @staticmethod
    def of(program: Program) -> Exact:
        """The objective of a program whose objective is a sum over its targets."""
        if program.base is not None or program.rows.names or np.isfinite(program.least).any():
            raise ValueError("the rivals know budget and epoch caps, and a sum over the targets")
        return Exact(program, program.gain - program.harm)

    def __call__(self, x: Array) -> tuple[float, Array]:
        program = self.program
        s = saturate(x, program.unique, program.decay)
        y, z = self.net @ s, by_language(program, s)
        norm = np.sqrt(program.variance @ np.square(z)) if program.risky else np.zeros_like(y)
        phi, slope, _ = outer_value(program.exponent, (y - norm) / program.reference)
        pull = -program.coefficient * slope / program.reference
        worth = pull @ self.net
        if program.risky:
            # Where nothing doubtful is read the norm has a kink; 0 is one of its slopes.
            weight = np.divide(pull, norm, out=np.zeros_like(pull), where=norm > 0)
            worth -= (z * (weight @ program.variance))[program.member] * program.worth
        gradient = -worth * marginal(x, program.unique, program.decay)
        return float(program.coefficient @ phi), gradient

    def many(self, x: Array) -> Array:
        """The objective of every row of ``x``, shape (m, n) -> (m,)."""
        program = self.program
        s = saturate(x, program.unique, program.decay)
        y = self.net @ s.T
        if program.risky:
            onto = np.zeros((program.sigma.shape[1], x.shape[1]))
            onto[program.member, np.arange(x.shape[1])] = program.worth
            single = np.array_equal(program.member, np.arange(x.shape[1]))
            z = (s * program.worth).T if single else onto @ s.T
            y -= np.sqrt(program.variance @ np.square(z))
        phi = outer_value(program.exponent, y / program.reference[:, None])[0]
        return np.asarray(program.coefficient @ phi)


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
    """Where the local methods start: the best of the natural and the targets' own mixtures, scaled.

    Far from any mixture that serves every target, their line searches stop at once.
    """
    own = np.mean(
        [fill(row, program.unique, program.upper, program.decay) for row in program.gain], axis=0
    )
    mixed = 0.99 * own + 0.01 * natural(program)
    tries = [s * x for x in (natural(program), mixed) for s in (1.0, 0.1, 1e-2, 1e-3, 1e-4)]
    return tries[int(np.argmin(Exact.of(program).many(np.array(tries))))]


def atlasmix(program: Program) -> Array:
    """This library."""
    from atlasmix.mixing.engines import optimise

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
    import cvxpy

    cp: Any = cvxpy
    n, targets = program.unique.size, program.coefficient.size
    fresh, epochs = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
    worn = (1 - cp.exp(-program.decay * epochs)) / program.decay
    x = fresh + cp.multiply(program.unique, epochs)
    s = cp.Variable(n, nonneg=True)
    y = (program.gain - program.harm) @ s
    if program.risky:
        onto = np.zeros((program.sigma.shape[1], n))
        onto[program.member, np.arange(n)] = program.worth
        z = cp.reshape(onto @ s, (1, onto.shape[0]), order="C")
        y = y - cp.norm(cp.multiply(program.sigma, np.ones((targets, 1)) @ z), 2, axis=1)
    v = cp.multiply(1.0 / program.reference, y)
    phi = -cp.log(v) if program.exponent is None else cp.exp(-program.exponent * cp.log(v))
    limits = [
        s <= fresh + cp.multiply(program.unique, worn),
        fresh <= program.unique,
        x <= program.upper,
        cp.sum(x) <= 1,
    ]
    task = cp.Problem(cp.Minimize(program.coefficient @ phi), limits)
    task.solve(solver=solver, **options)
    if s.value is None:
        raise RuntimeError(f"{solver} ended with status {task.status}")
    return unsaturated(np.asarray(s.value, dtype=float), program)


def unsaturated(s: Array, program: Program) -> Array:
    """S⁻¹: the tokens worth s. Tokens that cvxpy counts as read but worth nothing stay unread."""
    beyond = program.decay * np.maximum(s / program.unique - 1.0, 0.0)
    epochs = 1.0 - np.log1p(-np.minimum(beyond, 1.0 - 1e-12)) / program.decay
    return np.minimum(np.where(beyond > 0, program.unique * epochs, np.maximum(s, 0.0)), 1.0)


def slsqp(program: Program) -> Array:
    """scipy SLSQP with exact gradients."""
    import scipy.optimize

    minimize: Any = scipy.optimize.minimize
    budget = {
        "type": "ineq",
        "fun": lambda x: 1.0 - x.sum(),
        "jac": lambda x: -np.ones((1, x.size)),
    }
    answer = minimize(
        Exact.of(program),
        start(program),
        jac=True,
        bounds=np.column_stack([program.lower, program.upper]),
        constraints=[budget],
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-14},
    )
    return np.asarray(answer.x, dtype=float)


def trust_constr(program: Program) -> Array:
    """scipy trust-constr with exact gradients and its own (BFGS) curvature.

    Barrier and radius start small: with scipy's own it ends far from the start, and worse.
    """
    import scipy.optimize
    from scipy.optimize import Bounds, LinearConstraint

    first = 0.98 * start(program)
    inner = 0.9 * first + 0.1 * first.sum() * natural(program)
    minimize: Any = scipy.optimize.minimize
    answer = minimize(
        Exact.of(program),
        inner,
        jac=True,
        bounds=Bounds(program.lower, program.upper),
        constraints=[LinearConstraint(np.ones((1, program.unique.size)), -np.inf, 1.0)],
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
    """L-BFGS on a softmax with one more share, for what is left unspent; caps clip."""
    import scipy.optimize

    minimize: Any = scipy.optimize.minimize
    exact = Exact.of(program)

    def shares(free: Array) -> Array:
        tall: Array = np.exp(free - free.max())
        return np.asarray(tall / tall.sum(), dtype=float)

    def fall(free: Array) -> tuple[float, Array]:
        whole = shares(free)
        value, gradient = exact(np.minimum(whole[:-1], program.upper))
        through = np.append(np.where(whole[:-1] < program.upper, gradient, 0.0), 0.0)
        slope: Array = whole * (through - float(whole @ through))
        return value, slope

    first = 0.99 * np.maximum(start(program), 1e-12)
    free = np.log(np.append(first, 1.0 - first.sum()))
    options = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-15, "gtol": 1e-10}
    answer = minimize(fall, free, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(np.minimum(shares(np.asarray(answer.x))[:-1], program.upper))


def random_best(program: Program) -> Array:
    """The best of 100,000 Dirichlet mixtures round the natural one."""
    return np.asarray(_random(program)[0])


def random_mean(program: Program) -> Array:
    """The mean of the best 128 of them, as RegMix searches (Liu et al. 2024, arXiv 2407.01492)."""
    return capped(_random(program).mean(axis=0), program.upper)


def _random(program: Program) -> Array:
    """The best ``KEPT`` samples, best first."""
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
