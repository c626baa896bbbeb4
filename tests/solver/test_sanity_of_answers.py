"""Answers that a practitioner would act on, by bands and not by digits: the list of the issue.

An answer that is optimal and absurd is a fault of the law: "read 9B of 2T tokens, none of it
English" was once certified. Each number was seen in a prototype before the solver was written.
"""

import itertools
from dataclasses import replace
from functools import cache

import pytest
from worlds import LAW, own_tokens, shipped

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.solver.compute import at_compute

EUROPE = (
    *("cat", "spa", "eng", "por", "fra", "ita", "deu", "ron", "swe", "hrv", "ell", "ukr", "cym"),
)
REST = tuple(key for key in EUROPE if key != "eng")
ALL = (
    *("afr", "arb", "ben", "cat", "ckb", "cmn", "cym", "deu", "ell", "eng", "fil", "fra", "guj"),
    *("heb", "hrv", "ind", "ita", "jpn", "kaz", "kor", "mar", "nob", "pbt", "pes", "por", "ron"),
    *("rus", "spa", "swe", "swh", "tel", "tha", "tur", "ukr", "urd", "vie", "yor", "zsm"),
)


@cache
def answer(targets, law=LAW, **options):
    problem = shipped(targets, law=law, **options)
    return problem, solve(problem)


def k_law():
    """The exponents of ATLAS's K-law with capacity and data losses as they are at 2B and 42B."""
    law = replace(LAW, name="k-law", alpha=0.453, beta=0.147)
    return replace(
        law,
        A=LAW.capacity_loss(2e9) * 2e9**0.453,
        B=LAW.data_loss(42e9) * 42e9**0.147,
    )


def check(problem, mixture):
    """Certified, all targets with text served, no cap broken, every loss finite."""
    proof = mixture.certificate
    assert proof.exact
    assert {caveat.kind for caveat in mixture.caveats} <= {"strangers", "drowned"}
    for effect in mixture.targets:
        assert effect.own_share > 0
        assert effect.loss < 10
    assert all(share.epochs <= 4 * (1 + 1e-6) for share in mixture.pools)


def ranges(mixture):
    return {each.language: each for each in mixture.flatness}


def test_the_last_digits_of_a_linear_program_leave_nothing_unspent():
    """ "Leave 2M of 2T unspent" once stood over this answer, with a reason that was none."""
    limits = tuple(ShareLimit("min", Selection("language", key), 0.0005) for key in EUROPE)
    _, mixture = answer(EUROPE, budget=2e12, limits=limits)
    assert mixture.stopped == ""
    assert mixture.unspent <= 1e-9 * 2e12


def test_thirteen_european_targets_at_2t():
    problem, mixture = answer(EUROPE, budget=2e12)
    check(problem, mixture)
    shares = mixture.proportions
    assert mixture.tokens == pytest.approx(2e12)
    assert mixture.stopped == ""
    assert 0.06 <= shares["fra"] <= 0.14
    assert 0.06 <= shares["ell"] <= 0.13
    assert 0.06 <= shares["deu"] <= 0.13
    assert 0.03 <= shares["eng"] <= 0.10
    epochs = {share.pool.language: share.epochs for share in mixture.read}
    assert epochs["cat"] == pytest.approx(4.0, abs=1e-3)
    assert epochs["hrv"] == pytest.approx(4.0, abs=1e-3)
    assert shares["cat"] == pytest.approx(0.043, abs=0.001)
    assert shares["hrv"] == pytest.approx(0.039, abs=0.001)
    # The nine big ones share most of it, and no one of them is starved by another.
    assert min(shares[key] for key in ("fra", "deu", "spa", "ita", "por", "ron", "swe")) > 0.03


def test_strangers_come_in_only_with_a_warning():
    """Chinese and Japanese as donors of Welsh: artefacts of a predicted row, and said to be."""
    _, mixture = answer(EUROPE, budget=2e12)
    said = " | ".join(caveat.sentence for caveat in mixture.caveats)
    for donor, name in (("cmn", "Mandarin Chinese"), ("jpn", "Japanese")):
        if mixture.proportions.get(donor, 0.0) >= 0.01:
            assert "neither family nor script in common" in said
            assert f"{name} for Welsh" in said
    assert set(mixture.donors) <= {"cmn", "jpn", "pbt", "kor", "nob", "rus"}


@pytest.mark.parametrize(
    ("law", "low", "high"),
    [pytest.param(LAW, 0.15, 0.50, id="one stage"), pytest.param(k_law(), 0.15, 0.50, id="k-law")],
)
def test_english_at_a_quarter_of_the_weight(law, low, high):
    """Practice gives it 30-50 %: one-stage constants say 23 %, the K-law's exponents 29 %."""
    targets = (("eng", 4.0), *((key, 1.0) for key in REST))
    _, mixture = answer(targets, law, budget=2e12)
    share = mixture.proportions["eng"]
    print(f"English at a quarter of the weight under {law.name}: {100 * share:.1f} %")
    assert low <= share <= high


def test_the_k_law_gives_english_more_than_the_one_stage_law():
    targets = (("eng", 4.0), *((key, 1.0) for key in REST))
    shares = [answer(targets, law, budget=2e12)[1].proportions["eng"] for law in (LAW, k_law())]
    assert shares[1] > shares[0]


@pytest.mark.xfail(
    strict=True,
    reason="measured: the range ends at 7.8 %, and 20 % English costs 1.5 % of the reducible "
    "loss, not 0.5 %",
)
def test_english_that_is_no_target_is_free_up_to_a_fifth():
    """Near 0 and flat: practice with 20-30 % English would lose next to nothing."""
    _, mixture = answer(REST, budget=2e12)
    here = ranges(mixture)["eng"]
    print(f"English as no target: {here.low:.3f} to {here.high:.3f}")
    assert here.high >= 0.20


@pytest.mark.parametrize(("share", "most"), [(0.1, 0.016), (0.2, 0.034), (0.3, 0.055)])
def test_what_english_that_is_no_target_costs(share, most):
    """Near 0 at the optimum; what practice reads costs a few per cent of the reducible loss."""
    problem, mixture = answer(REST, budget=2e12)
    check(problem, mixture)
    assert mixture.proportions.get("eng", 0.0) < 0.05
    assert 0.02 <= ranges(mixture)["eng"].high <= 0.30
    limit = ShareLimit("min", Selection("language", "eng"), share)
    value = mixture.certificate.value
    forced = solve(replace(problem, limits=(limit,))).certificate.value
    assert 0 < (forced - value) / (value - LAW.E) <= most


@pytest.mark.parametrize("target", ["eng", "spa", "deu", "rus", "fra", "cmn", "jpn", "ita", "por"])
def test_a_target_with_enough_text_reads_its_own(target):
    _, mixture = answer((target,), budget=100e9)
    assert mixture.proportions[target] > 0.90


def test_catalan_reads_spanish_first():
    problem, mixture = answer(("cat",), budget=100e9)
    check(problem, mixture)
    assert mixture.proportions["cat"] > 0.5
    if mixture.donors:
        assert mixture.donors[0] == "spa"
    _, longer = answer(("cat",), budget=150e9)
    assert longer.donors[0] == "spa"
    assert longer.proportions["spa"] > 0.02


@pytest.mark.parametrize("target", ["yor", "cym", "swh"])
def test_scarce_targets_have_donors(target):
    problem, mixture = answer((target,), budget=20e9, params=1e9)
    check(problem, mixture)
    # 98.8 % Catalan was once certified as the best model of Yoruba, without a word.
    drowned = "drowned" in {caveat.kind for caveat in mixture.caveats}
    assert drowned == (mixture.targets[0].own_share < 0.02) == (target == "yor")
    assert mixture.donors
    assert mixture.targets[0].transferred > 0.5 * mixture.targets[0].own
    own = next(share for share in mixture.pools if share.pool.language == target)
    assert own.epochs == pytest.approx(4.0, abs=1e-3)


def test_thirty_eight_targets_at_1t():
    problem, mixture = answer(ALL, budget=1e12)
    check(problem, mixture)
    assert mixture.donors == ()
    assert len(mixture.targets) == 38
    assert mixture.tokens == pytest.approx(1e12)
    assert max(mixture.proportions.values()) < 0.15


NORDIC = ("swe", "nob", "deu", "eng", "ukr", "rus", "afr", "cym")
SOUTH_EAST = ("ind", "zsm", "vie", "tha", "fil", "cmn", "ben", "tel")


@pytest.mark.parametrize("targets", [NORDIC, SOUTH_EAST], ids=["Nordic", "South-East Asia"])
def test_eight_neighbours(targets):
    problem, mixture = answer(targets, budget=300e9)
    check(problem, mixture)
    assert mixture.tokens == pytest.approx(300e9)
    served = [effect.own_share for effect in mixture.targets]
    assert max(served) < 0.5
    plenty = [k for k in targets if 4 * own_tokens(problem, k) > 0.5 * 300e9]
    assert all(mixture.proportions[key] > 0.05 for key in plenty)


@pytest.mark.parametrize("target", ["yor", "cym", "swh"])
def test_a_larger_model_wants_more_effective_data(target):
    """Larger N makes capacity cheap: for a scarce target the donors never shrink."""
    data = []
    for params in (1e9, 2e9, 4e9):
        _problem, mixture = answer((target,), budget=2e12, params=params)
        data.append(mixture.targets[0].effective_data - mixture.targets[0].risk_penalty)
    for smaller, larger in itertools.pairwise(data):
        assert larger >= smaller * (1 - 0.02)
    assert data[-1] > 0.98 * data[0]


def test_a_scarce_target_never_gets_a_giant():
    """1.32T parameters and 240M tokens for Yoruba were certified once."""
    problem = shipped(("yor",), compute=1.9e21)
    chosen = at_compute(problem)
    largest = LAW.fitted_params[1]
    assert chosen.params <= 10 * largest * (1 + 1e-9)
    mixture = solve(problem)
    assert mixture.tokens > 1e9
    assert mixture.targets[0].own_share > 0
    assert 6 * chosen.params * chosen.budget <= 1.9e21 * (1 + 1e-6)
