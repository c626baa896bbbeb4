"""What a limit speaks of: a language, a family, a script, a provenance, or a group named here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.pools import PROVENANCES
from atlasmix.evidence.shelf import DEFAULT_INVENTORY
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import language, name_of
from atlasmix.problem.constraints import AMONG_SYNTHETIC, EVERY_GENERATOR, ORIGINS
from atlasmix.problem.vocabulary import EVERY_TARGET
from atlasmix.report.overview import selection_words, share_words
from explorer import answers, session


def selection_box(label: str, known: list[str], key: str) -> str | None:
    """Choose what a limit speaks of; None while it is open."""
    chosen: str | None = st.selectbox(
        label,
        known,
        format_func=selection_words,
        accept_new_options=True,
        index=None,
        placeholder="a language, family, provenance …",
        key=session.key(key),
    )
    return chosen


def share_limits(question: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(min or max, selection, words) of the shares of a question, or of one of its phases."""
    for bound, verb in (("min", "at least"), ("max", "at most")):
        for name, share in mapping_of(question, bound).items():
            yield bound, name, f"{selection_words(name)}: {verb} {share_words(share)} of the tokens"


def epoch_caps(question: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(``max_epochs``, selection, words) of the caps of a question, or of one of its phases."""
    for name, cap in mapping_of(question, "max_epochs").items():
        if name != "default":
            yield "max_epochs", name, f"{selection_words(name)}: at most {cap} epochs"


def selections(matrix: TransferMatrix, shares: bool = True) -> list[str]:
    """What a limit may speak of, groups first.

    Args:
        matrix: whose languages, those that there is text in.
        shares: whether the limit is one of shares, which alone can be for every target.
    """
    keys = sorted(with_text(session.question(), matrix), key=name_of)
    families, scripts = set(), set()
    for key in keys:
        try:
            known = language(key)
        except AtlasMixError:
            continue
        families |= {known.family, known.genus}
        scripts.add(key.partition("_")[2] or known.script)
    return [
        *([EVERY_TARGET] if shares else []),
        *groups(),
        *keys,
        *(f"family:{name}" for name in sorted(filter(None, families))),
        *(f"script:{name}" for name in sorted(filter(None, scripts))),
        *(f"provenance:{name}" for name in PROVENANCES),
        *(
            f"{target}/{origin}"
            for target in (EVERY_TARGET, *session.question().get("targets", {}))
            for origin in (*ORIGINS, EVERY_GENERATOR, f"{AMONG_SYNTHETIC}{EVERY_GENERATOR}")
            if shares
        ),
    ]


def with_text(question: Mapping[str, Any], matrix: TransferMatrix) -> set[str]:
    """The languages of a matrix that an inventory of the question has text in.

    A completed matrix speaks of every language; one without text cannot be a target. Where no
    inventory can be read or shares a language, all of the matrix: the answer says what is wrong.
    """
    names = question.get("inventory", DEFAULT_INVENTORY)
    try:
        read = [
            answers.inventory(str(name)) for name in ([names] if isinstance(names, str) else names)
        ]
    except AtlasMixError:
        return set(matrix.keys)
    return {key for each in read for key in each.languages()} & set(matrix.keys) or set(matrix.keys)


def groups() -> dict[str, Any]:
    """Groups named in this session and in the question."""
    return {**named_groups(), **mapping_of(session.question(), "groups")}


def named_groups() -> dict[str, Any]:
    """Groups named in this session, whether or not a limit speaks of them."""
    named: dict[str, Any] = st.session_state.get("groups", {})
    return named


def with_group(question: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The question with the group of that name, where there is one, so that a limit may use it."""
    named = {name: members for name, members in groups().items() if name == what}
    if not named:
        return dict(question)
    return {**question, "groups": {**mapping_of(question, "groups"), **named}}


def mapping_of(question: Mapping[str, Any], key: str) -> dict[str, Any]:
    """One key of a question where it is a mapping, else an empty one."""
    value = question.get(key, {})
    return dict(value) if isinstance(value, dict) else {}
