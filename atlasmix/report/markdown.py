"""Blocks as Markdown with tables as GitHub writes them; foreign text shows letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

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
)
from atlasmix.report.terminal import BEFORE
from atlasmix.report.words import closed

_MARKS: Final = re.compile(r"([\\`*_\[\]<>|#~$&])")
_FIRST: Final = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))")


def markdown_text(title: str, blocks: Iterable[Block]) -> str:
    """A report as one Markdown file.

    Args:
        title: of the page.
        blocks: of the report.
    """
    parts = [f"# {escaped(title)}", *(_part(block) for block in blocks)]
    return "\n\n".join(filter(None, parts)) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: no link, image, emphasis or HTML.

    >>> escaped("a|b *c* <d>")
    'a\\\\|b \\\\*c\\\\* \\\\<d\\\\>'
    """
    line = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return _FIRST.sub(lambda mark: f"{mark[1]}{_shown(mark[2])}", line)


def _shown(mark: str) -> str:
    """The beginning of a line that would else make a list of it."""
    return mark if mark.isdigit() else f"\\{mark}"


def _part(block: Block) -> str:
    match block:
        case Heading(text, level):
            part = f"{'#' * level} {escaped(text)}"
        case Caution(text):
            part = f"> **{BEFORE}:** {escaped(text)}"
        case Sentence(text, strong):
            part = f"**{escaped(text)}**" if strong else escaped(text)
        case Sentences(texts):
            part = "\n".join(f"- {escaped(closed(each))}" for each in texts)
        case Table():
            part = "\n\n".join([_table(block), *map(escaped, block.notes)])
        case Facts():
            part = _facts(block)
        case Verbatim(text):
            part = _fenced(text)
        case Figure():
            part = f"*Figure, on the HTML page: {escaped(block.alt)}*"
    return part


def _table(table: Table) -> str:
    heads = [escaped(column.heading) or " " for column in table.columns]
    rules = ["---:" if column.number else "---" for column in table.columns]
    lines = [heads, rules]
    for row in table.rows:
        cells = [escaped(text) for text in table.line(row)]
        bold = row.weight == "chosen"
        lines.append([f"**{cell}**" if bold and cell else cell for cell in cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _facts(block: Facts) -> str:
    lines = [f"**{escaped(block.title)}**\n"] if block.title else []
    for fact in block.facts:
        meaning = f" ({escaped(fact.meaning)})" if fact.meaning else ""
        lines.append(f"- {escaped(fact.label)}: {escaped(fact.words)}{meaning}")
    return "\n".join(lines)


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"
