"""Estimate τ of every pair and φ of every target from the scores of a study, both together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.scores import COMPLETED, DEFINED, MISSING, SEEN, Floats, Texts
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.language import SUBJECTS
from atlasmix.laws.kinds import LossLaw, TargetLaws
from atlasmix.transfer.bts import balance, measured_at, score_of_weight
from atlasmix.transfer.calibration import BTS, Calibration, parse_calibration
from atlasmix.transfer.completion import Completed, Observations, complete, follow
from atlasmix.transfer.exponents import SCATTER, Exponents, baselines, belief, exponents
from atlasmix.transfer.model import (
    RelatednessPrior,
    TransferModel,
    log_error,
    posterior,
    weight_of,
)
from atlasmix.transfer.prior import PriorLaw, load_prior
from atlasmix.transfer.proxy_evidence import ProxyWorth, informed, proxy_worth
from atlasmix.transfer.relatedness import relatedness

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
        matrix: scores in the metric of its card; where the card names a relatedness prior, every
            ordered pair of its languages gets a τ, scored or not.
        law: its A, α, B, β are those that the estimate will be used with; another law, another
            estimate.
        calibration: ``bts``, ``weight``, ``affine:SLOPE,INTERCEPT``; None takes the map that the
            metric itself implies.
        prior: what is believed of τ before, in the place of what the card names; None and no prior
            on the card: the same, and little, of every pair.

    Raises:
        ProblemError: the metric implies no map and none was named, or the map does not fit it.
        DataError: a BTS score of 2 or more, where τ would be infinite, or one so near to it, or a
            map so steep, that τ is above a million; no prior of the name on the card.
    """
    if isinstance(law, TargetLaws):
        return _as_learned(matrix, law, calibration, prior)
    return _estimate(matrix, law, calibration, prior)


def _as_learned(
    matrix: TransferMatrix,
    law: TargetLaws,
    calibration: str | None,
    prior: RelatednessPrior | None,
) -> TransferModel:
    """φ as the law's runs tell it, and τ of every target under its own constants."""
    if law.A <= 0 and not law.brings(matrix) and matrix.card.metric == BTS:
        raise ProblemError(
            f"law {law.name} has no capacity term, and bilingual scores are read against one: "
            "leave the matrix out, for the weights that the runs themselves tell",
            field="matrix",
            value=matrix.name,
        )
    model = _estimate(matrix, law, calibration, prior)
    columns = {name: getattr(model, name).copy() for name in _BY_TARGET}
    for place, target in enumerate(law.targets):
        if target.language not in matrix.keys:
            continue
        at = matrix.keys.index(target.language)
        if model.calibration == "bts":
            own = _estimate(matrix, target, calibration, prior)
            for name, column in columns.items():
                column[..., at] = getattr(own, name)[..., at]
        drawn = [draw[place].phi for draw in law.draws]
        columns["phi"][at] = target.phi
        columns["phi_stderr"][at] = np.std(drawn) if drawn else 0.0
    return replace(model, **columns)


_BY_TARGET: Final = (
    *("weights", "stderr", "phi", "phi_stderr", "residual", "level", "scale"),
    *("scale_stderr", "doubt"),
)


def _estimate(
    matrix: TransferMatrix,
    law: LossLaw,
    calibration: str | None,
    prior: RelatednessPrior | None,
) -> TransferModel:
    chosen = parse_calibration(calibration, matrix)
    status = matrix.status.copy()
    # A token of the language itself is the unit, whatever the study printed there.
    np.fill_diagonal(status, DEFINED)
    pairs = (status != DEFINED) & (status != MISSING)
    if chosen.name == "bts":
        return _from_bts(matrix, law, status, pairs, prior)
    return _from_line(matrix, law, status, pairs, chosen)


@lru_cache(maxsize=8)
def estimated(
    matrix: TransferMatrix,
    law: LossLaw,
    calibration: str | None = None,
    keys: frozenset[str] | None = None,
) -> TransferModel:
    """:func:`estimate`, done once for the same matrix object, law and calibration.

    Args:
        matrix, law, calibration: as for :func:`estimate`.
        keys: where a prior completes the matrix, the languages that are wanted beside those that
            have scores; None: all.
    """
    whole = keys is None or not matrix.card.prior
    return estimate(matrix if whole else matrix.part(keys or ()), law, calibration)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Scores as log tokens, each against the baseline of its row.

    Attributes:
        scores, logs: (n, n) BTS, 0 where there is none, and −log((2 − BTS)/2).
        errors: (n, n) standard error of ``logs`` from that of the score.
        raw: (n, n) log(1 + τ) as the score has it.
        variance: (n, n) of the baseline it is read against.
        exponents: φ and log k of every target.
        baseline: (n,) log k that the predicted scores of a target are read against.
        measured: (n, n) whether somebody measured it.
    """

    scores: Floats
    logs: Floats
    errors: Floats
    raw: Floats
    variance: Floats
    exponents: Exponents
    baseline: Floats
    measured: Bools


def _read(matrix: TransferMatrix, law: LossLaw, status: Texts, pairs: Bools) -> _Reading:
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
    measured = np.isin(status, SEEN)
    seen = baselines(logs, np.where(measured, np.hypot(errors, SCATTER), SCATTER), measured)
    said = baselines(logs, np.full_like(errors, SCATTER), pairs & ~measured)
    about = belief(seen, law, ratio)
    fitted = exponents(seen, said, about, ratio, law.beta)
    # Predicted scores are read against the baseline of their own row as predicted, drawn to φ's.
    error, level = said.stderr**2, about.level**2
    own = np.where(np.isfinite(error), level / (level + error), 0.0)
    baseline = own * said.mean + (1 - own) * fitted.scale
    doubt = own * np.minimum(said.stderr, 1e9) ** 2 + ((1 - own) * fitted.scale_stderr) ** 2
    raw = np.where(pairs, logs + np.where(measured, fitted.scale, baseline), 0.0)
    _refuse_absurd(matrix, np.expm1(np.minimum(raw, 50.0)), pairs, "bts")
    variance = np.where(measured, fitted.scale_stderr**2, doubt)
    return _Reading(scores, logs, errors, raw, variance, fitted, baseline, measured)


@dataclass(frozen=True, slots=True, eq=False)
class _Belief:
    """log(1 + τ) of every pair after the scores, and what became of the pairs.

    Attributes:
        mean, spread: (n, n) a Gaussian's.
        before: what was believed without a pair's own score.
        variance: (n, n) of the baseline that a pair was read against.
        status: (n, n), completed pairs among them.
        told: (n, n) pairs whose score the weight should give back.
        donor_share, slope: as of the model.
    """

    mean: Floats
    spread: Floats
    before: RelatednessPrior
    variance: Floats
    status: Texts
    told: Bools
    donor_share: float = 0.0
    slope: Floats | None = None


def _by_scores(reading: _Reading, status: Texts, pairs: Bools, before: RelatednessPrior) -> _Belief:
    error = np.sqrt(reading.errors**2 + reading.variance)
    mean, spread = posterior(reading.raw, error, before)
    return _Belief(mean, spread, before, reading.variance, status, pairs)


def _by_relatedness(
    matrix: TransferMatrix, reading: _Reading, status: Texts, pairs: Bools
) -> _Belief:
    prior, measured = load_prior(matrix.card.prior), reading.measured
    errors = np.hypot(reading.errors, SCATTER)
    level = reading.exponents.scale_stderr
    known = _completed(prior, matrix, status, reading.raw, errors, level)
    told = pairs & ~measured
    mean, variance, slope = follow(prior, reading.logs, known.mean, known.variance, told)
    mean, variance = _by_proxies(
        prior, matrix, status, _observed(status, reading.raw, errors, level), (mean, variance)
    )
    return _Belief(
        mean,
        np.sqrt(variance),
        RelatednessPrior(known.without_mean, np.sqrt(known.without_variance)),
        np.where(measured, reading.variance, 0.0),
        _every_status(status, matrix.keys),
        pairs & measured,
        prior.donor**2 / prior.variance,
        slope,
    )


def _from_bts(
    matrix: TransferMatrix,
    law: LossLaw,
    status: Texts,
    pairs: Bools,
    prior: RelatednessPrior | None,
) -> TransferModel:
    reading = _read(matrix, law, status, pairs)
    if prior is None and matrix.card.prior:
        after = _by_relatedness(matrix, reading, status, pairs)
    else:
        flat = prior or RelatednessPrior.flat(len(matrix.keys))
        after = _by_scores(reading, status, pairs, flat)
    status, fitted = after.status, reading.exponents
    weights, stderr = weight_of(after.mean, after.spread)
    own, known = status == DEFINED, status != MISSING
    weights = np.where(own, 1.0, np.where(known, weights, 0.0))
    scale = np.exp(fitted.scale)
    against = np.where(reading.measured, fitted.scale, reading.baseline)
    back = score_of_weight(weights, np.exp(against))
    predicted = pairs & ~reading.measured
    return TransferModel(
        keys=matrix.keys,
        weights=weights,
        stderr=np.where(known & ~own, stderr, 0.0),
        phi=fitted.phi,
        phi_stderr=fitted.phi_stderr,
        residual=np.where(after.told, reading.scores - back, np.nan),
        level=np.where(predicted.any(axis=0), 2 * (scale - np.exp(reading.baseline)), 0.0),
        scale=scale,
        scale_stderr=fitted.scale_stderr,
        doubt=np.where(known & ~own, np.sqrt(after.variance), 0.0),
        prior=after.before,
        status=status,
        calibration="bts",
        law=law.name,
        axis=matrix.card.axis,
        donor_share=after.donor_share,
        slope=after.slope,
    )


def _every_status(status: Texts, keys: tuple[str, ...]) -> Texts:
    """Statuses where a prior speaks: completed pairs, and a language in two scripts as one."""
    filled = np.where((status == MISSING) & _spoken(keys), COMPLETED, status)
    return np.where(_same_language(keys), DEFINED, filled)


def _spoken(keys: tuple[str, ...]) -> Bools:
    """(n, n): pairs of two languages; of code and mathematics there is no evidence."""
    spoken = ~np.isin(keys, SUBJECTS)
    return np.asarray(spoken[:, None] & spoken[None, :])


def _same_language(keys: tuple[str, ...]) -> Bools:
    """(n, n): a language and itself, in whatever scripts: a token of it is the unit."""
    codes = np.array([key.partition("_")[0] for key in keys])
    return np.asarray(codes[:, None] == codes[None, :])


def _completed(
    prior: PriorLaw,
    matrix: TransferMatrix,
    status: Texts,
    values: Floats,
    errors: Floats,
    level: Floats,
) -> Completed:
    """The posterior of every pair from relatedness and what was measured."""
    seen = _observed(status, values, errors, level)
    return complete(prior, relatedness(matrix.keys, matrix.texts), seen)


def _observed(status: Texts, values: Floats, errors: Floats, level: Floats) -> Observations:
    source, target = np.nonzero(np.isin(status, SEEN))
    return Observations(source, target, values[source, target], errors[source, target], level)


def _by_proxies(
    prior: PriorLaw,
    matrix: TransferMatrix,
    status: Texts,
    seen: Observations,
    believed: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Mean and variance after the proxies of the user's texts, by what they are worth."""
    worth = _worth_of(prior, matrix, seen)
    if worth is None:
        return believed
    closed = np.isin(status, SEEN) | _same_language(matrix.keys) | ~_spoken(matrix.keys)
    return informed(worth, matrix.keys, *believed, matrix.proxies, closed)


def _worth_of(prior: PriorLaw, matrix: TransferMatrix, seen: Observations) -> ProxyWorth | None:
    """What the proxies beside a matrix are worth; None: there are none, or too few to tell."""
    if not matrix.proxies:
        return None
    # Foretold again without every target: of the languages that were measured, which are few.
    kept = np.unique(np.concatenate([seen.source, seen.target]))
    keys = tuple(matrix.keys[place] for place in kept.tolist())
    few = Observations(
        np.searchsorted(kept, seen.source),
        np.searchsorted(kept, seen.target),
        seen.value,
        seen.error,
        seen.level[kept],
    )
    return proxy_worth(prior, relatedness(keys, matrix.texts), few, matrix.proxies)


def worth_of_proxies(matrix: TransferMatrix, law: LossLaw) -> ProxyWorth | None:
    """What the proxies beside a BTS matrix are worth under a law, for its card; see there.

    Args:
        matrix: with a relatedness prior on its card.
        law: under which the scores are read.
    """
    status = matrix.status.copy()
    np.fill_diagonal(status, DEFINED)
    reading = _read(matrix, law, status, (status != DEFINED) & (status != MISSING))
    errors, level = np.hypot(reading.errors, SCATTER), reading.exponents.scale_stderr
    seen = _observed(status, reading.raw, errors, level)
    return _worth_of(load_prior(matrix.card.prior), matrix, seen)


def _from_line(
    matrix: TransferMatrix, law: LossLaw, status: Texts, pairs: Bools, chosen: Calibration
) -> TransferModel:
    scores = np.where(pairs, matrix.scores, 0.0)
    raw = np.where(pairs, chosen.slope * scores + chosen.intercept, 0.0)
    _refuse_absurd(matrix, raw, pairs, chosen.name)
    weights = np.maximum(raw, 0.0)
    back = (weights - chosen.intercept) / chosen.slope
    stderr = abs(chosen.slope) * np.where(pairs, matrix.stderr, 0.0)
    share, slope = 0.0, None
    if matrix.card.prior:
        prior = load_prior(matrix.card.prior)
        # Below no weight there is no logarithm of 1 + τ; nothing is what such a score says.
        logs, errors = np.log1p(weights), np.hypot(stderr / (1 + weights), SCATTER)
        level = np.zeros(len(matrix.keys))
        known = _completed(prior, matrix, status, logs, errors, level)
        told = pairs & ~np.isin(status, SEEN)
        mean, variance, slope = follow(prior, logs, known.mean, known.variance, told)
        mean, variance = _by_proxies(
            prior, matrix, status, _observed(status, logs, errors, level), (mean, variance)
        )
        weights, stderr = weight_of(mean, np.sqrt(variance))
        status = _every_status(status, matrix.keys)
        weights = np.where(status == MISSING, 0.0, weights)
        share = prior.donor**2 / prior.variance
    unit = status == DEFINED
    weights = np.where(unit, 1.0, weights)
    stderr = np.where(unit | (status == MISSING), 0.0, stderr)
    count, (low, high) = len(matrix.keys), law.phi_range
    return TransferModel(
        keys=matrix.keys,
        weights=weights,
        stderr=stderr,
        phi=np.full(count, law.phi),
        # The range of a card as plus and minus one standard deviation (our choice).
        phi_stderr=np.full(count, (high - low) / 2),
        residual=np.where(pairs, scores - back, np.nan),
        level=np.zeros(count),
        scale=np.ones(count),
        scale_stderr=np.zeros(count),
        doubt=np.zeros((count, count)),
        prior=None,
        status=status,
        calibration=chosen.name,
        law=law.name,
        axis=matrix.card.axis,
        donor_share=share,
        slope=slope,
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
