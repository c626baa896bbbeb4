"""Records of corpora as they lie on disk: one reader a format, none of which stops at a fault.

A reader gives documents one by one and holds a bounded part of its file. What cannot be read is
told, with its file and place, and the rest is read.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

import msgspec

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line or document that is read; our choice: a book is shorter, a slip is longer."""

_TOO_LONG: Final = f"longer than {LONGEST_LINE // 2**20} MiB, left out"

PIECE: Final = 1024 * 1024
"""Characters after which a plain text, which has no records, is cut at the end of a line."""

_BLOCK: Final = 1024 * 1024
_PACKED_BLOCK: Final = 16 * 1024
"""Bytes unpacked at a time: what a bomb in them unpacks to is what memory has to hold."""
_ROWS_BYTES: Final = 8 * 1024 * 1024
_FAULTS: Final = 3
"""Faults of one kind that are told with their place; of the others the number."""

TEXT_KEYS: Final = ("text", "content", "raw_content")

Note = Callable[[str, str], None]
"""Takes a kind of fault and its place; a reader tells what it leaves out."""


@dataclass(slots=True)
class FaultLog:
    """What could not be read of a file, by kind: the first places, and how many there are."""

    kinds: dict[str, list[str]]
    numbers: dict[str, int]

    def note(self, kind: str, place: str = "") -> None:
        """One more."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        places = self.kinds.setdefault(kind, [])
        if place and len(places) < _FAULTS:
            places.append(place)

    def sentences(self) -> tuple[str, ...]:
        """One a kind."""
        told = []
        for kind, number in self.numbers.items():
            places = self.kinds[kind]
            more = number - len(places)
            where = ", ".join(places) + (f" and {more:,} more" if places and more > 0 else "")
            told.append(f"{where}: {kind}" if where else kind)
        return tuple(told)


def no_faults() -> FaultLog:
    """An empty log."""
    return FaultLog({}, {})


@dataclass(frozen=True, slots=True)
class Record:
    """A document and what stands beside its text."""

    text: str
    fields: Mapping[str, object]


Span = tuple[int, int]
"""Bytes of a file from one to before another: of the lines that begin there."""


def read_records(path: Path, note: Note, span: Span | None = None) -> Iterator[Record]:
    """The documents of a file, by the ending of its name.

    Args:
        path: a plain file; a pipe, device or socket is told and not opened for reading.
        note: is told every fault.
        span: of a file that :func:`is_divisible`, the part to be read; None: all of it.
    """
    reader = reader_of(path.name) if span is None else partial(_json_lines, span=span)
    if reader is None:
        note("no format of texts that is known by its name", "")
        return
    with _telling(note), _opened(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            note("the file is empty", "")
            return
        yield from reader(file, note)


@contextlib.contextmanager
def _telling(note: Note) -> Iterator[None]:
    """What keeps a file from being read is told, and ends its reading alone."""
    try:
        yield
    except _NotPlain as fault:
        note(f"it is a {fault}, no plain file, and was not read", "")
    except OSError as error:
        note(f"cannot be read ({error.strerror or error})", "")
    except ImportError as error:
        note(f"needs the package {error.name}: pip install 'atlasmix[audit]'", "")


class _NotPlain(Exception):
    """A pipe, device or socket."""


def _opened(path: Path) -> IO[bytes]:
    # Without blocking: a pipe that nobody writes to would be waited for before it can be told.
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise _NotPlain(
            "named pipe"
            if stat.S_ISFIFO(mode)
            else "folder"
            if stat.S_ISDIR(mode)
            else "device or socket"
        )
    return os.fdopen(descriptor, "rb", buffering=_BLOCK)


Reader = Callable[[IO[bytes], Note], Iterator[Record]]
_JSON_LINES: Final = (".jsonl", ".json", ".ndjson")
_PACKINGS: Final = (".gz", ".zst", ".zstd")


def reader_of(name: str) -> Reader | None:
    """The reader of files with such a name; None where no text is expected in them.

    >>> reader_of("a.jsonl.gz") is not None, reader_of("README.md")
    (True, None)
    """
    low = name.lower()
    packing = next((ending for ending in _PACKINGS if low.endswith(ending)), "")
    bare = low.removesuffix(packing)
    if bare.endswith(_JSON_LINES):
        return partial(_unpacked, packing, _json_lines)
    if bare.endswith(".txt"):
        return partial(_unpacked, packing, _plain_text)
    if bare.endswith(".wet") and packing != ".zstd":
        return _web_text
    if low.endswith(".parquet"):
        return _parquet
    return _arrow if low.endswith(".arrow") else None


def is_divisible(name: str) -> bool:
    """Whether files with such a name can be read from the middle: JSON lines that are not packed.

    >>> is_divisible("a.jsonl"), is_divisible("a.jsonl.gz")
    (True, False)
    """
    return name.lower().endswith(_JSON_LINES)


def _unpacked(
    packing: str,
    read: Callable[[IO[bytes], Note], Iterator[Record]],
    file: IO[bytes],
    note: Note,
) -> Iterator[Record]:
    if not packing:
        yield from read(file, note)
        return
    make = _gzip_unpacker if packing == ".gz" else _zstd_unpacker
    stream = _Unpacking(file, make, note)
    yield from read(io.BufferedReader(stream, _BLOCK), note)


def _gzip_unpacker() -> Any:
    return zlib.decompressobj(wbits=31)


def _zstd_unpacker() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()


class _Unpacking(io.RawIOBase):
    """The bytes of packed members one after the other, up to the first fault, which is told."""

    def __init__(self, file: IO[bytes], make: Callable[[], Any], note: Note) -> None:
        self._file, self._make, self._note = file, make, note
        self._member: Any = None
        self._ready = memoryview(b"")
        self._left = b""
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._over:
            self._unpack()
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unpack(self) -> None:
        packed = self._left or self._file.read(_PACKED_BLOCK)
        self._left = b""
        if not packed:
            self._over = True
            if self._member is not None:
                self._note("it ends in the middle: what stands before was read", "")
            return
        if self._member is None:
            if not packed.strip(b"\0"):
                return  # padding between or after members
            self._member = self._make()
        try:
            content = self._member.decompress(packed)
        except Exception as error:  # zlib.error, ZstdError: each library has its own
            self._over = True
            self._note(f"it is damaged ({error}): what stands before was read", "")
            return
        if self._member.eof:
            self._left, self._member = self._member.unused_data, None
        self._ready = memoryview(content)


def _lines(file: IO[bytes], note: Note, span: Span | None = None) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers in the span; those that are too long are told and left out."""
    number = 0
    if span is not None and span[0] > 0:
        # The line in which the span begins is read with the one before, unless it begins there.
        file.seek(span[0] - 1)
        while (over := file.readline(_BLOCK)) and not over.endswith(b"\n"):
            pass
    while span is None or file.tell() < span[1]:
        line = file.readline(LONGEST_LINE)
        if not line:
            return
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            size = len(line)
            while more := file.readline(_BLOCK):
                size += len(more)
                if more.endswith(b"\n"):
                    break
            else:
                if size == LONGEST_LINE:  # the last line, and just short enough
                    yield number, line
                    return
            note(_TOO_LONG, f"line {number:,}")
            continue
        yield number, line


def read_attributes(path: Path, note: Note) -> Iterator[Mapping[str, object]]:
    """The records of a file of attributes, which has no texts: those with ``attributes`` in them.

    Args:
        path: JSON lines, packed or not, by the ending of its name.
        note: is told every fault.
    """
    packing = next((ending for ending in _PACKINGS if path.name.lower().endswith(ending)), "")
    with _telling(note), _opened(path) as file:
        for record in _unpacked(packing, _attribute_lines, file, note):
            yield record.fields


def _attribute_lines(file: IO[bytes], note: Note) -> Iterator[Record]:
    for place, record in _objects(file, note):
        if isinstance(record, dict) and isinstance(record.get("attributes"), dict):
            yield Record("", record)
        else:
            note("no attributes, left out", place)


def _json_lines(file: IO[bytes], note: Note, span: Span | None = None) -> Iterator[Record]:
    for place, record in _objects(file, note, span):
        yield from _as_record(record, place, note)


def _objects(file: IO[bytes], note: Note, span: Span | None = None) -> Iterator[tuple[str, object]]:
    """What each line holds, with its place; what is no JSON is told and left out."""
    decode = msgspec.json.Decoder().decode
    for number, line in _lines(file, note, span):
        if line.isspace():
            continue
        try:
            record = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            place = f"line {number:,}"
            try:
                line.decode()
            except UnicodeDecodeError:
                note("not UTF-8, left out", place)
            else:
                note(f"no JSON ({str(error)[:60]}), left out", place)
            continue
        yield f"line {number:,}", record


def _as_record(record: object, place: str, note: Note) -> Iterator[Record]:
    if isinstance(record, dict):
        for key in TEXT_KEYS:
            text = record.get(key)
            if isinstance(text, str):
                if len(text) > LONGEST_LINE:
                    note(_TOO_LONG, place)
                else:
                    yield Record(text, record)
                return
        if "attributes" in record:
            note("records of attributes beside texts, counted as none", "")
            return
    note(f"no text under {', '.join(TEXT_KEYS)}, left out", place)


def _plain_text(file: IO[bytes], note: Note) -> Iterator[Record]:
    piece: list[str] = []
    size = 0
    for number, line in _lines(file, note):
        text = line.decode(errors="replace")
        if "\ufffd" in text and b"\xef\xbf\xbd" not in line:
            note("not UTF-8 in places, which were replaced", f"line {number:,}")
        piece.append(text)
        size += len(text)
        if size >= PIECE:
            yield Record("".join(piece), {})
            piece, size = [], 0
    if piece:
        yield Record("".join(piece), {})


def _web_text(file: IO[bytes], note: Note) -> Iterator[Record]:
    from fastwarc import ArchiveIterator, WarcRecordType

    number = 0
    try:
        archive = ArchiveIterator(
            file, record_types=WarcRecordType.conversion, max_content_length=LONGEST_LINE
        )
        for number, record in enumerate(archive, start=1):
            content = record.reader.read()
            text = content.decode(errors="replace")
            if "\ufffd" in text and b"\xef\xbf\xbd" not in content:
                note("not UTF-8 in places, which were replaced", f"record {number:,}")
            named = record.headers.get("WARC-Identified-Content-Language") or ""
            # A page in several languages is none of one.
            yield Record(text, {"language": named} if named and "," not in named else {})
    except ImportError:
        raise
    except Exception as error:
        note(f"it is damaged after record {number:,} ({error}): what stands before was read", "")
        return
    if not number:
        note("no record of text (WARC type conversion) in it", "")


def _parquet(file: IO[bytes], note: Note) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        note(f"no Parquet ({str(error)[:80]})", "")
        return
    for group in range(table.num_row_groups):
        about = table.metadata.row_group(group)
        each = max(about.total_byte_size // max(about.num_rows, 1), 1)
        rows = max(1, min(_ROWS_BYTES // each, 10_000))
        try:
            for batch in table.iter_batches(batch_size=rows, row_groups=[group]):
                yield from _rows(batch, f"row group {group + 1}", note)
        except (pa.ArrowException, OSError, ValueError) as error:
            note(f"damaged ({str(error)[:80]}), left out from there", f"row group {group + 1}")


def _arrow(file: IO[bytes], note: Note) -> Iterator[Record]:
    import pyarrow as pa

    number = 0
    try:
        for number, batch in enumerate(pa.ipc.open_stream(file), start=1):
            for begin in range(0, batch.num_rows, 100):
                yield from _rows(batch.slice(begin, 100), f"batch {number}", note)
    except (pa.ArrowException, OSError, ValueError) as error:
        note(f"damaged after batch {number} ({str(error)[:80]})", "")


def _rows(batch: Any, place: str, note: Note) -> Iterator[Record]:
    for row in batch.to_pylist():
        yield from _as_record(row, place, note)
