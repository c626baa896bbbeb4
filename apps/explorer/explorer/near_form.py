"""Which mixture the answer is to stay near, and what that may cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.evidence.published import list_published
from atlasmix.problem.baselines import baseline_title, names
from atlasmix.problem.problem import Near
from explorer import session

_BEST: Final = "nothing: the best mixture"
_USUAL: Final = Near("").written.removesuffix(":")


def near_form(question: Mapping[str, Any]) -> None:
    """The reference of the question's ``near``, and the part before its colon."""
    cost, _, reference = str(question.get("near") or "").rpartition(":")
    cost = cost or _USUAL
    models = [each.name for each in list_published()]
    titles = {"": _BEST, **{name: baseline_title(name) for name in (*names(), *models)}}
    offered = list(dict.fromkeys([*titles, reference]))
    box, price = session.key("near"), session.key("near-cost")

    def changed() -> None:
        if session.stands(box):
            name = st.session_state[box]
            session.change("near", f"{cost}:{name}" if name else None)

    def priced() -> None:
        if session.stands(price):
            given = str(st.session_state[price]).strip() or _USUAL
            session.change("near", f"{given}:{reference}")

    st.selectbox(
        "Stay near",
        offered,
        index=offered.index(session.first(box, reference)),
        format_func=lambda name: titles.get(name, name),
        key=box,
        on_change=changed,
        help="Of the mixtures that are about as good as the best, the one that moves the fewest "
        "tokens from this one. 'Of targets' are rules over the target languages alone.",
    )
    if reference:
        st.text_input(
            "Staying near may cost",
            session.first(price, cost),
            max_chars=20,
            key=price,
            on_change=priced,
            help=f"Of the reducible loss; {_USUAL} is less than what two seeds of a run differ by.",
        )
