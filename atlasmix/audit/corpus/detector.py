"""Scores that a detector of machine text gave documents elsewhere: imported, and never made here.

No detector was found that is honest without a network. What a score means, and from where on a text
is taken for a machine's, is the detector's to say: no threshold is ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

UNIT: Final = 1_000_000
"""Parts of 1 that scores are added up in: whole numbers have one sum in whatever order."""

_LARGEST: Final = 1e9
"""Size from which on a number is no score: our choice, perplexities and logits are smaller."""

_WHERE: Final = ("attributes", "metadata")
"""Where in a record scores stand, before the record itself."""


@dataclass(frozen=True, slots=True)
class DetectorScores:
    """The scores of some documents.

    Attributes:
        documents: that have one.
        total: their sum, in millionths.
        reached: documents whose score is each of the thresholds or more, in their order.
    """

    documents: int = 0
    total: int = 0
    reached: tuple[int, ...] = ()

    def plus(self, other: DetectorScores) -> DetectorScores:
        """Both as one.

        >>> DetectorScores(1, 900_000, (1, 0)).plus(DetectorScores(1, 600_000, (1, 0)))
        DetectorScores(documents=2, total=1500000, reached=(2, 0))
        """
        reached = zip_longest(self.reached, other.reached, fillvalue=0)
        return DetectorScores(
            self.documents + other.documents,
            self.total + other.total,
            tuple(mine + theirs for mine, theirs in reached),
        )


def scores_of(scores: Sequence[float | None], thresholds: Sequence[float]) -> DetectorScores:
    """The scores of documents as they are counted; None: a document has none.

    >>> scores_of([0.9, None, 0.6], [0.5, 0.8])
    DetectorScores(documents=2, total=1500000, reached=(2, 1))
    """
    known = [score for score in scores if score is not None]
    return DetectorScores(
        len(known),
        sum(round(score * UNIT) for score in known),
        tuple(sum(score >= threshold for score in known) for threshold in thresholds),
    )


def score_of(record: Mapping[str, object], field: str) -> tuple[float | None, str | None]:
    """The score of a record, and what is wrong with it where something is.

    Args:
        record: as it was parsed.
        field: its name in ``attributes``, ``metadata`` or the record; with dots, of what lies in
            another, as ``quality.detector``. Of Dolma's spans ``[[begin, end, score], ...]`` it is
            the mean by their length.

    >>> score_of({"metadata": {"detector": 0.75}}, "detector")
    (0.75, None)
    >>> score_of({"attributes": {"t__machine": [[0, 30, 1.0], [30, 40, 0.0]]}}, "t__machine")
    (0.75, None)
    """
    places = [place for name in _WHERE if isinstance(place := record.get(name), dict)]
    for place in (*places, record):
        value = _inside(place, field)
        if value is None:
            continue
        score = _mean(value) if isinstance(value, list) else _number(value)
        if score is None:
            return None, f"{field[:60]} is no score of a document, counted as none"
        return score, None
    return None, None


def _inside(place: Mapping[str, object], field: str) -> object:
    if field in place:  # a name may have dots
        return place[field]
    value: object = place
    for part in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) < _LARGEST else None


def _mean(spans: Sequence[object]) -> float | None:
    """The mean of spans by their length; None where they are none."""
    total = length = 0.0
    for span in spans:
        if not isinstance(span, list) or len(span) != 3:
            return None
        begin, end, score = map(_number, span)
        if begin is None or end is None or score is None or end < begin:
            return None
        total, length = total + (end - begin) * score, length + end - begin
    return total / length if length else None
