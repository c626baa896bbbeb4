"""Estimate τ of every pair and φ of every target from the scores of a study, both together."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from atlasmix.errors import DataError
from atlasmix.evidence.scores import DEFINED, MEASURED, MISSING, Floats, Texts
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.kinds import LossLaw
from atlasmix.transfer.bts import balance, measured_at, score_of_weight
from atlasmix.transfer.calibration import Calibration, parse_calibration
from atlasmix.transfer.exponents import SCATTER, baselines, belief, exponents
from atlasmix.transfer.model import RelatednessPrior, TransferModel, log_error, posterior

_MOST_WEIGHT = 1e6  # a token worth a million others is a slip, not a finding

Bools = npt.NDArray[np.bool_]


def estimate(
    matrix: TransferMatrix,
    law: LossLaw,
    calibration: str | None = None,
    prior: RelatednessPrior | None = None,
) -> TransferModel:
    """τ and φ of a matrix under a law, with standard errors.

    Args:
        matrix: scores in the metric of its card.
        law: its A, α, B, β are those that the estimate will be used with; another law, another
            estimate.
        calibration: ``bts``, ``weight``, ``affine:SLOPE,INTERCEPT``; None takes the map that the
            metric itself implies.
        prior: what is believed of τ before; None: the same, and little, of every pair.

    Raises:
        ProblemError: the metric implies no map and none was named, or the map does not fit it.
        DataError: a BTS score of 2 or more, where τ would be infinite, or one so near to it, or a
            map so steep, that τ is above a million.
    """
    chosen = parse_calibration(calibration, matrix)
    status = matrix.status.copy()
    # A token of the language itself is the unit, whatever the study printed there.
    np.fill_diagonal(status, DEFINED)
    pairs = (status != DEFINED) & (status != MISSING)
    believed = prior or RelatednessPrior.flat(len(matrix.keys))
    if chosen.name == "bts":
        return _from_bts(matrix, law, status, pairs, believed)
    return _from_line(matrix, law, status, pairs, chosen)


@lru_cache(maxsize=32)
def estimated(
    matrix: TransferMatrix, law: LossLaw, calibration: str | None = None
) -> TransferModel:
    """:func:`estimate`, done once for the same matrix object, law and calibration."""
    return estimate(matrix, law, calibration)


def _from_bts(
    matrix: TransferMatrix, law: LossLaw, status: Texts, pairs: Bools, prior: RelatednessPrior
) -> TransferModel:
    scores = np.where(matrix.status == MISSING, 0.0, matrix.scores)
    if np.any(scores >= 2):
        row, column = np.argwhere(scores >= 2)[0]
        raise DataError(
            f"BTS of {matrix.keys[row]} for {matrix.keys[column]} in '{matrix.name}' is "
            f"{scores[row, column]:g}: expected less than 2; correct the table and add it again"
        )
    params, tokens = measured_at(matrix.card)
    ratio = balance(law, params, tokens)
    scores = np.where(pairs, scores, 0.0)
    # Scores as log tokens, where pair and row add up; see exponents.py.
    logs = -np.log1p(-scores / 2)
    errors = log_error(np.where(pairs, matrix.stderr, 0.0), scores)
    measured = status == MEASURED
    seen = baselines(logs, np.where(measured, np.hypot(errors, SCATTER), SCATTER), measured)
    said = baselines(logs, np.full_like(errors, SCATTER), pairs & ~measured)
    about = belief(seen, law, ratio)
    fitted = exponents(seen, said, about, ratio, law.beta)
    # Predicted scores are read against the baseline of their own row as predicted, drawn to φ's.
    error, level = said.stderr**2, about.level**2
    own = np.where(np.isfinite(error), level / (level + error), 0.0)
    baseline = own * said.mean + (1 - own) * fitted.scale
    doubt = own * np.minimum(said.stderr, 1e9) ** 2 + ((1 - own) * fitted.scale_stderr) ** 2
    against = np.where(measured, fitted.scale, baseline)
    variance = np.where(measured, fitted.scale_stderr**2, doubt)
    raw = np.where(pairs, np.expm1(np.minimum(logs + against, 50.0)), 0.0)
    _refuse_absurd(matrix, raw, pairs, "bts")
    weights, stderr = posterior(raw, np.sqrt(errors**2 + variance), prior.mean, prior.spread)
    weights, stderr = np.where(pairs, weights, 0.0), np.where(pairs, stderr, 0.0)
    np.fill_diagonal(weights, 1.0)
    scale = np.exp(fitted.scale)
    back = score_of_weight(weights, np.exp(against))
    return TransferModel(
        keys=matrix.keys,
        weights=weights,
        stderr=stderr,
        phi=fitted.phi,
        phi_stderr=fitted.phi_stderr,
        residual=np.where(pairs, scores - back, np.nan),
        level=np.where((pairs & ~measured).any(axis=0), 2 * (scale - np.exp(baseline)), 0.0),
        scale=scale,
        doubt=np.where(pairs, np.sqrt(variance), 0.0),
        prior=prior,
        status=status,
        calibration="bts",
        law=law.name,
        axis=matrix.card.axis,
    )


def _from_line(
    matrix: TransferMatrix, law: LossLaw, status: Texts, pairs: Bools, chosen: Calibration
) -> TransferModel:
    scores = np.where(pairs, matrix.scores, 0.0)
    raw = np.where(pairs, chosen.slope * scores + chosen.intercept, 0.0)
    _refuse_absurd(matrix, raw, pairs, chosen.name)
    weights = np.maximum(raw, 0.0)
    back = (weights - chosen.intercept) / chosen.slope
    np.fill_diagonal(weights, 1.0)
    count, (low, high) = len(matrix.keys), law.phi_range
    return TransferModel(
        keys=matrix.keys,
        weights=weights,
        stderr=abs(chosen.slope) * np.where(pairs, matrix.stderr, 0.0),
        phi=np.full(count, law.phi),
        # The range of a card as plus and minus one standard deviation (our choice).
        phi_stderr=np.full(count, (high - low) / 2),
        residual=np.where(pairs, scores - back, np.nan),
        level=np.zeros(count),
        scale=np.ones(count),
        doubt=np.zeros((count, count)),
        prior=None,
        status=status,
        calibration=chosen.name,
        law=law.name,
        axis=matrix.card.axis,
    )


def _refuse_absurd(matrix: TransferMatrix, weights: Floats, pairs: Bools, name: str) -> None:
    absurd = np.argwhere(pairs & (np.abs(weights) > _MOST_WEIGHT))
    if absurd.size:
        row, column = absurd[0]
        raise DataError(
            f"{matrix.keys[row]} for {matrix.keys[column]} in '{matrix.name}' scores "
            f"{matrix.scores[row, column]:.10g}, by calibration {name} a transfer weight of "
            f"{weights[row, column]:.3g}: expected at most 1e6; correct the table or the map"
        )
