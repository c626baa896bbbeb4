"""The parts of an answer on the page Mix, each from one or two functions of the library."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from atlasmix.errors import AtlasMixError, Infeasible
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.diff import diff, side_of_mixture
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.steps import Step, one_step
from atlasmix.problem.worlds import draws_of
from atlasmix.report.answer import (
    comparison_blocks,
    cost_sentence,
    effects_blocks,
    phases_blocks,
    prices_blocks,
    size_sentence,
    sizes_blocks,
    told_warnings,
)
from atlasmix.report.answer_tables import (
    baseline_sentences,
    breaking_table,
    donors_table,
    flat_in_mixture,
    flatness_note,
    flatness_table,
    mixture_table,
)
from atlasmix.report.answer_words import (
    caveat_sentences,
    effect_sentence,
    flat_sentence,
    headline,
    origin_sentences,
    proof_sentence,
)
from atlasmix.report.certainty import (
    DECAY,
    EXPONENT,
    donors_change,
    sensitivity_sentences,
    steps_by_constant,
    sure_sentences,
)
from atlasmix.report.collapse import collapse_blocks
from atlasmix.report.difference import diff_sentence, diff_tables, phase_moves_table
from atlasmix.report.figures.difference import diff_figure
from atlasmix.report.figures.effect import (
    sensitivity_figure,
)
from atlasmix.report.figures.mixture import (
    mixture_alt,
    mixture_bars,
    mixture_treemap,
    provenance_bar,
    provenance_shares,
)
from atlasmix.report.measuring import measuring_report
from atlasmix.report.overview import key_figures, mixture_strip, question_table
from atlasmix.report.shares import share_blocks, shares_table
from atlasmix.report.uncertainty import HEADING, uncertainty_blocks
from atlasmix.report.words import capital
from explorer import answers, session
from explorer.display import (
    band,
    before_use,
    bullets,
    escaped,
    figure,
    part,
    refuse,
    report,
    table,
    tell,
)
from explorer.downloads import downloads
from explorer.exporting import exports
from explorer.flows_part import flows_part
from explorer.forced_part import forced_part
from explorer.tasks import Answer

_MOST_STEPS = 60
_EFFECTIVE = "Effective: fresh tokens of the target that would do as much. "
_SHAPES = {
    "Bars": mixture_bars,
    "Areas by family": mixture_treemap,
}


def overview(answer: Answer) -> DeltaGenerator:
    """What keeps the answer from being one, then the answer, its proof and its key figures.

    Returns:
        The place under the caveats for what they call for, which takes a moment to try.
    """
    before_use(caveat_sentences(answer.mixture))
    place = st.container(key="advice-place")
    st.header(escaped(headline(answer.mixture)))
    size = answer.problem.allocation
    if size is not None:
        tell(size_sentence(size))
    tell(proof_sentence(answer.mixture), effect_sentence(answer.problem, answer.mixture))
    flat = flat_sentence(answer.problem, answer.mixture, answer.comparisons)
    tell(flat, cost_sentence(answer.mixture))
    band(mixture_strip(answer.mixture), mixture_alt(answer.mixture))
    figures = key_figures(answer.problem, answer.mixture)
    with st.container(horizontal=True, key="key-figures"):
        for each in figures:
            st.metric(escaped(each.label), each.value, help=escaped(each.meaning), border=True)
    if draws_of(answer.problem):
        st.toggle(
            "Intervals of shares and losses",
            key="intervals",
            persist_state="session",
            help="The answer is tried in draws of what nobody knows for certain: a second or more.",
        )
    return place


def advice_in(place: DeltaGenerator, answer: Answer) -> None:
    """What the caveats call for, each a button whose question is answered."""
    if answer.mixture.caveats:
        with place, suppress(AtlasMixError):  # then there is none, and the caveats stand alone
            step_buttons("advice", answers.about("advice", session.question()))


def with_intervals(answer: Answer) -> Answer:
    """The answer tried in draws, where its visitor asked for that; else as it is."""
    if not (st.session_state.get("intervals") and draws_of(answer.problem)):
        return answer
    with suppress(AtlasMixError):  # the tab on doubt says why there are none
        return replace(answer, mixture=answers.about("draws", session.question()))
    return answer


def mixture_part(answer: Answer) -> None:
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
    figure(lambda: draw(answer.mixture), "mixture", mixture_alt(answer.mixture))
    part(mixture_table(answer.mixture))
    st.caption(
        "Share, tokens: of all tokens read, repeats included. Epochs: passes over the pool. "
        "Unique: distinct tokens in the pool."
    )
    if answer.mixture.flatness and not flat_in_mixture(answer.mixture):
        st.subheader("How much each share matters")
        part(flatness_table(answer.mixture))
        tell(flatness_note())
    forced_part(answer)
    warnings = told_warnings(answer.mixture)
    if warnings:
        st.subheader("Know before you use it")
        bullets(f"{capital(warning)}." for warning in warnings)
    shares = provenance_shares(answer.mixture)
    st.subheader("Who wrote it")
    if len(shares) > 1:
        figure(lambda: provenance_bar(answer.mixture), "provenance", "Tokens read by provenance.")
    tell(*origin_sentences(answer.mixture))
    report(collapse_blocks(answer.problem, answer.mixture))
    if answer.mixture.phases:
        st.subheader("Phases of the run")
        report(phases_blocks(answer.problem, answer.mixture))


def effects(answer: Answer) -> None:
    """Predicted effect per target, against every baseline."""
    several = bool(answer.mixture.targets[1:])
    judged = answer.problem, answer.mixture, answer.comparisons
    st.subheader("Predicted effect, against what it would replace")
    report(comparison_blocks(*judged))
    effective = "" if several else _EFFECTIVE
    unit = escaped(answer.problem.law.unit)
    st.caption(f"{effective}Loss: {unit}. Most epochs: passes over the pool read most often.")
    broken = breaking_table(*judged)
    if broken is not None:
        st.subheader("Break a limit, so no alternatives")
        part(broken)
    with st.expander("What these mixtures are"):
        bullets(
            map(capital, baseline_sentences(comparison.name for comparison in answer.comparisons))
        )
    if answer.problem.allocation is not None:
        st.subheader("Other sizes at the same compute")
        report(sizes_blocks(answer.problem))
    st.subheader("By target")
    report(effects_blocks(answer.problem, answer.mixture))
    alone = "Alone: its loss were it the only target. " if several else ""
    st.caption(
        "Own share: part of the tokens read that is in the language itself. Capacity loss: what "
        "the size of the model leaves, the more the smaller the own share, by the exponent φ. Data "
        f"loss: what the effective tokens leave, own text and what donors give. {alone}Predicted "
        "by the law and the scores, not measured."
    )
    flows_part(answer)


def costs(answer: Answer) -> None:
    """The price of each limit, and a button for each change worth trying."""
    if answer.mixture.prices:
        st.subheader("What a little more would give")
        report(prices_blocks(answer.problem, answer.mixture))
        unit = "" if answer.problem.objective == "worst" else answer.problem.law.unit
        objective = f"the predicted loss ({escaped(unit)})" if unit else "the largest ratio"
        st.caption(
            f"Each change on its own, as long as it is small. Objective: change of {objective}; "
            "below 0 is better."
        )
    elif answer.problem.objective == "worst":
        tell(
            "No limit has a price here: under the objective of the worst-off target, what each "
            "could have alone moves with budget and pools."
        )
    else:
        tell("No limit costs anything here.")
    st.subheader("Change one thing")
    st.caption("One click asks the changed question; the tab Before and after shows what moved.")
    step_buttons("step", one_step(answer.problem)[:_MOST_STEPS])


def after_refusal(error: AtlasMixError) -> None:
    """What the refused question could be changed to, each a button whose question is answered."""
    named = error.conflict if isinstance(error, Infeasible) else ()
    with suppress(AtlasMixError):  # then there is no advice, and the refusal stands by itself
        told = answers.about("advice after", session.question(), error.field or "", list(named))
        if told:
            tell("These changes have an answer:")
            step_buttons("advice", told)


def step_buttons(key: str, steps: Sequence[Step]) -> None:
    """A button for each changed question; one click asks it."""
    with st.container(horizontal=True):
        for number, step in enumerate(steps):
            st.button(
                f"{escaped(step.limit)}: {escaped(step.change)}",
                key=f"{key}-{number}",
                on_click=_take_step,
                args=(step,),
                icon=":material/arrow_forward:",
            )


def _take_step(step: Step) -> None:
    session.step(step.question)
    st.session_state.section = "Before and after"


def before_and_after(answer: Answer) -> None:
    """What moved since the question that the changes began with."""
    if session.before() == session.question():
        tell("Nothing has changed yet: move a control, or take a step under What limits cost.")
        return
    earlier: Answer = answers.about("answer", session.before())
    sides = [
        side_of_mixture(each.mixture, unit=each.problem.law.unit) for each in (earlier, answer)
    ]
    moved = diff(*sides)
    st.subheader(escaped(diff_sentence(moved)))
    table(question_table(earlier.problem, answer.problem), "What was asked, before and after")
    figure(lambda: diff_figure(moved), "before-and-after", "Shares before and after.")
    languages, targets = diff_tables(moved)
    table(targets, "Predicted effect before and after")
    table(languages, "Shares before and after")
    if moved.phases:
        names = ("before", "after", "moved")
        table(phase_moves_table(moved.phases, names), "Shares of each phase, before and after")
    with st.container(horizontal=True):
        if session.changes():
            st.button("Undo", on_click=session.undo, icon=":material/undo:")
        if session.changes() > 1:
            st.button("Undo all", on_click=session.undo_all, icon=":material/restart_alt:")
        st.button("Compare from here on", on_click=session.settle, icon=":material/flag:")


def how_sure(answer: Answer) -> None:
    """Reasons for each share and donor, what other constants would change, what it rests on."""
    _shares(answer)
    st.subheader("Why these donors")
    reasons = answers.about("reasons", session.question())
    part(donors_table(answer.problem, reasons))
    st.caption(
        "In: read. Out: next in line. Score: of the transfer matrix, with one standard error. τ: "
        "target tokens that a token of the donor is worth. The last column says at which score the "
        "donor would leave or enter."
    )
    st.subheader("Does the answer depend on what is least certain?")
    steps = answers.about("steps", session.question())
    bullets(sensitivity_sentences(answer.problem, steps))
    for constant, name in ((DECAY, "decay"), (EXPONENT, "exponent")):
        if donors_change(steps_by_constant(steps).get(constant, ())):
            alt = f"Which donors are read over the range of {constant}."
            draw = partial(sensitivity_figure, answer.problem, steps, constant)
            figure(draw, f"sensitivity-{name}", alt)
            st.caption(
                f"The range of {constant} is that of published estimates; the dotted line is what "
                "this answer uses."
            )
    st.subheader("What it rests on")
    bullets(sure_sentences(answer.problem, answer.mixture))
    _intervals(answer)
    _measuring(answer)


def _shares(answer: Answer) -> None:
    """Why each share is what it is, and all of it on one language."""
    st.subheader("Why each share, and not one point more or less")
    told = answers.about("shares", session.question())
    part(shares_table(answer.problem, told))
    known = [reason.language for reason in told]
    languages = {pool.language for pool in answer.problem.pools}
    others = sorted(languages.difference(known), key=name_of)
    chosen = st.selectbox(
        "Tell me of one language",
        [*known, *others],
        format_func=name_of,
        key="share-of",
        help="Every language with text here, those left out last.",
    )
    if chosen in others:
        told = answers.about("shares", session.question(), (chosen,))
    for reason in told:
        if reason.language == chosen:
            report(share_blocks(answer.problem, reason))


def _measuring(answer: Answer) -> None:
    """Which pairs to measure next, for whoever asks."""
    st.subheader("What to measure next")
    if not st.toggle(
        "Work out which pairs are worth a run", key="measuring", persist_state="session"
    ):
        tell("The pairs whose scores would lower the regret of this mixture most: some seconds.")
        return
    try:
        plan = answers.about("plan", session.question())
    except AtlasMixError as error:
        refuse(error)
        return
    report(measuring_report(answer.problem, plan).blocks)


def _intervals(answer: Answer) -> None:
    """What the answer loses, and what else would be best, in draws of what nobody knows."""
    if not draws_of(answer.problem):
        st.subheader(HEADING)
        tell(
            "Not drawn here: a question as large as this one, or with a limit on donors, takes "
            "minutes. 'draws: 64' in the question asks for them, with 'atlasmix solve'."
        )
        return
    try:
        tried: Mixture = answers.about("draws", session.question())
    except AtlasMixError as error:
        st.subheader(HEADING)
        refuse(error)
        return
    report(uncertainty_blocks(answer.problem, tried))
    st.caption(
        "Low, middle, high: 5, 50 and 95 of 100 draws lie at or below it. Best in 90 of 100: the "
        "share in the best mixture of each draw, without the 5 lowest and highest. Read in: part "
        "of the draws whose best mixture reads it."
    )


def export_part(answer: Answer) -> None:
    """Everything a visitor can keep."""
    downloads(answer)
    exports(answer)
