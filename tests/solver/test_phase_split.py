"""Phases keep totals and limits, move nothing without a reason, and never touch the optimum."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phase_worlds import language, least, most, pools_of, reads, splits
from worlds import keys, pool, shipped, world

from atlasmix.errors import Infeasible
from atlasmix.mixture.phases import Split, nearest_split, split_phases
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.problem.phases import Phase

TAU = [[1, 0.1, 0.1], [0.4, 1, 0.2], [0.2, 0.2, 1]]
SIZES = [1.0, 10.0, 10.0]


def test_without_limits_every_phase_is_the_whole_mixture() -> None:
    phases = (Phase("warm", share=0.1), Phase("main", tokens=7e9), Phase("anneal"))
    mixture = solve(world(TAU, SIZES, ("a", "b"), phases=phases))
    assert [phase.name for phase in mixture.phases] == ["warm", "main", "anneal"]
    assert [phase.tokens for phase in mixture.phases] == pytest.approx([1e9, 7e9, 2e9])
    for phase in mixture.phases:
        assert phase.proportions == pytest.approx(mixture.proportions, rel=1e-12)


def test_phases_leave_the_answer_as_it_is() -> None:
    plain = world(TAU, SIZES, ("a", "b"), limits=(most("c", 0.3),))
    asked = replace(plain, phases=(Phase("main", 0.7), Phase("anneal", limits=(least("a", 0.6),))))
    alone, divided = solve(plain), solve(asked)
    assert alone.phases == ()
    # Only what is said of a phase itself comes to it.
    assert all("phase anneal" in said for said in set(divided.warnings) - set(alone.warnings))
    assert replace(divided, phases=(), warnings=alone.warnings) == alone


def test_limits_that_hold_already_move_nothing() -> None:
    limits = (least("a", 0.01), most("b", 0.99))
    mixture = solve(
        world(TAU, SIZES, ("a", "b"), phases=(Phase("x", 0.5), Phase("y", None, None, limits)))
    )
    for phase in mixture.phases:
        assert phase.proportions == pytest.approx(mixture.proportions, rel=1e-12)


@pytest.mark.parametrize("asked", [0.30, 0.45, 0.9])
def test_two_pools_and_two_phases_by_hand(asked: float) -> None:
    """a is 30 % of all; the anneal reads a fifth and must read ``asked`` of a."""
    pools = pools_of("ab")
    main, anneal = split_phases(
        (Phase("main", 0.8), Phase("anneal", limits=(least("a", asked),))),
        pools,
        np.array([3e9, 7e9]),
    )
    assert anneal.proportions["a"] == pytest.approx(asked)
    assert main.proportions["a"] == pytest.approx((0.3 - 0.2 * asked) / 0.8)


def test_three_pools_and_two_phases_by_brute_force() -> None:
    whole, sizes = np.array([0.2, 0.3, 0.5]), np.array([0.75, 0.25])
    rows = np.zeros((2, 2, 3))
    rows[0, 1, :2], rows[1, 1, 1] = 1.0, -1.0
    split = Split(whole, sizes, rows, np.array([0.7 * 0.25, -0.32 * 0.25]))
    found = nearest_split(split)
    assert found is not None
    best = math.inf
    grid = np.linspace(0, 0.25, 401)
    for first in grid:
        for second in grid[grid <= 0.25 - first + 1e-12]:
            last = np.array([first, second, 0.25 - first - second])
            x = np.array([whole - last, last])
            if x.min() >= -1e-12 and split.broken(x).max() <= 1e-12:
                best = min(best, distance(split, x))
    assert distance(split, found) <= best + 1e-12
    assert distance(split, found) == pytest.approx(best, rel=2e-2)


def distance(split: Split, x: Any) -> float:
    return float(((x - split.even) ** 2 / split.even).sum())


@pytest.mark.parametrize("seed", range(40))
def test_a_second_solver_finds_no_nearer_split(seed: int) -> None:
    cp = pytest.importorskip("cvxpy")
    split = splits(np.random.default_rng(seed))
    found = nearest_split(split)
    x = cp.Variable(split.even.shape, nonneg=True)
    limits = [cp.sum(x, axis=0) == split.whole, cp.sum(x, axis=1) == split.sizes]
    limits += [
        cp.sum(cp.multiply(row, x)) >= bound
        for row, bound in zip(split.rows, split.bound, strict=True)
    ]
    apart = cp.multiply(1 / np.sqrt(split.even), x - split.even)
    task = cp.Problem(cp.Minimize(cp.sum_squares(apart)), limits)
    task.solve(solver="CLARABEL")
    assert (found is None) == (task.status == "infeasible")
    if found is not None:
        assert distance(split, found) <= task.value + 1e-7
        assert np.abs(found - x.value).max() < 1e-4
        assert split.broken(found).max() < 1e-11
        assert found.min() >= 0
        assert found.sum(axis=0) == pytest.approx(split.whole, abs=1e-12)
        assert found.sum(axis=1) == pytest.approx(split.sizes, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_totals_and_limits_hold_or_a_linear_program_finds_none_either(data: st.DataObject) -> None:
    from scipy.optimize import linprog

    count, many = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    tokens = np.array([data.draw(st.sampled_from([0, 1, 3, 40])) for _ in range(count)]) * 1e8
    tokens[0] += 1e8
    pools = pools_of(keys(count))
    share = st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.9, 1.0])
    limit = st.builds(
        ShareLimit,
        st.sampled_from(["min", "max"]),
        st.builds(language, st.sampled_from(keys(count))),
        share,
    )
    parts = [data.draw(st.integers(1, 9)) for _ in range(many)]
    phases = tuple(
        Phase(f"p{place}", part / sum(parts), None, tuple(data.draw(st.lists(limit, max_size=3))))
        for place, part in enumerate(parts)
    )
    try:
        found = split_phases(phases, pools, tokens)
    except Infeasible:
        rows, bounds = [], []
        for place, phase in enumerate(phases):
            for one in phase.limits:
                row = np.zeros((many, count))
                row[place] = one.selection.mask(pools) * (-1 if one.bound == "min" else 1)
                rows.append(row.ravel())
                sign = -1 if one.bound == "min" else 1
                bounds.append(sign * one.share * parts[place] / sum(parts))
        equal = np.vstack([np.tile(np.eye(count), many), np.repeat(np.eye(many), count, axis=1)])
        level = np.concatenate([tokens / tokens.sum(), np.array(parts) / sum(parts)])
        assert linprog(np.zeros(many * count), rows, bounds, equal, level).status == 2
        return
    read = reads(found, pools)
    assert read.sum(axis=0) == pytest.approx(tokens, rel=1e-9, abs=1.0)
    assert read.sum(axis=1) == pytest.approx([p.tokens for p in found], rel=1e-9)
    for phase, row in zip(phases, read, strict=True):
        for one in phase.limits:
            got = float(row[one.selection.mask(pools)].sum() / row.sum())
            assert got >= one.share - 1e-9 if one.bound == "min" else got <= one.share + 1e-9


def test_the_order_of_the_pools_does_not_matter() -> None:
    pools, tokens = pools_of("abcde"), np.array([5.0, 1, 3, 8, 2]) * 1e9
    phases = (
        Phase("x", 0.5, None, (most("d", 0.2),)),
        Phase("y", 0.3),
        Phase("z", None, None, (least("a", 0.6),)),
    )
    once = reads(split_phases(phases, pools, tokens), pools)
    turned = [3, 1, 4, 0, 2]
    again = split_phases(phases, [pools[place] for place in turned], tokens[turned])
    assert reads(again, pools) == pytest.approx(once, rel=1e-9)


def test_pools_that_no_limit_tells_apart_move_together() -> None:
    """Two corpora of one language are divided as one of their size would be."""
    one = [pool("a", 10), pool("b", 10), pool("c", 10)]
    two = [pool("a", 4, corpus="x"), pool("a", 6, corpus="y"), *one[1:]]
    phases = (Phase("main", 0.8), Phase("anneal", None, None, (least("a", 0.7), most("b", 0.1))))
    whole = split_phases(phases, one, np.array([4e9, 3e9, 3e9]))
    parts = split_phases(phases, two, np.array([1e9, 3e9, 3e9, 3e9]))
    for a, b in zip(whole, parts, strict=True):
        assert b.proportions == pytest.approx(a.proportions)
        inside = {
            share.pool.corpus: share.tokens for share in b.shares if share.pool.language == "a"
        }
        assert inside["y"] == pytest.approx(3 * inside["x"])


def test_shares_refer_to_what_is_read_where_the_budget_is_not_spent() -> None:
    problem = shipped(["yor"], budget=2e12, phases=(Phase("main", 0.75), Phase("anneal", 0.25)))
    mixture = solve(problem)
    assert mixture.unspent > 0.1 * mixture.budget
    assert mixture.phases[1].tokens == pytest.approx(0.25 * mixture.tokens)
    counted = replace(problem, phases=(Phase("main", tokens=1e9), Phase("anneal")))
    assert solve(counted).phases[1].tokens == pytest.approx(mixture.tokens - 1e9)


def test_epochs_of_a_phase_and_up_to_its_end() -> None:
    phases = (
        Phase("main", 0.5),
        Phase("mid", 0.3),
        Phase("anneal", None, None, (least("a", 0.5),)),
    )
    mixture = solve(world(TAU, SIZES, ("a", "b"), phases=phases))
    seen: dict[str, float] = {}
    for phase in mixture.phases:
        for share in phase.shares:
            seen[share.pool.name] = seen.get(share.pool.name, 0.0) + share.epochs
            assert share.epochs == pytest.approx(share.tokens / share.pool.unique_tokens)
            assert share.epochs_after == pytest.approx(seen[share.pool.name])
    assert seen == pytest.approx({share.pool.name: share.epochs for share in mixture.read})


def test_a_pool_that_a_phase_may_not_read_leaves_no_trace() -> None:
    phases = (Phase("main", 0.5), Phase("anneal", None, None, (most("b", 0.0),)))
    main, anneal = split_phases(phases, pools_of("abc"), np.array([4e9, 2e9, 4e9]))
    assert [share.pool.language for share in anneal.shares] == ["a", "c"]
    assert main.proportions["b"] == pytest.approx(0.4)


def test_limits_that_just_touch_are_met() -> None:
    """All of a in the anneal, and nothing else there: one split, without room."""
    phases = (Phase("main", 0.7), Phase("anneal", 0.3, None, (least("a", 1.0),)))
    for missing in (0.0, 1e-9, 3e-7):
        tokens = np.array([0.3 - missing, 0.5 + missing, 0.2]) * 1e10
        main, anneal = split_phases(phases, pools_of("abc"), tokens)
        assert anneal.proportions["a"] == pytest.approx(1.0, abs=2e-6)
        assert main.proportions.get("a", 0.0) < 1e-5


def test_selections_of_a_phase_are_those_of_the_whole_question() -> None:
    pools = [pool("a", 10), pool("a", 10, "translated"), pool("b", 10), pool("c", 10)]
    human = ShareLimit("min", Selection("provenance", "human"), 0.95)
    pair = ShareLimit("max", Selection("group", "others", ("b", "c")), 0.25)
    phases = (Phase("main", 0.8), Phase("anneal", None, None, (human, pair)))
    _, anneal = split_phases(phases, pools, np.array([3e9, 2e9, 3e9, 2e9]))
    shares = {share.pool.name: share.proportion for share in anneal.shares}
    assert shares[pools[1].name] == pytest.approx(0.05)
    assert shares[pools[2].name] + shares[pools[3].name] == pytest.approx(0.25)
    assert shares[pools[2].name] == pytest.approx(1.5 * shares[pools[3].name])
