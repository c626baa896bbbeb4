"""Numbers and names as the tables and sentences of this folder write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.languages.language import Language
from atlasmix.quantities import format_quantity
from atlasmix.text import listed

if TYPE_CHECKING:
    from rich.text import Text

SAME: Final = 5e-7
"""Shares and gains that differ by less are the same: a recipe records six places."""

TRACE: Final = 5e-5
"""A smaller share would be said to be 0.00 %: no sentence lists it."""

LOSS_DECIMALS: Final = 2
"""Of a predicted loss whose doubt nobody worked out: our choice, for draws move it by 0.04."""

LEAST_APART: Final = 5e-4
"""Losses that lie less apart are the same in the three decimals of a table."""

NO_TEXT: Final = "no own text"
"""What stands in the place of a loss where the model never reads the language."""

_LEAST_SAID: Final = 0.01
HUMAN: Final = frozenset({"human", "human_edited"})
_WRITTEN: Final = {"translated": "machine-translated", "unknown": "of unknown origin"}


def named(key: str) -> str:
    """``Catalan (cat)``; a label of a domain axis stays as it is."""
    name = name_of(key)
    return key if name == key else f"{name} ({key})"


def capital(text: str) -> str:
    """A sentence with a capital; a Greek letter and the name of a file stay what they are.

    >>> capital("a fault"), capital("runs.csv has 1 fault"), capital("see a.csv")
    ('A fault', 'runs.csv has 1 fault', 'See a.csv')
    """
    first = text.partition(" ")[0].rstrip(".,:;")
    return text if "." in first or not first[:1].isascii() else f"{text[:1].upper()}{text[1:]}"


def closed(sentence: str) -> str:
    """A sentence with a capital and a full stop; a Greek letter stays the symbol that it is.

    >>> closed("pool a is read"), closed("λ decides."), closed("runs.csv is empty")
    ('Pool a is read.', 'λ decides.', 'runs.csv is empty.')
    """
    text = capital(sentence.strip())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def percent(share: float) -> str:
    """A share of 0-1 with one decimal from 1 %, two significant digits below; 100 % only of all.

    >>> percent(0.1234), percent(0.00123), percent(0.009), percent(1.0), percent(0.99989)
    ('12.3%', '0.12%', '0.90%', '100%', '99.99%')
    """
    value = 100 * share
    if value == 0 or value >= 100 - 100 * TRACE:
        return f"{value:.0f}%"
    if value >= 99.95:
        return f"{min(value, 99.99):.2f}%"
    if value < 0.01:
        return "<0.01%"
    return f"{value:.1f}%" if value >= 0.995 else f"{value:#.2g}%"


def range_text(low: float, high: float) -> str:
    """A range of shares of 0-1, with as many digits as a plan can follow.

    >>> range_text(0.782, 0.9149), range_text(0.0, 0.0123), range_text(0.85, 0.8501)
    ('78-91%', '0-1.2%', '85%')
    >>> range_text(0.001, 0.003)
    '0.10-0.30%'
    """
    least, most = _coarse(low), _coarse(high)
    return f"{least}%" if least == most else f"{least}-{most}%"


def _coarse(share: float) -> str:
    """Per cent in whole numbers from ten on, two significant digits below."""
    value = 100 * share
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:#.2g}" if value >= 0.01 else "0"


def epochs_text(epochs: float) -> str:
    """Passes over a pool.

    >>> epochs_text(4.0), epochs_text(0.0004), epochs_text(16166.4), epochs_text(math.nan)
    ('4.00', '<0.01', '16,166', 'unknown')
    """
    if math.isnan(epochs):
        return "unknown"
    if 0 < epochs < 0.005:
        return "<0.01"
    return f"{epochs:.2f}" if epochs < 99.995 else f"{epochs:,.0f}"


def loss_text(loss: float, interval: tuple[float, float] | None = None) -> str:
    """A predicted loss, in the decimals that its doubt allows; words where there is none.

    With the interval of 90 of 100 draws, as many decimals as half of it has zeros and one more,
    and it stands beside. Without one, two: draws of the shipped evidence move a loss by 0.04.

    >>> loss_text(2.34567), loss_text(math.inf)
    ('2.35', 'no own text')
    >>> loss_text(2.56663, (2.52769, 2.61581)), loss_text(3.65, (3.1, 6.56))
    ('2.57 (2.53 to 2.62 in 90 of 100 draws)', '3.6 (3.1 to 6.6 in 90 of 100 draws)')
    """
    if not math.isfinite(loss):
        return NO_TEXT
    if interval is None:
        return f"{loss:.{LOSS_DECIMALS}f}"
    low, high = interval
    half = 0.5 * (high - low)
    digits = LOSS_DECIMALS
    if math.isfinite(half) and half > 0:
        digits = min(max(-math.floor(math.log10(half)), 1), 4)
    ends = [f"{end:.{digits}f}" if math.isfinite(end) else "without end" for end in (low, high)]
    return f"{loss:.{digits}f} ({ends[0]} to {ends[1]} in 90 of 100 draws)"


def apart_text(difference: float) -> str:
    """How far two losses lie apart, signed: three decimals, what is smaller in two digits.

    >>> apart_text(0.45224), apart_text(-0.0084), apart_text(0.0000312), apart_text(0.0)
    ('+0.452', '-0.008', '+0.000031', '0')
    """
    if abs(difference) >= LEAST_APART:
        return f"{difference:+.3f}"
    return number_text(difference, signed=True)


def losses_apart(first: float, second: float, between: str) -> str:
    """Two losses with as many decimals, four at most, as tell them apart, or that nothing does.

    >>> losses_apart(2.5, 2.6, " to "), losses_apart(2.29661, 2.29684, " against ")
    ('2.50 to 2.60', '2.2966 against 2.2968')
    >>> losses_apart(2.29661, 2.29662, " against ")
    '2.30, the same to within 0.0001'
    """
    if not (math.isfinite(first) and math.isfinite(second)):
        return f"{loss_text(first)}{between}{loss_text(second)}"
    for digits in range(LOSS_DECIMALS, 5):
        # Apart by more than a last digit: rounding alone makes no difference.
        if abs(first - second) >= 10.0**-digits:
            return f"{first:.{digits}f}{between}{second:.{digits}f}"
    return f"{loss_text(first)}, the same to within 0.0001"


def number_text(value: float, digits: int = 2, signed: bool = False) -> str:
    """A number in so many significant digits, never with an exponent.

    A last digit that is 0 is one of them; a whole number has no point.

    >>> number_text(8.16e-05), number_text(5432.1, 3), number_text(0.4, signed=True)
    ('0.000082', '5430', '+0.40')
    >>> number_text(0.003), number_text(2.0), number_text(0.0)
    ('0.0030', '2', '0')
    """
    if not math.isfinite(value):
        return f"{value}"
    said = f"{Decimal(f'{value + 0.0:.{digits - 1}e}'):{'+' * (signed and value != 0)}f}"
    whole, _, part = said.partition(".")
    return said if part.strip("0") else whole


def times_text(value: float) -> str:
    """A multiplier with two decimals, three digits from 100 on and below 0.1.

    >>> times_text(1.346), times_text(0.01234), times_text(1234.0)
    ('1.35', '0.0123', '1230')
    """
    return f"{value:.2f}" if 0.1 <= value < 100 else number_text(value, 3)


def constant_text(value: float) -> str:
    """A constant with four digits, as a person writes it.

    >>> constant_text(0.212353), constant_text(22720.2), constant_text(1e-6), constant_text(4.2e9)
    ('0.2124', '22,720', '1e-06', '4.2e+09')
    """
    size = abs(value)
    if size >= 1e7 or (0 < size < 1e-4):
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def change_text(change: float) -> str:
    """A relative change, 0.1 for a tenth more.

    >>> change_text(0.1101), change_text(-0.5), change_text(12.3), change_text(0.0)
    ('+11%', '-50%', '+1200%', '0%')
    """
    return f"{number_text(100 * change, signed=True)}%"


def scale_words(low: float, high: float) -> str:
    """The scores that a metric can have.

    >>> scale_words(0, 100), scale_words(-math.inf, 2), scale_words(-math.inf, math.inf)
    ('0 to 100', 'at most 2', 'any number')
    """
    if math.isinf(low) and math.isinf(high):
        return "any number"
    if math.isinf(low):
        return f"at most {high:g}"
    return f"at least {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"


def score_text(status: str, stderr: float) -> str:
    """How a score came to be; a predicted one is never written like a measured one.

    >>> score_text("measured", 0.03), score_text("predicted", 0.16)
    ('measured ±0.03', 'predicted, nobody measured it, ±0.16')
    """
    error = f"±{stderr:.2g}" if math.isfinite(stderr) else "no standard error"
    if status == "predicted":
        return f"predicted, nobody measured it, {error}"
    return f"{status or 'missing'} {error}"


def tokens_text(tokens: float) -> str:
    """A count of tokens, and the noun with it.

    >>> tokens_text(3e9), tokens_text(1)
    ('3B tokens', '1 token')
    """
    shown = format_quantity(tokens)
    return f"{shown} token{'s' * (shown != '1')}"


def written_by_machines(by_provenance: Mapping[str, float]) -> str:
    """How much of a language's text people did not write; empty below 1 %.

    Args:
        by_provenance: tokens of one language, or any measure of them.

    >>> written_by_machines({"human": 28.0, "translated": 71.5, "generated": 0.5})
    '71.5% of it machine-translated'
    >>> written_by_machines({"generated": 2.0}), written_by_machines({"human_edited": 2.0})
    ('all of it generated', '')
    """
    total = sum(by_provenance.values())
    parts = [
        f"{'all' if tokens == total else percent(tokens / total)} of it "
        f"{_WRITTEN.get(provenance, provenance)}"
        for provenance, tokens in by_provenance.items()
        if provenance not in HUMAN and tokens >= _LEAST_SAID * total > 0
    ]
    return listed(parts)


def language_text(key: str, language: Language) -> Text:
    """What the tables know of one language; ``key`` is what evidence is filed under."""
    from rich.text import Text

    text = Text()
    text.append(f"{name_of(key)} ({key})", style="bold")
    text.append(
        f", {language.endonym}" if language.endonym and language.endonym != language.name else ""
    )
    facts = language_facts(language)
    for label, words in facts:
        text.append(f"\n  {label}: {words}")
    return text


def language_facts(language: Language) -> tuple[tuple[str, str], ...]:
    """(label, words) of all that the tables know of a language."""
    facts = [
        ("family", language.family + (f", {language.genus}" if language.genus else "")),
        (
            "scripts",
            ", ".join(language.scripts) + (" (the first is usual)" * (len(language.scripts) > 1)),
        ),
        (
            "codes",
            ", ".join(
                dict.fromkeys(filter(None, (language.code, language.iso639_1, language.bcp47)))
            ),
        ),
        ("macrolanguage", language.macrolanguage),
        ("speakers", f"about {format_quantity(language.speakers)}" if language.speakers else ""),
    ]
    return tuple((label, words) for label, words in facts if words)
