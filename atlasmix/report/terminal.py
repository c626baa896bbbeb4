"""Blocks on a terminal or in a text file: today's width, no frames, figures left out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from atlasmix.report.blocks import (
    Block,
    Caution,
    Facts,
    Figure,
    Heading,
    Sentence,
    Sentences,
    Table,
    Verbatim,
    sections,
)
from atlasmix.report.layout import FittingTable, bullets
from atlasmix.report.layout import section as laid_out

if TYPE_CHECKING:
    from rich.console import RenderableType

BEFORE: Final = "Before you use this"
"""What stands before a caution."""

_STYLES: Final = {"": "", "chosen": "bold", "aside": "dim"}
_DOUBTED: Final = "yellow"
_PAGE: Final = 80


def terminal_parts(blocks: tuple[Block, ...], every: bool = False) -> list[RenderableType]:
    """The parts of a report for a console, in reading order.

    Args:
        blocks: of the report.
        every: also the sections for a whole page, and every row of a long table.
    """
    parts: list[RenderableType] = []
    for section in sections(blocks):
        if section.detail and not every:
            continue
        inside = [part for block in section.blocks for part in _parts(block, every)]
        if section.heading is None:
            parts += inside
        elif inside:
            parts += laid_out(section.heading.text, *inside)
    return parts


def terminal_text(blocks: tuple[Block, ...], width: int | None = None, every: bool = False) -> str:
    """The same as plain text.

    Args:
        blocks: of the report.
        width: of a line; None: 80.
        every: as for :func:`terminal_parts`.
    """
    from rich.console import Console

    page = io.StringIO()
    console = Console(
        file=page,
        width=width or _PAGE,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None,
    )
    for part in terminal_parts(blocks, every):
        console.print(part)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


def fitting_table(table: Table, every: bool = False) -> FittingTable:
    """A table laid out for the width at hand."""
    from rich.text import Text

    names = (f">{column.name}" if column.number else column.name for column in table.columns)
    laid = FittingTable(*names)
    for row in table.lines(every):
        cells = (
            Text(text, style=_DOUBTED) if getattr(cell, "doubted", False) else text
            for text, cell in zip(table.line(row), row.cells, strict=True)
        )
        laid.add_row(*cells, style=_STYLES[row.weight])
    return laid


def _parts(block: Block, every: bool) -> list[RenderableType]:
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType]
    match block:
        case Caution(text):
            parts = [Text(f"{BEFORE}: {text}", style="bold")]
        case Sentence(text, strong):
            parts = [Text(text, style="bold" if strong else "")]
        case Sentences(texts):
            parts = [bullets(texts)]
        case Table():
            laid = fitting_table(block, every)
            parts = [Group(laid, *block.notes)] if block.notes else [laid]
        case Facts():
            parts = _facts(block)
        case Heading(text):
            parts = [Text(f"\n{text}", style="bold")]
        case Verbatim(text):
            parts = [Text(text)]
        case Figure():
            parts = []
    return parts


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
