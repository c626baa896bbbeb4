"""Choosing a recipe: the answer on the page Mix, a file, or a published mixture."""

from __future__ import annotations

from typing import Final, NamedTuple

import streamlit as st

from atlasmix.evidence.published import list_published
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import make_recipe
from explorer import answers, session
from explorer.tasks import Answer

MIX: Final = "The answer on the page Mix"
FILE: Final = "A recipe file"
PUBLISHED: Final = "A published mixture"


class Choice(NamedTuple):
    """A recipe's name and text, or a published mixture's name."""

    name: str
    text: bytes = b""
    published: bool = False


def chosen(place: str, others: bool) -> Choice | None:
    """What the visitor chose as ``A`` or ``B``; None while it is open.

    Args:
        place: the letter.
        others: whether a published mixture may stand here.
    """
    kinds = [MIX, FILE, *([PUBLISHED] if others else [])]
    kind = st.selectbox(
        f"Recipe {place}",
        kinds,
        index=None if others else 0,
        placeholder="nothing yet",
        key=f"recipe-{place}",
        persist_state="session",
    )
    if kind == MIX:
        answer: Answer = answers.about("answer", session.question())
        recipe = make_recipe(answer.problem, answer.mixture, answer.comparisons)
        return Choice("the answer on Mix", dump_recipe(recipe).encode())
    if kind == FILE:
        return _file(place)
    if kind == PUBLISHED:
        name = st.selectbox(
            "Mixture",
            [each.name for each in list_published()],
            key=f"published-{place}",
            persist_state="session",
        )
        return Choice(name, published=True)
    return None


def _file(place: str) -> Choice | None:
    sent = st.file_uploader(
        "Recipe (YAML)", type=["yaml", "yml"], key=f"file-{place}", max_upload_size=1
    )
    kept = f"recipe-file-{place}"
    if sent is not None:
        # The page forgets its uploads when the visitor looks at another.
        st.session_state[kept] = Choice(sent.name[:80], sent.getvalue())
    held: Choice | None = st.session_state.get(kept)
    if sent is None and held is not None:
        st.caption("Still open from before:")
        st.text(held.name)
    return held
