"""Reading what a person wrote in a question: texts, lists, numbers, each refused in a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.quantities import read_number
from atlasmix.text import did_you_mean

_BETWEEN: Final = re.compile(r"[,;\n]")


def as_mapping(value: object, what: str, example: str) -> dict[str, object]:
    """A mapping whose keys are texts.

    Raises:
        ProblemError: not a mapping, or a key that YAML read as something else than a text.
    """
    if not isinstance(value, Mapping):
        raise ProblemError(
            f"{what} is {shown(value)}: expected a mapping such as {example}", value=value
        )
    for key in value:
        if not isinstance(key, str):
            raise ProblemError(
                f"{what} has the key {shown(key)}: expected a text; an unquoted no, yes or number "
                'is read as another type, so put it in quotes, as "no"'
            )
    return dict(value)


def as_list(value: object, what: str) -> list[object]:
    """A list, from a list or from one text with commas, semicolons or lines.

    Raises:
        ProblemError: anything else, or nothing in it.
    """
    if isinstance(value, str):
        value = [part.strip() for part in _BETWEEN.split(value) if part.strip()]
    elif isinstance(value, bool):
        value = [value]
    if not isinstance(value, list | tuple) or not value:
        raise ProblemError(
            f"{what} is {shown(value)}: expected a list of at least one, as [a, b]", value=value
        )
    return list(value)


def as_text(value: object, what: str) -> str:
    """A text.

    Raises:
        ProblemError: empty, or another type.
    """
    if not isinstance(value, str) or not value.strip():
        raise ProblemError(
            f"{what} is {shown(value)}: expected a text; quote it if it is one", value=value
        )
    return value.strip()


def as_number(value: object, what: str, example: str) -> float:
    """A finite number, from a number or the text of one (YAML reads ``1e9`` as a text).

    Raises:
        ProblemError: no number, or not a finite one.
    """
    number = read_number(value)
    if number is None or not math.isfinite(number):
        raise ProblemError(
            f"{what} is {shown(value)}: expected a finite number, such as {example}", value=value
        )
    return number


def as_word(value: object, what: str, known: Collection[str]) -> str:
    """One of a few words.

    Raises:
        ProblemError: another word; suggests the nearest.
    """
    word = as_text(value, what)
    if word in known:
        return word
    raise ProblemError(
        f"{what} is {word[:40]!r}: {did_you_mean(word, known, ' ')}"
        f"expected one of {', '.join(known)}"
    )


def refuse_unknown(keys: Collection[str], known: Collection[str], what: str) -> None:
    """Refuse keys that nobody reads.

    Raises:
        ProblemError: the first of them, with the nearest known one.
    """
    for key in keys:
        if key not in known:
            raise ProblemError(
                f"{what} has no key {key[:40]!r}: {did_you_mean(key, known, ' ')}"
                f"expected {', '.join(known)}"
            )


_LONGEST: Final = 2000
"""Bits of an integer that is shown: Python itself refuses to write those of thousands of digits."""


def shown(value: object) -> str:
    """A value as a message shows it: short."""
    if isinstance(value, int) and value.bit_length() > _LONGEST:
        return f"a number of about {value.bit_length() * 0.301:,.0f} digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
