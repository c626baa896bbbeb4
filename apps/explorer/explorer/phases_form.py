"""Phases of a question: those that stand, in order, each with its limits, and rows to add more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from atlasmix.errors import ProblemError
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.problem.command import phase_amount
from explorer import session
from explorer.changes import offer, standing_row
from explorer.display import escaped, refuse
from explorer.limits_form import KINDS
from explorer.selections import (
    epoch_caps,
    mapping_of,
    selection_box,
    selections,
    share_limits,
    with_group,
)

Phases = list[dict[str, Any]]

USUAL: Final = ({"name": "main", "tokens": "rest"}, {"name": "anneal", "tokens": "20%"})
"""Our choice, to begin with something: two parts, the last of a fifth of the tokens."""


def phases_form(question: Mapping[str, Any], matrix: TransferMatrix) -> None:
    """The phases that stand, a row to add one, a row to limit one."""
    phases = standing_phases(question)
    st.caption("They divide what the best mixture reads, and leave its totals as they are.")
    if not phases and st.button(
        "Begin with main and anneal",
        key=session.key("phases-usual"),
        help="Main reads the rest, anneal the last 20% of the tokens. The two names and the 20% "
        "are our choice, to begin with something.",
        width="stretch",
    ):
        offer({**question, "phases": list(USUAL)})
    for number, phase in enumerate(phases):
        with st.container(border=True, gap="xsmall"):
            _phase(number, phase, phases)
    if phases:
        _limit_row(phases, matrix)
    _add_row(phases)


def standing_phases(question: Mapping[str, Any]) -> Phases:
    """The phases of a question, each free to change."""
    phases = question.get("phases") or ()
    return [dict(phase) for phase in phases if isinstance(phase, dict)]


def _phase(number: int, phase: Mapping[str, Any], phases: Phases) -> None:
    """Tokens, limits and buttons of one phase."""
    name = escaped(str(phase.get("name", "")))
    now = phase_amount(phase.get("tokens", "rest"))
    written = st.text_input(
        f"Tokens of {name}",
        value=now,
        max_chars=40,
        key=session.key(f"phase-tokens-{number}"),
        help="A share of the tokens read (20%), a count (20B), or rest, for one phase at most.",
    )
    for place, (bound, what, words) in enumerate(_standing_limits(phase)):
        key = f"phase-{number}-unlimit-{place}"
        standing_row(words, key, "this limit of the phase", _unlimit, number, bound, what)
    with st.container(horizontal=True, gap="small"):
        if number:
            st.button(
                "Earlier",
                key=session.key(f"phase-earlier-{number}"),
                icon=":material/arrow_upward:",
                help=f"Read {name} before the phase above it",
                on_click=_move_up,
                args=(number,),
                type="tertiary",
            )
        gone = st.button(
            "Remove phase",
            key=session.key(f"phase-remove-{number}"),
            icon=":material/close:",
            help=f"Remove {name}",
            type="tertiary",
        )
    if gone:
        _offer_phases([each for place, each in enumerate(phases) if place != number])
    elif written.strip() != now:
        _offer_phases(_changed(phases, number, {"tokens": written.strip()}))


def _standing_limits(phase: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(key, selection, words) of every limit of a phase."""
    yield from share_limits(phase)
    yield from epoch_caps(phase)
    usual = _limits_of(phase, "max_epochs").get("default")
    if usual is not None:
        yield "max_epochs", "default", f"Each pool: at most {usual} epochs"


def _limits_of(phase: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Limits of one kind by selection; one cap of all pools is that of ``default``."""
    cap = phase.get("max_epochs")
    if key == "max_epochs" and cap is not None and not isinstance(cap, dict):
        return {"default": cap}
    return mapping_of(phase, key)


def _add_row(phases: Phases) -> None:
    left, right = st.columns(2)
    name = left.text_input(
        "New phase", placeholder="anneal", max_chars=60, key=session.key("phase-name")
    )
    tokens = right.text_input(
        "Its tokens",
        placeholder="20%, 20B or rest",
        max_chars=40,
        key=session.key("phase-tokens"),
        help="A share of the tokens read, a count, or rest; it is read after the others.",
    )
    if st.button("Add phase", key=session.key("phase-add"), width="stretch"):
        if not name.strip() or not tokens.strip():
            refuse(ProblemError("a phase needs a name and its tokens: fill in both"))
            return
        _offer_phases([*phases, {"name": name.strip(), "tokens": tokens.strip()}])


def _limit_row(phases: Phases, matrix: TransferMatrix) -> None:
    number = st.selectbox(
        "Limit a phase",
        range(len(phases)),
        format_func=lambda place: str(phases[place].get("name", "")),
        index=None,
        placeholder="choose a phase",
        key=session.key("phase-limited"),
    )
    if number is None:
        return
    bound = st.selectbox(
        "In this phase",
        ["min", "max", "max_epochs"],
        format_func=lambda word: KINDS[word][0],
        key=session.key("phase-bound"),
    )
    shares = bound != "max_epochs"
    what = selection_box(
        "Share of" if shares else "Passes over", selections(matrix, shares), "phase-what"
    )
    share = st.text_input(
        "How large a share" if shares else "At most so many",
        placeholder=KINDS[bound][1],
        max_chars=40,
        key=session.key("phase-share"),
    )
    if st.button("Add limit to the phase", key=session.key("phase-limit"), width="stretch"):
        if not what or not share.strip():
            refuse(ProblemError("a limit needs what it speaks of and how much: fill in both"))
            return
        limits = {**_limits_of(phases[number], bound), what: share.strip()}
        changed = _changed(phases, number, {bound: limits})
        offer({**with_group(session.question(), what), "phases": changed})


def _changed(phases: Phases, number: int, new: Mapping[str, Any]) -> Phases:
    """The phases, one of them with other values; None takes a key out."""
    changed = [dict(phase) for phase in phases]
    changed[number] = {
        key: value for key, value in {**changed[number], **new}.items() if value is not None
    }
    return changed


def _offer_phases(phases: Sequence[Mapping[str, Any]]) -> None:
    question = {key: value for key, value in session.question().items() if key != "phases"}
    offer({**question, "phases": list(phases)} if phases else question)


def _move_up(number: int) -> None:
    moved: Phases = []
    for place, phase in enumerate(standing_phases(session.question())):
        moved.insert(-1 if place == number else place, phase)
    session.change("phases", moved)
    session.renew()


def _unlimit(number: int, bound: str, what: str) -> None:
    phases = standing_phases(session.question())
    left = {
        name: share for name, share in _limits_of(phases[number], bound).items() if name != what
    }
    session.change("phases", _changed(phases, number, {bound: left or None}))
    session.renew()
