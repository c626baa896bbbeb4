"""Transfer weights in pictures: one language's donors, a few languages as a heat map, both ways.

Each status of a pair has a symbol of its own (:data:`~atlasmix.report.figures.drawing.MARKS`), full
where somebody measured the pair, hollow where it is predicted or only completed from relatedness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from atlasmix.evidence.scores import COMPLETED, DEFINED, MISSING, PREDICTED, SEEN
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.report.evidence import helped, ranked
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    MARKS,
    canvas,
    make_room_for_legend,
    rows_height,
    sentence,
    sentences,
    sequential,
    unmarked,
)
from atlasmix.report.figures.transfer import add_frames, squares
from atlasmix.report.words import score_text
from atlasmix.transfer.model import TransferModel

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Role = Literal["donors", "recipients"]

_TITLE: Final = "τ, target tokens that<br>a token of the donor is worth"


def weights_chart(
    matrix: TransferMatrix, model: TransferModel, key: str, role: Role = "donors", most: int = 20
) -> Figure:
    """The best donors of a language, or whom it helps most, by τ with one standard error.

    Args:
        matrix: the scores.
        model: what they say under a law.
        key: the language.
        role: which side of the pairs is ranked_donors.
        most: how many are shown.
    """
    from plotly.graph_objects import Scatter

    pairs = ranked_pairs(model, key, role)[:most][::-1]
    figure = canvas(rows_height(len(pairs), legend=True) + 16, x=_TITLE)
    for status, mark in MARKS.items():
        some = [pair for pair in pairs if model.status[_place(model, pair)] == status]
        if not some:
            continue
        figure.add_trace(
            Scatter(
                x=_taus(model, some),
                y=[unmarked(name_of(_other(pair, role))) for pair in some],
                error_x=_doubt(model, some, mark.colour),
                customdata=sentences([weight_words(matrix, model, *pair) for pair in some]),
                **_points(status),
            )
        )
    names = [unmarked(name_of(_other(pair, role))) for pair in pairs]
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    make_room_for_legend(figure)
    return figure


def weights_map(
    matrix: TransferMatrix,
    model: TransferModel,
    order: Sequence[tuple[str, str]],
    dark: bool = False,
) -> Figure:
    """τ of every source (row) for every target (column), each cell marked by its status.

    Args:
        matrix: the scores.
        model: what they say under a law.
        order: (key, group) to show, in both directions; a line parts one group from the next.
        dark: whether the ground is dark.
    """
    from plotly.graph_objects import Scatter

    keys = [key for key, _ in order]
    rows = [model.index(key) for key in keys]
    status, weights = model.status[np.ix_(rows, rows)], model.weights[np.ix_(rows, rows)]
    shown = np.where((status == MISSING) | (status == DEFINED), np.nan, weights)
    words = [[sentence(weight_words(matrix, model, s, t)) for t in keys] for s in keys]
    bar = {
        "orientation": "h",
        "thickness": 10,
        "len": 0.5,
        "x": 1,
        "xanchor": "right",
        "y": 1,
        "yanchor": "bottom",
        "title": {"text": "τ, target tokens that a token is worth", "side": "top"},
    }
    figure = squares(order, shown, words, {"colorscale": sequential(dark), "colorbar": bar})
    completed, names = np.argwhere(status == COMPLETED), figure.data[0].x
    figure.add_trace(
        Scatter(
            x=[names[column] for _, column in completed],
            y=[names[row] for row, _ in completed],
            mode="markers",
            name="completed from relatedness (triangle)",
            marker={
                "symbol": MARKS[COMPLETED].symbol,
                "size": 7,
                "color": GREY,
                "line": {"width": 1.5},
            },
            hoverinfo="skip",  # the cell under it speaks
            showlegend=bool(completed.size),
        )
    )
    seen = [(row, column) for row, column in np.argwhere(np.isin(status, SEEN))]
    legend = "measured (framed)"
    if (status == PREDICTED).any():
        legend += "; no mark: predicted"
    add_frames(figure, order, seen, legend, dark)
    figure.update_layout(showlegend=True)
    return figure


def weights_both_ways(
    matrix: TransferMatrix, model: TransferModel, key: str, most: int = 20
) -> Figure:
    """How much a language gives others against how much they give it, the strongest pairs alone.

    Each point has one standard error both ways, and the mark of its less sure direction.

    Args:
        matrix: the scores.
        model: what they say under a law.
        key: the language.
        most: how many others are shown.
    """
    from plotly.graph_objects import Scatter

    name, others = unmarked(name_of(key)), strongest(model, key, most)
    figure = canvas(
        560, x=f"τ of {name} for the other language", y=f"τ of the other language for {name}"
    )
    pairs = {other: ((key, other), (other, key)) for other in others}
    span = [0.0, max(_taus(model, [each for both in pairs.values() for each in both]), default=1.0)]
    figure.add_trace(
        Scatter(
            x=span,
            y=span,
            mode="lines",
            name="the same both ways",
            line={"color": GREY, "dash": "dot"},
            hoverinfo="skip",
        )
    )
    for status, mark in MARKS.items():
        some = [both for both in pairs.values() if _doubted(model, both) == status]
        if not some:
            continue
        there, back = [both[0] for both in some], [both[1] for both in some]
        words = [" ".join(weight_words(matrix, model, *each) for each in both) for both in some]
        figure.add_trace(
            Scatter(
                x=_taus(model, there),
                y=_taus(model, back),
                error_x=_doubt(model, there, mark.colour),
                error_y=_doubt(model, back, mark.colour),
                customdata=sentences(words),
                **_points(status),
            )
        )
    places = {other: tuple(_taus(model, both)) for other, both in pairs.items()}
    told = _apart(places, span[1])
    figure.add_trace(
        Scatter(
            x=[places[other][0] for other in told],
            y=[places[other][1] for other in told],
            mode="text",
            text=[f"\u00a0{unmarked(name_of(other))}\u00a0" for other in told],
            # Away from the line, on which many of them lie.
            textposition=[
                "top left" if places[other][1] > places[other][0] else "bottom right"
                for other in told
            ],
            cliponaxis=False,
            showlegend=False,
            hoverinfo="skip",
        )
    )
    figure.update_xaxes(showgrid=True, rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    make_room_for_legend(figure)
    return figure


_NAMED_POINTS: Final = 8
_NAME_SIZE: Final = (0.16, 0.05)
"""Room of a name, in parts of the axes: our choice, so that no two lie on one another."""


def _apart(places: Mapping[str, tuple[float, ...]], span: float) -> list[str]:
    """The first points whose names have room beside those before them."""
    told: list[str] = []
    for other, here in places.items():
        clear = all(
            any(
                abs(mine - its) > room * span
                for mine, its, room in zip(here, places[before], _NAME_SIZE, strict=True)
            )
            for before in told
        )
        if clear and len(told) < _NAMED_POINTS:
            told.append(other)
    return told


def strongest(model: TransferModel, key: str, most: int) -> tuple[str, ...]:
    """The languages that a language helps most or is helped by most, greatest τ first."""
    others = {*ranked(model, key), *helped(model, key)}
    others -= {other for other in others if model.status[_place(model, (key, other))] == DEFINED}

    def worth(other: str) -> float:
        return max(_taus(model, ((key, other), (other, key))))

    return tuple(sorted(others, key=lambda other: (-round(worth(other), 6), other))[:most])


def ranked_pairs(model: TransferModel, key: str, role: Role) -> tuple[tuple[str, str], ...]:
    """(source, target) of the pairs of a language on one side, greatest τ first."""
    if role == "donors":
        return tuple((source, key) for source in ranked(model, key))
    return tuple((key, target) for target in helped(model, key))


def weight_words(matrix: TransferMatrix, model: TransferModel, source: str, target: str) -> str:
    """The weight of one pair, and what it rests on, in a sentence."""
    place, names = (model.index(source), model.index(target)), f"{name_of(source)} for"
    status = str(model.status[place])
    if source == target:
        return f"{name_of(source)} for itself: τ 1, the unit."
    names = f"{names} {name_of(target)}"
    if status == MISSING:
        return f"{names}: no evidence."
    if status == DEFINED:
        return f"{names}: τ 1, the same language in another script."
    said = f"{names}: τ {model.weights[place]:.2f} ±{model.stderr[place]:.2f}"
    if status == COMPLETED:
        return f"{said}, completed from relatedness: nobody scored it."
    score = matrix.pair(source, target)
    return (
        f"{said}, from {matrix.card.metric} {score.score:g}, "
        f"{score_text(score.status, score.stderr)}."
    )


def _points(status: str) -> dict[str, Any]:
    """Mark and legend of the points of one status."""
    mark, said = MARKS[status], ", with one standard error"
    names = {DEFINED: mark.words, COMPLETED: f"no score, {mark.words}{said}"}
    return {
        "mode": "markers",
        "name": names.get(status, f"score {mark.words}{said}"),
        "marker": {
            "symbol": mark.symbol,
            "size": 10,
            "color": mark.colour,
            "line": {"width": 2, "color": mark.colour},
        },
        "hovertemplate": HOVER,
    }


def _taus(model: TransferModel, pairs: Iterable[tuple[str, str]]) -> list[float]:
    return [float(model.weights[_place(model, pair)]) for pair in pairs]


def _doubted(model: TransferModel, pairs: Iterable[tuple[str, str]]) -> str:
    """The status of the pair that is known less well."""
    return max((str(model.status[_place(model, pair)]) for pair in pairs), key=list(MARKS).index)


def _doubt(model: TransferModel, pairs: Iterable[tuple[str, str]], colour: str) -> dict[str, Any]:
    """One standard error of τ; a weight is never below 0, nor is what is believed of it."""
    places = [_place(model, pair) for pair in pairs]
    return {
        "type": "data",
        "symmetric": False,
        "array": [float(model.stderr[place]) for place in places],
        "arrayminus": [
            min(float(model.stderr[place]), float(model.weights[place])) for place in places
        ],
        "thickness": 1.5,
        "width": 4,
        "color": colour,
    }


def _place(model: TransferModel, pair: tuple[str, str]) -> tuple[int, int]:
    return model.index(pair[0]), model.index(pair[1])


def _other(pair: tuple[str, str], role: Role) -> str:
    return pair[0] if role == "donors" else pair[1]
