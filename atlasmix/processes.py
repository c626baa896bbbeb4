"""A function of many items on several cores; their number changes no result, and no order."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_IDLE: Final = 10
"""Seconds after which a process without work ends: our choice, a second fit soon finds it warm."""


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    function: Callable[[Item], Result], items: Sequence[Item], cores: int
) -> Generator[Result, None, None]:
    """``function`` of every item, in their order.

    Where processes cannot be started, or one is ended from outside (by a system without memory
    left, say), this process does what is left by itself.

    Args:
        function: it and the items can be pickled.
        items: one argument each.
        cores: processes at most; below 2, all is done in this one. Close the iterator to end them
            before the last item.
    """
    ready = 0
    if cores > 1 and len(items) > 1:
        from concurrent.futures.process import BrokenProcessPool

        try:
            for result in in_processes(function, items, cores):
                ready += 1
                yield result
        except (BrokenProcessPool, OSError):
            pass
    for item in items[ready:]:
        yield function(item)


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], cores: int, ordered: bool = True
) -> Iterator[Result]:
    """``function`` of every item, each in a process other than this one.

    Args:
        function: it and the items can be pickled.
        items: one argument each.
        cores: processes at most; two where it is less.
        ordered: whether the results come in the order of the items, or as they are ready.

    Raises:
        BrokenProcessPool: a process was ended from outside.
        OSError: one could not be started.
    """
    from joblib import Parallel, delayed

    # Loky's processes are new ones, not forks: a progress bar may be running in another thread.
    # They do not run the script of this one again. Few items are sent ahead: a pool that is left
    # with many stops noisily, and the memory that results take does not grow with their number.
    pool = Parallel(
        n_jobs=max(min(cores, len(items)), 2),
        backend="loky",
        return_as="generator" if ordered else "generator_unordered",
        batch_size=1,
        max_nbytes=None,  # no files of its own for large arrays
        idle_worker_timeout=_IDLE,
        initializer=_leave_interrupts,
    )
    try:
        results = pool(delayed(function)(item) for item in items)
    except ValueError as error:
        # Nothing of the caller's has run yet. Where the first processes end at once, the pipes
        # that the next one should inherit may be closed already, which Python reports like this.
        raise OSError("a process did not start") from error
    try:
        for result in results:  # noqa: UP028 (closed below, where a warning is kept back)
            yield result
    finally:
        with warnings.catch_warnings():
            # Whoever closes this iterator early knows that items are left.
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _leave_interrupts() -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
