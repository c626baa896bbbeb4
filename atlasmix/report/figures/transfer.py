"""Transfer matrices in pictures: the whole as a heat map, one language's donors, both directions.

Measured and predicted scores never look alike: a measured cell has a frame, a measured point is
filled, a predicted one hollow.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from atlasmix.evidence.scores import MEASURED, MISSING
from atlasmix.evidence.transfer_matrix import Agreement, Score, TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.report.evidence import ranked as ranked_donors
from atlasmix.report.figures.drawing import (
    BLUE,
    DONOR,
    GREY,
    HOVER,
    canvas,
    diverging,
    rows_height,
    sentence,
    sentences,
    sequential,
    unmarked,
)
from atlasmix.report.words import score_text
from atlasmix.text import first_few
from atlasmix.transfer.model import TransferModel

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CELL: Final = 19
_STATUSES: Final = ("measured", "predicted")


def heat_map(
    matrix: TransferMatrix, order: Sequence[tuple[str, str]], dark: bool = False
) -> Figure:
    """Every source (row) for every target (column); a frame marks the pairs that were measured.

    Args:
        matrix: the scores.
        order: (key, group) to show, in both directions; a line parts one group from the next.
        dark: whether the ground is dark.
    """
    from plotly.graph_objects import Heatmap, Scatter

    keys = [key for key, _ in order]
    rows = [matrix.index(key) for key in keys]
    names = [unmarked(name_of(key)) for key in keys]
    grid = np.ix_(rows, rows)
    scores, status = matrix.scores[grid], matrix.status[grid]
    shown = np.where((status == MISSING) | np.eye(len(rows), dtype=bool), np.nan, scores)
    # Two empty lines, because Plotly puts a title two lines too high under upright names: it keeps
    # the title away from the figure's edge, whatever its standoff or the margin.
    figure = canvas(max(len(order), 6) * _CELL + 230, x="<br><br>target (its loss counts)")
    figure.update_yaxes(title_text="source (trained on)")
    figure.update_layout(margin={"t": 86})  # legend and scale stand above, so that cells get width
    figure.add_trace(
        Heatmap(
            z=shown,
            x=names,
            y=names,
            customdata=[
                [_cell_sentence(matrix, source, target) for target in keys] for source in keys
            ],
            hovertemplate=HOVER,
            hoverongaps=False,
            xgap=1,
            ygap=1,
            **_scale(matrix, shown, dark),
        )
    )
    ink = "#FFFFFF" if dark else "#14181F"
    places = [(row, column) for row, column in np.argwhere(status == MEASURED) if row != column]
    figure.add_trace(
        Scatter(
            x=[None],
            y=[None],
            mode="markers",
            name="measured (framed); all others predicted",
            marker={"symbol": "square-open", "size": 11, "line": {"width": 2}, "color": ink},
            hoverinfo="skip",
            showlegend=bool(places) and bool((status == "predicted").any()),
        )
    )
    # Frames are drawn in cells, not in pixels: they fit on a phone too.
    figure.update_layout(
        shapes=[*_group_lines(order), *(_frame(row, column, ink) for row, column in places)]
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickangle=-90, showgrid=False)
    return figure


def _frame(row: int, column: int, ink: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": column - 0.4,
        "x1": column + 0.4,
        "y0": row - 0.4,
        "y1": row + 0.4,
        "line": {"color": ink, "width": 1.5},
    }


def _group_lines(order: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    line = {"type": "line", "line": {"color": GREY, "width": 1}}
    places = [
        place - 0.5 for place in range(1, len(order)) if order[place][1] != order[place - 1][1]
    ]
    across = [{**line, "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at} for at in places]
    down = [{**line, "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at} for at in places]
    return across + down


def donors_chart(
    matrix: TransferMatrix,
    key: str,
    role: Literal["donors", "recipients"] = "donors",
    most: int = 20,
) -> Figure:
    """The best donors of a language, or the languages it helps most, with one standard error."""
    from plotly.graph_objects import Scatter

    ranking = ranked(matrix, key, role)[:most][::-1]
    figure = canvas(rows_height(len(ranking), legend=True), x=unmarked(scale_title(matrix)))
    for status in _STATUSES:
        rows = [(other, score) for other, score in ranking if score.status == status]
        measured = status == MEASURED
        figure.add_trace(
            Scatter(
                x=[score.score for _, score in rows],
                y=[unmarked(name_of(other)) for other, _ in rows],
                mode="markers",
                name=f"{status}, with one standard error",
                error_x={
                    "type": "data",
                    "array": [_error(score) for _, score in rows],
                    "thickness": 1.5,
                    "width": 4,
                    "color": BLUE if measured else DONOR,
                },
                marker={
                    "symbol": "circle" if measured else "circle-open",
                    "size": 10,
                    "color": BLUE if measured else DONOR,
                    "line": {"width": 2, "color": BLUE if measured else DONOR},
                },
                customdata=sentences(
                    [_pair_sentence(matrix, key, other, score, role) for other, score in rows]
                ),
                hovertemplate=HOVER,
            )
        )
    names = [unmarked(name_of(other)) for other, _ in ranking]
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    figure.update_layout(showlegend=True)
    if matrix.card.range[0] < 0:
        figure.add_vline(x=0, line={"color": GREY, "dash": "dot", "width": 1.5})
    return figure


def ranked(matrix: TransferMatrix, key: str, role: str) -> tuple[tuple[str, Score], ...]:
    """Donors of a language, or its recipients, best first."""
    if role == "donors":
        return matrix.donors(key)
    scores = [(other, matrix.pair(key, other)) for other in matrix.keys if other != key]
    scores = [(other, score) for other, score in scores if score.status != MISSING]
    sign = -1.0 if matrix.card.higher_is_better else 1.0
    return tuple(sorted(scores, key=lambda each: (sign * each[1].score, each[1].stderr, each[0])))


def asymmetry(matrix: TransferMatrix, key: str = "") -> Figure:
    """How much A helps B against how much B helps A; a language named stands out.

    Scores are rounded, so many pairs fall on one point: its area tells how many.
    """
    from plotly.graph_objects import Scatter

    # Every pair stands on both sides of the line, so that no side is left to the alphabet.
    pairs = [
        (each, other, matrix.pair(each, other), matrix.pair(other, each))
        for each in matrix.keys
        for other in matrix.keys
        if each != other
    ]
    pairs = [pair for pair in pairs if MISSING not in (pair[2].status, pair[3].status)]
    metric, name = unmarked(matrix.card.metric), unmarked(name_of(key)) if key else "one"
    other = "the other language"
    figure = canvas(560, x=f"{metric} of {name} for {other}", y=f"{metric} of {other} for {name}")
    ends = [score.score for pair in pairs for score in pair[2:]] or [0.0, 1.0]
    span = [min(ends), max(ends)]
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
    for measured in (False, True):
        some = [
            pair for pair in pairs if (pair[2].status == pair[3].status == MEASURED) == measured
        ]
        at = Counter((round(there.score, 2), round(back.score, 2)) for _, _, there, back in some)
        figure.add_trace(
            Scatter(
                x=[point[0] for point in at],
                y=[point[1] for point in at],
                mode="markers",
                name="pairs measured both ways" if measured else "pairs predicted",
                marker={
                    "size": [6 + 3 * math.sqrt(count) for count in at.values()],
                    "color": GREY,
                    "symbol": "circle" if measured else "circle-open",
                    "line": {"width": 1.5},
                },
                customdata=[_point_sentence(some, point) for point in at],
                hovertemplate=HOVER,
            )
        )
    if key:
        _add_own(figure, matrix, key)
    figure.update_xaxes(showgrid=True)
    if matrix.card.range[0] < 0:
        for add in (figure.add_hline, figure.add_vline):
            add(0, line={"color": GREY, "width": 1})
    return figure


def _add_own(figure: Figure, matrix: TransferMatrix, key: str) -> None:
    from plotly.graph_objects import Scatter

    name = name_of(key)
    others = [other for other in matrix.keys if other != key]
    rows = [(other, matrix.pair(key, other), matrix.pair(other, key)) for other in others]
    rows = [row for row in rows if MISSING not in (row[1].status, row[2].status)]
    figure.add_trace(
        Scatter(
            x=[there.score for _, there, _ in rows],
            y=[back.score for _, _, back in rows],
            mode="markers",
            name=f"{unmarked(name)} for the other, and back",
            marker={
                "size": 11,
                "color": BLUE,
                "symbol": [
                    "diamond" if there.status == back.status == MEASURED else "diamond-open"
                    for _, there, back in rows
                ],
                "line": {"width": 2},
            },
            customdata=sentences(
                [
                    f"{name} for {name_of(other)}: {there.score:g} "
                    f"({score_text(there.status, there.stderr)}); {name_of(other)} for {name}: "
                    f"{back.score:g} ({score_text(back.status, back.stderr)})."
                    for other, there, back in rows
                ]
            ),
            hovertemplate=HOVER,
        )
    )


def agreement_figure(agreement: Agreement, first: TransferMatrix, second: TransferMatrix) -> Figure:
    """The pairs that two studies share, each study on its own axis."""
    from plotly.graph_objects import Scatter

    figure = canvas(
        480,
        x=f"{unmarked(first.card.metric)} in {unmarked(first.name)}",
        y=f"{unmarked(second.card.metric)} in {unmarked(second.name)}",
    )
    for measured in (False, True):  # the measured lie on top
        pairs = [
            pair
            for pair in agreement.pairs
            if (pair.first.status == pair.second.status == MEASURED) == measured
        ]
        figure.add_trace(
            Scatter(
                x=[pair.first.score for pair in pairs],
                y=[pair.second.score for pair in pairs],
                mode="markers",
                name="measured in both" if measured else "predicted in one or both",
                marker={
                    "symbol": "circle" if measured else "circle-open",
                    "size": 9,
                    "color": BLUE if measured else DONOR,
                    "line": {"width": 1.5},
                },
                customdata=sentences(
                    [
                        f"{name_of(pair.source)} for {name_of(pair.target)}: {pair.first.score:g} "
                        f"({pair.first.status}) in {first.name}, {pair.second.score:g} "
                        f"({pair.second.status}) in {second.name}."
                        for pair in pairs
                    ]
                ),
                hovertemplate=HOVER,
            )
        )
    figure.update_layout(showlegend=True)
    return figure


def scale_title(matrix: TransferMatrix) -> str:
    """The metric and which way is better, for an axis."""
    better = "higher" if matrix.card.higher_is_better else "lower"
    return f"{matrix.card.metric} ({better} is better)"


def _scale(matrix: TransferMatrix, shown: Any, dark: bool) -> dict[str, Any]:
    finite = shown[np.isfinite(shown)]
    bar: dict[str, Any] = {
        "orientation": "h",
        "thickness": 10,
        "len": 0.8,
        "x": 1,
        "xanchor": "right",
        "y": 1,
        "yanchor": "bottom",
        "title": {"text": unmarked(scale_title(matrix)), "side": "top"},
    }
    if matrix.card.range[0] < 0 and finite.size:
        # Scores reach further down than up: colours end at twice the best, what lies beyond is one.
        most = min(float(np.abs(finite).max()), 2 * max(float(finite.max()), 0.0)) or 1.0
        beyond = "\u2264 " if float(finite.min()) < -most else ""
        words = [f"{beyond}\u2212{most:g}", "0", f"{most:g}"]
        bar |= {"tickvals": [-most, 0, most], "ticktext": words}
        bar["title"]["text"] = f"{unmarked(matrix.card.metric)} below 0: orange,<br>above: blue"
        return {"colorscale": diverging(dark), "zmin": -most, "zmax": most, "colorbar": bar}
    return {"colorscale": sequential(dark), "colorbar": bar}


def _cell_sentence(matrix: TransferMatrix, source: str, target: str) -> str:
    if source == target:
        return sentence(f"{name_of(source)} for itself.")
    score = matrix.pair(source, target)
    return sentence(
        f"{name_of(source)} for {name_of(target)}: {matrix.card.metric} {score.score:g}, "
        f"{score_text(score.status, score.stderr)}."
    )


def _pair_sentence(matrix: TransferMatrix, key: str, other: str, score: Score, role: str) -> str:
    source, target = (other, key) if role == "donors" else (key, other)
    return (
        f"{name_of(source)} for {name_of(target)}: {matrix.card.metric} {score.score:g}, "
        f"{score_text(score.status, score.stderr)}."
    )


def _point_sentence(
    pairs: Sequence[tuple[str, str, Score, Score]], point: tuple[float, float]
) -> str:
    names = [
        f"{name_of(pair)} for {name_of(other)} and back"
        for pair, other, there, back in pairs
        if (round(there.score, 2), round(back.score, 2)) == point
    ]
    return sentence(f"{point[0]:g} and {point[1]:g}: {first_few(names, 4, 'pairs')}.")


def _error(score: Score) -> float:
    return score.stderr if math.isfinite(score.stderr) else 0.0


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
                y=[unmarked(name_of(_other(pair, role))) for pair, _ in places],
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
    names = [unmarked(name_of(_other(pair, role))) for pair in pairs]
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    return figure


def ranked_pairs(model: TransferModel, key: str, role: Role) -> tuple[tuple[str, str], ...]:
    """(source, target) of the pairs of a language on one side, greatest τ first."""
    if role == "donors":
        return tuple((source, key) for source in ranked_donors(model, key))
    row = model.index(key)
    rows = [
        (-round(float(model.weights[row, column]), 6), str(model.status[row, column]), other)
        for column, other in enumerate(model.keys)
        if row != column and model.status[row, column]
    ]
    return tuple((key, other) for _, _, other in sorted(rows))


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
