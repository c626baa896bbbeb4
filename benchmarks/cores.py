"""What part of the core time that processes asked for they got, and the memory that they took.

On a machine that others use too, a second on the clock is no second of a core. Linux counts, for
every thread, how long it ran and how long it was ready to run and stood in line for a core. Both
are read from ``/proc`` twenty times a second, because a thread takes its counts with it when it
ends: what a thread did since it was last read is lost, at most a twentieth of a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

EVERY: Final = 0.05
"""Seconds between two readings of the threads."""

MEMORY_EVERY: Final = 0.5
"""Seconds between two readings of the memory."""

Counts = tuple[float, float, float]
"""A moment, and the seconds run and stood in line until then."""


class Cores:
    """Watches a process and all that it has started, while it is entered.

    Attributes:
        memory: the resident memory in bytes, a list a moment, by the process.
    """

    def __init__(self, process: int) -> None:
        """Of a process, by its number."""
        self.process = process
        self.memory: list[dict[int, int]] = []
        self._threads: dict[str, tuple[int, int]] = {}
        self._counts: list[Counts] = []
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._over.set()
        self._watcher.join()

    def share(self, begin: float, end: float) -> float:
        """The part got of the core time asked for between two moments of ``time.monotonic``."""
        first = max((at for at in self._counts if at[0] <= begin), default=self._counts[0])
        last = min((at for at in self._counts if at[0] >= end), default=self._counts[-1])
        ran, stood = last[1] - first[1], last[2] - first[2]
        return ran / (ran + stood) if ran + stood > 0 else 1.0

    def ran(self, begin: float, end: float) -> float:
        """Seconds of a core that were used between two moments."""
        first = max((at for at in self._counts if at[0] <= begin), default=self._counts[0])
        last = min((at for at in self._counts if at[0] >= end), default=self._counts[-1])
        return last[1] - first[1]

    def _watch(self) -> None:
        next_memory = 0.0
        while not self._over.wait(EVERY):
            now = time.monotonic()
            processes = list(tree(self.process))
            for process in processes:
                for file in Path(f"/proc/{process}/task").glob("*/schedstat"):
                    with suppress(OSError):  # it has ended
                        ran, stood, _ = file.read_text().split()
                        self._threads[str(file)] = int(ran), int(stood)
            ran_all = sum(ran for ran, _ in self._threads.values()) / 1e9
            stood_all = sum(stood for _, stood in self._threads.values()) / 1e9
            self._counts.append((now, ran_all, stood_all))
            if now >= next_memory:
                next_memory = now + MEMORY_EVERY
                self.memory.append(resident(processes))


def tree(process: int) -> Iterator[int]:
    """A process and all that it has started, directly or not."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from tree(int(child))


def resident(processes: list[int]) -> dict[int, int]:
    """Bytes in memory of each process that is there."""
    taken = {}
    for process in processes:
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            line = next(line for line in lines if line.startswith("VmRSS"))
            taken[process] = int(line.split()[1]) * 1024
    return taken
