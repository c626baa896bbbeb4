"""Numbers as a recipe records them: few digits, so that the same question gives the same bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

PLACES: Final = 6
ONE: Final = 10**PLACES
"""Proportions are counted in millionths."""

_LEAST_GAP: Final = 1e-9
"""Digits of a gap below this come from the order of additions, not from the mixture."""


def exact_parts(shares: Mapping[str, float], total: int = ONE) -> dict[str, int]:
    """Whole parts of ``total`` nearest to the shares, by largest remainder: they sum to ``total``.

    Args:
        shares: numbers from 0, not all 0; need not sum to 1.
        total: what the parts sum to.

    Returns:
        The parts, in the order of ``shares``; ties go to the name that sorts first.

    >>> exact_parts({"a": 1, "b": 1, "c": 1}, 100)
    {'a': 34, 'b': 33, 'c': 33}
    """
    whole = math.fsum(shares.values())
    # Nine digits are rounded away first: two engines differ by less than that.
    exact = {name: round(share / whole * total, 4) for name, share in shares.items()}
    parts = {name: math.floor(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (parts[name] - exact[name], name))
    left = total - sum(parts.values())
    for name in by_remainder[:left]:
        parts[name] += 1
    return parts


def split_tokens(parts: Mapping[str, int], tokens: int) -> dict[str, int]:
    """``tokens`` divided in proportion to whole parts, in exact arithmetic; sums to ``tokens``."""
    whole = sum(parts.values())
    split = {name: part * tokens // whole for name, part in parts.items()}
    by_remainder = sorted(parts, key=lambda name: (-(parts[name] * tokens % whole), name))
    for name in by_remainder[: tokens - sum(split.values())]:
        split[name] += 1
    return split


def significant(value: float, digits: int = 6) -> float:
    """``value`` to so many significant digits.

    >>> significant(2.34567891)
    2.34568
    """
    return float(f"{value:.{digits}g}")


def whole(value: float, digits: int = 6) -> int:
    """A count to so many significant digits, as an integer."""
    return round(significant(value, digits))


def finite(value: float, digits: int = 6) -> float | None:
    """``value`` to so many significant digits; None where it is not finite."""
    return significant(value, digits) if math.isfinite(value) else None


def at_most(gap: float) -> float:
    """A gap rounded up, and at least 1e-9: what may be promised on any machine.

    Three digits from 1e-6, where the gap is that of the relaxation; one below, where it is that of
    the arithmetic.

    >>> at_most(3.21e-7), at_most(0.0011081)
    (4e-07, 0.00111)
    """
    if not math.isfinite(gap):
        return gap
    if gap <= _LEAST_GAP:
        return _LEAST_GAP
    digits = 3 if gap >= 1e-6 else 1
    unit = 10.0 ** (math.floor(math.log10(gap)) - digits + 1)
    return float(f"{math.ceil(gap / unit - 1e-6) * unit:.{digits}g}")


def outward(low: float, high: float) -> tuple[float, float]:
    """A range of shares to six places: nothing that lies in it is left out, within 0 and 1.

    A thousandth of a millionth is passed over: it comes from the order of additions.

    >>> outward(0.1234567, 0.2), outward(-1e-12, 0.9999999)
    ((0.123456, 0.2), (0.0, 1.0))
    """
    down = math.floor(low * ONE + 1e-3) / ONE
    up = math.ceil(high * ONE - 1e-3) / ONE
    return max(down, 0.0), min(up, 1.0)
