"""Who counts: processes of this machine, or the workers of a Dask cluster, by one kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from atlasmix import processes
from atlasmix.audit.corpus.counting import FileTask
from atlasmix.audit.corpus.counts import CorpusCounts

Kernel = Callable[[FileTask], CorpusCounts]
Result = tuple[FileTask, CorpusCounts | None]
"""A file and its counts; None where the process that read it was ended, twice."""


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
        DataError: as :func:`atlasmix.processes.on_dask`.
    """
    for _, result in processes.on_dask(_named, kernel, tasks, scheduler):
        yield result
