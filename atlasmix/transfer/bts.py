r"""Bilingual transfer scores under the law: BTS from φ and τ, and back.

BTS = 2 − d_bi/d_mono, where d_bi counts *all* tokens that a half-and-half model needs for the loss
of a target-only model at d_mono. Half the tokens are the target's own (m = 1/2), so

.. math:: h + g = h\,2^{\varphi_t}
          + g\,\bigl[\tfrac{2 - BTS}{2}(1 + \tau)\bigr]^{-\beta}, \qquad
          h = A/N_0^\alpha, \; g = B/d_{mono}^\beta

and with :math:`k_t = (1 - (h/g)(2^{\varphi_t} - 1))^{-1/\beta}`

.. math:: BTS = 2 - \frac{2k_t}{1+\tau}, \qquad \tau = \frac{2k_t}{2 - BTS} - 1.

A donor that gives nothing scores :math:`2 - 2k_t`, below 0 wherever φ > 0.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from atlasmix.evidence.card import Card
from atlasmix.evidence.scores import Floats
from atlasmix.laws.kinds import LossLaw

ATLAS_PARAMS: Final = 2_034_422_912.0
"""N₀ of the Bilingual Transfer Scores of ATLAS: its "2B" model, in Table B.3 (arXiv 2510.22037).
Taken for a BTS matrix whose card does not say at how many parameters it was measured."""

ATLAS_TOKENS: Final = 42e9
"""d_mono of the same scores, for a card that does not say."""

_MOST_SCALE: Final = 0.999
"""φ is kept below this part of the largest for which half the tokens could ever be enough."""


def measured_at(card: Card) -> tuple[float, float]:
    """N₀ and d_mono of the scores that a card describes; those of ATLAS where it does not say."""
    return float(card.parameters or ATLAS_PARAMS), float(card.tokens or ATLAS_TOKENS)


def balance(law: LossLaw, params: float, tokens: float) -> float:
    """h/g: the loss that capacity leaves at ``params`` over the loss that ``tokens`` leave."""
    return law.capacity_loss(params) / law.data_loss(tokens)


def most_phi(ratio: float) -> float:
    """The largest φ at h/g = ``ratio``: above it a half-and-half model never catches up."""
    return math.log2(1.0 + _MOST_SCALE / ratio)


def log_scale(phi: ArrayLike, ratio: float, beta: float) -> Floats:
    """log k: how many times the tokens of half a model with a donor that gives nothing, log.

    Args:
        phi: φ, at most ``most_phi(ratio)``.
        ratio: h/g.
        beta: exponent of the data term.
    """
    return np.asarray(-np.log1p(-ratio * (np.exp2(np.asarray(phi)) - 1.0)) / beta)


def phi_of(scale: ArrayLike, ratio: float, beta: float) -> Floats:
    """φ behind a log k: the inverse of :func:`log_scale`; below 0 where log k is."""
    return np.asarray(np.log2(1.0 - np.expm1(-beta * np.asarray(scale)) / ratio))


def score_of_weight(weight: ArrayLike, scale: ArrayLike) -> Floats:
    """BTS of a donor worth τ = ``weight`` for a target with k = ``scale``."""
    return np.asarray(2.0 - 2.0 * np.asarray(scale) / (1.0 + np.asarray(weight)))


def scores_at(law: LossLaw, phi: Floats, weights: Floats, params: float, tokens: float) -> Floats:
    """BTS that the law gives for every pair at other N and d_mono.

    Args:
        law: the law that φ and τ were estimated under.
        phi: (n,) φ of every target.
        weights: (n, n) τ[source, target].
        params: N.
        tokens: d_mono.

    Returns:
        (n, n) BTS; -inf for a target whose half-and-half model never reaches the other's loss.
    """
    left = 1.0 - balance(law, params, tokens) * (np.exp2(phi) - 1.0)
    with np.errstate(divide="ignore"):
        scale = np.where(left > 0, np.maximum(left, 0.0) ** (-1.0 / law.beta), np.inf)
    return score_of_weight(weights, scale[None, :])
