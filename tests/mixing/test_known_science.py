"""What the literature knows of these languages comes out of the shipped evidence."""

from collections import Counter

import pytest
from worlds import own_tokens, shipped

from atlasmix.evidence import Store
from atlasmix.mixing import solve

EVIDENCE = Store().matrix("atlas-2025")
ORPHANS = [
    key for key in EVIDENCE.keys if all(score.score <= 0 for _, score in EVIDENCE.donors(key))
]


@pytest.mark.parametrize("doubt", [0.0, 1.0])
@pytest.mark.parametrize(("target", "donor"), [("cat", "spa"), ("swe", "nob"), ("ind", "zsm")])
def test_the_first_donor_is_the_nearest_relative(target, donor, doubt):
    """Budget 5 times the target's own text: four epochs are not enough and a donor is needed."""
    budget = 5 * own_tokens(shipped([target]), target)
    mixture = solve(shipped([target], budget=budget, risk_aversion=doubt))
    assert mixture.donors[0] == donor
    assert mixture.proportions[target] > 0.5
    assert mixture.certificate.gap <= 1e-6


def test_catalan_with_defaults_alone():
    mixture = solve(shipped(["cat"]))
    assert mixture.donors == ("spa",)
    assert mixture.tokens == pytest.approx(100e9)


def test_twenty_targets_have_no_donor_above_nothing():
    assert len(EVIDENCE.keys) == 38
    assert len(ORPHANS) == 20
    assert "swh" in ORPHANS


@pytest.mark.parametrize("target", ORPHANS)
def test_no_donor_helps_them_and_the_answer_says_so(target):
    """Budget 10 times the own text: it is read to its cap, and the rest is left."""
    own = own_tokens(shipped([target]), target)
    mixture = solve(shipped([target], budget=10 * own))
    assert mixture.proportions == {target: 1.0}
    assert mixture.tokens == pytest.approx(4 * own)
    assert mixture.unspent == pytest.approx(6 * own)
    assert any("no donor helps" in text and "unspent" in text for text in mixture.warnings)


def test_spend_all_forces_them():
    own = own_tokens(shipped(["swh"]), "swh")
    mixture = solve(shipped(["swh"], budget=10 * own, spend_all=True))
    assert mixture.tokens == pytest.approx(10 * own)
    assert mixture.donors
    assert not any("unspent" in text for text in mixture.warnings)


def test_no_language_is_a_top_five_donor_more_often_than_english():
    """Ties at fifth place counted: every donor that scores no less than the fifth."""
    count = Counter()
    for target in EVIDENCE.keys:
        donors = EVIDENCE.donors(target)
        fifth = donors[4][1].score
        count.update(key for key, score in donors if score.score >= fifth)
    assert count["eng"] == max(count.values())


def test_scores_that_nobody_measured_are_said():
    mixture = solve(shipped(["cat"]))
    said = "100% of Catalan's scores in atlas-2025 are predicted, not measured"
    assert said in mixture.warnings
    assert mixture.targets[0].predicted_share == 1.0
