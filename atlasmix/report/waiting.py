"""What somebody is told who waits for an answer: a place in line, or how long it takes."""

from __future__ import annotations

from typing import Final

_WORTH_SAYING: Final = 1.5
"""Seconds from which an estimate says more than that it will be soon; our choice."""


def line_words(place: int, light: bool, seconds: float) -> str:
    """Where a question stands before it is solved.

    Args:
        place: in its line, from 1.
        light: whether that is the line of the small questions.
        seconds: waited so far.

    >>> line_words(3, False, 4.2)
    'In line for a free worker: number 3 of the large questions, for 4 s'
    """
    kind = "small" if light else "large"
    return f"In line for a free worker: number {place} of the {kind} questions, for {seconds:.0f} s"


def solving_words(seconds: float, most: float, expected: float | None) -> str:
    """How long a question has been solved, the limit, and what was estimated.

    Args:
        seconds: so far.
        most: after which it is ended.
        expected: an estimate of the whole, in seconds of one core; None: there is none.

    >>> solving_words(2.3, 10, None)
    'Solving: 2 s of at most 10 s'
    >>> solving_words(2.3, 10, 4.4)
    'Solving: 2 s of at most 10 s (about 4 s by a rough estimate)'
    >>> solving_words(2.3, 10, 40)
    'Solving: 2 s of at most 10 s (a rough estimate is more than that)'
    """
    words = f"Solving: {seconds:.0f} s of at most {most:g} s"
    if expected is None or expected < _WORTH_SAYING:
        return words
    if expected > most:
        return f"{words} (a rough estimate is more than that)"
    return f"{words} (about {expected:.0f} s by a rough estimate)"
