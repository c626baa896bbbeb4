"""Why a donor is in or out: its threshold is real, the score just on either side of it decides."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import matrix, random_world, shipped, world

from atlasmix.evidence import calibrate
from atlasmix.mixing import Selection, ShareLimit, explain, solve

STEP = 0.004


def with_score(problem, source, target, score):
    """The same problem with one score changed, its standard error kept."""
    scores = np.array(problem.matrix.scores)
    i, j = problem.matrix.index(source), problem.matrix.index(target)
    scores[i, j] = score
    metric = problem.matrix.card.metric
    evidence = matrix(scores, problem.matrix.stderr, problem.matrix.keys, metric)
    return replace(problem, matrix=evidence, transfer=calibrate(evidence))


def reads(problem, source):
    return solve(problem).proportions.get(source, 0.0) > 1e-5


def check(problem, reason):
    above = with_score(problem, reason.language, reason.target, reason.threshold + STEP)
    below = with_score(problem, reason.language, reason.target, reason.threshold - STEP)
    assert reads(above, reason.language), reason
    assert not reads(below, reason.language), reason


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"targets": 1, "budget": 25e9, "max_epochs": 16.0}, id="one target"),
        pytest.param({"targets": 2, "budget": 15e9}, id="two targets"),
        pytest.param(
            {"targets": 1, "budget": 20e9, "stderr": 0.1, "risk_aversion": 1.0}, id="risk"
        ),
    ],
)
@pytest.mark.parametrize("seed", [231, 232, 233])
def test_thresholds_are_real(options, seed):
    problem = random_world(seed, languages=5, **options)
    mixture = solve(problem)
    reasons = explain(problem, mixture)
    assert {r.language for r in reasons if r.proportion > 0} == set(mixture.donors)
    tried = 0
    for reason in reasons:
        if reason.threshold is None or not np.isfinite(reason.threshold):
            continue
        # A score that several targets share in: only its own pair is moved, in both directions.
        if reason.threshold - STEP > 0 and reason.threshold + STEP < 1:
            check(problem, reason)
            tried += 1
    assert tried >= 1


def test_on_paper():
    """Own text stops at 4 epochs of 1B; below b's 0.5 there is c's 0.3 to take its place."""
    tau = np.eye(3)
    tau[1, 0], tau[2, 0] = 0.5, 0.3
    problem = world(tau, [1.0, 50.0, 50.0], budget=10e9)
    inside, outside = explain(problem, solve(problem))
    assert (inside.language, inside.status) == ("b", "measured")
    assert inside.threshold == pytest.approx(0.3, abs=1e-6)
    assert inside.worth == pytest.approx(0.5)
    assert "b is in: a token is worth 0.50 a tokens" in inside.sentence
    assert "below a transfer weight of 0.30 it would leave" in inside.sentence
    assert outside.language == "c"
    assert outside.proportion == 0
    assert outside.threshold == pytest.approx(0.5, abs=1e-6)
    assert "from a transfer weight of 0.50 it would come in" in outside.sentence


def test_thresholds_in_the_metric_of_the_study():
    """BTS of 0.4 is τ = 0.25; the sentence speaks of BTS."""
    scores = np.eye(3)
    scores[1, 0], scores[2, 0] = 0.4, 0.2
    problem = world(scores, [1.0, 50.0, 50.0], budget=10e9, metric="BTS")
    inside = explain(problem, solve(problem))[0]
    assert inside.weight == pytest.approx(0.25)
    assert inside.threshold == pytest.approx(0.2, abs=1e-6)
    assert "below a BTS of 0.20 it would leave" in inside.sentence


def test_a_donor_that_only_a_limit_keeps():
    tau = np.eye(2)
    limits = (ShareLimit("min", Selection("language", "b"), 0.2),)
    problem = world(tau, [20.0, 20.0], limits=limits)
    reason = explain(problem, solve(problem))[0]
    assert reason.threshold is None
    assert "the limits need it whatever its score" in reason.sentence


def test_catalan():
    problem = shipped(["cat"])
    reasons = explain(problem, solve(problem))
    assert reasons[0].language == "spa"
    assert reasons[0].sentence.startswith("Spanish is in: a token is worth")
    assert reasons[0].status == "predicted"
    assert reasons[0].threshold < reasons[0].score
    assert all(r.threshold is None or r.threshold > r.score for r in reasons[1:])
    assert len(reasons) == 6


@pytest.mark.parametrize("interference", [0.0, 1.0])
def test_one_that_helps_nobody_is_judged_by_its_best_score(interference):
    """c harms a more than b; with harm counted as 0 both look alike."""
    tau = np.eye(3)
    tau[2, 0], tau[2, 1] = -0.4, -0.1
    problem = world(tau, [20.0, 20.0, 20.0], targets=["a", "b"], interference=interference)
    reason = explain(problem, solve(problem))[0]
    assert (reason.language, reason.target, reason.score) == ("c", "b", -0.1)
    assert "its best score is -0.1" in reason.sentence
