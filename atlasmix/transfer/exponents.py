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

from dataclasses import dataclass
from typing import Final

import numpy as np

from atlasmix.evidence.scores import Floats
from atlasmix.laws.kinds import LossLaw
from atlasmix.transfer.bts import log_scale, most_phi, phi_of
from atlasmix.transfer.row_baselines import Baselines

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
        phi, phi_stderr: (n,) posterior mean and standard deviation of φ.
        scale: (n,) log k at φ.
        scale_stderr: (n,) standard deviation of log k.
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
    phi, scale = np.exp(logs), log_scale(np.exp(logs), ratio, beta)
    chance = -1.5 * np.log1p(((logs - np.log(about.phi)) / about.width) ** 2 / 2)[None, :]
    for rows, level in ((measured, 0.0), (predicted, about.level)):
        error = np.hypot(rows.stderr, level)[:, None]
        chance = chance - 0.5 * ((rows.mean[:, None] - scale) / error) ** 2
    mass = np.exp(chance - chance.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    mean, scale_mean = mass @ phi, mass @ scale
    return Exponents(
        phi=mean,
        phi_stderr=np.sqrt((mass * (phi - mean[:, None]) ** 2).sum(axis=1)),
        scale=log_scale(mean, ratio, beta),
        scale_stderr=np.sqrt((mass * (scale - scale_mean[:, None]) ** 2).sum(axis=1)),
    )
