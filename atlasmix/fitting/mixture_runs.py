"""Runs of many mixtures as arrays: what was read of every source, and the loss of every set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atlasmix.errors import ProblemError
from atlasmix.fitting.runs import frozen

Array = NDArray[np.float64]
Places = NDArray[np.int64]

NO_SOURCE: Final = -1
"""In the place of a set's own source: it has none."""

SAME_SIZE: Final = 0.05
"""Part by which sizes may differ and still be one: tokens come in whole batches. Our choice."""

UNIT: Final = "nats per token"
BITS: Final = "bits per byte"


@dataclass(frozen=True, slots=True, eq=False)
class Mixtures:
    """n mixtures of S sources, and how much a model reads of them.

    Attributes:
        names: of each mixture, as its table calls the run.
        sources: names of what is mixed.
        weights: (n, S) shares of the training tokens; each row sums to 1.
        params: (n,) parameters; None where the table does not say.
        tokens: (n,) tokens read, repeats included; None where it does not say.
        unique: (n, S) distinct tokens of each source, nan where unknown; None where none is known.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    weights: Array
    params: Array | None = None
    tokens: Array | None = None
    unique: Array | None = None

    @property
    def count(self) -> int:
        """Number of mixtures, n."""
        return len(self.weights)

    def select(self, which: NDArray[np.bool_] | Places) -> Mixtures:
        """The mixtures at ``which`` (a mask or positions), in that order."""
        names = np.arange(self.count)[which]

        def rows(column: Array | None) -> Array | None:
            return None if column is None else frozen(column[which])

        return replace(
            self,
            names=tuple(self.names[place] for place in names),
            weights=frozen(self.weights[which]),
            params=rows(self.params),
            tokens=rows(self.tokens),
            unique=rows(self.unique),
        )


@dataclass(frozen=True, slots=True, eq=False)
class MixtureRuns:
    """n finished runs of different mixtures, and the loss of K evaluation sets in each.

    Attributes:
        mixtures: what was read.
        sets: names of the evaluation sets.
        loss: (n, K) loss, nan where it was not measured.
        own: (K,) place of each set's own source among the sources; NO_SOURCE where it has none.
        groups: (n,) ordinal of the mixture, size and amount read; repeats of one share theirs.
        unit: unit of the losses.
        notes: what was done to the tables, one sentence each.
    """

    mixtures: Mixtures
    sets: tuple[str, ...]
    loss: Array
    own: Places
    groups: Places
    unit: str = UNIT
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of runs, n."""
        return self.mixtures.count

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what is mixed."""
        return self.mixtures.sources

    @property
    def weights(self) -> Array:
        """(n, S) shares of the training tokens."""
        return self.mixtures.weights

    @property
    def params_vary(self) -> bool:
        """Whether parameters differ between runs: then the law has their exponent."""
        return _vary(self.mixtures.params)

    @property
    def tokens_vary(self) -> bool:
        """Whether the tokens read differ between runs: then the law counts them."""
        return _vary(self.mixtures.tokens)

    @property
    def varies(self) -> bool:
        """Whether the runs are of several sizes."""
        return self.params_vary or self.tokens_vary

    @property
    def noise(self) -> Array:
        """(K,) spread of the loss between repeats of one run, pooled; nan where none is repeated.

        The square root of the mean variance within groups of equal mixture and size.
        """
        squares, free = np.zeros(len(self.sets)), np.zeros(len(self.sets))
        for group in np.flatnonzero(np.bincount(self.groups) > 1):
            inside = self.loss[self.groups == group]
            measured = ~np.isnan(inside)
            count = measured.sum(axis=0)
            some = count > 1
            mean = np.where(some, np.nansum(inside, axis=0) / np.maximum(count, 1), 0.0)
            off = np.where(measured, inside - mean, 0.0)
            squares += np.where(some, (off**2).sum(axis=0), 0.0)
            free += np.where(some, count - 1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(free > 0, np.sqrt(squares / np.maximum(free, 1)), np.nan))

    def select(self, which: NDArray[np.bool_] | Places) -> MixtureRuns:
        """The runs at ``which`` (a mask or positions), in that order."""
        return replace(
            self,
            mixtures=self.mixtures.select(which),
            loss=frozen(self.loss[which]),
            groups=frozen(self.groups[which]),
        )


def middle_of(column: Array | None) -> float:
    """The middle (in logarithms) of a column of sizes; 0 where the runs do not say."""
    if column is None or np.all(np.isnan(column)):
        return 0.0
    return float(np.exp(np.nanmedian(np.log(column))))


def _vary(column: Array | None) -> bool:
    """By more than what a count of the same differs by."""
    if column is None or np.all(np.isnan(column)):
        return False
    return bool(np.nanmax(column) / np.nanmin(column) > np.exp(SAME_SIZE))


def make_mixture_runs(
    weights: ArrayLike,
    loss: ArrayLike,
    sources: tuple[str, ...],
    sets: tuple[str, ...],
    params: ArrayLike | None = None,
    tokens: ArrayLike | None = None,
) -> MixtureRuns:
    """Runs from plain arrays; a set's own source is the one of its name.

    Args:
        weights: (n, S) at least 0; each row is divided by its sum.
        loss: (n, K), nan where it was not measured.
        sources: S names.
        sets: K names.
        params: (n,) parameters.
        tokens: (n,) tokens read.

    Raises:
        ProblemError: arrays that do not belong together.

    >>> runs = make_mixture_runs([[3, 1], [1, 1]], [[2.0], [2.2]], ("web", "code"), ("code",))
    >>> runs.weights[0].tolist(), runs.own.tolist()
    ([0.75, 0.25], [1])
    """
    given = np.asarray(weights, dtype=np.float64)
    reached = np.asarray(loss, dtype=np.float64)
    if given.ndim != 2 or reached.ndim != 2 or len(given) != len(reached):
        raise ProblemError(
            f"weights have the shape {given.shape} and losses {reached.shape}: expected one row a "
            "run in both"
        )
    if given.shape[1] != len(sources) or reached.shape[1] != len(sets):
        raise ProblemError(
            f"{given.shape[1]} columns of weights for {len(sources)} sources and "
            f"{reached.shape[1]} of losses for {len(sets)} sets: expected one for each name"
        )
    shares = given / given.sum(axis=1, keepdims=True)
    mixtures = Mixtures(
        names=tuple(str(place + 1) for place in range(len(given))),
        sources=sources,
        weights=frozen(shares),
        params=None if params is None else frozen(np.asarray(params, dtype=np.float64)),
        tokens=None if tokens is None else frozen(np.asarray(tokens, dtype=np.float64)),
    )
    own = [sources.index(name) if name in sources else NO_SOURCE for name in sets]
    return MixtureRuns(
        mixtures=mixtures,
        sets=sets,
        loss=frozen(reached),
        own=frozen(np.array(own, dtype=np.int64)),
        groups=groups_of(mixtures),
    )


def groups_of(mixtures: Mixtures) -> Places:
    """(n,) ordinals: equal where mixture, parameters and tokens are, to nine digits."""
    columns = [mixtures.weights]
    columns += [
        np.log(np.where(np.isnan(each), 1.0, each))[:, None]
        for each in (mixtures.params, mixtures.tokens)
        if each is not None
    ]
    key = np.round(np.column_stack(columns), 9)
    _, ordinals = np.unique(key, axis=0, return_inverse=True)
    return frozen(ordinals.astype(np.int64).ravel())
