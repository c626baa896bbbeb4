"""Tables from strangers as rows of text: CSV, JSON Lines, Parquet or Excel, with row numbers."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atlasmix.errors import DataError
from atlasmix.io.files import ZIP_MAGIC
from atlasmix.io.safe_yaml import decode
from atlasmix.quantities import header_unit, in_unit
from atlasmix.text import did_you_mean, first_few

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
_OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"
_MOST_OF_A_WORKBOOK = TABLE_LIMIT // 2
"""Most bytes that a workbook unpacks to. Our choice: half a million cells, ten seconds."""
EVERY_SHEET = "*"
"""The name that stands for every sheet of a workbook that holds anything."""
_TOO_LONG = (
    "{what} holds texts of over {most:,} bytes, packed into less: at most so much is read, as of "
    "a CSV table; leave out the columns with long texts"
)
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
        numbers: of each row: the line of a CSV file, the row of a sheet, the position in a Parquet
            file (from 1).
        rows: cells as text; a row may have more or fewer cells than the header.
        places: of each row, as sentences call it where the table is made of several: ``2 of
            b.csv``; empty where its number says it.
    """

    what: str
    header: tuple[str, ...]
    numbers: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    places: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """How sentences call each row, behind the word."""
        return self.places or tuple(map(str, self.numbers))

    @property
    def sha256(self) -> str:
        """Of the table as :func:`to_csv` writes it, wherever it came from."""
        return hashlib.sha256(to_csv(self.header, self.rows)).hexdigest()


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


def rows_of_frames(frames: Sequence[pd.DataFrame], what: str) -> list[Rows]:
    """Each frame as :func:`frame_rows` has it, numbered where there are several."""
    return [
        frame_rows(frame, f"{what} {place + 1}" if len(frames) > 1 else what)
        for place, frame in enumerate(frames)
    ]


def _missing(cell: object) -> bool:
    """None, nan, NaT or NA; a text is none of them."""
    return cell is None or (not isinstance(cell, str) and bool(cell != cell))  # noqa: PLR0124


def read_rows(content: bytes, what: str) -> Rows:
    """The rows of a table in CSV, JSON Lines or Parquet, or of an Excel workbook with one sheet.

    >>> read_rows(b'{"run": 1, "loss": 2.5}', "runs.jsonl").rows
    (('1', '2.5'),)

    Raises:
        DataError: empty, longer than 64 MiB, binary, undecodable, truncated, a workbook of several
            sheets, or without the package that a Parquet table or a workbook needs.
    """
    if len(content) > TABLE_LIMIT:
        raise DataError(f"{what} has {len(content):,} bytes: at most {TABLE_LIMIT:,} are read")
    if content.startswith(_PARQUET_MAGIC):
        return _parquet(content, what)
    if content.startswith(ZIP_MAGIC):  # an Excel workbook: no other zip is a table
        return _chosen(_sheets(content, what), (), what)[0]
    if content.startswith(_OLD_EXCEL_MAGIC):
        raise DataError(
            f"{what} is an Excel file that is locked or of an old kind (.xls): save it as .xlsx "
            "without a password, or as CSV"
        )
    text = decode(content, what, TABLE_LIMIT, "save it as CSV in UTF-8, or as Parquet")
    if not text.strip():
        raise DataError(f"{what} is empty: expected a header line and rows")
    _refuse_rows(text.count("\n"), what)
    return _json_lines(text, what) if text.lstrip()[:1] == "{" else _comma_separated(text, what)


def _comma_separated(text: str, what: str) -> Rows:
    _refuse_commas(text, what)
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


def read_tables(content: bytes, what: str, sheets: Sequence[str] = ()) -> tuple[Rows, ...]:
    """The table of a file, or the sheets of a workbook that are named.

    Args:
        content: as for :func:`read_rows`.
        what: how a message names the file.
        sheets: names; ``*`` is every sheet that holds anything. With none, the only one.

    Raises:
        DataError: as :func:`read_rows`; a sheet that is not there, or sheets of what has none.
    """
    if content.startswith(ZIP_MAGIC) and len(content) <= TABLE_LIMIT:
        return _chosen(_sheets(content, what), sheets, what)
    if sheets:
        raise DataError(
            f"{what} is no Excel workbook and has no sheets: leave {first_few(sheets, 3)} out",
            field="sheet",
        )
    return (read_rows(content, what),)


def _chosen(filled: Mapping[str, Rows], sheets: Sequence[str], what: str) -> tuple[Rows, ...]:
    names = list(filled)
    if not names:
        raise DataError(f"{what} has no sheet that holds anything: expected a header and rows")
    missing = [name for name in sheets if name != EVERY_SHEET and name not in filled]
    if missing:
        raise DataError(
            f"{what} has no sheet {missing[0][:60]!r}: {did_you_mean(missing[0], names, ' ')}"
            f"it has {first_few(names, 8)}",
            field="sheet",
        )
    if not sheets and len(names) > 1:
        raise DataError(
            f"{what} has the sheets {first_few(names, 8)}: name those to read, or '*' for all; "
            "where none can be named, save one as CSV",
            field="sheet",
        )
    every = not sheets or EVERY_SHEET in sheets
    return tuple(filled[name] for name in (names if every else dict.fromkeys(sheets)))


def joined(tables: Sequence[Rows], what: str) -> Rows:
    """Several tables with the same columns as one, in whatever order each has them.

    Raises:
        DataError: columns that only one of two has, or that stand twice.
    """
    if len(tables) == 1:
        return tables[0]
    first = tables[0]
    titles = [title.casefold() for title in first.header]
    rows: list[tuple[str, ...]] = []
    places: list[str] = []
    for table in tables:
        own = [title.casefold() for title in table.header]
        differing = sorted(set(titles) ^ set(own))
        if differing or len(set(own)) < len(own):
            raise DataError(
                f"{table.what} has other columns than {first.what} "
                f"({first_few(differing, 5) or 'one twice'}): name or leave out columns so that "
                "they are alike, or add the tables apart"
            )
        order = [own.index(title) for title in titles]
        short = table.what.removeprefix("table ")
        for line, row in zip(table.lines, table.rows, strict=True):
            places.append(f"{line} of {short}")
            full = (*row, *[""] * (len(own) - len(row)))
            rows.append(tuple(full[place] for place in order) if len(full) == len(own) else row)
    numbers = tuple(range(1, len(rows) + 1))
    return Rows(what, first.header, numbers, tuple(rows), tuple(places))


_MOST_TOLD = 20
"""Broken lines of JSON after which no more are looked for: our choice."""


def _json_lines(text: str, what: str) -> Rows:
    """One object a line, in which nothing is nested; columns as they first appear."""
    header: dict[str, int] = {}
    objects: list[tuple[int, dict[str, Any]]] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        entry, fault = _object(line)
        if fault:
            faults.append(f"line {number}: {fault}")
            if len(faults) >= _MOST_TOLD:
                break
            continue
        for name in entry:
            header.setdefault(name.strip(), len(header))
        if len(header) > _MOST_COLUMNS:
            raise DataError(f"{what} has over {_MOST_COLUMNS:,} columns: at most so many are read")
        _refuse_cells(max(len(header), _ROW) * len(objects), what)
        objects.append((number, entry))
    refuse(what, faults)
    rows = []
    for _, entry in objects:
        cells = {name.strip(): value for name, value in entry.items()}
        rows.append(tuple(_json_cell(cells.get(name)) for name in header))
    return Rows(what, tuple(header), tuple(number for number, _ in objects), tuple(rows))


def _object(line: str) -> tuple[dict[str, Any], str]:
    """The object of a line, or what is wrong with it."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}, 'no JSON: expected an object such as {"run": 1, "loss_web": 2.5}'
    if not isinstance(entry, dict):
        return {}, f"a {type(entry).__name__}: expected an object"
    nested = next((name for name, value in entry.items() if isinstance(value, dict | list)), None)
    if nested is not None:
        return {}, f"{nested[:60]!r} is nested: expected a number or a text"
    return entry, ""


def _json_cell(value: object) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)


_MOST_ROWS = 2_000_000
"""Our choice: every pair of 1,400 languages. A row takes up to 300 bytes of memory."""


def _refuse_rows(rows: int, what: str) -> None:
    if rows > _MOST_ROWS:
        raise DataError(f"{what} has over {_MOST_ROWS:,} rows, the most that are read: split it")


_MOST_COLUMNS = 10_000
"""Our choice: more than a square of all languages with scores has."""


def _refuse_commas(text: str, what: str) -> None:
    """Refuse a line of more cells than a table has columns, before any of them is made."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        # Commas in quotes count too: no cell of a table holds thousands of them.
        if end - start > _MOST_COLUMNS and text.count(",", start, end) >= _MOST_COLUMNS:
            line = text.count("\n", 0, start) + 1
            raise DataError(
                f"{what} has over {_MOST_COLUMNS:,} columns in line {line:,}: at most so many are "
                "read; is it a table of commas?"
            )
        start = end + 1


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
    _refuse_rows(data.num_rows, what)
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
            raise DataError(_TOO_LONG.format(what=what, most=TABLE_LIMIT))
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


def _sheets(content: bytes, what: str) -> dict[str, Rows]:
    """Every sheet of a workbook that holds anything, by name, in its order."""
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            f"{what} is an Excel workbook and openpyxl is missing: pip install 'atlasmix[excel]', "
            "or save the table as CSV"
        ) from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # No entry gives more than it says here: the library reads through the same module.
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _MOST_OF_A_WORKBOOK:
            raise DataError(
                f"{what} unpacks to {unpacked:,} bytes: at most {_MOST_OF_A_WORKBOOK:,} are read; "
                "leave out what is no table, or save it as CSV"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of print areas and the like, which are no cells
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            filled = {sheet.title: _sheet(sheet, what) for sheet in book.worksheets}
    except (DataError, MemoryError):
        raise
    except Exception as error:  # a broken workbook fails in any way that its reader does
        raise DataError(
            f"{what} is no whole Excel workbook ({_first_line(error)}): save it as .xlsx or CSV"
        ) from error
    return {name: rows for name, rows in filled.items() if rows is not None}


def _sheet(sheet: Any, what: str) -> Rows | None:
    """The rows of a sheet below its first that holds anything; None where none does.

    Columns without a title and without a cell are margins, and left out.
    """
    sheet.reset_dimensions()  # how far it reaches is what is there, not what the file says
    numbers, rows, cells, length = [], [], 0, 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        row = [_cell(value).strip() for value in values]
        while row and not row[-1]:
            row.pop()
        if row:
            numbers.append(number)
            rows.append(row)
            cells += max(len(row), _ROW)
            _refuse_cells(cells, what)
            # A text that stands once in the file may stand in every cell.
            length += sum(map(len, row))
            if length > TABLE_LIMIT:
                raise DataError(_TOO_LONG.format(what=what, most=TABLE_LIMIT))
    if not rows:
        return None
    header = rows.pop(0)
    margins = {
        place
        for place, title in enumerate(header)
        if not title and not any(place < len(row) and row[place] for row in rows)
    }
    kept = [place for place in range(len(header)) if place not in margins]

    def trimmed(row: list[str]) -> tuple[str, ...]:
        held = [row[place] if place < len(row) else "" for place in kept]
        return (*held, *row[len(header) :])

    return Rows(
        f"sheet {sheet.title}",
        tuple(header[place] for place in kept),
        tuple(numbers[1:]),
        tuple(map(trimmed, rows)),
    )


def _refuse_cells(cells: int, what: str) -> None:
    if cells > _MOST_CELLS:
        raise DataError(f"{what} has over {_MOST_CELLS:,} cells, the most that are read: split it")


def _cell(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:120]


def renamed(
    rows: Rows,
    columns: Mapping[str, str],
    known: Collection[str],
    counts: Collection[str] = (),
) -> Rows:
    """The same table with the columns that a user named, and others that are known; no others.

    Args:
        rows: as they were written.
        columns: the name that is read to the title that the table has.
        known: every name that is read.
        counts: those of them that are counts: below a title with a unit (``B tokens``) each number
            takes that unit.

    Raises:
        DataError: a name that is not read, or a title that is not there or stands twice.

    >>> table = Rows("it", ("", "lang_train", "score"), (2,), (("0", "de", "1"),))
    >>> renamed(table, {"source": "lang_train"}, ("source", "score")).rows
    (('de', '1'),)
    """
    if not columns:
        return rows
    titles = [" ".join(title.split()).casefold() for title in rows.header]
    at: dict[str, int] = {}
    for name, title in columns.items():
        if name not in known:
            raise DataError(
                f"no column {name[:40]!r} is read: {did_you_mean(name, known, ' ')}expected one "
                f"of {', '.join(known)}",
                field="column",
            )
        places = [
            place
            for place, written in enumerate(titles)
            if written == " ".join(title.split()).casefold()
        ]
        if len(places) != 1:
            state = "stands twice" if places else "is not there"
            raise DataError(
                f"{rows.what} has the columns {', '.join(rows.header)[:200]}: {title[:60]!r} "
                f"{state}",
                field="column",
            )
        at[name] = places[0]
    for name in known:
        if name not in at and titles.count(name) == 1:
            at[name] = titles.index(name)
    units = [header_unit(rows.header[at[name]]) if name in counts else "" for name in at]
    cells = tuple(
        tuple(
            in_unit(row[place].strip(), unit) if place < len(row) else ""
            for place, unit in zip(at.values(), units, strict=True)
        )
        for row in rows.rows
    )
    return Rows(rows.what, tuple(at), rows.numbers, cells)


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


MOST_FAULTS = 100
"""Faults that a refusal names; what follows is counted."""


def refuse(what: str, faults: Sequence[str]) -> None:
    """Raise one DataError that names them, the first hundred; do nothing where there is none."""
    if faults:
        count = f"{len(faults):,} fault{'s' * (len(faults) > 1)}"
        listed = tuple(faults[:MOST_FAULTS])
        if len(faults) > MOST_FAULTS:
            listed = (*listed, f"and {len(faults) - MOST_FAULTS:,} more")
        raise DataError(f"{what} has {count}: mend what follows and try again", listed)
