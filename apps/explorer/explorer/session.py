"""What one visitor has asked and brought, in this visitor's session alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence import default_location
from atlasmix.evidence.tray import Tray
from atlasmix.recipes.question_link import link_text, read_link, short_question, stranger_problem
from explorer.presets import PRESETS

FIRST: Final = next(iter(PRESETS))


def start() -> None:
    """Lay out an empty session: the first preset, nothing brought along."""
    state = st.session_state
    state.setdefault("tray", Tray(default_location()))
    state.setdefault("round", 0)
    state.setdefault("refused_link", "")
    state.setdefault("said_link", "")
    if "question" not in state:
        begin(PRESETS[FIRST], FIRST)


def question() -> dict[str, Any]:
    """What is asked now."""
    found: dict[str, Any] = st.session_state.question
    return found


def before() -> dict[str, Any]:
    """What was asked before the changes since."""
    found: dict[str, Any] = st.session_state.before
    return found


def tray() -> Tray:
    """The store of the host with this visitor's own tables on it."""
    found: Tray = st.session_state.tray
    return found


def round_number() -> int:
    """How often the form was laid out anew; part of the key of each control."""
    return int(st.session_state.round)


def begin(asked: Mapping[str, Any], name: str = "") -> None:
    """Take up another question; what was asked until now is gone."""
    st.session_state.question = dict(asked)
    st.session_state.before = dict(asked)
    st.session_state.preset = name
    renew()


def step(asked: Mapping[str, Any]) -> None:
    """Change the question, and keep what was asked before beside it."""
    st.session_state.question = dict(asked)
    renew()


def undo() -> None:
    """Back to the question before the changes."""
    step(before())


def settle() -> None:
    """Let the question of now be the one that later changes are compared with."""
    st.session_state.before = question()


def renew() -> None:
    """Give every control of the form a new key, so that it shows the question as it is now."""
    st.session_state.round += 1


def change(key: str, value: object) -> None:
    """Change one key of the question; None takes it out."""
    # Compute divides itself between tokens and parameters: whoever states it states neither.
    gone = {key, "budget", "params"} if key == "compute" else {key}
    asked = {name: old for name, old in question().items() if name not in gone}
    if value is not None:
        asked[key] = value
    st.session_state.question = plainly(asked)


def plainly(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A question in its shortest form; as it is where it cannot be asked, so the page says why."""
    try:
        return dict(short_question(stranger_problem(asked, tray())))
    except AtlasMixError:
        return dict(asked)


def open_link() -> None:
    """Take up the question of the address, once."""
    written = st.query_params.get("q", "")
    if not written or written == st.session_state.said_link:
        return
    st.session_state.said_link = written
    try:
        begin(short_question(read_link(written, tray())))
        st.session_state.refused_link = ""
    except AtlasMixError as error:
        st.session_state.refused_link = str(error)


def say_link() -> str:
    """Write the question into the address, and return it; empty where a link cannot hold it."""
    try:
        problem = stranger_problem(question(), tray())
        own = set(name for _, name, _, _ in tray().entries)
        named = {problem.matrix.name, *problem.inventory.name.split(" + ")}
        text = "" if own & named else link_text(problem)
    except AtlasMixError:
        text = ""
    if text == st.query_params.get("q", ""):
        return text
    if text:
        st.query_params["q"] = text
    else:
        st.query_params.pop("q", None)
    st.session_state.said_link = text
    return text


def forget_link() -> None:
    """Drop a refused link and begin anew."""
    st.session_state.refused_link = ""
    st.query_params.clear()
    begin(PRESETS[FIRST], FIRST)
