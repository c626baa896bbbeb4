"""The definition of BTS under the law, solved by hand and by bisection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_matrices import LAW, PARAMS, TOKENS

from atlasmix.evidence.card import Card
from atlasmix.transfer.bts import (
    ATLAS_PARAMS,
    ATLAS_TOKENS,
    balance,
    log_scale,
    measured_at,
    most_phi,
    phi_of,
    score_of_weight,
    scores_at,
)

RATIO = balance(LAW, PARAMS, TOKENS)


def solved(phi: float, weight: float, params: float, tokens: float) -> float:
    """BTS by bisection on the tokens at which both losses of the law are equal."""
    alone = LAW.loss(params, tokens)
    low, high = tokens * 1e-3, tokens * 1e6
    for _ in range(200):
        middle = np.sqrt(low * high)
        both = LAW.loss(params, middle * (1 + weight) / 2, own_share=0.5, phi=phi)
        low, high = (middle, high) if both > alone else (low, middle)
    return 2 - low / tokens


@given(st.floats(0.02, 0.5), st.floats(0, 1.5), st.floats(1e9, 4e9), st.floats(2e10, 2e11))
def test_the_closed_form_is_the_definition(phi, weight, params, tokens):
    weights = np.array([[1.0, weight], [0.0, 1.0]])
    given_back = scores_at(LAW, np.array([phi, phi]), weights, params, tokens)[0, 1]
    assert given_back == pytest.approx(solved(phi, weight, params, tokens), rel=1e-6, abs=1e-6)


@given(st.floats(0.01, 1.2))
def test_phi_and_scale_are_inverse(phi):
    assert phi_of(log_scale(phi, RATIO, LAW.beta), RATIO, LAW.beta) == pytest.approx(phi)


def test_without_interference_a_donor_that_gives_nothing_scores_zero():
    assert score_of_weight(0.0, np.exp(log_scale(0.0, RATIO, LAW.beta))) == pytest.approx(0.0)
    assert score_of_weight(1.0, 1.0) == 1.0


def test_beyond_the_most_phi_half_the_tokens_are_never_enough():
    most = most_phi(RATIO)
    assert np.isfinite(log_scale(most, RATIO, LAW.beta))
    lost = scores_at(LAW, np.array([most * 1.01]), np.ones((1, 1)), PARAMS, TOKENS)
    assert lost[0, 0] == -np.inf


def test_a_card_that_does_not_say_is_read_as_atlas():
    assert measured_at(Card(metric="BTS")) == (ATLAS_PARAMS, ATLAS_TOKENS)
    assert measured_at(Card(metric="BTS", parameters=1e9, tokens=1e10)) == (1e9, 1e10)
