"""How many tokens to read: the search over T against a fine grid of solves at fixed T.

f(T) may have two valleys. A search by halves, a bound that holds at one T only, or an answer that
always spends the budget would each fail here.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from judge import reducible
from questions import question
from worlds import random_world, shipped, world

from atlasmix.errors import ProblemError
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.problem.problem import canonical
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.compute import at_compute, at_size
from atlasmix.solver.optimise import guard_levels
from atlasmix.solver.tokens import _FOLLOWED, _curve, _kappas, point_at, proved_at, proved_over


def at_exactly(problem, tokens):
    """The optimum that reads just so many tokens; inf where none can."""
    try:
        fixed = replace(problem, budget=tokens, exact_tokens=True)
        return solve(fixed).certificate.value
    except ProblemError:
        return np.inf


def against_a_grid(problem, points=40, least=1e-3):
    """The answer is no worse than any T of the grid, and its bound below every one."""
    mixture = solve(problem)
    grid = np.geomspace(least, 1.0, points) * problem.budget
    values = np.array([at_exactly(problem, float(tokens)) for tokens in grid])
    part = reducible(problem, mixture.certificate.value, np.ones(1))
    assert mixture.certificate.value <= values.min() + 2e-5 * part
    assert mixture.certificate.bound <= values.min() + 1e-9
    assert mixture.certificate.exact
    return mixture, grid, values


def two_valleys(params):
    """1B own tokens read once and an endless donor of 0.02.

    A donor takes capacity at once and gives data only where it is fifty times the own text: the
    loss rises from a alone, falls where the donor counts, and rises again.
    """
    return world(
        [[1, 0], [0.02, 1]],
        [1.0, 1e6],
        phi=0.1,
        max_epochs=1.0,
        budget=3e12,
        params=params,
    )


@pytest.mark.parametrize(("params", "alone"), [(1.6e7, True), (2.7e7, False)])
def test_either_of_two_valleys_may_be_the_deeper(params, alone):
    problem = two_valleys(params)
    mixture, _grid, values = against_a_grid(problem, 25, 1.01e9 / 3e12)
    values = np.append(at_exactly(problem, 1e9), values)
    inside, before, after = values[1:-1], values[:-2], values[2:]
    valleys = int(((inside < before) & (inside < after)).sum()) + int(values[0] < values[1])
    assert valleys == 2
    assert mixture.certificate.solves <= 30
    assert (mixture.tokens < 1.1e9) == alone
    assert mixture.certificate.value <= values.min() + 1e-4


@pytest.mark.parametrize("phi", [0.2, 0.4])
@pytest.mark.parametrize("seed", [1, 2])
def test_scarce_worlds_against_a_grid(seed, phi):
    """Far more budget than text: the best T is where caps bind or before the donors run out."""
    problem = random_world(seed, languages=4, targets=2, phi=phi, budget=300e9, params=6e8)
    against_a_grid(problem, 15)


def test_thai_at_300b():
    """Donors give data and take capacity: of weak ones no more than the budget holds is best."""
    mixture, grid, values = against_a_grid(shipped(["tha"], budget=300e9, params=1e9), 14, 1e-3)
    assert values[int(np.argmin(values))] < values[-1]
    assert mixture.tokens < 0.9 * 300e9
    best = float(grid[int(np.argmin(values))])
    assert 0.4 * best < mixture.tokens < 2.5 * best
    assert "would take more capacity" in mixture.stopped


def test_guardrails_that_hold_at_some_tokens_only():
    """The guarded language is read less and less the fewer tokens: its loss bounds T from below."""
    tau = [[1, 0, 0], [0.3, 1, 0], [0.2, 0.2, 1]]
    guard = Guardrail("c", 0.1, "natural")
    problem = world(tau, [0.05, 5.0, 40.0], ["a"], phi=0.4, budget=150e9, limits=(guard,))
    free = solve(replace(problem, limits=()))
    level = guard_levels(problem)["c"]
    mixture = solve(problem)
    assert free.tokens < 0.8 * mixture.tokens
    # At an exact T the reference mixture would be smaller too: the level is put in by hand.
    compiled = compile_problem(problem, {"c": level})
    values = []
    for tokens in np.geomspace(1e-3, 1.0, 60) * problem.budget:
        point = point_at(tokens, problem.params, compiled.at(tokens, problem.params))
        values.append(point.optimum.value if point and point.kept else np.inf)
    assert np.isinf(values[0])
    assert np.isfinite(values[-1])
    value = mixture.certificate.value - problem.law.E
    assert value <= min(values) + 2e-5 * value
    assert mixture.certificate.bound - problem.law.E <= min(values)
    assert mixture.certificate.gap <= 1e-4


@pytest.mark.parametrize("limits", [(), (ShareLimit("min", Selection("language", "c"), 0.4),)])
def test_compute_against_a_grid_of_sizes(limits):
    problem = random_world(5, languages=4, targets=2, phi=0.2, limits=limits)
    compute = 1e20
    found = at_compute(replace(problem, compute=compute)).allocation
    tokens = np.geomspace(2e8, 1e13, 25)
    least, most = (problem.law.fitted_params[0] / 10, problem.law.fitted_params[1] * 10)
    values = []
    for read in tokens:
        params = min(compute / 6 / read, most)
        if params >= least:
            fixed = at_size(replace(problem, exact_tokens=True), params, float(read))
            try:
                values.append(solve(fixed).certificate.value)
            except ProblemError:
                continue
    assert found.loss <= min(values) + 1e-4 * (found.loss - problem.law.E)
    assert found.bound <= min(values)
    assert found.gap <= 2e-4


def points_of(problem, tokens):
    """The problem's point at each of several T."""
    problem = canonical(problem)
    compiled = compile_problem(problem, guard_levels(problem))
    return [point_at(t, problem.params, compiled.at(t, problem.params)) for t in tokens]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 400), st.floats(0.05, 0.95))
def test_what_proves_one_optimum_bounds_every_other(number, part):
    """b(T') from the prices at T is below f(T') everywhere and touches it at T' = T."""
    problem = question(number)
    problem = replace(problem, exact_tokens=False, max_donors=None)
    try:
        high = solve(problem).tokens
    except ProblemError:
        return
    first, *others = points_of(problem, [part * high, 0.3 * high, 0.8 * high, high])
    if first is None or not first.kept:
        return
    own = float(proved_at(first, np.array([first.tokens]), 0.0)[0])
    size = max(abs(first.optimum.value), 1e-9)
    if first.optimum.gap(first.compiled.program) <= 1e-7:
        assert own == pytest.approx(first.optimum.value, abs=3e-6 * size)
    for other in others:
        if other is not None and other.kept:
            proved = float(proved_at(first, np.array([other.tokens]), 0.0)[0])
            assert proved <= other.optimum.value + 1e-8 * size


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 0.95]))
@example(353, 0.95)  # its last cell may read more of a column than its left end has tokens
def test_a_cell_of_tokens_is_bounded_by_its_ends(seed, exponent):
    """The curve is concave where α + φ <= 1, else its tangent stands in: no T inside is lower."""
    problem = random_world(seed, languages=4, targets=2, budget=20e9)
    point = points_of(problem, [7e9])[0]
    assume(point is not None)  # caps may leave fewer tokens than that
    rng = np.random.default_rng(seed)
    left = np.sort(rng.uniform(1e9, 19e9, 6))
    right = left * rng.uniform(1.01, 1.3, 6)
    cells, _, _ = proved_over(point, left, right, exponent)
    for low, high, proved in zip(left, right, cells, strict=True):
        inside = np.linspace(low, high, 25)
        kappa = _kappas(point, inside, exponent)
        middle = np.sqrt(low * high) / point.tokens
        every = [
            _curve(point, inside, kappa, np.full(25, middle**part), np.full(25, high))
            for part in _FOLLOWED
        ]
        assert proved <= np.max(every, axis=0).min() + 1e-9
