"""From the score of a study to the transfer weight τ that the solver uses.

For BTS the scale is known: BTS = 2 - d_bi/d_mono, where d_bi counts all tokens of a half-and-half
run. Without repetition d_bi·(1 + τ)/2 = d_mono, hence τ = BTS / (2 - BTS). A score in another
metric says nothing about tokens until somebody names the map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.transfer import (
    DEFINED,
    MISSING,
    Floats,
    Texts,
    TransferMatrix,
    key_index,
)

BTS, TRANSFER_WEIGHT = "BTS", "transfer weight"
_MOST_WEIGHT = 1e6  # a token worth a million others is a slip, not a finding
_CHOICES = "'affine:SLOPE,INTERCEPT' (τ = SLOPE·score + INTERCEPT, your own figures)"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A named map from score to transfer weight, τ = slope·score + intercept unless it is ``bts``.

    Attributes:
        name: as written after ``--calibration``.
        description: the map in words.
    """

    name: str
    description: str
    slope: float = 1.0
    intercept: float = 0.0


BTS_TO_WEIGHT = Calibration("bts", "τ = BTS / (2 - BTS), exact within one epoch")
ALREADY_WEIGHTS = Calibration("weight", "the scores are transfer weights already")


@dataclass(frozen=True, slots=True, eq=False)
class TransferWeights:
    """Effective target tokens per source token, for every source and target.

    Attributes:
        keys: language keys or labels, as in the matrix.
        weights: (n, n), τ[source, target]; 1 on the diagonal, 0 where the study has no score.
        stderr: (n, n), standard error of τ by the delta method; 0 on the diagonal.
        status: (n, n) of ``measured``, ``predicted``, ``defined`` (diagonal) or empty.
        calibration: the map that was used.
    """

    keys: tuple[str, ...]
    weights: Floats
    stderr: Floats
    status: Texts
    calibration: str
    axis: str = "language"

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.weights, self.stderr, self.status):
            array.setflags(write=False)

    def index(self, key: str) -> int:
        """Row and column of a key; UnknownLanguage (or DataError) where it is absent."""
        return key_index(self.keys, key, "the transfer matrix", self.axis)


def calibrate(matrix: TransferMatrix, calibration: str | None = None) -> TransferWeights:
    """The transfer weights of a matrix and their standard errors.

    Args:
        matrix: scores in the metric of its card.
        calibration: ``bts``, ``weight``, ``affine:SLOPE,INTERCEPT``; None takes the map that the
            metric itself implies.

    Raises:
        ProblemError: the metric implies no map and none was named, or the map does not fit it.
        DataError: a BTS score of 2 or more, where τ would be infinite, or one so near to it, or a
            map so steep, that τ is above a million.
    """
    chosen = parse_calibration(calibration, matrix)
    scores = np.where(matrix.status == MISSING, 0.0, matrix.scores)
    if chosen.name == "bts":
        if np.any(scores >= 2):
            row, column = np.argwhere(scores >= 2)[0]
            raise DataError(
                f"BTS of {matrix.keys[row]} for {matrix.keys[column]} in '{matrix.name}' is "
                f"{scores[row, column]:g}: expected less than 2; correct the table and add it again"
            )
        weights, slopes = scores / (2 - scores), 2 / (2 - scores) ** 2
    else:
        weights = chosen.slope * scores + chosen.intercept
        slopes = np.full_like(scores, abs(chosen.slope))
    errors = slopes * np.where(matrix.status == MISSING, 0.0, matrix.stderr)
    weights = np.where(matrix.status == MISSING, 0.0, weights)
    status = matrix.status.copy()
    for array, own in ((weights, 1.0), (errors, 0.0), (status, DEFINED)):
        # A token of the language itself is the unit, whatever the study printed there.
        np.fill_diagonal(array, own)
    absurd = np.argwhere(np.abs(weights) > _MOST_WEIGHT)
    if absurd.size:
        row, column = absurd[0]
        raise DataError(
            f"{matrix.keys[row]} for {matrix.keys[column]} in '{matrix.name}' scores "
            f"{scores[row, column]:.10g}, by calibration {chosen.name} a transfer weight of "
            f"{weights[row, column]:.3g}: expected at most 1e6; correct the table or the map"
        )
    return TransferWeights(matrix.keys, weights, errors, status, chosen.name, matrix.card.axis)


def weight_to_score(weight: float, calibration: str) -> tuple[float, float]:
    """The score that a calibration maps to τ = ``weight``, and dτ/dscore there.

    Args:
        weight: τ, above -1 for ``bts``.
        calibration: the name in :class:`TransferWeights`.

    >>> weight_to_score(0.25, "bts")
    (0.4, 0.78125)
    """
    if calibration == "bts":
        score = 2 * weight / (1 + weight)
        return score, 2 / (2 - score) ** 2
    if calibration == "weight":
        return weight, 1.0
    slope, intercept = (float(part) for part in calibration.removeprefix("affine:").split(","))
    return (weight - intercept) / slope, abs(slope)


def parse_calibration(text: str | None, matrix: TransferMatrix) -> Calibration:
    """The calibration that ``text`` names and that fits the metric of ``matrix``.

    Raises:
        ProblemError: as for ``calibrate``.
    """
    metric, low, high = matrix.card.metric, *matrix.card.range
    found = f"matrix '{matrix.name}' holds {metric} scores on a scale from {low:g} to {high:g}"
    if text is None:
        if metric == BTS:
            return BTS_TO_WEIGHT
        if metric == TRANSFER_WEIGHT:
            return ALREADY_WEIGHTS
        raise ProblemError(
            f"{found}: they are not transfer weights; name a map with --calibration {_CHOICES}, "
            "or take a BTS matrix such as atlas-2025"
        )
    name = text.strip().lower()
    if name == "bts" and metric == BTS:
        return BTS_TO_WEIGHT
    if name == "weight" and metric in (BTS, TRANSFER_WEIGHT):
        return ALREADY_WEIGHTS
    if name in ("bts", "weight"):
        raise ProblemError(f"{found}: --calibration {name} does not fit; expected {_CHOICES}")
    if name.startswith("affine:"):
        return _affine(name, matrix)
    raise ProblemError(f"no calibration {text!r}: expected --calibration bts, weight or {_CHOICES}")


def _affine(name: str, matrix: TransferMatrix) -> Calibration:
    try:
        slope, intercept = (float(part) for part in name.removeprefix("affine:").split(","))
    except ValueError:
        slope = intercept = math.nan
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0:
        raise ProblemError(
            f"--calibration {name!r}: expected two finite numbers and a slope that is not 0, "
            "such as affine:0.01,-0.2"
        )
    if (slope > 0) != matrix.card.higher_is_better:
        raise ProblemError(
            f"--calibration {name!r} has a slope of {slope:g}, yet in '{matrix.name}' "
            f"{matrix.card.direction}: give the slope the other sign"
        )
    return Calibration(
        f"affine:{slope:.15g},{intercept:.15g}",
        f"τ = {slope:g}·score + {intercept:g}, a choice of the user",
        slope,
        intercept,
    )
