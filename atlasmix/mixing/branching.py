"""Closing the gap that negative transfer leaves: branch on the tokens of the harmful pools.

Where a pool that harms may be read more than once, the chord of its saturation relaxes the problem.
Over a part of its range the chord lies closer, and below one epoch it is exact; so the range is cut
where the chord is furthest off, the worse part bounded again, until bound and answer meet.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from atlasmix.mixing.program import Program, objective, with_harm
from atlasmix.scaling.saturation import Array, saturate

_PARTS = 60
"""Most parts looked at: our choice, a second or two for a dozen targets."""


@dataclass(frozen=True, slots=True)
class Part:
    """The best of one part of the ranges: its mixture, pull (T,) there, and lower bound."""

    x: Array
    pull: Array
    bound: float


@dataclass(frozen=True, slots=True)
class Branched:
    """A lower bound over all parts, and the best mixture met on the way."""

    bound: float
    x: Array
    value: float


_Bounder = Callable[[Program], Part | None]


def branch(
    program: Program, incumbent: tuple[Array, float], bounder: _Bounder, enough: float
) -> Branched:
    """Lower bound of the exact problem within ``enough`` of the best mixture, if parts suffice.

    Args:
        program: as compiled.
        incumbent: a feasible mixture and its exact value.
        bounder: minimises a program with affine stand-ins and proves its bound; None where empty.
        enough: absolute distance at which to stop.
    """
    x, value = incumbent
    first = bounder(_chords(program))
    if first is None:
        return Branched(value, x, value)
    queue = [(first.bound, 0, program, first)]
    closed, count = np.inf, 1
    while queue and count < _PARTS:
        lowest, _, part, found = queue[0]
        if value - min(lowest, closed) <= enough:
            break
        heapq.heappop(queue)
        met = objective(program, found.x, exact=True)
        if met < value:
            x, value = found.x, met
        cut = _cut(part, found)
        if cut is None:
            closed = min(closed, lowest)
            continue
        for smaller in cut:
            count += 1
            answer = bounder(_chords(smaller))
            if answer is not None:
                # A part is never better than the whole it was cut from.
                heapq.heappush(queue, (max(answer.bound, lowest), count, smaller, answer))
    open_bounds = [entry[0] for entry in queue]
    return Branched(min([value, closed, *open_bounds]), x, value)


def _chords(part: Program) -> Program:
    """Negative terms by the chord of S over each column's range."""
    low, high = part.lower, np.minimum(part.upper, 1.0)
    at_low = np.where(low > 0, saturate(low, part.unique, part.decay), 0.0)
    wide = high > low * (1 + 1e-12)
    width = np.where(wide, high - low, 1.0)
    slope = np.where(wide, (saturate(high, part.unique, part.decay) - at_low) / width, 1.0)
    return with_harm(part, np.asarray(slope), np.asarray(at_low - slope * low))


def _cut(part: Program, found: Part) -> tuple[Program, Program] | None:
    """Two halves of the range of the column whose chord is furthest off; None where none is."""
    chords = _chords(part)
    off = saturate(found.x, part.unique, part.decay)
    off = off - (chords.harm_slope * found.x + chords.harm_offset)
    loss = (found.pull @ part.harm) * off
    column = int(np.argmax(loss))
    if loss[column] <= 0:
        return None
    low, high = float(part.lower[column]), min(float(part.upper[column]), 1.0)
    once, at = float(part.unique[column]), float(found.x[column])
    middle = once if low < once < high else min(max(at, low + 0.1 * (high - low)), high * 0.999)
    if not low < middle < high:
        return None
    upper, lower = part.upper.copy(), part.lower.copy()
    upper[column], lower[column] = middle, middle
    return replace(part, upper=upper), replace(part, lower=lower)
