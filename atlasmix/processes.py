"""A function of many items on several cores or machines; who does it changes no result."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Final, TypeVar

from atlasmix.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")
Shared = TypeVar("Shared")

ENGINES: Final = ("loky", "dask")
"""Processes of this machine, or the workers of a Dask cluster."""

_IDLE: Final = 10
"""Seconds after which a process without work ends: our choice, a second fit soon finds it warm."""

_WATCH: Final = 1.0
"""Seconds between two looks at whether the parent is still there."""
_SCHEDULER_SECONDS: Final = 20.0
_ROUNDS: Final = 3
"""Times that a cluster is asked for what it has not answered: our choice."""


def check_engine(engine: str, scheduler: str) -> None:
    """Refuse an engine that is none, or one that lacks what it needs.

    Raises:
        DataError: with what there is.
    """
    if engine not in ENGINES:
        raise DataError(
            f"no engine {engine[:40]!r}: expected {' or '.join(ENGINES)}",
            field="engine",
            value=engine,
        )
    if engine == "dask" and not scheduler:
        raise DataError(
            "the engine dask has no scheduler: name its address, as tcp://10.0.0.1:8786",
            field="scheduler",
        )


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
    # Loky's processes are new ones, not forks: a progress bar may be running in another thread.
    # They do not run the script of this one again. Few items are sent ahead: a pool that is left
    # with many stops noisily, and the memory that results take does not grow with their number.
    kind = "generator" if ordered else "generator_unordered"
    yield from _in_pool(function, items, max(min(cores, len(items)), 2), kind, ())


def as_ready(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item], cores: int
) -> Generator[tuple[int, Result], None, None]:
    """``function`` of what all have in common and of every item, as they are ready.

    Where a process is ended from outside, this one does what is left by itself.

    Args:
        function: it and its arguments can be pickled.
        shared: is sent once to every process, not once an item.
        items: one argument each.
        cores: processes at most; below 2, all is done in this one. Close the iterator to end them
            before the last item.

    Yields:
        The place of an item, and its result.
    """
    left = dict(enumerate(items))
    if cores > 1 and len(items) > 1:
        from concurrent.futures.process import BrokenProcessPool

        work, count = list(left.items()), min(cores, len(items))
        try:
            for place, result in _in_pool(
                _with_shared, [(function, *each) for each in work], count, _UNORDERED, (shared,)
            ):
                del left[place]
                yield place, result
        except (BrokenProcessPool, OSError):
            pass
    for place, item in left.items():
        yield place, function(shared, item)


_UNORDERED: Final = "generator_unordered"
_held: list[Any] = []
"""What the initializer of a process was given."""


def _with_shared(work: tuple[Callable[[Any, Any], Any], int, Any]) -> tuple[int, Any]:
    function, place, item = work
    return place, function(_held[0], item)


def _in_pool(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    count: int,
    kind: str,
    shared: tuple[object, ...],
) -> Iterator[Result]:
    from joblib import Parallel, delayed

    pool = Parallel(
        n_jobs=count,
        backend="loky",
        return_as=kind,
        batch_size=1,
        max_nbytes=None,  # no files of its own for large arrays
        idle_worker_timeout=_IDLE,
        initializer=_begin,
        initargs=shared,
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


def _begin(*shared: object) -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _held[:] = shared
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: loky's would wait for more work for ever."""
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os._exit(1)


def on_dask(
    function: Callable[[Shared, Item], Result],
    shared: Shared,
    items: Sequence[Item],
    scheduler: str,
) -> Generator[tuple[int, Result], None, None]:
    """The same on the workers of a Dask cluster; what a lost worker had is done by another.

    The workers have AtlasMix installed. Where ``items`` are files, they see them under the same
    paths.

    Args:
        function: it and its arguments can be pickled.
        shared: is sent once to every worker, not once an item.
        items: one argument each.
        scheduler: its address, as ``tcp://10.0.0.1:8786``.

    Yields:
        The place of an item, and its result.

    Raises:
        DataError: Dask is not installed, nobody answers at the address, or workers were lost
            again and again.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise DataError(
            "Dask is not installed: pip install 'atlasmix[dask]', or leave the engine out",
            field="engine",
            value="dask",
        ) from error
    try:
        client = Client(scheduler, timeout=_SCHEDULER_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise DataError(
            f"no Dask scheduler answers at {scheduler[:100]!r}: expected an address such as "
            "tcp://10.0.0.1:8786; start dask scheduler, and dask worker on each machine",
            field="scheduler",
            value=scheduler,
        ) from error
    from concurrent.futures import CancelledError

    from joblib import Parallel, delayed, parallel_config

    left = dict(enumerate(items))
    with client:
        for _ in range(_ROUNDS):
            try:
                with parallel_config(backend="dask", client=client, scatter=[shared]):
                    pool = Parallel(return_as=_UNORDERED, batch_size=1, pre_dispatch="all")
                    work = [delayed(_numbered)(function, shared, *each) for each in left.items()]
                    for place, result in pool(work):
                        del left[place]
                        yield place, result
            except (KilledWorker, CancelledError):
                # The last worker that held what is shared was lost with it: it is sent again.
                continue
            return
    raise DataError(
        f"workers of the Dask cluster at {scheduler[:100]!r} were lost {_ROUNDS} times, and "
        f"{len(left)} of {len(items)} tasks with them: look at the memory of the workers",
        field="scheduler",
        value=scheduler,
    )


def _numbered(
    function: Callable[[Any, Any], Any], shared: Any, place: int, item: Any
) -> tuple[int, Any]:
    return place, function(shared, item)
