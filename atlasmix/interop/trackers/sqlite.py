"""A stranger's SQLite database, opened to be read: its tables alone, and bounded cells."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from atlasmix.errors import DataError
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.io.files import refusing_to_read

MAGIC: Final = b"SQLite format 3\x00"
_LONGEST: Final = 16 * 1024 * 1024
"""Bytes of a cell, our choice."""


@dataclass(slots=True)
class Database:
    """A database that is open.

    Attributes:
        path: of its file.
        connection: to it.
        tables: names of its tables; a view, which may compute for ever, is none.
        fault: where reading stopped; empty where it has not.
    """

    path: Path
    connection: sqlite3.Connection
    tables: frozenset[str]
    fault: str = ""

    def columns(self, table: str) -> frozenset[str]:
        """Names of the columns of one of our own tables."""
        return frozenset(str(row[1]) for row in self.rows(f"PRAGMA table_info({table})"))

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of one of our own queries, up to the place where the file is broken."""
        try:
            yield from self.connection.execute(query)
        except (sqlite3.Error, OverflowError) as error:
            self.fault = str(error)[:120]

    def with_faults(self, runs: Iterable[RunRecord]) -> list[RunRecord]:
        """The runs, each with a note where the file breaks off before its end."""
        read = list(runs)
        if self.fault:
            for run in read:
                run.notes.append(f"in a database that breaks off ({self.fault})")
        return read


@contextlib.contextmanager
def open_database(path: Path) -> Iterator[Database]:
    """A database, read only; what its writer has not yet moved out of the journal is read too.

    Raises:
        DataError: absent, or no database.
    """
    with refusing_to_read(path), path.open("rb") as file:
        file.read(1)
    place = quote(str(path.resolve()))
    connection = None
    # Opened as a file that nobody changes, a database leaves nothing beside itself, and is read
    # where nothing may be written. What its writer has not moved out of a journal needs the other.
    journal = path.with_name(f"{path.name}-wal")
    waiting = journal.is_file() and journal.stat().st_size > 0
    for mode in ("mode=ro", "mode=ro&immutable=1") if waiting else ("mode=ro&immutable=1",):
        opened = sqlite3.connect(f"file:{place}?{mode}", uri=True, timeout=5)
        try:
            opened.text_factory = lambda content: content.decode("utf-8", "replace")
            opened.execute("PRAGMA trusted_schema = OFF")
            opened.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            listed = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = frozenset(str(row[0]) for row in listed)
        except sqlite3.Error as error:
            opened.close()
            reason = str(error)
            continue
        connection = opened
        break
    if connection is None:
        raise DataError(f"{path.name} is no whole SQLite database ({reason[:120]})")
    try:
        yield Database(path, connection, tables)
    finally:
        connection.close()
