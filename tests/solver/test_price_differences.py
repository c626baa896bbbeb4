"""A price is a promise: solve again with the limit a little looser and tighter and compare."""

from dataclasses import replace

import pytest
from worlds import pool, random_world, world

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import (
    EpochCap,
    Guardrail,
    KeepTokens,
    Limit,
    Selection,
    ShareLimit,
)


def value(problem):
    return solve(problem).certificate.value


def price(problem, kind, subject=None):
    found = [
        entry
        for entry in solve(problem).prices
        if entry.kind == kind and subject in (None, entry.subject)
    ]
    assert len(found) == 1, found
    return found[0]


def difference(problem, change, step):
    """Central difference of the optimum's value for a change of size one."""
    return (value(change(problem, step)) - value(change(problem, -step))) / (2 * step)


def amount(change):
    """Tokens in words such as ``+1B tokens``."""
    number = change.strip("+-").split(" ")[0]
    return float(number[:-1]) * {"B": 1e9, "M": 1e6, "K": 1e3}[number[-1]]


def grown(problem, language, factor):
    pools = tuple(
        replace(each, unique_tokens=each.unique_tokens * factor)
        if each.language == language
        else each
        for each in problem.pools
    )
    return replace(problem, pools=pools)


def with_limit(problem, limit: Limit):
    return replace(problem, limits=(limit,))


SHAPES = [
    pytest.param({"targets": 1, "budget": 20e9}, id="one target"),
    pytest.param({"targets": 3}, id="three targets"),
    pytest.param({"targets": 3, "stderr": 0.1, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"targets": 2, "max_epochs": 1.0}, id="one epoch"),
    pytest.param({"targets": 6, "budget": 25e9}, id="repeats"),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [41, 42])
def test_budget(shape, seed):
    problem = random_world(seed, **shape)
    entry = price(problem, "budget")
    slope = difference(problem, lambda p, step: replace(p, budget=p.budget + step), 2e-4 * 1e10)
    assert slope < 0
    assert entry.value == pytest.approx(slope * amount(entry.change), rel=5e-3)


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_budget_where_one_pool_takes_all_of_it(weight):
    problem = world([[1, 0], [weight, 1]], [50.0, 50.0])
    assert len(solve(problem).proportions) == 1
    slope = difference(problem, lambda p, step: replace(p, budget=p.budget + step), 2e6)
    entry = price(problem, "budget")
    assert entry.value == pytest.approx(slope * amount(entry.change), rel=2e-3)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [41, 42])
def test_unique_tokens(shape, seed):
    problem = random_world(seed, **{"budget": 25e9, **shape})
    entries = [entry for entry in solve(problem).prices if entry.kind == "unique"]
    assert entries
    for entry in entries:
        size = next(p.unique_tokens for p in problem.pools if p.language == entry.subject)
        slope = difference(
            problem, lambda p, step, key=entry.subject: grown(p, key, 1 + step), 1e-4
        )
        assert entry.value == pytest.approx(
            slope * amount(entry.change) / size, rel=5e-3, abs=1e-8
        ), entry


def test_epoch_cap():
    problem = random_world(43, targets=2, budget=25e9, max_epochs=2.0)
    entry = price(problem, "epochs")
    assert (entry.limit, entry.change) == ("max epochs 2", "+0.1 epoch")
    slope = difference(problem, lambda p, step: replace(p, max_epochs=2.0 + step), 1e-4)
    assert entry.value == pytest.approx(0.1 * slope, rel=2e-3)


def test_own_epoch_cap_of_a_language():
    cap = EpochCap(Selection("language", "a"), 0.6)
    problem = random_world(44, targets=2, budget=20e9, limits=(cap,))
    entry = price(problem, "epochs", "a")
    assert entry.limit == "max epochs a 0.6"

    def change(p, step):
        return with_limit(p, replace(cap, epochs=0.6 + step))

    assert entry.value == pytest.approx(0.1 * difference(problem, change, 1e-4), rel=2e-3)


@pytest.mark.parametrize("objective", ["loss", "worst"])
@pytest.mark.parametrize(("bound", "sign"), [("min", -1), ("max", 1)])
def test_share_limits(objective, bound, sign):
    who, share = ("d", 0.3) if bound == "min" else ("c", 0.2)
    limit = ShareLimit(bound, Selection("language", who), share)
    problem = random_world(45, targets=2, objective=objective, limits=(limit,))
    entry = price(problem, bound)
    assert (entry.limit, entry.change) == (limit.name, f"{'+' if sign > 0 else '-'}1 point")

    def change(p, step):
        return with_limit(p, replace(limit, share=limit.share + sign * step))

    slope = difference(problem, change, 1e-3)
    assert slope < 0
    assert entry.value == pytest.approx(0.01 * slope, rel=5e-3)


def test_share_limits_of_groups():
    """Two languages under one minimum and two under one maximum: the linear program's duals."""
    low = ShareLimit("min", Selection("group", "north", ("d", "f")), 0.3)
    high = ShareLimit("max", Selection("group", "south", ("a", "c")), 0.4)
    for limit, sign in ((low, -1), (high, 1)):
        problem = random_world(45, targets=2, limits=(limit,))
        entry = price(problem, limit.bound)

        def change(p, step, limit=limit, sign=sign):
            return with_limit(p, replace(limit, share=limit.share + sign * step))

        assert entry.value == pytest.approx(0.01 * difference(problem, change, 1e-3), rel=5e-3)


def test_kept_tokens():
    limit = KeepTokens(Selection("language", "f"), 1e9)
    problem = random_world(47, targets=2, limits=(limit,))
    entry = price(problem, "keep")

    def change(p, step):
        return with_limit(p, replace(limit, tokens=limit.tokens - step))

    slope = difference(problem, change, 1e7)
    assert entry.change.startswith("-")
    assert entry.value == pytest.approx(slope * amount(entry.change), rel=5e-3)


def test_guardrail():
    """One more point of slack: the price of the guardrail times a hundredth of the guarded loss."""
    tau = [[1, 0.1, 0], [0.1, 1, 0], [0.4, 0.3, 1]]
    limit = Guardrail("b", 0.002, "uniform")
    problem = world(tau, [2.0, 2.0, 20.0], ["a"], limits=(limit,))
    entry = price(problem, "guardrail", "b")

    def change(p, step):
        return with_limit(p, replace(limit, slack=limit.slack + step))

    slope = difference(problem, change, 1e-4)
    assert slope < 0
    assert entry.value == pytest.approx(0.01 * slope, rel=1e-2)


def test_two_pools_of_a_language_are_priced_apart_from_others():
    pools = [pool("a", 1.0), pool("a", 2.0, "translated"), pool("b", 30.0)]
    problem = world([[1, 0], [0.3, 1]], pools, budget=20e9)
    entry = price(problem, "unique", "a")
    slope = difference(problem, lambda p, step: grown(p, "a", 1 + step), 1e-4)
    assert entry.value == pytest.approx(slope * amount(entry.change) / 3e9, rel=5e-3)


def test_caps_that_end_the_run_are_priced_by_a_longer_one():
    """All text is read once and the budget is not: one more token of text is one more token read.

    At a fixed number of tokens a looser cap would only exchange one pool for another.
    """
    problem = random_world(51, languages=3, targets=3, max_epochs=1.0, budget=80e9)
    mixture = solve(problem)
    assert mixture.unspent > 40e9
    assert not any(entry.kind == "budget" for entry in mixture.prices)
    entry = price(problem, "epochs")
    slope = difference(problem, lambda p, step: replace(p, max_epochs=1.0 + step), 1e-3)
    assert entry.value == pytest.approx(0.1 * slope, rel=2e-2)


def test_a_least_share_that_ends_the_run_is_priced_by_a_longer_one():
    """'min c' with 1.2B tokens of c holds 40 % of no more than 3B."""
    limit = ShareLimit("min", Selection("language", "c"), 0.4)
    problem = world(
        [[1, 0.1, 0], [0.4, 1, 0], [0.1, 0.1, 1]], [5.0, 5.0, 0.3], ["a", "b"], limits=(limit,)
    )
    mixture = solve(problem)
    assert mixture.tokens == pytest.approx(3e9, rel=1e-3)
    assert "min c 40%" in mixture.stopped

    def change(p, step):
        return with_limit(p, replace(limit, share=limit.share - step))

    entry = price(problem, "min")
    assert entry.value == pytest.approx(0.01 * difference(problem, change, 1e-3), rel=1e-2)
