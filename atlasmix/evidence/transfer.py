"""Transfer matrices: how much a source language helps a target, as a study scored it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.evidence.card import Card

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

#: How a score came to be; an empty text marks a pair that the study does not have.
MEASURED, PREDICTED, DEFINED, MISSING = "measured", "predicted", "defined", ""


@dataclass(frozen=True, slots=True)
class Score:
    """One score of a source for a target, in the metric of its study.

    Attributes:
        score: nan where the study does not have the pair.
        stderr: standard error of the score, same unit.
        status: ``measured``, ``predicted``, ``defined`` (a language on itself) or empty.
    """

    score: float
    stderr: float
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class TransferMatrix:
    """The scores of one study, every source for every target.

    Attributes:
        name: on the shelf.
        keys: language keys (or domain labels), sorted; rows and columns of all arrays.
        scores: (n, n), [source, target], in the card's metric; nan where the study has none.
        stderr: (n, n), standard error of each score; 0 on a diagonal that is a definition.
        status: (n, n) of ``measured``, ``predicted``, ``defined`` or empty.
        card: metric, orientation, origin and licence.
        sha256: of the score table.
    """

    name: str
    keys: tuple[str, ...]
    scores: Floats
    stderr: Floats
    status: Texts
    card: Card
    sha256: str

    def __post_init__(self) -> None:
        """Make the arrays read-only: a matrix is never changed in place."""
        for array in (self.scores, self.stderr, self.status):
            array.setflags(write=False)

    def index(self, key: str) -> int:
        """Row and column of a language key or label.

        Raises:
            UnknownLanguage: not in this matrix (DataError on a domain axis); names the nearest.
        """
        return key_index(self.keys, key, f"matrix '{self.name}'", self.card.axis)

    def pair(self, source: str, target: str) -> Score:
        """The score of ``source`` for ``target``."""
        return self._score(self.index(source), self.index(target))

    def donors(self, target: str) -> tuple[tuple[str, Score], ...]:
        """Every other source with a score for ``target``, best first; ties: surer, then by key."""
        column = self.index(target)
        found = [
            (key, self._score(row, column))
            for row, key in enumerate(self.keys)
            if row != column and self.status[row, column] != MISSING
        ]
        sign = -1.0 if self.card.higher_is_better else 1.0
        return tuple(sorted(found, key=lambda each: (sign * each[1].score, each[1].stderr)))

    def is_predicted_share(self, target: str) -> float:
        """Share (0-1) of the scores for ``target`` that were predicted, not measured."""
        statuses = [score.status for _, score in self.donors(target)]
        return statuses.count(PREDICTED) / len(statuses) if statuses else 0.0

    def count(self, status: str) -> int:
        """Number of ordered pairs with this status."""
        return int(np.count_nonzero(self.status == status))

    def _score(self, row: int, column: int) -> Score:
        return Score(
            float(self.scores[row, column]),
            float(self.stderr[row, column]),
            str(self.status[row, column]),
        )


def key_index(keys: tuple[str, ...], key: str, where: str, axis: str) -> int:
    """Position of ``key`` among ``keys``.

    Raises:
        UnknownLanguage: absent, on a language axis; names the nearest.
        DataError: absent, on a domain axis.
    """
    try:
        return keys.index(key)
    except ValueError:
        import difflib

        near = tuple(difflib.get_close_matches(key, keys, n=3, cutoff=0.5))
    message = (
        f"{where} has no {axis} {key!r}: "
        + (f"the nearest are {', '.join(near)}; " if near else "")
        + f"choose one of its {len(keys)}, say {', '.join(keys[:3])}, or take other evidence"
    )
    if axis == "language":
        raise UnknownLanguage(message, near)
    raise DataError(message)
