"""What may be mixed before any run exists: a table of sources, or their names alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.io.files import read_file
from atlasmix.io.tables import TABLE_LIMIT, Rows, read_rows, refuse
from atlasmix.quantities import comma_hint, read_quantity
from atlasmix.text import first_few

_NUMBERS: Final = ("share", "unique_tokens", "tokens_per_document", "min", "max")
COLUMNS: Final = ("source", *_NUMBERS, "path")
_SHARES: Final = ("share", "min", "max")


@dataclass(frozen=True, slots=True)
class MixedSource:
    """One source.

    Attributes:
        name: as the runs' table calls it.
        share: of the reference; None where the table has none.
        unique_tokens: distinct tokens; None where nobody counted.
        tokens_per_document: mean; None where unknown.
        min, max: least and most share.
        path: where it lies, as the framework reads it; empty where nobody says.
    """

    name: str
    share: float | None = None
    unique_tokens: float | None = None
    tokens_per_document: float | None = None
    min: float = 0.0
    max: float = 1.0
    path: str = ""


def read_sources(given: str) -> tuple[MixedSource, ...]:
    """The sources of a table, or of names with commas between them.

    Raises:
        DataError: no such table, or every fault of it with its row.
        ProblemError: fewer than two sources.
    """
    path = Path(given)
    if path.is_file() or path.suffix.lower() in (".csv", ".parquet"):
        sources = _of_table(read_rows(read_file(path, TABLE_LIMIT), f"sources {path.name}"))
    else:
        sources = tuple(MixedSource(name.strip()) for name in given.split(",") if name.strip())
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"source {first_few(twice, 4)} stands there twice: keep one")
    if len(sources) < 2:
        raise ProblemError(
            f"{given[:60]!r} names {len(sources)} source{'s' * (len(sources) != 1)}: expected a "
            "table with the columns source and unique_tokens, or names as web,code,books",
            field="sources",
            value=given,
        )
    return sources


def _of_table(rows: Rows) -> tuple[MixedSource, ...]:
    header = [title.strip().lower() for title in rows.header]
    strange = [title for title in header if title not in COLUMNS]
    if "source" not in header or strange:
        wrong = f"no column {first_few(strange, 3)} is read" if strange else "no column source"
        raise DataError(f"{rows.what}: {wrong}: expected {', '.join(COLUMNS)}")
    faults: list[str] = []
    sources = []
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        numbers = {key: _number(cells.get(key, ""), key, line, faults) for key in _NUMBERS}
        if not cells.get("source"):
            faults.append(f"row {line}: source is empty")
            continue
        sources.append(
            MixedSource(
                cells["source"],
                numbers["share"],
                numbers["unique_tokens"],
                numbers["tokens_per_document"],
                0.0 if numbers["min"] is None else numbers["min"],
                1.0 if numbers["max"] is None else numbers["max"],
                cells.get("path", ""),
            )
        )
    refuse(rows.what, faults)
    for key in ("share", "unique_tokens"):
        known = [getattr(source, key) is not None for source in sources]
        if any(known) and not all(known):
            bare = [source.name for source, has in zip(sources, known, strict=True) if not has]
            raise DataError(f"{rows.what}: {key} of {first_few(bare, 4)} is empty: fill in all")
    return tuple(sources)


def _number(written: str, key: str, line: int, faults: list[str]) -> float | None:
    if not written:
        return None
    per_cent = written.endswith("%") and key in _SHARES
    number = read_quantity(written[:-1] if per_cent else written)
    number = number / 100 if number is not None and per_cent else number
    bounded = number is not None and math.isfinite(number)
    least_is_one = key in ("unique_tokens", "tokens_per_document")
    if number is None or not bounded or number < (1.0 if least_is_one else 0.0):
        what = "a number of tokens from 1" if least_is_one else "a share from 0"
        faults.append(f"row {line}: {key} {written[:40]!r}: expected {what}{comma_hint(written)}")
        return None
    if key in ("min", "max") and number > 1:
        faults.append(f"row {line}: {key} {written[:40]!r}: expected a share from 0 to 1")
        return None
    return number
