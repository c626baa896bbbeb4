"""A matrix completed on its own scale: an additive model foretells the pairs that have no score."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from atlasmix.errors import AtlasMixError, DataError
from atlasmix.evidence.scores import (
    MISSING,
    PREDICTED,
    SEEN,
    Floats,
    ScoreTable,
    label_reader,
    number,
)
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.evidence.trigrams import Profile
from atlasmix.io.files import read_file
from atlasmix.io.tables import TABLE_LIMIT, read_rows, refuse
from atlasmix.text import first_few
from atlasmix.transfer.additive import AdditiveModel, differences, fit, foretellings
from atlasmix.transfer.calibration import BTS
from atlasmix.transfer.completed_scores import CompletedScores, sentence
from atlasmix.transfer.relatedness import FEATURES, relatedness

LEAST_PAIRS: Final = 4
"""Fewest measured pairs that a completion on their own scale is made from (our choice)."""

MOST_KEYS: Final = 1000
"""Most labels of one (our choice: a few minutes)."""


class PairFeatures(NamedTuple):
    """Features of pairs, and what they are in words.

    Attributes:
        values: (k, n, n), [source, target].
        said: "the six features of relatedness", say.
    """

    values: Floats
    said: str


def on_own_scale(matrix: TransferMatrix, features: PairFeatures | None = None) -> CompletedScores:
    """A predicted score for every pair that has none; what there is stays as it is.

    Args:
        matrix: any; its measured pairs are what is learned from.
        features: of its pairs.

    Raises:
        DataError: nothing is missing, too little is measured, or there are too many labels.
    """
    size, card = len(matrix.keys), matrix.card
    apart = ~np.eye(size, dtype=bool)
    seen = np.isin(matrix.status, SEEN) & apart
    missing = (matrix.status == MISSING) & apart
    count = int(seen.sum())
    if not missing.any():
        raise DataError(
            f"matrix '{matrix.name}' has a score of every pair: nothing is left to complete"
        )
    if count < LEAST_PAIRS:
        raise DataError(
            f"matrix '{matrix.name}' has {count} measured pairs: at least {LEAST_PAIRS} are needed "
            "to learn from; measure more"
        )
    if size > MOST_KEYS:
        raise DataError(
            f"matrix '{matrix.name}' has {size:,} {card.axis}s: at most {MOST_KEYS:,} are completed"
        )
    model = fit(matrix.scores, matrix.stderr, seen, features.values if features else None)
    low, high = card.range
    if card.metric == BTS:
        # The range ends at 2, where a weight is infinite: no guess goes past what was seen, or 1.
        high = max(1.0, float(matrix.scores[seen].max()))
    told = np.clip(model.scores, low, high)
    scores, stderr = (
        np.where(missing, _short(new), old)
        for new, old in ((told, matrix.scores), (model.stderr, matrix.stderr))
    )
    status = np.where(missing, PREDICTED, matrix.status).astype("<U9")
    using = features.said if features else "no features"
    said = (
        f"{int(missing.sum()):,} pairs predicted on the scale of {card.metric} from {count:,} "
        f"measured, with {using}"
    )
    written = dataclasses.replace(
        card,
        title=f"{card.title}, completed",
        status="",
        evidence=f"{sentence(card.evidence)}{said}.",
        stderr_note=(
            f"{sentence(card.stderr_note)}Pairs predicted by the additive model: of the true "
            "score, from the spread of donors, targets and pairs that the measured scores show."
        ),
        derivation=(
            f"{sentence(card.derivation)}Scores of {matrix.name}, SHA-256 {matrix.sha256}, "
            "unchanged; missing pairs by an additive model of donors, targets and features."
        ),
        extra=(*card.extra, *_findings(model, matrix.scores)),
    )
    return CompletedScores(written, ScoreTable(matrix.keys, scores, stderr, status), said)


def _findings(model: AdditiveModel, scores: Floats) -> tuple[tuple[str, str], ...]:
    """What a card says of an additive model: its spreads, and how well it foretells."""
    told = "; ".join(
        f"{each.method} R2 {each.r2:.2f}, RMSE {each.rmse:.3g}, {each.coverage:.0%} inside"
        for each in foretellings(model, scores)
    )
    spreads = (
        f"Mean {model.mean:.3g}; standard deviation of donors {model.donor:.2g}, of targets "
        f"{model.target:.2g}, of a feature's slope {model.slope:.2g}, of a pair {model.pair:.2g}. "
        f"Standard errors are {model.widened:.2f} times those of the model, by how far pairs that "
        "were left out stray."
    )
    anew = "all else learned anew" if model.refitted else "the spreads those of all"
    return (
        ("additive model", spreads),
        (
            "how well it foretells",
            f"Each measured pair left out, {anew}: {told} (their 80 % interval).",
        ),
    )


def _short(values: Floats) -> Floats:
    """Rounded to six significant digits, which is more than any of them is known to."""
    return np.array([[float(f"{each:.6g}") for each in row] for row in values.tolist()])


def features_of(
    matrix: TransferMatrix, table: str | Path | None, profiles: Mapping[str, Profile]
) -> PairFeatures | None:
    """Features of the pairs of a matrix: of a table, or else how related its languages are.

    Args:
        matrix: whose pairs they are.
        table: CSV or Parquet of labels and numbers; None: none.
        profiles: trigrams of the user's own texts by language key.

    Returns:
        None: labels that are no languages, and no table that describes them.

    Raises:
        DataError: with every fault of the table in ``faults``.
    """
    if table is not None:
        path = Path(table)
        names, columns = feature_columns(read_file(path, TABLE_LIMIT), path.name, matrix)
        return PairFeatures(differences(columns), f"{', '.join(names)} of {path.name}")
    if matrix.card.axis != "language":
        return None
    values = relatedness(matrix.keys, profiles).values
    return PairFeatures(values, f"the relatedness of languages ({', '.join(FEATURES)})")


def feature_columns(
    content: bytes, what: str, matrix: TransferMatrix
) -> tuple[tuple[str, ...], Floats]:
    """Names and numbers of a table of features: a row for each label, a column for each feature.

    Args:
        content: CSV or Parquet; the first column holds labels, all others numbers.
        what: how a message names the table.
        matrix: whose labels it describes; rows of other languages are read past.

    Returns:
        Names of the columns, and (n, k) numbers in the order of the keys of the matrix.

    Raises:
        DataError: with every fault in ``faults``.
    """
    rows = read_rows(content, f"table {what}")
    names = rows.header[1:]
    faults: list[str] = []
    if not names or len(set(names)) < len(names):
        faults.append("header: expected a column of labels, then columns of numbers, each once")
    read = label_reader(matrix.card)
    numbered: dict[str, Sequence[float]] = {}
    for at, row in zip(rows.numbers, rows.rows, strict=True):
        if len(row) != len(rows.header):
            faults.append(f"row {at}: {len(row)} cells, expected {len(rows.header)}")
            continue
        try:
            key = read(row[0])
        except AtlasMixError as error:
            faults.append(f"row {at}: {error}")
            continue
        numbers = [number(cell.strip()) for cell in row[1:]]
        wrong = [name for name, each in zip(names, numbers, strict=True) if each is None]
        if wrong:
            faults.append(f"row {at}: {', '.join(wrong)}: expected a finite number")
        if key in numbered:
            faults.append(f"row {at}: {key} stands twice; keep one")
        numbered[key] = [each or 0.0 for each in numbers]
    lacking = [key for key in matrix.keys if key not in numbered]
    if lacking and not faults:
        faults.append(f"no row of {first_few(lacking, 6)}: every label of the matrix needs one")
    refuse(rows.what, faults)
    return names, np.array([numbered[key] for key in matrix.keys], dtype=np.float64)
