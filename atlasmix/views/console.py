"""The page that text is laid out on: width, colours, and plain text where nobody looks at it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console

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
