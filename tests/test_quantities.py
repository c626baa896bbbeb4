"""Numbers as people write them: what is read, and what is refused rather than guessed."""

from __future__ import annotations

import pytest

from atlasmix.errors import ProblemError
from atlasmix.quantities import parse_quantity


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("100B", 100e9),
        ("1.5T", 1.5e12),
        ("1,500,000", 1.5e6),
        ("1,500,000.5", 1500000.5),
        ("1_500_000", 1.5e6),
        ("7 billion", 7e9),
    ],
)
def test_a_count_is_read(written: str, value: float) -> None:
    assert parse_quantity(written, "budget") == value


@pytest.mark.parametrize("written", ["1,5B", "1,5", "0,5T", "1,50,000", "1500,000", "1,500,", ",5"])
def test_a_decimal_comma_is_refused_and_never_swallowed(written: str) -> None:
    with pytest.raises(ProblemError, match=r"decimals take a point \(1.5B\), a comma stands only"):
        parse_quantity(written, "budget")
