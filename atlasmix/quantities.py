"""Numbers as people write them: ``100B`` tokens, ``1.5T``, ``2e9``, ``7 billion``, ``40%``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from atlasmix.errors import ProblemError

_FACTORS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12, "P": 1e15}
_WORDS = {"thousand": "K", "million": "M", "billion": "B", "trillion": "T"}
# A comma only between thousands: "1,5B" is 1.5 billion to half of Europe, never 15 billion.
_WHOLE = r"\d{1,3}(?:,\d{3})+|\d[\d_]*"
_NUMBER = re.compile(rf"([+-]?(?:(?:{_WHOLE})\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")


def parse_quantity(text: object, what: str, largest: float = 1e18) -> float:
    """A positive count (tokens, parameters, FLOPs) from what a person wrote.

    Args:
        text: a number, or a string such as ``100B``, ``1.5T``, ``2e9``, ``30 million``.
        what: how the message names it, say ``budget``.
        largest: anything above is taken for a slip of the pen.

    Returns:
        The count, in units (not thousands or billions).

    Raises:
        ProblemError: not a number, not finite, not above 0, or above ``largest``.

    >>> parse_quantity("1.5T", "budget")
    1500000000000.0
    """
    value = _value(text)
    if value is None:
        raise ProblemError(
            f"{what} is {str(text)[:40]!r}: expected a number of at most "
            f"{format_quantity(largest)} such as 100B, 1.5T or 2e9" + _comma_hint(text),
            value=text,
        )
    if not math.isfinite(value) or value <= 0:
        raise ProblemError(
            f"{what} is {text}: expected a finite number above 0, such as 100B", value=text
        )
    if value > largest:
        raise ProblemError(
            f"{what} is {format_quantity(value)}: above {format_quantity(largest)} it is taken for "
            "a slip; write it in units, thousands (K), millions (M), billions (B) or trillions (T)",
            value=text,
        )
    return value


def _comma_hint(text: object) -> str:
    if "," not in str(text):
        return ""
    return "; decimals take a point (1.5B), a comma stands only between thousands (1,500,000)"


def _value(text: object) -> float | None:
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, int | float):
        return float(text)
    written = str(text).strip()
    if written.lower() in {"nan", "inf", "-inf", "+inf", "infinity"}:
        return float(written)
    match = _NUMBER.fullmatch(written)
    if match is None:
        return None
    number, unit = match.groups()
    factor = _FACTORS.get(_WORDS.get(unit.lower(), unit.upper()))
    return None if factor is None else float(re.sub("[_,]", "", number)) * factor


def parse_share(text: object, what: str) -> float:
    """A share of training tokens, 0 to 1, from ``0.4``, ``40%`` or a number.

    Raises:
        ProblemError: not a number between 0 and 1.

    >>> parse_share("40%", "min cat")
    0.4
    """
    written = str(text).strip()
    percent = written.endswith("%")
    try:
        value = float(written.removesuffix("%"))
    except ValueError:
        value = math.nan
    value = value / 100 if percent else value
    if not 0 <= value <= 1:
        raise ProblemError(
            f"{what} is {written[:40]!r}: expected a share of training tokens between 0 and 1, "
            "such as 0.4 or 40%",
            value=text,
        )
    return value


def format_quantity(value: float, digits: int = 3) -> str:
    """A count as a person reads it: ``21.3B``, ``0``, ``850K``.

    >>> format_quantity(21_345_678_901)
    '21.3B'
    """
    for letter, factor in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        # 999.6M with three digits would round to 1000M: hand it to the next unit.
        if float(f"{abs(value):.{digits}g}") >= factor:
            return f"{float(f'{value / factor:.{digits}g}'):g}{letter}"
    return f"{value:.{digits}g}"


def parse_flops(text: object, what: str) -> float:
    """A number of floating-point operations from ``1e22``, ``1.2e22 FLOPs`` or a number.

    Raises:
        ProblemError: not a number, not finite, or not above 0.

    >>> parse_flops("1e22 FLOPs", "compute")
    1e+22
    """
    written = text
    if isinstance(text, str):
        written = re.sub(r"\s*flops?$", "", text.strip(), flags=re.IGNORECASE)
    value = _value(written)
    if value is None:
        raise ProblemError(
            f"{what} is {str(text)[:40]!r}: expected a number of FLOPs, such as 1e22"
            + _comma_hint(text),
            value=text,
        )
    if not math.isfinite(value) or value <= 0:
        raise ProblemError(
            f"{what} is {text}: expected a finite number above 0, such as 1e22", value=text
        )
    return value


def format_flops(value: float, digits: int = 3) -> str:
    """A number of FLOPs as a person reads it: ``1.2e22``.

    >>> format_flops(1.2e22), format_flops(0)
    ('1.2e22', '0')
    """
    return re.sub(r"e\+?0*", "e", f"{value:.{digits}g}")


PLACES: Final = 6
MILLIONTHS: Final = 10**PLACES
"""Proportions are counted in millionths."""

_LEAST_GAP: Final = 1e-9
"""Digits of a gap below this come from the order of additions, not from the mixture."""


def exact_parts(shares: Mapping[str, float], total: int = MILLIONTHS) -> dict[str, int]:
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


def percent_above(gap: float) -> str:
    """A gap as a percentage with two decimals, rounded up: no more is promised than was proved.

    >>> percent_above(0.000149), percent_above(0.0123)
    ('0.02%', '1.23%')
    """
    return f"{math.ceil(gap * 1e4 - 1e-9) / 1e4:.2%}"


def outward(low: float, high: float) -> tuple[float, float]:
    """A range of shares to six places: nothing that lies in it is left out, within 0 and 1.

    A thousandth of a millionth is passed over: it comes from the order of additions.

    >>> outward(0.1234567, 0.2), outward(-1e-12, 0.9999999)
    ((0.123456, 0.2), (0.0, 1.0))
    """
    down = math.floor(low * MILLIONTHS + 1e-3) / MILLIONTHS
    up = math.ceil(high * MILLIONTHS - 1e-3) / MILLIONTHS
    return max(down, 0.0), min(up, 1.0)
