"""At most k donors, against every set of k solved one by one."""

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from judge import donors_of, reaches, reducible
from worlds import pool, random_world, shipped, world

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.solver.linear import silent

LIMITS = {
    "minimum": (ShareLimit("min", Selection("language", "a"), 0.35),),
    "maximum": (ShareLimit("max", Selection("language", "f"), 0.05),),
}


def exhaustive(problem, most):
    """The best value over all sets of donors; the others are left next to nothing."""
    donors = donors_of(problem)
    values = []
    for chosen in combinations(donors, min(most, len(donors))):
        closed = tuple(
            ShareLimit("max", Selection("language", key), 1e-9)
            for key in donors
            if key not in chosen
        )
        asked = replace(problem, limits=(*problem.limits, *closed), max_donors=None)
        try:
            values.append(solve(asked).certificate.value)
        except Infeasible:
            continue
    return min(values)


CASES = [
    pytest.param({"targets": 1}, id="one target"),
    pytest.param({"targets": 2, "stderr": 0.15, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"targets": 1, "decay": 0.34, "max_epochs": 16.0}, id="repeats"),
    pytest.param({"targets": 2, "objective": "worst"}, id="worst"),
]


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("most", [0, 1, 2])
def test_as_good_as_the_best_of_all_sets(options, most):
    problem = random_world(171, languages=5, budget=15e9, **options)
    mixture = solve(replace(problem, max_donors=most))
    best = exhaustive(problem, most)
    part = reducible(problem, best, reaches(problem))
    assert len(mixture.donors) <= most
    assert abs(mixture.certificate.value - best) <= 4e-5 * part
    assert mixture.certificate.bound <= best + 1e-9


@pytest.mark.parametrize("most", [1, 2])
def test_at_a_fixed_number_of_tokens_the_set_is_proved(most):
    problem = random_world(172, languages=5, targets=1, budget=9e9, exact_tokens=True)
    mixture = solve(replace(problem, max_donors=most))
    assert mixture.certificate.engine in {"donor search", "interior point"}
    assert mixture.certificate.gap <= 1e-5
    best = exhaustive(problem, most)
    assert abs(mixture.certificate.value - best) <= 1e-5 * reducible(problem, best)


@pytest.mark.parametrize("name", LIMITS)
def test_with_other_limits(name):
    problem = random_world(173, languages=6, targets=1, budget=15e9, limits=LIMITS[name])
    mixture = solve(replace(problem, max_donors=1))
    assert len(mixture.donors) <= 1
    best = exhaustive(problem, 1)
    assert abs(mixture.certificate.value - best) <= 4e-5 * reducible(problem, best)


def test_fewer_donors_than_the_budget_wants_is_a_shorter_run():
    """All text of any two languages is less than the budget: once refused as a collision."""
    problem = world(
        [[1, 0, 0], [0.4, 1, 0], [0.3, 0, 1]], [0.5, 1.0, 1.0], budget=50e9, max_donors=1
    )
    mixture = solve(problem)
    assert mixture.donors == ("b",)
    assert mixture.tokens <= 6e9 * (1 + 1e-6)
    assert mixture.certificate.bound <= mixture.certificate.value


def test_other_scripts_of_a_target_are_no_donors():
    """srp_Latn is Serbian: it counts as own text and not against k."""
    labels = ("rus", "srp", "srp_Latn")
    tau = [[1, 0.3, 0.2], [0.1, 1, 0.8], [0.1, 0.8, 1]]
    pools = [pool("rus", 20.0), pool("srp", 0.5), pool("srp_Latn", 0.7)]
    problem = world(tau, pools, ["srp"], labels=labels, max_donors=0)
    mixture = solve(problem)
    assert mixture.tokens == pytest.approx(4.8e9, rel=1e-3)
    assert mixture.targets[0].own_share == pytest.approx(1.0)


def test_catalan_with_one_donor_keeps_spanish():
    mixture = solve(shipped(["cat"], budget=200e9, max_donors=1))
    assert mixture.donors == ("spa",)


def test_fewer_than_none():
    with pytest.raises(ProblemError, match="at most -1 donors: expected a whole number from 0"):
        solve(random_world(177, max_donors=-1))


def test_none_at_all_is_proved_over_every_number_of_tokens():
    """Without donors the program is convex: bound and search are those of any other question."""
    for seed in (178, 179):
        problem = random_world(seed, languages=5, budget=40e9, max_donors=0)
        mixture = solve(problem)
        assert mixture.donors == ()
        assert mixture.certificate.engine == "interior point"
        assert mixture.certificate.exact
        assert mixture.certificate.gap <= 2.1e-5


def test_no_donors_for_one_without_text():
    problem = world([[1, 0], [0.4, 1]], [pool("b", 50.0)], max_donors=0)
    with pytest.raises(Infeasible, match="at most 0 donors collides"):
        solve(problem)


@pytest.mark.parametrize("seed", [181, 182, 183])
def test_the_bound_at_its_tokens_is_one_over_all_sets(seed):
    """What is printed as proved of mixtures of as many tokens holds for every set of k."""
    problem = random_world(seed, languages=6, targets=2, phi=0.3, budget=60e9, max_donors=1)
    mixture = solve(problem)
    proof = mixture.certificate
    assert proof.fixed_gap <= 1e-6
    here = replace(problem, budget=mixture.tokens, exact_tokens=True)
    best, part = exhaustive(here, 1), reducible(problem, proof.value)
    assert proof.value - proof.fixed_gap * part <= best + 1e-9
    assert best >= proof.value - 2e-6 * part


def test_twins_do_not_change_places():
    """Two donors alike in all: the first of them, whatever else moves."""
    tau = np.eye(4)
    tau[1:, 0] = (0.3, 0.3, 0.1)
    for decay in (0.03, 0.05, 0.2):
        problem = world(tau, [1.0, 400.0, 300.0, 300.0], budget=30e9, max_donors=1, decay=decay)
        assert solve(problem).donors == ("b",)


SOLVED = """
import sys, json
sys.path.insert(0, sys.argv[1])
from worlds import shipped
from atlasmix.mixture.solve import solve
question = shipped(["cat", "cym", "swh", "yor"], budget=200e9, max_donors=2, decay=0.1)
print("before", flush=False)
print(json.dumps(solve(question).proportions))
"""


def test_the_solver_prints_nothing():
    """HiGHS writes lines of its own to the process's stdout, past Python."""
    call = [sys.executable, "-c", SOLVED, str(Path(__file__).parent)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    first, answer = done.stdout.splitlines()
    assert first == "before"
    assert len(json.loads(answer)) == 6
    assert done.stderr == ""


def test_what_a_library_prints_goes_nowhere_and_the_rest_stays(capfd):
    print("one")
    with silent(), silent():
        os.write(1, b"noise")
        os.write(2, b"noise")
        ctypes.CDLL(None).puts(b"held back")
    print("two")
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr() == ("one\ntwo\n", "")


def test_a_process_without_stdout():
    text = "import os; os.close(1); import sys; sys.stdout = None\n" + (
        "from atlasmix.solver.linear import silent\nwith silent(): pass\n"
    )
    subprocess.run([sys.executable, "-c", text], check=True)
