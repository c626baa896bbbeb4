"""Transfer matrices: how much a source language helps a target, as a study scored it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.evidence.card import Card
from atlasmix.evidence.proxies import ProxyPair
from atlasmix.evidence.scores import (
    DEFINED,
    MEASURED,
    MISSING,
    PREDICTED,
    Floats,
    ScoreTable,
    Texts,
    read_scores,
    scores_csv,
)
from atlasmix.evidence.trigrams import Profile
from atlasmix.io.tables import Rows, frame_rows
from atlasmix.languages.catalogue import language, name_of
from atlasmix.text import nearest

if TYPE_CHECKING:
    import pandas as pd

DOUBT = 0.16
"""Standard error of a score that nobody gives one for. Our choice: that of the predicted pairs of
atlas-2025, the largest that ships."""


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
        sha256: of the score table, and of the trigrams and proxies beside it where there are any.
        texts: profiles of texts of the user's own by key, which relatedness reads in the place of
            the declaration's; empty: none.
        proxies: what texts of the user's own suggest of pairs, which no score is; empty: none.
    """

    name: str
    keys: tuple[str, ...]
    scores: Floats
    stderr: Floats
    status: Texts
    card: Card
    sha256: str
    texts: Mapping[str, Profile] = field(default_factory=dict)
    proxies: tuple[ProxyPair, ...] = ()

    def __post_init__(self) -> None:
        """Make the arrays read-only: a matrix is never changed in place."""
        for array in (self.scores, self.stderr, self.status):
            array.setflags(write=False)

    @classmethod
    def from_frame(  # noqa: PLR0913  a card in keywords: each is one line of it
        cls,
        frame: pd.DataFrame,
        name: str = "frame",
        *,
        metric: str = "BTS",
        stderr: float = DOUBT,
        status: Literal["measured", "predicted"] = "measured",
        axis: Literal["language", "domain"] = "language",
        params: float | None = None,
        tokens: float | None = None,
        source: str = "a data frame",
    ) -> TransferMatrix:
        """A matrix from a data frame, read as strictly as a table that is put on the shelf.

        Args:
            frame: square, sources as its index and targets as its columns, an empty cell where a
                pair was not scored; or long, with columns source, target, score and perhaps stderr
                and status. Languages in any code or name.
            name: what recipes call it.
            metric: ``BTS``, or ``transfer weight`` where scores are τ already; another one needs a
                calibration in the problem.
            stderr: standard error of the scores whose row gives none, in their unit.
            status: of the scores whose row gives none.
            axis: ``domain`` where the labels are no languages.
            params, tokens: model and training tokens at which BTS was measured; those of ATLAS
                where nobody says.
            source: where the scores come from, for recipes.

        Raises:
            DataError: with every fault of the table in ``faults``, each with its row.

        >>> import pandas as pd
        >>> square = pd.DataFrame({"cat": [1, 0.4], "spa": [0.3, 1]}, index=["cat", "spa"])
        >>> TransferMatrix.from_frame(square).pair("spa", "cat").score
        0.4
        """
        rows = frame_rows(frame, f"frame '{name}'", labelled=True)
        long = {"source", "target", "score"} <= {each.lower() for each in rows.header}
        labels = () if axis == "language" else _labels(rows, long)
        card = Card(
            name=name,
            kind="transfer matrix",
            title=f"Scores of {name}",
            axis=axis,
            names=labels,
            metric=metric,
            orientation="source to target",
            direction="higher is better",
            range=(-math.inf, 2.0) if metric == "BTS" else (-math.inf, math.inf),
            diagonal=1.0,
            status=status,
            stderr=(("measured", float(stderr)), ("predicted", float(stderr))),
            rows="source",
            parameters=params,
            tokens=tokens,
            source=source,
        )
        return cls.of_table(name, card, read_scores(rows, card))

    @classmethod
    def of_table(cls, name: str, card: Card, table: ScoreTable) -> TransferMatrix:
        """Scores and a card that were just made; the hash is that of the scores as written."""
        return cls(name, *table, card, hashlib.sha256(scores_csv(table)).hexdigest())

    def to_frame(self) -> pd.DataFrame:
        """The scores as a square data frame, sources as its index and targets as its columns."""
        import pandas as pd

        index, columns = (pd.Index(self.keys, name=axis) for axis in ("source", "target"))
        return pd.DataFrame(np.array(self.scores), index, columns)

    def __repr__(self) -> str:
        """One line: what was scored, and how much of it was measured."""
        return (
            f"TransferMatrix({self.name!r}, {self.card.metric or 'scores'}, {len(self.keys)} "
            f"{self.card.axis}s, {self.count(MEASURED)} pairs measured, "
            f"{self.count(PREDICTED)} predicted)"
        )

    def index(self, key: str) -> int:
        """Row and column of a language key or label.

        Raises:
            UnknownLanguage: not in this matrix (DataError on a domain axis); names the nearest.
        """
        return key_index(self.keys, key, f"matrix '{self.name}'", self.card.axis)

    def part(self, keys: Iterable[str]) -> TransferMatrix:
        """The same matrix without the keys that have no score, but for those of ``keys``.

        The posterior of a pair does not hang on languages that nobody scored, so that an estimate
        of the part is that of the whole.
        """
        scored = (self.status != MISSING) & (self.status != DEFINED)
        kept = scored.any(axis=0) | scored.any(axis=1) | np.isin(self.keys, list(keys))
        block = np.ix_(kept, kept)
        names = tuple(key for key, stays in zip(self.keys, kept.tolist(), strict=True) if stays)
        return replace(
            self,
            keys=names,
            scores=self.scores[block],
            stderr=self.stderr[block],
            status=self.status[block],
        )

    def pair(self, source: str, target: str) -> Score:
        """The score of ``source`` for ``target``."""
        return self._score(self.index(source), self.index(target))

    def donors(self, target: str) -> tuple[tuple[str, Score], ...]:
        """Every other source with a score for ``target``, best first; ties: surer, then by key."""
        column = self.index(target)
        donors = [
            (key, self._score(row, column))
            for row, key in enumerate(self.keys)
            if row != column and self.status[row, column] != MISSING
        ]
        sign = -1.0 if self.card.higher_is_better else 1.0
        return tuple(sorted(donors, key=lambda each: (sign * each[1].score, each[1].stderr)))

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


def _labels(rows: Rows, long: bool) -> tuple[str, ...]:
    if not long:
        return tuple(sorted({row[0].strip() for row in rows.rows} | {*rows.header[1:]}))
    at = [rows.header.index(name) for name in rows.header if name.lower() in {"source", "target"}]
    return tuple(sorted({row[place].strip() for row in rows.rows for place in at}))


def key_index(keys: tuple[str, ...], key: str, where: str, axis: str) -> int:
    """Position of ``key`` among ``keys``.

    Raises:
        UnknownLanguage: absent, on a language axis; names the nearest.
        DataError: absent, on a domain axis.
    """
    try:
        return keys.index(key)
    except ValueError:
        near = nearest(key, keys, 3)
    message = (
        f"{where} has no {axis} {key!r}: "
        + (f"the nearest are {', '.join(near)}; " if near else "")
        + f"choose one of its {len(keys)}, say {', '.join(keys[:3])}, or take other evidence"
    )
    if axis == "language":
        raise UnknownLanguage(message, near)
    raise DataError(message)


def family_order(matrix: TransferMatrix) -> tuple[tuple[str, str], ...]:
    """(key, family and branch) of every language, kin beside kin; labels of a domain axis last."""
    kin = {key: _kin(key) for key in matrix.keys}
    ordered = sorted(matrix.keys, key=lambda key: (kin[key] == "", kin[key], name_of(key)))
    return tuple((key, kin[key]) for key in ordered)


def cluster_order(matrix: TransferMatrix) -> tuple[tuple[str, str], ...]:
    """(key, nothing) of every language, those that help each other together.

    Average linkage on the mean of both directions, leaves in the order that keeps neighbours most
    alike (Bar-Joseph et al. 2001). A pair that the study does not have counts as its median pair.
    """
    count = len(matrix.keys)
    if count < 3:
        return tuple((key, "") for key in matrix.keys)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    known = (matrix.status != MISSING) & ~np.eye(count, dtype=bool)
    if not known.any():
        return tuple((key, "") for key in matrix.keys)
    sign = 1.0 if matrix.card.higher_is_better else -1.0
    scores = np.where(known, sign * matrix.scores, sign * np.median(matrix.scores[known]))
    near = (scores + scores.T) / 2
    distance = near[~np.eye(count, dtype=bool)].max() - near
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average", optimal_ordering=True)
    return tuple((matrix.keys[place], "") for place in leaves_list(tree))


def _kin(key: str) -> str:
    try:
        known = language(key)
    except DataError:
        return ""
    return ", ".join(part for part in (known.family, known.genus) if part)


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
        SharedPair(source, target, each, other)
        for source in shared
        for target in shared
        if source != target
        for each, other in [(first.pair(source, target), second.pair(source, target))]
        if MISSING not in (each.status, other.status)
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
    scores = [pair.first.score for pair in pairs]
    other = [pair.second.score for pair in pairs]
    if len(pairs) < _LEAST or len(set(scores)) < 2 or len(set(other)) < 2:
        return math.nan
    from scipy.stats import spearmanr

    sign = 1.0 if first.card.higher_is_better == second.card.higher_is_better else -1.0
    return sign * float(spearmanr(scores, other).statistic)
