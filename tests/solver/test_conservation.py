"""What goes in comes out: tokens, shares and effective data add up in every answer."""

from dataclasses import replace

import numpy as np
import pytest
from judge import alone, effective, loss, own_share, tokens_of
from worlds import pool, random_world, shipped, world

from atlasmix.mixture.solve import answer, solve
from atlasmix.problem.constraints import Selection, ShareLimit

QUESTIONS = [
    pytest.param(random_world(201, targets=1), id="one target"),
    pytest.param(random_world(202, targets=3, budget=60e9), id="much budget"),
    pytest.param(
        random_world(203, targets=2, stderr=0.1, risk_aversion=1.5, objective="worst"), id="risk"
    ),
    pytest.param(
        random_world(204, targets=2, limits=(ShareLimit("min", Selection("language", "e"), 0.2),)),
        id="limit",
    ),
    pytest.param(shipped(["cat", "por", "eng"]), id="shipped"),
]


@pytest.mark.parametrize("problem", QUESTIONS)
def test_everything_adds_up(problem):
    mixture = solve(problem)
    for share in mixture.pools:
        assert share.fresh + share.repeated == pytest.approx(share.tokens)
        assert share.fresh <= share.pool.unique_tokens * (1 + 1e-12)
        assert share.repeated >= 0
        assert share.epochs * share.pool.unique_tokens == pytest.approx(share.tokens)
        assert share.proportion * mixture.tokens == pytest.approx(share.tokens)
    assert sum(share.proportion for share in mixture.pools) == pytest.approx(1.0)
    assert sum(mixture.proportions.values()) == pytest.approx(1.0)
    assert mixture.tokens == pytest.approx(sum(share.tokens for share in mixture.pools))
    assert mixture.tokens <= problem.budget * (1 + 1e-9)
    assert mixture.tokens + mixture.unspent == pytest.approx(problem.budget)
    assert [share.pool for share in mixture.pools] == list(problem.pools)
    tokens = tokens_of(mixture)
    for effect in mixture.targets:
        key = effect.language
        assert effect.own + effect.transferred == pytest.approx(effect.effective_data)
        assert effect.effective_data == pytest.approx(effective(problem, tokens, key))
        counted = effective(problem, tokens, key, charged=True)
        assert effect.risk_penalty == pytest.approx(effect.effective_data - counted, abs=1e-3)
        assert effect.own_share == pytest.approx(own_share(problem, tokens, key))
        assert effect.loss == pytest.approx(loss(problem, tokens, key))
        both = effect.capacity_loss + effect.data_loss
        assert effect.loss == pytest.approx(problem.law.E + both)
        assert 0 <= effect.transfer_share <= 1
        # Nobody does better beside others than alone, where donors are chosen on charged weights.
        assert alone(problem, key) <= loss(problem, tokens, key, charged=True) + 1e-6
        own = sum(s.tokens for s in mixture.pools if s.pool.language == effect.language)
        assert effect.tokens == pytest.approx(own)


def test_readers_find_largest_first():
    mixture = solve(random_world(205, targets=2, budget=25e9))
    read = [share.tokens for share in mixture.read]
    assert read == sorted(read, reverse=True)
    assert len(read) == len(mixture.proportions)
    shares = list(mixture.proportions.values())
    assert shares == sorted(shares, reverse=True)
    assert set(mixture.donors) == set(mixture.proportions) - {"a", "b"}


def test_the_effect_of_a_given_mixture():
    """``answer`` judges tokens somebody else chose, without a proof."""
    problem = random_world(206, targets=2, stderr=0.1, risk_aversion=1.0)
    best = solve(problem)
    same = answer(problem, tokens_of(best))
    assert same.certificate.value == pytest.approx(best.certificate.value)
    assert same.certificate.engine == "given"
    assert same.certificate.gap == np.inf
    even = answer(problem, np.full(6, problem.budget / 6))
    assert even.certificate.value >= best.certificate.value


def test_warnings_of_scale_repeats_and_estimates():
    problem = shipped(["cat"], params=70e9, budget=200e9)
    said = " | ".join(solve(problem).warnings)
    assert "measured at 2.03B parameters and are used at 70B: transfer may differ" in said
    assert "is read 4 epochs, its cap" in said
    near = " | ".join(solve(replace(problem, params=2e9)).warnings)
    assert "transfer may differ" not in near


def test_estimated_tokens_are_called_estimates():
    rough = replace(pool("a", 2.0), obtained="estimated")
    other = replace(pool("b", 20.0), unit="other words")
    said = " | ".join(solve(world([[1, 0], [0.4, 1]], [rough, other])).warnings)
    assert "unique tokens are estimates from bytes for" in said
    assert "counted in 2 different units" in said
