"""Which map leads from the scores of a study to transfer weights, and whether it fits them.

For BTS the law itself is the map (:mod:`atlasmix.transfer.bts`). A score in another metric says
nothing about tokens until somebody names the map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from atlasmix.errors import ProblemError
from atlasmix.evidence.transfer_matrix import TransferMatrix

BTS, TRANSFER_WEIGHT = "BTS", "transfer weight"
_CHOICES = "'affine:SLOPE,INTERCEPT' (τ = SLOPE·score + INTERCEPT, your own figures)"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A named map from score to transfer weight, τ = slope·score + intercept unless it is ``bts``.

    Attributes:
        name: ``bts``, ``weight`` or ``affine:SLOPE,INTERCEPT``.
        description: the map in words.
    """

    name: str
    description: str
    slope: float = 1.0
    intercept: float = 0.0


BTS_BY_LAW = Calibration("bts", "τ and φ from BTS under the scaling law")
ALREADY_WEIGHTS = Calibration("weight", "the scores are transfer weights already")


def parse_calibration(text: str | None, matrix: TransferMatrix) -> Calibration:
    """The calibration that ``text`` names and that fits the metric of ``matrix``.

    Args:
        text: ``bts``, ``weight``, ``affine:SLOPE,INTERCEPT``; None takes the map that the metric
            itself implies.
        matrix: the scores.

    Raises:
        ProblemError: the metric implies no map and none was named, or the map does not fit it.
    """
    metric, low, high = matrix.card.metric, *matrix.card.range
    holds = f"matrix '{matrix.name}' holds {metric} scores on a scale from {low:g} to {high:g}"
    if text is None:
        if metric == BTS:
            return BTS_BY_LAW
        if metric == TRANSFER_WEIGHT:
            return ALREADY_WEIGHTS
        if metric == "proxy":
            raise ProblemError(
                f"{holds}: proxies of texts are no transfer scores; they stand beside the scores "
                "of a study, as 'atlasmix matrices complete' sets them, and that matrix is solved "
                "with",
                field="matrix",
                value=matrix.name,
            )
        raise ProblemError(
            f"{holds}: they are not transfer weights; name a calibration, {_CHOICES}, "
            "or take a BTS matrix such as atlas-2025",
            field="calibration",
        )
    name = text.strip().lower()
    if name == "bts" and metric == BTS:
        return BTS_BY_LAW
    if name == "weight" and metric in (BTS, TRANSFER_WEIGHT):
        return ALREADY_WEIGHTS
    if name in ("bts", "weight"):
        raise ProblemError(
            f"{holds}: calibration {name} does not fit; expected {_CHOICES}",
            field="calibration",
            value=text,
        )
    if name.startswith("affine:"):
        return _affine(name, matrix)
    raise ProblemError(
        f"no calibration {text!r}: expected bts, weight or {_CHOICES}",
        field="calibration",
        value=text,
    )


def _affine(name: str, matrix: TransferMatrix) -> Calibration:
    try:
        slope, intercept = (float(part) for part in name.removeprefix("affine:").split(","))
    except ValueError:
        slope = intercept = math.nan
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0:
        raise ProblemError(
            f"calibration {name!r}: expected two finite numbers and a slope that is not 0, "
            "such as affine:0.01,-0.2",
            field="calibration",
            value=name,
        )
    if (slope > 0) != matrix.card.higher_is_better:
        raise ProblemError(
            f"calibration {name!r} has a slope of {slope:g}, yet in '{matrix.name}' "
            f"{matrix.card.direction}: give the slope the other sign",
            field="calibration",
            value=name,
        )
    return Calibration(
        f"affine:{slope:.15g},{intercept:.15g}",
        f"τ = {slope:g}·score + {intercept:g}, a choice of the user",
        slope,
        intercept,
    )
