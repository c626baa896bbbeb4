"""A law at one point against its formula, and through the command line."""

from __future__ import annotations

import math

import pytest

from atlasmix.errors import AtlasMixError
from atlasmix.laws.evaluation import evaluate
from atlasmix.laws.shelf import law_card, load_law


@pytest.mark.parametrize("name", ["besiroglu-2024", "datablations-2023-one-stage"])
def test_fresh_tokens_are_the_plain_formula(name: str) -> None:
    law = load_law(name)
    point = evaluate(name, 7e9, 242e9)
    formula = law.E + law.A / 7e9**law.alpha + law.B / 242e9**law.beta
    assert point.loss == pytest.approx(formula)
    assert (point.effective_tokens, point.epochs) == (242e9, 1.0)


def test_repeats_are_worth_less() -> None:
    law = load_law("datablations-2023-one-stage")
    point = evaluate(law.name, 7e9, 242e9, 25e9)
    assert law.decay is not None
    worth = 25e9 * (1 + (1 - math.exp(-law.decay * (242 / 25 - 1))) / law.decay)
    assert point.effective_tokens == pytest.approx(worth)
    assert point.loss == pytest.approx(law.E + law.A / 7e9**law.alpha + law.B / worth**law.beta)
    assert point.loss > evaluate(law.name, 7e9, 242e9).loss


def test_a_law_with_excess_parameters_is_its_own_formula() -> None:
    law = law_card("muennighoff-2023-excess").law
    point = evaluate("muennighoff-2023-excess", 7e9, 242e9, 25e9)
    assert point.loss == law.loss(7e9, 242e9, 25e9)
    assert point.loss == pytest.approx(point.irreducible + point.capacity + point.data)


@pytest.mark.parametrize(
    ("name", "unique", "said"),
    [
        ("besiroglu-2024", 1e12, "expected at most as many"),
        ("atlas-2025-curse", None, "cannot drive a solve"),
        ("atlas-2025-languages", None, "one is named in full"),
        ("besiroglu", None, "did you mean besiroglu-2024"),
    ],
)
def test_what_cannot_be_said(name: str, unique: float | None, said: str) -> None:
    with pytest.raises(AtlasMixError, match=said):
        evaluate(name, 7e9, 242e9, unique)
