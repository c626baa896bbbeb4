"""Limits of a question: what stands, with a button that takes it away, and a row to add one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.problem.baselines import names as baseline_names
from atlasmix.quantities import format_quantity
from atlasmix.report.overview import selection_words, share_words
from atlasmix.text import listed
from explorer import answers, session
from explorer.changes import offer, standing_row
from explorer.display import refuse
from explorer.selections import (
    epoch_caps,
    mapping_of,
    named_groups,
    selection_box,
    selections,
    share_limits,
    with_group,
    with_text,
)

KINDS: Final = {
    "min": ("At least this share", "30%"),
    "max": ("At most this share", "40%"),
    "keep": ("Read at least so many tokens", "20B"),
    "max_epochs": ("An epoch cap of its own", "8"),
    "guardrails": ("Loss at most so much worse", "1%"),
}
_MOST: Final = 40


def limits_form(question: Mapping[str, Any], matrix: TransferMatrix) -> None:
    """Donors, limits that stand, and a row to add one."""
    _donors(question)
    for number, (key, name, words) in enumerate(standing(question)):
        standing_row(words, f"remove-{number}", "this limit", _remove, key, name)
    _add_row(matrix)
    _group_row()


def standing(question: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(key, selection, words) of every limit that stands."""
    yield from share_limits(question)
    for name, tokens in mapping_of(question, "keep").items():
        count = format_quantity(tokens) if isinstance(tokens, int | float) else tokens
        yield "keep", name, f"{selection_words(name)}: read at least {count} tokens"
    yield from epoch_caps(question)
    for name, rail in mapping_of(question, "guardrails").items():
        given = rail if isinstance(rail, dict) else {"slack": rail}
        slack, reference = share_words(given.get("slack", 0)), given.get("reference", "natural")
        yield "guardrails", name, f"{name_of(name)}: loss at most {slack} above {reference}"


def _donors(question: Mapping[str, Any]) -> None:
    widget = session.key("donors")
    limit = question.get("max_donors")
    now = limit if isinstance(limit, int) else None
    first = session.first(widget, now)

    def changed() -> None:
        if session.stands(widget):
            session.change("max_donors", st.session_state[widget])

    st.number_input(
        "Most donor languages",
        min_value=0,
        max_value=max(50, now or 0, first or 0),
        value=first,
        step=1,
        key=widget,
        on_change=changed,
        placeholder="no limit",
        help="Languages read beside the targets; leave empty for no limit.",
    )


def _add_row(matrix: TransferMatrix) -> None:
    kind = st.selectbox(
        "Add a limit",
        list(KINDS),
        format_func=lambda word: KINDS[word][0],
        index=None,
        placeholder="choose a kind",
        key=session.key("limit-kind"),
    )
    if kind is None:
        return
    known = selections(matrix, shares=kind in ("min", "max"))
    if kind == "guardrails":  # speaks of a language
        known = sorted(with_text(session.question(), matrix), key=name_of)
    what = selection_box("On", known, "limit-what")
    value = st.text_input(
        "How much",
        placeholder=KINDS[kind][1],
        max_chars=40,
        key=session.key("limit-value"),
    )
    reference = "natural"
    if kind == "guardrails":
        reference = st.selectbox("Worse than", baseline_names(), key=session.key("limit-reference"))
    if st.button("Add limit", key=session.key("limit-add"), width="stretch"):
        _add(kind, what, value, reference)


def _group_row() -> None:
    """Name several languages at once; the name then stands among those a limit may speak of."""
    for number, (group, keys) in enumerate(named_groups().items()):
        words = f"Group {group}: {listed([name_of(key) for key in keys])}"
        standing_row(words, f"ungroup-{number}", "this group", _ungroup, group)
    with st.popover("Name a group of languages", icon=":material/group_work:", width="stretch"):
        name = st.text_input("Name", max_chars=60, key=session.key("group-name"))
        members = st.text_input(
            "Languages",
            max_chars=400,
            placeholder="Spanish, Portuguese",
            key=session.key("group-members"),
        )
        if st.button("Add group", key=session.key("group-add"), width="stretch"):
            _add_group(name.strip(), members)


def _add_group(name: str, members: str) -> None:
    try:
        trial = {"groups": {name: members}, "max": {name: 1}}
        question = {**session.question(), **trial}
        groups = answers.now("short", question, session.overlay())["groups"]
    except AtlasMixError as error:
        refuse(error)
        return
    st.session_state.groups = {**named_groups(), **groups}
    session.renew()
    session.say(f"{name} stands under On when you add a limit.")
    st.rerun()


def _ungroup(name: str) -> None:
    st.session_state.groups = {
        group: keys for group, keys in named_groups().items() if group != name
    }
    session.renew()


def _add(kind: str, what: str | None, value: str, reference: str) -> None:
    if not what or not value.strip():
        refuse(ProblemError("a limit needs what it speaks of and how much: fill in both"))
        return
    question = session.question()
    written: object = value.strip()
    if kind == "guardrails":
        written = {"slack": value.strip(), "reference": reference}
    limits = question.get(kind, {})
    if kind == "max_epochs" and not isinstance(limits, dict):
        limits = {"default": limits}
    if len(limits) >= _MOST:
        refuse(ProblemError(f"{len(limits)} limits of this kind: at most {_MOST} here"))
        return
    offer({**with_group(question, what), kind: {**limits, what: written}})


def _remove(key: str, name: str) -> None:
    question = session.question()
    left = {other: value for other, value in question[key].items() if other != name}
    session.change(key, left or None)
    session.renew()
