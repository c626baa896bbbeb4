"""Limits of a question: what stands, with a button that takes it away, and a row to add one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence import PROVENANCES, TransferMatrix
from atlasmix.languages import language, name_of
from atlasmix.mixing.baselines import names as baseline_names
from atlasmix.quantities import format_quantity
from atlasmix.views.words import percent
from explorer import asking, session
from explorer.showing import escaped, refuse

KINDS: Final = {
    "min": ("At least this share", "30%"),
    "max": ("At most this share", "40%"),
    "keep": ("Read at least so many tokens", "20B"),
    "max_epochs": ("An epoch cap of its own", "8"),
    "guardrails": ("Loss at most so much worse", "1%"),
}
_MOST: Final = 40


def limits_form(asked: Mapping[str, Any], matrix: TransferMatrix) -> None:
    """Donors, limits that stand, and a row to add one."""
    _donors(asked)
    for number, (key, name, words) in enumerate(standing(asked)):
        said, button = st.columns([5, 1], vertical_alignment="center")
        said.markdown(escaped(words))
        button.button(
            "Remove",
            icon=":material/close:",
            key=f"{session.round_number()}:remove-{number}",
            help="Remove this limit",
            on_click=_remove,
            args=(key, name),
            type="tertiary",
        )
    _add_row(matrix)
    _group_row()


def standing(asked: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(key, selection, words) of every limit that stands."""
    for key, verb in (("min", "at least"), ("max", "at most")):
        for name, share in _mapping(asked, key).items():
            yield key, name, f"{selection_words(name)}: {verb} {_share(share)} of the tokens"
    for name, tokens in _mapping(asked, "keep").items():
        count = format_quantity(tokens) if isinstance(tokens, int | float) else tokens
        yield "keep", name, f"{selection_words(name)}: read at least {count} tokens"
    for name, cap in _mapping(asked, "max_epochs").items():
        if name != "default":
            yield "max_epochs", name, f"{selection_words(name)}: at most {cap} epochs"
    for name, rail in _mapping(asked, "guardrails").items():
        given = rail if isinstance(rail, dict) else {"slack": rail}
        slack, reference = _share(given.get("slack", 0)), given.get("reference", "natural")
        yield "guardrails", name, f"{name_of(name)}: loss at most {slack} above {reference}"


def selection_words(name: str) -> str:
    """``family Romance``, ``Catalan``."""
    kind, colon, value = name.partition(":")
    return f"{kind} {value}" if colon else name_of(name)


def _donors(asked: Mapping[str, Any]) -> None:
    widget = f"{session.round_number()}:donors"
    now = asked.get("max_donors")
    st.session_state.setdefault(widget, now if isinstance(now, int) else None)

    def changed() -> None:
        session.change("max_donors", st.session_state[widget])

    st.number_input(
        "Most donor languages",
        min_value=0,
        max_value=50,
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
        key=f"{session.round_number()}:limit-kind",
    )
    if kind is None:
        return
    what = st.selectbox(
        "On",
        selections(matrix, kind),
        format_func=selection_words,
        accept_new_options=True,
        index=None,
        placeholder="a language, family, provenance …",
        key=f"{session.round_number()}:limit-what",
    )
    value = st.text_input(
        "How much",
        placeholder=KINDS[kind][1],
        max_chars=40,
        key=f"{session.round_number()}:limit-value",
    )
    reference = "natural"
    if kind == "guardrails":
        reference = st.selectbox(
            "Worse than", baseline_names(), key=f"{session.round_number()}:limit-reference"
        )
    if st.button("Add limit", key=f"{session.round_number()}:limit-add", width="stretch"):
        _add(kind, what, value, reference)


def _group_row() -> None:
    """Name several languages at once; the name then stands among those a limit may speak of."""
    with st.popover("Name a group of languages", icon=":material/group_work:", width="stretch"):
        name = st.text_input("Name", max_chars=60, key=f"{session.round_number()}:group-name")
        members = st.text_input(
            "Languages",
            max_chars=400,
            placeholder="Spanish, Portuguese",
            key=f"{session.round_number()}:group-members",
        )
        if st.button("Add group", key=f"{session.round_number()}:group-add", width="stretch"):
            _add_group(name.strip(), members)


def _add_group(name: str, members: str) -> None:
    try:
        trial = {"groups": {name: members}, "max": {name: 1}}
        asked = {**session.question(), **trial}
        found = asking.now("short", asked, session.tray())["groups"]
    except AtlasMixError as error:
        refuse(error)
        return
    st.session_state.groups = {**st.session_state.get("groups", {}), **found}
    session.renew()
    st.rerun()


def selections(matrix: TransferMatrix, kind: str) -> list[str]:
    """What a limit of this kind may speak of; a guardrail speaks of a language."""
    keys = sorted(matrix.keys, key=name_of)
    if kind == "guardrails":
        return keys
    families, scripts = set(), set()
    for key in keys:
        try:
            known = language(key)
        except AtlasMixError:
            continue
        families |= {known.family, known.genus}
        scripts.add(key.partition("_")[2] or known.script)
    return [
        *_groups(),
        *keys,
        *(f"family:{name}" for name in sorted(filter(None, families))),
        *(f"script:{name}" for name in sorted(filter(None, scripts))),
        *(f"provenance:{name}" for name in PROVENANCES),
    ]


def _add(kind: str, what: str | None, value: str, reference: str) -> None:
    if not what or not value.strip():
        refuse(ProblemError("a limit needs what it speaks of and how much: fill in both"))
        return
    asked = session.question()
    written: object = value.strip()
    if kind == "guardrails":
        written = {"slack": value.strip(), "reference": reference}
    limits = asked.get(kind, {})
    if kind == "max_epochs" and not isinstance(limits, dict):
        limits = {"default": limits}
    if len(limits) >= _MOST:
        refuse(ProblemError(f"{len(limits)} limits of this kind: at most {_MOST} here"))
        return
    groups = {name: members for name, members in _groups().items() if name == what}
    named = {"groups": {**_mapping(asked, "groups"), **groups}} if groups else {}
    _offer({**asked, **named, kind: {**limits, what: written}})


def _offer(asked: Mapping[str, Any]) -> None:
    """Take up a changed question if it can be asked, else say why not and leave the old one."""
    try:
        session.step(asking.now("short", asked, session.tray()))
    except AtlasMixError as error:
        refuse(error)
        return
    st.rerun()


def _remove(key: str, name: str) -> None:
    asked = session.question()
    left = {one: value for one, value in asked[key].items() if one != name}
    session.change(key, left or None)
    session.renew()


def _groups() -> dict[str, Any]:
    """Groups named in this session and in the question."""
    return {**st.session_state.get("groups", {}), **_mapping(session.question(), "groups")}


def _share(value: object) -> str:
    return percent(value) if isinstance(value, int | float) else str(value)


def _mapping(asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = asked.get(key, {})
    return dict(found) if isinstance(found, dict) else {}
