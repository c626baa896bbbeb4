"""Units: shares of tokens for those that draw sequences, shares of documents for the others."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from export_samples import BY_NAME, NAMES, THREE, Shares, export, recipe_of
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_readers import weights_in

from atlasmix.errors import ProblemError, SolverFailed
from atlasmix.interop.exporters.plan import Run, check_sum, exact_weights
from atlasmix.io.safe_yaml import plain_decimal

LENGTHS = {"cat.human.hplt-v4": 50.0, "spa.human.hplt-v4": 100.0, "gsw_Latn.human.wiki": 25.0}
TOKEN_CONSUMERS = [one.name for one in BY_NAME.values() if one.unit == "tokens"]
DOCUMENT_CONSUMERS = [one.name for one in BY_NAME.values() if one.unit == "documents"]

shares = st.lists(st.integers(1, 10**12), min_size=1, max_size=200)


@settings(max_examples=200, deadline=None)
@given(shares)
def test_weights_have_nine_digits_and_sum_to_one_twice(counts: list[int]) -> None:
    asked = {str(place): Fraction(count) for place, count in enumerate(counts)}
    weights = exact_weights(asked)
    assert sum(weights.values()) == 1
    # As a consumer adds them: floats, in order.
    assert abs(sum(float(plain_decimal(weight)) for weight in weights.values()) - 1) < 1e-9
    assert abs(np.array([float(weight) for weight in weights.values()]).sum() - 1) < 1e-9
    whole = sum(counts)
    largest = max(asked, key=lambda name: asked[name])
    for name, weight in weights.items():
        exact = float(asked[name] / whole)
        # The largest takes what rounding leaves: half a unit in the ninth digit of each other one.
        slack = len(counts) * 1e-9 if name == largest else 1e-8 * exact
        assert abs(float(weight) - exact) <= slack


def test_six_places_one_after_the_other_would_miss_the_sum() -> None:
    """What the residual on the largest is for: 156 equal sources."""
    rounded = [round(1 / 156, 6)] * 156
    assert abs(sum(rounded) - 1) > 1e-8
    weights = exact_weights({number: Fraction(1, 156) for number in range(156)})
    assert abs(sum(float(weight) for weight in weights.values()) - 1) < 1e-12


def test_pools_of_nothing_are_dropped() -> None:
    weights = exact_weights({"a": Fraction(1), "b": Fraction(0)})
    assert set(weights) == {"a"}


def test_a_sum_that_is_off_is_our_own_fault() -> None:
    weights = exact_weights({"a": Fraction(1), "b": Fraction(1)})
    weights["a"] += weights["a"] / 10**6
    with pytest.raises(SolverFailed, match="please report it"):
        check_sum(weights)


@pytest.mark.parametrize("name", TOKEN_CONSUMERS)
def test_token_consumers_get_shares_of_tokens_whatever_the_lengths(name: str) -> None:
    found = list(weights_in(name, export(name, recipe_of(THREE), lengths=LENGTHS).files).values())
    whole = sum(found)
    # Levanter's blocks keep a share to within 5 %.
    slack = 0.05 if name == "levanter" else 1e-6
    assert [one / whole for one in found] == pytest.approx([0.6, 0.3, 0.1], rel=slack)


@pytest.mark.parametrize("name", DOCUMENT_CONSUMERS)
def test_document_consumers_get_share_over_length(name: str) -> None:
    found = list(weights_in(name, export(name, recipe_of(THREE), lengths=LENGTHS).files).values())
    by_hand = [0.6 / 50, 0.3 / 100, 0.1 / 25]
    whole = sum(found)
    assert [one / whole for one in found] == pytest.approx(
        [part / sum(by_hand) for part in by_hand], rel=1e-3
    )


@pytest.mark.parametrize("name", DOCUMENT_CONSUMERS)
def test_a_document_consumer_is_refused_without_lengths(name: str) -> None:
    with pytest.raises(ProblemError, match=r"draws documents, not tokens.*gsw_Latn\.human\.wiki"):
        export(name, recipe_of(THREE), lengths={"{language}.human.hplt-v4": 70.0})


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(DOCUMENT_CONSUMERS)))
def test_nobody_else_asks_for_lengths(name: str) -> None:
    assert export(name, recipe_of(THREE), lengths={}).files


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(1, 1e6)), min_size=1, max_size=12))
def test_documents_times_length_gives_the_tokens_back(rows: list[tuple[int, float]]) -> None:
    pools: Shares = {
        f"c{chr(97 + place)}{chr(97 + place)}.human.web": (tokens, 10**9)
        for place, (tokens, _) in enumerate(rows)
    }
    lengths = {name: length for name, (_, length) in zip(pools, rows, strict=True)}
    run = Run(sequence_length=1, batch_size=1)
    written = export("maxtext", recipe_of(pools), lengths=lengths, run=run)
    found = weights_in("maxtext", written.files)
    keys = {name: name.replace(".", "__") for name in pools}
    tokens = {name: found[keys[name]] * lengths[name] for name in pools}
    whole = sum(tokens.values())
    asked = sum(count for count, _ in pools.values())
    for name, (count, _) in pools.items():
        assert tokens[name] / whole == pytest.approx(count / asked, rel=1e-6)


def test_counts_are_rows_and_repeat_above_the_size_of_a_source() -> None:
    counts = weights_in("ms-swift", export("ms-swift", recipe_of(THREE), lengths=LENGTHS).files)
    small = next(count for path, count in counts.items() if "gsw" in path)
    # 25,000 tokens in rows of 25 are 1,000 rows; four passes are 4,000.
    assert small == pytest.approx(4000, rel=1e-3)
