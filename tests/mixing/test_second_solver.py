"""Other people's solvers on the same worlds: none finds a better mixture."""

import cvxpy as cp
import numpy as np
import pytest
from judge import caps, effective, score, tokens_of
from scipy.optimize import minimize
from worlds import random_world

from atlasmix.mixing import solve

WORLDS = [
    pytest.param({"seed": 11, "targets": 1}, id="one target"),
    pytest.param({"seed": 12, "targets": 3}, id="three targets"),
    pytest.param({"seed": 13, "targets": 2, "stderr": 0.16, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"seed": 14, "targets": 3, "harmful": 0.3}, id="negative transfer"),
    pytest.param({"seed": 15, "targets": 6, "decay": 0.34, "budget": 30e9}, id="repeats"),
]


def problem_of(case, **options):
    settings = {**case, **options}
    return random_world(settings.pop("seed"), **settings)


def feasible(problem, shares):
    tokens = np.minimum(np.maximum(shares, 0) * problem.budget, caps(problem))
    return tokens * min(1.0, problem.budget / tokens.sum())


@pytest.mark.filterwarnings("ignore:delta_grad:UserWarning")
@pytest.mark.parametrize("case", WORLDS)
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
@pytest.mark.parametrize("objective", ["loss", "effective-data"])
def test_scipy_finds_nothing_better(case, method, objective):
    problem = problem_of(case, objective=objective)
    most = np.minimum(caps(problem) / problem.budget, 1.0)
    scale = abs(score(problem, feasible(problem, np.full(most.size, 1 / most.size))))

    def cost(shares):
        value = score(problem, shares * problem.budget) / scale
        return value if np.isfinite(value) else 1e3

    budget = {"type": "ineq", "fun": lambda shares: 1.0 - shares.sum()}
    theirs = np.inf
    for start in range(3 if method == "SLSQP" else 1):
        even = np.random.default_rng(start).dirichlet(np.ones(most.size))
        found = minimize(
            cost,
            np.minimum(even, most),
            method=method,
            bounds=list(zip(np.zeros(most.size), most, strict=True)),
            constraints=[budget],
            options={"maxiter": 200},
        )
        theirs = min(theirs, score(problem, feasible(problem, found.x)))
    mine = score(problem, tokens_of(solve(problem)))
    assert mine <= theirs + 1e-7 * abs(theirs)
    assert theirs <= mine + 0.01 * abs(mine)


@pytest.mark.parametrize("case", WORLDS[:3])
def test_scs_on_a_program_of_its_own_finds_nothing_better(case):
    """Σ w log D_eff with fresh and repeated tokens, written for cvxpy without our conic engine."""
    problem = problem_of(case, objective="effective-data")
    unique = np.array([pool.unique_tokens for pool in problem.pools]) / problem.budget
    columns = [problem.matrix.keys.index(key) for key in problem.target_keys]
    tau = problem.transfer.weights[:, columns].T
    sigma = problem.transfer.stderr[:, columns].T
    charge = np.minimum(problem.risk_aversion * sigma, np.maximum(tau, 0))
    fresh = cp.Variable(unique.size, nonneg=True)
    epochs = cp.Variable(unique.size, nonneg=True)
    read = fresh + cp.multiply(unique, epochs)
    worn = cp.multiply(unique, 1 - cp.exp(-problem.decay * epochs)) / problem.decay
    data = tau @ (fresh + worn)
    data = data - cp.hstack([cp.norm(cp.multiply(row, read)) for row in charge])
    limits = [cp.sum(read) <= 1, fresh <= unique, read <= problem.max_epochs * unique]
    task = cp.Problem(cp.Maximize(cp.sum(cp.log(data))), limits)
    task.solve(solver="SCS", eps=1e-7, max_iters=20000)
    theirs = score(problem, feasible(problem, read.value))
    mine = score(problem, tokens_of(solve(problem)))
    assert mine <= theirs + 1e-6 * abs(theirs)
    assert theirs <= mine + 1e-3 * abs(mine)


@pytest.mark.parametrize("objective", ["loss", "effective-data", "worst"])
@pytest.mark.parametrize("case", WORLDS)
def test_smooth_and_conic_engines_agree(case, objective):
    problem = problem_of(case, objective=objective)
    ours, cone = solve(problem), solve(problem, "conic")
    assert ours.certificate.engine in {"closed form", "smooth"}
    assert cone.certificate.engine in {"CLARABEL", "SCS"}
    assert ours.certificate.value == pytest.approx(cone.certificate.value, rel=1e-7)
    assert effective(problem, tokens_of(ours)) == pytest.approx(
        effective(problem, tokens_of(cone)), rel=1e-4
    )
