"""More targets in the mixture of the page Mix: its own law beside ATLAS's, on the page Capacity."""

from __future__ import annotations

import streamlit as st

from atlasmix.laws.shelf import DEFAULT_CURSE, load_curse
from atlasmix.report.growth import GROWTH_INTRODUCTION, growth_blocks, may_be_added
from atlasmix.report.words import named
from explorer import answers, session
from explorer.display import report, tell


def growth_part() -> None:
    """Languages to add to the targets, and what keeps the loss of those that are there."""
    tell(GROWTH_INTRODUCTION)
    answer = answers.about("answer", session.question())
    choices = may_be_added(answer.problem)
    key = f"growth {'-'.join(answer.problem.target_keys)}"  # other targets, another choice
    added = st.multiselect("Languages to add", choices, format_func=named, key=key)
    if not added:
        tell("Choose one or more: the answer takes some seconds.")
        return
    grown = answers.about("growth", session.question(), added)
    law = load_curse(DEFAULT_CURSE, session.overlay())
    report(growth_blocks(grown, law))
