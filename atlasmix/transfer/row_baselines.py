r"""The baseline of a row of scores: what donors that give nothing score.

Scores are compared as logarithms of tokens, z = −log((2 − BTS)/2), where the law is a sum:

.. math:: z_{st} = -a_t + \log(1 + \tau_{st}) + \varepsilon_{st}, \qquad a_t = \log k_t

a_t belongs to the row, and τ ≥ 0. Of the donors of a target a part π gives nothing, the others an
exponentially distributed log(1 + τ) of mean ω; one score in a hundred is a slip. With Gaussian ε
each score has a closed density (a Gaussian and an exponentially modified one), and a_t is read off
the product over a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from atlasmix.evidence.scores import Floats

NOTHING: Final = 0.25
"""π, the part of the donors that give nothing (our choice, as the scores hardly tell). Together
with ω and the scatter the 72 measured pairs of atlas-2025 put it at 0.56; at the scatter below, at
0, and a quarter is 2 in log likelihood from that; the predicted pairs ask for 0.73, as a forest
that knows nothing of a pair says the same of many (scripts/data/row_density.py). From 0 to a half
the data gain of 24 languages, which the K-law of ATLAS puts at 2.37, goes from 2.4 to 1.9."""

MEAN_GAIN: Final = 0.1
"""ω, the mean of log(1 + τ) among the other donors: 0.09 to 0.13 (same script)."""

SCATTER: Final = 0.03
"""Standard deviation of log tokens about that density, beside the printed error of a measured
score: what another seed moves (our choice; 0.04 for the predicted pairs, same script)."""

STRAY: Final = 0.0025
"""Density of a score that follows none of this: one in a hundred, anywhere over a range of 4 in log
tokens (our choice). Without it a single slip, far below all others, would be the row's baseline."""

SHAPE_ERROR: Final = 0.02
"""Standard error of a baseline, in log tokens, from not knowing that density: as far as the
measured rows move when π goes from a quarter to 0 or to a half."""

_ROOT_2PI: Final = math.sqrt(2 * math.pi)
_POINTS: Final = 64
_REACH: Final = 6.0
# Chebyshev coefficients of log(erfc(x)·exp(x²)/t), t = 1/(1 + x/2): relative error of erfc
# below 1.2e-7 for every x >= 0 (Press et al., Numerical Recipes, the routine erfcc).
_ERFC: Final = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806,
    0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Baselines:
    """log k of every row as its scores show it.

    Attributes:
        mean: (n,) log k; 0 in a row without a score.
        stderr: (n,) its standard error; inf in a row without a score.
    """

    mean: Floats
    stderr: Floats


def baselines(logs: Floats, errors: Floats, use: npt.NDArray[np.bool_]) -> Baselines:
    """The baselines of all rows, from the scores that are used.

    Args:
        logs: (n, n), z[source, target].
        errors: (n, n), standard error of z.
        use: (n, n), which pairs speak.
    """
    count = len(logs)
    mean, spread = np.zeros(count), np.full(count, np.inf)
    rows = np.flatnonzero(use.any(axis=0))
    if not rows.size:
        return Baselines(mean, spread)
    z, error, speaks = logs.T[rows], errors.T[rows], use.T[rows]
    highest = np.where(speaks, -z, -np.inf).max(axis=1)
    lowest = np.where(speaks, -z, np.inf).min(axis=1)
    wide = _REACH * np.where(speaks, error, 0.0).max(axis=1) + MEAN_GAIN
    ends = lowest - wide, highest + wide
    for _ in range(2):  # a look at the whole range, then one at where the mass lies
        grid = np.linspace(*ends, _POINTS, axis=1)
        chance = _log_likelihood(z, error, speaks, grid)
        mass = np.exp(chance - chance.max(axis=1, keepdims=True))
        mass /= mass.sum(axis=1, keepdims=True)
        middle = (mass * grid).sum(axis=1)
        width = np.sqrt((mass * (grid - middle[:, None]) ** 2).sum(axis=1))
        reach = _REACH * np.hypot(width, (ends[1] - ends[0]) / _POINTS / 2)
        ends = middle - reach, middle + reach
    mean[rows], spread[rows] = middle, np.hypot(width, SHAPE_ERROR)
    return Baselines(mean, spread)


def _log_likelihood(
    z: Floats, error: Floats, speaks: npt.NDArray[np.bool_], grid: Floats
) -> Floats:
    """(rows, points): log likelihood of the scores of each row at each log k of its grid."""
    above = z[:, :, None] + grid[:, None, :]
    sigma = error[:, :, None]
    nothing = math.log(NOTHING) - 0.5 * (above / sigma) ** 2 - np.log(sigma * _ROOT_2PI)
    something = math.log1p(-NOTHING) + _log_modified(above, sigma)
    each = np.logaddexp(np.logaddexp(nothing, something), math.log(STRAY))
    return np.asarray(np.where(speaks[:, :, None], each, 0.0).sum(axis=1))


def _log_modified(above: Floats, sigma: Floats) -> Floats:
    """Log density of an exponential of mean ω plus a Gaussian of standard deviation sigma."""
    inner = (sigma / MEAN_GAIN - above / sigma) / math.sqrt(2)
    tilt = 0.5 * (sigma / MEAN_GAIN) ** 2 - above / MEAN_GAIN
    return -math.log(2 * MEAN_GAIN) + tilt + log_erfc(inner)


def log_erfc(x: Floats) -> Floats:
    """log(1 − erf(x)), to a relative error of 1.2e-7 in erfc, without scipy.

    >>> float(log_erfc(np.array(0.0)).round(6)), float(log_erfc(np.array(30.0)).round(3))
    (0.0, -903.974)
    """
    size = np.abs(x)
    part = 1.0 / (1.0 + 0.5 * size)
    series = np.zeros_like(part)
    for coefficient in reversed(_ERFC):
        series = series * part + coefficient
    tail = np.log(part) - size * size + series
    below = np.log1p(1.0 - np.exp(np.minimum(tail, 0.0)))
    return np.asarray(np.where(x >= 0, tail, below))
