"""Nothing is particular to languages: medical text from biomedical and chemistry."""

from dataclasses import replace

import numpy as np
import pytest
from judge import score, tokens_of
from worlds import pool, world

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.mixture.explain import explain
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.problem.problem import Target

LABELS = ("biomedical", "chemistry", "medical")
ISO = ("cat", "fra", "spa")
TAU = np.array([[1.0, 0.3, 0.7], [0.1, 1.0, 0.35], [0.6, 0.2, 1.0]])


def sciences(labels, **options):
    pools = [pool(label, size) for label, size in zip(labels, (2.0, 30.0, 1.0), strict=True)]
    return world(TAU, pools, [labels[2]], labels=labels, **options)


def domain(**options):
    return sciences(LABELS, axis="domain", **options)


def test_medical_from_biomedical_and_chemistry():
    mixture = solve(domain(budget=14e9))
    assert mixture.donors == ("biomedical", "chemistry")
    assert mixture.certificate.exact


def test_the_same_answer_as_for_languages():
    first, second = solve(domain()), solve(sciences(ISO))
    for one, other in zip(first.pools, second.pools, strict=True):
        assert one.tokens == pytest.approx(other.tokens)


def test_limits_prices_and_reasons_speak_of_domains():
    limit = ShareLimit("max", Selection("language", "biomedical"), 0.2)
    problem = domain(limits=(limit,), budget=14e9)
    mixture = solve(problem)
    assert mixture.proportions["biomedical"] == pytest.approx(0.2, abs=1e-6)
    assert any(price.limit == limit.name for price in mixture.prices)
    assert any("chemistry is in" in reason.sentence for reason in explain(problem, mixture))
    free = solve(domain(budget=14e9))
    assert score(problem, tokens_of(free)) <= score(problem, tokens_of(mixture)) + 1e-12


def test_a_domain_that_the_matrix_does_not_know():
    with pytest.raises(DataError, match="the transfer matrix has no domain 'physics'") as error:
        solve(replace(domain(), targets=(Target("physics"),)))
    assert not isinstance(error.value, UnknownLanguage)


def test_labels_with_one_beginning_are_two_domains():
    """srp and srp_Latn are one language in two scripts; web_code is no script of web_text."""
    labels = ("web_code", "web_text")
    pools = [pool("web_code", 50.0), pool("web_text", 1.0)]
    problem = world([[1, 0.5], [0.2, 1]], pools, ["web_text"], labels=labels, axis="domain")
    mixture = solve(problem)
    effect = mixture.targets[0]
    assert effect.own_share == pytest.approx(mixture.proportions["web_text"])
    assert effect.own_share < 0.99
    assert mixture.certificate.value == pytest.approx(float(score(problem, tokens_of(mixture))))
