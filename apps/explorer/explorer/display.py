"""Putting the library's words, tables and figures on a page, so that foreign text stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.card import Card
from atlasmix.evidence.store import default_location
from atlasmix.report.blocks import (
    Block,
    Caution,
    Column,
    Facts,
    Figure,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Verbatim,
)
from atlasmix.report.evidence import card_facts
from atlasmix.report.figures.drawing import standalone
from atlasmix.report.html import html_fragment
from atlasmix.report.overview import Piece, strip_legend
from atlasmix.report.words import capital, closed
from explorer import session
from explorer.workers import Busy, TooHeavy

_MARKS: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:&^=/@'\"])")
_LINKS: Final = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
CONTROLS: Final = {
    "budget": "Token budget",
    "params": "Parameters",
    "compute": "Compute",
    "targets": "Target languages",
    "matrix": "Transfer matrix",
    "calibration": "Calibration",
    "inventory": "Token inventories",
    "pools": "Provenance",
    "max_epochs": "Epoch cap",
    "max_donors": "Most donor languages",
    "objective": "Objective",
    "law": "Loss law",
    "lambda": "Decay of repeats λ",
    "risk_aversion": "Risk aversion κ",
    "drift_penalty": "Drift penalty",
    "near": "Stay near",
    "tokens": "Tokens read, of the budget",
    "min": "At least this share",
    "max": "At most this share",
    "phases": "Phases of the run",
    "groups": "Name a group of languages",
    "name": "Name",
    "constants_from": "What one size cannot tell",
    "paths": "Where the text lies",
    "batch_size": "Batch size, sequences",
    "sequence_length": "Sequence length",
}
"""What this page calls the fields that the library's refusals name."""
_NO_ANSWER: Final = "has no answer as it stands"
_TOO_HEAVY: Final = "needs more than this explorer gives"
_SHORT: Final = 100
"""Letters of a fact up to which it has a row of a table, and no paragraph of its own."""
_FEW_COLUMNS: Final = 4
_MANY_COLUMNS: Final = 8
_UNNAMED: Final = '<span class="unseen">note</span>'
_JOINER: Final = "\u2060"  # takes no room, and ends what Markdown would make a link of

_TICK: Final = 0.4
"""Seconds; our choice: longer than the page takes to be sent again, so that one tick is enough."""


def escaped(text: str) -> str:
    """Text as Markdown that shows it letter by letter: no link, image, formula or HTML."""
    return _MARKS.sub(r"\\\1", _LINKS.sub(_JOINER, text))


def worded(error: AtlasMixError) -> str:
    """A refusal: its sentence, the control to change, then every fault on a line of its own.

    >>> from atlasmix.errors import ProblemError
    >>> worded(ProblemError("no such number", field="budget"))
    "no such number (see 'Token budget')"
    """
    sentence, *faults = str(error).split("\n  - ")
    control = CONTROLS.get(error.field or "")
    if control and control not in sentence:
        body = sentence.rstrip(":")
        sentence = f"{body} (see '{control}'){sentence[len(body) :]}"
    return "\n  - ".join((sentence, *faults))


def unanswered(error: AtlasMixError, subject: str = "This question") -> str:
    """The heading over a refusal: whether there is no answer, or none within the limits here."""
    return f"{subject} {_TOO_HEAVY if isinstance(error, TooHeavy) else _NO_ANSWER}"


def refuse(error: AtlasMixError | str) -> None:
    """Show a refusal, every fault on a line of its own, and a button where one may try again."""
    said = error if isinstance(error, str) else worded(error)
    # Where the host keeps its store is no visitor's business.
    sentence, *faults = said.replace(default_location(), "here").split("\n  - ")
    body = escaped(capital(sentence))
    shown = [f"- {escaped(fault)}" for fault in faults[:30]]
    if len(faults) > len(shown):
        shown.append(f"- and {len(faults[30:])} more")
    st.error("\n".join([body, "", *shown]) if shown else body, icon=":material/block:")
    if isinstance(error, Busy | TooHeavy) and session.offers_retry():
        again, icon = session.try_again, ":material/refresh:"
        st.button("Try again", key="try-again", on_click=again, type="primary", icon=icon)


def say_once() -> None:
    """What the last click did, where its page does not show it."""
    words, refused = st.session_state.pop("said", ("", False))
    if refused:
        refuse(words)
    elif words:
        st.success(escaped(words), icon=":material/check:")


def before_use(sentences: Iterable[str]) -> None:
    """Why an answer is not one to act on as it stands; it stands over everything else."""
    said = [escaped(sentence) for sentence in sentences]
    if len(said) == 1:
        st.warning(f"**Before you use this:** {said[0]}", icon=":material/warning:")
    elif said:
        lines = ["**Before you use this:**", "", *(f"- {each}" for each in said)]
        st.warning("\n".join(lines), icon=":material/warning:")


def tell(*sentences: str) -> None:
    """Sentences of the library, one paragraph."""
    st.markdown(" ".join(escaped(sentence) for sentence in sentences if sentence))


def bullets(sentences: Iterable[str]) -> None:
    """Sentences of the library, one a line."""
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in sentences if sentence))


def table(block: Table, label: str) -> None:
    """A table of the library, as the command line prints it, for wide pages and narrow ones."""
    headings, numbers, rows = block.texts()
    if not rows:
        return
    ranks = ['class="number"' if number else "" for number in numbers]
    head = "".join(
        f'<th scope="col" {rank}>{html.escape(heading) or _UNNAMED}</th>'
        for heading, rank in zip(headings, ranks, strict=True)
    )
    lines = []
    for row, bold in zip(rows, block.emphasised(), strict=True):
        cells = (
            f"<td {rank}>{html.escape(cell)}</td>" for cell, rank in zip(row, ranks, strict=True)
        )
        lines.append(f'<tr class="{"chosen" if bold else ""}">{"".join(cells)}</tr>')
    body = "".join(lines)
    few, many = len(headings) <= _FEW_COLUMNS, len(headings) >= _MANY_COLUMNS
    kind = f"atlas-table{' few' if few else ''}{' many' if many else ''}"
    st.html(
        f'<div class="{kind}" role="region" tabindex="0" aria-label="{html.escape(label)}">'
        f"<table><caption>{html.escape(label)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def report(blocks: Iterable[Block]) -> None:
    """A report of the library, block by block."""
    for block in blocks:
        part(block)


def part(block: Block) -> None:
    """One block of a report, as the library made it."""
    match block:
        case Heading(text, 2):
            st.subheader(escaped(text))
        case Heading(text):
            st.markdown(f"**{escaped(text)}**")
        case Sentence(text, strong):
            st.markdown(f"**{escaped(text)}**" if strong else escaped(text))
        case Sentences(texts):
            bullets(map(closed, texts))
        case Caution(text):
            before_use([text])
        case Facts():
            _facts(block)
        case Table():
            table(block, block.title)
            tell(*block.notes)
        case Verbatim(text):
            st.code(text, language=None, wrap_lines=True)
        case Figure(name, _, alt, build):
            figure(build, name, alt)


def _facts(block: Facts) -> None:
    """Facts: cards where they stand over an answer, rows where all are short, else paragraphs."""
    if block.title:
        st.markdown(f"**{escaped(block.title)}**")
    if block.large:
        with st.container(horizontal=True, key=f"key-figures-{block.title.lower()}"):
            for fact in block.facts:
                st.metric(escaped(fact.label), fact.words, help=escaped(fact.meaning), border=True)
    elif all(len(fact.words) <= _SHORT for fact in block.facts):
        rows = tuple(Row((capital(fact.label), fact.words)) for fact in block.facts)
        table(Table((Column("", title="what"), Column("")), rows), block.title or "Facts")
    else:
        say_facts((fact.label, fact.words) for fact in block.facts)


def figure(
    draw: Callable[[], Any], name: str, alt: str, zoom: bool = False, narrow: Table | None = None
) -> None:
    """A figure with its picture (PNG) in its own toolbar and its page (HTML) under it.

    Args:
        draw: makes the figure.
        name: of the downloads, and of the figure among the page's.
        alt: what it shows, for readers who do not see it.
        zoom: whether there is something to look at closer.
        narrow: what stands in its place on a phone, where the figure cannot be read.
    """
    made = draw()
    if narrow is not None:
        with st.container(key=f"narrow-{name}"):
            table(narrow, narrow.title)
            tell(*narrow.notes)
    with st.container(gap=None) if narrow is None else wide_only(name):
        if session.words_shown():
            st.plotly_chart(made, key=f"figure-{name}", config=toolbar(name, zoom), alt=alt)
        else:
            height = int(made.layout.height)
            with st.container(height=height, border=False, key=f"to-come-{name}"):
                st.caption(escaped(alt))  # what will be drawn, where a hole would be
                _after_the_words()
        st.download_button(
            "Figure as HTML",
            lambda: standalone(made, alt),
            file_name=f"{name}.html",
            mime="text/html",
            key=f"html-{name}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )


def wide_only(name: str) -> DeltaGenerator:
    """A container that a phone has no room for: it shows something else in its place."""
    return st.container(gap=None, key=f"wide-{name}")


def _after_the_words() -> None:
    """Let a new browser show the page before it is kept busy with the library that draws.

    That library takes a new browser a second or more, in which nothing else moves. The clock below
    ticks in the browser, and so not before the words are there; then the whole page is asked for
    again, with its figures.
    """
    if session.send_words():
        return  # one clock is enough
    ticked = False

    @st.fragment(run_every=_TICK)
    def tick() -> None:
        nonlocal ticked
        if ticked:
            session.moved()
            st.rerun()
        ticked = True

    tick()


def band(pieces: Sequence[Piece], alt: str) -> None:
    """The whole mixture in one line, there before any figure has been drawn.

    A piece has its name where it fits, else its code; where there are too many for names, colours
    of targets are branches of families, and a legend under the line names them all.

    Args:
        pieces: as the library made them.
        alt: the same in a sentence.
    """
    parts = "".join(
        f'<span class="{_looks(piece)}" style="flex-grow:{piece.share:.6f}" '
        f'title="{html.escape(piece.words)}"><i>{html.escape(piece.code)}</i>'
        f"<b>{html.escape(piece.words)}</b></span>"
        for piece in pieces
    )
    legend = "".join(
        f'<li><b><span class="{_looks(piece)}"></span>{html.escape(title)}</b> '
        f"{html.escape(', '.join(words))}</li>"
        for piece, title, words in strip_legend(pieces)
    )
    below = f'<ul class="atlas-strip-legend">{legend}</ul>' if legend else ""
    st.html(
        f'<div class="atlas-strip" role="img" aria-label="{html.escape(alt)}">{parts}</div>{below}'
    )


def _looks(piece: Piece) -> str:
    """The class of a piece: what it is read as, a target among many its branch."""
    if piece.kin and piece.role == "target":
        return f"kin-{piece.colour}"
    return html.escape(piece.role)


def paper(title: str, blocks: tuple[Block, ...], pieces: Sequence[Piece]) -> str:
    """A report that is not seen on the screen and is printed in the place of its page, as HTML.

    Args:
        title: of the report.
        blocks: of the report; its figures are on the page Report.
        pieces: of the mixture, drawn as bars that any paper holds.
    """
    bars = "".join(
        f'<div><span>{html.escape(piece.words)}</span><i class="{html.escape(piece.role)}" '
        f'style="width:{piece.share:.4%}"></i></div>'
        for piece in pieces
    )
    return (
        f'<div class="atlas-paper"><h1>{html.escape(title)}</h1><div class="atlas-bars">{bars}'
        f"</div>{html_fragment(blocks)}</div>"
    )


def sheet(text: str = "") -> None:
    """Have this page printed on A4; in its place a report where there is one (:func:`paper`)."""
    st.html(f"<style>@page {{ size: A4; margin: 16mm 15mm; }}</style>{text}")


def toolbar(name: str, zoom: bool = False) -> dict[str, Any]:
    """Plotly's own settings: a picture button, no logo, nothing that leaves the page."""
    steps = ["zoomIn2d", "zoomOut2d", "pan2d", "resetScale2d"]
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [[*(steps if zoom else ()), "toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
        "responsive": True,
        "showLink": False,
    }


def card(name: str, source: Card, facts: Sequence[tuple[str, str]] = ()) -> None:
    """What a card says of its table: source, citation, licence and the rest."""
    with st.container(border=True):
        st.markdown(f"**{escaped(source.title or name)}**")
        say_facts(card_facts(source, facts))


def say_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Labels and what they say, one a paragraph; no label, no bold word."""
    for label, words in facts:
        said = f"**{escaped(capital(label))}.** " if label else ""
        st.markdown(f"{said}{escaped(words)}")


def sections(key: str, parts: Mapping[str, Callable[..., None]], *arguments: Any) -> None:
    """Tabs of which the open one alone is drawn; the page opens where its visitor left it.

    Args:
        key: of the tabs; setting it in the session opens another.
        parts: title, and what draws it with ``arguments``.
    """
    remembered = f"{key} left at"
    if remembered in st.session_state:
        st.session_state.setdefault(key, st.session_state[remembered])
    tabs = st.tabs(list(parts), key=key, on_change="rerun")
    for tab, (name, show) in zip(tabs, parts.items(), strict=True):
        if tab.open:
            st.session_state[remembered] = name
            with tab:
                try:
                    show(*arguments)
                except AtlasMixError as error:
                    refuse(error)


def narrow_hint() -> None:
    """Where the pages and controls are on a phone, where the sidebar is shut."""
    st.html('<p class="atlas-narrow">Pages and controls are behind » at the top.</p>')


def is_dark() -> bool:
    """Whether the ground is dark, as far as the browser has said."""
    return st.context.theme.type == "dark"
