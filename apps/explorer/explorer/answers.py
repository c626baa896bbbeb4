"""Answers of the workers, made once and kept: for all visitors, or for one alone."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import streamlit as st

from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.shelf import (
    DEFAULT_INVENTORY,
    DEFAULT_MATRIX,
    INVENTORIES,
    LAWS,
    MATRICES,
    Shelf,
)
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.fitting.solving_law import laid_law
from atlasmix.laws.kinds import LawCard, TargetLaws, learned_card
from atlasmix.laws.shelf import DEFAULT_LAW
from atlasmix.laws.shelf import shipped_names as shipped_law_names
from atlasmix.report.waiting import line_words, solving_words
from explorer import session
from explorer.packing import shipped
from explorer.tasks import Answer, expected
from explorer.workers import Moment, TooHeavy, Workers, workers_of_host

MOST_SHARED: Final = 128
"""Answers kept for all visitors."""

MOST_OWN: Final = 12
"""Answers kept in one visitor's session."""

MOST_LIGHT: Final = 1.0
"""Seconds up to which a question is light; our choice, what a page may take without a word."""

_PATIENCE: Final = 0.7

_Evidence = TypeVar("_Evidence", TransferMatrix, Inventory)


class Kept:
    """The answers used last, a bounded number of them."""

    def __init__(self, most: int) -> None:
        """Room for ``most`` answers."""
        self._most, self._lock = most, threading.Lock()
        self._answers: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str) -> Any:
        """The answer, or None."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer; the one unused longest makes room."""
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)


@st.cache_resource(show_spinner=False)
def workers() -> Workers:
    """The workers of this server, started when they are first asked for."""
    made = workers_of_host()
    made.start()
    return made


@st.cache_resource(show_spinner=False)
def _shared() -> Kept:
    return Kept(MOST_SHARED)


def about(task: str, question: Mapping[str, Any], *more: Any) -> Any:
    """The result of a task about a question (``answer``, ``reasons``, ``steps``).

    It is kept for all visitors where the question rests on shipped evidence alone, which nobody can
    change while the server runs; else in this visitor's session, where nobody else finds it.
    """
    kept, key = _place(task, question, more)
    result = _kept(kept, key, task, question, session.overlay(), *more)
    if isinstance(result, Answer) and result.short != question:
        # It will be asked in its shortest form from now on.
        kept, key = _place(task, result.short, more)
        kept.put(key, result)
    return result


def known(task: str, question: Mapping[str, Any]) -> Any:
    """The result of a task about a question where it is kept already, else None."""
    kept, key = _place(task, question, ())
    return kept.get(key)


def _place(task: str, question: Mapping[str, Any], more: tuple[Any, ...]) -> tuple[Kept, str]:
    """Where the result is kept, and under which key."""
    key = json.dumps([task, question, more], sort_keys=True, ensure_ascii=False)
    if not session.overlay().entries and _is_shipped(question):
        return _shared(), key
    return _own(), f"{key} {session.overlay().digest()}"


def once(task: str, *arguments: Any) -> Any:
    """The result of a task about what this visitor sent; kept in this session alone."""
    told = hashlib.sha256()
    for argument in arguments:
        told.update(_told(argument))
        told.update(b"\0")
    return _kept(_own(), f"{task} {told.hexdigest()}", task, *arguments)


def kept_as(key: str, shipped: bool, task: str, *arguments: Any) -> Any:
    """The result of a task whose arguments are results too, kept under a key that says them all.

    Args:
        key: differs wherever the arguments do.
        shipped: whether they rest on what ships alone; the result is then kept for all visitors.
        task: its name.
        arguments: for it.
    """
    return _kept(_shared() if shipped else _own(), f"{task} {key}", task, *arguments)


def _told(argument: Any) -> bytes:
    if isinstance(argument, Overlay):
        return argument.digest().encode()
    return argument if isinstance(argument, bytes) else repr(argument).encode()


def matrix(name: str) -> TransferMatrix:
    """A matrix by name; shipped ones are kept for all, a visitor's own in the session.

    The name of a law that the visitor brought stands for the weights of its runs.
    """
    law = own_law(name)
    if law is not None and law.transfer is not None:
        return law.transfer
    return _looked_up(name, MATRICES, session.overlay().matrix)


def own_law(name: object) -> TargetLaws | None:
    """A law learned from runs that this visitor brought; None where none has that name."""
    content = session.overlay().law_file(name) if isinstance(name, str) else None
    return None if content is None else laid_law(content, str(name))


def own_laws() -> tuple[tuple[str, LawCard], ...]:
    """The laws that this visitor brought, by name, with what their files say of them."""
    laws = ((name, own_law(name)) for name in session.overlay().names(LAWS))
    return tuple((name, learned_card(law)) for name, law in laws if law is not None)


def inventory(name: str) -> Inventory:
    """An inventory by name, kept as a matrix is."""
    return _looked_up(name, INVENTORIES, session.overlay().inventory)


def _looked_up(name: str, shelf: Shelf, read: Callable[[str], _Evidence]) -> _Evidence:
    overlay = session.overlay()
    if name in shipped(shelf):
        kept, key = _shared(), f"{shelf.folder} {name}"
    elif name in overlay.names(shelf):
        kept, key = _own(), f"{shelf.folder} {name} {overlay.digest()}"
    else:
        return read(name)  # the host's own, which may change
    evidence: _Evidence | None = kept.get(key)
    if evidence is None:
        evidence = read(name)
        kept.put(key, evidence)
    return evidence


def lay_place() -> None:
    """Make room for the words said while a visitor waits: one place, the same in every run.

    Laid out only when somebody waits, it would move all that stands after it by one, and what has
    moved is drawn anew.
    """
    st.session_state.waiting = st.container(key="waiting").empty()


def now(task: str, *arguments: Any) -> Any:
    """The result of a task that changes something and is never kept."""
    place, limit = st.session_state.waiting, workers().limit(task)
    seconds = expected(task, arguments)

    def meanwhile(moment: Moment) -> None:
        # Streamlit also takes this call to end a script whose visitor has moved on.
        if moment.seconds <= _PATIENCE:
            return
        if moment.place:
            place.caption(line_words(moment.place, moment.light, moment.seconds))
        else:
            place.caption(solving_words(moment.seconds, limit, seconds))

    light = seconds is not None and seconds <= MOST_LIGHT
    try:
        return workers().ask(task, *arguments, light=light, meanwhile=meanwhile)
    finally:
        place.empty()


def _kept(kept: Kept, key: str, task: str, *arguments: Any) -> Any:
    result = kept.get(key)
    if result is None:
        heavy = session.too_heavy()
        if key in heavy:
            raise heavy[key].with_traceback(None)
        try:
            result = now(task, *arguments)
        except TooHeavy as error:
            if len(heavy) < MOST_OWN:
                heavy[key] = error
            raise
        kept.put(key, result)
    return result


def _own() -> Kept:
    if "kept" not in st.session_state:
        st.session_state.kept = Kept(MOST_OWN)
    kept: Kept = st.session_state.kept
    return kept


def _is_shipped(question: Mapping[str, Any]) -> bool:
    names = question.get("inventory", DEFAULT_INVENTORY)
    inventories = [names] if isinstance(names, str) else names
    law = question.get("law", DEFAULT_LAW)
    return (
        question.get("matrix", DEFAULT_MATRIX) in shipped(MATRICES)
        and (isinstance(law, dict) or str(law).partition("/")[0] in shipped_law_names())
        and isinstance(inventories, list)
        and set(map(str, inventories)) <= set(shipped(INVENTORIES))
    )
