"""Where the set of donors changes with λ: the boundaries are real."""

from dataclasses import replace
from itertools import pairwise

import pytest
from worlds import random_world, shipped, world

from atlasmix.mixing import sensitivity, solve
from atlasmix.mixing.sensitivity import donors
from atlasmix.scaling import DECAY_RANGE


def at(problem, decay):
    return set(donors(solve(replace(problem, decay=decay))))


@pytest.mark.parametrize("seed", [222, 223, 224])
def test_each_side_of_a_boundary_has_its_own_donors(seed):
    problem = random_world(seed, targets=1, languages=4, budget=20e9, max_epochs=16.0)
    steps = sensitivity(problem)
    assert len(steps) > 1
    assert (steps[0].low, steps[-1].high) == DECAY_RANGE
    for left, right in pairwise(steps):
        assert left.high == right.low
        assert set(left.donors) != set(right.donors)
        # The boundary is located to 1 %.
        assert at(problem, left.high / 1.011) == set(left.donors)
        assert at(problem, right.low * 1.0005) == set(right.donors)


def test_on_paper():
    """1B own tokens, 12B in all, a donor of 0.5: it comes in when e^(-11λ) falls to a half."""
    problem = world([[1, 0], [0.5, 1]], [1.0, 100.0], budget=12e9, max_epochs=16.0)
    steps = sensitivity(problem)
    assert [step.donors for step in steps] == [(), ("b",)]
    assert steps[1].low == pytest.approx(0.6931472 / 11, rel=0.011)
    assert steps[0].target_epochs == pytest.approx(12.0)
    assert steps[0].proportions == {"a": 1.0}


def test_one_step_where_nothing_changes():
    steps = sensitivity(world([[1, 0], [0.5, 1]], [100.0, 100.0], budget=12e9))
    assert len(steps) == 1
    assert steps[0].donors == ()


def test_catalan_keeps_spanish():
    steps = sensitivity(shipped(["cat"]))
    assert all("spa" in step.donors for step in steps)
    assert steps[0].donors == donors(solve(shipped(["cat"], decay=steps[0].low)))
