"""Blocks on a terminal or in a text file: width, no frames, plain text where nobody looks at it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from atlasmix.report.blocks import (
    Block,
    Caution,
    Cell,
    Facts,
    Figure,
    Heading,
    Sentence,
    Sentences,
    Table,
    Value,
    Verbatim,
    sections,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table as Grid

BEFORE: Final = "Before you use this"
"""What stands before a caution."""

WIDEST: Final = 120
"""Longer lines are no longer read at a glance."""

_PIPED: Final = 80
_GAP: Final = 2

_FEW: Final = 4
_LINES: Final = 3
"""Lines of a cell at most, in a table of more than a few columns: our choice."""

_SHORT: Final = 20
"""Characters of a text that is set in two lines at most."""

_STYLES: Final = {"": "", "chosen": "bold", "aside": "dim"}
_DOUBTED: Final = "yellow"


_AS_IT_IS: Final[dict[str, Any]] = {
    "highlight": False,
    "soft_wrap": False,
    "markup": False,
    "emoji": False,
}
"""Text shows letter by letter."""


def stdout_console(stream: TextIO) -> Console:
    """A console of at most 120 columns; without colours and escape codes unless on a terminal."""
    from rich.console import Console

    console = Console(file=stream, **_AS_IT_IS)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _PIPED
    console.width = max(min(console.width, WIDEST), 40)
    return console


def terminal_text(blocks: tuple[Block, ...], width: int | None = None, every: bool = False) -> str:
    """A report as plain text.

    Args:
        blocks: of the report.
        width: of a line; None: 80.
        every: as for :func:`terminal_parts`.
    """
    from rich.console import Console

    page = io.StringIO()
    console = Console(file=page, width=width or _PIPED, color_system=None, **_AS_IT_IS)
    for part in terminal_parts(blocks, every):
        console.print(part)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


def terminal_parts(blocks: tuple[Block, ...], every: bool = False) -> list[RenderableType]:
    """The parts of a report for a console, in reading order.

    What stands under the heading of a section is set in. Before the first one, a table has a blank
    line over it, and only lists are set in.

    Args:
        blocks: of the report.
        every: also the sections for a whole page, and every row of a long table.
    """
    from rich.text import Text

    parts: list[RenderableType] = []
    for section in sections(blocks):
        if section.detail and not every:
            continue
        if section.heading is None:
            parts += _before_sections(section.blocks, every)
            continue
        inside = [part for block in section.blocks for part in _parts(block, every)]
        if inside:
            heading = Text(f"\n{section.heading.text}", style="bold")
            parts += [heading, *map(_set_in, inside)]
    return parts


def _before_sections(blocks: Sequence[Block], every: bool) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for place, block in enumerate(blocks):
        told = _parts(block, every)
        if isinstance(block, Sentences | Verbatim):
            told = [_set_in(part) for part in told]
        under_heading = place == 0 or isinstance(blocks[place - 1], Heading)
        parts += ["", *told] if isinstance(block, Table) and not under_heading else told
    return parts


def _set_in(part: RenderableType) -> RenderableType:
    from rich.padding import Padding

    return Padding(part, (0, 0, 0, 2))


def laid_out(table: Table, every: bool = False) -> RenderableType:
    """A table for the width at hand, and its notes."""
    from rich.console import Group

    return Group(_Layout(table, every), *table.notes) if table.notes else _Layout(table, every)


class _Layout:
    """A table without frames on a rich console.

    No word is broken while its column stands beside another: columns first move together, then give
    way from the right, and a last line names them. Only a word longer than the page is folded.
    """

    def __init__(self, table: Table, every: bool) -> None:
        """The table, with all rows or those for a page with little room."""
        self._table = table
        self._rows = table.lines(every)
        self._headings, self._numbers, self._texts = table.texts(every)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out for the width at hand."""
        from rich.text import Text

        columns = [
            [heading, *(row[place] for row in self._texts)]
            for place, heading in enumerate(self._headings)
        ]
        gap = gap_between(columns, options.max_width)
        widths = fitted(columns, options.max_width, gap)
        if len(widths) == len(columns) > _FEW and is_pillar(columns[-1], widths[-1]):
            yield from self._words_under(fitted(columns[:-1], options.max_width, _GAP))
            return
        grid = self._grid(widths, gap, True)
        for place in range(len(self._rows)):
            self._add(grid, place, len(widths))
        yield grid
        left_out = [heading or "notes" for heading in self._headings[len(widths) :]]
        if left_out:
            yield Text(f"Too narrow a page for: {', '.join(left_out)}.", style="dim")

    def _grid(self, widths: Sequence[int], gap: int, headed: bool) -> Grid:
        from rich.table import Table as Grid

        grid = Grid(
            box=None,
            pad_edge=False,
            padding=(0, gap, 0, 0),
            header_style="bold",
            show_header=headed,
        )
        for heading, number, width in zip(self._headings, self._numbers, widths, strict=False):
            justify = "right" if number else "left"
            grid.add_column(heading, justify=justify, width=width, overflow="fold")  # type: ignore[arg-type]
        return grid

    def _add(self, grid: Grid, place: int, count: int) -> None:
        row, texts = self._rows[place], self._texts[place]
        cells = (_styled(cell, text) for cell, text in zip(row.cells, texts, strict=True))
        grid.add_row(*list(cells)[:count], style=_STYLES[row.weight])

    def _words_under(self, widths: Sequence[int]) -> Iterator[RenderableType]:
        """The last column has lines of its own, each under its row."""
        from rich.padding import Padding
        from rich.text import Text

        for place, texts in enumerate(self._texts):
            grid = self._grid(widths, _GAP, headed=place == 0)
            self._add(grid, place, len(widths))
            yield grid
            if texts[-1]:
                yield Padding(Text(f"{self._headings[-1]}: {texts[-1]}"), (0, 0, 0, 2 * _GAP))


def is_pillar(texts: Sequence[str], width: int) -> bool:
    """Whether words in so narrow a column stand in four lines or more.

    >>> is_pillar(["what decides", "its text ends, read 4 times"], 7), is_pillar(["a b"], 3)
    (True, False)
    """
    return max(len(text) for text in texts) > _LINES * width


def _styled(cell: Value | Cell, text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, style=_DOUBTED) if isinstance(cell, Cell) and cell.doubted else text


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


def _parts(block: Block, every: bool) -> list[RenderableType]:
    from rich.text import Text

    parts: list[RenderableType]
    match block:
        case Caution(text):
            parts = [Text(f"{BEFORE}: {text}", style="bold")]
        case Sentence(text, strong):
            parts = [Text(text, style="bold" if strong else "")]
        case Sentences(texts):
            parts = [_bullets(texts)]
        case Table():
            parts = [laid_out(block, every)]
        case Facts():
            parts = _facts(block)
        case Heading(text):
            parts = [Text(f"\n{text}", style="bold")]
        case Verbatim(text):
            parts = [Text(text)]
        case Figure():
            parts = []
    return parts


def _bullets(sentences: Sequence[str]) -> RenderableType:
    """One sentence a line, wrapped under itself."""
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        grid.add_row("-", sentence)
    return grid


def _facts(block: Facts) -> list[RenderableType]:
    from rich.text import Text

    parts: list[RenderableType] = [Text(block.title, style="bold")] if block.title else []
    for fact in block.facts:
        line = Text(f"{fact.label}: ", style="bold")
        line.append(fact.words, style="not bold")
        if fact.meaning:
            line.append(f". {fact.meaning}", style="not bold")
        parts.append(line)
    return parts
