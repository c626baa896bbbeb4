"""From the page Own runs to the page Mix: the law of the runs, laid where a question takes it."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import take_away
from atlasmix.evidence.shelf import LAWS, name_of_file
from atlasmix.fitting.learning import Learned
from atlasmix.fitting.solving_law import refuse_runs
from atlasmix.report.words import capital
from explorer import answers, session
from explorer.display import escaped, tell, worded
from explorer.downloads import file_button
from explorer.run_tasks import ReadRuns
from explorer.workers import Workers

TASK = "law for solve"
_PAGE = "explorer/pages/mix.py"


def take_law(learned: Learned, read: ReadRuns, key: str, shipped: bool) -> None:
    """A button that asks the page Mix with the law of the runs, and its file.

    Args:
        learned: from the runs, in whatever form predicts best.
        read: the runs.
        key: what tells them, and the law they lean on, from others.
        shipped: whether they come with AtlasMix.
    """
    st.subheader("As the law of a question")
    try:
        refuse_runs(learned)
    except AtlasMixError as error:
        tell(f"{capital(str(error))}.")
        return
    name = f"{name_of_file(read.tables[0][0])[:50]}.yaml"
    given = learned.question.constants_from
    arguments = (read.runs, read.tables, name.removesuffix(".yaml"), given)
    with st.container(horizontal=True):
        if st.button("Use this law in Mix", type="primary", icon=":material/blender:"):
            _ask(answers.kept_as(key, shipped, TASK, *arguments), name)
        file_button("Law for a question (YAML)", partial(_file, answers.workers(), arguments), name)
    st.caption(
        f"The button lays it on your shelf as {escaped(name)}, in this session alone, and asks the "
        "page Mix with it: its targets and the weights of these runs, within any limits, on the "
        "text of an inventory, with the doubt that the runs leave. The "
        "command line takes the file as the law of a question, too."
    )


def _file(made: Workers, arguments: tuple[Any, ...]) -> bytes:
    """The file, made when somebody asks for it, outside of any visitor's script."""
    content: bytes = made.ask(TASK, *arguments, light=False)
    return content


def _ask(content: bytes, name: str) -> None:
    """Lay a law on the shelf, in the place of an older one of these runs, and open Mix with it."""
    overlay = session.overlay()
    if overlay.law_file(name) != content:
        below = take_away(overlay, LAWS, name)
        overlay, _ = answers.now("lay", "law", below, {"table": name}, content, b"", name)
        st.session_state.overlay = overlay
    try:
        session.begin(answers.now("short", _question(name), overlay))
    except AtlasMixError as error:
        session.say(
            f"{name} lies on your shelf, and its question has no answer yet: {worded(error)}",
            refused=True,
        )
        session.begin(_question(name))
    st.switch_page(_PAGE)


def _question(name: str) -> dict[str, Any]:
    """The question of now, asked of that law; of all its targets where it lacks one of them."""
    law = answers.own_law(name)
    assert law is not None
    measured = [each.language for each in law.targets]
    wanted = session.changed("law", name)
    if set(wanted.get("targets", ())) <= set(measured):
        return wanted
    kept = {key: value for key, value in wanted.items() if key in ("inventory", "pools")}
    return {**kept, "targets": dict.fromkeys(measured, 1), "law": name}
