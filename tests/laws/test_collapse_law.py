"""Error, diversity and types under training on own text: formulas against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import generate, play, word_ids

from atlasmix.errors import ProblemError
from atlasmix.laws.collapse import (
    ACCUMULATION_LIMIT,
    amplification,
    amplification_by_accumulation,
    amplification_with_replay,
    diversity_retention,
    human_share,
    least_human_share,
    type_retention,
)

shares = st.floats(0.0, 1.0)
spectra = st.lists(st.integers(1, 10_000), min_size=1, max_size=20)
generations = st.integers(1, 40)


@given(st.floats(0.01, 1.0))
def test_share_and_amplification_are_inverse(h):
    assert float(human_share(amplification(h))) == pytest.approx(h, abs=1e-7)


def test_amplification_is_that_of_a_gaussian_mean():
    """Means learned from a share h of fresh draws, the rest from the model before: h² + (1-h)h."""
    rng = np.random.default_rng(0)
    h, size, worlds = 0.25, 40, 20_000
    mean = np.zeros(worlds)
    fresh = round(h * size)
    for _ in range(40):
        human = rng.normal(0.0, 1 / math.sqrt(fresh), worlds)
        own = rng.normal(mean, 1 / math.sqrt(size - fresh))
        mean = h * human + (1 - h) * own
    assert np.var(mean) * size == pytest.approx(float(amplification(h)), rel=0.03)


def test_a_pile_that_grows_errs_at_most_as_one_with_the_share_of_its_limit():
    errors = [amplification_by_accumulation(each) for each in (1, 2, 12, 4000)]
    assert errors[:2] == [1.0, 1.25]
    assert errors == sorted(errors)
    assert errors[-1] == pytest.approx(ACCUMULATION_LIMIT, abs=3e-4)
    assert float(human_share(ACCUMULATION_LIMIT)) == pytest.approx(
        1 - math.sqrt(1 - 6 / math.pi**2)
    )


@given(st.floats(0.01, 1.0))
def test_replayed_text_is_never_better_than_itself_alone(h):
    assert float(amplification_with_replay(h)) >= 1 / h
    assert float(amplification_with_replay(h)) >= float(amplification(h))


@pytest.mark.parametrize("h", [0.0, 0.1, 0.3])
def test_gini_simpson_of_a_multinomial_that_learns_from_itself(h):
    """A wrong power of 1 - h in the rate or in the limit shows here."""
    rng = np.random.default_rng(1)
    types, n, worlds = 30, 15, 4_000
    truth = rng.dirichlet(np.ones(types))
    model = np.tile(truth, (worlds, 1))
    for generation in range(1, 13):
        model = h * truth + (1 - h) * rng.multinomial(n, model) / n
        kept = (1 - np.mean(np.sum(model**2, axis=1))) / (1 - np.sum(truth**2))
        assert float(diversity_retention(h, generation, n)) == pytest.approx(kept, abs=0.01)


@given(st.floats(0.01, 1.0), st.floats(1.5, 500.0))
def test_diversity_settles_where_the_amplification_says(h, n):
    settled = 1 / (1 + (float(amplification(h)) - 1) / n)
    assert float(diversity_retention(h, 100_000, n)) == pytest.approx(settled, rel=1e-6)


def test_the_popular_figure_is_one_n():
    assert float(diversity_retention(0.0, 25, 21.3)) == pytest.approx(0.3, abs=0.002)


def _zipf_counts(types=3_000, top=2_000.0):
    return np.ceil(top / np.arange(1, types + 1)).astype(np.int64)


@pytest.mark.parametrize("h", [0.0, 0.05, 0.2, 0.5])
def test_types_of_a_unigram_model_that_learns_from_itself(h):
    """Each training text is drawn from the model before, a share h of it from the human counts."""
    rng = np.random.default_rng(2)
    human = _zipf_counts()
    size, truth = int(human.sum()), human / human.sum()
    fresh = round(h * size)
    trained = human
    for generation in range(1, 16):
        kept = np.mean(rng.multinomial(size, trained / size) > 0)
        assert type_retention(human, h, generation) == pytest.approx(kept, abs=0.025)
        own = rng.multinomial(size - fresh, trained / size)
        trained = own + rng.multinomial(fresh, truth)


@pytest.mark.parametrize(("h", "error"), [(0.0, 0.02), (0.1, 0.05)])
def test_types_of_a_trigram_model_of_a_play_that_learns_from_itself(h, error):
    """The error that the docstring states, on text that the formula has never seen."""
    rng = np.random.default_rng(3)
    human = word_ids(play())
    counts = np.bincount(human)
    fresh = round(h * len(human))
    trained = human
    for generation in range(1, 26):
        output = generate(trained, len(human), rng)
        if generation in (1, 5, 25):
            kept = np.mean(np.bincount(output, minlength=len(counts)) > 0)
            assert type_retention(counts, h, generation) == pytest.approx(kept, abs=error)
        at = int(rng.integers(len(human)))
        trained = np.r_[np.roll(human, -at)[:fresh], output[: len(human) - fresh]]


@given(spectra, shares, generations)
def test_without_human_text_types_never_fall_below_the_published_bound(counts, h, generation):
    bound = np.mean(-np.expm1(-np.array(counts) / generation))
    assert type_retention(counts, 0.0, generation) >= bound - 1e-12
    assert type_retention(counts, h, generation) >= bound - 1e-12


@given(spectra, shares, shares, generations)
def test_types_left_grow_with_the_share_and_shrink_with_the_generations(counts, h, other, g):
    low, high = sorted((h, other))
    assert type_retention(counts, low, g) <= type_retention(counts, high, g) + 1e-12
    assert type_retention(counts, h, g + 1) <= type_retention(counts, h, g) + 1e-12


@given(spectra, shares, generations)
def test_a_spectrum_is_its_counts(counts, h, generation):
    values, types = np.unique(counts, return_counts=True)
    together = type_retention(values, h, generation, types)
    assert together == pytest.approx(type_retention(counts, h, generation))


@given(spectra, shares, generations)
def test_the_least_share_is_enough_and_the_least(counts, retention, generation):
    share = least_human_share(counts, retention, generation)
    if share is None:
        assert type_retention(counts, 1.0, generation) < retention
    else:
        assert type_retention(counts, share, generation) >= retention
        assert not share or type_retention(counts, share - 1e-5, generation) < retention


def test_rare_words_need_more_human_text():
    rich, poor = [1] * 70 + [20] * 30, [1] * 30 + [20] * 70
    assert least_human_share(rich, 0.4, 25) > 2 * least_human_share(poor, 0.4, 25)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: amplification(1.2), "human share 1.2: expected a share from 0 to 1"),
        (lambda: amplification(float("nan")), "human share nan"),
        (lambda: human_share(0.9), "amplification 0.9: expected at least 1"),
        (lambda: diversity_retention(0.1, -1, 20), "generation -1: expected a whole number of at"),
        (lambda: diversity_retention(0.1, 1, 1.0), "1.0 tokens a context: expected more than 1"),
        (lambda: type_retention([], 0.1, 5), r"counts of shape \(0,\)"),
        (lambda: type_retention([0, 3], 0.1, 5), "expected counts of at least 1"),
        (lambda: type_retention([1, 3], 0.1, 5, [1]), r"types of shape \(1,\)"),
        (
            lambda: type_retention([1], 0.1, 0),
            "generation 0: expected a whole number",
        ),
        (lambda: type_retention([1], 0.1, 1.5), "generation 1.5"),
        (lambda: least_human_share([1], 1.2, 5), "type retention 1.2: expected a share"),
    ],
)
def test_what_has_no_answer_is_refused(call, match):
    with pytest.raises(ProblemError, match=match):
        call()
