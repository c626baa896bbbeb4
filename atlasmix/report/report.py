"""A report: blocks built once, told on a terminal, as HTML, as Markdown and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.io.files import write_atomic
from atlasmix.report.blocks import Block, Figure, Section, sections
from atlasmix.report.html import html_fragment, html_page, slides_page
from atlasmix.report.markdown import markdown_text
from atlasmix.report.terminal import terminal_text

_HTML: Final = (".html", ".htm")
ENDINGS: Final = (*_HTML, ".md", ".txt")
"""What the name of a file with a report may end in."""


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A title and blocks in reading order.

    Attributes:
        title: of the page.
        blocks: headings, sentences, tables, figures.

    >>> from atlasmix import Problem
    >>> print(Problem("cat").solve().report().text().splitlines()[0])
    Read 100B tokens: 85.0% Catalan and 15.0% Spanish.
    """

    title: str
    blocks: tuple[Block, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The blocks by section."""
        return sections(self.blocks)

    @property
    def brief(self) -> tuple[Block, ...]:
        """The blocks without the sections that only a whole page has."""
        told = (section for section in self.sections if not section.detail)
        return tuple(
            block
            for section in told
            for block in (*([section.heading] if section.heading else []), *section.blocks)
        )

    def __repr__(self) -> str:
        """Title and length: the blocks are thousands of numbers."""
        return f"<Report {self.title!r}: {len(self.sections)} sections>"

    def __str__(self) -> str:
        """What ``solve`` prints."""
        return self.text()

    def text(self, width: int | None = None, every: bool = False) -> str:
        """The answer as plain text.

        Args:
            width: of a line; None: 80.
            every: also the sections and rows that only a whole page has.
        """
        return terminal_text(self.blocks, width, every)

    def html(self) -> str:
        """One page of HTML that needs no other file and no network.

        Raises:
            DataError: it has figures and Plotly is not installed.
        """
        return html_page(self.title, self.blocks)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, in reading order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))

    def slides(self) -> str:
        """The figures for a speaker: one page of HTML, each 16:9 under its title.

        Raises:
            DataError: Plotly is not installed.
        """
        return slides_page(self.title, self.figures)

    def markdown(self) -> str:
        """The whole report as Markdown; figures are told in a sentence each."""
        return markdown_text(self.title, self.blocks)

    def save(self, path: str | Path) -> None:
        """Write the whole report in one step: .html, .md or .txt, by the name's ending.

        Raises:
            DataError: another ending, Plotly not installed for a page, or a path that cannot be
                written.
        """
        target = Path(path)
        check_report(target)
        if target.suffix.lower() in _HTML:
            content = self.html()
        elif target.suffix.lower() == ".md":
            content = self.markdown()
        else:
            content = f"{self.title}\n\n{self.text(every=True)}\n"
        try:
            write_atomic(target, content)
        except DataError as error:
            error.field = "report"  # a writer of files calls every place its output
            raise

    def _repr_html_(self) -> str:
        """The answer in a notebook, without its figures: each would bring Plotly's own script."""
        return html_fragment(self.brief)


def check_report(path: Path) -> None:
    """Refuse, before a long computation, a report that could not be written.

    Raises:
        DataError: another ending, no such folder, or figures wanted and Plotly not installed.
    """
    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"report {path.name[:80]!r}: expected a file name that ends in .html, .md or .txt",
            field="report",
            value=str(path),
        )
    if not path.parent.is_dir():
        raise DataError(
            f"report {str(path)[:200]!r}: there is no folder {str(path.parent)[:200]!r}; make it, "
            "or name a file in another",
            field="report",
            value=str(path),
        )
    if path.suffix.lower() in _HTML:
        from atlasmix.report.figures.drawing import plotly_objects

        plotly_objects()
