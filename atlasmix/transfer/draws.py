r"""Draws of what nobody knows for certain: τ, φ, λ, the law's constants, the worth of a token.

A draw is one world that the evidence allows. All that a set of draws needs are standard normal
factors, one column each, and each column of n draws is a permutation of the same n normal scores
:math:`\Phi^{-1}((i - 1/2)/n)`, brought to variance 1 (a centred Latin hypercube). So every single
factor has mean 0 and variance 1 in the set itself, not only on average over sets, and 32 draws
already say what 32 can. The permutations come from the raw words of Philox, a counter whose words
are the same on every machine and in every version of numpy.

**Transfer weights.** log(1 + τ) is Gaussian. Its variance, (stderr/(1 + τ))², has three parts:

- the baseline of the target, which all its pairs are read against (``doubt`` of the model), by one
  factor a target, the one that moves its φ: where φ is larger, k is, and so is every τ of the row;
- of what is left, ``donor_share`` by one factor a donor;
- the rest by a factor of the pair.

It is cut at a thousandth of the weight (our choice; at 0 a target without text of its own would
have a loss without end). *What is kept is the mean*: the middle of every Gaussian is set so that
the expectation of τ, cut included, is the weight of the model. A pair whose weight is 0 is
therefore 0 in every draw. The standard error is kept where the weight is twice as large or more;
below, the cut takes some of it.

**Capacity exponents.** φ is log-normal with the model's mean and standard error, and cut at the
largest for which half the tokens could ever be enough (:func:`~atlasmix.transfer.bts.most_phi`).

**The law.** Its constants, and λ with them, are log-normal about their values, as far as its card
states how their errors go together (``covariance``). Intervals of single constants do not say that:
A and α of one fit err together, and apart they would say of a model of 7B parameters what no run
allows. Under other constants the same scores give another φ: what a score shows is log k, and that
is held.

**What has a range alone** (λ of a law that states no more, the worth of a token) is drawn between
its ends, by its logarithm and by a triangle whose tip is the value in use: our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.evidence.scores import DEFINED, Floats
from atlasmix.laws.kinds import LOSS_CONSTANTS, LossLaw
from atlasmix.transfer.bts import balance, log_scale, most_phi, phi_of
from atlasmix.transfer.exponents import log_erfc
from atlasmix.transfer.model import TransferModel

LEAST_PART: Final = 1e-3
"""Part of its weight below which no drawn τ falls: our choice; see the head of this file."""

_HALVINGS: Final = 60


class Factors:
    """Standard normal columns, one after another, of one seed.

    Args:
        count: draws, at least 1.
        seed: from 0; another seed, other permutations.
        stream: draws that have nothing to do with those of another stream of the same seed.
    """

    def __init__(self, count: int, seed: int, stream: int = 0) -> None:
        self.count = count
        self._words = np.random.Philox(key=seed + (stream << 64))
        middles = (np.arange(count) + 0.5) / count
        normal = NormalDist()
        scores = np.array([normal.inv_cdf(middle) for middle in middles.tolist()])
        # One draw is the middle of everything; two and more have variance 1.
        self._scores = scores / scores.std() if count > 1 else np.zeros(1)
        self._middles = middles

    def columns(self, *shape: int) -> Floats:
        """(count, *shape): independent columns."""
        return np.asarray(self._scores[self._order(*shape)])

    def between(self, low: float, tip: float, high: float) -> Floats:
        """(count,) from ``low`` to ``high``, all above 0: a triangle of the logarithms."""
        if not low < high:
            return np.full(self.count, tip)
        first, peak, last = np.log([low, tip, high])
        level, rise = self._middles[self._order()], (peak - first) / (last - first)
        up = first + np.sqrt(level * (last - first) * (peak - first))
        down = last - np.sqrt((1.0 - level) * (last - first) * (last - peak))
        return np.asarray(np.exp(np.where(level < rise, up, down)))

    def _order(self, *shape: int) -> NDArray[np.intp]:
        """Places 0 to count - 1 in another order in every column."""
        size = int(np.prod(shape, dtype=np.int64))
        words = self._words.random_raw(self.count * size).reshape(self.count, size)
        return np.argsort(words, axis=0, kind="stable").reshape(self.count, *shape)


@dataclass(frozen=True, slots=True, eq=False)
class TransferDraws:
    """Drawn transfer weights and capacity exponents of a part of a model.

    Attributes:
        model: the part of the model that the draws are of, sources and targets among its keys.
        sources, targets: places in ``model.keys`` of the pairs that are drawn.
        weights: (draws, sources, targets) τ.
        phi: (draws, targets) φ.
    """

    model: TransferModel
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    weights: Floats
    phi: Floats

    def model_of(self, draw: int) -> TransferModel:
        """The model as it would be if this draw were the truth: no weight has an error."""
        weights, phi = self.model.weights.copy(), self.model.phi.copy()
        weights[np.ix_(self.sources, self.targets)] = self.weights[draw]
        phi[list(self.targets)] = self.phi[draw]
        return replace(
            self.model,
            weights=weights,
            stderr=np.zeros_like(weights),
            phi=phi,
            phi_stderr=np.zeros_like(phi),
        )


def draw_transfer(
    model: TransferModel,
    sources: Sequence[str],
    targets: Sequence[str],
    factors: Factors,
    highest: float,
) -> TransferDraws:
    """τ of the pairs from ``sources`` to ``targets`` and φ of the targets.

    Args:
        model: posterior means and standard errors.
        sources, targets: keys of the model, each once; a language may be both.
        factors: where the draws come from; the order of the keys decides which column is whose.
        highest: largest φ.

    >>> from atlasmix.evidence.store import Store
    >>> from atlasmix.laws.shelf import load_law
    >>> from atlasmix.transfer.estimation import estimate
    >>> model = estimate(Store(None).matrix("atlas-2025"), load_law("besiroglu-2024"))
    >>> drawn = draw_transfer(model, ["cat", "spa"], ["cat"], Factors(64, seed=1), highest=2.0)
    >>> drawn.weights[:, 0, 0].min(), bool(drawn.weights[:, 1, 0].std() > 0)
    (np.float64(1.0), True)
    """
    keys = tuple(dict.fromkeys([*targets, *sources]))
    part = part_of(model, keys)
    rows = tuple(keys.index(key) for key in sources)
    columns = tuple(keys.index(key) for key in targets)
    of_target = factors.columns(len(columns))
    of_donor = factors.columns(len(rows))
    of_pair = factors.columns(len(rows), len(columns))
    block = np.ix_(rows, columns)
    mean, known = part.weights[block], part.status[block] == DEFINED
    spread = part.stderr[block] / (1.0 + mean)
    common = np.minimum(part.doubt[block], spread)
    left = spread**2 - common**2
    logs = (
        common * of_target[:, None, :]
        + np.sqrt(part.donor_share * left) * of_donor[:, :, None]
        + np.sqrt((1.0 - part.donor_share) * left) * of_pair
    )
    least = LEAST_PART * mean
    weights = np.maximum(np.expm1(_middle(mean, spread, least) + logs), least)
    moves = (spread > 0) & (mean > 0) & ~known
    return TransferDraws(
        model=part,
        sources=rows,
        targets=columns,
        weights=np.where(moves, weights, mean),
        phi=_draw_phi(part, columns, of_target, highest),
    )


def _draw_phi(
    model: TransferModel, columns: tuple[int, ...], of_target: Floats, most: float
) -> Floats:
    phi, error = model.phi[list(columns)], model.phi_stderr[list(columns)]
    width = np.sqrt(np.log1p((error / np.where(phi > 0, phi, 1.0)) ** 2))
    drawn = phi * np.exp(width * of_target - 0.5 * width**2)
    # A φ at or above the cut already is no finding of a draw: it stays what it is.
    return np.asarray(np.where(width > 0, np.minimum(drawn, np.maximum(most, phi)), phi))


def _middle(mean: Floats, spread: Floats, least: Floats) -> Floats:
    """Middle of log(1 + τ) at which τ, cut at ``least``, has the expectation ``mean``.

    With g Gaussian of middle μ and width s, cut below at l: E[e^g] = e^l·Φ((l - μ)/s) +
    e^(μ + s²/2)·Φ((μ + s² - l)/s), which rises with μ.
    """
    width = np.maximum(spread, 1e-12)
    low_end, aim = np.log1p(least), np.log1p(mean)
    high = aim.copy()
    low = low_end - 0.5 * width**2 - 12.0 * width
    low = np.minimum(low, high)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        cut = np.exp(low_end + _log_below((low_end - middle) / width))
        above = np.exp(middle + 0.5 * width**2 + _log_below((middle + width**2 - low_end) / width))
        under = cut + above < 1.0 + mean
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return np.asarray(0.5 * (low + high))


def _log_below(z: Floats) -> Floats:
    """log Φ(z)."""
    return np.asarray(log_erfc(-z / np.sqrt(2.0)) - np.log(2.0))


def part_of(model: TransferModel, keys: Sequence[str]) -> TransferModel:
    """The model of some of its keys, in their order; its prior, which is of all, is left out."""
    places = [model.index(key) for key in keys]
    size = len(model.keys)
    changed: dict[str, Any] = {"keys": tuple(keys), "prior": None}
    for each in fields(model):
        value = getattr(model, each.name)
        if not isinstance(value, np.ndarray):
            continue
        if value.shape == (size, size):
            changed[each.name] = value[np.ix_(places, places)]
        elif value.shape == (size,):
            changed[each.name] = value[places]
    return replace(model, **changed)


def draw_laws(law: LossLaw, factors: Factors) -> tuple[LossLaw, ...]:
    """The law with other constants in every draw; the law itself where its card states no doubt.

    Where λ was fitted with the constants it moves with them: ``decay`` of every law.
    """
    if not law.covariance:
        return (law,) * factors.count
    names = (*LOSS_CONSTANTS, "decay")[: len(law.covariance)]
    value = np.log([getattr(law, name) for name in names])
    moved = np.exp(value + factors.columns(len(names)) @ _root(np.array(law.covariance)).T)
    return tuple(replace(law, **dict(zip(names, row, strict=True))) for row in moved.tolist())


def phi_under(phi: Floats, before: LossLaw, after: LossLaw, params: float, tokens: float) -> Floats:
    """φ that other constants give the same scores: log k is what a score shows.

    Args:
        phi: under ``before``.
        before, after: two laws.
        params, tokens: N₀ and d_mono of the scores.
    """
    if before is after:
        return phi
    here, there = balance(before, params, tokens), balance(after, params, tokens)
    # A φ that no score could show, as somebody assumed it, is held itself.
    shown = phi <= most_phi(here)
    scale = log_scale(np.where(shown, phi, 0.0), here, before.beta)
    moved = np.minimum(phi_of(scale, there, after.beta), most_phi(there))
    return np.asarray(np.where(shown, moved, phi))


_SINGULAR: Final = 1e-6
"""Part of a variance below which what is left of it is rounding: α and β of one fit may be held
equal, and cards have seven digits."""


def _root(covariance: Floats) -> Floats:
    """L with L·Lᵀ = the covariance, by Cholesky: its signs are the same on every machine."""
    size = len(covariance)
    root = np.zeros((size, size))
    for column in range(size):
        done = root[:, :column]
        left = covariance[:, column] - done @ done[column]
        if left[column] > _SINGULAR * covariance[column, column]:
            root[column:, column] = left[column:] / np.sqrt(left[column])
    return root
