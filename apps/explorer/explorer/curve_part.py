"""The same question over other budgets and sizes, on the page Mix."""

from __future__ import annotations

from typing import Final

import streamlit as st

from atlasmix.report.curve import curve_blocks
from explorer import answers, session
from explorer.display import report
from explorer.tasks import Answer

_AXES: Final = {"Token budget": "budget", "Parameters": "params"}


def curve_part(_: Answer) -> None:
    """Shares, losses and epochs from 10B to 20T tokens, or over the size of the model."""
    chosen = st.segmented_control(
        "Over which number",
        list(_AXES),
        default="Token budget",
        required=True,
        key="curve-axis",
        persist_state="session",
        label_visibility="collapsed",
    )
    axis = _AXES.get(chosen, "budget")
    report(curve_blocks(answers.about("curve", session.question(), axis)))
