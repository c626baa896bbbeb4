r"""One judge for all methods: the value of an answer and how far it can be from the best.

The program is convex in s = S(x). Its tangent at an answer lies below it, and the least value of
that tangent over all mixtures is found by weak duality, column by column:

.. math:: \min_x f \ge f_0 + g \cdot s_0
          - \min_{\mu \ge 0} \Big[\mu + \sum_p \max_x\, (g_p S(x) - \mu x)\Big]

g is what a unit of s is worth, risk charged. The proof is independent of the
library's own; only the direction in which the risk term leans at a kink is taken from it as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasmix.mixing.program import Program, by_language, objective, outer_value
from atlasmix.scaling.saturation import Array, saturate

Dual = tuple[Array, Array | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Value of an answer made feasible, by how much it was not, and its certified gap."""

    value: float
    violation: float
    gap: float


def feasible(program: Program, x: Array) -> tuple[Array, float]:
    """The answer inside caps and budget, and the largest limit it broke, in shares."""
    inside = np.clip(np.nan_to_num(x), program.lower, program.upper)
    violation = max(float(np.abs(inside - x).max()), float(x.sum()) - 1.0, 0.0)
    return inside / max(float(inside.sum()), 1.0), violation


def size(program: Program, value: float) -> float:
    """What differences are measured against: 1 for logarithms, which are relative already."""
    return 1.0 if program.exponent is None else abs(value)


def judge(program: Program, x: Array, given: Dual | None) -> Verdict:
    """The verdict on shares ``x`` (n,).

    Args:
        program: budget, caps, a sum over targets.
        x: the answer.
        given: a dual of the risk term from elsewhere, (T, L) with rows of norm at most 1, and the
            depths (T,) at which to draw the tangents of the outer function; or None.
    """
    inside, violation = feasible(program, x)
    value = objective(program, inside, exact=True)
    bounds = [lower_bound(program, inside, *dual) for dual in _duals(program, inside, given)]
    return Verdict(value, violation, max(value - max(bounds), 0.0) / size(program, value))


def _duals(program: Program, x: Array, given: Dual | None) -> list[Dual]:
    if not program.risky:
        return [(np.zeros_like(program.sigma), None)]
    s = saturate(x, program.unique, program.decay)
    leaning = program.sigma * by_language(program, s)
    norm = np.sqrt(np.square(leaning).sum(axis=1) + 1e-18)
    return [(leaning / norm[:, None], None), *([] if given is None else [given])]


def lower_bound(program: Program, x: Array, leaning: Array, depth: Array | None) -> float:
    """No feasible mixture has a lower objective than this."""
    net = program.gain - program.harm
    net -= (leaning * program.sigma)[:, program.member] * program.worth
    s = saturate(x, program.unique, program.decay)
    y = net @ s
    v = y / program.reference
    at = v if depth is None else depth
    phi, slope, _ = outer_value(program.exponent, at)
    phi = phi + slope * (v - at)
    pull = -program.coefficient * slope / program.reference
    worth = pull @ net
    here = float(program.coefficient @ phi + worth @ s)

    def read(price: float) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            epochs = 1.0 + np.log(worth / price) / program.decay
        most = np.minimum(program.unique * np.maximum(epochs, 1.0), program.upper)
        return np.where(worth > price, most, 0.0)

    low, high = 0.0, max(float(worth.max()), 0.0)
    if read(0.0).sum() <= 1.0:
        high = 0.0
    for _ in range(200 if high > 0 else 0):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if read(middle).sum() > 1.0 else (low, middle)
    z = read(high)
    gained = worth @ saturate(z, program.unique, program.decay) - high * z.sum()
    return here - high - float(gained)
