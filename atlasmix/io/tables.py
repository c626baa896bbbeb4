"""Tables from strangers as rows of text: CSV or Parquet, with the number of every row."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import decode

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

TABLE_LIMIT = 64 * 1024 * 1024
_MOST_CELLS = 20_000_000
"""Our choice: a square of over 4,000 languages. A cell takes up to 80 bytes of memory."""
_ROW = 4
"""Cells that a row counts for at least: it takes memory by itself."""
_PARQUET_MAGIC = b"PAR1"
_MOST_UNPACKED = 4 * TABLE_LIMIT
"""Most bytes that a Parquet table says it unpacks to. Our choice: a short number, which a CSV table
writes in two bytes, has eight there. Whoever takes tables from strangers bounds the memory of the
process as well, for a file may say what is not so."""
_PACKED = frozenset({"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BIT_PACKED"})
"""Encodings that pyarrow reads as a dictionary. In another a text may begin as the one before it
did (DELTA_BYTE_ARRAY), so that a few bytes make a long one in every row."""
_BATCH_ROWS, _BATCH_BYTES = 65_536, TABLE_LIMIT // 4
"""What is unpacked at a time, before it is looked at."""


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
    numbers, rows, cells = [], [], 0
    try:
        header = next((row for row in reader if row), [""])
        for row in reader:
            if row:
                numbers.append(reader.line_num)
                rows.append(tuple(row))
                cells += max(len(row), _ROW)
                _refuse_cells(cells, what)
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
        _refuse_bombs(file, what)
        packed = _packed_texts(file)
        file = pq.ParquetFile(io.BytesIO(content), read_dictionary=packed)
        blocks = [
            [_cells(column) for column in batch.columns]
            for batch in _bounded_batches(file, packed, what)
        ]
    except MemoryError:  # pyarrow's is one of its own exceptions too, and no fault of the file
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{what} is no whole Parquet table ({_first_line(error)})") from error
    rows = tuple(row for block in blocks for row in zip(*block, strict=True))
    header = tuple(str(name).strip() for name in file.schema_arrow.names)
    return Rows(what, header, tuple(range(1, len(rows) + 1)), rows)


def _refuse_bombs(file: pq.ParquetFile, what: str) -> None:
    """Refuse what would unpack to more than a table can hold, by what the file says of itself."""
    data = file.metadata
    _refuse_cells(data.num_rows * max(data.num_columns, _ROW), what)
    for place in range(data.num_columns):
        column = file.schema.column(place)
        if column.max_repetition_level or "." in column.path:
            raise DataError(
                f"{what} has lists or mappings in the column {column.path.split('.')[0][:60]!r}: "
                "expected a number or a text in each cell"
            )
    unpacked = sum(chunk.total_uncompressed_size for _, chunk in _chunks(file))
    if unpacked > _MOST_UNPACKED:
        raise DataError(
            f"{what} unpacks to {unpacked:,} bytes: at most {_MOST_UNPACKED:,} are read; leave out "
            "the columns with long texts"
        )


def _chunks(file: pq.ParquetFile) -> Iterator[tuple[int, pq.ColumnChunkMetaData]]:
    """Every column of every group of rows, and its number."""
    data = file.metadata
    for group in range(data.num_row_groups):
        for place in range(data.num_columns):
            yield place, data.row_group(group).column(place)


def _packed_texts(file: pq.ParquetFile) -> list[str]:
    """Columns of texts that can be read as a dictionary: what repeats is then held once."""
    other = {place for place, chunk in _chunks(file) if {*chunk.encodings} - _PACKED}
    columns = [(place, file.schema.column(place)) for place in range(file.metadata.num_columns)]
    return [
        column.path
        for place, column in columns
        if column.physical_type == "BYTE_ARRAY" and place not in other
    ]


def _bounded_batches(
    file: pq.ParquetFile, packed: Sequence[str], what: str
) -> Iterator[pa.RecordBatch]:
    """The rows, a batch at a time, as long as their texts are no longer than a CSV may be."""
    columns = [file.schema.column(place) for place in range(file.metadata.num_columns)]
    longest = {place: max(column.length, 0) for place, column in enumerate(columns)}
    for place, chunk in _chunks(file):
        if columns[place].physical_type == "BYTE_ARRAY" and columns[place].path not in packed:
            # A text that is not packed may be as long as its column, in every row.
            longest[place] = max(longest[place], chunk.total_uncompressed_size)
    size = max(min(_BATCH_BYTES // max(sum(longest.values()), 1), _BATCH_ROWS), 1)
    total = 0
    for batch in file.iter_batches(batch_size=size, use_threads=False):
        total += sum(_length(column) for column in batch.columns)
        if total > TABLE_LIMIT:
            raise DataError(
                f"{what} holds texts of over {TABLE_LIMIT:,} bytes, packed into less: at most so "
                "much is read, as of a CSV table; leave out the columns with long texts"
            )
        yield batch


def _length(column: pa.Array) -> int:
    """Bytes of the texts in a column; a number has none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(column.dictionary)
        return int(pc.sum(pc.take(lengths, column.indices)).as_py() or 0)
    if pa.types.is_fixed_size_binary(kind):
        return len(column) * int(kind.byte_width)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary)
    if any(holds(kind) for holds in (*texts, pa.types.is_large_binary)):
        return int(pc.sum(pc.binary_length(column)).as_py() or 0)
    return 0


def _cells(column: pa.Array) -> list[str]:
    """The cells as texts; those of a dictionary share theirs."""
    if not hasattr(column, "dictionary"):
        return [_cell(value) for value in column.to_pylist()]
    known = [_cell(value) for value in column.dictionary.to_pylist()]
    return ["" if place is None else known[place] for place in column.indices.to_pylist()]


def _refuse_cells(cells: int, what: str) -> None:
    if cells > _MOST_CELLS:
        raise DataError(f"{what} has over {_MOST_CELLS:,} cells, the most that are read: split it")


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
