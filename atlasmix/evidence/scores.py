"""Scores as a table: arrays [source, target], and their normal form on the shelf, scores.csv.

A table reaches the shelf only through the strict reader, and its hash is compared before it is
read again, so the fast reader here trusts its shape.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.evidence.card import STATUSES, Card
from atlasmix.io.tables import Rows, refuse, shelf_rows, to_csv
from atlasmix.languages.language import SUBJECTS
from atlasmix.quantities import read_number
from atlasmix.text import did_you_mean

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

#: How a score came to be; an empty text marks a pair that the study does not have. ``own``:
#: measured by the user, beside the scores of a study; ``completed``: no score, a transfer weight
#: from the prior and what other pairs say (no table holds it, a model does).
MEASURED, PREDICTED, DEFINED, MISSING = "measured", "predicted", "defined", ""
OWN, COMPLETED = "own", "completed"
SEEN = (MEASURED, OWN)
"""Statuses of scores that somebody measured."""

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


def _further(card: Card) -> set[str]:
    """Keys that the table need not name: labels of the card, all languages where a prior speaks.

    Of a language also its attested unusual scripts, where some language usually has them (which
    leaves out Braille and shorthand): their text is read beside that in the usual one.
    """
    if not card.prior:
        return set(card.names)
    from atlasmix.languages.tables import languages

    known = languages()
    usual = {each.script for each in known.values()}
    others = (
        f"{key}_{script}"
        for key, each in known.items()
        for script in each.scripts[1:]
        if script in usual
    )
    return {*known, *SUBJECTS, *others}


def parse_scores(content: bytes, card: Card) -> ScoreTable:
    """A scores.csv of the shelf; a missing stderr is the one the card gives for the status.

    Raises:
        DataError: the table is not in the normal form.
    """
    try:
        header, rows = shelf_rows(content)
        at = [header.index(name) for name in ("source", "target", "score", "status")]
        error_at = header.index("stderr") if "stderr" in header else None
        keys = tuple(sorted({row[column] for row in rows for column in at[:2]} | _further(card)))
        index = {key: place for place, key in enumerate(keys)}
        table = empty_scores(keys, card)
        rule = {status: card.stderr_of(status) for status in STATUSES}
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


def label_reader(card: Card) -> Callable[[str], str]:
    """A function from what a table says to the key, remembering what it has seen.

    It raises DataError (UnknownLanguage on a language axis) with a sentence that suggests.
    """
    read = _language_key if card.axis == "language" else _domain_label(card.names)
    seen: dict[str, str] = {}

    def reader(written: str) -> str:
        if written not in seen:
            seen[written] = read(written)
        return seen[written]

    return reader


def _language_key(written: str) -> str:
    from atlasmix.languages.resolving import resolve

    if (word := written.strip().lower()) in SUBJECTS:
        return word
    if not written.strip():
        raise UnknownLanguage("the language is empty: write a code such as cat")
    return str(resolve(written))


def _domain_label(names: tuple[str, ...]) -> Callable[[str], str]:
    def read(written: str) -> str:
        label = written.strip()
        if label in names:
            return label
        hint = did_you_mean(label, names) or f"they are {', '.join(names)}"
        raise DataError(f"no label {label[:60]!r} among the names of the card: {hint}")

    return read


_NEEDED = SCORE_COLUMNS[:3]
_MOST_KEYS = 4000
_MOST_SCORE = 1e6
#: Column names of other tools; which of them is trained on is not ours to guess.
_FOREIGN = frozenset(
    {"from", "to", "src", "tgt", "donor", "donors", "helper", "recipient", "receiver"}
    | {"lang", "lang1", "lang2", "source_lang", "target_lang", "source_language"}
    | {"target_language", "transfer", "value", "bts", "weight"}
)
#: What the corner of a square table may say about its rows.
_CORNER = {"source": "source", "sources": "source", "target": "target", "targets": "target"}


class _Cell(NamedTuple):
    """One score as written, with its place in the file."""

    row: int
    source: str
    target: str
    score: str
    stderr: str = ""
    status: str = ""


def read_scores(rows: Rows, card: Card) -> ScoreTable:
    """Keys and arrays [source, target] of a table of scores.

    Args:
        rows: long (source, target, score[, stderr, status]) or square (first column labels; the
            card says with ``rows`` whether its rows are sources or targets).
        card: metric range, diagonal, standard errors by rule, axis.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its row.
    """
    faults: list[str] = []
    header = tuple(name.lower() for name in rows.header)
    is_long = "score" in header or ("source" in header and "target" in header)
    foreign = sorted(_FOREIGN & set(header))
    if not is_long and foreign and not set(rows.header[1:]) <= set(card.names):
        faults.append(
            f"header: found {', '.join(foreign)}, expected source,target,score[,stderr,status] "
            "(source is trained on, the loss of target counts); rename the columns"
        )
    refuse(rows.what, faults)
    cells = _long(rows, header, faults) if is_long else _square(rows, card, faults)
    entries = _checked(cells, card, faults)
    if not entries and not faults:
        faults.append("no scores: expected at least one row")
    keys = tuple(sorted({key for pair in entries for key in pair} | _further(card)))
    if len(keys) > _MOST_KEYS:
        faults.append(f"{len(keys):,} {card.axis}s: at most {_MOST_KEYS:,} are read")
    elif card.diagonal == "table":
        faults += [
            f"missing diagonal: no score of {key} on itself; add it, or define it on the card "
            "('diagonal: 1.0'; 'diagonal: none' where the study has none)"
            for key in keys
            if (key, key) not in entries
        ]
    faults += _unsaid_statuses(entries, card)
    faults += _missing_rules(entries, card)
    refuse(rows.what, faults)
    return _arrays(keys, entries, card)


class _Entry(NamedTuple):
    row: int
    score: float
    stderr: float | None
    status: str


def _long(rows: Rows, header: tuple[str, ...], faults: list[str]) -> list[_Cell]:
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        faults.append(
            f"header: {', '.join(missing)} missing, found {', '.join(rows.header)[:120]}; "
            "expected source,target,score[,stderr,status]"
        )
    odd = [name for name in header if name not in SCORE_COLUMNS]
    double = sorted({name for name in header if header.count(name) > 1})
    if odd:
        faults.append(f"header: unknown column {', '.join(map(repr, odd))}; expected no others")
    if double:
        faults.append(f"header: {', '.join(double)} stands twice; keep one")
    refuse(rows.what, faults)
    at = {name: header.index(name) for name in header}
    return [
        _Cell(number, **{name: row[column].strip() for name, column in at.items()})
        for number, row in _whole(rows, faults)
    ]


def _square(rows: Rows, card: Card, faults: list[str]) -> list[_Cell]:
    corner = _CORNER.get(rows.header[0].lower(), "")
    if not card.rows:
        faults.append(
            "the table looks square, and the card does not say what its rows are: add "
            "'rows: source' or 'rows: target' to the card (or give source,target,score columns)"
        )
    elif corner not in ("", card.rows):
        faults.append(
            f"the corner of the table says {rows.header[0]!r} and the card 'rows: {card.rows}': "
            "correct the one that is wrong, the scores would be read the wrong way round"
        )
    if len(rows.header) < 2:
        faults.append("header: one column; expected source,target,score or a square table")
    refuse(rows.what, faults)
    cells = []
    for number, row in _whole(rows, faults):
        for label, score in zip(rows.header[1:], row[1:], strict=True):
            if score.strip():  # an empty cell is a pair that the study does not have
                pair = (row[0], label) if card.rows == "source" else (label, row[0])
                cells.append(_Cell(number, *pair, score.strip()))
    return cells


def _whole(rows: Rows, faults: list[str]) -> list[tuple[int, tuple[str, ...]]]:
    whole = []
    for number, row in zip(rows.numbers, rows.rows, strict=True):
        if len(row) == len(rows.header):
            whole.append((number, row))
        else:
            faults.append(f"row {number}: {len(row)} cells, expected {len(rows.header)}")
    return whole


def _checked(cells: list[_Cell], card: Card, faults: list[str]) -> dict[tuple[str, str], _Entry]:
    key = label_reader(card)
    entries: dict[tuple[str, str], _Entry] = {}
    unknown: set[str] = set()
    for cell in cells:
        wrong: list[str] = []
        source = _key(cell.source, "source", key, wrong)
        target = _key(cell.target, "target", key, wrong)
        # In a square table a bad label would otherwise be named once for each of its cells.
        wrong = [fault for fault in wrong if card.rows == "" or fault not in unknown]
        unknown.update(wrong)
        score = _score(cell, card, source == target and bool(source), wrong)
        stderr = _stderr(cell, wrong)
        status = cell.status.lower() or card.status
        if status and status not in STATUSES:
            wrong.append(f"status {cell.status!r}: expected {' or '.join(STATUSES)}")
        if source and target:
            first = entries.get((source, target))
            if first is not None:
                wrong.append(f"{source} -> {target} stands already in row {first.row}; keep one")
            else:
                entries[source, target] = _Entry(cell.row, score, stderr, status)
        faults += [f"row {cell.row}: {fault}" for fault in wrong]
    return entries


def _key(written: str, column: str, read: Callable[[str], str], wrong: list[str]) -> str:
    try:
        return read(written)
    except DataError as error:
        wrong.append(f"{column}: {error}")
        return ""


def _score(cell: _Cell, card: Card, own: bool, wrong: list[str]) -> float:
    score = number(cell.score)
    low, high = card.range
    if score is None:
        wrong.append(f"score {cell.score[:40]!r} is no finite number; leave the row out instead")
        return math.nan
    if own and isinstance(card.diagonal, float) and score != card.diagonal:
        wrong.append(
            f"score {score:g} of a {card.axis} on itself: the card defines it as {card.diagonal:g}"
        )
    elif not low <= score <= high or (card.metric == "BTS" and score >= 2):
        wrong.append(
            f"score {score:g} lies outside the range of {card.metric}, "
            + ("any number below 2" if card.metric == "BTS" else f"{low:g} to {high:g}")
        )
    elif abs(score) > _MOST_SCORE:
        wrong.append(
            f"score {score:g} lies outside the range of any metric, -1e6 to 1e6: correct the slip"
        )
    return score


def _stderr(cell: _Cell, wrong: list[str]) -> float | None:
    if not cell.stderr:
        return None
    error = number(cell.stderr)
    if error is None or not 0 <= error <= _MOST_SCORE:
        wrong.append(f"stderr {cell.stderr[:40]!r}: expected a number from 0 to 1e6")
    return error


def _unsaid_statuses(entries: dict[tuple[str, str], _Entry], card: Card) -> list[str]:
    # Never taken for measured: a prediction would pass for a measurement from then on.
    unsaid = sum(
        not entry.status
        for (source, target), entry in entries.items()
        if source != target or not isinstance(card.diagonal, float)
    )
    if not unsaid:
        return []
    return [
        f"{unsaid:,} of {len(entries):,} pairs have no status: say which pairs are measured and "
        "which predicted: a status column, or `status: measured` on the card"
    ]


def _missing_rules(entries: dict[tuple[str, str], _Entry], card: Card) -> list[str]:
    bare = {entry.status for entry in entries.values() if entry.stderr is None}
    return [
        f"no standard error of {status} scores: add a column stderr, or a rule to the card "
        f"('stderr: {{{status}: 0.05}}'; 0 where you take the scores as exact)"
        for status in STATUSES
        if status in bare and card.stderr_of(status) is None
    ]


def _arrays(
    keys: tuple[str, ...], entries: dict[tuple[str, str], _Entry], card: Card
) -> ScoreTable:
    table = empty_scores(keys, card)
    index = {key: place for place, key in enumerate(keys)}
    for (source, target), entry in entries.items():
        if source == target and isinstance(card.diagonal, float):
            continue
        place = index[source], index[target]
        rule = card.stderr_of(entry.status)
        table.scores[place] = entry.score
        table.stderr[place] = rule if entry.stderr is None else entry.stderr
        table.status[place] = entry.status
    return table


def number(text: str) -> float | None:
    """A finite number, or None.

    >>> number("1e9"), number("nan")
    (1000000000.0, None)
    """
    value = read_number(text)
    return value if value is not None and math.isfinite(value) else None
