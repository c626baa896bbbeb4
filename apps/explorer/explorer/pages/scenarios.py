"""Scenarios: questions kept under names, up to four side by side, all of them as one file."""

import streamlit as st
from explorer import answers, scenarios, session
from explorer.display import escaped, narrow_hint, refuse, report, tell, unanswered
from explorer.sizes import gpu_hours, hardware

from atlasmix.errors import AtlasMixError
from atlasmix.mixture.scenarios import AnsweredScenario
from atlasmix.problem.scenarios import MOST_BESIDE, Scenario, kept_as
from atlasmix.report.scenarios import scenarios_blocks

PRESENT = "The question on Mix"


def answered(scenario: Scenario) -> AnsweredScenario | None:
    """A scenario with its answer; None, and why, where it has none."""
    try:
        answer = answers.about("answer", scenario.question)
    except AtlasMixError as error:
        refuse(f"{scenario.name}: {error}")
        return None
    return AnsweredScenario(scenario.name, answer.problem, answer.mixture, answer.comparisons)


def beside() -> None:
    """Choose what stands side by side, and what the others are compared with."""
    known = {each.name: each for each in scenarios.kept()}
    if kept_as(scenarios.kept(), session.question()) is None:
        known[PRESENT] = Scenario(PRESENT, session.question())
    names = list(known)
    chosen = st.multiselect(
        f"Side by side, at most {MOST_BESIDE}",
        names,
        default=names[:MOST_BESIDE],
        max_selections=MOST_BESIDE,
        key=f"beside-{'-'.join(names)}",
    )
    left, middle, right = st.columns(3)
    first = left.selectbox("Compared with", chosen or names, key=f"against-{'-'.join(chosen)}")
    machine = gpu_hours(*hardware(middle, right))
    made = [each for each in (answered(known[name]) for name in chosen) if each is not None]
    if not made:
        tell("Choose a scenario.")
        return
    told = [each.name for each in made]
    report(scenarios_blocks(made, told.index(first) if first in told else 0, machine))


narrow_hint()
st.header("Scenarios, side by side")
if not scenarios.kept():
    tell(
        "No scenario is kept yet. A scenario is a question under a name: keep the one on the page "
        "Mix here or there, change the question, keep it again, and compare."
    )
try:
    present = answers.about("answer", session.question())
except AtlasMixError as error:
    st.markdown(f"**{escaped(unanswered(error, 'The question on Mix'))}.**")
    refuse(error)
else:
    session.understood(present.short)
    scenarios.keep_present(present.problem, link=False)
scenarios.kept_rows()
beside()
with st.container(key="not-printed"):
    scenarios.files()
