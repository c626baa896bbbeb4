"""At most k donors, against every set of k solved one by one."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from worlds import random_world, shipped, world

from atlasmix.errors import ProblemError
from atlasmix.mixing import Selection, ShareLimit, solve

LIMITS = {
    "free": (),
    "minimum": (ShareLimit("min", Selection("language", "a"), 0.35),),
    "maximum": (ShareLimit("max", Selection("language", "f"), 0.05),),
}


def exhaustive(problem, most):
    """The best value over all sets of donors, each solved with its pools alone."""
    donors = problem.donor_keys
    values = []
    for chosen in combinations(donors, min(most, len(donors))):
        kept = {*problem.target_keys, *chosen}
        pools = tuple(p for p in problem.pools if p.language in kept)
        values.append(solve(replace(problem, pools=pools, max_donors=None)).certificate.value)
    return min(values) if problem.objective != "effective-data" else max(values)


CASES = [
    pytest.param({"targets": 1}, id="one target"),
    pytest.param({"targets": 2}, id="two targets"),
    pytest.param({"targets": 2, "stderr": 0.15, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"targets": 2, "harmful": 0.3, "max_epochs": 1.0}, id="negative transfer"),
    pytest.param({"targets": 2, "objective": "effective-data"}, id="effective data"),
    pytest.param({"targets": 1, "decay": 0.34, "max_epochs": 16.0}, id="repeats"),
]


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("most", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", [171, 172])
def test_as_good_as_the_best_of_all_sets(options, most, seed):
    problem = random_world(seed, budget=20e9, **options)
    mixture = solve(replace(problem, max_donors=most))
    best = exhaustive(problem, most)
    assert len(mixture.donors) <= most
    assert mixture.certificate.value == pytest.approx(best, rel=1e-6)
    assert mixture.certificate.gap <= 1e-5


@pytest.mark.parametrize("name", LIMITS)
def test_with_other_limits(name):
    problem = random_world(173, targets=1, budget=20e9, limits=LIMITS[name])
    mixture = solve(replace(problem, max_donors=2))
    assert len(mixture.donors) <= 2
    assert mixture.certificate.value == pytest.approx(exhaustive(problem, 2), rel=1e-6)


def test_worst():
    problem = random_world(174, targets=2, languages=5, objective="worst", budget=15e9)
    mixture = solve(replace(problem, max_donors=1))
    # Without its pools a set would have another reference: the others are left next to nothing.
    values = []
    for kept in problem.donor_keys:
        limits = tuple(
            ShareLimit("max", Selection("language", key), 1e-8)
            for key in problem.donor_keys
            if key != kept
        )
        values.append(solve(replace(problem, limits=limits)).certificate.value)
    assert len(mixture.donors) <= 1
    assert mixture.certificate.value == pytest.approx(min(values), rel=1e-6)


def test_no_donor_is_the_target_alone():
    mixture = solve(random_world(175, targets=1, max_donors=0, budget=40e9))
    assert mixture.proportions == {"a": 1.0}


def test_a_limit_that_does_not_bite_changes_nothing():
    problem = random_world(176, targets=1, budget=10e9)
    free = solve(problem)
    assert solve(replace(problem, max_donors=len(free.donors))).proportions == free.proportions


def test_donors_between_them_beat_the_biggest():
    """The best pair is not the two best single donors: a harms c's reader, b and d do not."""
    tau = np.eye(4)
    tau[1, 0], tau[2, 0], tau[3, 0] = 0.5, 0.45, 0.2
    problem = world(tau, [1.0, 0.5, 0.5, 50.0], budget=30e9, max_donors=1, max_epochs=1.0)
    mixture = solve(problem)
    # Half a billion tokens at 0.5 are worth less than thirty at 0.2.
    assert mixture.donors == ("d",)


def test_shipped_evidence():
    problem = shipped(["swe"], budget=2e12)
    free = solve(problem)
    assert len(free.donors) > 2
    two = solve(replace(problem, max_donors=2))
    assert len(two.donors) == 2
    assert "nob" in two.donors
    assert two.certificate.value >= free.certificate.value - 1e-9
    assert two.certificate.gap <= 1e-6


def test_fewer_than_none():
    with pytest.raises(ProblemError, match="at most -1 donors: expected a whole number from 0"):
        solve(random_world(177, max_donors=-1))
