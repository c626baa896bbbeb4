"""Changes of a question: what stands with a button that takes it away, and what is taken up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from atlasmix.errors import AtlasMixError
from explorer import answers, session
from explorer.display import escaped, refuse


def standing_row(words: str, key: str, what: str, remove: Callable[..., None], *named: Any) -> None:
    """What stands, in words, and the button that takes it away.

    Args:
        words: as the page says it.
        key: of the button.
        what: the button removes, for its help.
        remove: called with ``named`` when it is pressed.
        named: what is to go.
    """
    said, button = st.columns([3, 2], gap="xsmall", vertical_alignment="center")
    said.markdown(escaped(words))
    button.button(
        "Remove",
        icon=":material/close:",
        key=session.key(key),
        help=f"Remove {what}",
        on_click=remove,
        args=named,
        type="tertiary",
    )


def ask_with(kind: str, name: str) -> None:
    """Have the question rest on this evidence, the form showing all that it then says.

    A law learned from runs of one size brings that size along; where the question cannot be asked
    of it, the page Mix says why.

    Args:
        kind: ``matrix``, ``inventory`` or ``law``.
        name: on the shelf.
    """
    wanted = session.changed(kind, name)
    with suppress(AtlasMixError):
        wanted = answers.now("short", wanted, session.overlay())
    session.step(wanted)


def offer(question: Mapping[str, Any]) -> None:
    """Take up a changed question if it can be asked, else say why not and leave the old one."""
    try:
        session.step(answers.now("short", question, session.overlay()))
    except AtlasMixError as error:
        refuse(error)
        return
    st.rerun()
