"""What is asked about: a preset to begin with, target languages by any name, their weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.resolving import resolve_list
from atlasmix.report.words import named
from explorer import session
from explorer.display import escaped, tell
from explorer.presets import EXAMPLES, PRESETS
from explorer.selections import with_text

_FEW: Final = 40


def landing() -> None:
    """What AtlasMix is, for somebody who has just come, and three questions to try."""
    tell(
        "AtlasMix says what to train a multilingual language model on: how much text of each "
        "language, of which origin, in how many epochs. It weighs what languages give one another "
        "against what each takes of the model, and proves its answer the best under that law. "
        "Below is the answer for Catalan; change it at the left, or try another question:"
    )
    with st.container(horizontal=True, gap="small"):
        for name in EXAMPLES:
            st.button(
                name,
                key=f"example-{name}",
                on_click=session.begin,
                args=(PRESETS[name],),
                type="tertiary",
                icon=":material/arrow_forward:",
            )


def start(question: Mapping[str, Any]) -> None:
    """The preset that is asked, if it is one; once it is changed, it can be taken again."""
    names = list(PRESETS)
    place = next((place for place, name in enumerate(names) if PRESETS[name] == question), None)
    laid = None if place is None else names[place]
    widget = session.key(f"preset-{place}")

    def changed() -> None:
        chosen = st.session_state[widget]
        # The control of a preset goes when its question is changed. A click on its way may still
        # speak of it, with what it showed: that is no choice.
        if chosen in PRESETS and chosen != laid:
            session.begin(PRESETS[chosen])

    st.selectbox(
        "Start from",
        names,
        index=place,
        placeholder="a question of your own",
        key=widget,
        on_change=changed,
    )


def targets(question: Mapping[str, Any], matrix: TransferMatrix) -> None:
    """Languages whose loss counts, and how much that of each does."""
    given = question.get("targets", {})
    weights = dict(given) if isinstance(given, dict) else dict.fromkeys(given, 1)
    chosen = list(weights)
    widget = session.key("targets")

    def changed() -> None:
        if not session.stands(widget):
            return
        typed = st.session_state[widget]
        keys = list(dict.fromkeys(key for each in typed for key in _resolved(each, matrix)))
        if keys != typed:
            st.session_state[widget] = keys
        session.change("targets", {key: weights.get(key, 1) for key in keys})

    first = session.first(widget, chosen)
    st.multiselect(
        "Target languages",
        sorted({*with_text(question, matrix), *map(str, chosen), *map(str, first)}, key=name_of),
        default=first,
        format_func=named,
        key=widget,
        on_change=changed,
        accept_new_options=True,
        # What is typed is a name that begins so, or one for the library to read: "fr" is French,
        # not every name with an f and an r in it.
        filter_mode="prefix",
        select_all=False,
        placeholder="any name or code",
        help="Languages whose loss counts. Type any name or code (Catalan, català, ca), or paste "
        "a list: Spanish, English, pt.",
        max_selections=len(matrix.keys),
    )
    if len(chosen) > 1:
        weighing = st.expander("Weights", key="open-weights", on_change="rerun")
        if weighing.open:
            with weighing:
                for key in chosen[:_FEW]:
                    _weight(key, weights)


def _weight(key: str, weights: Mapping[str, Any]) -> None:
    widget, now = session.key(f"weight-{key}"), float(weights[key])
    first = session.first(widget, now)

    def changed() -> None:
        if session.stands(widget):
            session.change("targets", {**weights, key: st.session_state[widget]})

    st.number_input(
        escaped(name_of(key)),
        min_value=min(0.01, now, first),
        max_value=max(1000.0, now, first),
        value=first,
        step=0.5,
        format="%g",
        help="Above 0, at most 1000; only how the weights compare counts.",
        key=widget,
        on_change=changed,
    )


def _resolved(text: str, matrix: TransferMatrix) -> tuple[str, ...]:
    """The keys that a typed name or a pasted list means; what means none is refused later."""
    if text in matrix.keys:
        return (text,)
    return tuple(str(each)[:100] for each in resolve_list(text)) or (text[:100],)
