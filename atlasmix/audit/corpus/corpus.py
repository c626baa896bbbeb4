"""Counting a whole corpus: its files, those that are counted already, and who counts the others."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from atlasmix.audit.corpus.audit_file import (
    ENDING,
    SCHEMA,
    counts_data,
    counts_from,
    settings_from,
)
from atlasmix.audit.corpus.counting import FileTask, count_file, name_hash, shown_name
from atlasmix.audit.corpus.counts import CorpusCounts, Settings, merge_counts, no_counts
from atlasmix.audit.corpus.engines import Result, in_processes, in_this_process, on_dask
from atlasmix.audit.corpus.listing import CorpusFile, CorpusListing
from atlasmix.errors import DataError
from atlasmix.io.files import refusing_to_write, write_atomic
from atlasmix.processes import check_engine, usable_cores

_SMALL: Final = 10_000_000
"""Bytes on disk that one process has counted before another one has started."""

Advance = Callable[[int], None]
"""Is told the bytes on disk of every file that is done."""

ENDED: Final = "the process that read it was ended, twice: perhaps it needs more memory"


@dataclass(frozen=True, slots=True)
class CountingPlan:
    """How the files of a corpus are counted.

    Attributes:
        settings: of the counts.
        tokenizer: path of a tokenizer.json; empty: none.
        engine: one of :data:`atlasmix.processes.ENGINES`.
        workers: processes of this machine; None: as many as it has cores, one for a small corpus.
        scheduler: address of a Dask scheduler, for its engine.
        partials: folder for the counts of each file, from which a later run goes on; None: none
            are kept.
    """

    settings: Settings = field(default_factory=Settings)
    tokenizer: str = ""
    engine: str = "loky"
    workers: int | None = None
    scheduler: str = ""
    partials: Path | None = None


def shard_of(listing: CorpusListing, shard: tuple[int, int]) -> CorpusListing:
    """Every n-th file of a corpus, so that n machines count all of it and none twice.

    Args:
        listing: of the corpus.
        shard: (number from 1, n).

    Raises:
        DataError: a number outside 1 to n.
    """
    number, shards = shard
    if not 1 <= number <= shards:
        raise DataError(
            f"shard {number}/{shards}: expected a number from 1 to {shards}",
            field="shard",
            value=f"{number}/{shards}",
        )
    # What belongs to no file is told once.
    first = number == 1
    return CorpusListing(
        listing.files[number - 1 :: shards],
        listing.faults if first else {},
        listing.left if first else {},
    )


def count_corpus(
    listing: CorpusListing, plan: CountingPlan, advance: Advance = lambda size: None
) -> CorpusCounts:
    """The counts of all files of a listing.

    Memory holds the counts of a few files at a time, about 1 MB a language and origin each, and of
    all together as much once more, however long the files are.

    Args:
        listing: which files.
        plan: how.
        advance: is told the bytes of each file that is done.

    Raises:
        DataError: an engine that is none or is not there, or partials that cannot be written.
    """
    check_engine(plan.engine, plan.scheduler)
    counts = replace(
        no_counts(plan.settings),
        faults=listing.faults,
        faulty=len(listing.faults),
        left=listing.left,
    )
    with contextlib.closing(_parts(listing, plan, advance)) as parts:
        return merge_counts(itertools.chain((counts,), parts))


def corpus_bytes(listing: CorpusListing) -> int:
    """Bytes on disk of the files."""
    return sum(file.size for file in listing.files)


def _parts(
    listing: CorpusListing, plan: CountingPlan, advance: Advance
) -> Generator[CorpusCounts, None, None]:
    files = {_task(file, plan).key: file for file in listing.files}
    tasks = []
    if plan.partials is not None:
        with refusing_to_write(plan.partials):
            plan.partials.mkdir(parents=True, exist_ok=True)
    for file in listing.files:
        kept = _kept(plan, file, _task(file, plan))
        if kept is None:
            tasks.append(_task(file, plan))
        else:
            yield kept
            advance(file.size)
    # The longest first: none of them is begun when all else is done.
    tasks.sort(key=lambda task: -files[task.key].size)
    small = sum(files[task.key].size for task in tasks) < _SMALL
    for task, counts in _results(tasks, plan, small):
        file = files[task.key]
        if counts is not None and plan.partials is not None:
            write_atomic(_partial(plan.partials, task), _written(file, task, counts))
        yield _ended(task) if counts is None else counts
        advance(file.size)


def _task(file: CorpusFile, plan: CountingPlan) -> FileTask:
    return FileTask(file.path, file.name, plan.settings, plan.tokenizer, file.span, file.attributes)


def _results(tasks: list[FileTask], plan: CountingPlan, small: bool) -> Iterator[Result]:
    if not tasks:
        return iter(())
    if plan.engine == "dask":
        return on_dask(count_file, tasks, plan.scheduler)
    workers = (1 if small else usable_cores()) if plan.workers is None else plan.workers
    if workers < 2 or len(tasks) < 2:
        return in_this_process(count_file, tasks)
    return in_processes(count_file, tasks, workers)


def _ended(task: FileTask) -> CorpusCounts:
    return replace(
        no_counts(task.settings),
        files=np.array([name_hash(task.key)], dtype=np.uint64),
        faults={shown_name(task.key): (ENDED,)},
        faulty=1,
    )


def _partial(folder: Path, task: FileTask) -> Path:
    # By its ending it is no text, should the folder lie in the corpus.
    return folder / f"{name_hash(task.key):016x}{ENDING}"


def _stamp(file: CorpusFile, task: FileTask) -> list[object]:
    return [SCHEMA, name_hash(task.key), file.size, file.changed]


def _written(file: CorpusFile, task: FileTask, counts: CorpusCounts) -> str:
    content = {"stamp": _stamp(file, task), "counts": counts_data(counts)}
    return msgspec.json.encode(content).decode()


def _kept(plan: CountingPlan, file: CorpusFile, task: FileTask) -> CorpusCounts | None:
    """The counts of a file that an earlier run left, where neither it nor the plan has changed."""
    if plan.partials is None:
        return None
    try:
        data = msgspec.json.decode(_partial(plan.partials, task).read_bytes())
        if data["stamp"] != _stamp(file, task):
            return None
        if settings_from(data["counts"]["settings"]) != plan.settings:
            return None
        return counts_from(data["counts"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # absent, or not whole: it is counted again
