"""The curse by a law that was learned: at both counts it is the law itself."""

from __future__ import annotations

import numpy as np
import pytest

from atlasmix.errors import ProblemError
from atlasmix.evidence.card import Card
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.capacity import grow, starting
from atlasmix.laws.kinds import LossLaw, TargetLaws
from atlasmix.laws.learned_curse import curse_between, typical

KEYS = ("cat", "eng", "spa")
WEIGHT = 0.25
"""τ of every pair: then a typical target is every target."""


def learned(least: float = 0.05, **other: bool) -> TargetLaws:
    facts = {"unit": "nats", "measured_on": "runs", "source": "ours", "phi": 0.2, "least": least}
    targets = tuple(
        LossLaw(key, 1.7, 300.0, 0.33, 900.0, 0.3, language=key, **facts) for key in KEYS
    )
    scores = np.full((3, 3), WEIGHT)
    np.fill_diagonal(scores, 1.0)
    status = np.full((3, 3), "own", dtype="<U9")
    matrix = TransferMatrix("m", KEYS, scores, np.zeros((3, 3)), status, Card(), "")
    given = {key: facts[key] for key in ("unit", "measured_on", "source", "phi")}
    return TargetLaws(
        "law.yaml",
        **typical(targets, 1e9, 2e10),
        **given,
        targets=targets,
        transfer=matrix,
        params=1e9,
        tokens=2e10,
        **other,
    )


@pytest.mark.parametrize("least", [0.0, 0.05, 0.5])
@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 12), (4, 2), (3, 3)])
def test_at_both_counts_the_terms_are_those_of_the_law(
    least: float, before: int, after: int
) -> None:
    """A power of K cannot follow 1 + (K - 1)·τ, nor μ + (1 - μ)/K, but it meets both ends."""
    law, params, each = learned(least), 2e9, 5e9
    curse = curse_between(law, before, after)
    for count in (before, after):
        target = law.of("cat")
        capacity = target.capacity_loss(params, 1 / count, target.phi)
        data = target.data_loss(each * (1 + (count - 1) * WEIGHT))
        assert curse.terms(count, params, each) == pytest.approx((capacity, data))


def test_equal_loss_is_equal_loss() -> None:
    """The way that capacity prints, put into the law of a target."""
    law = learned()
    curse = curse_between(law, 2, 6)
    growth = grow(curse, starting(curse, 2, 2e9, 6e10), 6)
    target = law.of("cat")

    def loss(count: int, params: float, tokens: float) -> float:
        effective = tokens / count * (1 + (count - 1) * WEIGHT)
        return target.loss(params, effective, 1 / count, target.phi)

    way = growth.cheapest
    after = loss(6, 2e9 * way.params.value, 6e10 * way.tokens.value)
    assert after == pytest.approx(loss(2, 2e9, 6e10), rel=1e-9)


def test_one_size_says_nothing_of_growth() -> None:
    with pytest.raises(ProblemError, match="all have the same parameters"):
        curse_between(learned(params_vary=False), 2, 3)
