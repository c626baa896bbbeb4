"""Where the effective tokens of the targets come from, on the page Mix."""

from __future__ import annotations

from typing import Final

import streamlit as st

from atlasmix.languages.catalogue import name_of
from atlasmix.report.flows import flow_blocks
from explorer.display import report
from explorer.tasks import Answer

_ALL: Final = ""

_FEW: Final = 6
"""Targets that are drawn at once to begin with: more are lines that no eye follows."""


def _choice(key: str) -> str:
    return name_of(key) if key else "All targets"


def flows_part(answer: Answer) -> None:
    """Sources on the left, targets on the right: all of them, or one."""
    st.subheader("Where the effective tokens come from")
    target: str | None = _ALL
    if answer.problem.targets[1:]:
        target = st.selectbox(
            "Of which target",
            [_ALL, *answer.problem.target_keys],
            format_func=_choice,
            index=0 if len(answer.problem.target_keys) <= _FEW else 1,
            key="flows-of",
        )
    report(flow_blocks(answer.problem, answer.mixture, target or _ALL))
