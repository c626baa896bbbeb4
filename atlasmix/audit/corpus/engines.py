"""Who counts: processes of this machine, or the workers of a Dask cluster, by one kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from atlasmix import processes
from atlasmix.audit.corpus.counting import FileTask
from atlasmix.audit.corpus.counts import CorpusCounts
from atlasmix.errors import DataError

ENGINES: Final = ("loky", "dask")

Kernel = Callable[[FileTask], CorpusCounts]
Result = tuple[FileTask, CorpusCounts | None]
"""A file and its counts; None where the process that read it was ended, twice."""

_SCHEDULER_SECONDS: Final = 20.0


def in_this_process(kernel: Kernel, tasks: Sequence[FileTask]) -> Iterator[Result]:
    """One file after the other."""
    for task in tasks:
        yield task, kernel(task)


def in_processes(kernel: Kernel, tasks: Sequence[FileTask], workers: int) -> Iterator[Result]:
    """In processes of this machine, in no order.

    Where a process is ended from outside, by a system without memory left, say, what is left is
    begun again; where it happens again, each file gets a process of its own, and the one that ends
    it is named.

    Args:
        kernel: of a file.
        tasks: the files.
        workers: processes at most.
    """
    left = {task.key: task for task in tasks}
    for _ in range(2):
        if not left:
            return
        try:
            rest = list(left.values())
            results = processes.in_processes(partial(_named, kernel), rest, workers, ordered=False)
            for task, counts in results:
                del left[task.key]
                yield task, counts
        except (_broken(), OSError):  # of the pool: a kernel tells those of its file
            continue
        return
    for task in left.values():
        yield task, _alone(kernel, task)


def _broken() -> type[BaseException]:
    from concurrent.futures.process import BrokenProcessPool

    return BrokenProcessPool


def _named(kernel: Kernel, task: FileTask) -> tuple[FileTask, CorpusCounts]:
    return task, kernel(task)


def _alone(kernel: Kernel, task: FileTask) -> CorpusCounts | None:
    from joblib.externals.loky import ProcessPoolExecutor

    with ProcessPoolExecutor(max_workers=1) as pool:
        try:
            counts: CorpusCounts = pool.submit(kernel, task).result()
        except (_broken(), OSError):
            return None
        return counts


def on_dask(kernel: Kernel, tasks: Sequence[FileTask], scheduler: str) -> Iterator[Result]:
    """On the workers of a Dask cluster, in no order; what a lost worker had is done by another.

    The workers see the same files under the same paths, and have AtlasMix installed.

    Args:
        kernel: of a file.
        tasks: the files.
        scheduler: its address, as ``tcp://10.0.0.1:8786``.

    Raises:
        DataError: Dask is not installed, or nobody answers at the address.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise DataError(
            "Dask is not installed: pip install 'atlasmix[dask]', or count on this machine",
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
    with client:
        from joblib import Parallel, delayed, parallel_config

        with parallel_config(backend="dask", client=client):
            pool = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")
            yield from pool(delayed(_named)(kernel, task) for task in tasks)
