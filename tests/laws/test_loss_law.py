"""Loss from parameters and effective data, its inverse, and the cards that hold the constants."""

import math
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.errors import DataError
from atlasmix.laws.kinds import DEFAULT_PHI, DEFAULT_PHI_RANGE, LossLaw
from atlasmix.laws.shelf import DEFAULT_LAW, load_law, read_card, read_law, shipped_laws

CARD = {
    "name": "mine",
    "unit": "nats per token",
    "measured_on": "a toy",
    "source": "nowhere",
    "constants": {"E": 1.5, "A": 400.0, "alpha": 0.34, "B": 410.0, "beta": 0.28},
}
LAWS = sorted(shipped_laws())


def write(folder, card, name="mine.yaml"):
    path = folder / name
    path.write_text(card if isinstance(card, str) else yaml.safe_dump(card), encoding="utf-8")
    return path


def without(*keys, **constants):
    card = {key: value for key, value in CARD.items() if key not in keys}
    if "constants" in card:
        card["constants"] = {**CARD["constants"], **constants}
    return card


@pytest.mark.parametrize("name", LAWS)
def test_the_formula(name):
    law = load_law(name)
    expected = law.E + law.A / 2e9**law.alpha + law.B / 1e11**law.beta
    assert law.loss(2e9, 1e11) == pytest.approx(expected)
    assert law.capacity_term(2e9) == pytest.approx(expected - law.B / 1e11**law.beta)


@given(st.sampled_from(LAWS), st.floats(1e6, 1e12), st.floats(1e6, 1e14))
def test_tokens_for_inverts_loss(name, params, tokens):
    law = load_law(name)
    assert law.tokens_for(params, law.loss(params, tokens)) == pytest.approx(tokens, rel=1e-6)


@pytest.mark.parametrize("name", LAWS)
def test_no_data_no_end_of_loss(name):
    law = load_law(name)
    assert law.loss(2e9, 0.0) == math.inf
    assert law.loss(2e9, -5.0) == math.inf
    assert law.tokens_for(2e9, law.capacity_term(2e9)) == math.inf
    assert law.tokens_for(2e9, 0.1) == math.inf


@pytest.mark.parametrize("name", LAWS)
def test_shipped_laws_say_where_they_come_from(name):
    law = load_law(name)
    assert law.name == name
    assert law.unit
    assert law.measured_on
    assert law.source


def test_the_default_is_shipped():
    assert DEFAULT_LAW in LAWS


def test_a_law_of_ones_own(tmp_path):
    law = load_law(str(write(tmp_path, CARD)))
    assert law == LossLaw(
        "mine", 1.5, 400.0, 0.34, 410.0, 0.28, "nats per token", "a toy", "nowhere"
    )


def test_no_irreducible_loss_is_allowed(tmp_path):
    assert read_law(write(tmp_path, without(E=0))).E == 0.0


def test_an_unknown_law():
    with pytest.raises(
        DataError, match=r"no law 'kaplan': expected one of atlas-2025-curse, .*hoffmann-2022"
    ):
        load_law("kaplan")


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (without("unit"), "unit is missing"),
        (without("source"), "source is missing"),
        (without("constants"), "constants is missing: expected a mapping with E, A, alpha, B and"),
        ({**CARD, "decy": 0.1}, "no field 'decy': did you mean decay"),
        ({**CARD, "decay": -1}, "decay is -1: expected a number from 0.0001 to 100"),
        ({**CARD, "kind": "kaplan"}, "kind is 'kaplan': expected one of chinchilla, data-constr"),
        (without(gamma=1), "constants.gamma is not one of E, A, alpha, B and beta"),
        ({**CARD, "intervals": {"E": [1, 2]}}, "intervals_are is missing"),
        ({**CARD, "intervals": {"E": [2, 1]}, "intervals_are": "x"}, r"intervals.E is \[2, 1\]"),
        ({**CARD, "intervals": {"q": [1, 2]}, "intervals_are": "x"}, "speaks of no constant"),
        ({**CARD, "also_fitted": [1]}, "also_fitted is no mapping of names to numbers"),
        ({**CARD, "fitted_on": {"size": [1, 2]}}, "fitted_on is no mapping such as"),
        (without(B=0), r"constants.B is 0: expected a number above 0"),
        (without(beta=-0.3), r"constants.beta is -0.3: expected a number above 0"),
        (without(alpha="0.3"), r"constants.alpha is '0.3': expected a number"),
        (without(A=True), r"constants.A is True: expected a number"),
        (without(E=math.nan), r"constants.E is nan: expected a number"),
        (without(E=-1.0), r"constants.E is -1.0: expected a number"),
        ("- a\n- b\n", "holds list: expected the card of one law"),
        ("", "holds NoneType: expected the card of one law"),
        ("a: [1", r"mine.yaml is not plain YAML in line 2"),
        ("x" * 70_000, "mine.yaml has 65,537 bytes: expected at most 65,536"),
        ("!!python/object/apply:os.system ['true']", "is not plain YAML"),
    ],
)
def test_refusals(tmp_path, card, words):
    with pytest.raises(DataError, match=words):
        read_law(write(tmp_path, card))


def test_every_fault_is_named_at_once(tmp_path):
    with pytest.raises(DataError) as error:
        read_law(write(tmp_path, without("unit", B=0, beta="x")))
    assert len(error.value.faults) == 3


def test_binary(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        read_law(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="or the path of a card"):
        load_law(str(tmp_path / "none.yaml"))
    with pytest.raises(DataError, match=r"no file .*none.yaml: check the path"):
        read_law(tmp_path / "none.yaml")


@given(st.sampled_from(LAWS), st.floats(1e15, 1e28))
def test_the_best_size_for_fresh_text(name, compute):
    """Hoffmann Eq. 4 against the loss itself: no neighbour at the same compute is better."""
    law = load_law(name)
    params = law.best_params(compute)

    def loss(size):
        return law.loss(size, compute / (6 * size))

    assert loss(params) <= min(loss(params * 1.01), loss(params / 1.01))
    assert law.params_for(compute / (6 * params)) == pytest.approx(params, rel=1e-9)


def test_a_small_own_share_costs_capacity_alone():
    law = load_law(DEFAULT_LAW)
    alone, shared = law.loss(2e9, 1e11), law.loss(2e9, 1e11, own_share=0.25, phi=0.11)
    capacity = law.A / 2e9**law.alpha
    assert shared - alone == pytest.approx(capacity * (4**0.11 - 1))
    assert law.capacity_loss(2e9, 0.25, 0.11) == pytest.approx(capacity * 4**0.11)
    assert law.loss(2e9, 1e11, own_share=0.25) == alone
    assert law.loss(2e9, 1e11, own_share=1.0, phi=0.3) == alone


@given(st.sampled_from(LAWS), st.floats(0.01, 1.0), st.floats(0.0, 0.5))
def test_a_share_works_like_a_smaller_model_that_reads_nothing_else(name, share, phi):
    law = load_law(name)
    smaller = 2e9 * share ** (phi / law.alpha)
    assert law.capacity_loss(2e9, share, phi) == pytest.approx(law.capacity_loss(smaller))


def test_no_share_and_no_data_are_without_end():
    law = load_law(DEFAULT_LAW)
    assert law.capacity_loss(2e9, 0.0, 0.1) == math.inf
    assert law.loss(2e9, 1e11, own_share=0.0, phi=0.1) == math.inf
    assert math.isfinite(law.loss(2e9, 1e11, own_share=0.0))
    assert law.data_loss(0.0) == math.inf
    assert law.data_loss(1e11) == pytest.approx(law.B / 1e11**law.beta)


def test_a_card_without_phi_has_the_default(tmp_path):
    law = read_law(write(tmp_path, CARD))
    assert (law.phi, law.phi_range) == (DEFAULT_PHI, DEFAULT_PHI_RANGE)
    assert law.fitted_tokens is None


def test_a_card_with_phi(tmp_path):
    card = {**CARD, "phi": 0.06, "phi_is": "guessed", "fitted_on": {"tokens": [1e9, 1e11]}}
    law = read_law(write(tmp_path, card))
    assert law.phi == 0.06
    # As wide, in proportion, as the default's.
    assert law.phi_range == pytest.approx((0.06 * 0.08 / 0.11, 0.06 * 0.17 / 0.11))
    assert law.fitted_tokens == (1e9, 1e11)
    found = read_card(write(tmp_path, {**card, "phi_range": [0.05, 0.07]}))
    assert found.phi_is == "guessed"
    assert found.law.phi_range == (0.05, 0.07)
    spans = {"intervals": {"phi": [0.04, 0.08]}, "intervals_are": "95 % bootstrap"}
    assert read_law(write(tmp_path, {**card, **spans})).phi_range == (0.04, 0.08)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"phi": -0.1}, r"phi is -0.1: expected a number from 0 to 1, such as 0.11"),
        ({"phi": "small"}, "phi is 'small': expected a number from 0 to 1"),
        ({"phi_range": [0.1, 0.2]}, "phi_range is given without phi: add phi"),
        ({"phi_is": "guessed"}, "phi_is is given without phi: add phi"),
        (
            {"phi": 0.1, "phi_range": [0.2, 0.3]},
            r"the range of phi is \[0.2, 0.3\]: expected \[low",
        ),
        ({"phi": 0.1, "phi_range": 0.2}, r"the range of phi is 0.2: expected \[low, high\]"),
        (
            {
                "phi": 0.1,
                "phi_range": [0, 1],
                "intervals": {"phi": [0, 1]},
                "intervals_are": "x",
            },
            "phi_range and intervals.phi are both given: keep one of them",
        ),
        ({"intervals": {"phi": [0, 1]}, "intervals_are": "x"}, "intervals.phi speaks of no const"),
    ],
)
def test_a_phi_that_cannot_be(tmp_path, more, words):
    with pytest.raises(DataError) as caught:
        read_law(write(tmp_path, {**CARD, **more}))
    assert re.search(words, " ".join(caught.value.faults))


def test_phi_belongs_to_laws_that_drive_a_solve(tmp_path):
    more = {"phi": 0.1, "kind": "data-constrained"}
    repeated = {**CARD["constants"], "R_D": 15.0}
    with pytest.raises(DataError) as caught:
        read_card(write(tmp_path, {**CARD, **more, "constants": {**repeated, "R_N": 5.0}}))
    assert "phi does not belong beside the constants of this law" in " ".join(caught.value.faults)
    assert read_law(write(tmp_path, {**CARD, **more, "constants": repeated})).phi == 0.1


def test_each_law_of_a_table_has_its_own_phi(tmp_path):
    names = ("language", "regime", "E", "ln_A", "alpha", "ln_B", "beta", "unique_tokens")
    row = dict(zip(names, ("cat", "mono", 0.7, 6.0, 0.4, 8.0, 0.4, 1e9), strict=True))
    table = {key: CARD[key] for key in ("name", "unit", "measured_on", "source")}
    table |= {"kind": "per-language", "regimes": {"mono": "alone"}, "phi_is": "guessed"}
    card = read_card(write(tmp_path, {**table, "laws": [row, {**row, "phi": 0.05}]}))
    assert [one.law.phi for one in card.law.rows] == [DEFAULT_PHI, 0.05]
    faults = []
    for rows, more in (([{**row, "phi": 7}], {}), ([row], {"phi": 0.1})):
        with pytest.raises(DataError) as caught:
            read_card(write(tmp_path, {**table, **more, "laws": rows}))
        faults += caught.value.faults
    assert faults[0] == "laws 1: phi is 7: expected a number from 0 to 1, such as 0.11"
    assert faults[1] == "phi belongs to the laws of a table, one each: write it into the rows"


def test_an_interval_of_what_was_also_fitted(tmp_path):
    more = {"also_fitted": {"tau spa": 0.4}, "intervals": {"tau spa": [0.3, 0.5]}}
    card = read_card(write(tmp_path, {**CARD, **more, "intervals_are": "95 % bootstrap"}))
    assert [(one.constant, one.low) for one in card.intervals] == [("tau spa", 0.3)]
