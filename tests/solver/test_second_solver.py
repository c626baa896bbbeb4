"""Other people's solvers on the same worlds: none finds a better mixture."""

import numpy as np
import pytest
from judge import caps, reaches, reducible, score, tokens_of
from scipy.optimize import minimize
from second import Model
from worlds import random_world, shipped

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.solver.engines import Engine

LIMITS = (
    ShareLimit("min", Selection("language", "e"), 0.2),
    ShareLimit("max", Selection("group", "some", ("a", "b")), 0.5),
    Guardrail("d", 0.05, "natural"),
)
WORLDS = [
    pytest.param({"seed": 11, "targets": 1}, id="one target"),
    pytest.param({"seed": 12, "targets": 3}, id="three targets"),
    pytest.param({"seed": 13, "targets": 2, "stderr": 0.16, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"seed": 15, "targets": 6, "decay": 0.34, "budget": 30e9}, id="repeats"),
    pytest.param({"seed": 16, "targets": 2, "limits": LIMITS}, id="limits"),
]


def problem_of(case, **options):
    settings = {**case, **options}
    return random_world(settings.pop("seed"), **settings)


@pytest.mark.parametrize("case", WORLDS)
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_scipy_finds_nothing_better(case, method):
    """From random starts, over shares and tokens together; without the limits that it knows not."""
    problem = problem_of(case, limits=())
    most = np.minimum(caps(problem) / problem.budget, 1.0)

    def cost(shares):
        value = score(problem, np.maximum(shares, 1e-9) * problem.budget)
        return float(value) if np.isfinite(value) else 1e3

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
            options={"maxiter": 300 if method == "SLSQP" else 60},
        )
        shares = np.minimum(np.maximum(found.x, 0.0), most)
        shares = shares * min(1.0, 1.0 / shares.sum())
        theirs = min(theirs, float(score(problem, shares * problem.budget)))
    mixture = solve(problem)
    part = reducible(problem, mixture.certificate.value)
    assert score(problem, tokens_of(mixture)) <= theirs + 2e-5 * part
    # Tokens are held a billionth below what the caps allow.
    assert mixture.certificate.bound <= theirs + 1e-9
    assert theirs <= mixture.certificate.value + 0.02 * part


@pytest.mark.parametrize("case", WORLDS)
@pytest.mark.parametrize("objective", ["loss", "worst"])
def test_a_program_of_our_own_for_cvxpy_agrees_at_the_tokens_read(case, objective):
    """The law written pool by pool for Clarabel, without a line of the package's programs."""
    problem = problem_of(case, objective=objective)
    mixture = solve(problem)
    reach = reaches(problem)
    theirs = Model(problem, mixture.tokens).best(reach)
    assert mixture.certificate.value == pytest.approx(theirs, rel=1e-6)
    part = reducible(problem, theirs, reach)
    assert mixture.certificate.value <= theirs + 2e-6 * part
    for factor in (0.6, 0.9):
        other = Model(problem, mixture.tokens * factor).best(reach)
        assert mixture.certificate.bound <= other + 1e-7 * part


@pytest.mark.parametrize("objective", ["loss", "worst"])
@pytest.mark.parametrize("case", WORLDS)
def test_interior_point_and_conic_engine_agree(case, objective):
    problem = problem_of(case, objective=objective)
    ours, cone = solve(problem), solve(problem, Engine.CONIC)
    assert ours.certificate.engine == "interior point"
    assert cone.certificate.engine in {"CLARABEL", "SCS"}
    part = reducible(problem, ours.certificate.value, reaches(problem))
    assert abs(ours.certificate.value - cone.certificate.value) <= 2.1e-5 * part
    fixed = problem_of(case, objective=objective, exact_tokens=True, budget=9e9)
    ours, cone = solve(fixed), solve(fixed, Engine.CONIC)
    part = reducible(fixed, ours.certificate.value, reaches(fixed))
    assert abs(ours.certificate.value - cone.certificate.value) <= 1e-6 * part
    assert [e.own_share for e in ours.targets] == pytest.approx(
        [e.own_share for e in cone.targets], abs=2e-3
    )


@pytest.mark.parametrize("targets", [("cat",), ("cat", "yor", "eng", "arb", "tha")])
def test_shipped_evidence_by_cone(targets):
    problem = shipped(targets, exact_tokens=True)
    ours, cone = solve(problem), solve(problem, Engine.CONIC)
    part = reducible(problem, ours.certificate.value)
    assert abs(ours.certificate.value - cone.certificate.value) <= 1e-6 * part
    theirs = Model(problem, problem.budget).best()
    assert abs(ours.certificate.value - theirs) <= 1e-5 * part
