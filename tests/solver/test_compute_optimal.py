"""Parameters, tokens and mixture together: the closed form, a fine grid, every kind of limit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from worlds import BILLION, random_world, shipped, world

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.laws.shelf import load_law
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap, Guardrail, KeepTokens, Selection, ShareLimit
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.compute import at_compute, at_size

HUGE = 1e9  # billions of unique tokens: never read twice


def loss_at(problem: MixProblem, compute: float, tokens: float) -> float:
    """The oracle: one plain solve at one size; inf where the limits cannot be met."""
    params = compute / (6 * tokens)
    least, most = problem.law.fitted_params or (1e6, 1e13)
    if not least / 10 <= params <= most * 10:
        return math.inf
    try:
        found = solve(at_size(problem, params, tokens))
    except Infeasible:
        return math.inf
    return found.certificate.value


def grid_best(problem: MixProblem, compute: float, points: int = 17) -> float:
    """The least loss over D on a fine grid."""
    low, high = math.sqrt(compute) / 1e3, math.sqrt(compute) * 1e2
    return min(loss_at(problem, compute, d) for d in np.geomspace(low, high, points))


@pytest.mark.parametrize("name", ["muennighoff-2023", "besiroglu-2024", "hoffmann-2022"])
@pytest.mark.parametrize("compute", [1e18, 3e22])
def test_the_closed_form_where_nothing_repeats_or_transfers(name: str, compute: float) -> None:
    law = load_law(name)
    found = at_compute(world([[1.0]], [HUGE], compute=compute, law=law)).allocation
    assert found is not None
    exact = law.best_params(compute)
    # Hoffmann et al. 2022, Eq. 4: the terms balance as β to α.
    tokens = compute / (6 * exact)
    assert law.alpha * law.A * exact**-law.alpha == pytest.approx(
        law.beta * law.B * tokens**-law.beta
    )
    # Three digits, and a valley that is flat within the tolerance of the search.
    assert found.params == pytest.approx(exact, rel=0.03)
    assert found.loss == pytest.approx(law.loss(exact, tokens), rel=2e-5)
    assert found.bound <= law.loss(exact, tokens) * (1 + 1e-12)
    assert found.bound == pytest.approx(law.loss(exact, tokens), rel=2e-5)
    assert 0.999 * compute <= 6 * found.params * found.tokens <= compute * (1 + 1e-9)
    assert found.params == float(f"{found.params:.3g}")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("targets", [1, 3])
def test_no_size_on_a_fine_grid_is_better(seed: int, targets: int) -> None:
    problem = random_world(seed, 5, targets)
    compute = 10.0 ** (19 + seed % 4)
    found = at_compute(replace(problem, compute=compute)).allocation
    assert found is not None
    assert found.proved
    best = grid_best(problem, compute)
    assert found.loss <= best * (1 + 1e-5)
    assert found.bound <= best * (1 + 1e-9)
    assert found.gap < 1e-4


def test_two_valleys() -> None:
    """Own text runs out and a weak donor is endless: a large model on it, or a small one on both.

    By hand: own tokens of 10B once, d of a donor of 0.02, N = C/6(10B + d).
    """
    law, phi, most = load_law("datablations-2023-one-stage"), 0.05, 86.7e9
    own, tau = 10e9, 0.02
    found_both = []
    for compute in (2e19, 1e24):
        problem = world([[1.0, 0.0], [tau, 1.0]], [10.0, HUGE], max_epochs=1.0, law=law, phi=phi)
        donor = np.append(0.0, np.geomspace(1e7, 1e14, 20_001))
        params = np.minimum(compute / (6 * (own + donor)), most)
        losses = law.E + law.A * params**-law.alpha * (own / (own + donor)) ** -phi
        losses = losses + law.B * (own + tau * donor) ** -law.beta
        read = np.geomspace(1e8, own, 2001)
        alone = law.E + law.A * np.minimum(compute / (6 * read), most) ** -law.alpha
        alone = alone + law.B * read**-law.beta
        best = min(losses.min(), alone.min())
        found = at_compute(replace(problem, compute=compute)).allocation
        assert found is not None
        assert found.proved
        assert found.bound <= best * (1 + 1e-9)
        # Three digits of N cost most at a kink.
        assert found.loss <= best * (1 + 1e-4)
        found_both.append(found.tokens)
    assert found_both[0] <= 1.01 * own
    assert found_both[1] > 10 * own


def test_the_bound_is_a_bound_under_limits() -> None:
    problem = shipped(("cat", "spa"))
    limits = (
        ShareLimit("min", Selection("language", "cat"), 0.4),
        KeepTokens(Selection("language", "spa"), 20 * BILLION),
        EpochCap(Selection("language", "cat"), 2.0),
    )
    asked = replace(problem, limits=limits)
    found = at_compute(replace(asked, compute=1e21)).allocation
    assert found is not None
    assert found.proved
    best = min(loss_at(asked, 1e21, d) for d in np.geomspace(2.1e10, 1e12, 9))
    assert found.bound <= best + 1e-9
    assert found.loss <= best * (1 + 1e-5)


def test_guardrails_and_donor_counts_are_bounded_without_them() -> None:
    problem = shipped(("cat",), risk_aversion=0.0)
    for limits, donors in (
        ((Guardrail("spa", 0.02, "uniform"),), None),
        ((), 1),
    ):
        asked = replace(problem, limits=limits, max_donors=donors)
        found = at_compute(replace(asked, compute=1e22)).allocation
        free = at_compute(replace(problem, compute=1e22)).allocation
        assert found is not None
        assert free is not None
        assert not found.proved
        assert len(found.without) == 1
        assert found.bound == pytest.approx(free.bound, rel=1e-6)
        around = found.tokens * np.geomspace(0.5, 2.0, 5)
        assert found.loss <= min(loss_at(asked, 1e22, d) for d in around) * (1 + 1e-5)


def test_kept_tokens_that_the_closed_form_cannot_pay_for() -> None:
    """At the size of the closed form there is no room for them; at fewer parameters there is."""
    problem = world(
        [[1.0, 0.1], [0.1, 1.0]],
        [HUGE, HUGE],
        limits=(KeepTokens(Selection("language", "b"), 500 * BILLION),),
    )
    compute = 1e20
    found = at_compute(replace(problem, compute=compute))
    assert found.allocation is not None
    assert found.budget >= 500 * BILLION
    grid = np.geomspace(4.9e11, 5e13, 15)
    best = min(loss_at(problem, compute, d) for d in grid)
    assert found.allocation.loss <= best * (1 + 1e-6)
    assert solve(found).tokens == pytest.approx(found.budget)


def test_limits_that_no_size_meets() -> None:
    problem = world([[1.0]], [1.0], limits=(KeepTokens(Selection("language", "a"), 9 * BILLION),))
    with pytest.raises(Infeasible, match="cannot all hold"):
        at_compute(replace(problem, compute=1e21))


def test_scaling_the_world_scales_the_answer() -> None:
    """More compute never hurts, and the mixture at the chosen size is the plain solve's."""
    problem = random_world(3, 5, 2)
    losses = []
    for compute in (1e19, 1e20, 1e21):
        chosen = at_compute(replace(problem, compute=compute))
        assert chosen.allocation is not None
        losses.append(chosen.allocation.loss)
        plain = solve(at_size(problem, chosen.params, chosen.budget))
        assert solve(chosen).proportions == plain.proportions
        assert solve(replace(problem, compute=compute)).proportions == plain.proportions
        assert plain.certificate.value == pytest.approx(chosen.allocation.loss, rel=1e-6)
    assert losses == sorted(losses, reverse=True)


def test_the_order_of_targets_does_not_matter() -> None:
    one = at_compute(shipped(("cat", "spa", "fra"), compute=1e21))
    other = at_compute(shipped(("fra", "cat", "spa"), compute=1e21))
    assert one.allocation == other.allocation


def test_other_sizes_are_worse_and_each_is_its_own_optimum() -> None:
    found = at_compute(shipped(("swe",), compute=1e21)).allocation
    assert found is not None
    assert len(found.others) == 4
    for one in found.others:
        assert one.loss >= found.bound
        assert 6 * one.params * one.tokens == pytest.approx(1e21)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objective": "worst"}, "measures each target against itself at the same size"),
        ({"compute": 1.0}, "expected between 1e12 and 1e30, such as 1e22"),
        ({"compute": 1e40}, "the compute budget is 1e40 FLOPs"),
        ({"compute": math.nan}, "the compute budget is nan"),
        ({"decay": 0.0}, "λ"),
    ],
)
def test_refusals(options: dict[str, object], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        at_compute(replace(world([[1.0]], [1.0], compute=1e21), **options))


def test_a_question_without_a_size_is_not_judged_by_a_default_one() -> None:
    from atlasmix.mixture.explain import explain
    from atlasmix.mixture.sensitivity import sensitivity

    problem = world([[1.0]], [1.0], compute=1e21)
    mixture = solve(problem)
    for ask in (lambda: sensitivity(problem), lambda: explain(problem, mixture)):
        with pytest.raises(ProblemError, match="not chosen yet for this compute"):
            ask()
    assert at_compute(world([[1.0]], [1.0])).compute is None
