"""Evidence: what lies on the shelf, where it has gaps, and one's own tables beside it."""

import streamlit as st
from explorer import answers, session
from explorer.display import (
    bullets,
    card,
    escaped,
    figure,
    narrow_hint,
    say_facts,
    sections,
    table,
    tell,
)
from explorer.language_page import SECTION, close_language, one_language, open_language
from explorer.uploads import own_tables
from streamlit.delta_generator import DeltaGenerator

from atlasmix.evidence.published import list_published, published_card
from atlasmix.evidence.shelf import DEFAULT_INVENTORY, DEFAULT_MATRIX
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.kinds import LawCard
from atlasmix.laws.shelf import DEFAULT_LAW, law_cards
from atlasmix.report.evidence import (
    coverage,
    coverage_table,
    inventories_table,
    inventory_facts,
    matrices_table,
    matrix_sentence,
    pools_table,
    published_table,
    shares_table,
)
from atlasmix.report.figures.mixture import published_figure, stock_figure
from atlasmix.report.laws import law_constants, law_facts, laws_table
from atlasmix.report.words import named

_MOST_GAPS = 40


def gaps() -> None:
    """What the evidence has for the targets of the question."""
    st.subheader("What there is for your targets")
    st.caption("Targets, pools and budget are those of the page Mix.")
    answer = answers.about("answer", session.question())
    rows = coverage(answer.problem)
    table(coverage_table(rows), "Evidence on each target")
    st.caption(
        "May be read: unique tokens of the pools that the question allows. Not chosen: other pools "
        "of the inventory. Epochs alone: passes over its own text that would fill the budget. "
        "Measured, predicted: scores of other languages for it, by how they were obtained. "
        "Donors: those with a pool to read that count for more than the doubt about their score."
    )
    missing = [sentence for row in rows for sentence in row.gaps]
    st.subheader("Gaps")
    if missing:
        bullets(missing[:_MOST_GAPS])
    else:
        tell("None that we know of.")


def inventories() -> None:
    """Unique tokens per language and provenance, and the card."""
    overlay = session.overlay()
    names = list(overlay.inventory_names())
    left, right = st.columns(2)
    name = left.selectbox(
        "Token inventory",
        names,
        index=names.index(DEFAULT_INVENTORY),
        key="evidence-inventory",
        persist_state="session",
    )
    inventory = answers.inventory(name)
    keys = sorted(inventory.languages(), key=name_of)
    wanted = right.multiselect(
        "Languages",
        keys,
        format_func=named,
        placeholder="the 40 with most text",
        key=f"evidence-languages-{name}",
        max_selections=60,
        select_all=False,
    )
    pools = inventory.select(languages=wanted or None)
    alt = f"Unique tokens by language and provenance in {name}."
    figure(lambda: stock_figure(pools, wanted), "inventory", alt)
    st.caption("Each step of the axis is ten times the text. Full: counted. Hollow: estimated.")
    with st.expander("Pools as a table", key="open-pools", on_change="rerun") as listed:
        if listed.open:
            table(pools_table(pools), f"Pools of {name}")
    card(name, inventory.card, inventory_facts(inventory))
    with st.expander("All inventories", key="open-inventories", on_change="rerun") as every:
        if every.open:
            table(inventories_table(overlay.list_inventories()), "Inventories on the shelf")


def matrices() -> None:
    """Which matrices there are, and what their cards say."""
    overlay = session.overlay()
    table(matrices_table(overlay.list_matrices()), "Matrices on the shelf")
    names = list(overlay.matrix_names())
    first = names.index(DEFAULT_MATRIX) if DEFAULT_MATRIX in names else 0
    name = _half().selectbox("Card of", names, index=first, key="evidence-matrix")
    matrix = answers.matrix(name)
    tell(matrix_sentence(matrix))
    card(name, matrix.card)


def mixtures() -> None:
    """Published mixtures of real models."""
    known = {each.name: each for each in list_published()}
    name = _half().selectbox("Published mixture", list(known), key="evidence-mixture")
    mixture = known[name]
    tell(
        f"{mixture.model}, {mixture.stage} ({mixture.year}). Shares count {mixture.basis}; "
        f"{mixture.status}."
    )
    tell(f"Source: {mixture.source}.", f"Note: {mixture.note}." if mixture.note else "")
    alt = f"Shares of the training data of {mixture.model}, {mixture.stage}."
    figure(lambda: published_figure(mixture), "published", alt)
    with st.expander("All its parts as a table", key="open-parts", on_change="rerun") as parts:
        if parts.open:
            table(shares_table(mixture), f"Parts of {name}")
    with st.expander("All published mixtures", key="open-mixtures", on_change="rerun") as every:
        if every.open:
            table(published_table(list(known.values())), "Published mixtures")
    card("published mixtures", published_card())


def laws() -> None:
    """The laws that turn tokens into a predicted loss, and what each was measured on."""
    st.subheader("From tokens to a predicted loss")
    cards = (*answers.own_laws(), *law_cards(session.overlay()))
    table(laws_table(cards), "Laws on the shelf")
    whole = {name: each for name, each in cards if isinstance(each, LawCard)}
    name = _half().selectbox(
        "Card of the law",
        list(whole),
        index=list(whole).index(DEFAULT_LAW),
        key="evidence-law",
        persist_state="session",
    )
    law = whole[name]
    with st.container(border=True):
        st.markdown(f"**{escaped(law.title or law.name)}**")
        say_facts(law_facts(law, "'Loss law'"))
        table(law_constants(law), f"Constants of {law.name}")
        tell(f"Intervals: {law.intervals_are}." if law.intervals_are else "")


def _half() -> DeltaGenerator:
    """The left half of the page: a short list needs no more."""
    return st.columns(2)[0]


SECTIONS = {
    "Gaps for your targets": gaps,
    SECTION: one_language,
    "Token inventories": inventories,
    "Transfer matrices": matrices,
    "Published mixtures": mixtures,
    "Loss laws": laws,
    "Your own tables": own_tables,
}
narrow_hint()
st.header("What every number rests on")
open_language("evidence-section")
sections("evidence-section", SECTIONS)
if st.session_state["evidence-section"] != SECTION:
    close_language()
