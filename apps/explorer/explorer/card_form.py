"""The card of a table as a form: what a matrix or an inventory has to say of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import streamlit as st

from atlasmix.evidence.card import ORIENTATION, Card
from atlasmix.quantities import parse_quantity
from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT

_SHAPES: Final = {
    "": "long: source, target, score",
    "source": "square, its rows are sources",
    "target": "square, its rows are targets",
}
_STATUSES: Final = {
    "measured": "all measured",
    "predicted": "all predicted",
    "": "the column status says",
}
_DIAGONALS: Final[dict[float | Literal["table", "none"], str]] = {
    1.0: "1, as in BTS",
    "table": "in the table",
    "none": "not there",
}


def card_form(kind: str, key: str) -> Card:
    """The card that the form's fields make.

    Args:
        kind: ``matrix`` or ``inventory``.
        key: of the form.

    Raises:
        ProblemError: a size that is no number.
    """
    title = st.text_input(
        "Title", max_chars=200, key=f"card-title-{key}", placeholder="what it is, in a line"
    )
    card = _scores(title, key) if kind == "matrix" else Card(title=title)
    left, right = st.columns(2)
    source = left.text_input("Where it comes from", max_chars=500, key=f"card-source-{key}")
    licence = right.text_input("Licence", max_chars=200, key=f"card-licence-{key}")
    return replace(card, source=source.strip(), licence=licence.strip())


def _scores(title: str, key: str) -> Card:
    left, right = st.columns(2)
    metric = left.selectbox(
        "What was measured",
        [BTS, TRANSFER_WEIGHT],
        accept_new_options=True,
        key=f"card-metric-{key}",
        help="BTS, a transfer weight τ, or a name of your own: such scores need a calibration.",
    )
    direction = right.selectbox(
        "Better is", ["higher is better", "lower is better"], key=f"card-direction-{key}"
    )
    rows = left.selectbox(
        "The table is", list(_SHAPES), format_func=_SHAPES.__getitem__, key=f"card-rows-{key}"
    )
    status = right.selectbox(
        "The scores are",
        list(_STATUSES),
        format_func=_STATUSES.__getitem__,
        key=f"card-status-{key}",
    )
    diagonal = left.selectbox(
        "A language on itself",
        list(_DIAGONALS),
        format_func=_DIAGONALS.__getitem__,
        key=f"card-diagonal-{key}",
    )
    error = right.number_input(
        "Standard error of a score",
        min_value=0.0,
        value=0.05,
        step=0.01,
        format="%g",
        key=f"card-error-{key}",
        help="For rows that give none; in units of the score.",
    )
    params = left.text_input(
        "Parameters of the models", placeholder="500M", max_chars=20, key=f"card-params-{key}"
    )
    tokens = right.text_input(
        "Tokens of a run", placeholder="20B", max_chars=20, key=f"card-tokens-{key}"
    )
    statuses = [status] if status else ["measured", "predicted"]
    return Card(
        title=title,
        metric=str(metric or ""),
        orientation=ORIENTATION,
        direction=direction,
        diagonal=diagonal,
        status=status,
        rows=rows,
        stderr=tuple((word, float(error)) for word in statuses),
        parameters=_size(params, "parameters"),
        tokens=_size(tokens, "tokens"),
    )


def _size(text: str, what: str) -> float | None:
    return parse_quantity(text, what) if text.strip() else None
