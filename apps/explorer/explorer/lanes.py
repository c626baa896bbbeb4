"""Who waits for a worker: two lanes, so that a light question never stands behind heavy ones.

The lanes take turns. While there are two workers or more, one of them is kept for light questions,
so that heavy ones hold all others at most; a light one then waits for light ones alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

OVERSTAY: Final = 3.0
"""Seconds after which what was taken for a light question gives way to one that waits; our choice,
three times what a light question is estimated to take at most."""

_Worker = TypeVar("_Worker")


@dataclass(slots=True, eq=False)
class Turn:
    """One question's way through its lane.

    Attributes:
        light: whether it is in the light lane.
    """

    light: bool


class Lanes(Generic[_Worker]):
    """The free workers, and who waits for them in two lanes."""

    def __init__(self, workers: Iterable[_Worker]) -> None:
        """Nobody waits, and all ``workers`` are free."""
        self._free = list(workers)
        self._most_heavy = max(1, len(self._free) - 1)
        self._heavy = 0
        self._waiting: dict[bool, list[Turn]] = {True: [], False: []}
        self._last_light = False
        self._changed = threading.Condition()

    @contextmanager
    def joined(self, light: bool) -> Iterator[Turn]:
        """Stand at the end of a lane; whoever leaves before it is his turn makes room."""
        turn = Turn(light)
        with self._changed:
            self._waiting[light].append(turn)
        try:
            yield turn
        finally:
            with self._changed:
                if turn in self._waiting[light]:
                    self._waiting[light].remove(turn)
                    self._changed.notify_all()

    def take(self, turn: Turn, seconds: float) -> _Worker | None:
        """The worker whose turn it is, or None where it is not within so many seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._next() is turn, seconds):
                return None
            self._waiting[turn.light].remove(turn)
            self._last_light = turn.light
            if not turn.light:
                self._heavy += 1
            worker = self._free.pop()
            self._changed.notify_all()
            return worker

    def give(self, turn: Turn, worker: _Worker, fresh: bool = False) -> None:
        """Hand a worker back; one that is ``fresh``, and still starting, is taken last."""
        with self._changed:
            if not turn.light:
                self._heavy -= 1
            self._free.insert(0 if fresh else len(self._free), worker)
            self._changed.notify_all()

    def place(self, turn: Turn) -> int:
        """Where it stands in its lane, from 1; 0 once it has left it."""
        with self._changed:
            lane = self._waiting[turn.light]
            return lane.index(turn) + 1 if turn in lane else 0

    def must_yield(self, turn: Turn) -> bool:
        """Whether a question that was taken for light, and is not, holds up one that waits.

        Where a heavy one may work too, it is one from now on, and holds up nobody.
        """
        with self._changed:
            if turn.light and self._heavy < self._most_heavy:
                turn.light = False
                self._heavy += 1
            return turn.light and bool(self._waiting[True])

    def _next(self) -> Turn | None:
        """Whose turn it is."""
        if not self._free:
            return None
        light = self._waiting[True]
        heavy = self._waiting[False] if self._heavy < self._most_heavy else []
        if light and not (heavy and self._last_light):
            return light[0]
        return heavy[0] if heavy else None
