"""Scores as a table: arrays [source, target], and their normal form on the shelf, scores.csv.

A table reaches the shelf only through the strict reader, and its hash is compared before it is
read again, so the fast reader here trusts its shape.
"""

from __future__ import annotations

import csv
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card
from atlasmix.io.tables import shelf_rows, to_csv

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

#: How a score came to be; an empty text marks a pair that the study does not have.
MEASURED, PREDICTED, DEFINED, MISSING = "measured", "predicted", "defined", ""

SCORE_COLUMNS = ("source", "target", "score", "stderr", "status")


class ScoreTable(NamedTuple):
    """Keys (sorted) and the arrays [source, target] of a matrix."""

    keys: tuple[str, ...]
    scores: Floats
    stderr: Floats
    status: Texts


def empty_scores(keys: tuple[str, ...], card: Card) -> ScoreTable:
    """Arrays without a score, but for a diagonal that the card defines."""
    shape = (len(keys), len(keys))
    table = ScoreTable(
        keys, np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, MISSING, dtype="<U9")
    )
    if isinstance(card.diagonal, float):
        np.fill_diagonal(table.scores, card.diagonal)
        np.fill_diagonal(table.stderr, 0.0)
        np.fill_diagonal(table.status, DEFINED)
    return table


def parse_scores(content: bytes, card: Card) -> ScoreTable:
    """A scores.csv of the shelf; a missing stderr is the one the card gives for the status.

    Raises:
        DataError: the table is not in the normal form.
    """
    try:
        header, rows = shelf_rows(content)
        at = [header.index(name) for name in ("source", "target", "score", "status")]
        error_at = header.index("stderr") if "stderr" in header else None
        keys = tuple(sorted({row[column] for row in rows for column in at[:2]} | {*card.names}))
        index = {key: place for place, key in enumerate(keys)}
        table = empty_scores(keys, card)
        rule = {status: card.stderr_of(status) for status in ("measured", "predicted")}
        for row in rows:
            source, target, score, status = (row[column] for column in at)
            place = index[source], index[target]
            by_rule = rule[status]  # also refuses a status that is none
            error = row[error_at] if error_at is not None and row[error_at] else by_rule
            table.scores[place] = float(score)
            table.stderr[place] = math.nan if error is None else float(error)
            table.status[place] = status
    except (ValueError, KeyError, IndexError, StopIteration, csv.Error) as error:
        raise DataError(
            "scores.csv is not in the form of the shelf (source,target,score,stderr,status): "
            "remove the matrix and add it again"
        ) from error
    return table


def scores_csv(table: ScoreTable) -> bytes:
    """The normal form of a score table; a defined diagonal stays on the card."""
    rows = []
    for i, source in enumerate(table.keys):
        for j, target in enumerate(table.keys):
            status = str(table.status[i, j])
            if status not in (MISSING, DEFINED):
                score, error = float(table.scores[i, j]), float(table.stderr[i, j])
                rows.append((source, target, repr(score), repr(error), status))
    return to_csv(SCORE_COLUMNS, tuple(rows))
