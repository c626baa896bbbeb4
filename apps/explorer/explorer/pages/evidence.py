"""Evidence: what lies on the shelf, where it has gaps, and one's own tables beside it."""

import streamlit as st
from explorer import asking, session
from explorer.showing import bullets, card, figure, narrow_hint, sections, table, tell
from explorer.uploads import own_tables

from atlasmix.evidence import DEFAULT_INVENTORY, list_published
from atlasmix.evidence.published import published_card
from atlasmix.languages import name_of
from atlasmix.views.coverage import coverage, coverage_table
from atlasmix.views.evidence_tables import (
    inventories_table,
    inventory_facts,
    matrices_table,
    pools_table,
    published_table,
    shares_table,
)
from atlasmix.views.figures.stock import stock_figure
from atlasmix.views.transfer_words import matrix_sentence
from atlasmix.views.words import named

_MOST_GAPS = 40


def gaps() -> None:
    """What the evidence has for the targets of the question."""
    st.subheader("What there is for your targets")
    found = asking.about("answer", session.question())
    rows = coverage(found.problem)
    table(coverage_table(rows), "Evidence on each target")
    st.caption(
        "May be read: unique tokens of the pools that the question allows. Not chosen: other pools "
        "of the inventory. Epochs alone: passes over its own text that would fill the budget. "
        "Donors: those with a transfer weight above 0 and a pool to read."
    )
    missing = [sentence for row in rows for sentence in row.gaps]
    st.subheader("Gaps")
    if missing:
        bullets(missing[:_MOST_GAPS])
    else:
        tell("None that we know of.")


def inventories() -> None:
    """Unique tokens per language and provenance, and the card."""
    tray = session.tray()
    names = list(tray.inventory_names())
    name = st.selectbox(
        "Token inventory",
        names,
        index=names.index(DEFAULT_INVENTORY),
        key="evidence-inventory",
        persist_state="session",
    )
    found = asking.inventory(name)
    keys = sorted(found.languages(), key=name_of)
    wanted = st.multiselect(
        "Languages",
        keys,
        format_func=named,
        placeholder="the 40 with most text",
        key=f"evidence-languages-{name}",
        max_selections=60,
    )
    pools = found.select(languages=wanted or None)
    alt = f"Unique tokens by language and provenance in {name}."
    figure(lambda: stock_figure(pools, wanted), "inventory", alt)
    with st.expander("Pools as a table", key="open-pools", on_change="rerun") as listed:
        if listed.open:
            table(pools_table(pools), f"Pools of {name}")
    card(name, found.card, inventory_facts(found))
    with st.expander("All inventories", key="open-inventories", on_change="rerun") as every:
        if every.open:
            table(inventories_table(tray.list_inventories()), "Inventories on the shelf")


def matrices() -> None:
    """Which matrices there are, and what their cards say."""
    tray = session.tray()
    table(matrices_table(tray.list_matrices()), "Matrices on the shelf")
    name = st.selectbox("Card of", tray.matrix_names(), key="evidence-matrix")
    found = asking.matrix(name)
    tell(matrix_sentence(found))
    card(name, found.card)


def mixtures() -> None:
    """Published mixtures of real models."""
    known = {one.name: one for one in list_published()}
    name = st.selectbox("Published mixture", list(known), key="evidence-mixture")
    one = known[name]
    tell(f"{one.model}, {one.stage} ({one.year}). Shares count {one.basis}; {one.status}.")
    tell(f"Source: {one.source}.", f"Note: {one.note}." if one.note else "")
    table(shares_table(one), f"Parts of {name}")
    with st.expander("All published mixtures"):
        table(published_table(list(known.values())), "Published mixtures")
    card("published mixtures", published_card())


SECTIONS = {
    "Gaps for your targets": gaps,
    "Token inventories": inventories,
    "Transfer matrices": matrices,
    "Published mixtures": mixtures,
    "Your own tables": own_tables,
}
narrow_hint()
st.header("What every number rests on")
sections("evidence-section", SECTIONS)
