"""Transfer weights of one language in a picture: what each donor's text is worth, and how surely.

Weights that rest on measured scores are filled, those on predicted ones hollow; none lies below 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from atlasmix.evidence import TransferMatrix
from atlasmix.evidence.transfer import MEASURED
from atlasmix.languages import name_of
from atlasmix.transfer import TransferModel
from atlasmix.views.evidence_tables import ranked
from atlasmix.views.figures.drawing import HOVER, canvas, plain, rows_height, sentences
from atlasmix.views.figures.palette import BLUE, DONOR
from atlasmix.views.words import score_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Role = Literal["donors", "recipients"]

_STATUSES: Final = ("measured", "predicted")
_TITLE: Final = "τ, target tokens that<br>a token of the donor is worth"


def weights_chart(
    matrix: TransferMatrix, model: TransferModel, key: str, role: Role = "donors", most: int = 20
) -> Figure:
    """The best donors of a language, or whom it helps most, by τ with one standard error.

    Args:
        matrix: the scores.
        model: what they say under a law.
        key: the language.
        role: which side of the pairs is ranked.
        most: how many are shown.
    """
    from plotly.graph_objects import Scatter

    pairs = ranked_pairs(model, key, role)[:most][::-1]
    figure = canvas(rows_height(len(pairs), legend=True) + 16, x=_TITLE)
    for status in _STATUSES:
        places = [
            (pair, (model.index(pair[0]), model.index(pair[1])))
            for pair in pairs
            if model.status[model.index(pair[0]), model.index(pair[1])] == status
        ]
        colour = BLUE if status == MEASURED else DONOR
        figure.add_trace(
            Scatter(
                x=[float(model.weights[place]) for _, place in places],
                y=[plain(name_of(_other(pair, role))) for pair, _ in places],
                mode="markers",
                name=f"score {status}, with one standard error",
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [float(model.stderr[place]) for _, place in places],
                    # A weight is never below 0, nor is what is believed of it.
                    "arrayminus": [
                        min(float(model.stderr[place]), float(model.weights[place]))
                        for _, place in places
                    ],
                    "thickness": 1.5,
                    "width": 4,
                    "color": colour,
                },
                marker={
                    "symbol": "circle" if status == MEASURED else "circle-open",
                    "size": 10,
                    "color": colour,
                    "line": {"width": 2, "color": colour},
                },
                customdata=sentences([weight_words(matrix, model, *pair) for pair, _ in places]),
                hovertemplate=HOVER,
            )
        )
    names = [plain(name_of(_other(pair, role))) for pair in pairs]
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    return figure


def ranked_pairs(model: TransferModel, key: str, role: Role) -> tuple[tuple[str, str], ...]:
    """(source, target) of the pairs of a language on one side, greatest τ first."""
    if role == "donors":
        return tuple((source, key) for source in ranked(model, key))
    row = model.index(key)
    found = [
        (-round(float(model.weights[row, column]), 6), str(model.status[row, column]), other)
        for column, other in enumerate(model.keys)
        if row != column and model.status[row, column]
    ]
    return tuple((key, other) for _, _, other in sorted(found))


def weight_words(matrix: TransferMatrix, model: TransferModel, source: str, target: str) -> str:
    """The weight of one pair, and the score that it rests on, in a sentence."""
    place, score = (model.index(source), model.index(target)), matrix.pair(source, target)
    return (
        f"{name_of(source)} for {name_of(target)}: τ {model.weights[place]:.2f} "
        f"±{model.stderr[place]:.2f}, from {matrix.card.metric} {score.score:g}, "
        f"{score_text(score.status, score.stderr)}."
    )


def _other(pair: tuple[str, str], role: Role) -> str:
    return pair[0] if role == "donors" else pair[1]
