"""φ and τ from scores: what made the scores comes back, with errors that are true."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_matrices import LAW, PARAMS, TOKENS, made, matrix_of, scores_of

from atlasmix.evidence.store import Store
from atlasmix.transfer.bts import balance, phi_of
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.model import RelatednessPrior

RATIO = balance(LAW, PARAMS, TOKENS)


def off_diagonal(matrix):
    return ~np.eye(len(matrix.keys), dtype=bool)


@pytest.mark.parametrize("seed", range(4))
def test_what_made_the_scores_comes_back(seed):
    phi, weights, matrix = made(seed)
    found = estimate(matrix, LAW)
    assert np.median(np.abs(found.phi / phi - 1)) < 0.12
    error = (found.weights - weights)[off_diagonal(matrix)]
    assert np.sqrt(np.mean(error**2)) < 0.035
    assert abs(error.mean()) < 0.015


def test_the_errors_are_true():
    inside_phi, inside_tau = [], []
    for seed in range(12):
        phi, weights, matrix = made(seed)
        found = estimate(matrix, LAW)
        inside_phi.append(np.abs(found.phi - phi) <= 2 * found.phi_stderr)
        off = off_diagonal(matrix)
        inside_tau.append(np.abs(found.weights - weights)[off] <= 2 * found.stderr[off])
    assert np.mean(inside_phi) >= 0.9
    assert np.mean(inside_tau) >= 0.9
    # One standard error holds two in three, not nearly all: the errors are not padded.
    assert np.mean(found.stderr) < 0.06


def test_more_noise_is_more_doubt():
    quiet, loud = (estimate(made(3, noise=noise)[2], LAW) for noise in (0.01, 0.2))
    off = off_diagonal(quiet)
    assert np.all(loud.stderr[off] > quiet.stderr[off])
    assert loud.phi_stderr.mean() > quiet.phi_stderr.mean()


def test_other_constants_give_other_exponents_and_the_same_weights():
    phi = np.full(20, 0.11)
    weights = made(0, size=20)[1]
    other = dataclasses.replace(LAW, A=LAW.A * 1.5)
    one, two = (estimate(matrix_of(scores_of(phi, weights), 0.03), law) for law in (LAW, other))
    assert np.median(two.phi) == pytest.approx(np.median(one.phi) / 1.5, rel=0.1)
    assert np.allclose(one.weights, two.weights, atol=0.01)
    assert np.allclose(
        estimate(matrix_of(scores_of(phi * 0.7, weights, other), 0.03), other).phi.mean(),
        0.077,
        rtol=0.15,
    )


def test_scores_are_given_back_where_the_weight_is_above_zero():
    matrix = made(5)[2]
    found = estimate(matrix, LAW)
    given_back = found.bts_at(LAW, PARAMS, TOKENS)
    used = off_diagonal(matrix) & (found.weights > 0)
    assert np.abs(matrix.scores - given_back)[used].max() < 0.01
    assert np.abs(found.residual[used]).max() < 0.01


def test_a_score_below_what_no_help_gives_is_reported_and_not_clipped():
    matrix = made(1)[2]
    scores = matrix.scores.copy()
    scores[4, 7] = -2.5
    found = estimate(matrix_of(scores, 0.03), LAW)
    assert found.weights[4, 7] == 0
    assert found.stderr[4, 7] > 0
    lowest = 2 - 2 * found.scale[7]
    assert found.residual[4, 7] == pytest.approx(-2.5 - lowest)
    assert found.residual[4, 7] < -1.5
    # One slip does not become the baseline of its row.
    clean = estimate(matrix, LAW)
    assert found.phi[7] == pytest.approx(clean.phi[7], rel=0.05)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 37), st.integers(0, 37), st.floats(0.01, 0.8))
def test_a_better_score_never_gives_a_smaller_weight(source, target, more):
    matrix = Store().matrix()
    if source == target:
        return
    scores = matrix.scores.copy()
    scores[source, target] += more
    before, after = (
        estimate(each, LAW) for each in (matrix, dataclasses.replace(matrix, scores=scores))
    )
    assert after.weights[source, target] >= before.weights[source, target] - 1e-9


def test_within_a_target_weights_are_in_the_order_of_the_scores():
    """Of scores alone; where a prior completes them it has its say."""
    matrix = Store().matrix("atlas-2025")
    found = estimate(matrix, LAW)
    for target in range(len(matrix.keys)):
        for status in ("measured", "predicted"):
            rows = np.flatnonzero(matrix.status[:, target] == status)
            order = rows[np.argsort(matrix.scores[rows, target], kind="stable")]
            assert np.all(np.diff(found.weights[order, target]) >= -1e-12)


def test_the_order_of_the_languages_does_not_matter():
    matrix = Store().matrix()
    order = np.random.default_rng(0).permutation(len(matrix.keys))
    mixed = dataclasses.replace(
        matrix,
        keys=tuple(matrix.keys[place] for place in order),
        scores=matrix.scores[np.ix_(order, order)],
        stderr=matrix.stderr[np.ix_(order, order)],
        status=matrix.status[np.ix_(order, order)],
    )
    plain, permuted = estimate(matrix, LAW), estimate(mixed, LAW)
    assert np.allclose(permuted.weights, plain.weights[np.ix_(order, order)], atol=1e-9)
    assert np.allclose(permuted.phi, plain.phi[order], atol=1e-9)


def test_the_same_scores_give_the_same_numbers_to_the_last_digit():
    one, two = estimate(Store().matrix(), LAW), estimate(Store().matrix(), LAW)
    for name in ("weights", "stderr", "phi", "phi_stderr", "residual", "level", "scale"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_a_row_without_a_score_has_the_exponent_of_the_others():
    scores = made(2, size=12)[2].scores.copy()
    scores[:, 3] = np.nan
    scores[3, 3] = 1.0
    found = estimate(matrix_of(scores, 0.03), LAW)
    others = np.delete(found.phi, 3)
    assert abs(np.log(found.phi[3] / np.median(others))) < 0.25
    assert found.phi_stderr[3] > 1.4 * np.median(np.delete(found.phi_stderr, 3))
    assert found.weights[:, 3].sum() == 1
    assert np.isnan(found.residual[:, 3]).all()


def test_fewer_than_three_measured_rows_take_the_exponent_of_the_law():
    law = dataclasses.replace(LAW, phi=0.3, phi_range=(0.25, 0.36))
    empty = np.full((3, 3), np.nan)
    np.fill_diagonal(empty, 1.0)
    found = estimate(matrix_of(empty), law)
    assert np.allclose(found.phi, 0.3, rtol=0.1)
    assert np.all(found.weights == np.eye(3))


def test_the_level_of_predicted_rows_is_doubted_and_their_order_kept():
    _, weights, matrix = made(6, size=24)
    scores = matrix.scores.copy()
    scores[:, 20] -= 1.2  # a forest that mistook the level of a whole row
    scores[20, 20] = 1.0
    status = matrix.status.copy()
    status[:, 18:] = np.where(status[:, 18:] == "measured", "predicted", status[:, 18:])
    changed = dataclasses.replace(matrix, scores=scores, status=status)
    found = estimate(changed, LAW)
    as_scored = phi_of(np.log(found.scale[20] - found.level[20] / 2), RATIO, LAW.beta)
    assert found.phi[20] < 0.6 * as_scored
    assert found.phi_stderr[20] > 0.05
    assert found.level[20] < -0.6
    assert np.all(found.level[:18] == 0)
    donors = np.delete(np.arange(24), 20)
    agree = np.corrcoef(found.weights[donors, 20], weights[donors, 20])[0, 1]
    assert agree > 0.9


def test_a_prior_moves_a_doubtful_score_and_hardly_a_sure_one():
    matrix = made(7, size=12, noise=0.02)[2]
    high = RelatednessPrior(np.full((12, 12), 0.5), np.full((12, 12), 0.1))
    sure = estimate(matrix, LAW), estimate(matrix, LAW, prior=high)
    stderr = np.full_like(matrix.stderr, 0.5)
    vague = dataclasses.replace(matrix, stderr=stderr)
    doubted = estimate(vague, LAW), estimate(vague, LAW, prior=high)
    off = off_diagonal(matrix)
    moved = [np.mean((after.weights - before.weights)[off]) for before, after in (sure, doubted)]
    assert 0 < moved[0] < 0.1 < moved[1]
    assert np.all(doubted[1].stderr[off] < 0.16)


def test_it_is_quick():
    import time

    matrix = Store().matrix("atlas-2025")
    estimate(matrix, LAW)
    started = time.process_time()
    for _ in range(5):
        estimate(matrix, LAW)
    assert (time.process_time() - started) / 5 < 0.1
