"""How long a search may take: a time after which it ends with what it has proved by then.

Every search of the solver keeps a bound that holds at any moment, so it can stop at any moment and
say honestly how far the answer is proved. The limit is of the one who asks, and lies in a context
variable: a worker that solves for another asker has its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from atlasmix.errors import ProblemError

LEAST_SECONDS: Final = 0.1

_end: ContextVar[float | None] = ContextVar("end", default=None)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Searches inside end when so many seconds have passed, or those of an outer limit.

    Args:
        seconds: from now; None: no limit of its own.

    Raises:
        ProblemError: less than a tenth of a second.

    >>> with within(60.0):
    ...     left() > 59
    True
    """
    if seconds is None:
        yield
        return
    if not seconds >= LEAST_SECONDS:
        raise ProblemError(
            f"the time limit is {seconds:g} seconds: expected {LEAST_SECONDS:g} or more",
            field="time_limit",
            value=seconds,
        )
    outer = _end.get()
    end = time.monotonic() + seconds
    token = _end.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float:
    """Seconds until the search must end; inf where there is no limit."""
    end = _end.get()
    return float("inf") if end is None else max(end - time.monotonic(), 0.0)


def expired() -> bool:
    """Whether the time is up."""
    return left() <= 0.0
