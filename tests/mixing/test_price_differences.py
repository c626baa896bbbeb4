"""A price is a promise: solve again with the limit a little looser and tighter and compare."""

from dataclasses import replace

import numpy as np
import pytest
from judge import expected
from worlds import pool, random_world, world

from atlasmix.mixing import EpochCap, Guardrail, KeepTokens, Selection, ShareLimit, solve
from atlasmix.mixing.limits import Limit


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
    pytest.param({"targets": 2, "harmful": 0.3, "max_epochs": 1.0}, id="negative transfer"),
    pytest.param({"targets": 1, "harmful": 0.3, "budget": 25e9}, id="repeats"),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [41, 42])
def test_budget(shape, seed):
    problem = random_world(seed, **shape)
    entry = price(problem, "budget")
    slope = difference(problem, lambda p, step: replace(p, budget=p.budget + step), 2e-4 * 1e10)
    assert slope < 0
    assert entry.loss == pytest.approx(slope * amount(entry.change), rel=2e-3)


@pytest.mark.parametrize("seed", [41, 42])
def test_budget_where_one_pool_takes_all_of_it(seed):
    problem = random_world(seed, targets=1)
    assert len(solve(problem).proportions) == 1
    slope = difference(problem, lambda p, step: replace(p, budget=p.budget + step), 2e6)
    entry = price(problem, "budget")
    assert entry.loss == pytest.approx(slope * amount(entry.change), rel=2e-3)


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
        assert entry.loss == pytest.approx(
            slope * amount(entry.change) / size, rel=5e-3, abs=1e-8
        ), entry


def test_epoch_cap():
    problem = random_world(43, targets=2, budget=25e9, max_epochs=2.0)
    entry = price(problem, "epochs")
    assert (entry.limit, entry.change) == ("max epochs 2", "+0.1 epoch")
    slope = difference(problem, lambda p, step: replace(p, max_epochs=2.0 + step), 1e-4)
    assert entry.loss == pytest.approx(0.1 * slope, rel=2e-3)


def test_own_epoch_cap_of_a_language():
    cap = EpochCap(Selection("language", "a"), 1.5)
    problem = random_world(44, targets=2, budget=20e9, limits=(cap,))
    entry = price(problem, "epochs", "a")
    assert entry.limit == "max epochs a 1.5"

    def change(p, step):
        return with_limit(p, replace(cap, epochs=1.5 + step))

    assert entry.loss == pytest.approx(0.1 * difference(problem, change, 1e-4), rel=2e-3)


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
    assert entry.loss == pytest.approx(0.01 * slope, rel=5e-3)


def test_share_limits_of_groups():
    """Two languages under one minimum and two under one maximum: the linear program's duals."""
    low = ShareLimit("min", Selection("group", "north", ("d", "f")), 0.3)
    high = ShareLimit("max", Selection("group", "south", ("a", "c")), 0.4)
    for limit, sign in ((low, -1), (high, 1)):
        problem = random_world(45, targets=2, limits=(limit,))
        entry = price(problem, limit.bound)

        def change(p, step, limit=limit, sign=sign):
            return with_limit(p, replace(limit, share=limit.share + sign * step))

        assert entry.loss == pytest.approx(0.01 * difference(problem, change, 1e-3), rel=5e-3)


def test_kept_tokens():
    limit = KeepTokens(Selection("language", "f"), 1e9)
    problem = random_world(47, targets=2, limits=(limit,))
    entry = price(problem, "keep")

    def change(p, step):
        return with_limit(p, replace(limit, tokens=limit.tokens - step))

    slope = difference(problem, change, 1e7)
    assert entry.change.startswith("-")
    assert entry.loss == pytest.approx(slope * amount(entry.change), rel=5e-3)


def test_guardrail():
    """One more point of slack; the promise is first order in effective data, not in slack."""
    tau = [[1, 0.1, 0], [0.1, 1, 0], [0.4, 0.3, 1]]
    limit = Guardrail("b", 0.002, "uniform")
    problem = world(tau, [2.0, 2.0, 20.0], ["a"], limits=(limit,))
    entry = price(problem, "guardrail", "b")

    def change(p, step):
        return with_limit(p, replace(limit, slack=limit.slack + step))

    even = np.full(3, problem.budget / 3)
    reference = problem.law.loss(problem.params, float(expected(problem, even, "b")))

    def level(slack):
        return problem.law.tokens_for(problem.params, reference * (1 + slack))

    slope = difference(problem, change, 1e-5)
    per_token = slope / ((level(0.002 + 1e-6) - level(0.002 - 1e-6)) / 2e-6)
    assert slope < 0
    assert entry.loss == pytest.approx(per_token * (level(0.012) - level(0.002)), rel=5e-3)


def test_effective_data_is_priced_relatively():
    problem = random_world(48, targets=2, objective="effective-data")
    entry = price(problem, "budget")
    assert entry.loss is None
    here = value(problem)
    slope = difference(problem, lambda p, step: replace(p, budget=p.budget + step), 1e6)
    assert entry.effective == pytest.approx(slope * amount(entry.change) / here, rel=2e-3)


def test_two_pools_of_a_language_are_priced_apart_from_others():
    pools = [pool("a", 1.0), pool("a", 2.0, "translated"), pool("b", 30.0)]
    problem = world([[1, 0], [0.3, 1]], pools, budget=20e9)
    entry = price(problem, "unique", "a")
    slope = difference(problem, lambda p, step: grown(p, "a", 1 + step), 1e-4)
    assert entry.loss == pytest.approx(slope * amount(entry.change) / 3e9, rel=5e-3)
