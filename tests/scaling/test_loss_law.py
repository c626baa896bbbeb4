"""Loss from parameters and effective data, its inverse, and the cards that hold the constants."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.errors import DataError
from atlasmix.scaling import LossLaw, load_law, read_law, shipped_laws
from atlasmix.scaling.laws import DEFAULT_LAW

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
    with pytest.raises(DataError, match=r"none.yaml cannot be read \(No such file"):
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
