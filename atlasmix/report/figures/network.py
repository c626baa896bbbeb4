"""A language among its best donors as a network: who helps whom, how much, and how surely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from atlasmix.evidence.scores import MISSING
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import language, name_of
from atlasmix.report.evidence import ranked
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    MARKS,
    TARGET,
    canvas,
    sentences,
    unmarked,
)
from atlasmix.report.figures.weights import weight_words
from atlasmix.solver.compile import same_language
from atlasmix.transfer.model import TransferModel

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

NEIGHBOURS: Final = 10
"""Donors round a language: our choice, as many names as stand apart on a phone."""

_SHOWN: Final = 0.75
"""Links between donors, as a part of the strongest link to the middle, from which on they are
drawn: our choice, else nothing is told apart."""

_WIDEST: Final = 9.0
_BOW: Final = 0.5
"""How far a link between donors keeps from the middle, in radii of the circle: our choice, so that
none lies under a link of the language in the middle."""

_POINTS: Final = 17
"""Points along a link at which its sentence can be found."""

Edge = tuple[str, str]


def transfer_network(
    matrix: TransferMatrix, model: TransferModel, key: str, most: int = NEIGHBOURS
) -> Figure:
    """A language in the middle and its best donors round it, relatives side by side.

    A link is as wide as τ and as strong in colour as it is sure, (1 - standard error / τ); its dash
    tells measured, predicted and completed apart, as everywhere.

    Args:
        matrix: the scores.
        model: what they say under a law.
        key: the language in the middle.
        most: how many donors.
    """
    from plotly.graph_objects import Scatter

    donors = network_donors(model, key, most)
    places = {key: (0.0, 0.0)}
    for number, donor in enumerate(donors):
        angle = math.pi / 2 - 2 * math.pi * number / max(len(donors), 1)
        places[donor] = (math.cos(angle), math.sin(angle))
    figure = canvas(460)
    edges = network_edges(model, key, donors)
    top = max((_tau(model, edge) for edge in edges), default=1.0)
    told: set[str] = set()
    for edge in edges:
        status = str(model.status[_place(model, edge)])
        mark = MARKS[status]
        x, y = _link(places[edge[0]], places[edge[1]], straight=key in edge)
        figure.add_trace(
            Scatter(
                x=x,
                y=y,
                mode="lines",
                name=mark.words,
                legendgroup=status,
                showlegend=status not in told,
                line={
                    "color": mark.colour,
                    "dash": mark.dash,
                    "width": 1.0 + (_WIDEST - 1.0) * _tau(model, edge) / top,
                },
                opacity=0.15 + 0.75 * sureness(model, edge),
                customdata=sentences([_words(matrix, model, edge)] * _POINTS),
                hovertemplate=HOVER,
            )
        )
        told.add(status)
    names = [key, *donors]
    figure.add_trace(
        Scatter(
            x=[places[name][0] for name in names],
            y=[places[name][1] for name in names],
            mode="markers+text",
            text=[f"<b>{unmarked(name_of(name))}</b>" for name in names],
            textposition=["bottom center", *(_side(places[name]) for name in donors)],
            marker={"size": [18, *[11] * len(donors)], "color": [TARGET, *[GREY] * len(donors)]},
            cliponaxis=False,
            showlegend=False,
            hoverinfo="skip",
        )
    )
    axis = {"visible": False, "range": [-1.55, 1.55], "fixedrange": True}
    figure.update_layout(xaxis=axis, yaxis={**axis, "range": [-1.25, 1.25]}, showlegend=True)
    return figure


def _link(
    start: tuple[float, float], end: tuple[float, float], straight: bool
) -> tuple[list[float], list[float]]:
    """Points of a link: a line, or where it is of two donors a bow round the middle."""
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    bow = middle
    near = math.hypot(*middle)
    if not straight and near < _BOW:
        # Away from the middle; of two that face each other, to one side of their line.
        away = middle if near > 1e-9 else (start[1] - end[1], end[0] - start[0])
        length = math.hypot(*away)
        bow = 2 * _BOW * away[0] / length - middle[0], 2 * _BOW * away[1] / length - middle[1]
    steps = [step / (_POINTS - 1) for step in range(_POINTS)]
    x, y = (
        [(1 - t) ** 2 * start[i] + 2 * t * (1 - t) * bow[i] + t**2 * end[i] for t in steps]
        for i in (0, 1)
    )
    return x, y


def network_donors(model: TransferModel, key: str, most: int = NEIGHBOURS) -> tuple[str, ...]:
    """The best donors, relatives side by side, each language in its best script alone."""
    donors: dict[str, str] = {}
    for donor in ranked(model, key):
        if _tau(model, (donor, key)) > 0 and not same_language(donor, key, model.axis):
            donors.setdefault(donor.partition("_")[0], donor)
    best = list(donors.values())[:most]
    return tuple(sorted(best, key=lambda donor: (_family(donor), name_of(donor))))


def network_edges(model: TransferModel, key: str, donors: tuple[str, ...]) -> tuple[Edge, ...]:
    """(source, target) to the language itself, and the strong ones among its donors, weak first."""
    own = [(donor, key) for donor in donors]
    least = _SHOWN * max((_tau(model, edge) for edge in own), default=0.0)
    others = [
        max(((first, second), (second, first)), key=lambda edge: _tau(model, edge))
        for place, first in enumerate(donors)
        for second in donors[place + 1 :]
    ]
    strong = [
        edge
        for edge in others
        if _tau(model, edge) >= least and model.status[_place(model, edge)] != MISSING
    ]
    return tuple(sorted([*own, *strong], key=lambda edge: (_tau(model, edge), edge)))


def sureness(model: TransferModel, edge: Edge) -> float:
    """How sure a link is, 0-1: 1 less the standard error of τ over τ."""
    tau, error = _tau(model, edge), float(model.stderr[_place(model, edge)])
    return max(1.0 - error / tau, 0.0) if tau > 0 else 0.0


def _words(matrix: TransferMatrix, model: TransferModel, edge: Edge) -> str:
    return weight_words(matrix, model, *edge)


def _tau(model: TransferModel, edge: Edge) -> float:
    return float(model.weights[_place(model, edge)])


def _place(model: TransferModel, edge: Edge) -> tuple[int, int]:
    return model.index(edge[0]), model.index(edge[1])


def _family(key: str) -> tuple[str, str]:
    info = language(key)
    return info.family, info.genus


def _side(place: tuple[float, float]) -> str:
    x, y = place
    if abs(x) < 0.35:
        return "top center" if y > 0 else "bottom center"
    return "middle right" if x > 0 else "middle left"
