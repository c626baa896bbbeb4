"""More to choose from never worsens the optimum, under the conditions that each test names.

The search over tokens stops within 2e-5 of the reducible loss: two answers may differ by that much.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import random_world, shipped, with_scores, world

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap, Guardrail, KeepTokens, Selection, ShareLimit

SLACK = 3e-5


def never_worse(better, worse):
    low, high = solve(better).certificate.value, solve(worse).certificate.value
    return low <= high + SLACK * (high - worse.law.E)


shapes = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "targets": st.integers(1, 4),
        "risk_aversion": st.sampled_from([0.0, 1.0]),
        "budget": st.sampled_from([4e9, 15e9, 60e9]),
        "params": st.sampled_from([3e8, 2e9]),
    }
)


@settings(max_examples=6, deadline=None)
@given(shapes, st.floats(1.001, 30.0))
def test_a_larger_budget(shape, factor):
    """It is an upper limit: the objective ``loss`` has no reference that moves with it."""
    problem = random_world(stderr=0.1, **shape)
    assert never_worse(replace(problem, budget=problem.budget * factor), problem)


@settings(max_examples=4, deadline=None)
@given(shapes, st.floats(1.01, 5.0))
def test_a_larger_budget_under_limits_on_shares(shape, factor):
    limits = (
        ShareLimit("min", Selection("language", "e"), 0.1),
        ShareLimit("max", Selection("language", "b"), 0.3),
    )
    problem = random_world(stderr=0.1, limits=limits, **shape)
    assert never_worse(replace(problem, budget=problem.budget * factor), problem)


@settings(max_examples=5, deadline=None)
@given(shapes, st.floats(1.05, 4.0))
def test_a_higher_epoch_cap(shape, factor):
    problem = random_world(stderr=0.1, **shape)
    assert never_worse(replace(problem, max_epochs=problem.max_epochs * factor), problem)


@settings(max_examples=4, deadline=None)
@given(shapes)
def test_a_higher_cap_of_one_pool(shape):
    low = (EpochCap(Selection("language", "c"), 1.0),)
    high = (EpochCap(Selection("language", "c"), 6.0),)
    problem = random_world(stderr=0.1, **shape)
    assert never_worse(replace(problem, limits=high), replace(problem, limits=low))


@settings(max_examples=8, deadline=None)
@given(shapes, st.floats(0.01, 0.5), st.integers(0, 5), st.integers(0, 5), st.integers(1, 6))
def test_a_larger_weight_of_a_donor(shape, more, source, target, targets):
    """Each D_eff rises with each τ and no own share moves, with doubt or without, for any targets.

    A negative weight, or a charge that grows with τ, would make a better score an insult.
    """
    if source == target:
        return
    problem = random_world(stderr=0.2, **{**shape, "targets": targets})
    tau = np.array(problem.transfer.weights)
    tau[source, target] += more
    before = np.array(problem.transfer.weights)
    assert never_worse(with_scores(problem, tau, 0.2), with_scores(problem, before, 0.2))


@settings(max_examples=4, deadline=None)
@given(shapes, st.integers(1, 5), st.integers(0, 3))
def test_a_surer_score(shape, source, target):
    """A smaller standard error is a smaller charge on every mixture."""
    problem = random_world(**{**shape, "risk_aversion": 1.0})
    tau, errors = np.array(problem.transfer.weights), np.full((6, 6), 0.15)
    unsure = with_scores(problem, tau, errors)
    errors[source, target] = 0.02
    assert never_worse(with_scores(problem, tau, errors), unsure)


@settings(max_examples=4, deadline=None)
@given(shapes, st.floats(0.0, 1.0), st.floats(1.0, 3.0))
def test_less_doubt(shape, less, more):
    problem = random_world(stderr=0.15, **shape)
    careless, careful = (replace(problem, risk_aversion=kappa) for kappa in (less, more))
    assert never_worse(careless, careful)


@settings(max_examples=5, deadline=None)
@given(shapes, st.floats(1.05, 5.0), st.integers(0, 5))
def test_more_unique_tokens_of_any_language(shape, factor, at):
    problem = random_world(stderr=0.1, **shape)
    pools = list(problem.pools)
    pools[at] = replace(pools[at], unique_tokens=pools[at].unique_tokens * factor)
    assert never_worse(replace(problem, pools=tuple(pools)), problem)


@settings(max_examples=4, deadline=None)
@given(shapes, st.floats(1.1, 4.0))
def test_more_parameters(shape, factor):
    """A smaller capacity term for every target; no mixture loses."""
    problem = random_world(**shape)
    assert never_worse(replace(problem, params=problem.params * factor), problem)


c, e = Selection("language", "c"), Selection("language", "e")


@pytest.mark.parametrize(
    ("loose", "tight"),
    [
        (None, ShareLimit("max", c, 0.1)),
        (ShareLimit("max", c, 0.2), ShareLimit("max", c, 0.1)),
        (ShareLimit("min", e, 0.2), ShareLimit("min", e, 0.3)),
        (KeepTokens(e, 0.3e9), KeepTokens(e, 0.9e9)),
        (Guardrail("d", 0.05, "uniform"), Guardrail("d", 0.0, "uniform")),
    ],
)
@pytest.mark.parametrize("seed", [81, 82])
def test_a_looser_limit(seed, loose, tight):
    problem = random_world(seed, targets=2, budget=8e9)
    before = replace(problem, limits=(loose,) if loose else ())
    assert never_worse(before, replace(problem, limits=(tight,)))


@pytest.mark.parametrize("seed", range(86, 89))
def test_more_donors_allowed(seed):
    problem = random_world(seed, targets=1, budget=30e9)
    values = [solve(replace(problem, max_donors=k)).certificate.value for k in (0, 1, 2, 5)]
    slack = SLACK * (values[0] - problem.law.E)
    assert all(later <= earlier + slack for earlier, later in pairwise(values))


@pytest.mark.parametrize("seed", range(91, 94))
def test_reading_just_the_budget_is_never_better(seed):
    problem = random_world(seed, targets=3, phi=0.4, budget=40e9, max_epochs=16.0)
    assert never_worse(problem, replace(problem, exact_tokens=True))


@pytest.mark.parametrize("own", [0.05, 0.5])
@pytest.mark.parametrize("tau", [0.1, 0.5])
def test_twice_the_parameters_never_take_effective_data_from_a_scarce_target(own, tau):
    """Capacity grows cheap with N, data does not: the donors' part rises."""
    data = []
    for params in (1e8, 4e8, 8e8, 3.2e9):
        problem = world(
            [[1, 0], [tau, 1]], [own, 1e5], phi=0.2, params=params, budget=1e12, max_epochs=4.0
        )
        data.append(solve(problem).targets[0].effective_data)
    for less, more in pairwise(data):
        # The valley over T is flat, so T itself is known to some per cent.
        assert more >= less * (1 - 0.03)
    assert data[-1] > data[0]


def test_more_budget_on_shipped_evidence():
    values = [
        solve(shipped(["yor", "eng"], budget=budget)).certificate.value
        for budget in (1e9, 1e10, 1e11, 1e12, 1e13)
    ]
    assert all(later <= earlier + 3e-5 for earlier, later in pairwise(values))
