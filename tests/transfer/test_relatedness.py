"""Features of pairs of languages, and the prior made of them."""

import dataclasses

import numpy as np
import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.trigrams import cosine
from atlasmix.languages.tables import languages
from atlasmix.transfer.prior import load_prior
from atlasmix.transfer.relatedness import FEATURES, declarations, relatedness

KEYS = tuple(languages())
EVERY = relatedness(KEYS)


def feature(name, key, other):
    return EVERY.values[FEATURES.index(name), KEYS.index(key), KEYS.index(other)]


def test_features_are_symmetric_parts_of_one():
    """A feature read one way round would give a language other relatives than it is one of."""
    known = EVERY.values[~np.isnan(EVERY.values)]
    assert known.min() >= 0
    assert known.max() <= 1
    np.testing.assert_array_equal(EVERY.values, EVERY.values.transpose(0, 2, 1))


def test_kinship_is_a_correlation():
    """With an eigenvalue below 0 the posterior of some pair would have a negative variance."""
    np.testing.assert_allclose(np.diag(EVERY.kin), 1.0)
    assert np.linalg.eigvalsh(EVERY.kin).min() > -1e-9


@pytest.mark.parametrize(
    ("key", "near", "far"),
    [("glg", "por", "fra"), ("afr", "nld", "swe"), ("ukr", "bel", "ces"), ("gle", "gla", "cym")],
)
def test_the_nearer_relative_is_nearer_in_trigrams_and_in_descent(key, near, far):
    """From Glottolog and the declaration as published; a shifted row would break all of these."""
    for name in ("trigrams", "depth"):
        assert feature(name, key, near) > feature(name, key, far), name


def test_trigrams_of_the_table_are_those_of_the_profiles():
    """The shipped square table against a direct count of two profiles."""
    profiles = declarations()
    for key, other in (("cat", "spa"), ("fao", "isl"), ("jpn", "cmn")):
        assert feature("trigrams", key, other) == pytest.approx(
            cosine(profiles[key], profiles[other]) ** 1.5, abs=2e-3
        )


def test_a_sample_of_ones_own_takes_the_place_of_the_declaration():
    """Spanish text under the name of a language without one makes it as near as Spanish is."""
    sample = {"abt": declarations()["spa"]}
    mine = relatedness(("abt", "cat", "spa"), sample)
    theirs = relatedness(("abt", "cat", "spa"))
    assert np.isnan(theirs.values[0, 0, 1])
    assert mine.values[0, 0, 2] == pytest.approx(1.0)
    assert mine.values[0, 0, 1] == pytest.approx(feature("trigrams", "cat", "spa"), abs=2e-3)


def test_a_language_of_no_table_is_refused():
    with pytest.raises(DataError, match="no language 'zzz'"):
        relatedness(("cat", "zzz"))


def test_another_script_is_the_same_language():
    """Descent and trigrams are the language's; only the script differs."""
    both = relatedness(("srp", "srp_Latn"))
    expected = dict.fromkeys(FEATURES, 1.0) | {"script": 0.0}
    assert {name: both.values[at, 0, 1] for at, name in enumerate(FEATURES)} == expected


@pytest.mark.parametrize("at", range(len(FEATURES)), ids=FEATURES)
def test_a_closer_relative_never_gets_a_lower_prior(at):
    """All else equal. A fit that is free in sign makes sharing a script a fault."""
    prior = load_prior()
    rng = np.random.default_rng(at)
    values = rng.uniform(size=(6, 40, 40))
    closer = values.copy()
    closer[at] = np.minimum(values[at] + rng.uniform(size=(40, 40)), 1.0)
    means = [
        prior.mean(dataclasses.replace(EVERY, keys=KEYS[:40], values=each, kin=np.eye(40)))
        for each in (values, closer)
    ]
    assert np.all(means[1] >= means[0])


def test_a_missing_text_is_made_up_for_by_the_other_features_and_costs_certainty():
    prior = load_prior()
    values = EVERY.values[:, :40, :40].copy()
    values[0] = np.nan
    few = dataclasses.replace(EVERY, keys=KEYS[:40], values=values, kin=np.eye(40))
    assert np.isfinite(prior.mean(few)).all()
    assert np.all(prior.own_variance(few) > prior.pair**2)


def test_an_unknown_prior_is_refused_with_what_there_is():
    with pytest.raises(DataError, match=r"no prior 'relatednes-2026'.*relatedness-2026"):
        load_prior("relatednes-2026")
