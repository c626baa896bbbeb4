"""What repeated tokens are worth: ATLAS Eq. 3, its derivatives and its limit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.laws.saturation import (
    DECAY_RANGE,
    DEFAULT_DECAY,
    curvature,
    marginal,
    saturate,
    value_of_unique,
)

sizes = st.floats(1e-3, 1e6)
epochs = st.floats(0.0, 60.0)
decays = st.floats(1e-3, 5.0)


@given(sizes, epochs, decays)
def test_the_formula(unique, passes, decay):
    read = passes * unique
    if read <= unique:
        expected = read
    else:
        expected = unique * (1 + (1 - math.exp(-decay * (read / unique - 1))) / decay)
    assert float(saturate(read, unique, decay)) == pytest.approx(expected, rel=1e-12)


@given(sizes, decays)
def test_the_limit(unique, decay):
    assert float(saturate(1e9 * unique, unique, decay)) == pytest.approx(unique * (1 + 1 / decay))


@given(sizes, st.floats(1.05, 30.0) | st.floats(0.01, 0.95), st.floats(1e-2, 2.0))
def test_derivatives_by_differences(unique, passes, decay):
    read, step = passes * unique, 1e-4 * unique
    values = [float(saturate(read + k * step, unique, decay)) for k in (-1, 0, 1)]
    slope = (values[2] - values[0]) / (2 * step)
    assert float(marginal(read, unique, decay)) == pytest.approx(slope, rel=1e-5, abs=1e-9)
    slopes = [float(marginal(read + k * step, unique, decay)) for k in (-1, 1)]
    bend = (slopes[1] - slopes[0]) / (2 * step)
    assert float(curvature(read, unique, decay)) == pytest.approx(bend, rel=1e-4, abs=1e-12)
    grown = [float(saturate(read, unique + k * step, decay)) for k in (-1, 1)]
    more = (grown[1] - grown[0]) / (2 * step)
    assert float(value_of_unique(read, unique, decay)) == pytest.approx(more, rel=1e-4, abs=1e-7)


@given(sizes, decays)
def test_once_differentiable_where_repetition_begins(unique, decay):
    below, above = (float(marginal(unique * (1 + side * 1e-9), unique, decay)) for side in (-1, 1))
    assert below == 1.0
    assert above == pytest.approx(1.0, abs=1e-7)


@given(sizes, epochs, epochs, decays, st.floats(0.0, 1.0))
def test_concave_rising_and_never_above_what_is_read(unique, one, other, decay, part):
    first, second = one * unique, other * unique
    between = part * first + (1 - part) * second
    chord = part * saturate(first, unique, decay) + (1 - part) * saturate(second, unique, decay)
    assert float(saturate(between, unique, decay)) >= float(chord) * (1 - 1e-12)
    assert float(saturate(max(first, second), unique, decay)) >= float(
        saturate(min(first, second), unique, decay)
    )
    assert float(saturate(first, unique, decay)) <= first * (1 + 1e-12)


@given(sizes, epochs, decays, st.floats(1e-6, 1e6))
def test_homogeneous(unique, passes, decay, factor):
    """Twice the text read twice as much is worth twice: why pools of one kind can be merged."""
    once = float(saturate(passes * unique, unique, decay))
    scaled = float(saturate(factor * passes * unique, factor * unique, decay))
    assert scaled == pytest.approx(factor * once, rel=1e-9)


def test_the_same_as_muennighoff():
    """D' = U + U·R*·(1 - e^(-R/R*)) with R* = 1/λ and R repeats (arXiv 2305.16264, Eq. 5)."""
    unique, repeats, decay = 7.0, 3.0, 0.065
    star = 1 / decay
    theirs = unique + unique * star * (1 - math.exp(-repeats / star))
    assert float(saturate(unique * 4, unique, decay)) == pytest.approx(theirs)


def test_arrays_broadcast():
    read = np.array([[1.0, 4.0], [8.0, 0.0]])
    assert saturate(read, np.array([1.0, 2.0]), 0.04).shape == (2, 2)


def test_the_default_lies_in_the_range_in_print():
    assert DECAY_RANGE[0] <= DEFAULT_DECAY <= DECAY_RANGE[1]
