"""The page that text is laid out on: width, colours, and plain text where nobody looks at it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDEST: Final = 120
"""Longer lines are no longer read at a glance."""

_PIPED: Final = 80


def stdout_console(stream: TextIO) -> Console:
    """A console of at most 120 columns; without colours and escape codes unless on a terminal."""
    from rich.console import Console

    console = Console(file=stream, highlight=False, soft_wrap=False, emoji=False, markup=False)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _PIPED
    console.width = max(min(console.width, WIDEST), 40)
    return console


def plain_table(*columns: str) -> Table:
    """A table without frames; a heading that begins with ``>`` stands over numbers.

    Numbers are set flush right and never broken over two lines.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in columns:
        number = heading.startswith(">")
        table.add_column(
            heading.removeprefix(">"),
            justify="right" if number else "left",
            no_wrap=number,
            overflow="fold",
        )
    return table
