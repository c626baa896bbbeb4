"""Linear programs by HiGHS, in the one shape this package needs, with their duals."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from atlasmix.errors import SolverFailed
from atlasmix.laws.saturation import Array


class _Silence:
    """File descriptors 1 and 2 turned to nowhere while anybody wants it."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._kept: dict[int, int] = {}

    def enter(self) -> None:
        """The first one in closes the streams."""
        with self._lock:
            self._inside += 1
            if self._inside > 1:
                return
            _flush()
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                for stream in (1, 2):
                    with suppress(OSError):  # a process without this stream
                        self._kept[stream] = os.dup(stream)
                        os.dup2(nowhere, stream)
                os.close(nowhere)

    def leave(self) -> None:
        """The last one out opens them."""
        with self._lock:
            self._inside -= 1
            if self._inside:
                return
            _flush()
            while self._kept:
                stream, kept = self._kept.popitem()
                os.dup2(kept, stream)
                os.close(kept)


_SILENCE: Final = _Silence()


@contextmanager
def silent() -> Iterator[None]:
    """Send to nowhere what a library writes to the process's own streams, past Python.

    HiGHS prints some lines of its branch and bound whatever it is told. Calls may overlap, in one
    thread or in several; what others write meanwhile is lost, so keep it short.
    """
    _SILENCE.enter()
    try:
        yield
    finally:
        _SILENCE.leave()


def _flush() -> None:
    """Write out what Python and the C library hold back, or it comes out on the wrong side."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, or closed
            stream.flush()
    with suppress(AttributeError, OSError, TypeError):  # no such library to be found
        ctypes.CDLL(None).fflush(None)


class NoPoint(SolverFailed):
    """The limits of a linear program leave no point at all."""


@dataclass(frozen=True, slots=True)
class LinearOptimum:
    """Minimum of c·x over A x <= b, E x = e and a box.

    Attributes:
        x: the vertex.
        value: c·x.
        rows: (m,) price >= 0 of each inequality: fall of the value per unit of b.
        equal: price of each equality, of either sign.
        upper: (n,) price >= 0 of each upper bound.
    """

    x: Array
    value: float
    rows: Array
    equal: Array
    upper: Array


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """Minimise cost · x over rows x <= bound, equal x = level and low <= x <= high."""

    cost: Array
    rows: Array
    bound: Array
    low: Array
    high: Array
    equal: Array | None = None
    level: Array | None = None


def minimise(program: LinearProgram, purpose: str) -> LinearOptimum:
    """The optimum of a program that has one.

    Args:
        program: the program.
        purpose: what it serves, for the message.

    Raises:
        NoPoint: nothing meets the limits.
        SolverFailed: HiGHS did not reach an optimum.
    """
    answer = _highs(program, presolve=True)
    if answer.status != 0 or answer.x is None:
        # Presolve has called programs infeasible that have points with room to spare.
        answer = _highs(program, presolve=False)
    if answer.status == 2:
        raise NoPoint(f"the linear program behind {purpose} has no point: please report it")
    if answer.status != 0 or answer.x is None:
        raise SolverFailed(
            f"the linear program behind {purpose} ended with '{answer.message}': please report it"
        )

    def prices(part: object) -> Array:
        return np.asarray(-np.asarray(getattr(part, "marginals", ()), dtype=float))

    return LinearOptimum(
        np.asarray(answer.x, dtype=float),
        float(answer.fun),
        np.maximum(prices(answer.ineqlin), 0.0),
        prices(answer.eqlin),
        np.maximum(prices(answer.upper), 0.0),
    )


def _highs(program: LinearProgram, presolve: bool) -> Any:
    from scipy.optimize import linprog

    # The stubs know neither an infinite bound nor a column of pairs as an array.
    return linprog(  # type: ignore[call-overload]
        program.cost,
        A_ub=program.rows,
        b_ub=program.bound,
        A_eq=program.equal,
        b_eq=program.level,
        bounds=np.column_stack([program.low, program.high]),
        method="highs",
        options={"presolve": presolve},
    )
