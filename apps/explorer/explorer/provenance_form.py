"""The controls of who may have written what is read: pools, human floor, generators, drift."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.problem.constraints import AMONG_SYNTHETIC, EVERY_GENERATOR, HUMAN_FLOORS
from atlasmix.problem.vocabulary import EVERY_TARGET
from atlasmix.quantities import parse_share
from atlasmix.report.words import percent
from explorer import session
from explorer.question_form import choosing, drift_form, pools_form
from explorer.selections import mapping_of

_NONE: Final = "no floor"
_FLOOR_KEYS: Final = ("min", "human_floor")
_FREE: Final = 1.0
_CAPS: Final = (0.5, 0.33, 0.2, 0.1, 0.0)
_LIMITS: Final = {
    "of all that is read of a language": f"{EVERY_TARGET}/{EVERY_GENERATOR}",
    "of its machine text": f"{EVERY_TARGET}/{AMONG_SYNTHETIC}{EVERY_GENERATOR}",
}


def provenance_form() -> None:
    """The controls, in the sidebar; each changes the question of the page Mix."""
    question = session.question()
    st.markdown("**Text that may be read**")
    pools_form(question)
    _floor(question)
    for words, selection in _LIMITS.items():
        _cap(question, words, selection)
    drift_form(question)
    st.caption("Targets, budget and the other limits are those of the page Mix.")


def _floor(question: Mapping[str, Any]) -> None:
    widget, now = session.key("human_floor"), _floor_of(question)
    first = session.first(widget, now)
    offered = list(dict.fromkeys([_NONE, *HUMAN_FLOORS, now, first]))

    def changed() -> None:
        if session.stands(widget):
            session.step(_with_floor(session.question(), st.session_state[widget]))

    st.selectbox(
        "Human floor of every target",
        offered,
        index=offered.index(first),
        format_func=_floor_words,
        help="Least share of human text in what is read of each target. Balanced and conservative "
        "follow from theory, articles from no paper.",
        key=widget,
        on_change=changed,
    )


def _floors(limits: Mapping[str, Any]) -> list[str]:
    """The least shares of human text of single targets, which a floor is once it is understood."""
    return [name for name in limits if name.partition("/")[2] == "human"]


def _floor_of(question: Mapping[str, Any]) -> str:
    """The floor as asked, by its name where it has one."""
    if "human_floor" in question:
        return str(question["human_floor"])
    limits = mapping_of(question, "min")
    least = {percent(_share(limits[name])) for name in _floors(limits)}
    names = [name for name, share in HUMAN_FLOORS.items() if least == {percent(share)}]
    return next(iter([*names, *sorted(least)]), _NONE)


def _with_floor(question: Mapping[str, Any], floor: str) -> dict[str, Any]:
    limits = mapping_of(question, "min")
    gone = _floors(limits)
    least = {name: value for name, value in limits.items() if name not in gone}
    others = {name: value for name, value in question.items() if name not in _FLOOR_KEYS}
    named = {} if floor == _NONE else {"human_floor": floor}
    return {**others, **({"min": least} if least else {}), **named}


def _floor_words(word: str) -> str:
    return f"{word}, {percent(HUMAN_FLOORS[word])}" if word in HUMAN_FLOORS else word


def _cap(question: Mapping[str, Any], words: str, selection: str) -> None:
    limits = mapping_of(question, "max")
    st.selectbox(
        f"Most of one generator {words}",
        format_func=lambda cap: "no limit" if cap == _FREE else percent(cap),
        **choosing(
            f"max-{selection}",
            [_FREE, *_CAPS],
            min((_share(limits[name]) for name in _caps(limits, selection)), default=_FREE),
            "max",
            partial(_with_cap, limits, selection),
        ),
    )


def _caps(limits: Mapping[str, Any], selection: str) -> list[str]:
    """The limits on generators of that kind, as asked or, once understood, one a generator."""
    kind = selection.removeprefix(f"{EVERY_TARGET}/").removesuffix("*")
    return [name for name in limits if name.partition("/")[2].startswith(kind)]


def _share(value: object) -> float:
    """A share as a question writes it; one that is none is refused where it is asked."""
    try:
        return parse_share(str(value), "max")
    except AtlasMixError:
        return _FREE


def _with_cap(limits: Mapping[str, Any], selection: str, cap: float) -> dict[str, Any] | None:
    gone = _caps(limits, selection)
    others = {name: value for name, value in limits.items() if name not in gone}
    return (others if cap == _FREE else {**others, selection: cap}) or None
