r"""What runs leave open of the mixing law: draws of its constants, and which of them the runs tell.

A draw is the least-squares fit to other runs that might have been measured (the losses with the
noise that these runs show drawn anew) under another expectation that might have been had (every
mean of the prior drawn from that prior, the ones that sets have in common too). Where the law is
linear within what is open, those fits are draws of the posterior (randomised maximum likelihood,
Oliver et al. 1996; Bardsley et al. 2014, doi 10.1137/140964023); how near they come for this law
is measured in made worlds, in ``benchmarks/COVERAGE.md``.

The noise is not the strength of the fit, which is chosen for what it foretells: it is what the
losses lie off the law by, over as many runs as the fit did not bend to. It is known no better than
so many runs tell it, so every draw has its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.least_squares import Fits, descend, huber_weights
from atlasmix.fitting.mixing_fit import (
    Ground,
    MixingFits,
    Shape,
    centres,
    drawn_together,
    fit_mixing,
    with_prior,
)
from atlasmix.fitting.mixing_law import Scale, exposure
from atlasmix.fitting.mixture_runs import MixtureRuns

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

TOLD: Final = 0.5
"""Part of what was open before any run, as a standard deviation, below which a constant is told by
the runs: our choice."""

WEIGHT_OF: Final = "τ of "

_ROUNDS: Final = 3
_CLOSE: Final = 1e-6
"""A draw ends when a step gains less than this part of its objective. At a rougher end it would
still be near where it began, along all that the runs leave open, and the draws scatter too
little."""
_ROUGH: Final = 1e-3
"""The same of a round that another follows."""
_BEFORE: Final = 0.1
"""Runs that the strength of the fit counts as for the noise: our choice. It keeps the noise of few
runs from 0, and is nothing beside a dozen."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """The law at the noise that the runs show, and how much of it they leave open.

    Attributes:
        runs: all of them.
        fits: the noise of each set as what a fit allows for, and the prior around what
            the sets have in common.
        first: the prior before any run is seen.
        ground: what the law sees of the runs.
        theta: (K, q) coordinates of the optimum.
        squares: (K,) squares left over there.
        free: (K,) runs that tell the noise, as the fit does not bend to them.
        scale, shape: of the law.
    """

    runs: MixtureRuns
    fits: Fits
    first: Fits
    ground: Ground
    theta: Array
    squares: Array
    free: Array
    scale: Scale
    shape: Shape

    @property
    def open(self) -> Array:
        """(K, q) standard deviation that the runs leave, as a part of that before; 0 where held.

        By the slopes at the optimum; what the sets share is taken as known.
        """
        _, bent = _curvature(self.fits, self.ground, self.theta)
        held = self.fits.held
        spread = np.sqrt(np.einsum("bqq->bq", np.linalg.inv(bent)))
        return np.where(held, 0.0, spread * np.sqrt(np.where(held, 0.0, self.fits.precision)))

    def hardly_told(self, sources: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """By set: the constants that the runs leave open by more than TOLD of what was."""
        names = ("E", "B", "β", "ε", *(f"{WEIGHT_OF}{source}" for source in sources))
        names += ("A", "φ", "μ", "α", "γ")
        return tuple(
            tuple(name for name, part in zip(names, row, strict=True) if part > TOLD)
            for row in self.open.tolist()
        )

    def draw(
        self, count: int, source: np.random.Generator, assumed: Array | None = None
    ) -> MixingFits:
        """So many draws of the law.

        Args:
            count: draws.
            source: of the random numbers.
            assumed: (count, 4) constants that are taken from a law, drawn; None: the law's own.
        """
        sets, width = self.theta.shape
        runs = np.ones((count, len(self.runs.loss)))
        first = with_prior(self.runs, self.shape, runs, self.scale, assumed)
        noise = np.sqrt(self.squares / source.chisquare(np.tile(self.free, (count, 1)))).ravel()
        fits = _repeated(self.fits, count)
        spread = noise[:, None] / np.sqrt(np.where(fits.counts > 0, fits.counts, 1.0))
        fits = replace(
            fits,
            target=fits.target + spread * source.normal(size=fits.target.shape),
            allowed=noise,
        )
        fits = replace(fits, precision=first.precision)
        deviation = np.where(
            first.held, 0.0, 1.0 / np.sqrt(np.where(first.held, 1.0, first.precision))
        )
        apart = (source.normal(size=deviation.shape) * deviation).reshape(count, sets, width)
        held = self.first.held
        common = centres(len(self.ground.seen.shares.T))
        places = np.array(list(common))
        middle, wide, near = np.array(list(common.values())).T
        expected = middle + wide * source.normal(size=(count, len(places)))
        inside = ~held[:, places] / near**2
        shared = expected
        grown = Ground(
            self.ground.seen, np.tile(self.ground.own, count), np.tile(self.ground.middle, count)
        )
        theta = np.tile(self.theta, (count, 1))
        for turn in range(_ROUNDS):
            mean = first.mean.reshape(apart.shape).copy()
            mean[:, :, places] = np.where(held[:, places], mean[:, :, places], shared[:, None, :])
            fits = replace(fits, mean=(mean + apart).reshape(theta.shape))
            last = turn == _ROUNDS - 1
            theta, _ = descend(grown.model, fits, theta, _CLOSE if last else _ROUGH)
            off = theta.reshape(mean.shape)[:, :, places] - apart[:, :, places]
            total = (off * inside).sum(axis=1) + expected / wide**2
            shared = total / (inside.sum(axis=0) + 1.0 / wide**2)
        middles = grown.middle.reshape(count, sets)
        return MixingFits(theta.reshape(count, sets, width), middles, self.scale, self.shape)


def posterior_of(runs: MixtureRuns, shape: Shape, scale: Scale) -> Posterior:
    """The law of these runs at the noise that they show.

    Args:
        runs: all of them.
        shape: as it was chosen. A law without an effect of the own share is widened by one: that
            it foretells better without is no knowledge that there is none.
        scale: that the law counts from.
    """
    if shape.form == "transfer" and np.any(runs.own >= 0):
        shape = replace(shape, form="own share")
    whole = fit_mixing(runs, shape, scale=scale)
    theta = whole.theta[0]
    ground = Ground(exposure(runs.mixtures, scale), runs.own, whole.middle[0])
    first = with_prior(runs, shape, np.ones((1, runs.count)), scale)
    fits, squares, free = first, first.allowed**2, np.ones(len(theta))
    for _ in range(_ROUNDS):
        fits = drawn_together(fits, theta, 1, len(runs.sources))
        theta, off = descend(ground.model, fits, theta, _CLOSE)
        fits = replace(fits, counts=first.counts * huber_weights(off, first.counts))
        told, bent = _curvature(fits, ground, theta)
        used = np.einsum("bqq->b", np.linalg.solve(bent, told))
        free = np.maximum(fits.counts.sum(axis=1) - used, 1.0) + _BEFORE
        squares = (fits.counts * off**2).sum(axis=1) + _BEFORE * first.allowed**2
        fits = replace(fits, allowed=np.sqrt(squares / free))
    return Posterior(runs, fits, first, ground, theta, squares, free, scale, shape)


def _curvature(fits: Fits, ground: Ground, theta: Array) -> tuple[Array, Array]:
    """(K, q, q) half the second derivative of the squares by their slopes, without the prior and
    with it; the identity where a coordinate is held."""
    _, slope = ground.model(theta, np.arange(len(theta)))
    free = ~fits.held
    weight = fits.counts / fits.allowed[:, None] ** 2
    told = np.matmul(slope.swapaxes(1, 2), slope * weight[:, :, None])
    told *= free[:, :, None] & free[:, None, :]
    bent = told + np.eye(theta.shape[1]) * np.where(free, fits.precision, 1.0)[:, None, :]
    return told, bent


def _repeated(fits: Fits, count: int) -> Fits:
    """The same fits so many times over."""
    names = ("target", "counts", "held", "mean", "precision")
    rows: dict[str, Any] = {name: np.tile(getattr(fits, name), (count, 1)) for name in names}
    return replace(fits, allowed=np.tile(fits.allowed, count), **rows)
