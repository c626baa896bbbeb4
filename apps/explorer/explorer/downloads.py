"""What a visitor takes home from the page Mix: files, a command, a link."""

from __future__ import annotations

import streamlit as st

from atlasmix.problem.command import needs_file, solve_command
from atlasmix.problem.link import short_question
from atlasmix.recipe.file import dump_question, dump_recipe
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.interop import mixture_csv, phases_csv
from explorer import session
from explorer.display import escaped
from explorer.tasks import Answer


def downloads(answer: Answer) -> None:
    """Recipe, question, table; the command and the link that ask it again."""
    problem, mixture = answer.problem, answer.mixture
    question = short_question(problem)
    st.subheader("Files")
    with st.container(horizontal=True):
        _file(
            "Recipe (YAML)",
            lambda: dump_recipe(make_recipe(problem, mixture, answer.comparisons)),
            "recipe.yaml",
            "primary",
        )
        _file("Mixture (CSV)", lambda: mixture_csv(mixture), "mixture.csv")
        if mixture.phases:
            _file("Phases (CSV)", lambda: phases_csv(problem, mixture), "phases.csv")
        _file("Question (YAML)", lambda: dump_question(question), "problem.yaml")
    st.caption(
        "atlasmix check recipe.yaml solves the recipe again and says whether it still holds."
    )
    st.subheader("Ask it again on the command line")
    st.code(solve_command(question), language=None, wrap_lines=True)
    if needs_file(question):
        st.caption("It reads problem.yaml, which is the question above.")
    own = [name for _, name, _, _ in session.overlay().entries]
    if own:
        st.caption(
            f"Evidence of your own ({escaped(', '.join(own))}) has to be in the store there: "
            "atlasmix matrices add, atlasmix inventory add."
        )
    st.subheader("Hand it on as a link")
    text = st.query_params.get("q", "")
    if text:
        st.code(f"{st.context.url}?q={_quoted(text)}", language=None, wrap_lines=True)
    else:
        st.caption(
            "This question is too long for a link or rests on evidence of your own: hand on "
            "problem.yaml."
        )


def _file(label: str, made: object, name: str, kind: str = "secondary") -> None:
    st.download_button(
        label,
        made,  # type: ignore[arg-type]
        file_name=name,
        mime="text/csv" if name.endswith("csv") else "application/yaml",
        key=f"download-{name}",
        on_click="ignore",
        type=kind,  # type: ignore[arg-type]
        icon=":material/download:",
    )


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="{}:,")
