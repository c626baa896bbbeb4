"""Two studies of the same pairs: which pairs both have, and how far they rank them alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

from atlasmix.errors import DataError
from atlasmix.evidence.transfer import MISSING, Score, TransferMatrix

_LEAST = 3


@dataclass(frozen=True, slots=True)
class SharedPair:
    """A pair that both studies score, each in its own metric."""

    source: str
    target: str
    first: Score
    second: Score


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two matrices agree on the pairs they share.

    Attributes:
        languages: keys of both, sorted.
        pairs: ordered pairs of different languages that both score.
        spearman: rank correlation of the two scores over these pairs, -1 to 1, signed so that 1
            means that both call the same donors good; nan below three pairs or where one of them
            scores all alike.
        measured: pairs that both studies measured.
    """

    languages: tuple[str, ...]
    pairs: tuple[SharedPair, ...]
    spearman: float
    measured: int


def agreement(first: TransferMatrix, second: TransferMatrix) -> Agreement:
    """Compare two matrices on the pairs they share.

    Raises:
        DataError: no pair in common.
    """
    shared = tuple(sorted(set(first.keys) & set(second.keys)))
    pairs = tuple(
        SharedPair(source, target, one, other)
        for source in shared
        for target in shared
        if source != target
        for one, other in [(first.pair(source, target), second.pair(source, target))]
        if MISSING not in (one.status, other.status)
    )
    if not pairs:
        raise DataError(
            f"matrices '{first.name}' and '{second.name}' score no pair in common: choose two that "
            "share languages"
        )
    both = sum(pair.first.status == pair.second.status == "measured" for pair in pairs)
    return Agreement(shared, pairs, _spearman(pairs, first, second), both)


def _spearman(
    pairs: tuple[SharedPair, ...], first: TransferMatrix, second: TransferMatrix
) -> float:
    one = [pair.first.score for pair in pairs]
    other = [pair.second.score for pair in pairs]
    if len(pairs) < _LEAST or len(set(one)) < 2 or len(set(other)) < 2:
        return math.nan
    from scipy.stats import spearmanr

    sign = 1.0 if first.card.higher_is_better == second.card.higher_is_better else -1.0
    return sign * float(spearmanr(one, other).statistic)
