"""The parts of an answer on the page Mix, each from one or two functions of the library."""

from __future__ import annotations

from functools import partial

import streamlit as st

from atlasmix.problem.steps import Step, one_step
from atlasmix.report.answer import (
    closed_form_sentence,
    cost_sentence,
    size_proof,
    size_sentence,
    sizes_table,
    told_warnings,
)
from atlasmix.report.answer_tables import (
    baseline_sentences,
    breaking_table,
    comparison_table,
    donors_table,
    effects_table,
    flat_in_mixture,
    flatness_note,
    flatness_table,
    mixture_table,
    phases_sentence,
    phases_table,
    prices_table,
)
from atlasmix.report.answer_words import (
    better_than_alone_sentence,
    caveat_sentences,
    effect_sentence,
    headline,
    penalty_sentence,
    proof_sentence,
)
from atlasmix.report.certainty import (
    DECAY,
    EXPONENT,
    sensitivity_sentences,
    steps_by_constant,
    sure_sentences,
)
from atlasmix.report.chips import mixture_strip
from atlasmix.report.difference import movement, movement_sentence, movement_tables
from atlasmix.report.figures.difference import movement_figure
from atlasmix.report.figures.effect import (
    effect_figure,
    flatness_figure,
    prices_figure,
    sensitivity_figure,
)
from atlasmix.report.figures.mixture import (
    mixture_alt,
    mixture_bars,
    mixture_treemap,
    provenance_bar,
    provenance_shares,
)
from atlasmix.report.figures.phases import phases_alt, phases_figure
from atlasmix.report.key_figures import key_figures
from atlasmix.report.question import question_table
from atlasmix.report.recipes import phase_rows_table
from explorer import asking, session
from explorer.downloads import downloads
from explorer.exporting import exports
from explorer.showing import (
    before_use,
    bullets,
    capital,
    escaped,
    figure,
    part,
    strip,
    table,
    tell,
)
from explorer.tasks import Answer

_MOST_STEPS = 60
_EFFECTIVE = "Effective: fresh tokens of the target that would do as much. "
_SHAPES = {
    "Bars": mixture_bars,
    "Areas by family": mixture_treemap,
    "What each may be": flatness_figure,
}


def overview(found: Answer) -> None:
    """What keeps the answer from being one, then the answer, its proof and its key figures."""
    before_use(caveat_sentences(found.mixture))
    st.header(escaped(headline(found.mixture)))
    size = found.problem.allocation
    if size is not None:
        tell(size_sentence(size))
    tell(proof_sentence(found.mixture), effect_sentence(found.problem, found.mixture))
    tell(cost_sentence(found.mixture))
    strip(mixture_strip(found.mixture), mixture_alt(found.mixture))
    figures = key_figures(found.problem, found.mixture)
    with st.container(horizontal=True, key="key-figures"):
        for one in figures:
            st.metric(escaped(one.label), one.value, help=escaped(one.meaning), border=True)


def mixture_part(found: Answer) -> None:
    """Shares as bars or areas, every pool, who wrote it, what to know, phases."""
    shape = st.segmented_control(
        "Show shares as",
        list(_SHAPES),
        default="Bars",
        required=True,
        key="shape",
        persist_state="session",
        label_visibility="collapsed",
    )
    draw = _SHAPES.get(shape, mixture_bars)
    alt = mixture_alt(found.mixture)
    if draw is flatness_figure:
        alt = f"What the share of each language may be; a table of this page has it. {alt}"
    figure(lambda: draw(found.mixture), "mixture", alt)
    part(mixture_table(found.mixture), "What is read of each pool")
    st.caption(
        "Share, tokens: of all tokens read, repeats included. Epochs: passes over the pool. "
        "Unique: distinct tokens in the pool."
    )
    if found.mixture.flatness and not flat_in_mixture(found.mixture):
        st.subheader("How much each share matters")
        table(flatness_table(found.mixture), "What the share of each language may be")
        tell(flatness_note())
    warnings = told_warnings(found.mixture)
    if warnings:
        st.subheader("Know before you use it")
        bullets(f"{capital(one)}." for one in warnings)
    shares = provenance_shares(found.mixture)
    st.subheader("Who wrote it")
    if len(shares) > 1:
        figure(lambda: provenance_bar(found.mixture), "provenance", "Tokens read by provenance.")
    else:
        tell(*(f"All of it is {kind.replace('_', '-')} text." for kind in shares))
    if found.mixture.phases:
        phases(found)


def phases(found: Answer) -> None:
    """What each phase of the run reads, and why so."""
    st.subheader("Phases of the run")
    figure(lambda: phases_figure(found.mixture), "phases", phases_alt(found.mixture))
    part(phases_table(found.mixture), "What each phase reads of each pool")
    tell(phases_sentence(found.problem, found.mixture))


def effects(found: Answer) -> None:
    """Predicted effect per target, against every baseline."""
    several = bool(found.mixture.targets[1:])
    asked = found.problem, found.mixture, found.comparisons
    st.subheader("Predicted effect, against what it would replace")
    alt = "Predicted effect of this mixture and of each baseline."
    figure(lambda: effect_figure(*asked), "effect", alt)
    part(comparison_table(*asked), "Baselines within the limits")
    effective = "" if several else _EFFECTIVE
    unit = escaped(found.problem.law.unit)
    st.caption(f"{effective}Loss: {unit}. Most epochs: passes over the pool read most often.")
    broken = breaking_table(*asked)
    if broken is not None:
        st.subheader("Break a limit, so no alternatives")
        part(broken, "Baselines that break a limit")
    with st.expander("What these mixtures are"):
        bullets(map(capital, baseline_sentences(one.name for one in found.comparisons)))
    if found.problem.allocation is not None:
        sizes(found)
    st.subheader("By target")
    table(effects_table(found.mixture), "Predicted effect on each target")
    alone = "Alone: its loss were it the only target. " if several else ""
    st.caption(
        "Own share: part of the tokens read that is in the language itself. Capacity loss: what "
        "the size of the model leaves, the more the smaller the own share, by the exponent φ. Data "
        f"loss: what the effective tokens leave, own text and what donors give. {alone}Predicted "
        "by the law and the scores, not measured."
    )
    tell(penalty_sentence(found.problem, found.mixture), better_than_alone_sentence(found.mixture))


def sizes(found: Answer) -> None:
    """Other sizes at the same compute, and how good the chosen one is proved to be."""
    size = found.problem.allocation
    if size is not None:
        st.subheader("Other sizes at the same compute")
        table(sizes_table(size), "Other sizes at the same compute")
        tell(size_proof(size), closed_form_sentence(found.problem, size))


def costs(found: Answer) -> None:
    """The price of each limit, and a button for each change worth trying."""
    if found.mixture.prices:
        st.subheader("What a little more would give")
        alt = "What loosening each limit by a little would give, to first order."
        unit = "" if found.problem.objective == "worst" else found.problem.law.unit
        figure(lambda: prices_figure(found.mixture.prices, unit=unit), "prices", alt)
        table(prices_table(found.mixture.prices), "The price of each limit")
        objective = f"the predicted loss ({escaped(unit)})" if unit else "the largest ratio"
        st.caption(
            f"Each change on its own, as long as it is small. Objective: change of {objective}; "
            "below 0 is better."
        )
    elif found.problem.objective == "worst":
        tell(
            "No limit has a price here: under the objective of the worst-off target, what each "
            "could have alone moves with budget and pools."
        )
    else:
        tell("No limit costs anything here.")
    st.subheader("Change one thing")
    st.caption("One click asks the changed question; the tab Before and after shows what moved.")
    with st.container(horizontal=True):
        for number, step in enumerate(one_step(found.problem)[:_MOST_STEPS]):
            _step_button(number, step)


def _step_button(number: int, step: Step) -> None:
    st.button(
        f"{escaped(step.limit)}: {escaped(step.change)}",
        key=f"step-{number}",
        on_click=_take_step,
        args=(step,),
        icon=":material/arrow_forward:",
    )


def _take_step(step: Step) -> None:
    session.step(step.question)
    st.session_state.section = "Before and after"


def before_and_after(found: Answer) -> None:
    """What moved since the question that the changes began with."""
    if session.before() == session.question():
        tell("Nothing has changed yet: move a control, or take a step under What limits cost.")
        return
    earlier: Answer = asking.about("answer", session.before())
    moved = movement(earlier.mixture, found.mixture)
    st.subheader(escaped(movement_sentence(moved)))
    table(question_table(earlier.problem, found.problem), "What was asked, before and after")
    figure(lambda: movement_figure(moved), "before-and-after", "Shares before and after.")
    languages, targets = movement_tables(moved)
    table(targets, "Predicted effect before and after")
    table(languages, "Shares before and after")
    if moved.phases:
        names = ("before", "after", "moved")
        table(phase_rows_table(moved.phases, names), "Shares of each phase, before and after")
    with st.container(horizontal=True):
        if session.changes():
            st.button("Undo", on_click=session.undo, icon=":material/undo:")
        if session.changes() > 1:
            st.button("Undo all", on_click=session.undo_all, icon=":material/restart_alt:")
        st.button("Compare from here on", on_click=session.settle, icon=":material/flag:")


def how_sure(found: Answer) -> None:
    """Reasons for each donor, what other constants would change, and what the evidence is."""
    st.subheader("Why these donors")
    reasons = asking.about("reasons", session.question())
    part(donors_table(found.problem, reasons), "Donors, in and out")
    st.caption(
        "In: read. Out: next in line. Score: of the transfer matrix, with one standard error. τ: "
        "target tokens that a token of the donor is worth. The last column says at which score the "
        "donor would leave or enter."
    )
    st.subheader("Does the answer depend on what is least certain?")
    steps = asking.about("steps", session.question())
    bullets(sensitivity_sentences(found.problem, steps))
    for constant, name in ((DECAY, "decay"), (EXPONENT, "exponent")):
        if any(step.donors for step in steps_by_constant(steps).get(constant, ())):
            alt = f"Which donors are read over the range of {constant}."
            draw = partial(sensitivity_figure, found.problem, steps, constant)
            figure(draw, f"sensitivity-{name}", alt)
            st.caption(
                f"The range of {constant} is that of published estimates; the dotted line is what "
                "this answer uses."
            )
    st.subheader("What it rests on")
    bullets(sure_sentences(found.problem, found.mixture))
    st.subheader("Not answered yet")
    st.caption(
        "Intervals on each predicted loss and how often each donor stays; an index of collapse for "
        "machine-made text; which pairs to measure next. They will stand here."
    )


def take_home(found: Answer) -> None:
    """Everything a visitor can keep."""
    downloads(found)
    exports(found)
