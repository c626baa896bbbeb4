"""What one visitor has asked and brought, in this visitor's session alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.evidence import default_location
from atlasmix.evidence.tray import Tray
from explorer.presets import PRESETS

FIRST: Final = next(iter(PRESETS))
SENT, SHOWN = "sent", "shown"


def start() -> None:
    """Lay out an empty session: the first preset, nothing brought along."""
    state = st.session_state
    state.setdefault("tray", Tray(default_location()))
    state.setdefault("round", 0)
    state.setdefault("first", {})
    state.setdefault("refused_link", "")
    state.setdefault("said_link", "")
    # Once a browser has come back for anything, it has shown the words; a test has no browser.
    state.words = SHOWN if "words" in state or not st.context.headers else ""
    if "question" not in state:
        begin(PRESETS[FIRST], FIRST)


def words_shown() -> bool:
    """Whether this visitor's browser has shown a page of words; figures come after it."""
    return bool(st.session_state.words == SHOWN)


def send_words() -> bool:
    """Note that a page of words is on its way; whether it was on its way already."""
    already = bool(st.session_state.words == SENT)
    st.session_state.words = SENT
    return already


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
    st.session_state.sizes = {False: {}}
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
    st.session_state.first = {}


def first(widget: str, value: Any) -> Any:
    """What a control shows when it is laid out; the same as long as it stands.

    It is given to the control as its own. A value put into the session beforehand reaches the
    browser after the control itself: asked in between, it would answer for an empty control.
    """
    firsts: dict[str, Any] = st.session_state.first
    if widget not in st.session_state:
        firsts[widget] = value
    return firsts.setdefault(widget, value)


def change(key: str, value: object) -> None:
    """Change one key of the question; None takes it out."""
    # Compute divides itself between tokens and parameters: whoever states it states neither.
    gone = {key, "budget", "params"} if key == "compute" else {key}
    asked = {name: old for name, old in question().items() if name not in gone}
    if value is not None:
        asked[key] = value
    st.session_state.question = asked


def size_by(compute: bool, first: float) -> None:
    """State compute, or tokens and parameters; what was stated the last time is taken up again.

    Args:
        compute: whether compute is stated.
        first: FLOPs where none were stated yet.
    """
    asked, sizes = question(), ("budget", "params", "compute")
    stated = {key: value for key, value in asked.items() if key in sizes}
    kept = {**st.session_state.sizes, "compute" in asked: stated}
    st.session_state.sizes = kept
    others = {key: value for key, value in asked.items() if key not in sizes}
    st.session_state.question = {**others, **kept.get(compute, {"compute": first})}


def understood(asked: Mapping[str, Any]) -> None:
    """Keep the question in the shortest form that the library gave it."""
    if before() == question():
        st.session_state.before = dict(asked)
    st.session_state.question = dict(asked)


def forget_link() -> None:
    """Drop a refused link and begin anew."""
    st.session_state.refused_link = ""
    st.query_params.clear()
    begin(PRESETS[FIRST], FIRST)
