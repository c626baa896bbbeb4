"""Report: the answer of the page Mix on one page, to be read, printed, shown and handed on."""

from functools import partial
from typing import Any

import streamlit as st
from explorer import answers, session
from explorer.display import escaped, narrow_hint, refuse, report, sheet, unanswered
from explorer.downloads import file_button, whole_report
from explorer.workers import Busy

from atlasmix.errors import AtlasMixError

_NOT_FOUND = {
    "reasons": "Why each donor is read or not",
    "shares": "Why each share is what it is",
    "steps": "What other constants would change",
    "models": "The comparison with published mixtures",
    "draws": "Intervals and regret",
}


def result_of(missing: list[str], task: str) -> Any:
    """The result of a task about the question; None where it takes longer than this page waits."""
    try:
        return answers.about(task, session.question())
    except AtlasMixError:
        missing.append(task)
        return None


narrow_hint()
try:
    answer = answers.about("answer", session.question())
except Busy as error:
    st.header("This report waits for a free worker")
    refuse(error)
    st.stop()
except AtlasMixError as error:
    st.header(unanswered(error, "The question on the page Mix"))
    refuse(error)
    st.stop()
session.understood(answer.short)
missing: list[str] = []
made = whole_report(answer, answer.short, partial(result_of, missing))
st.header(escaped(made.title))
with st.container(key="not-printed"):
    st.caption(
        "The answer of the page Mix for people who will not open this app. Print it from the "
        "browser (Ctrl+P, on a Mac ⌘P), or take it along."
    )
    with st.container(horizontal=True):
        file_button("Report (HTML)", made.html, "report.html", "primary")
        file_button("Report (Markdown)", made.markdown, "report.md")
        file_button(
            "Figures for a talk, 16:9 (HTML)",
            made.slides,
            "figures-16-9.html",
            icon="slideshow",
            meaning="One figure a screen; printed, one a page; the camera of each makes a PNG of "
            "1920 × 1080.",
        )
sheet()
with st.container(key="report"):
    report(made.blocks)
    for task in missing:
        st.caption(
            f"{_NOT_FOUND[task]} took longer than this page waits, and is left out here; "
            "the command line has no such limit."
        )
