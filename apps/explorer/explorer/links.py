"""The question in the address of the page: taken up when it comes, written when it changes.

A browser sends its address with everything that its visitor does, and may send an old one when a
new one is on its way to it. An old address must not take back what the visitor has just changed,
and is told apart from the way back: there nothing was moved, and some time has passed.
"""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.problem.link import link_text
from atlasmix.problem.scenarios import named_tables
from explorer import session
from explorer.display import refuse
from explorer.tasks import opened_link

_ON_ITS_WAY: Final = 3.0
"""Seconds in which a new address has reached the browser; our choice, ten times what it takes on a
busy machine."""

_MOST_OLD: Final = 20
"""Addresses that may be on their way at once; our choice, more than anybody moves in that time."""


def open_link() -> None:
    """Take up the question of the address, once."""
    state = st.session_state
    written = st.query_params.get("q", "")
    moved = session.has_moved()
    if not written or written == state.said_link or moved or _is_old(written):
        return
    state.said_link = written
    try:
        session.begin(opened_link(written, session.overlay()))
        state.refused_link = ""
    except AtlasMixError as error:
        state.refused_link = str(error)


def refuse_link() -> None:
    """Say why a link was not opened, and nothing else until its visitor begins anew."""
    st.header("This link was not opened")
    refuse(st.session_state.refused_link)
    st.button("Begin with another question", on_click=session.forget_link, type="primary")
    st.stop()


def say_link() -> None:
    """Write the question of now into the address, whether or not it has an answer.

    Nothing stands there where a link cannot hold it, or names what nobody else has.
    """
    text = _text()
    if text == st.query_params.get("q", ""):
        return
    if text:
        st.query_params["q"] = text
    else:
        st.query_params.pop("q", None)
    if text != st.session_state.said_link:
        replaced = (st.session_state.said_link, time.monotonic())
        st.session_state.old_links = (*st.session_state.old_links, replaced)[-_MOST_OLD:]
    st.session_state.said_link = text


def _is_old(written: str) -> bool:
    """Whether it is an address that another one, still on its way, has just replaced."""
    now = time.monotonic()
    return any(
        written == text and now - since < _ON_ITS_WAY for text, since in st.session_state.old_links
    )


def _text() -> str:
    question = session.question()
    own = {name for _, name, _, _ in session.overlay().entries}
    if own & named_tables(question):
        return ""
    try:
        return link_text(question)
    except ProblemError:
        return ""
