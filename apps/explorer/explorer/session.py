"""What one visitor has asked and brought, in this visitor's session alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.shelf import DEFAULT_MATRIX
from atlasmix.evidence.store import default_location
from atlasmix.fitting.law_file import is_law_file
from atlasmix.problem.scenarios import named_tables
from explorer.presets import PRESETS

FIRST: Final = next(iter(PRESETS))
SENT, SHOWN = "sent", "shown"
GONE_WITH: Final = {
    "compute": ("budget", "params", "tokens"),
    "matrix": ("calibration",),
    "law": ("matrix", "calibration"),
}
"""What else a change of one key takes out of a question: compute divides itself between tokens and
parameters, so that no number of tokens is read exactly, a calibration speaks of the scale of its
own matrix, and a law learned from runs brings the weights of its runs."""

MOST_PAST: Final = 100
"""Questions that a visitor can go back to, one by one; our choice."""


def start() -> None:
    """Lay out an empty session: the first preset, nothing brought along."""
    state = st.session_state
    state.setdefault("overlay", Overlay(default_location()))
    state.setdefault("scenarios", ())
    state.setdefault("round", 0)
    state.setdefault("first", {})
    state.setdefault("refused_link", "")
    state.setdefault("said_link", "")
    state.setdefault("old_links", ())
    state.setdefault("moved", False)
    state.retry_offered = False
    # Once a browser has come back for anything, it has shown the words; a test has no browser.
    state.words = SHOWN if "words" in state or not st.context.headers else ""
    if "question" not in state:
        begin(PRESETS[FIRST])


def words_shown() -> bool:
    """Whether this visitor's browser has shown a page of words; figures come after it."""
    return bool(st.session_state.words == SHOWN)


def send_words() -> bool:
    """Note that a page of words is on its way; whether it was on its way already."""
    already = bool(st.session_state.words == SENT)
    st.session_state.words = SENT
    return already


def offers_retry() -> bool:
    """Whether no part of this page has offered to try again yet; one button is enough."""
    first = not st.session_state.retry_offered
    st.session_state.retry_offered = True
    return first


def too_heavy() -> dict[str, AtlasMixError]:
    """What took more than a task may, by what was asked: not begun anew by every click."""
    heavy: dict[str, AtlasMixError] = st.session_state.setdefault("too_heavy", {})
    return heavy


def try_again() -> None:
    """Let what was too heavy be begun anew: another visitor's question may be done by now."""
    st.session_state.pop("too_heavy", None)


def question() -> dict[str, Any]:
    """What is asked now."""
    mapping: dict[str, Any] = st.session_state.question
    return mapping


def before() -> dict[str, Any]:
    """What was asked before the changes since."""
    mapping: dict[str, Any] = st.session_state.before
    return mapping


def overlay() -> Overlay:
    """The store of the host with this visitor's own tables on it."""
    tables: Overlay = st.session_state.overlay
    return tables


def key(name: str) -> str:
    """The key of a control of the form; another one each time that the form is laid out anew."""
    return f"{st.session_state.round}:{name}"


def stands(widget: str) -> bool:
    """Whether a control is still the one of the form; a late click may speak of one that is gone.

    Args:
        widget: its key, as :func:`key` made it.
    """
    return widget.startswith(key(""))


def begin(wanted: Mapping[str, Any]) -> None:
    """Take up another question; what was asked until now is gone."""
    st.session_state.question = dict(wanted)
    st.session_state.before = dict(wanted)
    st.session_state.past = ()
    st.session_state.sizes = {False: {}}
    renew()


def at_first() -> bool:
    """Whether the visitor has taken up no question yet, and at most changed the first preset."""
    return before() == PRESETS[FIRST]


def step(wanted: Mapping[str, Any]) -> None:
    """Change the question, and keep what was asked before beside it."""
    _ask(wanted)
    renew()


def _ask(wanted: Mapping[str, Any]) -> None:
    if wanted != question():
        st.session_state.past = (*st.session_state.past, question())[-MOST_PAST:]
    st.session_state.question = dict(wanted)
    moved()


def moved() -> None:
    """Note that what is drawn next comes of the visitor's hand or of this page, not of a link."""
    st.session_state.moved = True


def has_moved() -> bool:
    """Whether that was so; asked once for each time that the page is drawn."""
    changed: bool = st.session_state.moved
    st.session_state.moved = False
    return changed


def changes() -> int:
    """How many changes can be undone, one by one."""
    return len(st.session_state.past)


def undo() -> None:
    """Back to the question before the last change."""
    *st.session_state.past, last = st.session_state.past
    st.session_state.question = last
    moved()
    renew()


def undo_all() -> None:
    """Back to the question that the changes began with; one change more, which can be undone."""
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
    dropped = _gone_with(key, value) & question().keys()
    _ask(changed(key, value))
    if dropped:
        renew()


def changed(key: str, value: object) -> dict[str, Any]:
    """The question with one key changed, and without what goes with it; None takes it out."""
    gone = {key, *_gone_with(key, value)}
    kept = {name: old for name, old in question().items() if name not in gone}
    return kept if value is None else {**kept, key: value}


def _gone_with(key: str, value: object) -> set[str]:
    laws = (value, question().get("law"))
    if key == "law" and not any(isinstance(each, str) and is_law_file(each) for each in laws):
        return set()  # of a matrix on the shelf no law says anything
    return set(GONE_WITH.get(key, ()))


def matrix_name() -> str:
    """The matrix of the question of now; a law learned from runs brings its own."""
    law = question().get("law")
    usual = law if isinstance(law, str) and is_law_file(law) else DEFAULT_MATRIX
    return str(question().get("matrix", usual))


def size_by(compute: bool, first: float) -> None:
    """State compute, or tokens and parameters; what was stated the last time is taken up again.

    Args:
        compute: whether compute is stated.
        first: FLOPs where none were stated yet.
    """
    wanted, sizes = question(), ("budget", "tokens", "params", "compute")
    stated = {key: value for key, value in wanted.items() if key in sizes}
    kept = {**st.session_state.sizes, "compute" in wanted: stated}
    st.session_state.sizes = kept
    others = {key: value for key, value in wanted.items() if key not in sizes}
    _ask({**others, **kept.get(compute, {"compute": first})})


def understood(wanted: Mapping[str, Any]) -> None:
    """Keep the question in the shortest form that the library gave it."""
    if st.session_state.past[-1:] == (wanted,):  # the change changed nothing
        st.session_state.past = st.session_state.past[:-1]
    if before() == question():
        st.session_state.before = dict(wanted)
    st.session_state.question = dict(wanted)


def forget_table(kind: str, name: str) -> bool:
    """Take a table that is gone out of all that was asked; whether the question of now had it."""
    had = name in named_tables({kind: question().get(kind, ())})
    st.session_state.question = _without(question(), kind, name)
    st.session_state.before = _without(before(), kind, name)
    st.session_state.past = tuple(_without(each, kind, name) for each in st.session_state.past)
    renew()
    return had


def _without(wanted: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    named = wanted.get(kind, ())
    left = [] if isinstance(named, str) else [each for each in named if each != name]
    if name not in named_tables({kind: named}):
        return dict(wanted)
    others = {key: value for key, value in wanted.items() if key != kind}
    if kind == "law" and others.get("matrix") == name:  # its weights go with it
        others = {key: value for key, value in others.items() if key not in GONE_WITH["law"]}
    return {**others, kind: left} if left else others


def say(words: str, refused: bool = False) -> None:
    """Have a sentence shown on the page that is drawn next."""
    st.session_state.said = (words, refused)


def forget_link() -> None:
    """Drop a refused link and begin anew."""
    st.session_state.refused_link = ""
    st.query_params.clear()
    begin(PRESETS[FIRST])
