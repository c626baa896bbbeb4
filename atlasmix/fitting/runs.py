"""A table of training runs as arrays: what was trained, on how many tokens, to which loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Number = TypeVar("Number", np.float64, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """n training runs of one loss, or of several languages' losses in one unit.

    Attributes:
        params: (n,) parameters N.
        tokens: (n,) tokens of the target read, repeats included, D.
        unique: (n,) distinct tokens among them, U <= D.
        loss: (n,) loss, above 0, in ``unit``.
        rows: (n,) number of each run's row in the table, as messages name it.
        runs: (n,) ordinal of the training run; checkpoints of one run share it.
        unit: unit of the loss.
        total: (n,) tokens of all languages, for compute; ``tokens`` where there is one language.
        languages: (n,) number of languages K; 1 where the table does not say.
        sources: keys of the languages read beside the target.
        source_tokens: (n, m) tokens read of each of them.
        source_unique: (n, m) distinct tokens among them.
        mixtures: (n,) ordinal of the mixture of languages.
        target: key of the language whose loss this is; empty where the table does not say.
        notes: what was done to the table, one sentence each.
        targets: keys of the languages whose losses these are, where they are several; ``tokens``
            are then those of each row's own language, ``sources`` all that are read beside one.
        target_places: ``target_of`` where there are several.
    """

    params: Array
    tokens: Array
    unique: Array
    loss: Array
    rows: NDArray[np.int64]
    runs: NDArray[np.int64]
    unit: str
    total: Array
    languages: Array
    sources: tuple[str, ...]
    source_tokens: Array
    source_unique: Array
    mixtures: NDArray[np.int64]
    target: str = ""
    notes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    target_places: NDArray[np.int64] | None = None

    @property
    def target_of(self) -> NDArray[np.int64]:
        """(n,) place of each row's language among ``targets``; 0 where there is one."""
        if self.target_places is None:
            return np.zeros(self.count, dtype=np.int64)
        return self.target_places

    @property
    def own_share(self) -> Array:
        """(n,) part of all tokens read that is in the row's own language, m."""
        return np.minimum(self.tokens / self.total, 1.0)

    @property
    def count(self) -> int:
        """Number of rows, n."""
        return len(self.loss)

    @property
    def compute(self) -> Array:
        """(n,) training FLOPs, 6·N·D over all languages (Kaplan et al. 2020, Eq. 2.2)."""
        return 6.0 * self.params * self.total

    @property
    def epochs(self) -> Array:
        """(n,) passes over the target's unique tokens, D/U, at least 1."""
        return np.maximum(self.tokens / np.maximum(self.unique, 1.0), 1.0)

    def select(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Runs:
        """The runs at ``which`` (a mask or positions), in that order."""
        return replace(
            self,
            params=frozen(self.params[which]),
            tokens=frozen(self.tokens[which]),
            unique=frozen(self.unique[which]),
            loss=frozen(self.loss[which]),
            rows=frozen(self.rows[which]),
            runs=frozen(self.runs[which]),
            total=frozen(self.total[which]),
            languages=frozen(self.languages[which]),
            source_tokens=frozen(self.source_tokens[which]),
            source_unique=frozen(self.source_unique[which]),
            mixtures=frozen(self.mixtures[which]),
            target_places=(
                None if self.target_places is None else frozen(self.target_places[which])
            ),
        )


def make_runs(
    params: ArrayLike,
    tokens: ArrayLike,
    loss: ArrayLike,
    unique: ArrayLike | None = None,
    languages: ArrayLike | None = None,
) -> Runs:
    """Runs of one language from plain arrays of one length; without ``unique`` one epoch each.

    >>> make_runs([1e8, 1e9], [2e9, 2e10], [3.5, 2.9]).epochs.tolist()
    [1.0, 1.0]
    """
    size, read, reached = (
        frozen(np.asarray(each, dtype=np.float64)) for each in (params, tokens, loss)
    )
    count = len(reached)
    none = frozen(np.zeros((count, 0)))
    kinds = np.ones(count) if languages is None else np.asarray(languages, dtype=np.float64)
    _, mixtures = np.unique(kinds, return_inverse=True)
    return Runs(
        params=size,
        tokens=read,
        unique=read if unique is None else frozen(np.asarray(unique, dtype=np.float64)),
        loss=reached,
        rows=frozen(np.arange(1, count + 1, dtype=np.int64)),
        runs=frozen(np.arange(count, dtype=np.int64)),
        unit="nats per token",
        total=frozen(read * kinds),
        languages=frozen(kinds),
        sources=(),
        source_tokens=none,
        source_unique=none,
        mixtures=frozen(mixtures.astype(np.int64)),
    )


def frozen(values: NDArray[Number]) -> NDArray[Number]:
    """A read-only copy."""
    copy = np.array(values)
    copy.setflags(write=False)
    return copy
