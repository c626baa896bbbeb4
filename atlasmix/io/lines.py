"""Lines of a log of any size, one after the other, bounded, and never refused for a byte."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from atlasmix.errors import DataError
from atlasmix.io.files import refusing_to_read

LONGEST_LINE: Final = 1024 * 1024
"""Bytes of a line that are read, our choice: what stands behind them no log of a run means."""


@dataclass(slots=True)
class Lines:
    """The lines of a file, read once.

    Attributes:
        broken: lines so far with bytes that are no UTF-8, shown as U+FFFD.
        cut: lines so far of which the end was left out.
    """

    file: BinaryIO
    what: str
    limit: int
    broken: int = 0
    cut: int = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Number of each line, from 1, and its text without the line feed.

        Raises:
            DataError: more bytes than the limit.
        """
        number, size, whole = 0, 0, True
        while piece := self.file.readline(LONGEST_LINE):
            size += len(piece)
            if size > self.limit:
                raise DataError(
                    f"{self.what} is longer than {self.limit:,} bytes: give its last part, or a "
                    "table of what was consumed"
                )
            began, whole = whole, piece.endswith(b"\n")
            if not began:
                continue  # the rest of a line that is too long
            number += 1
            self.cut += not whole and len(piece) == LONGEST_LINE
            piece = piece.removeprefix(codecs.BOM_UTF8) if number == 1 else piece
            text = piece.decode("utf-8", errors="replace")
            self.broken += "\ufffd" in text
            yield number, text.rstrip("\r\n")


@contextlib.contextmanager
def open_lines(path: Path, what: str, limit: int) -> Iterator[Lines]:
    """The lines of a user's file.

    Args:
        path: of a plain file.
        what: how messages name it.
        limit: bytes of the whole.

    Raises:
        DataError: absent, no plain file, or not readable.
    """
    with refusing_to_read(path), path.open("rb") as file:
        yield Lines(file, what, limit)
