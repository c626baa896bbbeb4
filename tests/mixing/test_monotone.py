"""More to choose from never worsens the optimum, under the conditions that each test names."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worlds import matrix, random_world, world

from atlasmix.evidence import calibrate
from atlasmix.mixing import EpochCap, Selection, ShareLimit, solve

SOLVER_GAP = 2e-7


def cost(problem):
    proof = solve(problem).certificate
    # A relaxation in the proof means that the answer is only known to within its gap.
    sign = -1 if problem.objective == "effective-data" else 1
    return sign * proof.value, (proof.gap if not proof.exact else 0.0) + SOLVER_GAP


def never_worse(better, worse):
    low, slack = cost(better)
    high, _ = cost(worse)
    return low <= high + slack * abs(high)


def with_scores(problem, tau, stderr):
    evidence = matrix(tau, stderr)
    return replace(problem, matrix=evidence, transfer=calibrate(evidence))


shapes = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "targets": st.integers(1, 3),
        "harmful": st.sampled_from([0.0, 0.3]),
        "objective": st.sampled_from(["loss", "effective-data"]),
        "risk_aversion": st.sampled_from([0.0, 1.0]),
        "budget": st.sampled_from([4e9, 15e9, 30e9]),
    }
)


@settings(max_examples=20, deadline=None)
@given(shapes, st.floats(1.001, 3.0))
def test_a_larger_budget(shape, factor):
    """Objectives without a reference: ``worst`` measures against what more budget would give."""
    problem = random_world(stderr=0.1, **shape)
    assert never_worse(replace(problem, budget=problem.budget * factor), problem)


@settings(max_examples=15, deadline=None)
@given(shapes, st.floats(1.01, 2.0))
def test_a_larger_budget_under_limits_on_shares(shape, factor):
    limits = (
        ShareLimit("min", Selection("language", "e"), 0.1),
        ShareLimit("max", Selection("language", "b"), 0.3),
    )
    problem = random_world(stderr=0.1, limits=limits, **shape)
    assert never_worse(replace(problem, budget=problem.budget * factor), problem)


@settings(max_examples=20, deadline=None)
@given(shapes, st.floats(1.05, 4.0))
def test_a_higher_epoch_cap(shape, factor):
    problem = random_world(stderr=0.1, **shape)
    assert never_worse(replace(problem, max_epochs=problem.max_epochs * factor), problem)


@settings(max_examples=20, deadline=None)
@given(shapes)
def test_a_higher_cap_of_one_pool(shape):
    low = (EpochCap(Selection("language", "c"), 1.0),)
    high = (EpochCap(Selection("language", "c"), 6.0),)
    problem = random_world(stderr=0.1, **shape)
    assert never_worse(replace(problem, limits=high), replace(problem, limits=low))


@settings(max_examples=20, deadline=None)
@given(shapes, st.floats(0.01, 0.3), st.integers(0, 5), st.integers(0, 3))
def test_a_better_score_without_risk_aversion(shape, more, source, target):
    """κ = 0: each D_eff rises with each τ."""
    problem = random_world(**{**shape, "risk_aversion": 0.0})
    tau = np.array(problem.transfer.weights)
    assume(source != target)
    tau[source, target] += more
    assert never_worse(with_scores(problem, tau, 0.0), problem)


@settings(max_examples=30, deadline=None)
@given(shapes, st.floats(0.01, 0.3), st.integers(0, 5), st.integers(0, 3))
def test_a_better_score_with_risk_aversion(shape, more, source, target):
    """κ > 0: with help and doubt both counted on S, a charge min(κσ, τ+) never outgrows τ."""
    problem = random_world(stderr=0.2, **{**shape, "risk_aversion": 1.0})
    tau = np.array(problem.transfer.weights)
    assume(source != target)
    tau[source, target] += more
    assert never_worse(with_scores(problem, tau, 0.2), problem)


@settings(max_examples=15, deadline=None)
@given(shapes, st.integers(1, 5), st.integers(0, 3))
def test_a_surer_score(shape, source, target):
    """A smaller standard error is a smaller charge on every mixture."""
    problem = random_world(**{**shape, "risk_aversion": 1.0})
    tau = np.array(problem.transfer.weights)
    errors = np.full(tau.shape, 0.15)
    unsure = with_scores(problem, tau, errors)
    errors[source, target] = 0.02
    assert never_worse(with_scores(problem, tau, errors), unsure)


@settings(max_examples=12, deadline=None)
@given(shapes, st.floats(0.0, 1.0), st.floats(1.0, 3.0))
def test_less_doubt(shape, less, more):
    problem = random_world(stderr=0.15, **shape)
    careless, careful = (replace(problem, risk_aversion=kappa) for kappa in (less, more))
    assert never_worse(careless, careful)


@settings(max_examples=20, deadline=None)
@given(shapes, st.floats(1.05, 5.0), st.integers(0, 5))
def test_more_unique_tokens_of_a_language_that_harms_nobody(shape, factor, at):
    """κ as it is; without negative scores: more distinct text of a harmful pool harms more."""
    problem = random_world(stderr=0.1, **{**shape, "harmful": 0.0})
    pools = list(problem.pools)
    pools[at] = replace(pools[at], unique_tokens=pools[at].unique_tokens * factor)
    assert never_worse(replace(problem, pools=tuple(pools)), problem)


@settings(max_examples=12, deadline=None)
@given(shapes, st.floats(0.0, 0.5))
def test_milder_interference(shape, less):
    problem = random_world(stderr=0.1, **{**shape, "harmful": 0.4})
    assert never_worse(replace(problem, interference=less), problem)


@pytest.mark.parametrize("seed", range(81, 86))
def test_a_limit_never_improves_the_optimum(seed):
    problem = random_world(seed, targets=2)
    bound = (ShareLimit("max", Selection("language", "c"), 0.1),)
    assert never_worse(problem, replace(problem, limits=bound))


@pytest.mark.parametrize("seed", range(86, 91))
def test_more_donors_allowed(seed):
    problem = random_world(seed, targets=1, budget=30e9)
    values = [cost(replace(problem, max_donors=k))[0] for k in (0, 1, 2, 5)]
    assert all(later <= earlier * (1 + SOLVER_GAP) for earlier, later in pairwise(values))


@pytest.mark.parametrize("seed", range(91, 96))
def test_forcing_the_budget_to_be_spent_never_helps(seed):
    problem = random_world(seed, targets=3, harmful=0.5, budget=40e9, max_epochs=16.0)
    assert never_worse(problem, replace(problem, spend_all=True))


@pytest.mark.parametrize("score", [0.05, 0.1, 0.3])
def test_a_better_score_of_a_source_that_is_repeated(score):
    """a and b are read 16 times; a's score for b rises from 0, with a standard error of 0.16.

    Were doubt charged on tokens read, each repeat of a would then harm b.
    """
    options = {
        "stderr": 0.16,
        "risk_aversion": 1.0,
        "budget": 32e9,
        "max_epochs": 16.0,
        "decay": 0.34,
    }
    useless = world(np.eye(2), [1.0, 1.0], ["a", "b"], **options)
    useful = world([[1, score], [0, 1]], [1.0, 1.0], ["a", "b"], **options)
    assert never_worse(useful, useless)
