"""Mix: a question, its answer at once, what it costs, and what to export."""

from contextlib import suppress

import streamlit as st
from explorer import answers, links, session
from explorer.answer_parts import (
    advice_in,
    after_refusal,
    before_and_after,
    costs,
    effects,
    export_part,
    how_sure,
    mixture_part,
    overview,
    with_intervals,
)
from explorer.curve_part import curve_part
from explorer.display import narrow_hint, refuse, sections, unanswered
from explorer.downloads import elsewhere
from explorer.printed_part import printed
from explorer.question_form import question_form
from explorer.scenarios import keep_present
from explorer.targets_form import landing
from explorer.workers import Busy, TooHeavy

from atlasmix.errors import AtlasMixError

narrow_hint()
if session.at_first():  # also once it is changed: nothing jumps under a hand on a slider
    landing()
with st.sidebar:
    question_form()

try:
    answer = answers.about("answer", session.question())
except Busy as error:
    st.header("This question waits for a free worker")
    refuse(error)
    links.say_link()
    st.stop()
except AtlasMixError as error:
    st.header(unanswered(error))
    refuse(error)
    if isinstance(error, TooHeavy):  # and so would most changes of it be
        with suppress(AtlasMixError):  # then the refusal stands by itself
            elsewhere(answers.now("short", session.question(), session.overlay()))
    else:
        after_refusal(error)
    if session.changes():
        st.button("Undo the change", on_click=session.undo, type="primary", icon=":material/undo:")
    links.say_link()
    st.stop()

session.understood(answer.short)
links.say_link()
answer = with_intervals(answer)
advice_place = overview(answer)
keep_present(answer.problem)
SECTIONS = {
    "Mixture": mixture_part,
    "Effect": effects,
    "Over the budget": curve_part,
    "What limits cost": costs,
    "Before and after": before_and_after,
    "Why, and how sure": how_sure,
    "Export": export_part,
}
sections("section", SECTIONS, answer)
printed(answer)
advice_in(advice_place, answer)
