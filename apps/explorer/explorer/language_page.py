"""One language: its text, its relatives, transfer in and out, what to measure, what would be asked.

It is opened by ``?language=`` with any name or code, and writes the one that it shows there.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.shelf import DEFAULT_INVENTORY
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import all_languages, name_of
from atlasmix.languages.language import SUBJECTS
from atlasmix.languages.resolving import resolve
from atlasmix.report.evidence import exponent_words, role_sentence
from atlasmix.report.figures.weights import Role, weights_chart
from atlasmix.report.language import (
    known_blocks,
    outlook_blocks,
    relatives_table,
    text_blocks,
)
from atlasmix.report.measuring import measuring_report
from atlasmix.report.words import named
from explorer import answers, session
from explorer.display import escaped, figure, part, refuse, report, tell
from explorer.tasks import Answer

SECTION: Final = "One language"
_PARAMETER: Final = "language"
_MOST: Final = 10
_NEAREST: Final = 12
_EVIDENCE: Final = ("matrix", "inventory", "calibration", "law")
_ROLES: Final[tuple[tuple[Role, str], ...]] = (
    ("donors", "The best donors of {}"),
    ("recipients", "Whom {} helps most"),
)


def open_language(section: str) -> None:
    """Take up the language of the address, once.

    Args:
        section: key of the tabs, of which that of one language is opened.
    """
    written = st.query_params.get(_PARAMETER, "")
    if not written or written == st.session_state.get("language-said"):
        return
    st.session_state["language-said"] = written
    try:
        st.session_state["evidence-language"] = str(resolve(written))
    except AtlasMixError as error:
        refuse(error)
    else:
        st.session_state[section] = SECTION


def close_language() -> None:
    """Take the language out of the address, where another part of the page is open."""
    st.query_params.pop(_PARAMETER, None)
    st.session_state.pop("language-said", None)


def one_language() -> None:
    """All that is known of one language, and what to do with it."""
    matrix, inventory = answers.matrix(session.matrix_name()), answers.inventory(_inventory())
    every = {each.code for each in all_languages()} | set(inventory.languages())
    if matrix.card.axis == "language":
        every |= set(matrix.keys)
    keys = sorted(every.difference(SUBJECTS), key=name_of)
    usual = next((key for key in session.question().get("targets", {}) if key in every), keys[0])
    shown = st.session_state.setdefault("evidence-language", usual)
    key = st.columns(2)[0].selectbox(
        "Language of the page",
        keys if shown in every else [shown, *keys],
        format_func=named,
        key="evidence-language",
        persist_state="session",
        help="Type any name or code. The address of the page opens it again.",
    )
    st.query_params[_PARAMETER] = st.session_state["language-said"] = key
    st.subheader(escaped(named(key)))
    report(known_blocks(key))
    st.subheader("Its text")
    report(text_blocks(key, inventory))
    st.subheader("If you asked for it")
    answer = _outlook(key)
    st.subheader("Its relatives")
    relatives = answers.kept_as(f"{key} {_NEAREST}", True, "relatives", key, _NEAREST)
    part(relatives_table(key, relatives, inventory))
    st.caption(
        "Kin: correlation of descent in Glottolog's tree and of place. Trigrams: cosine of the "
        "character trigrams of the Universal Declaration of Human Rights. Both are what transfer "
        "is foretold from where nobody measured it."
    )
    _transfer(matrix, key)
    if answer is not None:
        _measuring(key, answer)


def _inventory() -> str:
    """The first inventory of the question."""
    names = session.question().get("inventory", DEFAULT_INVENTORY)
    return str(names if isinstance(names, str) else names[0])


def _question_of(key: str) -> dict[str, Any]:
    """The question of this language alone, on the evidence of the question of now."""
    wanted = session.question()
    return {"targets": {key: 1}} | {name: wanted[name] for name in _EVIDENCE if name in wanted}


def _outlook(key: str) -> Answer | None:
    """The answer in a line, and a button that asks it; None where it cannot be asked."""
    try:
        answer: Answer = answers.about("answer", _question_of(key))
    except AtlasMixError as error:
        refuse(error)
        return None
    report(outlook_blocks(answer.problem, answer.mixture))
    if st.button("Ask it on the page Mix", type="primary", icon=":material/blender:"):
        session.begin(answer.short)
        st.switch_page("explorer/pages/mix.py")
    st.caption("With the usual budget and model; the page Mix changes both.")
    return answer


def _transfer(matrix: TransferMatrix, key: str) -> None:
    """The best donors, and whom it helps, with the doubt of each."""
    name = name_of(key)
    st.subheader("Transfer, in and out")
    if key not in matrix.keys:
        tell(f"Matrix {matrix.name} does not speak of {name}.")
        return
    scores = {"matrix": matrix.name} | {
        word: value for word, value in _question_of(key).items() if word in ("law", "calibration")
    }
    some = ([key], _MOST) if matrix.card.prior else ()
    try:
        model = answers.about("weights", scores, *some)
    except AtlasMixError as error:
        refuse(error)
        return
    tell(exponent_words(model, key), role_sentence(matrix, key))
    for place, (role, words) in zip(st.columns(2), _ROLES, strict=True):
        title = words.format(name)
        with place:
            st.markdown(f"**{escaped(title)}**")
            draw = partial(weights_chart, matrix, model, key, role, _MOST)
            figure(draw, f"language-{role}", f"{title}, by τ with one standard error.")
    if st.button("All of it on the page Transfer", icon=":material/share:"):
        st.session_state["transfer-matrix"] = matrix.name
        st.session_state[f"transfer-language-{matrix.name}"] = key
        st.switch_page("explorer/pages/transfer.py")


def _measuring(key: str, answer: Answer) -> None:
    """Which pairs would be worth a run for this language, for whoever asks."""
    st.subheader("What to measure next")
    if not st.toggle("Work out which pairs are worth a run", key=f"language-measuring-{key}"):
        tell(f"The pairs whose scores would change most for {name_of(key)}: some seconds.")
        return
    try:
        plan = answers.about("plan", _question_of(key))
    except AtlasMixError as error:
        refuse(error)
        return
    report(measuring_report(answer.problem, plan).blocks)
