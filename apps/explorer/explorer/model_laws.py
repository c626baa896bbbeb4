"""Laws of others that need a library: judged beside the rest, one by one, when asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.fitting.learning import Judged, Learned
from atlasmix.fitting.rival_laws import PACKAGES, absent
from atlasmix.text import listed
from explorer import answers
from explorer.display import escaped, refuse

_WORDS: Final = {
    "lightgbm": "Trees (LightGBM), as RegMix sets them",
    "lightgbm-small": "Trees, set for few runs",
    "gaussian-process": "A Gaussian process",
}


def with_models(learned: Learned, key: str, shipped: bool) -> Learned:
    """What the runs tell, with the models that the visitor has judged, too.

    Each is a task of its own, among the heavy ones: what takes too long leaves the others standing.

    Args:
        learned: the laws that need no library.
        key: what tells the runs from others.
        shipped: whether they come with AtlasMix.
    """
    judged: list[Judged] = []
    for name in _chosen():
        seed = learned.question.seed
        try:
            judged.append(
                answers.kept_as(
                    f"{key} {name} {seed}", shipped, "judge model", learned.runs, name, seed
                )
            )
        except AtlasMixError as error:
            refuse(error)
    return replace(learned, judged=(*learned.judged, *judged))


def _chosen() -> list[str]:
    """The models to judge; of those whose library is not there, what would bring it."""
    known = [name for name in PACKAGES if not absent(name)]
    lacking = {absent(name): None for name in PACKAGES if absent(name)}
    chosen: list[str] = []
    if known:
        chosen = st.pills(
            "Judge models of libraries, too",
            known,
            selection_mode="multi",
            format_func=lambda name: _WORDS.get(name, name),
            key="runs-models",
            persist_state="session",
            help="On the same runs held out. None of them gives a mixture: where the least loss "
            "lies under a model, nothing proves. Up to a minute each.",
        )
    if lacking:
        names = [name for name in PACKAGES if absent(name)]
        st.caption(
            escaped(
                f"Not judged here: {listed(names)}, for {listed(list(lacking))} is not installed. "
                "Whoever runs this explorer adds it with the extra learn: "
                "pip install 'atlasmix[learn]'."
            )
        )
    return list(chosen)
