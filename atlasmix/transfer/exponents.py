r"""The capacity exponent φ of every target, from the baseline of its row and from all other rows.

log φ_t is believed to follow a Student's t with two degrees of freedom: of nine targets with
measured scores in atlas-2025, seven lie close together and two (Chinese, Japanese) far outside, and
neither should they set what is believed of the others, nor should they be pulled in. Its middle
and width are those of the measured rows themselves (median, median deviation), under the law's own
constants. The level of a row of *predicted* scores has an error of its own, shared by the row: a
predictor that has seen no model of a target guesses its level. Nothing in print says how well, so
it is charged with as much error as the measured rows differ from one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from atlasmix.evidence.scores import Floats
from atlasmix.laws.kinds import LossLaw
from atlasmix.transfer.bts import log_scale, most_phi, phi_of

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
_NODES: Final = 64
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
    heard = np.ix_(rows, np.flatnonzero(use.any(axis=1)))
    z, error, speaks = logs.T[heard], errors.T[heard], use.T[heard]
    highest = np.where(speaks, -z, -np.inf).max(axis=1)
    lowest = np.where(speaks, -z, np.inf).min(axis=1)
    wide = _REACH * np.where(speaks, error, 0.0).max(axis=1) + MEAN_GAIN
    ends = lowest - wide, highest + wide
    for _ in range(2):  # a look at the whole range, then one at where the mass lies
        grid = np.linspace(*ends, _NODES, axis=1)
        chance = _log_likelihood(z, error, speaks, grid)
        mass = np.exp(chance - chance.max(axis=1, keepdims=True))
        mass /= mass.sum(axis=1, keepdims=True)
        middle = (mass * grid).sum(axis=1)
        width = np.sqrt((mass * (grid - middle[:, None]) ** 2).sum(axis=1))
        reach = _REACH * np.hypot(width, (ends[1] - ends[0]) / _NODES / 2)
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


LEAST_ROWS: Final = 3
"""Measured rows below which the spread of φ is not read off them (our choice)."""

DEFAULT_LEVEL: Final = 0.17
"""Least error of the level of a predicted row, in log tokens: the spread of the nine measured rows
of atlas-2025, a standard deviation."""

_LEAST_PHI: Final = 0.01
_LEAST_WIDTH: Final = 0.15
_T2_DEVIATION: Final = 0.8165
"""Median of the absolute value of a Student's t with two degrees of freedom, √(2/3)."""
_POINTS: Final = 801


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a target before its own scores are seen.

    Attributes:
        phi: the middle of φ.
        width: scale of log φ about it.
        level: standard error of the level of a row of predicted scores, in log tokens.
    """

    phi: float
    width: float
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class Exponents:
    """φ of every target and what follows from it.

    Attributes:
        phi, phi_stderr: (n,) posterior median of φ, and half of its middle 68 %.
        scale: (n,) log k at φ.
        scale_stderr: (n,) half of the middle 68 % of log k.
    """

    phi: Floats
    phi_stderr: Floats
    scale: Floats
    scale_stderr: Floats


def belief(measured: Baselines, law: LossLaw, ratio: float) -> Belief:
    """Middle, width and level error, from the rows that hold measured scores.

    Args:
        measured: baselines of the rows, from measured scores alone.
        law: for φ and its range where fewer than three rows are measured.
        ratio: h/g of the law at the size of the scores.
    """
    rows = np.isfinite(measured.stderr)
    if rows.sum() < LEAST_ROWS:
        low, high = law.phi_range
        # The range of a card as plus and minus one standard deviation (our choice).
        width = max(float(np.log(high / low)) / 2, _LEAST_WIDTH)
        return Belief(min(law.phi, most_phi(ratio)), width, DEFAULT_LEVEL)
    most = most_phi(ratio)
    logs = np.log(np.clip(phi_of(measured.mean[rows], ratio, law.beta), _LEAST_PHI, most))
    middle = float(np.median(logs))
    width = float(np.median(np.abs(logs - middle))) / _T2_DEVIATION
    level = float(np.std(measured.mean[rows], ddof=1))
    return Belief(float(np.exp(middle)), max(width, _LEAST_WIDTH), max(level, DEFAULT_LEVEL))


def exponents(
    measured: Baselines, predicted: Baselines, about: Belief, ratio: float, beta: float
) -> Exponents:
    """The posterior of φ of every target, by quadrature over log φ.

    Args:
        measured, predicted: baselines from measured and from predicted scores alone.
        about: the belief before.
        ratio, beta: h/g and the exponent of the data term.
    """
    most = min(np.log(most_phi(ratio)), np.log(about.phi) + 60 * about.width)
    logs = np.linspace(min(np.log(_LEAST_PHI), most - 3), most, _POINTS)
    scale = log_scale(np.exp(logs), ratio, beta)
    chance = -1.5 * np.log1p(((logs - np.log(about.phi)) / about.width) ** 2 / 2)[None, :]
    for rows, level in ((measured, 0.0), (predicted, about.level)):
        error = np.hypot(rows.stderr, level)[:, None]
        chance = chance - 0.5 * ((rows.mean[:, None] - scale) / error) ** 2
    mass = np.exp(chance - chance.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    # Where a row says little, what is left is the belief, whose tail pulls a mean far from where
    # nearly all languages are: a median, and half of the middle 68 %.
    below = np.cumsum(mass, axis=1) - mass / 2
    low, middle, high = (
        np.array([np.interp(part, row, logs) for row in below]) for part in (0.16, 0.5, 0.84)
    )
    ends = log_scale(np.exp(low), ratio, beta), log_scale(np.exp(high), ratio, beta)
    return Exponents(
        phi=np.exp(middle),
        phi_stderr=(np.exp(high) - np.exp(low)) / 2,
        scale=log_scale(np.exp(middle), ratio, beta),
        scale_stderr=(ends[1] - ends[0]) / 2,
    )
