"""Provenance: who wrote what is read, what machine text risks, donor or synthetic, an audit."""

from functools import partial

import streamlit as st
from explorer import answers, session
from explorer.audit_opening import an_audit
from explorer.display import before_use, figure, narrow_hint, report, sections, tell
from explorer.provenance_form import provenance_form

from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import caveat_sentences, headline, origin_sentences
from atlasmix.report.collapse import collapse_blocks
from atlasmix.report.figures.mixture import provenance_bar
from atlasmix.report.figures.routes import routes_figure
from atlasmix.report.provenance import writers_blocks
from atlasmix.report.routes import routes_blocks


def what_is_read() -> None:
    """The answer by who wrote it, and what that risks."""
    answer = answers.about("answer", session.question())
    before_use(caveat_sentences(answer.mixture))
    tell(headline(answer.mixture))
    figure(lambda: provenance_bar(answer.mixture), "provenance", "Tokens read by provenance.")
    report(writers_blocks(answer.problem, answer.mixture))
    tell(*origin_sentences(answer.mixture))
    risk = collapse_blocks(answer.problem, answer.mixture)
    report(risk)
    if not risk:
        st.subheader("Machine text, and what it risks")
        tell(
            "The targets read none. Add translated, rephrased or generated text on the left to see "
            "what it would give and what theory says of it."
        )


def donor_or_synthetic() -> None:
    """What the next tokens of every kind are worth, by how many are read."""
    st.subheader("What would the next tokens be worth?")
    answer = answers.about("answer", session.question())
    outlooks = answers.about("routes", session.question())
    alt = "Fresh human tokens that a token of each route is worth, by the tokens read more."
    figure(partial(routes_figure, outlooks), "routes", alt)
    st.caption(
        "Every route begins from the best mixture of human text. Dashed: text that a machine "
        "writes. Bars: 90 of 100 draws of what nobody knows, the worth of machine text included."
    )
    steps = {outlook.step: outlook for outlook in outlooks}
    step = st.segmented_control(
        "Tokens read more",
        list(steps),
        format_func=format_quantity,
        default=list(steps)[1],
        required=True,
        key="routes-step",
    )
    report(routes_blocks(answer.problem, steps[step]))


SECTIONS = {
    "What is read": what_is_read,
    "Donor or synthetic": donor_or_synthetic,
    "An audit": an_audit,
}
narrow_hint()
st.header("Who wrote what is read")
with st.sidebar:
    provenance_form()
sections("provenance-section", SECTIONS)
