"""The page that text is laid out on: width, colours, and plain text where nobody looks at it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

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


_GAP: Final = 2

_SHORT: Final = 20
"""Characters of a text that is set in two lines at most."""


class FittingTable:
    """A table without frames for a rich console.

    No word is broken while its column stands beside another: columns first move together, then give
    way from the right, and a last line names them. Only a word longer than the page is folded.
    """

    def __init__(self, *headings: str) -> None:
        """Columns; a heading that begins with ``>`` stands over numbers, set flush right."""
        self._numbers = tuple(heading.startswith(">") for heading in headings)
        self._headings = tuple(heading.removeprefix(">") for heading in headings)
        self._rows: list[tuple[tuple[str | Text, ...], str]] = []

    def add_row(self, *cells: str | Text, style: str = "") -> None:
        """One line; as many cells as headings."""
        self._rows.append((cells, style))

    def texts(self) -> tuple[tuple[str, ...], tuple[bool, ...], tuple[tuple[str, ...], ...]]:
        """The headings, which of them stand over numbers, and the rows, all as plain texts."""
        rows = tuple(tuple(str(cell) for cell in cells) for cells, _ in self._rows)
        return self._headings, self._numbers, rows

    def emphasised(self) -> tuple[bool, ...]:
        """Which rows are set in bold."""
        return tuple("bold" in style for _, style in self._rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out for the width at hand."""
        from rich.table import Table
        from rich.text import Text

        columns = self._columns()
        gap = gap_between(columns, options.max_width)
        widths = fitted(columns, options.max_width, gap)
        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
        for heading, number, width in zip(self._headings, self._numbers, widths, strict=False):
            justify = "right" if number else "left"
            table.add_column(heading, justify=justify, width=width, overflow="fold")  # type: ignore[arg-type]
        for cells, style in self._rows:
            table.add_row(*cells[: len(widths)], style=style)
        yield table
        left_out = [heading or "notes" for heading in self._headings[len(widths) :]]
        if left_out:
            yield Text(f"Too narrow a page for: {', '.join(left_out)}.", style="dim")

    def _columns(self) -> list[list[str]]:
        """The plain texts of each column, heading first."""
        return [
            [heading, *(str(cells[place]) for cells, _ in self._rows)]
            for place, heading in enumerate(self._headings)
        ]


def gap_between(columns: Sequence[Sequence[str]], page: int) -> int:
    """Blanks between two columns: two, or one where that keeps a column on the page."""
    roomy, tight = (len(fitted(columns, page, gap)) for gap in (_GAP, 1))
    return _GAP if roomy >= tight else 1


def fitted(columns: Sequence[Sequence[str]], page: int, gap: int = _GAP) -> tuple[int, ...]:
    """Widths of as many columns from the left as fit a page without breaking a word.

    A text of up to 20 characters takes two lines at most, a longer one as many as it needs.

    Args:
        columns: texts of each column.
        page: characters of a line.
        gap: blanks between two columns.

    >>> fitted([["temperature 3.33"], ["the same"]], 30), fitted([["temperature 3.33"]], 12)
    ((16, 8), (12,))
    """
    from rich.cells import cell_len

    least = [max((_narrowest(text) for text in each), default=0) or 1 for each in columns]
    most = [max(1, *(cell_len(text) for text in each)) for each in columns]
    kept = len(columns)
    while kept > 1 and sum(least[:kept]) + gap * (kept - 1) > page:
        kept -= 1
    widths = [min(width, page) for width in least[:kept]]
    spare = page - sum(widths) - gap * (kept - 1)
    # Every blank goes to the column that lacks the fewest: short ones are whole first.
    for place in sorted(range(kept), key=lambda place: most[place] - widths[place]):
        more = min(spare, most[place] - widths[place])
        widths[place] += max(more, 0)
        spare -= max(more, 0)
    return tuple(widths)


def _narrowest(text: str) -> int:
    """Columns that a text needs at least: its longest word, or its longer half if it is short."""
    from rich.cells import cell_len

    words = text.split()
    longest = max(map(cell_len, words), default=0)
    if len(words) < 3 or cell_len(text) > _SHORT:
        return longest
    halves = (
        max(cell_len(" ".join(words[:cut])), cell_len(" ".join(words[cut:])))
        for cut in range(1, len(words))
    )
    return max(longest, min(halves))


def section(title: str, *content: RenderableType) -> list[RenderableType]:
    """A heading after a blank line, and what stands under it; empty texts are left out."""
    from rich.padding import Padding
    from rich.text import Text

    inside = [Text(part) if isinstance(part, str) else part for part in content if part]
    return [Text(f"\n{title}", style="bold"), *(Padding(part, (0, 0, 0, 2)) for part in inside)]


def bullets(sentences: Sequence[str]) -> RenderableType:
    """One sentence a line, wrapped under itself."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        grid.add_row("-", sentence)
    return grid
