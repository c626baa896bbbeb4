"""The scenarios of a session: kept from the page Mix, renamed, put in order, written and opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import Overlay
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.scenarios import (
    LONGEST_NAME,
    MOST_SCENARIOS,
    Scenario,
    Scenarios,
    free_name,
    is_full,
    join,
    keep,
    kept_as,
    move,
    remove,
    rename,
)
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.recipe.scenario_file import dump_scenarios
from atlasmix.report.scenarios import scenario_name
from explorer import answers, session
from explorer.display import escaped, refuse, worded
from explorer.downloads import file_button
from explorer.tasks import Answer
from explorer.workers import Workers

PAGE: Final = "explorer/pages/scenarios.py"
_MOST_MEGABYTES: Final = 16


def kept() -> Scenarios:
    """The scenarios of this session, in their order."""
    scenarios: Scenarios = st.session_state.scenarios
    return scenarios


def keep_present(problem: MixProblem, link: bool = True) -> None:
    """Where the present question is kept under a name, or the name that it is kept under.

    Args:
        problem: the present question.
        link: whether the page Scenarios is pointed at, where there is something to see.
    """
    held = kept_as(kept(), session.question())
    with st.container(horizontal=True, vertical_alignment="center"):
        if held is not None:
            st.markdown(f"Kept as the scenario **{escaped(held.name)}**.")
        else:
            with st.popover("Keep as a scenario", icon=":material/bookmark_add:"):
                _keeping(problem)
        if link and kept():
            st.page_link(PAGE, label="Compare scenarios", icon=":material/compare:")


def _keeping(problem: MixProblem) -> None:
    if is_full(kept()):
        st.caption(
            f"{MOST_SCENARIOS} scenarios are kept, as many as there may be: remove one on the page "
            "Scenarios."
        )
        return
    name = free_name(scenario_name(problem), {each.name.casefold() for each in kept()})
    _naming("Name of this scenario", name, "Keep it", _keep)
    st.caption("The page Scenarios sets what is kept side by side and writes it into one file.")


def _naming(label: str, name: str, verb: str, done: Callable[[str, str], None]) -> None:
    """A name to type and a button beside it; ``done`` is called with the old and the new name."""
    key = f"{verb} {name}"
    with st.form(f"form {key}", border=False):
        st.text_input(label, value=name, max_chars=LONGEST_NAME, key=key)
        # What is typed last is read when the button is pressed, not when it was laid out.
        st.form_submit_button(
            verb, type="primary", on_click=lambda: done(name, st.session_state[key])
        )


def _keep(_: str, name: str) -> None:
    _change(lambda: keep(kept(), name, session.question()))


def _rename(old: str, new: str) -> None:
    _change(lambda: rename(kept(), old, new))


def _change(made: Callable[[], Scenarios]) -> None:
    """Take up changed scenarios, or say why not and leave the old ones."""
    try:
        st.session_state.scenarios = made()
    except AtlasMixError as error:
        session.say(worded(error), refused=True)


def kept_rows() -> None:
    """A row a scenario: its name, which is the present question, and what can be done with it."""
    present = kept_as(kept(), session.question())
    for number, each in enumerate(kept()):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            mark = " (the question on Mix)" if each is present else ""
            st.markdown(f"**{escaped(each.name)}**{mark}", width="stretch")
            if each is not present:
                st.button(
                    "Ask it",
                    key=f"ask-{number}",
                    help=f"Make {each.name} the question on the page Mix",
                    on_click=_ask,
                    args=(each,),
                )
            _button("Earlier", number, "arrow_upward", partial(move, kept(), each.name, -1))
            _button("Later", number, "arrow_downward", partial(move, kept(), each.name, 1))
            with st.popover("Rename"):
                _naming(f"Another name for {each.name}", each.name, "Rename it", _rename)
            _button("Remove", number, "close", partial(remove, kept(), each.name))


def _button(label: str, number: int, icon: str, made: Callable[[], Scenarios]) -> None:
    st.button(
        label,
        key=f"{label}-{number}",
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=_change,
        args=(made,),
    )


def _ask(scenario: Scenario) -> None:
    session.begin(scenario.question)
    session.moved()
    session.say(f"The question on the page Mix is that of {scenario.name} now.")


def files() -> None:
    """Write all scenarios into one file, and open such a file."""
    st.subheader("As one file")
    if kept():
        made = partial(scenarios_file, answers.workers(), kept(), session.overlay())
        file_button("All scenarios (ZIP)", made, "scenarios.zip", "primary")
        st.caption(
            "Questions, a recipe of each, your own tables with their cards, and your own laws. It "
            "opens here in any session; atlasmix compare scenarios.zip and atlasmix check "
            "scenarios.zip read it, too."
        )
    opened = st.session_state.setdefault("scenario files", 0)
    sent = st.file_uploader(
        "Open a file of scenarios (ZIP)",
        type=["zip"],
        key=f"scenarios-{opened}",
        max_upload_size=_MOST_MEGABYTES,
    )
    if sent is not None:
        _open(sent.getvalue())


def _open(content: bytes) -> None:
    """Take up what a file holds, all of it or nothing."""
    try:
        came, overlay = answers.now("open scenarios", content, session.overlay())
        joined = join(kept(), came)
    except AtlasMixError as error:
        refuse(error)
        return
    new = [each.name for each in joined[len(kept()) :]]
    st.session_state.scenarios, st.session_state.overlay = joined, overlay
    st.session_state["scenario files"] += 1  # the next control is another one, empty again
    words = f"Opened: {', '.join(new)}." if new else "All that is in this file is kept already."
    session.say(words)
    st.rerun()


def scenarios_file(made: Workers, scenarios: Scenarios, overlay: Overlay) -> bytes:
    """The file of scenarios, made when somebody asks for it, outside of any visitor's script.

    Args:
        made: the workers, which answer each question.
        scenarios: of the session.
        overlay: the evidence that they rest on.
    """

    def recipe_of(scenario: Scenario) -> Recipe:
        answer: Answer = made.ask("answer", scenario.question, overlay, light=False)
        return make_recipe(answer.problem, answer.mixture, answer.comparisons)

    return dump_scenarios(scenarios, recipe_of, overlay)
