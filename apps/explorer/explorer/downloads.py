"""What a visitor exports from the page Mix: files, a command, a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.shelf import LAWS
from atlasmix.problem.command import needs_file, solve_command
from atlasmix.problem.link import short_question
from atlasmix.recipe.file import dump_question, dump_recipe
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.answer import answer_report
from atlasmix.report.findings import Findings
from atlasmix.report.interop import mixture_csv, phases_csv
from atlasmix.report.report import Report
from explorer import answers, session
from explorer.display import escaped
from explorer.tasks import Answer
from explorer.workers import Workers

_KINDS: Final = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".md": "text/markdown",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".zip": "application/zip",
}


def downloads(answer: Answer) -> None:
    """Recipe, report, table, question; the command and the link that ask it again."""
    problem, mixture = answer.problem, answer.mixture
    question = short_question(problem)
    law = session.overlay().law_file(problem.law.name)
    st.subheader("Files")
    with st.container(horizontal=True):
        file_button(
            "Recipe (YAML)",
            lambda: dump_recipe(make_recipe(problem, mixture, answer.comparisons)),
            "recipe.yaml",
            "primary",
        )
        file_button(
            "Report (HTML)",
            partial(report_page, answers.workers(), answer, question, session.overlay()),
            "report.html",
        )
        file_button("Mixture (CSV)", lambda: mixture_csv(mixture), "mixture.csv")
        if mixture.phases:
            file_button("Phases (CSV)", lambda: phases_csv(problem, mixture), "phases.csv")
        file_button("Question (YAML)", lambda: dump_question(question), "problem.yaml")
        if law is not None:
            file_button("Law (YAML)", law.decode, problem.law.name)
    st.caption(
        "atlasmix check recipe.yaml solves the recipe again and says whether it still holds. The "
        "report is one page for others, with figures and sources; it takes a few seconds to make."
    )
    st.subheader("Ask it again on the command line")
    _command(question)
    st.subheader("Hand it on as a link")
    text = st.query_params.get("q", "")
    if text:
        st.code(f"{st.context.url}?q={_quoted(text)}", language=None, wrap_lines=True)
    else:
        st.caption(
            "This question is too long for a link or rests on evidence of your own: hand on "
            "problem.yaml."
        )


def elsewhere(question: Mapping[str, Any]) -> None:
    """How a question that is too heavy here is asked where nothing limits it.

    Args:
        question: in its shortest form.
    """
    st.subheader("Ask it on the command line, which has no limit")
    file_button("Question (YAML)", lambda: dump_question(dict(question)), "problem.yaml")
    _command(question)


def _command(question: Mapping[str, Any]) -> None:
    """The command that asks a question, and what has to lie where it is asked."""
    st.code(solve_command(question), language=None, wrap_lines=True)
    if needs_file(question):
        st.caption("It reads problem.yaml, which is the question above.")
    law = question.get("law")
    if isinstance(law, str) and session.overlay().law_file(law) is not None:
        st.caption(
            f"The law {escaped(law)} was learned from runs of your own: its file has "
            "to lie in the folder where the recipe or the question is opened."
        )
    own = [name for folder, name, _, _ in session.overlay().entries if folder != LAWS.folder]
    if own:
        st.caption(
            f"Evidence of your own ({escaped(', '.join(own))}) has to be in the store there: "
            "atlasmix matrices add, atlasmix inventory add."
        )


def report_page(
    made: Workers, answer: Answer, question: Mapping[str, Any], overlay: Overlay
) -> str:
    """The whole answer as the page that the command line writes, which asks nothing of any other.

    It is called when somebody asks for the file, outside of any visitor's script.

    Args:
        made: the workers, which find out what stands on no part of the page.
        answer: what is told.
        question: it in short.
        overlay: the evidence that it rests on.
    """

    def result_of(task: str) -> Any:
        return made.ask(task, question, overlay, light=False)

    return whole_report(answer, question, result_of).html()


TOLD: Final = ("reasons", "steps", "models", "shares", "advice", "draws")
"""The tasks whose results a report tells."""


def whole_report(answer: Answer, question: Mapping[str, Any], find: Callable[[str], Any]) -> Report:
    """The whole answer as the report of the command line.

    Args:
        answer: what is told.
        question: it in short.
        find: the result of a task about the question; None leaves out what it would tell.
    """
    findings = Findings(
        answer.comparisons,
        reasons=find("reasons") or (),
        steps=find("steps") or (),
        published=find("models") or (),
        shares=find("shares") or (),
        advice=(find("advice") or ()) if answer.mixture.caveats else (),
        command=solve_command(question),
    )
    return answer_report(answer.problem, find("draws") or answer.mixture, findings)


def file_button(
    label: str,
    content: Callable[[], str | bytes],
    name: str,
    kind: str = "secondary",
    icon: str = "download",
    meaning: str | None = None,
) -> None:
    """A button that hands out a file, which is made when somebody asks for it.

    Args:
        label: of the button.
        content: of the file; it is called outside of any visitor's script.
        name: of the file, one a page.
        kind: of the button.
        icon: of Material Symbols.
        meaning: its help.
    """
    st.download_button(
        label,
        content,
        file_name=name,
        mime=_KINDS[name[name.rindex(".") :]],
        key=f"download-{name}",
        on_click="ignore",
        type=kind,  # type: ignore[arg-type]
        icon=f":material/{icon}:",
        help=meaning,
    )


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="{}:,")
