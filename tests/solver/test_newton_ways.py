"""Newton's system of the interior point: every way of solving it gives the whole matrix's step."""

import numpy as np
import pytest

from atlasmix.solver import interior as newton
from atlasmix.solver.interior import Newton, Solver, Terms


def system(seed, columns, targets, again, limits, shared=False):
    """A random matrix in parts, as a path meets it: weights over many powers of ten."""
    rng = np.random.default_rng(seed)
    own = np.zeros((targets, columns))
    own[np.arange(targets), rng.permutation(columns)[:targets]] = 1.0
    if shared:  # a target with two columns of its own
        own[0, rng.integers(columns)] = 1.0
    gain = np.where(rng.random((targets, columns)) < 0.5, rng.uniform(0, 0.3, own.shape), 0.0) + own
    repeated = np.sort(rng.permutation(columns)[:again])
    unit, often = rng.uniform(0.01, 1.0, columns), rng.uniform(0.01, 1.0, again)
    terms = Terms(own, gain, unit, often, repeated, columns + again)
    return Newton(
        terms=terms,
        fade=rng.uniform(0.2, 1.0, again),
        curved=10.0 ** rng.uniform(-2, 2, 2 * targets),
        diagonal=10.0 ** rng.uniform(-2, 3, columns + again),
        rows=rng.normal(size=(limits, columns + again)),
        ratio=10.0 ** rng.uniform(-2, 2, limits),
    )


def dense(parts):
    """K by its definition, one product with each unit vector."""
    return np.column_stack([parts.times(unit) for unit in np.eye(parts.diagonal.size)])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("limits", [0, 3])
@pytest.mark.parametrize("seed", range(4))
def test_every_way_gives_the_step_of_the_whole_matrix(seed, limits, shared):
    """A block, a row or a fade left out of one of the fast ways would give another step."""
    parts = system(seed, columns=40, targets=15, again=12, limits=limits, shared=shared)
    matrix, rhs = dense(parts), np.random.default_rng(seed).normal(size=52)
    exact = np.linalg.solve(matrix, rhs)
    assert np.allclose(matrix, matrix.T)
    written = newton._written_out(parts)
    assert np.allclose(written(rhs), exact, rtol=1e-7, atol=1e-9 * np.abs(exact).max())
    whole = newton._by_rows(parts, True)
    assert np.allclose(whole(rhs), exact, rtol=1e-6, atol=1e-8 * np.abs(exact).max())
    most = newton._by_rows(parts, False)
    answer = newton._conjugate(parts, most, rhs)
    if answer is not None:
        assert np.abs(matrix @ answer - rhs).max() <= 1e-9 * np.abs(rhs).max()


def test_the_sum_of_a_step_is_what_was_asked_for(monkeypatch):
    """e·dv = room by either way: a mixture whose shares do not sum to 1 would be the fault."""
    steps = []
    for sparse in (10, 10_000):
        monkeypatch.setattr(newton, "_SPARSE", sparse)
        parts = system(7, columns=40, targets=15, again=12, limits=2)
        e = np.random.default_rng(1).uniform(0.1, 1.0, 52)
        solver = Solver(parts.terms, 2, e)
        assert solver.factorise(parts)
        dv, dnu = solver.solve(np.ones(52), 0.25)
        assert e @ dv == pytest.approx(0.25, rel=1e-7)
        assert np.allclose(dense(parts) @ dv + dnu * e, 1.0, atol=1e-6)
        steps.append(dv)
    assert np.allclose(*steps, rtol=1e-5, atol=1e-7)
