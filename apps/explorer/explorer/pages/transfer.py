"""Transfer: what helps what, measured and predicted apart."""

import streamlit as st
from explorer import asking, session
from explorer.showing import (
    card,
    escaped,
    figure,
    is_dark,
    narrow_hint,
    refuse,
    sections,
    table,
    tell,
)

from atlasmix.errors import AtlasMixError
from atlasmix.evidence import DEFAULT_MATRIX, TransferMatrix
from atlasmix.evidence.agreement import agreement
from atlasmix.evidence.ordering import cluster_order, family_order
from atlasmix.languages import name_of
from atlasmix.views.evidence_tables import donors_table
from atlasmix.views.figures.transfer import agreement_figure, asymmetry, donors_chart, heat_map
from atlasmix.views.figures.world import donor_map
from atlasmix.views.transfer_words import agreement_sentence, matrix_sentence, role_sentence
from atlasmix.views.words import named

ORDERS = {"family": "By family", "cluster": "By what helps each other"}


def chosen_matrix() -> TransferMatrix:
    """The matrix of the sidebar; the page stops where it cannot be read."""
    names = list(session.tray().matrix_names())
    asked = session.question().get("matrix", DEFAULT_MATRIX)
    name = st.selectbox(
        "Transfer matrix",
        names,
        index=names.index(asked) if asked in names else 0,
        key="transfer-matrix",
        persist_state="session",
    )
    return asking.matrix(name)


def chosen_language(matrix: TransferMatrix) -> str:
    """The language of the sidebar; first the question's first target."""
    keys = sorted(matrix.keys, key=name_of)
    first = next((key for key in session.question().get("targets", {}) if key in keys), keys[0])
    return st.selectbox(
        "Language",
        keys,
        index=keys.index(first),
        format_func=named,
        key=f"transfer-language-{matrix.name}",
        persist_state="session",
        help="Type any name or code.",
    )


def one_language(matrix: TransferMatrix, key: str) -> None:
    """Donors and recipients, ranked."""
    name = name_of(key)
    st.subheader(escaped(f"Who helps {name}"))
    tell(role_sentence(matrix, key))
    alt = f"Donors of {name}, best first, with one standard error."
    figure(lambda: donors_chart(matrix, key, "donors"), "donors", alt)
    st.caption("The best 20 at most; the table at the end has all.")
    st.subheader(escaped(f"Whom {name} helps"))
    alt = f"Languages that {name} helps, most helped first, with one standard error."
    figure(lambda: donors_chart(matrix, key, "recipients"), "recipients", alt)
    with st.expander("All donors as a table"):
        table(donors_table(matrix, key), f"Donors of {name}")


def whole(matrix: TransferMatrix, key: str) -> None:
    """The heat map."""
    st.subheader("Every source for every target")
    tell(
        matrix_sentence(matrix),
        "A row is a language trained on, a column the language whose loss counts.",
    )
    order = st.segmented_control(
        "Order of the languages",
        list(ORDERS),
        format_func=lambda word: ORDERS[word],
        default="family",
        required=True,
        key="heat-order",
    )
    keys = cluster_order(matrix) if order == "cluster" else family_order(matrix)
    alt = f"Scores of {matrix.name}, source by target; framed cells were measured."
    figure(lambda: heat_map(matrix, keys, is_dark()), "matrix", alt, zoom=True)


def both_ways(matrix: TransferMatrix, key: str) -> None:
    """The asymmetry plot."""
    st.subheader("Does help go both ways?")
    name = name_of(key)
    tell(
        f"Above the dotted line, the other language helps {name} more than {name} helps it; below, "
        "less. Every pair stands twice, once in each order; a larger ring holds several pairs."
    )
    alt = f"Each pair of {matrix.name}: the score one way against the score the other way."
    figure(lambda: asymmetry(matrix, key), "asymmetry", alt, zoom=True)
    st.caption("Full: measured both ways. Hollow: predicted at least one way.")


def world(matrix: TransferMatrix, key: str) -> None:
    """The map of donors."""
    st.subheader(escaped(f"Where the strongest donors of {name_of(key)} are at home"))
    wide = st.toggle("Show the whole world", key="whole-world")
    alt = f"Map of the strongest donors of {name_of(key)}."
    figure(lambda: donor_map(matrix, key, whole_world=wide), "map", alt, zoom=True)
    st.caption(
        "An arc from each of the best donors, six at most; the wider, the more it helps; full "
        "where measured, dashed where predicted. Each grey dot is a language of the tables, at the "
        "one point where Glottolog puts it. Land: Natural Earth, without small islands."
    )


def two_matrices(matrix: TransferMatrix, key: str) -> None:
    """Another study on the same pairs."""
    st.subheader("What another study says of the same pairs")
    others = [name for name in session.tray().matrix_names() if name != matrix.name]
    if not others:
        tell("There is no other matrix to compare with.")
        return
    other = st.columns(2)[0].selectbox(
        "Compare with", others, key="transfer-other", persist_state="session"
    )
    second = asking.matrix(other)
    found = agreement(matrix, second)
    st.caption(escaped(f"{second.name}: {second.card.title}. {second.card.description}"))
    tell(agreement_sentence(found, matrix.name, second.name))
    alt = f"Scores of {matrix.name} against scores of {second.name} on shared pairs."
    figure(lambda: agreement_figure(found, matrix, second), "agreement", alt, zoom=True)


SECTIONS = {
    "One language": one_language,
    "Whole matrix": whole,
    "Both directions": both_ways,
    "Map": world,
    "Two matrices": two_matrices,
}
narrow_hint()
st.header("Which language helps which")
with st.sidebar:
    try:
        matrix = chosen_matrix()
    except AtlasMixError as error:
        refuse(error)
        st.stop()
    language = chosen_language(matrix)
with st.expander(f"What {escaped(matrix.card.metric)} means, and where the scores come from"):
    card(matrix.name, matrix.card)
sections("transfer-section", SECTIONS, matrix, language)
