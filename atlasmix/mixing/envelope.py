r"""Under lines that lie above effective data, the least loss any division of compute could have.

F(D) = E + K·D^α + B·V(D)^-β with V concave in D. With V at most a + b·D, F is at least
E + K·D^α + B·(a + b·D)^-β, and the least of that over an interval is at one of its ends or at the
last zero of its slope: on the scale of log D the logarithms of rise and fall differ by a convex
function, so the slope changes sign at most twice, from rise to fall and to rise again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """V(D) <= ``offset`` + ``slope``·D for every D, all in tokens."""

    offset: float
    slope: float

    def at(self, tokens: float) -> float:
        """The line's value."""
        return self.offset + self.slope * tokens


@dataclass(frozen=True, slots=True)
class Curve:
    """Loss as D varies at fixed compute: E + K·D^α + B·V^-β."""

    E: float
    K: float
    alpha: float
    B: float
    beta: float

    def loss(self, tokens: float, effective: float) -> float:
        """F at D = ``tokens`` where V = ``effective``; inf where there is no data."""
        if effective <= 0:
            return math.inf
        return self.E + self.capacity(tokens) + self.B * math.pow(effective, -self.beta)

    def capacity(self, tokens: float) -> float:
        """K·D^α: what is lost because D tokens leave only C/(6·D) parameters."""
        return self.K * math.pow(tokens, self.alpha)


def lowest(curve: Curve, lines: Sequence[Line], low: float, high: float) -> tuple[float, float]:
    """Where the bound under all lines is least for D in [low, high], and its value.

    Returns:
        (D, bound): F(D') >= bound for every D' in the range.
    """
    best = (low, math.inf)
    for line in lines:
        left, right = low, high
        for other in lines:
            if other.slope > line.slope:
                left = max(left, (line.offset - other.offset) / (other.slope - line.slope))
            elif other.slope < line.slope:
                right = min(right, (other.offset - line.offset) / (line.slope - other.slope))
        if left > right:
            continue
        for tokens in (left, right, _last_zero(curve, line, left, right)):
            value = curve.loss(tokens, min(one.at(tokens) for one in lines))
            if value < best[1]:
                best = (tokens, value)
    return best


def _last_zero(curve: Curve, line: Line, left: float, right: float) -> float:
    """Where F under one line falls last, at most ``right``; ``left`` where it only rises."""
    if line.slope <= 0 or left <= 0:
        return left

    def excess(tokens: float) -> float:
        """Logarithm of the rise of the capacity term over the fall of the data term."""
        value = line.at(tokens)
        if value <= 0:
            return -math.inf
        return (
            math.log(curve.alpha * curve.K / (curve.beta * curve.B * line.slope))
            + (curve.alpha - 1.0) * math.log(tokens)
            + (curve.beta + 1.0) * math.log(value)
        )

    if excess(right) <= 0:
        return right
    turn = left
    share = (1.0 - curve.alpha) / (1.0 + curve.beta)
    if line.offset > 0 and share > 0:
        turn = line.offset * share / (line.slope * (1.0 - share))
    turn = min(max(turn, left), right)
    if excess(turn) >= 0:
        return left
    for _ in range(_HALVINGS):
        middle = math.sqrt(turn * right)
        if not turn < middle < right:
            break
        turn, right = (middle, right) if excess(middle) < 0 else (turn, middle)
    return right
