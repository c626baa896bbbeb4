"""Tables with the losses of several languages, for the law of mixtures: long, or a column each.

Long tables name the language of each row's loss in ``language``. Wide ones have ``loss_LANGUAGE``:
one row a run, an empty cell where a language was not measured.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.fitting.columns import bare_name, find_columns
from atlasmix.fitting.reading import Reading, read_runs
from atlasmix.fitting.runs import Runs, frozen
from atlasmix.io.tables import Rows
from atlasmix.languages.resolving import resolve

Array = NDArray[np.float64]

_LOSS: Final = re.compile(r"(?:val_)?loss[\s_:./\[(-]+([^\])]+)[\])]?", re.IGNORECASE)
_LANGUAGE: Final = "language"


def read_targets(table: Rows, how: Reading) -> Runs:
    """The runs of a table, with the losses of one target or of several.

    Args:
        table: as for :func:`~.reading.read_runs`, or with ``loss_LANGUAGE`` in the place of loss.
        how: its ``targets``, or every language of the table where there are none.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its rows.
    """
    table, wide = _long(table, how)
    targets = how.targets or _languages(table, how)
    if len(targets) < 2:
        target = targets[0] if targets else how.target
        return read_runs(table, replace(how, target=target, targets=()))
    parts = [read_runs(table, replace(how, target=target, targets=())) for target in targets]
    runs = _merged(parts)
    return _named(runs, table, how, wide)


def _long(table: Rows, how: Reading) -> tuple[Rows, bool]:
    """The table with one loss a row, and whether it had a column for each language."""
    header = [bare_name(name) for name in table.header]
    if "loss" in dict(how.columns) or "loss" in header:
        return table, False
    places: dict[str, int] = {}
    for place, name in enumerate(table.header):
        match = _LOSS.fullmatch(name.strip())
        key = _key(match[1]) if match else ""
        if key and key in places:
            raise DataError(
                f"{table.header[places[key]]} and {name} are both the loss of {key}: keep one"
            )
        if key:
            places[key] = place
    if not places:
        return table, False
    if _LANGUAGE in header:
        raise DataError(
            f"{table.what} has a column {_LANGUAGE} beside losses by language "
            f"({', '.join(table.header[place] for place in places.values())}): keep one of them"
        )
    rows, numbers = [], []
    for row, number in zip(table.rows, table.numbers, strict=True):
        for key, place in places.items():
            loss = row[place].strip() if place < len(row) else ""
            if loss:
                rest = tuple(cell for at, cell in enumerate(row) if at not in places.values())
                rows.append((*rest, loss, key))
                numbers.append(number)
    kept = tuple(name for at, name in enumerate(table.header) if at not in places.values())
    long = replace(
        table, header=(*kept, "loss", _LANGUAGE), rows=tuple(rows), numbers=tuple(numbers)
    )
    return long, True


def _languages(table: Rows, how: Reading) -> tuple[str, ...]:
    """Every language that the table names as that of a loss, in the order of its rows."""
    columns = find_columns(table.header, dict(how.columns))
    if how.target or _LANGUAGE not in columns:
        return ()
    place = columns[_LANGUAGE].place
    cells = dict.fromkeys(row[place].strip() for row in table.rows if place < len(row))
    try:
        return tuple(dict.fromkeys(str(resolve(cell)) for cell in cells))
    except UnknownLanguage:
        return ()  # whoever reads the rows says which


def _merged(parts: list[Runs]) -> Runs:
    """The runs of several targets as one: what is read beside one of them in common columns."""
    keys = tuple(dict.fromkeys(key for runs in parts for key in runs.sources))
    columns = [_in_columns(runs, keys) for runs in parts]
    first = parts[0]
    units = {runs.unit for runs in parts}
    assert len(units) == 1
    stacked: dict[str, Any] = {
        name: frozen(np.concatenate([getattr(runs, name) for runs in parts]))
        for name in ("params", "tokens", "unique", "loss", "rows", "total", "languages")
    }
    counts = [runs.count for runs in parts]
    places = np.repeat(np.arange(len(parts)), counts).astype(np.int64)
    return replace(
        first,
        **stacked,
        sources=keys,
        source_tokens=frozen(np.concatenate([tokens for tokens, _ in columns])),
        source_unique=frozen(np.concatenate([unique for _, unique in columns])),
        target="",
        targets=tuple(runs.target for runs in parts),
        target_places=frozen(places),
        notes=tuple(dict.fromkeys(note for runs in parts for note in runs.notes)),
    )


def _in_columns(runs: Runs, keys: tuple[str, ...]) -> tuple[Array, Array]:
    """Tokens and unique tokens of the sources, a column for each of ``keys``."""
    tokens, unique = np.zeros((runs.count, len(keys))), np.zeros((runs.count, len(keys)))
    places = [keys.index(key) for key in runs.sources]
    tokens[:, places], unique[:, places] = runs.source_tokens, runs.source_unique
    return tokens, unique


def _named(runs: Runs, table: Rows, how: Reading, wide: bool) -> Runs:
    """Ordinals of run and mixture that mean the same for every target."""
    columns = find_columns(table.header, dict(how.columns))

    def labels(field: str) -> NDArray[np.int64] | None:
        if field not in columns:
            return None
        place = columns[field].place
        cells = dict(zip(table.numbers, (row[place].strip() for row in table.rows), strict=True))
        seen: dict[str, int] = {}
        names = (cells[int(row)] or f"\0{row}" for row in runs.rows)
        return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)

    named, mixed = labels("run"), labels("mixture")
    if named is None:
        # A row of a wide table is one run; otherwise rows that read the same on one size are.
        key = runs.rows[:, None] if wide else _read(runs, shares=False)
        named = np.unique(key, axis=0, return_inverse=True)[1].astype(np.int64).ravel()
    if mixed is None:
        key = np.round(_read(runs, shares=True), 2)
        mixed = np.unique(key, axis=0, return_inverse=True)[1].astype(np.int64).ravel()
    return replace(runs, runs=frozen(named), mixtures=frozen(mixed))


def _read(runs: Runs, *, shares: bool) -> Array:
    """(n, ...) tokens of every language, own ones too; with N, or as parts of all tokens."""
    keys = tuple(dict.fromkeys((*runs.targets, *runs.sources)))
    tokens = np.zeros((runs.count, len(keys)))
    tokens[:, [keys.index(key) for key in runs.sources]] = runs.source_tokens
    own = np.array([keys.index(key) for key in runs.targets])[runs.target_of]
    tokens[np.arange(runs.count), own] = runs.tokens
    if shares:
        return np.asarray(tokens / runs.total[:, None])
    return np.column_stack([runs.params, tokens])


def _key(text: str) -> str:
    try:
        return str(resolve(text.strip()))
    except DataError:
        return ""
