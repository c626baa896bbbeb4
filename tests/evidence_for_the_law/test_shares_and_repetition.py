"""The law against what is printed: the K-law, repetition, and the capacity of half the tokens."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.io.shipped import data_folder
from atlasmix.laws.kinds import DEFAULT_PHI
from atlasmix.laws.saturation import saturate
from atlasmix.laws.shelf import DEFAULT_CURSE, DEFAULT_LAW, load_curse, load_law

LAW = load_law(DEFAULT_LAW)


@given(st.integers(1, 400), st.floats(0.0, 0.5), st.floats(1e8, 1e12))
def test_even_shares_cost_capacity_as_the_k_law_says(languages, phi, params):
    crowded = LAW.capacity_loss(params, 1 / languages, phi)
    assert crowded == pytest.approx(languages**phi * LAW.capacity_loss(params), rel=1e-9)


def test_the_printed_exponent_is_within_the_range_of_the_default_law():
    low, high = LAW.phi_range
    assert load_curse(DEFAULT_CURSE).phi == DEFAULT_PHI
    assert low <= DEFAULT_PHI <= high
    assert low <= LAW.phi <= high


def test_half_the_tokens_keep_most_of_the_capacity(script):
    # CroissantLLM: above 0.82; K-law of ATLAS: 2^-0.243 = 0.845.
    module = script("evidence/shares_and_capacity")
    middle, least, most = module.half(LAW)
    assert 0.74 <= least <= middle <= most <= 0.90
    assert module.counted(LAW, 0.5, LAW.phi) == middle
    # It is what the law means by a smaller model that reads nothing else.
    assert LAW.capacity_loss(2e9, 0.5, LAW.phi) == pytest.approx(LAW.capacity_loss(middle * 2e9))
    assert module.even_growth(LAW, 13, 0.11) == pytest.approx(13**0.11)


def test_repetition_is_worth_what_it_was():
    # Muennighoff et al.: four epochs are nearly as good as fresh text, forty are worth little more.
    assert LAW.decay == pytest.approx(0.0369, abs=5e-5)
    worth = saturate(np.array([1.0, 4.0, 16.0, 40.0, 1e5]), 1.0, LAW.decay)
    assert worth.round(1).tolist() == [1.0, 3.8, 12.5, 21.7, 28.1]
    assert worth[-1] == pytest.approx(1 + 1 / LAW.decay)


def test_the_default_law_predicts_the_runs_behind_it():
    path = data_folder() / "runs" / "datablations-fit182.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    size, read, unique, loss = (
        np.array([float(row[name]) for row in rows])
        for name in ("n_params", "tokens", "unique_tokens", "val_loss")
    )
    effective = saturate(read, unique, LAW.decay)
    predicted = [LAW.loss(*pair) for pair in zip(size, effective, strict=True)]
    spread = np.sum((loss - loss.mean()) ** 2)
    assert 1 - np.sum((loss - predicted) ** 2) / spread == pytest.approx(0.9384, abs=2e-4)
    # The printed constants of two stages, in the same form and with their own decay: 0.7354.
    other = load_law("muennighoff-2023-data-only")
    effective = saturate(read, unique, other.decay)
    predicted = [other.loss(*pair) for pair in zip(size, effective, strict=True)]
    assert 1 - np.sum((loss - predicted) ** 2) / spread == pytest.approx(0.7354, abs=2e-4)
