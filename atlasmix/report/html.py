"""Blocks as HTML: one page that needs no other file and no network, or a part of a notebook."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Final

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
from atlasmix.report.terminal import BEFORE
from atlasmix.report.words import closed
from atlasmix.version import __version__

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
)
"""The page asks for nothing, wherever it is opened: a browser holds it to that."""

_LINK: Final = re.compile(
    r"(?P<url>https?://[^\s<>\"']*[^\s<>\"'.,;:)\]])"
    r"|(?<![\w/.@])(?P<site>(?:github\.com|huggingface\.co|doi\.org)/[\w./%-]*[\w/])"
    r"|(?P<arxiv>arXiv[: ](?P<number>\d{4}\.\d{4,5}(?:v\d+)?))"
)
_DRAW: Final = """
for (const place of document.querySelectorAll('.plot')) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  const config = {responsive: true, displaylogo: false, modeBarButtons: [['toImage']],
    toImageButtonOptions: {filename: place.id, scale: 2}};
  Plotly.newPlot(place, figure.data, figure.layout, config);
}"""


def html_page(title: str, blocks: tuple[Block, ...]) -> str:
    """A whole page: contents, sections, figures with the one script that draws them.

    Args:
        title: of the page.
        blocks: of the report.

    Raises:
        DataError: it has figures and Plotly is not installed.
    """
    head, *rest = sections(blocks) or (None,)
    first = head.blocks if head and head.heading is None else ()
    told = rest if first else sections(blocks)
    names = _anchors([each.heading.text for each in told if each.heading])
    body = []
    for anchor, name in zip(names, told, strict=True):
        body += [f'<section id="{anchor}">', *map(_part, _whole(name.heading, name.blocks))]
        body.append("</section>")
    shown = html.escape(title)
    made = f"Made with AtlasMix {html.escape(__version__)}."
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{shown}</title>\n<style>\n{_style()}</style>\n</head>",
            f'<body class="atlasmix">\n<div class="page">\n<header>\n<h1>{shown}</h1>',
            *map(_part, first),
            "</header>",
            _contents(names, [each.heading.text for each in told if each.heading]),
            "<main>",
            *body,
            f"</main>\n<footer>{made}</footer>\n</div>",
            *_scripts([block for block in blocks if isinstance(block, Figure)]),
            "</body>\n</html>\n",
        ]
    )


_SLIDE: Final = (1920, 1080)
"""Pixels of a speaker's figure: 16:9."""
_SLIDE_STYLE: Final = """
body { margin: 0; background: #ffffff; color: #1b2430;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.slide { box-sizing: border-box; width: 100vw; aspect-ratio: 16 / 9; max-height: 100vh;
  margin: 0 auto; padding: 2.5vw 3vw 2vw; display: flex; flex-direction: column;
  border-bottom: 1px solid #d9dee4; break-inside: avoid; overflow: hidden; }
.slide + .slide { break-before: page; }
h1 { font-size: 2.6vw; line-height: 1.2; margin: 0 0 1vw; }
.plot { flex: 1; min-height: 0; }
.note { font-size: 1.1vw; margin: .6vw 0 0; color: #5b6673; }
@page { size: 1600px 900px; margin: 0; }
@media print { .slide { border: 0; } .modebar { display: none !important; } }
"""
_DRAW_SLIDES: Final = """
for (const place of document.querySelectorAll('.plot')) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  const config = {responsive: true, displaylogo: false, modeBarButtons: [['toImage']],
    toImageButtonOptions: {filename: place.id, width: %d, height: %d, scale: 1}};
  Plotly.newPlot(place, figure.data, figure.layout, config);
}"""


def slides_page(title: str, figures: Sequence[Figure]) -> str:
    """The figures for a speaker, each 16:9 under its title: one page that asks the network nothing.

    Scrolled, each fills the screen; printed, each is a page; the camera makes a PNG of 1920 x 1080.

    Args:
        title: what they speak of.
        figures: in the order shown.

    Raises:
        DataError: Plotly is not installed.
    """
    from atlasmix.report.figures.drawing import plotly_script, slide_json

    shown = html.escape(title)
    slides, data = [], []
    for figure in figures:
        name, alt = html.escape(f"figure-{figure.name}"), html.escape(figure.alt)
        slides.append(
            f'<section class="slide">\n<h1>{html.escape(figure.title)}</h1>\n<div class="plot" '
            f'id="{name}" data-figure="{name}-data" role="img" aria-label="{alt}"></div>\n'
            f'<p class="note">{shown}. AtlasMix {html.escape(__version__)}.</p>\n</section>'
        )
        data.append(
            f'<script type="application/json" id="{name}-data">'
            f"{slide_json(figure.build(), _SLIDE)}</script>"
        )
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{shown}</title>\n<style>{_SLIDE_STYLE}</style>\n</head>\n<body>",
            *slides,
            f"<script>{plotly_script()}</script>",
            *data,
            f"<script>{_DRAW_SLIDES % _SLIDE}</script>\n</body>\n</html>\n",
        ]
    )


def html_fragment(blocks: tuple[Block, ...]) -> str:
    """The blocks for a place in another page, with their style; figures as a sentence each."""
    told = (block for block in blocks if not isinstance(block, Figure))
    inside = "\n".join(map(_part, told))
    return f'<div class="atlasmix fragment">\n<style>\n{_style()}</style>\n{inside}\n</div>'


@cache
def _style() -> str:
    return files("atlasmix.report").joinpath("page.css").read_text(encoding="utf-8")


def _whole(heading: Heading | None, blocks: Sequence[Block]) -> tuple[Block, ...]:
    return (*([heading] if heading else []), *blocks)


def _anchors(titles: Sequence[str]) -> list[str]:
    """A name in the address for each section: its words, and a number where they come twice."""
    taken: set[str] = set()
    names = []
    for title in titles:
        words = "-".join(re.findall(r"[a-z0-9]+", title.lower())) or "section"
        tries = (words if number == 1 else f"{words}-{number}" for number in count(1))
        name = next(each for each in tries if each not in taken)
        taken.add(name)
        names.append(name)
    return names


def _contents(names: Sequence[str], titles: Sequence[str]) -> str:
    lines = (
        f'<li><a href="#{name}">{html.escape(title)}</a></li>'
        for name, title in zip(names, titles, strict=True)
    )
    listed = "\n".join(lines)
    return f'<nav aria-label="Contents"><div><p>Contents</p>\n<ol>\n{listed}\n</ol></div></nav>'


def _part(block: Block) -> str:
    match block:
        case Heading(text, level):
            part = f"<h{level}>{html.escape(text)}</h{level}>"
        case Caution(text):
            part = f'<p class="caution"><b>{BEFORE}:</b> {html.escape(text)}</p>'
        case Sentence(text, strong):
            kind = ' class="strong"' if strong else ""
            part = f"<p{kind}>{html.escape(text)}</p>"
        case Sentences(texts):
            lines = "\n".join(f"<li>{html.escape(closed(each))}</li>" for each in texts)
            part = f'<ul class="sentences">\n{lines}\n</ul>'
        case Table():
            part = _table(block)
        case Facts():
            part = _facts(block)
        case Verbatim(text):
            part = f"<pre>{html.escape(text)}</pre>"
        case Figure():
            part = _place(block)
    return part


def _table(table: Table) -> str:
    kinds = [' class="number"' if column.number else "" for column in table.columns]
    head = "".join(
        f'<th scope="col"{kind}>{html.escape(column.heading)}</th>'
        for column, kind in zip(table.columns, kinds, strict=True)
    )
    lines = []
    for row in table.rows:
        cells = "".join(
            f"<td{_attributes(cell, column.number)}>{html.escape(text)}</td>"
            for cell, text, column in zip(row.cells, table.line(row), table.columns, strict=True)
        )
        weight = f' class="{row.weight}"' if row.weight else ""
        lines.append(f"<tr{weight}>{cells}</tr>")
    caption = f"<caption>{html.escape(table.title)}</caption>" if table.title else ""
    label = html.escape(table.title or "Table")
    parts = [
        f'<div class="table" role="region" tabindex="0" aria-label="{label}">\n<table>{caption}',
        f"<thead><tr>{head}</tr></thead>\n<tbody>",
        *lines,
        "</tbody></table></div>",
    ]
    meanings = "; ".join(
        f"{each.heading}: {each.meaning}" for each in table.columns if each.meaning
    )
    if meanings:
        said = f"{meanings[0].upper()}{meanings[1:]}."
        parts.append(f'<p class="meanings">{html.escape(said)}</p>')
    parts += [f'<p class="note">{html.escape(note)}</p>' for note in table.notes]
    return "\n".join(parts)


def _attributes(cell: Value | Cell, number: bool) -> str:
    """Class and, of a number, all its digits: what is written has few."""
    value = cell.value if isinstance(cell, Cell) else cell
    doubted = isinstance(cell, Cell) and cell.doubted
    classes = " ".join(filter(None, ("number" if number else "", "doubted" if doubted else "")))
    said = f' class="{classes}"' if classes else ""
    if number and value is not None and not isinstance(value, str):
        ends = value if isinstance(value, tuple) else (value,)
        digits = " ".join(repr(float(end)) for end in ends)
        said += f' data-value="{digits}"'
    return said


def _facts(block: Facts) -> str:
    lines = [f"<h3>{html.escape(block.title)}</h3>"] if block.title else []
    kind = "cards" if block.large else "facts"
    lines.append(f'<dl class="{kind}">')
    for fact in block.facts:
        words = f'<dd class="value">{_linked(fact.words)}</dd>'
        meaning = f'<dd class="meaning">{_linked(fact.meaning)}</dd>' if fact.meaning else ""
        lines.append(f"<div><dt>{html.escape(fact.label)}</dt>{words}{meaning}</div>")
    return "\n".join([*lines, "</dl>"])


def _linked(text: str) -> str:
    """Text with its addresses as links; all else is escaped, and nothing but http(s) is a link."""
    parts, at = [], 0
    for match in _LINK.finditer(text):
        address = match["url"] or (
            f"https://{match['site']}"
            if match["site"]
            else f"https://arxiv.org/abs/{match['number']}"
        )
        parts.append(html.escape(text[at : match.start()]))
        link = f'href="{html.escape(address)}" rel="noopener noreferrer"'
        parts.append(f"<a {link}>{html.escape(match[0])}</a>")
        at = match.end()
    return "".join([*parts, html.escape(text[at:])])


def _place(figure: Figure) -> str:
    """Where the script draws a figure; what it shows, for readers who do not see it."""
    name, alt = html.escape(f"figure-{figure.name}"), html.escape(figure.alt)
    return (
        f'<figure>\n<figcaption>{html.escape(figure.title)}</figcaption>\n<div class="plot" '
        f'id="{name}" data-figure="{name}-data" role="img" aria-label="{alt}"></div>\n'
        f'<noscript><p class="undrawn">{alt}</p></noscript>\n</figure>'
    )


def _scripts(figures: Iterable[Figure]) -> list[str]:
    """Plotly's script once, the figures as data, and the lines that draw them."""
    from atlasmix.report.figures.drawing import figure_json, plotly_script

    data = [
        f'<script type="application/json" id="figure-{html.escape(figure.name)}-data">'
        f"{figure_json(figure.build())}</script>"
        for figure in figures
    ]
    return (
        [f"<script>{plotly_script()}</script>", *data, f"<script>{_DRAW}</script>"] if data else []
    )
