"""Files of runs as tables: CSV, Parquet or JSON Lines, or one that ships, by its name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.io.files import ZIP_MAGIC, read_file
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import EVERY_SHEET, TABLE_LIMIT, Rows, read_rows, read_tables, to_csv
from atlasmix.text import did_you_mean

_SHIPPED: Final = re.compile(r"[a-z0-9-]+")
SHIPPED: Final = ("regmix-1m", "regmix-1m-test")
"""Tables of runs of mixtures that ship."""


@dataclass(frozen=True, slots=True, eq=False)
class RunFile:
    """A table of runs, and where it came from.

    Attributes:
        name: of the file.
        sha256: of its bytes.
        rows: what stands in it.
    """

    name: str
    sha256: str
    rows: Rows


def read_run_files(paths: Sequence[str]) -> tuple[RunFile, ...]:
    """Every file as a table.

    Args:
        paths: files, or names of tables that ship, as ``regmix-1m``.

    Raises:
        DataError: absent, unreadable, or no table.
    """
    return tuple(read_run_file(path) for path in paths)


def read_run_file(path: str) -> RunFile:
    """One file as a table.

    Raises:
        DataError: absent, unreadable, or no table.
    """
    place = _place(path)
    content = read_file(place, TABLE_LIMIT)
    return RunFile(place.name, _sha256(content), read_rows(content, place.name))


def run_tables(content: bytes, name: str) -> tuple[RunFile, ...]:
    """The tables of a file that somebody sent: one, or every sheet of a workbook that holds any.

    Args:
        content: CSV, Parquet, JSON Lines or an Excel workbook.
        name: of the file.

    Raises:
        DataError: no table.

    >>> [table.rows.header for table in run_tables(b"run,w_web,loss_web\\n1,1,2.5\\n", "runs.csv")]
    [('run', 'w_web', 'loss_web')]
    """
    digest = _sha256(content)
    workbook = content.startswith(ZIP_MAGIC)
    tables = read_tables(content, name, (EVERY_SHEET,) if workbook else ())
    return tuple(RunFile(name, digest, rows) for rows in tables)


def first_runs(name: str, count: int) -> bytes:
    """The first runs of a table that ships, as CSV: a pattern for one's own, or a quick example.

    Args:
        name: one of those that ship.
        count: runs.
    """
    rows = read_run_file(name).rows
    return to_csv(rows.header, rows.rows[:count])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _place(path: str) -> Path:
    given = Path(path)
    if _SHIPPED.fullmatch(path) and not given.exists():
        if path in SHIPPED:
            return data_folder() / "runs" / f"{path}.csv"
        hint = did_you_mean(path, SHIPPED) or f"{' and '.join(SHIPPED)} ship"
        raise DataError(f"no file {path}: check the path; {hint}", field="runs", value=path)
    return given
