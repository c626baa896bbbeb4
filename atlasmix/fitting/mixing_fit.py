r"""Fitting the mixing law to runs, all evaluation sets and all folds at once.

The worth of a source is written τ = s², so that it can be 0 and never falls below; A likewise.
What few runs cannot tell is held near what the sets have in common: s of a source is drawn to the
mean of that source over all sets, which is estimated with them (a hierarchical prior). How strongly
is one number, chosen on runs held out. The minimum is found by Levenberg-Marquardt with the exact
Jacobian; runs far from the law count less (Huber).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.assumed import ALPHA, BETA, CAPACITY, DATA, Assumed, always_read
from atlasmix.fitting.least_squares import Fits, descend, huber_weights
from atlasmix.fitting.mixing_law import (
    DECAY,
    NO_SHARE,
    Exposure,
    MixingLaw,
    Scale,
    exposure,
    powers,
)
from atlasmix.fitting.mixture_runs import MixtureRuns, middle_of
from atlasmix.fitting.runs import frozen

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Places = NDArray[np.int64]

Form = Literal["transfer", "own share", "own share, less of more"]
FORMS: Final[tuple[Form, ...]] = ("own share, less of more", "own share", "transfer")
"""The whole law, the one in which every token of a source tells as much (γ = 1), and the one
without a capacity term too."""

STRENGTHS: Final = (0.0015625, 0.003125, 0.00625, 0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Noise that a fit allows for, in standard deviations of a set's loss: the more, the nearer what
is fitted stays to what the sets have in common. Our choice; the runs held out choose among them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a fit of the law is told.

    Attributes:
        form: the whole law, or the one without a capacity term.
        strength: noise allowed for, in standard deviations of each set's loss.
        background: whether any token is worth something (ε); without it ε is 0.
        assumed: constants that the runs cannot tell, of a law; None: none are taken. They hold for
            γ = 1 and ε = 0.
    """

    form: Form = "own share, less of more"
    strength: float = 0.2
    background: bool = True
    assumed: Assumed | None = None


_FIXED: Final = 7
"""Coordinates beside worths: ln E, ln C, ln β, ln ε; after them √A, ln φ, ln μ, ln α, logit γ."""

_ROUNDS: Final = 3
"""Times that what the sets have in common is found anew: more change nothing that is printed."""
_ROUGH: Final = 1e-4
"""How well a round is solved that another follows."""

_WORTH: Final = (0.4, 0.3)
"""Mean and spread of √τ over sources before any run is seen, and _APART around a source's mean:
our choices; on public runs anything from half to twice as much changes ranks by under 0.01."""
_APART: Final = 0.2
_MIDDLES: Final = {2: float(np.log(0.3)), 3: float(np.log(0.02))}
"""ln β (ln α alike) and ln ε before any run is seen."""
_ABOUT: Final = 0.5
"""Spread of √A around that of a law whose α is assumed, in parts of it: our choice."""
_RETURNS: Final = (0.5, 0.7)
"""Mean and spread of logit γ before any run is seen: γ from 0.3 to 0.9. Our choice."""
_EVEN: Final = 40.0
"""logit γ of γ = 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What the fits of one batch stand on; b is every set of every fold.

    Attributes:
        seen: what the law sees of the n runs.
        own: (b,) place of the own source.
        middle: (b,) effective data at which C is counted.
    """

    seen: Exposure
    own: Places
    middle: Array

    def model(self, theta: Array, places: Places, slopes: bool = True) -> tuple[Array, Array]:
        """Losses and slopes of the fits at ``places``."""
        return _law_and_slope(theta, self.seen, self.own[places], self.middle[places], slopes)


@dataclass(frozen=True, slots=True, eq=False)
class MixingFits:
    """The fits of F folds: coordinates (F, K, q), and where C is counted (F, K)."""

    theta: Array
    middle: Array
    scale: Scale
    shape: Shape

    def predict(self, runs: MixtureRuns) -> Array:
        """(F, n, K) losses of the runs in every fold's fit."""
        folds, sets, _ = self.theta.shape
        seen = exposure(runs.mixtures, self.scale)
        theta = self.theta.reshape(folds * sets, -1)
        value = _law(theta, seen, np.tile(runs.own, folds), self.middle.ravel())
        return np.asarray(value.reshape(folds, sets, -1).swapaxes(1, 2))

    def law(self, runs: MixtureRuns, fold: int = 0) -> MixingLaw:
        """The law of one fold, its constants in the words of the formula."""
        theta, middle, own = self.theta[fold], self.middle[fold], runs.own
        count = len(runs.sources)
        capacity = theta[:, 4 + count] ** 2
        beta = np.exp(theta[:, 2])
        worth, background = theta[:, 4 : 4 + count] ** 2, np.exp(theta[:, 3])
        # A set without a source of its own counts in tokens of its best one.
        unit = np.where(own >= 0, 1.0, np.maximum(worth.max(axis=1), 1e-12))
        held = capacity > 0
        return MixingLaw(
            sources=runs.sources,
            sets=runs.sets,
            own=own,
            floor=frozen(np.exp(theta[:, 0])),
            capacity=frozen(capacity),
            phi=frozen(np.where(held & (own >= 0), np.exp(theta[:, 5 + count]), 0.0)),
            least=frozen(np.where(held & (own >= 0), np.exp(theta[:, 6 + count]), 0.0)),
            alpha=frozen(np.exp(theta[:, 7 + count]) * self.scale.params_vary),
            data=frozen(np.exp(theta[:, 1]) * (middle / unit) ** beta),
            background=frozen(background / unit),
            worth=frozen(worth / unit[:, None]),
            beta=frozen(beta),
            gamma=frozen(_logistic(theta[:, 8 + count])),
            scale=self.scale,
        )


def scale_of(
    runs: MixtureRuns, decay: float | None = None, assumed: Assumed | None = None
) -> Scale:
    """The scale of a law of these runs: the middle (in logarithms) of their sizes."""
    mixtures = runs.mixtures
    unique = np.full(len(runs.sources), np.inf)
    if mixtures.unique is not None:
        known = ~np.all(np.isnan(mixtures.unique), axis=0)
        unique[known] = np.nanmedian(mixtures.unique[:, known], axis=0)
    tokens = middle_of(mixtures.tokens)
    repeats = tokens > 0 and bool(np.any(np.isfinite(unique)))
    lost = (DECAY if decay is None else decay) if repeats else 0.0
    return Scale(
        middle_of(mixtures.params),
        tokens,
        lost,
        frozen(unique),
        runs.params_vary or (assumed is not None and assumed.params > 0),
        runs.tokens_vary or (assumed is not None and assumed.tokens > 0),
    )


def fit_mixing(
    runs: MixtureRuns,
    shape: Shape = Shape(),
    counts: Array | None = None,
    *,
    start: MixingFits | None = None,
    scale: Scale | None = None,
    tolerance: float = 1e-9,
) -> MixingFits:
    """Fit the law of every set, in every fold.

    Args:
        runs: all of them.
        shape: with a capacity term or without, and how near the sets are held to each other.
        counts: (F, n) weight of each run in each fold, 0 where it is held out; None: one fold, all.
        start: fits of one fold or of as many, to begin from.
        scale: that the law counts from; None: that of the runs.
        tolerance: a fit ends when a step gains less than this share of its objective.
    """
    weights = np.ones((1, runs.count)) if counts is None else counts
    scale = scale_of(runs, assumed=shape.assumed) if scale is None else scale
    folds, sets = len(weights), len(runs.sets)
    fits = with_prior(runs, shape, weights, scale)
    seen, own = exposure(runs.mixtures, scale), np.tile(runs.own, folds)
    theta, middle = _first(fits, seen, len(runs.sources))
    if start is not None:
        width = start.theta.shape[-1]
        theta = np.broadcast_to(start.theta, (folds, sets, width)).reshape(folds * sets, -1)
        middle = np.broadcast_to(start.middle, (folds, sets)).ravel()
        fits = drawn_together(fits, theta, folds, len(runs.sources))
    ground = Ground(seen, own, middle)
    measured = fits.counts
    rounds = _ROUNDS if start is None else _ROUNDS - 1
    for turn in range(rounds):
        last = turn == rounds - 1
        theta, residual = descend(
            ground.model, fits, theta, tolerance if last else max(tolerance, _ROUGH)
        )
        if not last:
            fits = drawn_together(fits, theta, folds, len(runs.sources))
            fits = replace(fits, counts=measured * huber_weights(residual, measured))
    return MixingFits(
        theta.reshape(folds, sets, -1), ground.middle.reshape(folds, sets), scale, shape
    )


def _first(fits: Fits, seen: Exposure, count: int) -> tuple[Array, Array]:
    """Coordinates to begin from, and the effective data at which C is counted.

    That is the effective data of the middle run there; where B itself is held, one of D₀.
    """
    theta = fits.mean.copy()
    free = ~fits.held[:, 4 + count]
    begin = 0.3 / np.sqrt(fits.precision[free, 4 + count])
    theta[free, 4 + count] = np.maximum(begin, fits.mean[free, 4 + count])
    gamma = _logistic(fits.mean[:, 8 + count])
    effective = np.exp(fits.mean[:, 3])[:, None] * seen.amount ** gamma[:, None]
    told = powers(seen.data, gamma)
    effective = effective + np.einsum("bns,bs->bn", told, fits.mean[:, 4 : 4 + count] ** 2)
    middle = np.exp(np.log(effective).mean(axis=1))
    return theta, np.where(fits.held[:, 1], 1.0, middle)


def with_prior(
    runs: MixtureRuns, shape: Shape, weights: Array, scale: Scale, drawn: Array | None = None
) -> Fits:
    """The batch, with the prior that every set has before any other is seen.

    Args:
        runs: all of them.
        shape: of the law.
        weights: (F, n) of each run in each fold.
        scale: that the law counts from.
        drawn: (F, 4) what is assumed in each fold, as :meth:`Assumed.logs` has it; None: the law's.
    """
    folds, sets, count = len(weights), len(runs.sets), len(runs.sources)
    own = np.tile(runs.own, folds)
    batch = folds * sets
    missing = np.isnan(runs.loss.T)
    loss = np.tile(np.where(missing, 0.0, runs.loss.T), (folds, 1))
    counts = np.repeat(weights, sets, axis=0) * np.tile(~missing, (folds, 1))
    total = np.maximum(counts.sum(axis=1), 1.0)
    mean_loss = (counts * loss).sum(axis=1) / total
    spread = np.sqrt((counts * (loss - mean_loss[:, None]) ** 2).sum(axis=1) / total)
    spread = np.maximum(spread, 1e-6 * np.maximum(mean_loss, 1e-12))
    lowest = np.where(counts > 0, loss, np.inf).min(axis=1)
    mean, deviation = np.zeros((batch, count + 9)), np.ones((batch, count + 9))
    mean[:, 0], deviation[:, 0] = np.log(0.6 * lowest), 0.4
    mean[:, 1], deviation[:, 1] = np.log(np.maximum(mean_loss - 0.6 * lowest, spread)), 0.7
    mean[:, 2], deviation[:, 2] = _MIDDLES[2], 0.6
    mean[:, 3], deviation[:, 3] = _MIDDLES[3], 1.0
    mean[:, 4 : 4 + count], deviation[:, 4 : 4 + count] = _WORTH[0], _APART
    mean[:, 4 + count], deviation[:, 4 + count] = 0.0, np.sqrt(spread)
    mean[:, 5 + count], deviation[:, 5 + count] = np.log(0.3), 0.5
    mean[:, 6 + count], deviation[:, 6 + count] = np.log(0.01), 1.0
    mean[:, 7 + count], deviation[:, 7 + count] = np.log(0.3), 0.4
    mean[:, 8 + count], deviation[:, 8 + count] = _RETURNS
    held = np.zeros(mean.shape, dtype=bool)
    if shape.form != "own share, less of more":
        mean[:, 8 + count], held[:, 8 + count] = _EVEN, True
    if not shape.background:
        mean[:, 3], held[:, 3] = -_EVEN, True
    rows = np.flatnonzero(own >= 0)
    mean[rows, 4 + own[rows]], held[rows, 4 + own[rows]] = 1.0, True
    unread = ~np.any(runs.weights > 0, axis=0)
    held[:, 4 : 4 + count] |= unread
    sized = scale.params_vary
    held[:, 7 + count] = not sized
    lone = own < 0
    held[lone, 5 + count] = held[lone, 6 + count] = True
    held[:, 4 + count] = (shape.form == "transfer") & (not sized) | lone & (not sized)
    if shape.form == "transfer":
        # With parameters that differ, the capacity term stays, at one share for all.
        held[:, 5 + count : 7 + count] = True
        mean[:, 5 + count] = -30.0
    fits = Fits(
        target=loss,
        counts=counts,
        allowed=shape.strength * spread,
        mean=mean,
        precision=np.where(held, 0.0, 1.0 / deviation**2),
        held=held,
        roots=range(4, 5 + count),
    )
    if shape.assumed is None:
        return fits
    logs = np.tile(shape.assumed.logs(), (folds, 1)) if drawn is None else drawn
    return _assuming(fits, np.repeat(logs, sets, axis=0), runs, shape.assumed)


def _assuming(fits: Fits, logs: Array, runs: MixtureRuns, assumed: Assumed) -> Fits:
    """The batch with the constants of a law held, and A expected about the law's.

    Args:
        fits: without them.
        logs: (b, 4), nan where the runs tell.
        runs: whose own shares tell a capacity term where a set has one.
        assumed: the law.
    """
    count, folds = len(runs.sources), len(logs) // len(runs.sets)
    lone, near = np.tile(runs.own < 0, folds), np.tile(always_read(runs), folds)
    mean, held = fits.mean.copy(), fits.held.copy()

    def hold(place: int, values: Array, rows: Bool) -> None:
        some = rows & ~np.isnan(values)
        mean[some, place], held[some, place] = values[some], True

    every = np.ones(len(lone), dtype=bool)
    hold(7 + count, logs[:, ALPHA], every)
    hold(4 + count, np.exp(0.5 * logs[:, CAPACITY]), lone)
    hold(2, logs[:, BETA], every)
    # B is that of the set's own tokens: without a source of its own it has no such unit.
    hold(1, logs[:, DATA], ~lone)
    least = max(assumed.given.law.least, NO_SHARE)
    hold(6 + count, np.full(len(logs), np.log(least)), near)
    precision = np.where(held, 0.0, fits.precision)
    if assumed.params:
        # Else a capacity term that shares do not tell would be none, and parameters worth nothing.
        root = np.exp(0.5 * logs[~lone, CAPACITY])
        mean[~lone, 4 + count] = root
        precision[~lone, 4 + count] = 1.0 / (_ABOUT * root) ** 2
    return replace(fits, mean=mean, held=held, precision=precision)


def centres(count: int) -> dict[int, tuple[float, float, float]]:
    """What the sets of some runs have in common, by place of the coordinate.

    Mean and spread of the centre before any run is seen, and spread of a set around the centre.
    """
    alike = {2: 0.6, 3: 1.0, 7 + count: 0.4, 8 + count: _RETURNS[1]}
    middles = {**_MIDDLES, 7 + count: _MIDDLES[2], 8 + count: _RETURNS[0]}
    return {
        **{place: (middles[place], spread, spread) for place, spread in alike.items()},
        **dict.fromkeys(range(4, 4 + count), (*_WORTH, _APART)),
    }


def drawn_together(fits: Fits, theta: Array, folds: int, count: int) -> Fits:
    """The prior at what the sets of each fold share: means of √τ by source, ln β, ln ε, ln α."""
    mean = fits.mean.reshape(folds, -1, theta.shape[1])
    held = fits.held.reshape(mean.shape)
    reached, moved = theta.reshape(mean.shape), mean.copy()
    for place, (middle, spread, apart) in centres(count).items():
        free = ~held[:, :, place]
        # A root and its negative are one worth.
        worth = 4 <= place < 4 + count
        here = np.abs(reached[:, :, place]) if worth else reached[:, :, place]
        total = (here * free).sum(axis=1) / apart**2 + middle / spread**2
        common = total / (free.sum(axis=1) / apart**2 + 1.0 / spread**2)
        moved[:, :, place] = np.where(free, common[:, None], mean[:, :, place])
    return replace(fits, mean=moved.reshape(theta.shape))


def _law(theta: Array, seen: Exposure, own: Places, middle: Array) -> Array:
    """(b, n) losses."""
    value, _ = _law_and_slope(theta, seen, own, middle, slopes=False)
    return value


def _logistic(theta: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(theta, -_EVEN, _EVEN))))


def _logs(data: Array) -> Array:
    """Logarithms of what is read, 0 of what is not: its power is 0 whatever γ is."""
    return np.log(np.where(data > 0, data, 1.0))


def _law_and_slope(
    theta: Array, seen: Exposure, own: Places, middle: Array, slopes: bool = True
) -> tuple[Array, Array]:
    """(b, n) losses and their derivatives (b, n, q) in the coordinates."""
    count = seen.data.shape[1]
    floor, level = np.exp(theta[:, 0, None]), np.exp(theta[:, 1, None])
    beta, background = np.exp(theta[:, 2, None]), np.exp(theta[:, 3, None])
    roots = theta[:, 4 : 4 + count]
    gamma = _logistic(theta[:, 8 + count])
    even = bool(np.all(gamma == 1.0))
    told = seen.data[None] if even else powers(seen.data, gamma)
    grown = seen.amount ** gamma[:, None]
    taught = roots**2 @ seen.data.T if even else np.einsum("bns,bs->bn", told, roots**2)
    effective = (background * grown + taught) / middle[:, None]
    logs = np.log(effective)
    learning = level * np.exp(-beta * logs)
    root, phi, least, alpha = (theta[:, 4 + count + place, None] for place in range(4))
    phi, least, alpha = np.exp(phi), np.exp(least), np.exp(alpha)
    share = np.where(own[:, None] >= 0, seen.shares.T[np.maximum(own, 0)], 1.0)
    reach = least + (1.0 - least) * share
    steep = np.log(reach)
    part = np.exp(-phi * steep - alpha * seen.size)
    losing = root**2 * part
    value = floor + learning + losing
    if not slopes:
        return value, value
    slope = np.empty((*value.shape, theta.shape[1]))
    slope[:, :, 0] = floor
    slope[:, :, 1] = learning
    slope[:, :, 2] = -learning * logs * beta
    pull = -beta * learning / effective / middle[:, None]
    slope[:, :, 3] = pull * background * grown
    worths = slope[:, :, 4 : 4 + count]
    np.multiply(pull[:, :, None], told * (2.0 * roots)[:, None, :], out=worths)
    slope[:, :, 4 + count] = 2.0 * root * part
    slope[:, :, 5 + count] = -losing * steep * phi
    slope[:, :, 6 + count] = -losing * phi / reach * (1.0 - share) * least
    slope[:, :, 7 + count] = -losing * seen.size * alpha
    if even:
        slope[:, :, 8 + count] = 0.0
    else:
        bent = np.einsum("bns,ns,bs->bn", told, _logs(seen.data), roots**2)
        bent += background * grown * np.log(seen.amount)
        slope[:, :, 8 + count] = pull * bent * (gamma * (1.0 - gamma))[:, None]
    return value, slope
