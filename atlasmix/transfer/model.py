"""What scores say in the terms of the law: τ of every pair, φ of every target, and their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from atlasmix.evidence.scores import PREDICTED, SEEN, Floats, Texts
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.evidence.transfer_matrix import key_index
from atlasmix.laws.kinds import LossLaw
from atlasmix.transfer.bts import scores_at
from atlasmix.transfer.exponents import log_erfc


@dataclass(frozen=True, slots=True, eq=False)
class RelatednessPrior:
    """A Gaussian belief about log(1 + τ) of every pair, before its own score is seen.

    Attributes:
        mean: (n, n), [source, target].
        spread: (n, n), its standard deviation, > 0.
    """

    mean: Floats
    spread: Floats

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.mean, self.spread):
            array.setflags(write=False)

    @classmethod
    def flat(cls, size: int, mean: float = 0.0, spread: float = 1.0) -> RelatednessPrior:
        """The same belief about every pair of ``size`` keys: wide, so that scores speak.

        At a spread of 1 a score known to a tenth of its tokens loses 1 % to the prior (our choice:
        no measured pair lies above τ = 1, a language's worth for itself).
        """
        return cls(np.full((size, size), mean), np.full((size, size), spread))


@dataclass(frozen=True, slots=True, eq=False)
class TransferModel:
    """Transfer weights and capacity exponents as estimated from one matrix under one law.

    Attributes:
        keys: language keys or labels, as in the matrix.
        weights: (n, n), τ[source, target] >= 0, in effective target tokens per source token; 1 on
            the diagonal, 0 where the study has no score.
        stderr: (n, n), standard error of τ, of which the score's error and that of its row's
            baseline are parts; not 0 at τ = 0; 0 on the diagonal and where there is no score.
        phi: (n,) capacity exponent φ of every target, > 0.
        phi_stderr: (n,) standard error of φ.
        residual: (n, n), score minus the score that the model gives back, in the metric: below 0
            where a score lies lower than τ = 0 allows; nan where there is no score.
        level: (n,) how far the predicted scores of a target lie from what its φ gives, all alike,
            in the metric; they are read against the baseline of their own row, and what that row
            says beyond φ is here. 0 where no score is predicted.
        scale: (n,) k of every target: a donor that gives nothing scores 2 − 2k (``bts``); else 1.
        doubt: (n, n) standard error of log k of the baseline that a pair was read against, which
            all such pairs of a target share; 0 where scores are no BTS or a pair was read against
            none.
        scale_stderr: (n,) standard error of log k.
        prior: what was believed of τ before; None where scores are no BTS.
        status: (n, n) of ``measured``, ``own`` (measured by the user), ``predicted``,
            ``completed`` (no score: from relatedness and what other pairs say), ``defined``
            (diagonal) or empty.
        calibration: ``bts``, ``weight`` or ``affine:SLOPE,INTERCEPT``.
        law: name of the law that it was estimated under.
        axis: ``language`` or ``domain``.
        donor_share: the part, 0-1, of the variance of log(1 + τ), beside ``doubt``, that all pairs
            of one donor share.
        slope: (n,) how far the predicted scores of a target follow relatedness: 1, as far as the
            truth would, 0, not at all and nothing was taken from them; nan where there are none or
            no relatedness was asked.
    """

    keys: tuple[str, ...]
    weights: Floats
    stderr: Floats
    phi: Floats
    phi_stderr: Floats
    residual: Floats
    level: Floats
    scale: Floats
    scale_stderr: Floats
    doubt: Floats
    prior: RelatednessPrior | None
    status: Texts
    calibration: str
    law: str
    axis: str = "language"
    donor_share: float = 0.0
    slope: Floats | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (
            *(self.weights, self.stderr, self.phi, self.phi_stderr),
            *(self.residual, self.level, self.scale, self.scale_stderr, self.doubt, self.status),
        ):
            array.setflags(write=False)

    def index(self, key: str) -> int:
        """Row and column of a key; UnknownLanguage (or DataError) where it is absent."""
        return key_index(self.keys, key, "the transfer matrix", self.axis)

    def is_measured(self, target: str) -> bool:
        """Whether φ of ``target`` rests on a measured score; else it is drawn to the others'."""
        return bool(np.isin(self.status[:, self.index(target)], SEEN).any())

    def score_of(
        self, weight: float, target: str, *, predicted: bool = False
    ) -> tuple[float, float]:
        """The score that a study must give for τ = ``weight``, and dτ/dscore there.

        Args:
            weight: τ, above -1 for ``bts``; before the prior, which draws it in by a few per cent.
            target: key of the target: under ``bts`` what a score is worth depends on its φ.
            predicted: the score would be a prediction, read against the baseline of its own row,
                and not a measurement.
        """
        if self.calibration == "bts":
            at = self.index(target)
            scale = float(self.scale[at]) - predicted * float(self.level[at]) / 2
            return 2 - 2 * scale / (1 + weight), (1 + weight) ** 2 / (2 * scale)
        if self.calibration == "weight":
            return weight, 1.0
        slope, intercept = self._line()
        return (weight - intercept) / slope, abs(slope)

    @property
    def is_completed(self) -> bool:
        """Whether a relatedness prior speaks where there is no score."""
        return self.slope is not None

    def stays_predicted(self, source: str, target: str) -> bool:
        """Whether another score of the pair would be a prediction too.

        Where a prior completes the scores, predictions only bend it: another score of such a pair,
        or of one without a score, would be a measurement.
        """
        pair = self.index(source), self.index(target)
        return bool(self.status[pair] == PREDICTED) and not self.is_completed

    def at_score(
        self, source: str, target: str, score: float, stderr: float
    ) -> tuple[float, float]:
        """τ of a pair and its standard error, had its score been another one.

        φ and the baseline of the row are held, although the score is a part of them.

        Args:
            source, target: the pair; see :meth:`stays_predicted`.
            score, stderr: in the metric, and the score's own standard error.
        """
        pair = self.index(source), self.index(target)
        if self.prior is None:
            slope, intercept = (1.0, 0.0) if self.calibration == "weight" else self._line()
            return max(slope * score + intercept, 0.0), abs(slope) * stderr
        predicted = self.stays_predicted(source, target)
        nothing, _ = self.score_of(0.0, target, predicted=predicted)
        raw = np.array(math.log((2 - nothing) / (2 - score)))
        doubt = self.scale_stderr[pair[1]] if self.is_completed else self.doubt[pair]
        spread = np.hypot(log_error(stderr, score), doubt)
        prior = RelatednessPrior(self.prior.mean[pair], self.prior.spread[pair])
        weight, error = weight_of(*posterior(raw, spread, prior))
        return float(weight), float(error)

    def _line(self) -> tuple[float, float]:
        slope, intercept = self.calibration.removeprefix("affine:").split(",")
        return float(slope), float(intercept)

    def bts_at(self, law: LossLaw, params: float, tokens: float) -> Floats:
        """Bilingual transfer scores that the law gives at other sizes, (n, n) [source, target].

        Args:
            law: the law that the model was estimated under.
            params: N of both models.
            tokens: d_mono, tokens of the target-only model.

        Returns:
            BTS; -inf for a target whose half-and-half model never reaches the other's loss.
        """
        return scores_at(law, self.phi, self.weights, params, tokens)


def log_error(stderr: ArrayLike, score: ArrayLike) -> Floats:
    """Standard error of the log tokens behind a BTS, from the standard error of the score.

    By the slope it is stderr/(2 − score), which grows without end as a score comes near 2: a charge
    for doubt would take away more than a better score gives. Above a score of 0 it is held, at the
    part of all tokens that the error is there: our choice, as rounding and a forest's error are
    stated for scores about 0, and a count of tokens is not known less well because it is small.

    >>> log_error(0.1, [-2.0, 0.0, 1.0]).round(3)
    array([0.025, 0.05 , 0.05 ])
    """
    return np.asarray(np.asarray(stderr) / (2.0 - np.minimum(np.asarray(score), 0.0)))


def posterior(raw: Floats, error: Floats, prior: RelatednessPrior) -> tuple[Floats, Floats]:
    """Mean and standard deviation of log(1 + τ) under a score and a prior, both Gaussian.

    Args:
        raw: log(1 + τ) as the score has it.
        error: its standard error.
        prior: what was believed before.
    """
    believed = prior.spread**2
    keep = believed / (believed + error**2)
    return keep * raw + (1 - keep) * prior.mean, np.sqrt(keep) * error


def weight_of(log_weight: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """The most likely τ >= 0 and its standard error σ, from a Gaussian log(1 + τ).

    σ is that of what is left of the Gaussian above 0: a weight that cannot be negative is known
    better than its score alone says, and the more so the lower it is. Both τ and, as long as κ
    times the spread stays well below 1, max(0, τ - κσ) never fall as ``log_weight`` rises: a better
    score never makes an answer worse. (At κ = 10 and a spread of 0.1 nothing is left of any weight,
    however good its score.)

    >>> weight, stderr = weight_of(np.array([0.3, -0.1]), np.array([0.05, 0.05]))
    >>> weight.round(3), stderr.round(3)
    (array([0.35, 0.  ]), array([0.067, 0.017]))
    """
    weight = np.expm1(np.maximum(log_weight, 0.0))
    left = _left_above_zero(log_weight / np.maximum(spread, 1e-12))
    return weight, (1 + weight) * spread * left


def _left_above_zero(z: Floats) -> Floats:
    """Standard deviation of a Gaussian of mean z and width 1, given that it is above 0.

    >>> _left_above_zero(np.array([-50.0, 0.0, 1.0, 9.0])).round(3)
    array([0.155, 0.603, 0.794, 1.   ])
    """
    z = np.maximum(z, -6.0)
    # Inverse Mills ratio φ(z)/Φ(z), with Φ(z) = erfc(-z/√2)/2.
    mills = np.exp(-0.5 * z * z - log_erfc(-z / np.sqrt(2))) * np.sqrt(2 / np.pi)
    return np.asarray(np.sqrt(np.maximum(1.0 - z * mills - mills**2, 0.0)))


def data_gain(model: TransferModel, languages: Sequence[str]) -> float:
    """Mean of D_eff/D_own over languages that are read evenly, each within one epoch.

    D_eff/D_own of target t is 1 + Σ τ[s → t] over the others. Languages without scores are left
    out, as targets and as donors.

    Args:
        model: transfer weights.
        languages: keys.

    Returns:
        1 where fewer than two of the languages have scores.
    """
    known = [model.index(key) for key in languages if key in model.keys]
    if not known:
        return 1.0
    return float(model.weights[np.ix_(known, known)].sum(axis=0).mean())


def capacity_mixtures() -> dict[str, tuple[str, ...]]:
    """The even mixtures behind the K-law of ATLAS, name -> language keys (its Table B.5)."""
    _, tables = shipped_tables("capacity_mixtures/atlas-2025", ("mixtures.csv",))
    mixtures: dict[str, tuple[str, ...]] = {}
    for row in tables["mixtures.csv"]:
        mixtures[row["mixture"]] = (*mixtures.get(row["mixture"], ()), row["language"])
    return mixtures
