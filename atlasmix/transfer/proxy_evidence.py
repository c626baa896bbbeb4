r"""What proxies of texts tell beyond relatedness, by what they earn on measured pairs.

A measured pair is foretold without every pair that its target has a part in: log(1 + τ) = m, with a
variance v. What a proxy x tells beyond that is u = x - c - d·m, and on the measured pairs

.. math:: \log(1 + \tau) - m = g \cdot u + \text{noise}, \qquad g \ge 0

Each target's pairs are foretold by a g of the others. R² is the part of the squares that this takes
off, less its standard error (a jackknife over targets), and of what the errors of scores allow: a
proxy that tells nothing has an R² of 0. It then enters the posterior of a pair that nobody measured
as one more observation of its log(1 + τ), with the noise variance v̄·(1 - R²)/R², v̄ the mean of v:
without end at 0. It speaks of its own pair alone, and a measured pair does not ask it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from atlasmix.evidence.proxies import ProxyPair
from atlasmix.evidence.scores import Floats
from atlasmix.transfer.completion import Observations, Places, complete
from atlasmix.transfer.prior import PriorLaw
from atlasmix.transfer.relatedness import Relatedness

Bools = npt.NDArray[np.bool_]

LEAST_PAIRS: Final = 8
"""Measured pairs with a proxy below which nothing is learned of it (our choice)."""
LEAST_TARGETS: Final = 3
"""Targets among them, for each is left out in turn."""

_MOST: Final = 0.98
"""R² that no proxy passes: our choice."""
_ROUNDING: Final = 1e-6
_LEAST_TRUTH: Final = 0.25
"""Part of the squares that is truth at least, however large the errors of scores: our choice."""


@dataclass(frozen=True, slots=True, eq=False)
class ProxyWorth:
    """What the proxies of some texts are worth on measured pairs.

    Attributes:
        pairs, targets: measured pairs with a proxy, and their targets.
        slopes: (2,) g of proxy and cosine.
        level: (2, 2) c and d of each.
        reach: least and most g·u among the measured pairs, past which nothing is told.
        part: R², 0-1; 0: they tell nothing beyond relatedness.
        full: R² before its standard error is taken off.
        variance: v̄, of log(1 + τ).
        error: mean variance of the measured proxies themselves, in units of g·u.
        rmse, rmse_with: root mean square error of log(1 + τ) on targets left out, by relatedness
            and other pairs alone, and with the proxies.
    """

    pairs: int
    targets: int
    slopes: Floats
    level: Floats
    reach: tuple[float, float]
    part: float
    full: float
    variance: float
    error: float
    rmse: float
    rmse_with: float

    @property
    def noise(self) -> float:
        """Standard deviation of a proxy as an observation of log(1 + τ); inf: it tells nothing."""
        if self.part <= 0:
            return math.inf
        return math.sqrt(self.variance * (1 - self.part) / self.part)

    @property
    def words(self) -> str:
        """What they earn, for a card."""
        said = (
            f"On {self.pairs} measured pairs of {self.targets} targets, each target left out, "
            f"log(1 + τ) is foretold within {self.rmse:.3f} by relatedness and with proxies within "
            f"{self.rmse_with:.3f}"
        )
        if self.part <= 0:
            return f"{said}: they tell nothing beyond it, and no weight is moved"
        return (
            f"{said}: a proxy is one observation with an error of {self.noise:.3f}, which takes "
            f"{self.part:.0%} off the variance of a typical pair that nobody measured"
        )


def proxy_worth(
    prior: PriorLaw,
    related: Relatedness,
    seen: Observations,
    pairs: Sequence[ProxyPair],
) -> ProxyWorth | None:
    """What proxies are worth on the measured pairs; None where too few of them have one.

    Args:
        prior: of relatedness.
        related: of the languages of ``seen``.
        seen: measured pairs.
        pairs: the proxies, of any languages.
    """
    table = {(each.source, each.target): each for each in pairs}
    names = [
        (related.keys[s], related.keys[t])
        for s, t in zip(seen.source.tolist(), seen.target.tolist(), strict=True)
    ]
    chosen = np.array([place for place, name in enumerate(names) if name in table], dtype=np.intp)
    group = seen.target[chosen]
    if len(chosen) < LEAST_PAIRS or len(np.unique(group)) < LEAST_TARGETS:
        return None
    known = [table[names[place]] for place in chosen.tolist()]
    x = _features(known)
    mean, variance = _left_out(prior, related, seen, chosen)
    beyond = seen.value[chosen] - mean
    told = np.zeros(len(beyond))
    # Whoever has a part in a target's pairs is left out with it, as source too.
    for out in np.unique(group):
        away = group == out
        inside = ~away & (seen.source[chosen] != out)
        if inside.sum() >= LEAST_TARGETS:
            told[away] = _told(
                x[away], mean[away], *_learned(x[inside], mean[inside], beyond[inside])
            )
    slopes, level = _learned(x, mean, beyond)
    index = _told(x, mean, slopes, level)
    squares, left = beyond**2, (beyond - told) ** 2
    doubt = seen.error[chosen] ** 2 + seen.level[group] ** 2
    full, part = _part(squares, left, doubt, group)
    errors = (slopes[0] * np.array([each.stderr for each in known])) ** 2
    return ProxyWorth(
        len(chosen),
        len(np.unique(group)),
        slopes,
        level,
        (float(index.min()), float(index.max())),
        part if np.any(slopes > 0) else 0.0,
        full,
        float(variance.mean()),
        float(errors.mean()),
        math.sqrt(float(squares.mean())),
        math.sqrt(float(left.mean())),
    )


def informed(
    worth: ProxyWorth,
    keys: Sequence[str],
    mean: Floats,
    variance: Floats,
    pairs: Sequence[ProxyPair],
    closed: Bools,
) -> tuple[Floats, Floats]:
    """Mean and variance of log(1 + τ) after the proxies.

    Args:
        worth: of the proxies.
        keys: rows and columns.
        mean, variance: (n, n), what is believed.
        pairs: the proxies.
        closed: (n, n) pairs that are not asked: measured ones, and a language with itself.
    """
    if worth.part <= 0:
        return mean, variance
    places = {key: place for place, key in enumerate(keys)}
    wanted = [
        each
        for each in pairs
        if each.source in places
        and each.target in places
        and not closed[places[each.source], places[each.target]]
    ]
    if not wanted:
        return mean, variance
    mean, variance = mean.copy(), variance.copy()
    at: tuple[Places, Places] = (
        np.array([places[each.source] for each in wanted], dtype=np.intp),
        np.array([places[each.target] for each in wanted], dtype=np.intp),
    )
    index = np.clip(_told(_features(wanted), mean[at], worth.slopes, worth.level), *worth.reach)
    scale = 1.0 / worth.full
    own = (worth.slopes[0] * np.array([each.stderr for each in wanted])) ** 2
    noise = worth.noise**2 + scale**2 * np.maximum(own - worth.error, 0.0)
    share = variance[at] / (variance[at] + noise)
    mean[at] += share * scale * index
    variance[at] *= 1.0 - share
    return mean, variance


def _features(pairs: Sequence[ProxyPair]) -> Floats:
    """(n, 2) proxy and cosine, nan where it is not known."""
    return np.array([[each.proxy, each.cosine] for each in pairs], dtype=np.float64)


def _left_out(
    prior: PriorLaw, related: Relatedness, seen: Observations, chosen: Places
) -> tuple[Floats, Floats]:
    """Mean and variance of the chosen pairs, each without every pair of its target's language."""
    mean, variance = np.zeros(len(chosen)), np.zeros(len(chosen))
    target = seen.target[chosen]
    for out in np.unique(target):
        stays = (seen.source != out) & (seen.target != out)
        rest = Observations(
            seen.source[stays], seen.target[stays], seen.value[stays], seen.error[stays], seen.level
        )
        believed = complete(prior, related, rest)
        away = target == out
        at = seen.source[chosen][away], target[away]
        mean[away], variance[away] = believed.mean[at], believed.variance[at]
    return mean, variance


def _learned(x: Floats, mean: Floats, beyond: Floats) -> tuple[Floats, Floats]:
    """(2,) g of every feature, none below 0, and (2, 2) c and d of each."""
    from scipy.optimize import nnls

    base = np.column_stack([np.ones(len(mean)), mean])
    unknown = np.isnan(x)
    counted = np.maximum((~unknown).sum(axis=0), 1)
    filled = np.where(unknown, np.where(unknown, 0.0, x).sum(axis=0) / counted, x)
    level = np.linalg.lstsq(base, filled, rcond=None)[0].T
    left = np.where(unknown, 0.0, filled - base @ level.T)
    # What a line in m is already: nothing is left of it but rounding.
    told = left.std(axis=0) > _ROUNDING * np.maximum(np.abs(filled).max(axis=0), 1e-12)
    slopes, _ = nnls(np.where(told, left, 0.0), beyond)
    return np.asarray(slopes, dtype=np.float64), np.asarray(level)


def _told(x: Floats, mean: Floats, slopes: Floats, level: Floats) -> Floats:
    """(n,) g·u; what is not known tells nothing."""
    base = np.column_stack([np.ones(len(mean)), mean])
    beyond = np.where(np.isnan(x), 0.0, x - base @ level.T)
    return np.asarray(beyond @ slopes)


def _part(squares: Floats, left: Floats, doubt: Floats, group: Places) -> tuple[float, float]:
    """R² of the truth, and the same less its standard error; neither below 0 nor above _MOST."""

    def earned(rows: Bools) -> float:
        total = float(squares[rows].sum())
        truth = max(total - float(doubt[rows].sum()), _LEAST_TRUTH * total)
        return (total - float(left[rows].sum())) / truth if truth > 0 else 0.0

    targets = np.unique(group)
    whole = earned(np.ones(len(group), dtype=bool))
    without = np.array([earned(group != out) for out in targets])
    count = len(targets)
    error = math.sqrt((count - 1) / count * float(np.sum((without - without.mean()) ** 2)))
    full = min(max(whole, 0.0), _MOST)
    return full, max(full - error, 0.0)
