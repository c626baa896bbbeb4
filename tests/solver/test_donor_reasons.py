"""Why a donor is in or out: its threshold is real, the score just on either side of it decides."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import matrix, random_world, shipped, with_phi, world

from atlasmix.mixture.explain import explain
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.transfer.estimation import estimate

STEP = 0.004


def with_score(problem, source, target, score):
    """The same problem with one score changed, its standard error kept."""
    scores = np.array(problem.matrix.scores)
    i, j = problem.matrix.index(source), problem.matrix.index(target)
    scores[i, j] = score
    evidence = matrix(scores, problem.matrix.stderr, problem.matrix.keys, axis="domain")
    transfer = with_phi(estimate(evidence, problem.law), problem.transfer.phi)
    return replace(problem, matrix=evidence, assumed=transfer)


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
        pytest.param({"targets": 1, "budget": 20e9}, id="one target"),
        pytest.param({"targets": 2, "budget": 12e9}, id="two targets"),
        pytest.param(
            {"targets": 1, "budget": 20e9, "stderr": 0.1, "risk_aversion": 1.0}, id="risk"
        ),
    ],
)
@pytest.mark.parametrize("seed", [231, 232, 233])
def test_thresholds_are_real(options, seed):
    """At exactly these tokens: with T free a donor may be read a little to either side."""
    problem = random_world(seed, languages=5, exact_tokens=True, **options)
    mixture = solve(problem)
    reasons = explain(problem, mixture)
    large = {key for key in mixture.donors if mixture.proportions[key] > 1e-6}
    assert {r.language for r in reasons if r.proportion > 1e-6} == large
    for reason in reasons:
        if reason.threshold is None or not np.isfinite(reason.threshold):
            continue
        # A score that several targets share in: only its own pair is moved, in both directions.
        if reason.threshold - STEP > 0 and reason.threshold + STEP < 1:
            check(problem, reason)


def test_on_paper():
    """Own text stops at 4 epochs of 1B; below b's 0.5 there is c's 0.3 to take its place."""
    tau = np.eye(3)
    tau[1, 0], tau[2, 0] = 0.5, 0.3
    problem = world(tau, [1.0, 50.0, 50.0], budget=10e9, exact_tokens=True)
    inside, outside = explain(problem, solve(problem))
    assert (inside.language, inside.status) == ("b", "measured")
    assert inside.threshold == pytest.approx(0.3, abs=1e-6)
    assert inside.worth == pytest.approx(0.5)
    assert "b is in: a token is worth 0.50 a tokens" in inside.sentence
    assert "below a transfer weight of 0.30 it would leave" in inside.sentence
    assert outside.language == "c"
    assert outside.proportion == pytest.approx(0, abs=1e-6)
    assert outside.threshold == pytest.approx(0.5, abs=1e-4)
    assert "from a transfer weight of 0.50 it would come in" in outside.sentence


def test_a_donor_that_only_a_limit_keeps():
    limits = (ShareLimit("min", Selection("language", "b"), 0.2),)
    problem = world(np.eye(2), [20.0, 20.0], limits=limits)
    reason = explain(problem, solve(problem))[0]
    assert reason.threshold is None
    assert "the limits need it whatever its score" in reason.sentence


def test_catalan():
    problem = shipped(["cat"], budget=150e9)
    reasons = explain(problem, solve(problem))
    assert reasons[0].language == "spa"
    assert reasons[0].sentence.startswith("Spanish is in: a token is worth")
    assert reasons[0].status == "predicted"
    assert reasons[0].threshold < reasons[0].score
    outside = [r for r in reasons if r.proportion == 0]
    assert outside
    assert all(r.threshold is None or r.threshold > r.score - 1e-6 for r in outside)


def test_one_that_gives_nothing_is_judged_by_its_best_weight():
    """c gives b a little and a nothing; both are well served without it."""
    tau = np.eye(3)
    tau[2, 1] = 0.05
    problem = world(tau, [20.0, 20.0, 20.0], targets=["a", "b"])
    reason = explain(problem, solve(problem))[0]
    assert (reason.language, reason.target, reason.score) == ("c", "b", 0.05)
    assert "its best score is +0.1" in reason.sentence or "+0.0" in reason.sentence


def at_score(problem, reason, score):
    """The same problem had the pair scored this; φ and the baseline of the row are held."""
    transfer = problem.transfer
    pair = transfer.index(reason.language), transfer.index(reason.target)
    weights, errors = np.array(transfer.weights), np.array(transfer.stderr)
    weights[pair], errors[pair] = transfer.at_score(
        reason.language, reason.target, score, reason.stderr
    )
    return replace(problem, assumed=replace(transfer, weights=weights, stderr=errors))


@pytest.mark.parametrize(
    ("target", "budget", "least"),
    [("cym", 20e9, -0.5), ("yor", 20e9, -1.3), ("cat", 150e9, 0.1)],
)
def test_thresholds_of_predicted_rows_are_real(target, budget, least):
    """Welsh and Yoruba lie low: what is read of them scores below 0, and so do thresholds."""
    problem = shipped([target], budget=budget, exact_tokens=True)
    mixture = solve(problem)
    reasons = [r for r in explain(problem, mixture) if r.threshold is not None]
    inside = [r for r in reasons if r.proportion > 0]
    assert inside
    for reason in (*inside[:3], *[r for r in reasons if r.proportion == 0][:2]):
        assert reason.threshold > least
        assert reads(at_score(problem, reason, reason.threshold + 0.01), reason.language)
        assert not reads(at_score(problem, reason, reason.threshold - 0.01), reason.language)


@pytest.mark.parametrize(
    "targets", [["cym"], ["yor"], ["cat"], ["swh", "eng"], ["cat", "cym", "swh", "yor"]]
)
def test_every_score_lies_on_its_side_of_its_threshold(targets):
    problem = shipped(targets, budget=100e9)
    for reason in explain(problem, solve(problem), left_out=40):
        if reason.threshold is None:
            continue
        if reason.proportion > 1e-4:
            assert reason.score >= reason.threshold, reason
        elif reason.proportion == 0:
            assert reason.score <= reason.threshold, reason
