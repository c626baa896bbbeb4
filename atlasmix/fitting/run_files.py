"""Files of runs as tables: CSV, Parquet or JSON Lines, or one that ships, by its name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import TABLE_LIMIT, Rows, read_file, read_rows
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
    digest = hashlib.sha256(content).hexdigest()
    return RunFile(place.name, digest, read_rows(content, place.name))


def _place(path: str) -> Path:
    given = Path(path)
    if _SHIPPED.fullmatch(path) and not given.exists():
        if path in SHIPPED:
            return data_folder() / "runs" / f"{path}.csv"
        hint = did_you_mean(path, SHIPPED) or f"{' and '.join(SHIPPED)} ship"
        raise DataError(f"no file {path}: check the path; {hint}", field="runs", value=path)
    return given
