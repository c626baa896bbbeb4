"""What is asked about: a preset to begin with, target languages by any name, their weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence import TransferMatrix
from atlasmix.languages import name_of, resolve
from atlasmix.views.words import named
from explorer import session
from explorer.presets import PRESETS
from explorer.showing import escaped

_FEW: Final = 40


def start(asked: Mapping[str, Any]) -> None:
    """The preset that is asked, if it is one; once it is changed, it can be taken again."""
    names = list(PRESETS)
    place = next((place for place, name in enumerate(names) if PRESETS[name] == asked), None)
    widget = session.key(f"preset-{place}")

    def changed() -> None:
        if st.session_state[widget] in PRESETS:
            session.begin(PRESETS[st.session_state[widget]])

    st.selectbox(
        "Start from",
        names,
        index=place,
        placeholder="a question of your own",
        key=widget,
        on_change=changed,
    )


def targets(asked: Mapping[str, Any], matrix: TransferMatrix) -> None:
    """Languages whose loss counts, and how much that of each does."""
    given = asked.get("targets", {})
    weights = dict(given) if isinstance(given, dict) else dict.fromkeys(given, 1)
    chosen = list(weights)
    widget = session.key("targets")

    def changed() -> None:
        typed = st.session_state[widget]
        keys = list(dict.fromkeys(_resolved(one, matrix) for one in typed))
        if keys != typed:
            st.session_state[widget] = keys
        session.change("targets", {key: weights.get(key, 1) for key in keys})

    st.multiselect(
        "Target languages",
        sorted({*matrix.keys, *map(str, chosen)}, key=name_of),
        default=session.first(widget, chosen),
        format_func=named,
        key=widget,
        on_change=changed,
        accept_new_options=True,
        # What is typed is a name that begins so, or one for the library to read: "fr" is French,
        # not every name with an f and an r in it.
        filter_mode="prefix",
        select_all=False,
        placeholder="any name or code",
        help="Languages whose loss counts. Type any name or code: Catalan, català, ca.",
        max_selections=len(matrix.keys),
    )
    if len(chosen) > 1:
        weighing = st.expander("Weights", key="open-weights", on_change="rerun")
        if weighing.open:
            with weighing:
                for key in chosen[:_FEW]:
                    _weight(key, weights)


def _weight(key: str, weights: Mapping[str, Any]) -> None:
    widget = session.key(f"weight-{key}")

    def changed() -> None:
        session.change("targets", {**weights, key: st.session_state[widget]})

    st.number_input(
        escaped(name_of(key)),
        min_value=0.0,
        max_value=1000.0,
        value=session.first(widget, float(weights[key])),
        step=0.5,
        format="%g",
        help="Above 0, at most 1000; only how the weights compare counts.",
        key=widget,
        on_change=changed,
    )


def _resolved(text: str, matrix: TransferMatrix) -> str:
    """The key that a typed name means; the text itself where it means none, to be refused later."""
    if text in matrix.keys:
        return text
    try:
        return str(resolve(text))
    except AtlasMixError:
        return text[:100]
