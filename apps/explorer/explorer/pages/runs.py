"""Own runs: a table of runs, the laws they teach, the best mixture, and what to run next."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import streamlit as st
from explorer import answers
from explorer.display import (
    bullets,
    figure,
    narrow_hint,
    refuse,
    report,
    sections,
)
from explorer.downloads import file_button
from explorer.law_taking import take_law
from explorer.model_laws import with_models
from explorer.run_tasks import ReadRuns
from explorer.runs_form import SentRuns, learn_question, sent_runs, tag, wish

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.mixture_file import dump_mixture
from atlasmix.fitting.law_file import law_mapping, law_text
from atlasmix.fitting.learning import Learned
from atlasmix.fitting.predictions import mixtures_csv
from atlasmix.mixture.learned_answer import LearnedAnswer, MixtureWish, mixture_file
from atlasmix.mixture.next_runs import NextRuns
from atlasmix.report.figures.learning import held_out_figure, learned_shares_figure
from atlasmix.report.learning import (
    LearnedReport,
    headline,
    laws_blocks,
    learning_page,
    mixture_blocks,
    planned_blocks,
    reading_notes,
    warning_blocks,
)
from atlasmix.report.words import capital

NEXT = (1, 2, 4, 8, 16)
_EVERY = "all sets"


class Told(NamedTuple):
    """What was learned of which tables, and under which key it is kept; ``runs`` is theirs."""

    read: ReadRuns
    learned: Learned
    key: str
    runs: str
    shipped: bool


def learned_of(sent: SentRuns) -> Told:
    """Read the tables, say how, and learn from them."""
    question, keep = learn_question()
    key = f"{sent.key()} {keep}"
    read: ReadRuns = answers.kept_as(
        key, sent.shipped, "read runs", sent.names, keep, *sent.contents
    )
    whole = f"{key} {question!r}"
    learned = answers.kept_as(whole, sent.shipped, "learn runs", read.runs, question)
    return Told(read, learned, whole, key, sent.shipped)


def laws(told: Told) -> None:
    """Every law on runs that it never saw: a figure, a table, the constants."""
    learned = with_models(told.learned, told.runs, told.shipped)
    st.subheader("Predicted against measured, each run unseen")
    left, right = st.columns(2)
    sets, names = learned.runs.sets, [each.name for each in learned.judged]
    shown = left.selectbox("Evaluation set", [_EVERY, *sets], key=f"runs-set-{tag(sets)}")
    law = right.selectbox("Predicted by", names, key=f"runs-shown-law-{tag(names)}")
    alone = "" if shown == _EVERY else shown
    alt = f"Loss predicted by {law} against loss measured, {shown}, every run held out."
    figure(partial(held_out_figure, learned, alone, law), "held-out", alt, zoom=True)
    st.caption(
        "Each point is a run that the fit did not see. On the dotted line it was predicted as it "
        "was measured; with one set chosen, the grey band is the interval of a new mixture."
    )
    report(laws_blocks(learned))


def mixture(told: Told) -> None:
    """The best mixture within the limits, its proof and its doubt."""
    learned = told.learned
    answer = _answer(told, wish(learned))
    alt = "Share of each source, the range in which it is as good, and the best run."
    report(warning_blocks(learned, answer))
    figure(partial(learned_shares_figure, learned, answer), "learned-shares", alt)
    report(mixture_blocks(learned, answer))
    given = learned.question.constants_from
    take_law(learned, told.read, f"{told.runs} {given!r} as a law", told.shipped)


def _answer(told: Told, wanted: MixtureWish) -> LearnedAnswer:
    """The mixture of a wish, and the wish that the other tabs go by."""
    st.session_state["runs-wanted"] = (told.key, wanted)
    answer: LearnedAnswer = answers.kept_as(
        _key(told, wanted), told.shipped, "learned mixture", told.learned, wanted
    )
    return answer


def _key(told: Told, *more: object) -> str:
    return " ".join([told.key, *map(repr, more)])


def _wanted(told: Told) -> MixtureWish:
    """What the tab of the mixture asked for last of these runs; without it no limits."""
    of, wanted = st.session_state.get("runs-wanted", ("", MixtureWish()))
    return wanted if of == told.key else MixtureWish()


def following(told: Told) -> None:
    """The runs that would tell most."""
    wanted = _wanted(told)
    answer = _answer(told, wanted)
    count = st.segmented_control("Runs to plan", NEXT, default=4, required=True, key="runs-next")
    planned: NextRuns = answers.kept_as(
        _key(told, wanted, count), told.shipped, "next runs", told.learned, answer, count
    )
    report(planned_blocks(planned))
    file_button(
        "These mixtures (CSV)",
        lambda: mixtures_csv(planned.sources, planned.mixtures, planned.size_columns),
        "next-runs.csv",
        "primary",
    )
    st.caption(
        "Train them as the other runs were trained, add their losses to the table, and bring it "
        "again. The limits are those of the tab 'Best mixture'. atlasmix design writes the files "
        "of a training framework for such a table."
    )


def files(told: Told) -> None:
    """What is exported."""
    learned, tables = told.learned, told.read.tables
    answer = _answer(told, _wanted(told))
    st.subheader("Files")
    with st.container(horizontal=True):
        file_button(
            "Mixture (YAML)",
            lambda: dump_mixture(mixture_file(learned, answer, "learned", tables)),
            "learned-mixture.yaml",
            "primary",
        )
        file_button(
            "Law (YAML)",
            lambda: law_text(law_mapping(learned, "learned", tables)),
            "learned-law.yaml",
        )
        file_button(
            "Report (HTML)",
            lambda: learning_page(LearnedReport(learned, answer, tables)).html(),
            "learned-report.html",
        )
    st.caption(
        "atlasmix lint and atlasmix compare take the mixture; atlasmix learn takes the law, and "
        "predicts the losses of other mixtures. Both files hold the names "
        "and SHA-256 of the tables they rest on."
    )


SECTIONS = {
    "Laws compared": laws,
    "Best mixture": mixture,
    "Runs to train next": following,
    "Files": files,
}
narrow_hint()
st.header("What your own runs say")
sent = sent_runs()
if sent is None:
    st.caption("Bring a table to see what its runs say.")
    st.stop()
try:
    told = learned_of(sent)
except AtlasMixError as error:
    refuse(error)
    st.stop()
report([headline(told.learned)])
with st.expander("How the runs were read", expanded=True):
    bullets(map(capital, reading_notes(LearnedReport(told.learned, None, told.read.tables))))
sections("runs-section", SECTIONS, told)
