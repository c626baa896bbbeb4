"""The default matrix: what any reader of a language's donors checks first, and where it is from."""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from atlasmix.evidence.scores import ScoreTable, parse_scores, scores_csv
from atlasmix.evidence.store import Store
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.transfer.estimation import estimate, estimated
from atlasmix.transfer.prior import load_prior
from atlasmix.transfer.relatedness import FEATURES, relatedness

LAW = load_law(DEFAULT_LAW)
MATRIX = Store().matrix("atlasmix-2026")
MODEL = estimate(MATRIX, LAW)
RELATED = relatedness(MODEL.keys)
SCRIPT = Path(__file__).parents[2] / "scripts" / "data" / "atlasmix_2026.py"
TEXT = tuple(
    key
    for key in MODEL.keys
    if any(key in Store().inventory(name).languages() for name in ("web-2026", "fineweb2-2025"))
)


def place(source, target):
    return MODEL.index(source), MODEL.index(target)


def ranked(target, among=TEXT):
    """Donors with text, by weight."""
    column = MODEL.index(target)
    others = [key for key in among if key.partition("_")[0] != target]
    return sorted(others, key=lambda key: -MODEL.weights[MODEL.index(key), column])


@pytest.mark.parametrize(
    ("target", "donors", "among"),
    [
        ("glg", ("por", "spa"), 3),
        ("cat", ("spa",), 3),
        ("oci", ("cat", "fra"), 7),
        ("fao", ("isl", "nob"), 4),
        ("afr", ("nld",), 1),
        ("ukr", ("rus", "bel"), 3),
        ("pol", ("ces", "slk"), 5),
        ("swe", ("nob", "dan"), 3),
        ("ind", ("zsm",), 1),
        ("bul", ("mkd", "srp"), 4),
        ("ekk", ("fin",), 1),
        ("gle", ("gla",), 1),
        ("hin", ("npi",), 9),
        ("jpn", ("cmn",), 1),
    ],
)
def test_the_donors_that_a_reader_expects_come_first(target, donors, among):
    """A transposed table, a shifted row or features of the wrong language break several."""
    first = ranked(target)[:among]
    assert set(donors) <= set(first), first


@pytest.mark.parametrize(
    ("target", "better", "worse"),
    [
        ("cym", "eng", "cmn"),
        ("cym", "eng", "jpn"),
        ("yor", "eng", "jpn"),
        ("yor", "eng", "pbt"),
        ("ukr", "rus", "spa"),
        ("ukr", "pol", "deu"),
        ("oci", "cat", "ron"),
        ("fao", "isl", "eng"),
        ("eus", "spa", "deu"),
        ("swe", "nob", "fra"),
    ],
)
def test_artefacts_of_the_forest_are_gone(target, better, worse):
    """Its best donors of Welsh were Chinese and Japanese; after the charge for doubt as well."""
    left = MODEL.weights - MODEL.stderr
    assert MODEL.weights[place(better, target)] > MODEL.weights[place(worse, target)]
    assert left[place(better, target)] > left[place(worse, target)]


def test_no_language_has_three_strangers_first():
    """Family, script or region (2,000 km) in common with one of the first three, or measured."""
    values = dict(zip(FEATURES, RELATED.values, strict=True))
    near = np.exp(-2.0)
    strange = []
    for target in TEXT:
        first = ranked(target)[:3]
        if not any(
            values["family"][place(key, target)]
            or values["script"][place(key, target)]
            or values["near"][place(key, target)] > near
            or MODEL.status[place(key, target)] == "measured"
            for key in first
        ):
            strange.append((target, first))
    assert not strange


def test_every_pair_of_languages_with_text_has_a_weight_an_error_and_an_origin():
    at = [MODEL.index(key) for key in TEXT]
    assert len(TEXT) > 300
    block = np.ix_(at, at)
    assert np.isfinite(MODEL.weights[block]).all()
    assert MODEL.weights[block].min() >= 0
    status = MODEL.status[block]
    assert set(np.unique(status)) == {"completed", "defined", "measured", "predicted"}
    assert np.all(MODEL.stderr[block][status != "defined"] > 0)
    assert np.all(MODEL.phi[at] > 0.05)
    assert np.all(MODEL.phi_stderr[at] > 0)


def test_what_nobody_measured_is_known_less_well():
    """Completed weights with the certainty of measured ones would be read as such."""
    spread = MODEL.stderr / (1 + MODEL.weights)
    known = MODEL.weights > 0.1  # further down the cut at 0 narrows all of them
    mean = {
        word: spread[known & (MODEL.status == word)].mean() for word in ("measured", "completed")
    }
    assert mean["completed"] > 1.5 * mean["measured"]


def test_measured_weights_stay_near_what_they_were_without_a_prior():
    """The prior is worth a few hundredths to a pair that was measured, no more."""
    alone = estimate(Store().matrix("atlas-2025"), LAW)
    rows, columns = np.nonzero(alone.status == "measured")
    ours = np.array(
        [
            MODEL.weights[place(alone.keys[row], alone.keys[column])]
            for row, column in zip(rows, columns, strict=True)
        ]
    )
    assert np.abs(ours - alone.weights[rows, columns]).mean() < 0.03
    assert np.corrcoef(ours, alone.weights[rows, columns])[0, 1] > 0.9


def test_languages_without_scores_have_the_exponent_of_the_others():
    """The tail of the belief once made it 0.15, and 12 % of a mixture."""
    unknown = [MODEL.index(key) for key in ("glg", "eus", "fao", "pol")]
    assert np.ptp(MODEL.phi[unknown]) < 1e-9
    assert 0.09 < MODEL.phi[unknown[0]] < 0.14


def test_another_script_of_a_language_is_that_language():
    assert MODEL.weights[place("srp_Latn", "srp")] == 1.0
    assert MODEL.status[place("srp_Latn", "srp")] == "defined"


def test_a_part_of_the_languages_has_the_posterior_of_the_whole():
    """A problem asks for its own languages only; the others must not move an answer."""
    part = estimated(MATRIX, LAW, None, frozenset(["glg", "eus", "oci"]))
    assert len(part.keys) < 50
    at = [MODEL.index(key) for key in part.keys]
    np.testing.assert_allclose(part.weights, MODEL.weights[np.ix_(at, at)], atol=1e-9)
    np.testing.assert_allclose(part.stderr, MODEL.stderr[np.ix_(at, at)], atol=1e-9)
    np.testing.assert_allclose(part.phi, MODEL.phi[at], atol=1e-12)


def with_own(*pairs):
    """The default matrix and own scores beside it."""
    keys = MATRIX.keys
    arrays = [MATRIX.scores.copy(), MATRIX.stderr.copy(), MATRIX.status.copy()]
    for source, target, score in pairs:
        at = keys.index(source), keys.index(target)
        for array, value in zip(arrays, (score, 0.03, "own"), strict=True):
            array[at] = value
    return dataclasses.replace(
        MATRIX, scores=arrays[0], stderr=arrays[1], status=arrays[2], name="mine"
    )


def test_own_evidence_wins_and_moves_its_neighbours():
    """Breton measured far better for Welsh than believed: it follows, and Irish a little."""
    usual = [
        (key, "cym", MODEL.score_of(float(MODEL.weights[place(key, "cym")]), "cym")[0])
        for key in ("eng", "deu", "spa", "gle", "rus", "jpn")
    ]
    before = estimate(with_own(*usual), LAW)
    high = before.score_of(0.9, "cym")[0]
    after = estimate(with_own(*usual, ("bre", "cym", high)), LAW)
    at, kin, far = place("bre", "cym"), place("gla", "cym"), place("tam", "swh")
    assert after.status[at] == "own"
    assert after.weights[at] > before.weights[at] + 0.3
    moved = after.weights[kin] - before.weights[kin]
    assert 0.003 < moved < 0.2 * (after.weights[at] - before.weights[at])
    assert after.weights[far] == pytest.approx(before.weights[far], abs=5e-3)


def test_one_score_cannot_tell_what_a_donor_gives_from_what_capacity_costs():
    """A row of a single own score: half of what it says goes to the exponent of the target."""
    score, _ = MODEL.score_of(0.9, "cym")
    after = estimate(with_own(("eng", "cym", score)), LAW)
    at, column = place("eng", "cym"), MODEL.index("cym")
    assert MODEL.weights[at] + 0.1 < after.weights[at] < 0.6
    assert after.phi[column] < MODEL.phi[column]


def test_an_own_weight_needs_no_map():
    """A matrix of weights is completed on its own scale: log(1 + τ), and no exponents."""
    card = dataclasses.replace(
        MATRIX.card, metric="transfer weight", range=(0.0, 2.0), parameters=None, tokens=None
    )
    few = ScoreTable(
        ("cat", "spa"),
        np.array([[1.0, 0.2], [0.9, 1.0]]),
        np.full((2, 2), 0.02),
        np.array([["defined", "own"], ["own", "defined"]], dtype="<U9"),
    )
    table = parse_scores(scores_csv(few), card)
    mine = dataclasses.replace(
        MATRIX,
        keys=table.keys,
        scores=table.scores,
        stderr=table.stderr,
        status=table.status,
        card=card,
    )
    found = estimate(mine, LAW)
    at = found.index("spa"), found.index("cat")
    assert found.weights[at] == pytest.approx(0.9, abs=0.15)
    assert found.status[found.index("glg"), found.index("cat")] == "completed"


def script():
    spec = importlib.util.spec_from_file_location("atlasmix_2026", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["atlasmix_2026"] = module
    spec.loader.exec_module(module)
    return module


def test_it_is_rebuilt_byte_for_byte():
    done = subprocess.run(
        [sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_it_foretells_better_than_every_baseline():
    """In root mean square error and log score, a pair and a language left out alike."""
    made = script()
    seen, _ = made.evidence(LAW)
    for by in ("pair", "language"):
        found = made.validation(seen, 0.1, by)
        ours = found.pop("posterior")
        assert all(ours[2] < each[2] for each in found.values()), by
        assert all(ours[3] > each[3] for each in found.values()), by
        assert 0.7 < ours[4] < 0.95, by


def test_a_world_without_relatedness_gives_a_prior_that_says_so():
    """Scores shuffled over the pairs: no feature is worth anything, and nothing is foretold."""
    made = script()
    seen, _ = made.evidence(LAW)
    weights, foretold = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        shuffled = seen.measured._replace(value=rng.permutation(seen.measured.value))
        noise = seen.parsing._replace(value=rng.permutation(seen.parsing.value))
        lost = dataclasses.replace(
            seen, measured=shuffled, parsing=noise, sums=(seen.sums[0][:0], seen.sums[1][:0])
        )
        weights.append(made.coefficients(lost, 0.1)[1:].sum())
        foretold.append(made.validation(lost, 0.1, "language")["posterior"][0])
    known = made.coefficients(seen, 0.1)[1:].sum()
    assert np.mean(weights) < 0.35 * known
    assert max(foretold) < 0.2


def test_the_parameters_of_a_made_world_come_back():
    """Pairs from a known prior: its weights and spreads are found again."""
    made = script()
    seen, _ = made.evidence(LAW)
    truth = dataclasses.replace(load_prior(), donor=0.06, kin=0.05, pair=0.02)
    pairs = seen.measured
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mean = truth.mean(seen.related)[pairs.source, pairs.target]
        observed = made.Observations(pairs.source, pairs.target, mean, pairs.error, seen.level)
        joint = made.seen_covariance(truth, seen.related, observed)
        value = rng.multivariate_normal(mean, joint, method="cholesky")
        known = dataclasses.replace(
            seen,
            measured=pairs._replace(value=value),
            sums=(seen.sums[0][:0], seen.sums[1][:0]),
        )
        fit = made._fit(known, 0.0, truth.imputed, truth.imputed_stderr)
        found.append((fit.coefficients[0], fit.donor, fit.kin))
    middle = np.mean(found, axis=0)
    assert middle[0] == pytest.approx(truth.coefficients[0], abs=0.12)
    assert middle[1] == pytest.approx(0.06, abs=0.02)
    assert middle[2] == pytest.approx(0.05, abs=0.03)
