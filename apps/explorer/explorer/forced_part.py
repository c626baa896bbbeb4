"""One share moved by hand within its range and a little beyond, on the page Mix."""

from __future__ import annotations

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.forced_share import share_steps
from atlasmix.report.forced_share import forced_blocks
from atlasmix.report.words import percent
from explorer import answers, session
from explorer.display import refuse, report, tell
from explorer.tasks import Answer


def forced_part(answer: Answer) -> None:
    """A language, its share on a slider, and what all losses would be."""
    ranges = {each.language: each for each in answer.mixture.flatness}
    if not ranges:
        return
    st.subheader("Move one share, and see what it costs")
    left, right = st.columns([1, 2])
    chosen = left.selectbox(
        "Share to move", list(ranges), format_func=name_of, key="forced-language"
    )
    flat = ranges.get(chosen) or next(iter(ranges.values()))
    steps = share_steps(flat)
    share = right.select_slider(
        "Its share, the grey band and a little beyond",
        steps,
        value=flat.share,
        format_func=percent,
        key=f"forced-share {flat.language} {steps}",  # other steps, another slider
    )
    if share == flat.share:
        tell("Move the slider: all other shares are then chosen anew within the limits.")
        return
    size = (answer.problem.params, answer.problem.budget, answer.mixture.tokens)
    try:
        forced = answers.about("force", session.question(), flat.language, share, size)
    except AtlasMixError as error:
        refuse(error)
        return
    report(forced_blocks(answer.problem, answer.mixture, forced))
