"""From score to transfer weight."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.errors import DataError, ProblemError, UnknownLanguage
from atlasmix.evidence import Card, Store, TransferMatrix, calibrate


def matrix_of(scores: list[list[float]], **card: object) -> TransferMatrix:
    """A matrix of measured pairs; nan marks a pair that the study does not have."""
    array = np.array(scores, dtype=float)
    status = np.where(np.isnan(array), "", "measured").astype("<U9")
    described = dataclasses.replace(
        Card(metric="BTS", direction="higher is better", range=(-np.inf, 2.0)), **card
    )
    keys = ("cat", "eng", "spa")[: len(array)]
    stderr = np.where(np.isnan(array), np.nan, 0.1)
    return TransferMatrix("ours", keys, array, stderr, status, described, "0" * 64)


def test_bts_of_one_is_a_weight_of_one():
    weights = calibrate(matrix_of([[1.0, 1.0], [0.0, 1.0]]))
    assert weights.weights.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert weights.calibration == "bts"


@given(st.floats(-3, 1.9))
def test_bts_satisfies_its_definition(score: float):
    weight = calibrate(matrix_of([[1.0, score], [0.0, 1.0]])).weights[0, 1]
    d_mono = 1.0
    d_bi = (2 - score) * d_mono
    assert d_bi * (1 + weight) / 2 == pytest.approx(d_mono)
    assert weight > -1


@given(st.floats(-3, 1.8))
def test_the_standard_error_is_the_slope_times_that_of_the_score(score: float):
    step = 1e-6
    low, middle, high = (
        calibrate(matrix_of([[1.0, at], [0.0, 1.0]])) for at in (score - step, score, score + step)
    )
    slope = (high.weights[0, 1] - low.weights[0, 1]) / (2 * step)
    assert middle.stderr[0, 1] == pytest.approx(0.1 * slope, rel=1e-4)


@pytest.mark.parametrize(
    ("score", "calibration"), [(1.9999999, None), (1.0, "affine:1e9,0"), (0.0, "affine:1,-2e6")]
)
def test_a_weight_that_no_token_has_is_refused(score: float, calibration: str | None):
    with pytest.raises(DataError, match=r"cat for eng in 'ours' scores .* expected at most 1e6"):
        calibrate(matrix_of([[1.0, score], [np.nan, 1.0]]), calibration)


def test_the_diagonal_is_one_and_sure():
    weights = calibrate(matrix_of([[0.7, 0.1], [0.2, np.nan]]))
    assert np.diag(weights.weights).tolist() == [1.0, 1.0]
    assert np.diag(weights.stderr).tolist() == [0.0, 0.0]
    assert np.diag(weights.status).tolist() == ["defined", "defined"]


@pytest.mark.parametrize("calibration", [None, "weight", "affine:2,0.5"])
def test_a_missing_pair_is_worth_nothing(calibration: str | None):
    weights = calibrate(matrix_of([[1.0, np.nan], [0.2, 1.0]]), calibration)
    assert weights.weights[0, 1] == 0.0
    assert weights.stderr[0, 1] == 0.0
    assert weights.status[0, 1] == ""


def test_scores_that_are_weights_already():
    matrix = matrix_of([[1.0, 0.3], [0.2, 1.0]], metric="transfer weight")
    weights = calibrate(matrix)
    assert weights.weights[0, 1] == 0.3
    assert weights.stderr[0, 1] == pytest.approx(0.1)
    assert weights.calibration == "weight"


def test_affine():
    weights = calibrate(Store().matrix("langrank-2019-dep"), "affine:0.01,-0.2")
    matrix = Store().matrix("langrank-2019-dep")
    place = matrix.index("bul"), matrix.index("ces")
    assert weights.weights[place] == pytest.approx(0.01 * matrix.scores[place] - 0.2)
    assert weights.stderr[place] == pytest.approx(0.01 * 0.003)
    assert weights.calibration == "affine:0.01,-0.2"


@pytest.mark.parametrize("name", ["langrank-2019-dep", "langrank-2019-mt"])
def test_another_metric_needs_a_named_calibration(name: str):
    with pytest.raises(ProblemError, match=r"scores on a scale from 0 to .* --calibration"):
        calibrate(Store().matrix(name))


@pytest.mark.parametrize("calibration", ["bts", "weight"])
def test_another_metric_is_not_on_the_scale_of_tokens(calibration: str):
    with pytest.raises(ProblemError, match=f"--calibration {calibration} does not fit"):
        calibrate(Store().matrix("langrank-2019-mt"), calibration)


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        ("linear", "no calibration 'linear': expected"),
        ("affine:1", "expected two finite numbers"),
        ("affine:1,2,3", "expected two finite numbers"),
        ("affine:nan,0", "expected two finite numbers"),
        ("affine:0,1", "a slope that is not 0"),
        ("affine:-1,0", "higher is better: give the slope the other sign"),
    ],
)
def test_bad_calibrations_are_refused(calibration: str, words: str):
    with pytest.raises(ProblemError, match=words):
        calibrate(Store().matrix(), calibration)


def test_a_metric_where_lower_is_better_wants_a_falling_line():
    matrix = matrix_of([[0, 3.0], [2.5, 0]], metric="loss", direction="lower is better")
    assert calibrate(matrix, "affine:-0.5,1.5").weights[0, 1] == pytest.approx(0.0)
    with pytest.raises(ProblemError, match="lower is better: give the slope the other sign"):
        calibrate(matrix, "affine:0.5,0")
    assert [key for key, _ in matrix.donors("cat")] == ["eng"]


def test_bts_of_two_is_refused():
    with pytest.raises(DataError, match="BTS of cat for eng in 'ours' is 2: expected less than 2"):
        calibrate(matrix_of([[1.0, 2.0], [0.0, 1.0]]))


def test_an_unknown_language_names_the_nearest():
    with pytest.raises(UnknownLanguage, match="has no language 'caa': the nearest are cat"):
        Store().matrix().index("caa")
    with pytest.raises(UnknownLanguage, match="has no language 'caa'") as caught:
        calibrate(Store().matrix()).index("caa")
    assert "cat" in caught.value.suggestions


def test_arrays_are_read_only():
    matrix = Store().matrix()
    for array in (matrix.scores, matrix.stderr, matrix.status, calibrate(matrix).weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0
