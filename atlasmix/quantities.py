"""Numbers as people write them: ``100B`` tokens, ``1.5T``, ``2e9``, ``7 billion``, ``40%``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from atlasmix.errors import ProblemError

_FACTORS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12, "P": 1e15}
_WORDS = {"thousand": "K", "million": "M", "billion": "B", "trillion": "T"}
# A comma only between thousands: "1,5B" is 1.5 billion to half of Europe, never 15 billion. So are
# the blanks and apostrophes that others put there; a point is always the decimal one.
_MARKS: Final = ",'\u2019 \u00a0\u2009\u202f"
_WHOLE = "|".join(
    [*(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+" for mark in _MARKS), r"\d+(?:_\d+)*"]
)
_DIGITS = rf"[+-]?(?:(?:{_WHOLE})\.?\d*|\.\d+)(?:[eE][+-]?\d{{1,6}})?"
_NUMBER = re.compile(rf"({_DIGITS})\s*([A-Za-z]*)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ENDLESS: Final = frozenset(
    sign + word for sign in ("", "+", "-") for word in ("nan", "inf", "infinity")
)
_LONGEST: Final = 400
"""Characters of a number, our choice: the digits of the largest that a computer can hold."""


def read_number(value: object) -> float | None:
    """The number that ``value`` is, or spells in digits with a decimal point; None for any other.

    Every number of a file or a log passes here, which ``float`` alone would not do: it takes
    ``1_0`` for 10, and stops with an error at a number of five thousand digits. What is no finite
    number comes back as it is, for a sentence of whoever knows the range.

    >>> read_number("1e9"), read_number(" 0.5 "), read_number("1_0"), read_number(True)
    (1000000000.0, 0.5, None, None)
    >>> read_number(10**400), read_number("-inf")
    (inf, -inf)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        value = value.strip()
        if value.lower() in _ENDLESS:
            return float(value)
        if len(value) > _LONGEST or _DECIMAL.fullmatch(value) is None:
            return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def read_quantity(value: object) -> float | None:
    """A count as people write it, ``1.5B`` or ``1,500,000``; None for anything else.

    Between thousands may stand commas, blanks, apostrophes or underscores; decimals take a point.

    >>> read_quantity("1.5B"), read_quantity("1 500"), read_quantity("1,5e9"), read_quantity("-3")
    (1500000000.0, 1500.0, None, -3.0)
    """
    if not isinstance(value, str):
        return read_number(value)
    written = value.strip()
    if written.lower() in _ENDLESS:
        return float(written)
    match = _NUMBER.fullmatch(written) if len(written) <= _LONGEST else None
    if match is None:
        return None
    number, unit = match.groups()
    factor = _FACTORS.get(_WORDS.get(unit.lower(), unit.upper()))
    if factor is None:
        return None
    return float(re.sub(f"[_{_MARKS}]", "", number)) * factor


_UNIT: Final = re.compile(
    r"(?:^|[\s(\[_-])(K|M|B|G|T|thousands?|millions?|billions?|trillions?)(?=$|[\s)\]_-])",
    re.IGNORECASE,
)


def header_unit(title: str) -> str:
    """The letter that a number below a header takes, where the header says so; else none.

    >>> header_unit("B tokens"), header_unit("tokens (millions)"), header_unit("tokens")
    ('B', 'M', '')
    """
    match = _UNIT.search(title)
    word = "" if match is None else match[1].lower().rstrip("s")
    return _WORDS.get(word, word.upper())


def in_unit(cell: str, unit: str) -> str:
    """A number below a header with a unit, with that unit behind it.

    Where the cell has one of its own, which of them is meant is not ours to guess: what comes back
    is no number, and the sentence that refuses it says why.

    >>> in_unit("1.5", "B"), in_unit("1.5B", "B"), in_unit("", "B"), in_unit("1.5B", "")
    ('1.5B', '1.5B in units of B', '', '1.5B')
    """
    if not (cell and unit):
        return cell
    return f"{cell} in units of {unit}" if cell[-1].isalpha() else cell + unit


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
    value = read_quantity(text)
    if value is None:
        raise ProblemError(
            f"{what} is {str(text)[:40]!r}: expected a number of at most "
            f"{format_quantity(largest)} such as 100B, 1.5T or 2e9" + comma_hint(text),
            value=text,
        )
    if not math.isfinite(value) or value <= 0:
        raise ProblemError(
            f"{what} is {str(text)[:40]}: expected a finite number above 0, such as 100B",
            value=text,
        )
    if value > largest:
        raise ProblemError(
            f"{what} is {format_quantity(value)}: above {format_quantity(largest)} it is taken for "
            "a slip; write it in units, thousands (K), millions (M), billions (B) or trillions (T)",
            value=text,
        )
    return value


def comma_hint(text: object) -> str:
    """What to say of a comma that is no mark of thousands; empty where there is none.

    >>> comma_hint("1.5")
    ''
    """
    if "," not in str(text)[:_LONGEST]:
        return ""
    return "; decimals take a point (1.5B), a comma stands only between thousands (1,500,000)"


def parse_share(text: object, what: str, of: str = "training tokens") -> float:
    """A share of training tokens, 0 to 1, from ``0.4``, ``40%`` or a number.

    Raises:
        ProblemError: not a number between 0 and 1.

    >>> parse_share("40%", "min cat")
    0.4
    """
    written = "" if isinstance(text, bool) else str(text)[:_LONGEST].strip()
    percent = written.endswith("%")
    number = read_number(written.removesuffix("%"))
    value = math.nan if number is None else number / 100 if percent else number
    if not 0 <= value <= 1:
        raise ProblemError(
            f"{what} is {written[:40]!r}: expected a share of {of} between 0 and 1, "
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
    value = read_quantity(written)
    if value is None:
        raise ProblemError(
            f"{what} is {str(text)[:40]!r}: expected a number of FLOPs, such as 1e22"
            + comma_hint(text),
            value=text,
        )
    if not math.isfinite(value) or value <= 0:
        raise ProblemError(
            f"{what} is {str(text)[:40]}: expected a finite number above 0, such as 1e22",
            value=text,
        )
    return value


def format_flops(value: float, digits: int = 3) -> str:
    """A number of FLOPs as a person reads it: ``1.2e22``.

    >>> format_flops(1.2e22), format_flops(0)
    ('1.2e22', '0')
    """
    return re.sub(r"e\+?0*", "e", f"{value:.{digits}g}")


_MOST_COUNTED: Final = 1e18
"""Above every number of tokens or parameters that is taken: what is larger is compute."""


def format_value(value: float) -> str:
    """A number of a question, whatever it counts.

    >>> format_value(3e11), format_value(0.5), format_value(1e21)
    ('300B', '0.5', '1e21')
    """
    if abs(value) > _MOST_COUNTED:
        return format_flops(value)
    return format_quantity(value) if abs(value) >= 1e4 else f"{value:g}"


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
