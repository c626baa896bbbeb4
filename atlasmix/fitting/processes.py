"""A function of many items on several cores; their number changes no result, and no order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future
    from concurrent.futures.process import ProcessPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


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
        function: of a module, not of a script; it and the items can be pickled.
        items: one argument each.
        cores: processes at most; below 2, all is done in this one. Close the iterator to end them
            before the last item.
    """
    ready = 0
    if cores > 1 and len(items) > 1:
        from concurrent.futures.process import BrokenProcessPool

        try:
            for result in _in_processes(function, items, cores):
                ready += 1
                yield result
        except (BrokenProcessPool, OSError):
            pass
    for item in items[ready:]:
        yield function(item)


def _in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], cores: int
) -> Iterator[Result]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Spawned, not forked: a progress bar may be running in another thread.
    spawned = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(min(cores, len(items)), spawned, _leave_interrupts)
    try:
        with _no_script():
            waiting = _submitted(pool, function, items)
        for one in waiting:
            yield one.result()
    except BaseException:  # whoever has closed this iterator waits for nothing
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[Item], Result], items: Sequence[Item]
) -> list[Future[Result]]:
    try:
        return [pool.submit(function, item) for item in items]
    except ValueError as error:
        # Nothing of the caller's has run yet. Where the first processes end at once, the pipes
        # that the next one should inherit may be closed already, which Python reports like this.
        raise OSError("a process did not start") from error


@contextmanager
def _no_script() -> Iterator[None]:
    """Start processes that do not run the script of this one again.

    Spawned, each would run it up to where it starts processes itself, and end there. Nothing that
    is sent to them is of the script.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _leave_interrupts() -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
