"""At the optimum the next token is worth the same wherever it is read: equal marginals, KKT.

The judge's finite differences of the objective in tokens per pool, own shares included: a gradient
that forgot the capacity terms would not be level here.
"""

import numpy as np
import pytest
from judge import caps, reaches, score, sizes, tokens_of
from worlds import pool, random_world, world

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap, Selection, ShareLimit
from atlasmix.solver.engines import Engine

CASES = [
    pytest.param({}, id="plain"),
    pytest.param({"stderr": 0.1, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"budget": 60e9}, id="much budget"),
    pytest.param({"max_epochs": 1.0}, id="one epoch"),
    pytest.param({"decay": 0.34, "max_epochs": 16.0, "budget": 30e9}, id="repeats"),
    pytest.param({"phi": 0.5, "params": 2e8}, id="capacity is dear"),
]


def gradient(problem, tokens):
    """Fall of the objective per share of the budget: one-sided where a pool is empty."""
    slopes = np.zeros(tokens.size)
    for place in range(tokens.size):
        step = 1e-6 * problem.budget
        more, less = tokens.copy(), tokens.copy()
        more[place] += step
        less[place] = max(less[place] - step, 0.0)
        width = (more[place] - less[place]) / problem.budget
        slopes[place] = (score(problem, less) - score(problem, more)) / width
    return slopes


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_every_pool_read_is_worth_the_same(options, exact, seed):
    problem = random_world(seed, targets=3, **options)
    total = caps(problem).sum()
    if exact and total > problem.budget:
        problem = random_world(seed, targets=3, exact_tokens=True, **options)
    mixture = solve(problem)
    tokens, most = tokens_of(mixture), caps(problem)
    fall = gradient(problem, tokens)
    size = np.abs(fall * tokens / problem.budget).sum()
    read, room = tokens > 1e-4 * problem.budget, tokens < most * (1 - 1e-4)
    # At a kink of S (just one epoch) the two sides differ: neither is the marginal value.
    smooth = np.abs(tokens / sizes(problem) - 1) > 1e-3
    spent = mixture.unspent <= 1e-6 * problem.budget
    inside = fall[read & room & smooth]
    if inside.size:
        price = float(np.median(inside))
        assert inside == pytest.approx(np.full(inside.size, price), abs=2e-4 * size)
        assert np.all(fall[~read & (tokens < 1e-9 * problem.budget)] <= price + 2e-4 * size)
        assert np.all(fall[read & ~room] >= price - 2e-4 * size)
        if not problem.exact_tokens:
            # With tokens left over the next one is worth nothing (to what the search over T left).
            assert price >= -1e-2 * size
            assert spent or price <= 1e-2 * size


def test_the_price_of_the_budget_is_the_marginal_value():
    problem = random_world(24, targets=2)
    mixture = solve(problem)
    tokens = tokens_of(mixture)
    inside = (tokens > 0) & (tokens < caps(problem) * (1 - 1e-6))
    inside &= np.abs(tokens / sizes(problem) - 1) > 1e-3
    fall = gradient(problem, tokens)[inside]
    budget = next(price for price in mixture.prices if price.kind == "budget")
    assert budget.change == "+1B tokens"
    assert budget.value == pytest.approx(-fall.mean() * 1e9 / problem.budget, rel=1e-3)


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
def test_prices_have_the_sign_of_a_loosening(engine):
    """No limit that only shrinks the choice has a price of the wrong sign."""
    for seed in range(31, 35):
        limits = (
            ShareLimit("min", Selection("language", "d"), 0.15),
            ShareLimit("max", Selection("language", "b"), 0.1),
            EpochCap(Selection("language", "a"), 2.0),
        )
        for price in solve(random_world(seed, targets=2, limits=limits), engine).prices:
            assert price.value < 0, price
            assert price.relative < 0


def test_a_limit_that_does_not_bind_has_no_price():
    limits = (ShareLimit("max", Selection("language", "b"), 0.9),)
    mixture = solve(random_world(45, targets=2, limits=limits))
    assert all(price.kind not in {"max", "min"} for price in mixture.prices)


def test_prices_come_dearest_first():
    mixture = solve(random_world(26, targets=2, budget=30e9))
    size = [abs(price.value) for price in mixture.prices]
    assert len(size) > 2
    assert size == sorted(size, reverse=True)


def test_a_pool_that_is_not_repeated_has_no_price_for_more_of_it():
    problem = world([[1, 0], [0.9, 1]], [pool("a", 1.0), pool("b", 100.0)], budget=10e9)
    mixture = solve(problem)
    subjects = {price.subject for price in mixture.prices if price.kind == "unique"}
    assert subjects == {"a"}
    assert sizes(problem)[1] > tokens_of(mixture)[1] > 0


def test_several_targets_share_the_worst_place():
    """Minimax: the targets that are worst off tie, or nothing can be moved to them."""
    for seed in (27, 28, 29):
        problem = random_world(
            seed, targets=2, languages=4, objective="worst", budget=15e9, exact_tokens=True
        )
        reach = reaches(problem)
        tokens = tokens_of(solve(problem))
        here = score(problem, tokens, reach)
        for source in np.flatnonzero(tokens > 1e-3 * problem.budget):
            for sink in np.flatnonzero(tokens < caps(problem) * (1 - 1e-3)):
                moved = tokens.copy()
                amount = 1e-3 * problem.budget
                moved[source] -= amount
                moved[sink] += amount
                assert score(problem, moved, reach) >= here - 1e-9
