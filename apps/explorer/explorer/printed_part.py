"""What is printed of the page Mix."""

from __future__ import annotations

from operator import is_not

import streamlit as st

from atlasmix.report.overview import mixture_strip
from explorer import answers
from explorer.display import paper, sheet
from explorer.downloads import TOLD, whole_report
from explorer.tasks import Answer


def printed(answer: Answer) -> None:
    """What is printed of this page: the report, with all that was worked out of its tabs by now.

    It is a quarter of what the page takes, so the last one is kept: a tab or a switch changes
    nothing in it.
    """
    told = {task: answers.known(task, answer.short) for task in TOLD}
    made_of = [answer.mixture, *told.values()]
    before, text = st.session_state.get("paper", ((), ""))
    if len(before) != len(made_of) or any(map(is_not, before, made_of)):
        made = whole_report(answer, answer.short, told.__getitem__)
        text = paper(made.title, made.blocks, mixture_strip(answer.mixture))
        st.session_state.paper = made_of, text
    sheet(text)
