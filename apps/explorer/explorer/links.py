"""The question in the address of the page: taken up when it comes, written when it changes."""

from __future__ import annotations

import streamlit as st

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.recipes.question_link import link_text
from explorer import asking, session
from explorer.showing import refuse


def open_link() -> None:
    """Take up the question of the address, once."""
    written = st.query_params.get("q", "")
    if not written or written == st.session_state.said_link:
        return
    st.session_state.said_link = written
    try:
        session.begin(asking.once("link", written, session.tray()))
        st.session_state.refused_link = ""
    except AtlasMixError as error:
        st.session_state.refused_link = str(error)


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
    st.session_state.said_link = text


def _text() -> str:
    asked = session.question()
    own = {name for _, name, _, _ in session.tray().entries}
    if own & session.names(asked):
        return ""
    try:
        return link_text(asked)
    except ProblemError:
        return ""
