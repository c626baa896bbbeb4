"""At the optimum the next token is worth the same wherever it is read: equal marginals, KKT."""

import numpy as np
import pytest
from judge import caps, reaches, score, sizes, tokens_of
from worlds import pool, random_world, world

from atlasmix.mixing import EpochCap, Selection, ShareLimit, solve

CASES = [
    pytest.param({}, id="helpful"),
    pytest.param({"harmful": 0.3}, id="negative transfer"),
    pytest.param({"stderr": 0.1, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"budget": 60e9, "harmful": 0.5}, id="unspent"),
    pytest.param({"max_epochs": 1.0}, id="one epoch"),
    pytest.param({"decay": 0.34, "max_epochs": 16.0, "budget": 30e9}, id="repeats"),
]


def gradient(problem, tokens):
    """Fall of the objective per share of the budget, by central differences within one branch."""
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
@pytest.mark.parametrize("objective", ["loss", "effective-data"])
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_every_pool_read_is_worth_the_same(options, objective, seed):
    problem = random_world(seed, targets=3, objective=objective, **options)
    mixture = solve(problem)
    tokens, most = tokens_of(mixture), caps(problem)
    fall = gradient(problem, tokens)
    scale = np.abs(fall).max()
    read, room = tokens > 1e-6 * problem.budget, tokens < most * (1 - 1e-6)
    spent = mixture.unspent <= 1e-6 * problem.budget
    inside = fall[read & room]
    price = float(np.median(inside)) if spent and inside.size else 0.0
    if not spent:
        price = 0.0
    elif not inside.size:
        price = float(fall[read].min())
    assert inside == pytest.approx(np.full(inside.size, price), abs=1e-4 * scale)
    assert np.all(fall[~read] <= price + 1e-4 * scale)
    assert np.all(fall[read & ~room] >= price - 1e-4 * scale)
    assert price >= -1e-4 * scale


def test_the_price_of_the_budget_is_the_marginal_value():
    problem = random_world(24, targets=2, objective="loss")
    mixture = solve(problem)
    tokens = tokens_of(mixture)
    inside = (tokens > 0) & (tokens < caps(problem) * (1 - 1e-6))
    fall = gradient(problem, tokens)[inside]
    budget = next(price for price in mixture.prices if price.kind == "budget")
    assert budget.change == "+1B tokens"
    assert budget.loss == pytest.approx(-fall.mean() * 1e9 / problem.budget, rel=1e-4)


@pytest.mark.parametrize("engine", [None, "conic"])
def test_prices_have_the_sign_of_a_loosening(engine):
    """No limit that only shrinks the choice has a price of the wrong sign."""
    for seed in range(31, 37):
        limits = (
            ShareLimit("min", Selection("language", "d"), 0.15),
            ShareLimit("max", Selection("language", "b"), 0.1),
            EpochCap(Selection("language", "a"), 2.0),
        )
        problem = random_world(seed, targets=2, harmful=0.2, limits=limits)
        for price in solve(problem, engine).prices:
            assert price.loss is not None
            assert price.effective is None
            if price.kind != "unique":
                assert price.loss <= 1e-12, price


def test_a_limit_that_does_not_bind_has_no_price():
    limits = (ShareLimit("max", Selection("language", "b"), 0.9),)
    mixture = solve(random_world(45, targets=2, limits=limits))
    assert all(price.kind not in {"max", "min"} for price in mixture.prices)


def test_prices_come_dearest_first():
    mixture = solve(random_world(26, targets=2, budget=30e9))
    size = [abs(price.loss) for price in mixture.prices]
    assert len(size) > 2
    assert size == sorted(size, reverse=True)


def test_a_pool_that_is_not_repeated_has_no_price_for_more_of_it():
    problem = world([[1, 0], [0.5, 1]], [pool("a", 1.0), pool("b", 100.0)], budget=10e9)
    mixture = solve(problem)
    subjects = {price.subject for price in mixture.prices if price.kind == "unique"}
    assert subjects == {"a"}
    assert sizes(problem)[1] > tokens_of(mixture)[1]


def test_several_targets_share_the_worst_place():
    """Minimax: the targets that are worst off tie, or nothing can be moved to them."""
    for seed in (27, 28, 29):
        problem = random_world(seed, targets=2, languages=4, objective="worst", budget=15e9)
        mixture = solve(problem)
        reach = reaches(problem)
        here = score(problem, tokens_of(mixture), reach)
        tokens = tokens_of(mixture)
        for source in np.flatnonzero(tokens > 1e-3 * problem.budget):
            for sink in np.flatnonzero(tokens < caps(problem) * (1 - 1e-3)):
                moved = tokens.copy()
                amount = 1e-3 * problem.budget
                moved[source] -= amount
                moved[sink] += amount
                assert score(problem, moved, reach) >= here - 1e-9
