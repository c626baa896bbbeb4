"""The blocks that a report is made of: what is said, apart from how a page shows it.

A table keeps its numbers as numbers; what a column's numbers are (a share, tokens, a loss) decides
how every page writes them, and on which side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.words import (
    NO_TEXT,
    apart_text,
    change_text,
    constant_text,
    epochs_text,
    loss_text,
    number_text,
    percent,
    range_text,
    times_text,
)
from atlasmix.text import and_more

Kind = Literal[
    "text",
    "share",
    "share range",
    "points",
    "small points",
    "tokens",
    "parameters",
    "FLOPs",
    "epochs",
    "loss",
    "close loss",
    "loss range",
    "loss part",
    "loss difference",
    "change",
    "relative change",
    "relative error",
    "bias",
    "multiplier",
    "coefficient",
    "correlation",
    "constant",
    "printed constant",
    "rounded constant",
    "score",
    "standard error",
    "ratio",
    "count",
    "large count",
]
"""What the numbers of a column are; ``text`` holds words and stands flush left."""

Value = str | float | tuple[float, float] | None
"""What a cell holds: a number of its column's kind, words in its place, or nothing."""


def _range(ends: tuple[float, float]) -> str:
    return range_text(*ends)


def _close(loss: float) -> str:
    """Three decimals: for losses side by side, whose difference is what is looked at."""
    return f"{loss:.3f}" if math.isfinite(loss) else NO_TEXT


def _part(loss: float) -> str:
    return f"{loss:.3f}" if math.isfinite(loss) else "-"


def _points(difference: float) -> str:
    """Percentage points with one decimal; what rounds to none has no sign."""
    return f"{100 * difference:+.1f}" if abs(difference) >= 5e-4 else "0"


_WRITTEN: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": str,
    "share": percent,
    "share range": _range,
    "points": _points,
    "small points": lambda value: f"{100 * value:+.3g} points",
    "tokens": format_quantity,
    "parameters": format_quantity,
    "FLOPs": format_flops,
    "epochs": epochs_text,
    "loss": loss_text,
    "close loss": _close,
    "loss range": lambda ends: "-".join(map(loss_text, ends)),
    "loss part": _part,
    "loss difference": apart_text,
    "change": lambda value: number_text(value, signed=True),
    "relative change": change_text,
    "relative error": "{:.1%}".format,
    "bias": "{:+.1%}".format,
    "multiplier": lambda value: f"x{times_text(value)}",
    "coefficient": "{:.2f}".format,
    "correlation": "{:.3f}".format,
    "constant": constant_text,
    "printed constant": "{:.6g}".format,
    "rounded constant": "{:.4g}".format,
    "score": "{:g}".format,
    "standard error": "{:.2g}".format,
    "ratio": lambda value: number_text(value, 3),
    "count": str,
    "large count": "{:,}".format,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: its heading; may be empty where the cells speak for themselves.
        kind: what its numbers are.
        meaning: a sentence on it, where the heading does not say it all.
        title: what it is called where an empty heading will not do.
    """

    name: str
    kind: Kind = "text"
    meaning: str = ""
    title: str = ""

    @property
    def number(self) -> bool:
        """Whether it holds numbers, which stand flush right."""
        return self.kind != "text"

    @property
    def heading(self) -> str:
        """What it is called where every column needs a name."""
        return self.name or self.title

    def text(self, value: Value) -> str:
        """A value as this column writes it; words stay words, and nothing is empty.

        >>> Column("share", "share").text(0.1234), Column("loss", "loss").text("no own text")
        ('12.3%', 'no own text')
        """
        if value is None:
            return ""
        return value if isinstance(value, str) else _WRITTEN[self.kind](value)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with a mark before it, or set apart by its certainty.

    Attributes:
        value: as for any cell.
        mark: stands before it: ``~`` estimated, ``*`` as a paper states, ``±`` either way.
        doubted: whether it is only predicted.
    """

    value: Value
    mark: str = ""
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table.

    Attributes:
        cells: one a column.
        weight: ``chosen`` is what to look at first, the answer itself or a fault, ``aside`` what is
            not part of it.
    """

    cells: tuple[Value | Cell, ...]
    weight: Literal["", "chosen", "aside"] = ""

    def values(self) -> tuple[Value, ...]:
        """The bare values."""
        return tuple(cell.value if isinstance(cell, Cell) else cell for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with typed columns.

    Attributes:
        columns: in order.
        rows: all of them.
        notes: sentences under it.
        brief: the lines for a page that has little room; None: all rows.
        title: what it is called, for readers who do not see what stands over it.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    brief: tuple[Row, ...] | None = None
    title: str = ""

    def lines(self, every: bool = True) -> tuple[Row, ...]:
        """The rows, or those for a page with little room."""
        return self.rows if every or self.brief is None else self.brief

    def line(self, row: Row) -> tuple[str, ...]:
        """A row as texts."""
        return tuple(
            each.mark + column.text(each.value) if isinstance(each, Cell) else column.text(each)
            for column, each in zip(self.columns, row.cells, strict=True)
        )

    def texts(
        self, every: bool = False
    ) -> tuple[tuple[str, ...], tuple[bool, ...], tuple[tuple[str, ...], ...]]:
        """The headings, which of them stand over numbers, and the rows, all as plain texts."""
        return (
            tuple(column.name for column in self.columns),
            tuple(column.number for column in self.columns),
            tuple(self.line(row) for row in self.lines(every)),
        )

    def emphasised(self, every: bool = False) -> tuple[bool, ...]:
        """Which of those rows are the answer itself."""
        return tuple(row.weight == "chosen" for row in self.lines(every))


def first_rows(rows: tuple[Row, ...], most: int, of: str = "") -> tuple[Row, ...] | None:
    """Of a long table the first rows, and a line that counts the others; None of a short one."""
    left = len(rows) - most
    if left <= 0:
        return None
    empty = [None] * (len(rows[0].cells) - 1)
    return (*rows[:most], Row((and_more(left, of).strip(), *empty)))


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over the blocks up to the next heading.

    Attributes:
        text: the heading.
        level: 2 begins a section, 3 a part of one.
        detail: whether the section is for a whole page alone, and left out where only the answer
            is told.
    """

    text: str
    level: Literal[2, 3] = 2
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """One paragraph; ``strong`` where it is what everybody must read."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences that stand one a line."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caution:
    """What has to be known before the answer is used; it stands before all else."""

    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A label, what it says, and what that means or rests on."""

    label: str
    words: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labelled values.

    Attributes:
        facts: in order.
        large: whether they are the few figures that stand over an answer.
        title: of what they speak; may be empty.
    """

    facts: tuple[Fact, ...]
    large: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that is copied letter by letter: a command, a file."""

    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is drawn where it is shown, and nowhere else.

    Attributes:
        name: short, in lower case, unique in its report.
        title: over it.
        alt: what it shows, in a sentence.
        build: draws it; needs Plotly.
    """

    name: str
    title: str
    alt: str
    build: Callable[[], Any]


Block = Heading | Sentence | Sentences | Caution | Facts | Table | Figure | Verbatim


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the second level, None for what stands before the first, and its blocks."""

    heading: Heading | None
    blocks: tuple[Block, ...]

    @property
    def detail(self) -> bool:
        """Whether it is for a whole page alone."""
        return self.heading is not None and self.heading.detail


def sections(blocks: tuple[Block, ...]) -> tuple[Section, ...]:
    """The blocks by section."""
    parts: list[tuple[Heading | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            parts.append((block, []))
        else:
            parts[-1][1].append(block)
    return tuple(Section(heading, tuple(inside)) for heading, inside in parts if heading or inside)


def section(heading: Heading, *content: Block | str | None) -> tuple[Block, ...]:
    """A heading and what stands under it; empty texts are left out, and it with nothing under it.

    >>> section(Heading("Doubt"), "", None), len(section(Heading("Doubt"), "Much."))
    ((), 2)
    """
    inside = blocks_of(*content)
    return (heading, *inside) if inside else ()


def blocks_of(*content: Block | str | None) -> tuple[Block, ...]:
    """Texts as sentences among blocks; what is empty is left out."""
    return tuple(Sentence(each) if isinstance(each, str) else each for each in content if each)
