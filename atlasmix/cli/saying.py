"""Sentences on stderr: wrapped for a reader at a terminal, one line for a program that reads them.

Nothing heavy is imported here, and nothing at all where nobody looks.
"""

from __future__ import annotations

import os
import sys

_UNKNOWN = 80


def say(sentence: str) -> None:
    """Print ``atlasmix: sentence``; at a terminal no word is broken across two lines."""
    said = f"atlasmix: {sentence}"
    if sys.stderr.isatty():
        import textwrap

        said = "\n".join(
            textwrap.fill(line, _width(), break_long_words=False, break_on_hyphens=False)
            for line in said.splitlines()
        )
    print(said, file=sys.stderr)


def _width() -> int:
    """Columns of the terminal; 80 where it does not tell."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        columns = 0
    return columns or _UNKNOWN
