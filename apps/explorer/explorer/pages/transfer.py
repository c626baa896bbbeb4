"""Transfer: what helps what, measured and predicted apart."""

from functools import partial

import streamlit as st
from explorer import answers, session
from explorer.display import (
    bullets,
    card,
    escaped,
    figure,
    is_dark,
    narrow_hint,
    refuse,
    sections,
    table,
    tell,
    wide_only,
)

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.shelf import LAWS
from atlasmix.evidence.transfer_matrix import TransferMatrix, agreement, cluster_order, family_order
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.language import SUBJECTS
from atlasmix.report.evidence import (
    agreement_sentence,
    donors_table,
    exponent_words,
    matrix_sentence,
    notes_on_weights,
    nothing_sentence,
    pairs_table,
    ranked,
    role_sentence,
    weights_table,
)
from atlasmix.report.figures.network import transfer_network
from atlasmix.report.figures.transfer import (
    agreement_figure,
    asymmetry,
    donors_chart,
    heat_map,
)
from atlasmix.report.figures.weights import weights_both_ways, weights_chart, weights_map
from atlasmix.report.figures.world import donor_map
from atlasmix.report.words import capital, named
from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT
from atlasmix.transfer.model import TransferModel

# Our choices of what can be read at once, where relatedness completes the matrix: donors of a
# language that are told, best donors of each chosen one in the heat map, chosen ones (with their
# donors about as many rows as studies score), and pairs of both directions.
MOST, BEST, MOST_CHOSEN = 40, 8, 5
MOST_BOTH_WAYS = 20
MOST_PAIRS = 40  # of the list that a phone has in the place of a heat map
SHOWN = {"scored": "Those with scores", "chosen": "Some, and their best donors"}
ORDERS = {"family": "By family", "cluster": "By what helps each other"}


def chosen_matrix() -> TransferMatrix:
    """The matrix of the sidebar; the page stops where it cannot be read."""
    overlay = session.overlay()
    names = [*overlay.matrix_names(), *overlay.names(LAWS)]  # a law holds the weights of its runs
    usual = session.matrix_name()
    name = st.selectbox(
        "Transfer matrix",
        names,
        index=names.index(usual) if usual in names else 0,
        key="transfer-matrix",
        persist_state="session",
    )
    return answers.matrix(name)


def chosen_language(matrix: TransferMatrix) -> str:
    """The language of the sidebar; first the question's first target."""
    keys = languages(matrix)
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


def languages(matrix: TransferMatrix) -> list[str]:
    """Those that a matrix speaks of, by name: of code and mathematics a prior says nothing."""
    silent = SUBJECTS if matrix.card.prior else ()
    return sorted((key for key in matrix.keys if key not in silent), key=name_of)


def weights_of(matrix: TransferMatrix, keys: list[str], most: int) -> TransferModel | None:
    """Weights and exponents under the question's law; None where the scores need a calibration.

    Args:
        matrix: the scores.
        keys: where relatedness completes them, the languages that are spoken of.
        most: how many of the best donors of each.
    """
    question = session.question()
    named = {"matrix": matrix.name}
    if "law" in question:
        named["law"] = question["law"]
    if "calibration" in question and session.matrix_name() == matrix.name:
        named["calibration"] = question["calibration"]
    if "calibration" not in named and matrix.card.metric not in (BTS, TRANSFER_WEIGHT):
        return None
    some = (sorted(keys), most) if matrix.card.prior else ()
    model: TransferModel = answers.about("weights", named, *some)
    return model


def one_language(matrix: TransferMatrix, key: str) -> None:
    """Donors and recipients, ranked by what their text is worth, else by their scores."""
    name, model = name_of(key), weights_of(matrix, [key], MOST)
    donors_alt = f"Donors of {name}, best first, with one standard error."
    recipients_alt = f"Languages that {name} helps, most helped first, with one standard error."
    st.subheader(escaped(f"Who helps {name}"))
    if model is None:
        tell(role_sentence(matrix, key), scores_alone(matrix))
        figure(lambda: donors_chart(matrix, key, "donors"), "donors", donors_alt)
    else:
        tell(exponent_words(model, key), role_sentence(matrix, key))
        tell(nothing_sentence(model, key))
        figure(lambda: weights_chart(matrix, model, key), "donors", donors_alt)
    whole = model is None or not model.is_completed
    st.caption(
        "The best 20 at most; the table under it has all."
        if whole
        else f"The best 20; the table under it has the best {MOST} and all that have a score."
    )
    with st.expander("All donors as a table" if whole else "More donors as a table"):
        if model is None:
            table(donors_table(matrix, key), f"Donors of {name}")
        else:
            table(weights_table(matrix, model, key), f"Donors of {name}")
    if model is not None:
        bullets(map(capital, notes_on_weights(model, key)))
    st.subheader(escaped(f"Whom {name} helps"))
    if model is None:
        figure(lambda: donors_chart(matrix, key, "recipients"), "recipients", recipients_alt)
    else:
        draw = partial(weights_chart, matrix, model, key, "recipients")
        figure(draw, "recipients", recipients_alt)


def scores_alone(matrix: TransferMatrix) -> str:
    """Why there are no weights."""
    return (
        f"{matrix.card.metric} is no transfer weight: a question needs 'Calibration', and none "
        "stands in that of the page Mix."
    )


def whole(matrix: TransferMatrix, key: str) -> None:
    """The heat map: of scores, or of the weights of a few languages."""
    st.subheader("Every source for every target")
    tell(matrix_sentence(matrix))
    with wide_only("axes"):
        tell("A row is a language trained on, a column the language whose loss counts.")
    if matrix.card.prior and _which() == "chosen":
        _few(matrix, key)
        return
    with wide_only("order"):
        order = st.segmented_control(
            "Order of the languages",
            list(ORDERS),
            format_func=lambda word: ORDERS[word],
            default="family",
            required=True,
            key="heat-order",
        )
    scored = matrix.part(())
    keys = cluster_order(scored) if order == "cluster" else family_order(scored)
    alt = f"Scores of {matrix.name}, source by target; framed cells were measured."
    draw = partial(heat_map, scored, keys, is_dark())
    figure(draw, "matrix", alt, zoom=True, narrow=pairs_table(scored, MOST_PAIRS))


def _which() -> str:
    """Which languages of a completed matrix the heat map shows: all would be a grain a pair."""
    chosen: str = st.segmented_control(
        "Languages",
        list(SHOWN),
        format_func=lambda word: SHOWN[word],
        default="scored",
        required=True,
        key="heat-languages",
    )
    return chosen


def _few(matrix: TransferMatrix, key: str) -> None:
    """Weights among some languages and their best donors."""
    chosen = st.multiselect(
        "Languages of the heat map",
        languages(matrix),
        default=[key],
        format_func=named,
        key=f"heat-chosen-{matrix.name}-{key}",
        max_selections=MOST_CHOSEN,
        select_all=False,
        help=f"At most {MOST_CHOSEN}; the best {BEST} donors of each stand beside them.",
    )
    if not chosen:
        tell("Choose a language to see its donors.")
        return
    model = weights_of(matrix, chosen, BEST)
    if model is None:
        tell(scores_alone(matrix))
        return
    near = {*chosen, *(donor for each in chosen for donor in ranked(model, each)[:BEST])}
    shown = [pair for pair in family_order(matrix) if pair[0] in near]
    alt = f"Transfer weights of {matrix.name}, source by target; framed cells were measured."
    draw = partial(weights_map, matrix, model, shown, is_dark())
    pairs = pairs_table(matrix, MOST_PAIRS, model, (key for key, _ in shown))
    figure(draw, "weights", alt, zoom=True, narrow=pairs)
    with wide_only("marks"):
        st.caption(
            "Framed: measured. Triangle: no score, completed from relatedness. Neither: predicted "
            "by the study. Empty: a language and itself. A cell that is pointed at tells its "
            "standard error."
        )


def both_ways(matrix: TransferMatrix, key: str) -> None:
    """The asymmetry plot: of all scores, or where relatedness completes them of the best pairs."""
    st.subheader("Does help go both ways?")
    name = name_of(key)
    above = (
        f"Above the dotted line, the other language helps {name} more than {name} helps it; below, "
        "less."
    )
    model = weights_of(matrix, [key], MOST) if matrix.card.prior else None
    if model is not None:
        tell(above, f"The {MOST_BOTH_WAYS} strongest pairs of {name}, one standard error each way.")
        alt = f"Strongest pairs of {name}: τ one way against τ the other way."
        draw = partial(weights_both_ways, matrix, model, key, MOST_BOTH_WAYS)
        figure(draw, "asymmetry", alt, zoom=True)
        st.caption(
            "The mark of a pair is that of the direction that is known less well; full: measured "
            "both ways."
        )
        return
    tell(above, "Every pair stands twice, once in each order; a larger ring holds several pairs.")
    alt = f"Each pair of {matrix.name}: the score one way against the score the other way."
    scored = matrix.part({key})
    figure(lambda: asymmetry(scored, key), "asymmetry", alt, zoom=True)
    st.caption("Full: measured both ways. Hollow: predicted at least one way.")


def world(matrix: TransferMatrix, key: str) -> None:
    """The map of donors."""
    st.subheader(escaped(f"Where the strongest donors of {name_of(key)} are at home"))
    wide = st.toggle("Show the whole world", key="whole-world")
    alt = f"Map of the strongest donors of {name_of(key)}."
    model = weights_of(matrix, [key], MOST)
    draw = partial(donor_map, matrix, key, whole_world=wide, model=model)
    figure(draw, "map", alt, zoom=True)
    st.caption(
        "An arc from each of the best donors, six at most; the wider, the more it helps, and the "
        "pale band around it is one standard error wider. Full where measured, dashed where "
        "predicted, dotted where there is no score and relatedness completes it. Each grey dot is "
        "a language of the tables, at the one point where Glottolog puts it. Land: Natural Earth, "
        "without small islands."
    )


def network(matrix: TransferMatrix, key: str) -> None:
    """A language among its best donors, with what is sure and what is not."""
    name = name_of(key)
    st.subheader(escaped(f"{name} among its best donors"))
    model = weights_of(matrix, [key], BEST)
    if model is None:
        tell(scores_alone(matrix))
        return
    alt = f"{name} in the middle, its best donors round it; a link is as wide as what it gives."
    figure(partial(transfer_network, matrix, model, key), "network", alt, zoom=True)
    st.caption(
        "A link is as wide as τ, and as strong in colour as it is sure; full where measured, "
        "dashed where predicted, dotted where relatedness completes it. Relatives stand side by "
        "side. Links between donors are drawn where they are nearly as strong as the strongest to "
        "the middle."
    )


def _says_more(matrix: TransferMatrix, other: TransferMatrix) -> bool:
    """Whether another matrix has scores of its own of the same pairs."""
    return other.card.metric != matrix.card.metric


def two_matrices(matrix: TransferMatrix, key: str) -> None:
    """Another study on the same pairs."""
    st.subheader("What another study says of the same pairs")
    others = [name for name in session.overlay().matrix_names() if name != matrix.name]
    if not others:
        tell("There is no other matrix to compare with.")
        return
    # One that holds the same scores has nothing to say of them.
    first = next((name for name in others if _says_more(matrix, answers.matrix(name))), others[0])
    other = st.columns(2)[0].selectbox(
        "Compare with",
        others,
        index=others.index(first),
        key="transfer-other",
        persist_state="session",
    )
    second = answers.matrix(other)
    # Languages that neither study scored take no part, and there may be hundreds of them.
    ranks = agreement(matrix.part(()), second.part(()))
    st.caption(escaped(f"{second.name}: {second.card.title}. {second.card.description}"))
    tell(agreement_sentence(ranks, matrix.name, second.name))
    alt = f"Scores of {matrix.name} against scores of {second.name} on shared pairs."
    figure(lambda: agreement_figure(ranks, matrix, second), "agreement", alt, zoom=True)


SECTIONS = {
    "One language": one_language,
    "Whole matrix": whole,
    "Both directions": both_ways,
    "Map": world,
    "Network": network,
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
