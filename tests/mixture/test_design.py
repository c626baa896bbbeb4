"""First runs before any evidence: within limits, around a reference, spread better than chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.design import DesignQuestion, caps_of, design, within

Array = NDArray[np.float64]


def question(reference: list[float], runs: int, **other: object) -> DesignQuestion:
    count = len(reference)
    return DesignQuestion(
        sources=tuple(f"s{place}" for place in range(count)),
        reference=np.array(reference),
        runs=runs,
        low=np.asarray(other.get("low", np.zeros(count)), dtype=float),
        high=np.asarray(other.get("high", np.ones(count)), dtype=float),
        least=float(other.get("least", 0.0)),  # type: ignore[arg-type]
        seed=int(other.get("seed", 0)),  # type: ignore[call-overload]
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 7), st.integers(0, 10_000))
def test_within_is_the_nearest_mixture(count: int, seed: int) -> None:
    """Oracle: a general solver of min KL(p, w) over the limits finds nothing nearer."""
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.ones(count))
    low = generator.uniform(0, 0.5 / count, count)
    high = np.minimum(low + generator.uniform(0.7 / count, 1.0, count), 1.0)
    high[0] = 1.0
    shares = within(weights, low, high)
    assert shares.sum() == pytest.approx(1.0)
    assert np.all(shares >= low - 1e-9)
    assert np.all(shares <= high + 1e-9)

    def divergence(p: Array) -> float:
        p = np.maximum(p, 1e-12)
        return float(np.sum(p * np.log(p / weights)))

    other = minimize(
        divergence,
        within(np.ones(count) / count, low, high),
        bounds=list(zip(low, high, strict=True)),
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
        method="SLSQP",
    )
    assert divergence(shares) <= float(other.fun) + 1e-5


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(2, 70), st.integers(0, 1000))
def test_every_run_is_a_mixture_within_the_limits(count: int, runs: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    reference = generator.dirichlet(np.full(count, 0.3)) + 1e-9
    reference /= reference.sum()
    high = np.minimum(generator.uniform(1.5 / count, 1.0, count), 1.0)
    low = np.zeros(count)
    low[0] = min(high[0], 0.05)
    mixtures = design(question(reference.tolist(), runs, low=low, high=high, seed=seed))
    assert mixtures.shape == (runs, count)
    assert np.all(np.isfinite(mixtures))
    np.testing.assert_allclose(mixtures.sum(axis=1), 1.0, atol=1e-9)
    assert np.all(mixtures >= low - 1e-9)
    assert np.all(mixtures <= high + 1e-9)


def test_the_first_run_is_the_reference_and_the_others_lie_around_it() -> None:
    """The mean of a Dirichlet distribution is its reference; far from even it must hold too."""
    reference = [0.6, 0.25, 0.1, 0.05]
    mixtures = design(question(reference, 65))
    np.testing.assert_allclose(mixtures[0], reference)
    np.testing.assert_allclose(mixtures[1:].mean(axis=0), reference, atol=0.05)


def test_it_fills_space_better_than_chance() -> None:
    """Means over 8 to 64 runs lie nearer to the truth than those of random draws, in the median."""
    reference = np.array([0.4, 0.3, 0.2, 0.1])
    designed, drawn = [], []
    for seed in range(15):
        mixtures = design(question(reference.tolist(), 33, seed=seed))[1:]
        designed.append(np.abs(mixtures.mean(axis=0) - reference).max())
        generator = np.random.default_rng(seed)
        strength = np.exp(generator.uniform(np.log(0.3), np.log(3.0), 32))
        random = np.array([generator.dirichlet(c * 4 * reference) for c in strength])
        drawn.append(np.abs(random.mean(axis=0) - reference).max())
    assert np.median(designed) < 0.5 * np.median(drawn)


@pytest.mark.parametrize("reference", [[0.79, 0.16, 0.05], [0.97, 0.01, 0.01, 0.01]])
def test_no_two_runs_are_alike_however_uneven_the_reference(reference: list[float]) -> None:
    """Kills a swarm of which a fifth is the largest source alone."""
    mixtures = design(question(reference, 64, least=1e-4))
    apart = np.abs(mixtures[:, None] - mixtures[None]).sum(axis=2) / 2
    assert np.min(apart + np.eye(64)) >= 0.01


def test_limits_that_leave_no_room_still_give_a_design() -> None:
    mixtures = design(question([0.5, 0.5], 8, low=[0.5, 0.499], high=[0.501, 0.5]))
    assert mixtures.shape == (8, 2)


def test_what_would_draw_nothing_is_left_out() -> None:
    mixtures = design(question([0.9, 0.09, 0.01], 64, least=0.001))
    assert np.all((mixtures == 0) | (mixtures >= 0.001))


def test_a_source_that_the_reference_leaves_out_stays_out() -> None:
    assert np.all(design(question([0.5, 0.5, 0.0], 16))[:, 2] == 0)


def test_caps_of_epochs_and_limits_that_collide() -> None:
    assert caps_of([1e9, None, 9e9], 10e9, 4.0).tolist() == [0.4, 1.0, 1.0]
    with pytest.raises(Infeasible, match=r"the most shares sum to 0\.7"):
        design(question([0.5, 0.5], 4, high=[0.3, 0.4]))
    with pytest.raises(Infeasible, match=r"the least shares sum to 1\.2"):
        design(question([0.5, 0.5], 4, low=[0.6, 0.6]))
    with pytest.raises(Infeasible, match="the least share is above the most: s0"):
        design(question([0.5, 0.5], 4, low=[0.6, 0.0], high=[0.5, 1.0]))
    with pytest.raises(ProblemError, match="1 runs: expected 2 to"):
        design(question([0.5, 0.5], 1))
