"""Where the set of donors changes with λ, φ and the worth of synthetic text: the steps are real."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from worlds import LAW, pool, shipped, world

from atlasmix.laws.saturation import DECAY_RANGE
from atlasmix.mixture.sensitivity import DECAY, PHI, donors, sensitivity, with_phi
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.problem.problem import WORTH_RANGE


def scarce(**options):
    """Donors of which the weaker comes in where repeats of the others have worn."""
    tau = np.eye(4)
    tau[1:, 0] = (0.5, 0.25, 0.12)
    settings = {"budget": 30e9, "max_epochs": 16.0, "phi": 0.05, **options}
    return world(tau, [1.0, 1.5, 2.0, 3.0], **settings)


def of(steps, constant):
    return [step for step in steps if step.constant == constant]


def test_each_side_of_a_boundary_has_its_own_donors():
    problem = scarce()
    steps = sensitivity(problem)
    ranges = {
        DECAY: (DECAY_RANGE, lambda value: replace(problem, decay=value)),
        PHI: (LAW.phi_range, lambda value: with_phi(problem, value)),
    }
    changes = 0
    for constant, (ends, at) in ranges.items():
        found = of(steps, constant)
        assert (found[0].low, found[-1].high) == pytest.approx(ends)
        for left, right in pairwise(found):
            changes += 1
            assert left.high == right.low
            if set(left.donors) == set(right.donors):  # the tokens read have moved
                assert not 1 / 1.2 < left.tokens / right.tokens < 1.2
                continue
            # The boundary is located to 1 %.
            assert set(donors(solve(at(left.high / 1.011)))) == set(left.donors)
            assert set(donors(solve(at(right.low * 1.0005)))) == set(right.donors)
    assert changes >= 1


def test_phi_of_every_target_moves_in_proportion():
    problem = scarce(phi=np.array([0.1, 0.2, 0.1, 0.1]))
    moved = with_phi(problem, 2 * problem.law.phi)
    assert moved.transfer.phi == pytest.approx(2 * problem.transfer.phi)


def test_a_target_that_repeats_cheaply_needs_no_donor():
    """1B own tokens, 6B in all, a donor of 0.5: in where the sixth pass is worth less than it."""
    problem = world([[1, 0], [0.5, 1]], [1.0, 100.0], budget=6e9, max_epochs=16.0, phi=1e-9)
    steps = of(sensitivity(problem), DECAY)
    assert [step.donors for step in steps] == [(), ("b",)]
    # Without capacity at stake it is e^(-5λ) = 1/2 on paper.
    assert steps[1].low == pytest.approx(0.6931472 / 5, rel=0.011)
    assert steps[0].target_epochs == pytest.approx(6.0, rel=1e-4)
    assert steps[0].proportions["a"] == pytest.approx(1.0, abs=1e-6)


def test_one_step_where_nothing_changes():
    steps = sensitivity(world([[1, 0], [0.5, 1]], [100.0, 100.0], budget=12e9))
    assert [step.constant for step in steps] == [DECAY, PHI]
    assert all(step.donors == () for step in steps)


def test_synthetic_text_is_tried_at_both_ends_of_its_worth():
    pools = [pool("a", 1.0), pool("a", 20.0, "translated"), pool("b", 20.0)]
    problem = world([[1, 0], [0.4, 1]], pools, budget=15e9)
    low, high = of(sensitivity(problem), "worth of translated")
    assert (low.low, high.high) == WORTH_RANGE["translated"]
    assert low.synthetic <= high.synthetic
    for step in (low, high):
        asked = replace(problem, worth={**problem.worth, "translated": step.low})
        mixture = solve(asked)
        part = sum(s.proportion for s in mixture.pools if s.pool.provenance == "translated")
        assert step.synthetic == pytest.approx(part, abs=1e-5)


def test_catalan_keeps_spanish():
    steps = sensitivity(shipped(["cat"], budget=200e9))
    assert all("spa" in step.donors for step in steps)
    assert {step.constant for step in steps} == {DECAY, PHI}


def test_a_step_ends_where_the_tokens_read_have_moved_by_a_fifth():
    """Own text is capped: the dearer capacity is, the fewer donor tokens are worth it."""
    problem = world(
        [[1, 0], [0.3, 1]],
        [0.5, 1e4],
        budget=200e9,
        phi=0.15,
        law=replace(LAW, phi_range=(0.05, 0.3)),
    )
    steps = of(sensitivity(problem), PHI)
    assert len(steps) > 2
    assert {step.donors for step in steps} == {("b",)}
    for step in steps:
        at = solve(with_phi(problem, step.low))
        assert step.tokens == pytest.approx(at.tokens, rel=0.02)
        # To 10 % of the constant, over which the tokens may move on.
        late = solve(with_phi(problem, max(step.low, step.high / 1.1)))
        assert 0.8 < late.tokens / step.tokens < 1.25


def test_less_than_a_thousandth_of_the_tokens_is_no_donor():
    trace = (ShareLimit("min", Selection("language", "b"), 9e-4),)
    part = (ShareLimit("min", Selection("language", "b"), 2e-3),)
    problem = world(np.eye(2), [20.0, 20.0])
    assert donors(solve(replace(problem, limits=trace))) == ()
    assert donors(solve(replace(problem, limits=part))) == ("b",)


def test_transfer_weights_are_held_where_phi_moves():
    problem = scarce()
    assert with_phi(problem, 0.2).transfer.weights is problem.transfer.weights
