"""Which scores become transfer weights, by which map, and which are refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_matrices import LAW, matrix_of

from atlasmix.errors import DataError, ProblemError, UnknownLanguage
from atlasmix.evidence.store import Store
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.model import weight_of

LAW_OF_TESTS = dataclasses.replace(LAW, phi=0.12, phi_range=(0.08, 0.18))


@pytest.mark.parametrize(
    ("score", "calibration"), [(1.9999999, None), (1.0, "affine:1e9,0"), (0.0, "affine:1,-2e6")]
)
def test_a_weight_that_no_token_has_is_refused(score, calibration):
    with pytest.raises(DataError, match=r"cat for eng in 'ours' scores .* expected at most 1e6"):
        estimate(matrix_of([[1.0, score], [np.nan, 1.0]]), LAW, calibration)


@pytest.mark.parametrize("calibration", [None, "weight"])
def test_the_diagonal_is_one_and_sure(calibration):
    found = estimate(matrix_of([[0.7, 0.1], [0.2, np.nan]]), LAW, calibration)
    assert np.diag(found.weights).tolist() == [1.0, 1.0]
    assert np.diag(found.stderr).tolist() == [0.0, 0.0]
    assert np.diag(found.status).tolist() == ["defined", "defined"]
    assert np.isnan(np.diag(found.residual)).all()


@pytest.mark.parametrize("calibration", [None, "weight", "affine:2,0.5"])
def test_a_missing_pair_is_worth_nothing(calibration):
    found = estimate(matrix_of([[1.0, np.nan], [0.2, 1.0]]), LAW, calibration)
    assert found.weights[0, 1] == 0.0
    assert found.stderr[0, 1] == 0.0
    assert found.status[0, 1] == ""
    assert np.isnan(found.residual[0, 1])


def test_scores_that_are_weights_already():
    matrix = matrix_of([[1.0, 0.3], [0.2, 1.0]], metric="transfer weight")
    found = estimate(matrix, LAW_OF_TESTS)
    assert found.weights[0, 1] == 0.3
    assert found.stderr[0, 1] == pytest.approx(0.1)
    assert found.calibration == "weight"
    assert found.phi.tolist() == [0.12, 0.12]
    assert found.phi_stderr == pytest.approx(0.05)
    assert found.law == LAW.name


def test_a_weight_below_zero_is_none_and_its_residual_says_so():
    matrix = matrix_of([[1.0, -0.3], [0.2, 1.0]], metric="transfer weight")
    found = estimate(matrix, LAW)
    assert found.weights[0, 1] == 0.0
    assert found.stderr[0, 1] == pytest.approx(0.1)
    assert found.residual[0, 1] == pytest.approx(-0.3)
    assert found.residual[1, 0] == pytest.approx(0.0)


def test_affine():
    matrix = Store().matrix("langrank-2019-dep")
    found = estimate(matrix, LAW, "affine:0.01,-0.2")
    place = matrix.index("bul"), matrix.index("ces")
    assert found.weights[place] == pytest.approx(0.01 * matrix.scores[place] - 0.2)
    assert found.stderr[place] == pytest.approx(0.01 * 0.003)
    assert found.calibration == "affine:0.01,-0.2"
    nothing = (found.weights == 0) & (found.status != "")
    assert np.all(found.residual[nothing] <= 0)


@pytest.mark.parametrize("name", ["langrank-2019-dep", "langrank-2019-mt"])
def test_another_metric_needs_a_named_calibration(name):
    with pytest.raises(ProblemError, match=r"scores on a scale from 0 to .* name a calibration"):
        estimate(Store().matrix(name), LAW)


@pytest.mark.parametrize("calibration", ["bts", "weight"])
def test_another_metric_is_not_on_the_scale_of_tokens(calibration):
    with pytest.raises(ProblemError, match=f"calibration {calibration} does not fit"):
        estimate(Store().matrix("langrank-2019-mt"), LAW, calibration)


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        ("linear", "no calibration 'linear': expected bts, weight or 'affine"),
        ("affine:1", "expected two finite numbers"),
        ("affine:1,2,3", "expected two finite numbers"),
        ("affine:nan,0", "expected two finite numbers"),
        ("affine:0,1", "a slope that is not 0"),
        ("affine:-1,0", "higher is better: give the slope the other sign"),
    ],
)
def test_bad_calibrations_are_refused(calibration, words):
    with pytest.raises(ProblemError, match=words):
        estimate(Store().matrix(), LAW, calibration)


def test_a_metric_where_lower_is_better_wants_a_falling_line():
    matrix = matrix_of([[0, 3.0], [2.5, 0]], metric="loss", direction="lower is better")
    found = estimate(matrix, LAW, "affine:-0.5,1.5")
    assert found.weights[0, 1] == pytest.approx(0.0)
    assert found.weights[1, 0] == pytest.approx(0.25)
    with pytest.raises(ProblemError, match="lower is better: give the slope the other sign"):
        estimate(matrix, LAW, "affine:0.5,0")


def test_bts_of_two_is_refused():
    with pytest.raises(DataError, match="BTS of cat for eng in 'ours' is 2: expected less than 2"):
        estimate(matrix_of([[1.0, 2.0], [0.0, 1.0]]), LAW)


def test_an_unknown_language_names_the_nearest():
    with pytest.raises(UnknownLanguage, match="has no language 'cax': the nearest are"):
        Store().matrix().index("cax")
    with pytest.raises(UnknownLanguage, match="has no language 'cax'") as caught:
        estimate(Store().matrix(), LAW).index("cax")
    assert "tca" in caught.value.suggestions


def test_arrays_are_read_only():
    matrix, model = Store().matrix(), estimate(Store().matrix(), LAW)
    arrays = (matrix.scores, matrix.stderr, matrix.status, model.weights, model.phi, model.residual)
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array.flat[0] = 0


@given(st.floats(0.0, 3.0), st.sampled_from(["cat", "jpn", "yor"]))
def test_the_score_behind_a_weight(weight, target):
    model = estimate(Store().matrix(), LAW)
    score, slope = model.score_of(weight, target)
    scale = model.scale[model.index(target)]
    assert 2 * scale / (2 - score) - 1 == pytest.approx(weight, abs=1e-9)
    near = 2 * scale / (2 - score - 1e-6) - 1
    assert slope == pytest.approx((near - weight) / 1e-6, rel=1e-3)


def test_the_score_behind_a_weight_by_other_maps():
    plain = estimate(matrix_of([[1, 0.3], [0.2, 1]], metric="transfer weight"), LAW)
    assert plain.score_of(0.25, "cat") == (0.25, 1.0)
    falling = matrix_of([[0, 3.0], [2.5, 0]], metric="loss", direction="lower is better")
    line = estimate(falling, LAW, "affine:-0.5,1.5")
    assert line.score_of(0.25, "cat") == (2.5, 0.5)


def test_a_weight_gives_its_score_back():
    """Measured scores against φ, predicted ones against the baseline of their own row."""
    matrix = Store().matrix("atlas-2025")
    model = estimate(matrix, LAW)
    for source, target in np.argwhere((model.weights > 0) & ~np.eye(len(model.keys), dtype=bool)):
        predicted = model.status[source, target] == "predicted"
        weight, key = float(model.weights[source, target]), model.keys[target]
        score, _ = model.score_of(weight, key, predicted=predicted)
        # All but what the prior takes of it, which is the residual.
        assert score + model.residual[source, target] == pytest.approx(
            matrix.scores[source, target]
        )
        assert abs(model.residual[source, target]) < 0.01


def test_at_its_own_score_a_pair_is_as_estimated():
    matrix = Store().matrix("atlas-2025")
    for each, calibration in ((matrix, None), (matrix, "weight")):
        model = estimate(each, LAW, calibration)
        for source, target in (("spa", "cat"), ("cmn", "cym"), ("ita", "yor"), ("eng", "deu")):
            score, pair = matrix.pair(source, target), (model.index(source), model.index(target))
            found = model.at_score(source, target, score.score, score.stderr)
            assert found == pytest.approx((model.weights[pair], model.stderr[pair]))


@pytest.mark.parametrize("kappa", [0.0, 0.5, 1.0, 2.0, 3.0])
def test_a_better_score_never_leaves_less_after_the_charge(kappa):
    """φ and baseline held. σ that grew as 1/(2 - score) turned this down from BTS 1.2 at κ = 1."""
    matrix = Store().matrix()
    model = estimate(matrix, LAW)
    for target in ("cat", "cym", "yor", "eng", "jpn", "cmn"):
        for source in ("spa", "deu", "cmn"):
            if source == target or model.status[model.index(source), model.index(target)] == "":
                continue
            stderr = matrix.pair(source, target).stderr
            found = [model.at_score(source, target, s, stderr) for s in np.linspace(-1, 1.8, 57)]
            left = np.array([max(tau - kappa * sigma, 0.0) for tau, sigma in found])
            assert np.all(np.diff(left) >= -1e-12)
            assert np.all(np.diff([tau for tau, _ in found]) >= -1e-12)


@pytest.mark.parametrize("error", [0.03, 0.1, 0.3])
def test_the_charge_never_takes_more_from_a_better_score(error):
    """At every κ that may be asked; near κ·error = 1 it leaves nothing of any weight."""
    tau, sigma = weight_of(np.linspace(-1.0, 6.0, 4000), np.array(error))
    for kappa in (0.0, 0.5, 1.0, 3.0, 9.0, 30.0, 100.0):
        left = np.maximum(tau - kappa * sigma, 0.0)
        assert np.all(np.diff(left) >= -1e-12)
        if kappa * error < 0.8 or kappa * error >= 1:
            assert left.any() == (kappa * error < 1)
