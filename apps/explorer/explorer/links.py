"""The question in the address of the page: taken up when it comes, written when it changes."""

from __future__ import annotations

import streamlit as st

from atlasmix.errors import AtlasMixError
from explorer import asking, session


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


def say_link(text: str) -> None:
    """Write the question into the address; empty where a link cannot hold it."""
    if text == st.query_params.get("q", ""):
        return
    if text:
        st.query_params["q"] = text
    else:
        st.query_params.pop("q", None)
    st.session_state.said_link = text
