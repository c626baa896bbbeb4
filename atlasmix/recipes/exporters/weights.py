"""Weights as a framework reads them: nine digits, and a sum of exactly 1."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, TypeVar

from atlasmix.errors import SolverFailed

Name = TypeVar("Name", bound=Hashable)

DIGITS: Final = 9
"""Significant digits of a weight. Six decimals, one entry after the other rounded, fail the
tightest consumer: ``interleave_datasets`` wants a sum within 1e-8 of 1."""

TOLERANCE: Final = 1e-9
"""Most that the sum may differ from 1 once a consumer has read the weights as floats."""


def exact_weights(shares: Mapping[Name, Fraction]) -> dict[Name, Decimal]:
    """Shares as decimals of nine significant digits; what rounding leaves goes to the largest.

    Args:
        shares: parts of a whole, from 0; those that are 0 are dropped, because a weight of 0 stops
            Megatron and still draws samples in OLMo-core.

    Returns:
        Weights above 0, in the order of ``shares``, that sum to exactly 1 as decimals and within
        1e-9 as floats.

    >>> {name: str(weight) for name, weight in exact_weights(
    ...     {"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3), "d": Fraction(0)}
    ... ).items()}
    {'a': '0.333333334', 'b': '0.333333333', 'c': '0.333333333'}
    """
    kept = {name: share for name, share in shares.items() if share > 0}
    whole = sum(kept.values())
    largest = max(kept, key=lambda name: kept[name])
    weights: dict[Name, Decimal] = {}
    for name, share in kept.items():
        part = share / whole
        with localcontext(prec=DIGITS):
            weights[name] = Decimal(part.numerator) / Decimal(part.denominator)
    with localcontext(prec=60):
        weights[largest] = Decimal(1) - sum(
            (weight for name, weight in weights.items() if name != largest), Decimal(0)
        )
    check_sum(weights)
    return weights


def check_sum(weights: Mapping[Name, Decimal]) -> None:
    """The consumer's own check, made before the consumer.

    Raises:
        SolverFailed: a weight that is not above 0, or a sum that is not 1: a fault of ours.
    """
    total = sum(float(weight) for weight in weights.values())
    if min(weights.values()) <= 0 or abs(total - 1) > TOLERANCE:
        raise SolverFailed(f"the weights sum to {total!r}: please report it with the recipe")


def as_floats(weights: Mapping[Name, Decimal]) -> dict[Name, float]:
    """The weights as JSON holds them."""
    return {name: float(weight) for name, weight in weights.items()}
