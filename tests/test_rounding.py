"""Digits of a recipe: exact sums, gaps rounded up."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from atlasmix.quantities import MILLIONTHS, at_most, exact_parts, outward, split_tokens

_SHARES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4), st.floats(0, 1e12), min_size=1, max_size=60
).filter(lambda shares: sum(shares.values()) > 1e-6)


@given(_SHARES)
def test_proportions_sum_to_one_and_are_near(shares: dict[str, float]) -> None:
    parts = exact_parts(shares)
    assert sum(parts.values()) == MILLIONTHS
    whole = math.fsum(shares.values())
    assert all(abs(parts[name] - shares[name] / whole * MILLIONTHS) < 1.001 for name in shares)
    assert list(parts) == list(shares)


@given(_SHARES, st.integers(1, 10**18))
def test_tokens_sum_to_the_total_exactly(shares: dict[str, float], tokens: int) -> None:
    split = split_tokens(exact_parts(shares), tokens)
    assert sum(split.values()) == tokens
    assert min(split.values()) >= 0


@given(_SHARES)
def test_the_order_of_the_pools_does_not_matter(shares: dict[str, float]) -> None:
    backwards = dict(reversed(shares.items()))
    assert exact_parts(backwards) == exact_parts(shares)


@given(st.floats(0, 1))
def test_a_gap_is_never_understated(gap: float) -> None:
    assert at_most(gap) >= gap * (1 - 1e-6)
    assert at_most(gap) <= max(2 * gap, 1e-9) * (1 + 1e-9)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_range_of_shares_is_never_understated(one: float, other: float) -> None:
    low, high = outward(min(one, other), max(one, other))
    assert 0 <= low <= min(one, other) + 1e-8
    assert 1 >= high >= max(one, other) - 1e-8
    assert min(one, other) - low <= 1.001e-6
    assert high - max(one, other) <= 1.001e-6
