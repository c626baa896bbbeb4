"""Whether texts of two languages are translations of each other, which leak into a proxy.

Where the source holds the translation of what the target is tested on, names and numbers give it
away, and the score is far too high; where it holds that of what the target was trained on, it adds
nothing that the target has not read, and the score is far too low.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError
from atlasmix.text import first_few

Floats = NDArray[np.float64]

_LEAST_LINES: Final = 50
_ALIGNED: Final = 0.35
"""Correlation of the changes of line length from which lines are translations: our choice. Those of
sentences that have nothing to do with each other correlate by 0 ± 1/√n; translations by 0.8."""
_NUMBER: Final = re.compile(r"\d[\d.,  ]*\d")
_LEAST_NUMBERS: Final = 20
_SHARED_NUMBERS: Final = 0.5
_LETTERS_READ: Final = 2_000_000


def check_parallel(texts: Mapping[str, str], allowed: bool = False) -> tuple[str, ...]:
    """Refuse texts that lie line by line beside their translations.

    Args:
        texts: language key to text.
        allowed: whether to say it only.

    Returns:
        Warnings: texts that share rare numbers, as shuffled translations do, and with ``allowed``
        those that are aligned.

    Raises:
        DataError: aligned texts.
    """
    aligned, suspect = [], []
    lengths = {key: _lengths(text) for key, text in texts.items()}
    numbers = {key: _rare_numbers(text) for key, text in texts.items()}
    for first, second in itertools.combinations(sorted(texts), 2):
        by_lines = _alignment(lengths[first], lengths[second])
        if by_lines > _ALIGNED:
            aligned.append(f"{first} and {second} (lengths of lines correlate by {by_lines:.2f})")
        elif (part := _shared(numbers[first], numbers[second])) > _SHARED_NUMBERS:
            suspect.append(f"{first} and {second} ({part:.0%} of the rare numbers)")
    warnings = []
    if aligned:
        said = f"{first_few(aligned, 3)} are translations line by line"
        if not allowed:
            raise DataError(
                f"{said}: a source that holds the translation of what is foretold reads far too "
                "high, one that holds that of what was trained on far too low",
                field="texts",
                hint="take texts that are not parallel, or other lines of each language (of three, "
                "lines 1, 4, 7 of one, 2, 5, 8 of the next)",
            )
        warnings.append(f"{said}: their scores are worth nothing")
    if suspect:
        warnings.append(
            f"{first_few(suspect, 3)} hold the same numbers, as translations in another order do: "
            "if they are, their scores leak and are worth nothing"
        )
    return tuple(warnings)


def alignment(first: str, second: str) -> float:
    """Correlation of the changes of length from line to line of two texts, as far as both go.

    Changes, because lines that are sorted by length have like lengths without being translations.

    >>> round(alignment("a\\nbbb\\nb\\n" * 40, "cc\\ndddd\\ncc\\n" * 40), 2)
    1.0
    """
    return _alignment(_lengths(first), _lengths(second))


def _lengths(text: str) -> Floats:
    """Logarithm of the length of every line that is not empty."""
    lines = text[:_LETTERS_READ].splitlines()
    return np.log([len(line) + 1 for line in lines if line.strip()] or [1])


def _alignment(first: Floats, second: Floats) -> float:
    count = min(len(first), len(second))
    if count < _LEAST_LINES:
        return 0.0
    changes = [np.diff(each[:count]) for each in (first, second)]
    if any(float(each.std()) < 1e-9 for each in changes):
        return 0.0
    return float(np.corrcoef(changes[0], changes[1])[0, 1])


def _rare_numbers(text: str) -> set[str]:
    """Numbers of three digits and more that stand once or twice, years left out."""
    counts: dict[str, int] = {}
    for match in _NUMBER.findall(text[:_LETTERS_READ]):
        digits = re.sub(r"\D", "", match)
        if len(digits) >= 3 and not (len(digits) == 4 and 1000 <= int(digits) <= 2100):
            counts[digits] = counts.get(digits, 0) + 1
    return {digits for digits, count in counts.items() if count <= 2}


def _shared(first: set[str], second: set[str]) -> float:
    least = min(len(first), len(second))
    return len(first & second) / least if least >= _LEAST_NUMBERS else 0.0
