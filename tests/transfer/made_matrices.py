"""Matrices made from the law, with φ and τ known."""

from __future__ import annotations

import dataclasses

import numpy as np

from atlasmix.evidence.card import Card
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.kinds import LossLaw
from atlasmix.transfer.bts import balance, log_scale, score_of_weight

LAW = LossLaw(
    name="one-stage",
    E=float(np.exp(0.735)),
    A=float(np.exp(6.860)),
    alpha=0.396,
    B=float(np.exp(8.729)),
    beta=0.396,
    unit="nats per token",
    measured_on="182 runs of Muennighoff et al. 2023, one stage",
    source="constants of the design, rounded",
)
PARAMS, TOKENS = 2_034_422_912.0, 42e9
BTS_CARD = Card(
    metric="BTS",
    direction="higher is better",
    range=(-np.inf, 2.0),
    parameters=PARAMS,
    tokens=TOKENS,
)


def matrix_of(scores: object, error: float = 0.1, **card: object) -> TransferMatrix:
    """A matrix of measured pairs; nan marks a pair that the study does not have."""
    array = np.array(scores, dtype=float)
    status = np.where(np.isnan(array), "", "measured").astype("<U9")
    count = len(array)
    keys = ("cat", "eng", "spa")[:count] if count < 4 else tuple(f"k{i:02d}" for i in range(count))
    stderr = np.where(np.isnan(array), np.nan, error)
    described = dataclasses.replace(BTS_CARD, **card)
    return TransferMatrix("ours", keys, array, stderr, status, described, "0" * 64)


def scores_of(phi: np.ndarray, weights: np.ndarray, law: LossLaw = LAW) -> np.ndarray:
    """The scores that φ and τ give, 1 on the diagonal."""
    scale = np.exp(log_scale(phi, balance(law, PARAMS, TOKENS), law.beta))
    scores = score_of_weight(weights, scale[None, :])
    np.fill_diagonal(scores, 1.0)
    return scores


def made(
    seed: int, size: int = 30, noise: float = 0.03, around: float = 0.11
) -> tuple[np.ndarray, np.ndarray, TransferMatrix]:
    """φ, τ and a matrix of scores with Gaussian noise; three donors in ten give nothing."""
    draw = np.random.default_rng(seed)
    phi = around * np.exp(0.3 * draw.standard_normal(size))
    weights = np.expm1(draw.exponential(0.1, (size, size))) * (draw.random((size, size)) > 0.3)
    np.fill_diagonal(weights, 1.0)
    scores = scores_of(phi, weights) + noise * draw.standard_normal((size, size))
    np.fill_diagonal(scores, 1.0)
    return phi, weights, matrix_of(scores, error=noise)
