r"""A space-filling design: mixtures for first runs, spread around a reference and within limits.

Shares are drawn from Dirichlet distributions whose mean is the reference r, through a scrambled
Sobol sequence in the place of random numbers: one coordinate for each source, turned by the inverse
of the gamma distribution of shape c·S·r_i, and one for the strength c, whose logarithm is spread
evenly (RegMix varies it too, Liu et al. 2024, arXiv 2407.01492). Each is then moved to the mixture
within the limits that is nearest in Kullback-Leibler divergence, p_i = min(max(λ·w_i, low_i),
high_i), and passed over where a run before it is nearly the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.text import first_few

Array = NDArray[np.float64]

STRENGTHS: Final = (0.3, 3.0)
"""Between which c lies, our choice: with c = 1 and an even reference every mixture is as likely."""
LEAST: Final = 1e-4
"""A share below it is left out, our choice: it tells nothing, and a framework may draw none."""
APART: Final = 0.01
"""Part of the tokens in which any two runs differ, our choice: a nearer one tells the same again,
as many draws around an uneven reference would, all of them nearly the largest source alone."""
_TRIED: Final = 8
MOST_RUNS: Final = 4096
MOST_SOURCES: Final = 1000
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class DesignQuestion:
    """What a design is asked for.

    Attributes:
        sources: names of what is mixed.
        reference: (S,) shares around which the runs are spread; sums to 1.
        runs: different mixtures, the reference among them.
        low, high: (S,) least and most share of each source.
        least: a share below it is none at all: the run would draw nothing.
        seed: of the sequence's scrambling.
    """

    sources: tuple[str, ...]
    reference: Array
    runs: int
    low: Array
    high: Array
    least: float = 0.0
    seed: int = 0


def design(question: DesignQuestion) -> Array:
    """(runs, S) mixtures; the first is the reference, as far as the limits let it be.

    Raises:
        ProblemError: no runs, or more than the sequence has room for.
        Infeasible: limits that no mixture meets.
    """
    count, sources = question.runs, len(question.sources)
    if not 2 <= count <= MOST_RUNS:
        raise ProblemError(f"{count} runs: expected 2 to {MOST_RUNS:,}", field="runs", value=count)
    if not 2 <= sources <= MOST_SOURCES:
        raise ProblemError(
            f"{sources} sources: expected 2 to {MOST_SOURCES:,}", field="sources", value=sources
        )
    check_limits(question)
    drawn = _dirichlet(_sobol(_TRIED * count, sources + 1, question.seed), question.reference)
    chosen: list[Array] = []
    alike: list[Array] = []
    for weights in (question.reference, *drawn):
        shares = _without_crumbs(within(weights, question.low, question.high), question)
        apart = all(float(np.abs(shares - other).sum()) / 2 >= APART for other in chosen)
        (chosen if apart else alike).append(shares)
        if len(chosen) == count:
            break
    # Limits that leave hardly any room: then runs that are alike are all there is.
    return np.array([*chosen, *alike][:count])


def check_limits(question: DesignQuestion) -> None:
    """Refuse limits that no mixture meets, or that leave nothing to vary.

    Raises:
        Infeasible: which sources' limits collide.
    """
    low, high = question.low, question.high
    wrong = [
        f"{name} ({least:.3g} to {most:.3g})"
        for name, least, most in zip(question.sources, low.tolist(), high.tolist(), strict=True)
        if least > most + _SLACK
    ]
    if wrong:
        raise Infeasible(f"the least share is above the most: {first_few(wrong, 5)}")
    if low.sum() > 1 + _SLACK:
        raise Infeasible(f"the least shares sum to {low.sum():.4g}: expected at most 1")
    if high.sum() < 1 - _SLACK:
        raise Infeasible(
            f"the most shares sum to {high.sum():.4g}: expected at least 1; raise a cap, add text, "
            "or read fewer tokens"
        )


def within(weights: Array, low: Array, high: Array) -> Array:
    """(S,) the mixture within limits that is nearest to ``weights`` in KL divergence.

    The minimum of Σ p·log(p/w) over the limits and Σ p = 1 is min(max(λ·w, low), high) with the λ
    at which it sums to 1; the sum grows with λ, so λ is found by halving.

    >>> within(np.array([0.9, 0.1]), np.zeros(2), np.array([0.6, 1.0])).tolist()
    [0.6, 0.4]
    """
    weights = np.maximum(weights, 1e-300)
    below, above = -700.0, 1400.0  # logarithms of λ: from all at their least to all at their most
    for _ in range(200):
        middle = (below + above) / 2
        total = np.clip(np.exp(np.minimum(np.log(weights) + middle, 700.0)), low, high).sum()
        below, above = (middle, above) if total < 1 else (below, middle)
    shares = np.clip(np.exp(np.minimum(np.log(weights) + above, 700.0)), low, high)
    shares[shares < 1e-200] = 0.0  # what no weight stands for and no limit asks for
    return np.asarray(shares / shares.sum())


def _without_crumbs(shares: Array, question: DesignQuestion) -> Array:
    """Shares too small to draw anything are none, where the limits allow it."""
    crumbs = (shares < question.least) & (question.low <= 0)
    if not np.any(crumbs) or np.all(crumbs):
        return shares
    kept = np.where(crumbs, 0.0, question.high)
    return within(np.where(crumbs, 0.0, shares), question.low, kept) if kept.sum() >= 1 else shares


def _sobol(count: int, dimensions: int, seed: int) -> Array:
    """(count, dimensions) points within the open unit cube."""
    from scipy.stats import qmc

    exponent = max(math.ceil(math.log2(max(count, 1))), 0)
    points: Array = qmc.Sobol(dimensions, seed=np.random.default_rng(seed)).random_base2(exponent)
    return np.asarray(np.clip(points[:count], 1e-12, 1 - 1e-12), dtype=np.float64)


def _dirichlet(points: Array, reference: Array) -> Array:
    """(n, S) shares of Dirichlet distributions with the mean ``reference``."""
    from scipy.special import gammaincinv, gammaln

    sources = len(reference)
    low, high = np.log(STRENGTHS)
    strength = np.exp(low + points[:, -1] * (high - low))
    shape = np.maximum(strength[:, None] * sources * reference[None, :], 1e-6)
    quantile = points[:, :-1]
    with np.errstate(divide="ignore"):
        # Where the inverse falls below what a float holds: x^a/Γ(a + 1) is the distribution there.
        small = (np.log(quantile) + gammaln(shape + 1)) / shape
        logarithm = np.log(gammaincinv(shape, quantile))
    logarithm = np.where(logarithm > -600.0, logarithm, small)
    logarithm[:, reference <= 0] = -np.inf
    logarithm -= logarithm.max(axis=1, keepdims=True)
    gamma = np.exp(logarithm)
    return np.asarray(gamma / gamma.sum(axis=1, keepdims=True))


def caps_of(unique: Sequence[float | None], tokens: float, max_epochs: float) -> Array:
    """(S,) most share of each source at which it is read ``max_epochs`` times; 1 where unknown."""
    caps = [1.0 if count is None else max_epochs * count / tokens for count in unique]
    return np.asarray(np.minimum(np.array(caps), 1.0))
