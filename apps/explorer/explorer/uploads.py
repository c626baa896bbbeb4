"""A visitor's own tables: checked like any addition to the shelf, kept in this session alone."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from functools import partial
from io import BytesIO, StringIO
from typing import Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.card import card_text
from atlasmix.evidence.overlay import OVERLAY_ENTRIES, take_away
from atlasmix.evidence.shelf import DEFAULT_INVENTORY, DEFAULT_MATRIX
from atlasmix.fitting.solving_law import LAID_LIMIT
from atlasmix.laws.shelf import DEFAULT_LAW
from explorer import answers, session
from explorer.card_form import card_form
from explorer.changes import ask_with
from explorer.display import escaped, refuse, tell, worded
from explorer.downloads import file_button
from explorer.tasks import SHELVES

SAVING_VARIABLE: Final = "ATLASMIX_EXPLORER_SAVING"
DEFAULTS: Final = {
    "matrix": DEFAULT_MATRIX,
    "inventory": DEFAULT_INVENTORY,
    "law": DEFAULT_LAW,
}
KINDS: Final = {
    "matrix": "A transfer matrix",
    "inventory": "A token inventory",
    "law": "A law learned from runs",
}

LAW: Final = "Law (YAML)"
TABLE: Final = "Table (CSV, Parquet, XLSX or JSON Lines)"
ENDINGS: Final = ["csv", "parquet", "xlsx", "jsonl", "ndjson"]
_CARDS: Final = {False: "A file", True: "Fill it in here"}
SQUARE: Final = "source,cat,spa,por\ncat,1,0.31,0.22\nspa,0.45,1,0.4\npor,0.2,0.38,1\n"
"""A square table, whose card says what its rows are and that all of it is measured."""
_SQUARE_CARD: Final = "rows: source\nstatus: measured\n"

_EXAMPLES: Final = {
    "matrix": (
        "source,target,score,stderr,status\nspa,cat,0.45,0.05,measured\npor,cat,0.2,,predicted\n",
        "kind: transfer matrix\ntitle: Our bilingual runs at 500M\nmetric: BTS\n"
        "orientation: source to target\ndirection: higher is better\ndiagonal: 1.0\n"
        "parameters: 500000000\ntokens: 20000000000\n"
        "stderr: {measured: 0.05, predicted: 0.16}\nsource: internal report 12\nlicence: private\n",
    ),
    "inventory": (
        "language,provenance,corpus,unique_tokens,unit,obtained\n"
        "cat,human,ours,21000000000,our tokens,counted\n"
        "spa,human,ours,90000000000,our tokens,counted\n",
        "kind: token inventory\ntitle: What we have cleaned\nsource: our own count\n"
        "licence: private\n",
    ),
}


def own_tables() -> None:
    """What was brought, and the form to bring more."""
    st.subheader("Your own tables, in this session")
    tell(
        "They are checked as if added to the shelf, used by your questions alone, and gone when "
        "you close the page. Nobody else sees them."
    )
    for number, (folder, name, content, _) in enumerate(session.overlay().entries):
        kind = next(word for word, shelf in SHELVES.items() if shelf.folder == folder)
        _entry(number, kind, name, content)
    st.subheader("Add a table")
    kind = st.segmented_control(
        "What it is",
        list(KINDS),
        format_func=lambda word: KINDS[word],
        default="matrix",
        required=True,
        key="upload-kind",
    )
    if kind == "law":
        _law_form()
    else:
        _form(kind)


def may_save() -> bool:
    """Whether whoever started the explorer lets visitors write into its store."""
    return os.environ.get(SAVING_VARIABLE, "") == "1"


def _entry(number: int, kind: str, name: str, content: bytes) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escaped(name)}**, {kind}")
        st.button(
            "Ask with it", key=f"use-{number}", on_click=use, args=(kind, name), type="primary"
        )
        if kind == "law":
            file_button("Its file", content.decode, name)
        elif may_save():
            st.button(
                "Save to the store",
                key=f"save-{number}",
                on_click=_save,
                args=(kind, name),
                help="Everybody who uses this explorer will then find it.",
            )
        st.button("Remove", key=f"take-away-{number}", on_click=_take_away, args=(kind, name))


def _form(kind: str) -> None:
    laid = st.session_state.setdefault("laid", 0)
    key = f"{kind}-{laid}"
    by_form = st.segmented_control(
        "Its card",
        list(_CARDS),
        format_func=lambda word: _CARDS[word],
        default=False,
        required=True,
        key=f"card-by-{kind}",
        help="What the table is, where it comes from, and how sure it is.",
    )
    with st.form(f"upload-{key}", border=True):
        table = st.file_uploader(TABLE, type=ENDINGS, key=f"table-{key}")
        card, fault = _sent_card(kind, key, by_form)
        name = st.text_input(
            "Name",
            max_chars=64,
            placeholder="as on the card, or that of the file",
            key=f"name-{key}",
        )
        sent = st.form_submit_button("Check and add", type="primary")
    if sent and fault is not None:
        refuse(fault)
    elif sent and (table is None or card is None):
        refuse("a table and its card are needed: choose both files, or fill in the card")
    elif sent and table is not None and card is not None:
        _bring(kind, (table.name, table.getvalue()), card, name.strip())
    _brought()
    with st.expander("What the two files look like"):
        example = _EXAMPLES[kind]
        st.code(example[0], language=None)
        st.code(example[1], language="yaml")
        _templates(kind)
        st.caption(f"Files of at most 5 MiB, {OVERLAY_ENTRIES} tables in a session.")


def _law_form() -> None:
    """The file of a law, which says of itself what a card says of a table."""
    laid = st.session_state.setdefault("laid", 0)
    with st.form(f"upload-law-{laid}", border=True):
        file = st.file_uploader(LAW, type=["yaml", "yml"], key=f"law-{laid}")
        name = st.text_input(
            "Name", max_chars=64, placeholder="that of the file", key=f"name-law-{laid}"
        )
        sent = st.form_submit_button("Check and add", type="primary")
    if sent and file is None:
        refuse("the file of a law is needed: choose it")
    elif sent and file is not None:
        _bring("law", (file.name, file.getvalue()), ("", b""), name.strip())
    _brought()
    st.caption(
        "The page Own runs makes one, and so does atlasmix learn where it is asked for a law to "
        "solve with: the constants of every target, the weights between sources, and what draws "
        "of the law say. A question that rests on it takes the weights of its runs in the "
        f"place of a matrix. Files of at most {LAID_LIMIT >> 20} MiB."
    )


def _sent_card(
    kind: str, key: str, by_form: bool
) -> tuple[tuple[str, bytes] | None, AtlasMixError | None]:
    """Name and bytes of the card, None where there is none yet; and what is wrong in its form."""
    if not by_form:
        sent = st.file_uploader("Card (YAML)", type=["yaml", "yml"], key=f"card-{key}")
        return (None if sent is None else (sent.name, sent.getvalue())), None
    try:
        return ("of the form", card_text(card_form(kind, key)).encode()), None
    except AtlasMixError as error:
        return None, error


def _templates(kind: str) -> None:
    """Files to fill in."""
    with st.container(horizontal=True):
        for name, content in templates(kind).items():
            file_button(name, content, name, "tertiary")


def templates(kind: str) -> dict[str, Callable[[], str | bytes]]:
    """What makes each file to fill in, by its name.

    Args:
        kind: ``matrix`` or ``inventory``.
    """
    examples = {kind: _EXAMPLES[kind]}
    if kind == "matrix":
        examples["square-matrix"] = SQUARE, f"{_EXAMPLES[kind][1]}{_SQUARE_CARD}"
    made: dict[str, Callable[[], str | bytes]] = {}
    for name, (table, card) in examples.items():
        made[f"{name}.csv"] = partial(str, table)
        made[f"{name}.xlsx"] = partial(workbook, table)
        made[f"{name}-card.yaml"] = partial(str, card)
    return made


def workbook(table: str) -> bytes:
    """An Excel workbook of a table in CSV, its numbers as numbers."""
    from openpyxl import Workbook

    book, packed = Workbook(), BytesIO()
    for row in csv.reader(StringIO(table)):
        book.active.append([float(cell) if cell[:1].isdigit() else cell or None for cell in row])
    book.save(packed)
    return packed.getvalue()


def _bring(kind: str, table: tuple[str, bytes], card: tuple[str, bytes], name: str) -> None:
    files = {"table": table[0], "card": card[0]}
    try:
        overlay, _ = answers.now("lay", kind, session.overlay(), files, table[1], card[1], name)
    except AtlasMixError as error:
        refuse(error)
        return
    st.session_state.overlay = overlay
    st.session_state.laid += 1
    st.session_state.brought = table[0]
    st.rerun()


def _brought() -> None:
    """What has just been laid on the shelf."""
    if brought := st.session_state.pop("brought", ""):
        words = f"{brought} is in order and stands above, ready to ask with."
        st.success(escaped(words), icon=":material/check:")


def use(kind: str, name: str) -> None:
    """Have the question on the page Mix rest on an entry of the visitor's shelf."""
    ask_with(kind, name)
    session.say(f"The question on the page Mix is asked with {name} from now on.")


def _take_away(kind: str, name: str) -> None:
    st.session_state.overlay = take_away(session.overlay(), SHELVES[kind], name)
    if session.forget_table(kind, name):
        left = session.question().get(kind, DEFAULTS[kind])
        left = left if isinstance(left, str) else ", ".join(left)
        session.say(f"{name} is gone; the question on the page Mix is asked with {left} now.")


def _save(kind: str, name: str) -> None:
    if not may_save():
        return
    try:
        st.session_state.overlay = answers.now("save", kind, session.overlay(), name)
    except AtlasMixError as error:
        session.say(worded(error), refused=True)
    else:
        session.say(f"{name} is saved: everybody who uses this explorer finds it from now on.")
