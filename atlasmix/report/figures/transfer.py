"""Scores in pictures: the whole matrix as a heat map, one language's donors, both directions.

Measured and predicted scores never look alike: a measured cell has a frame, a measured point is
filled, a predicted one hollow.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from atlasmix.evidence.scores import MISSING, PREDICTED, SEEN
from atlasmix.evidence.transfer_matrix import Agreement, Score, TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.report.figures.drawing import (
    BLUE,
    DONOR,
    GREY,
    HOVER,
    MARKS,
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

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CELL: Final = 19
_FEW: Final = 12
_TALL_CELL: Final = 30


def heat_map(
    matrix: TransferMatrix, order: Sequence[tuple[str, str]], dark: bool = False
) -> Figure:
    """Every source (row) for every target (column); a frame marks the pairs that were measured.

    Args:
        matrix: the scores.
        order: (key, group) to show, in both directions; a line parts one group from the next.
        dark: whether the ground is dark.
    """
    keys = [key for key, _ in order]
    rows = [matrix.index(key) for key in keys]
    grid = np.ix_(rows, rows)
    scores, status = matrix.scores[grid], matrix.status[grid]
    shown = np.where((status == MISSING) | np.eye(len(rows), dtype=bool), np.nan, scores)
    words = [[_cell_sentence(matrix, source, target) for target in keys] for source in keys]
    figure = squares(order, shown, words, _scale(matrix, shown, dark))
    places = [(row, column) for row, column in np.argwhere(np.isin(status, SEEN)) if row != column]
    both = bool(places) and bool((status == PREDICTED).any())
    add_frames(
        figure, order, places, "measured (framed); all others predicted" if both else "", dark
    )
    return figure


def squares(
    order: Sequence[tuple[str, str]], shown: Any, words: list[list[str]], scale: dict[str, Any]
) -> Figure:
    """A heat map of sources (rows) and targets (columns).

    Args:
        order: (key, group) to show.
        shown: (n, n) values; nan leaves a cell empty.
        words: what each cell says.
        scale: colours and their bar.
    """
    from plotly.graph_objects import Heatmap

    names = [unmarked(name_of(key)) for key, _ in order]
    # Two empty lines, because Plotly puts a title two lines too high under upright names: it keeps
    # the title away from the figure's edge, whatever its standoff or the margin.
    # A few rows are as high as letters need, so that each has its name.
    tall = max(len(order) * _CELL, min(len(order), _FEW) * _TALL_CELL, 6 * _CELL)
    figure = canvas(tall + 230, x="<br><br>target (its loss counts)")
    figure.update_yaxes(title_text="source (trained on)")
    figure.update_layout(margin={"t": 86})  # legend and scale stand above, so that cells get width
    figure.add_trace(
        Heatmap(
            z=shown,
            x=names,
            y=names,
            customdata=words,
            hovertemplate=HOVER,
            hoverongaps=False,
            xgap=1,
            ygap=1,
            **scale,
        )
    )
    # Marks of some rows alone must not put these rows first.
    kept = {"categoryorder": "array", "categoryarray": names, "showgrid": False}
    every = {"tickmode": "linear", "tick0": 0, "dtick": 1}  # a row without its name says nothing
    figure.update_yaxes(autorange="reversed", **every, **kept)
    figure.update_xaxes(tickangle=-90, **every, **kept)
    return figure


def add_frames(
    figure: Figure,
    order: Sequence[tuple[str, str]],
    places: Iterable[tuple[int, int]],
    legend: str,
    dark: bool,
) -> None:
    """Frame the cells that somebody measured, and part the groups.

    Args:
        figure: of :func:`squares`.
        order: its languages.
        places: row and column of these cells.
        legend: what the legend says of a frame; empty: nothing.
        dark: whether the ground is dark.
    """
    from plotly.graph_objects import Scatter

    ink = "#FFFFFF" if dark else "#14181F"
    figure.add_trace(
        Scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=legend,
            marker={"symbol": "square-open", "size": 11, "line": {"width": 2}, "color": ink},
            hoverinfo="skip",
            showlegend=bool(legend),
        )
    )
    # Frames are drawn in cells, not in pixels: they fit on a phone too.
    figure.update_layout(
        shapes=[*_group_lines(order), *(_frame(row, column, ink) for row, column in places)]
    )


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
    for status, mark in MARKS.items():
        rows = [(other, score) for other, score in ranking if score.status == status]
        if not rows:
            continue
        figure.add_trace(
            Scatter(
                x=[score.score for _, score in rows],
                y=[unmarked(name_of(other)) for other, _ in rows],
                mode="markers",
                name=f"{mark.words}, with one standard error",
                error_x={
                    "type": "data",
                    "array": [_error(score) for _, score in rows],
                    "thickness": 1.5,
                    "width": 4,
                    "color": mark.colour,
                },
                marker={
                    "symbol": mark.symbol,
                    "size": 10,
                    "color": mark.colour,
                    "line": {"width": 2, "color": mark.colour},
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
        some = [pair for pair in pairs if _both_seen(pair[2], pair[3]) == measured]
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
                    "diamond" if _both_seen(there, back) else "diamond-open"
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
            pair for pair in agreement.pairs if _both_seen(pair.first, pair.second) == measured
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
    if score.status == MISSING:
        return sentence(f"{name_of(source)} for {name_of(target)}: no score.")
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


def _both_seen(score: Score, other: Score) -> bool:
    """Whether somebody measured both."""
    return score.status in SEEN and other.status in SEEN


def _error(score: Score) -> float:
    return score.stderr if math.isfinite(score.stderr) else 0.0
