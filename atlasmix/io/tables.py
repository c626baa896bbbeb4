"""Tables from strangers as rows of text: CSV or Parquet, with the number of every row."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import decode

if TYPE_CHECKING:
    import pandas as pd

TABLE_LIMIT = 64 * 1024 * 1024
_MOST_CELLS = 40_000_000
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as it was written.

    Attributes:
        what: how a message names the table.
        header: names of the columns, without spaces around them.
        numbers: of each row: the line of a CSV file, the position in a Parquet file (from 1).
        rows: cells as text; a row may have more or fewer cells than the header.
    """

    what: str
    header: tuple[str, ...]
    numbers: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


def frame_rows(frame: pd.DataFrame, what: str, labelled: bool = False) -> Rows:
    """A data frame as rows of text: what is missing is an empty cell.

    Args:
        frame: any; a count keeps all its digits.
        what: how a message names it.
        labelled: an index that is no plain count is the first column.

    Raises:
        DataError: no data frame.
    """
    if not (hasattr(frame, "columns") and hasattr(frame, "itertuples")):
        raise DataError(f"{what} is a {type(frame).__name__}: expected a pandas DataFrame")
    named = labelled and frame.index.dtype.kind not in "iu"
    header = [str(name).strip() for name in frame.columns]
    rows = tuple(
        tuple("" if _missing(cell) else str(cell).strip() for cell in (row if named else row[1:]))
        for row in frame.itertuples(index=True, name=None)
    )
    first = [str(frame.index.name or "source")] if named else []
    return Rows(what, (*first, *header), tuple(range(1, len(rows) + 1)), rows)


def _missing(cell: object) -> bool:
    """None, nan, NaT or NA; a text is none of them."""
    return cell is None or (not isinstance(cell, str) and bool(cell != cell))  # noqa: PLR0124


def read_file(path: str | Path, limit: int) -> bytes:
    """The bytes of a user's file.

    Raises:
        DataError: absent, no plain file, not readable, or longer than ``limit`` bytes.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is no plain file: expected a table or a card")
        # Read, not stat: a file may grow, and one byte more than allowed is proof enough.
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError as error:
        raise DataError(f"no file {path}: check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read ({reason}): check its permissions") from error
    if len(content) > limit:
        raise DataError(f"{path} is longer than {limit:,} bytes: split or shorten it")
    return content


def read_rows(content: bytes, what: str) -> Rows:
    """The rows of a CSV or Parquet table.

    Raises:
        DataError: empty, longer than 64 MiB, binary, undecodable, truncated, or without pyarrow
            for a Parquet table.
    """
    if len(content) > TABLE_LIMIT:
        raise DataError(f"{what} has {len(content):,} bytes: at most {TABLE_LIMIT:,} are read")
    if content.startswith(_PARQUET_MAGIC):
        return _parquet(content, what)
    text = decode(content, what, TABLE_LIMIT, "save it as CSV in UTF-8, or as Parquet")
    if not text.strip():
        raise DataError(f"{what} is empty: expected a header line and rows")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    numbers, rows = [], []
    try:
        header = next((row for row in reader if row), [""])
        for row in reader:
            if row:
                numbers.append(reader.line_num)
                rows.append(tuple(row))
    except csv.Error as error:
        raise DataError(
            f"{what} is broken in line {reader.line_num} ({error}): expected CSV with commas; "
            "look for a quote that is never closed or a file that was cut off"
        ) from error
    names = tuple(name.strip() for name in header)
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise DataError(f"{what} has one column {names[0][:60]!r}: expected commas between columns")
    return Rows(what, names, tuple(numbers), tuple(rows))


def _parquet(content: bytes, what: str) -> Rows:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError(
            f"{what} is a Parquet table and pyarrow is missing: pip install 'atlasmix[parquet]', "
            "or save the table as CSV"
        ) from error
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        # A small file can unpack to a huge table.
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > _MOST_CELLS:
            raise DataError(f"{what} has {cells:,} cells: at most {_MOST_CELLS:,} are read")
        table = file.read()
        columns = [column.to_pylist() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{what} is no whole Parquet table ({_first_line(error)})") from error
    rows = tuple(tuple(_cell(value) for value in row) for row in zip(*columns, strict=True))
    header = tuple(str(name).strip() for name in table.column_names)
    return Rows(what, header, tuple(range(1, len(rows) + 1)), rows)


def _cell(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:120]


def to_csv(header: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> bytes:
    """A table of the shelf: UTF-8, commas, one line feed after each row."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(itertools.chain([header], rows))
    return text.getvalue().encode()


def shelf_rows(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table that ``to_csv`` wrote and whose hash was checked."""
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    header = next(reader)
    return header, list(reader)


def refuse(what: str, faults: Sequence[str]) -> None:
    """Raise one DataError that names them all; do nothing where there is none."""
    if faults:
        count = f"{len(faults)} fault{'s' * (len(faults) > 1)}"
        raise DataError(f"{what} has {count}: mend what follows and try again", tuple(faults))
