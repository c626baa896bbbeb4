"""The shape of every report: headed sections, set in by two blanks, and lists of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType


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
