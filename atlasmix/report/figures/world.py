"""Donors on the map: where languages are at home, and arcs to the one they help.

The land below them ships with AtlasMix (``data/world``, Natural Earth), so that a map fetches
nothing from elsewhere; every language of the tables is a dot on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from atlasmix.errors import DataError
from atlasmix.evidence.scores import MEASURED
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.evidence.transfer_matrix import Score, TransferMatrix
from atlasmix.languages.catalogue import all_languages, language, name_of
from atlasmix.report.evidence import ranked
from atlasmix.report.figures.drawing import (
    BLUE,
    DONOR,
    GREY,
    HOVER,
    canvas,
    sentence,
    sentences,
    unmarked,
)
from atlasmix.report.figures.transfer import weight_words
from atlasmix.report.words import score_text
from atlasmix.transfer.model import TransferModel

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MARGIN: Final = 8.0
"""Degrees around the languages shown."""

_POINTS: Final = 24

_DASH: Final = "6px,4px"
"""In pixels: a dash that grows with the width of its line would make a short arc look full."""

Place = tuple[float, float]
"""Degrees east and north."""

_LAND: Final = "rgba(124, 132, 144, 0.16)"
"""The grey of the palette, thin: either ground shows through, and dots and names stand out."""


def donor_map(
    matrix: TransferMatrix,
    target: str,
    most: int = 6,
    whole_world: bool = False,
    model: TransferModel | None = None,
) -> Figure:
    """Arcs from the strongest donors to their target; full where measured, dashed where predicted.

    Args:
        matrix: the scores.
        target: whose donors.
        most: how many arcs.
        whole_world: the world, else the part of it that is spoken of.
        model: what the scores say under a law; then τ says who is strongest, else the score.

    Raises:
        DataError: the tables do not know where the target is at home.
    """
    from plotly.graph_objects import Scatter

    here = place_of(target)
    if here is None:
        raise DataError(f"the tables of languages do not say where {name_of(target)} is at home")
    strength = _strengths(matrix, target, model)
    donors = [
        (key, matrix.pair(key, target), place)
        for key in strength
        for place in [place_of(key)]
        if place is not None
    ][:most]
    figure = canvas(480, x="degrees east", y="degrees north")
    _add_land(figure)
    _add_languages(figure, [target, *(key for key, _, _ in donors)])
    words = {
        key: weight_words(matrix, model, key, target) if model else _words(matrix, key, target)
        for key, _, _ in donors
    }
    strongest = max((strength[key] for key, _, _ in donors), default=1.0) or 1.0
    for key, score, place in donors:
        _add_arc(figure, words[key], score, (place, here), strength[key] / strongest)
    for status in dict.fromkeys(score.status for _, score, _ in donors):
        _add_donors(figure, words, here, [donor for donor in donors if donor[1].status == status])
    figure.add_trace(
        Scatter(
            x=[here[0]],
            y=[here[1]],
            mode="markers+text",
            textfont={"size": 13},
            text=[f"<b>{unmarked(name_of(target))}</b>"],
            textposition=_quiet_side(here, [place for _, _, place in donors]),
            name="target",
            marker={"size": 14, "color": BLUE, "symbol": "diamond"},
            customdata=[sentence(f"{name_of(target)}, the target.")],
            hovertemplate=HOVER,
        )
    )
    _frame(figure, [here, *(place for _, _, place in donors)], whole_world)
    return figure


def _strengths(
    matrix: TransferMatrix, target: str, model: TransferModel | None
) -> dict[str, float]:
    """How much each donor that helps does so, the strongest first: τ, or else the score."""
    if model is not None:
        column = model.index(target)
        weights = {
            key: float(model.weights[model.index(key), column]) for key in ranked(model, target)
        }
        return {key: weight for key, weight in weights.items() if weight > 0}
    return {
        key: abs(score.score)
        for key, score in matrix.donors(target)
        if score.score > 0 or matrix.card.range[0] >= 0
    }


_SIDES: Final = {
    "middle right": (1.0, 0.0),
    "top right": (0.7, 0.7),
    "top center": (0.0, 1.0),
    "top left": (-0.7, 0.7),
    "middle left": (-1.0, 0.0),
    "bottom left": (-0.7, -0.7),
    "bottom right": (0.7, -0.7),
    "bottom center": (0.0, -1.0),
}


def _away(here: Place, place: Place) -> str:
    """The side of a donor that looks away from its target: there its name covers no arc."""
    east, north = place[0] - here[0], 1.3 * (place[1] - here[1])
    return max(_SIDES, key=lambda side: _SIDES[side][0] * east + _SIDES[side][1] * north)


def _quiet_side(here: Place, places: list[Place]) -> str:
    """The side of the target where the fewest donors are, below it where several are alike."""
    taken = [_away(here, place) for place in places]
    return min(reversed(_SIDES), key=taken.count)


def place_of(key: str) -> Place | None:
    """Degrees east and north of a language's home, as Glottolog puts it; None where unknown."""
    try:
        known = language(key)
    except DataError:
        return None
    if known.longitude is None or known.latitude is None:
        return None
    return known.longitude, known.latitude


@cache
def land_rings() -> tuple[tuple[Place, ...], ...]:
    """Outlines of land, the largest first: closed rings of (degrees east, degrees north).

    Land runs clockwise, a lake in it the other way. Source: Natural Earth, thinned as its card
    says (``data/world/card.yaml``).

    Raises:
        DataError: the table is not the one of its card.
    """
    _, tables = shipped_tables("world", ("land.csv",))
    rings: dict[str, list[Place]] = {}
    for row in tables["land.csv"]:
        place = float(row["longitude"]), float(row["latitude"])
        rings.setdefault(row["ring"], []).append(place)
    return tuple(tuple(ring) for ring in rings.values())


def _add_land(figure: Figure) -> None:
    from plotly.graph_objects import Scatter

    gap = (None, None)  # ends a ring; all of them are one shape, so that a lake stays open
    places = [place for ring in land_rings() for place in (*ring, gap)]
    figure.add_trace(
        Scatter(
            x=[east for east, _ in places],
            y=[north for _, north in places],
            mode="none",
            fill="toself",
            fillcolor=_LAND,
            name="land",
            showlegend=False,
            hoverinfo="skip",
        )
    )


def _add_languages(figure: Figure, named: list[str]) -> None:
    """A dot for each language but those that are ``named`` on the map."""
    from plotly.graph_objects import Scatter

    codes = {key.partition("_")[0] for key in named}
    known = [
        each for each in all_languages() if each.longitude is not None and each.code not in codes
    ]
    figure.add_trace(
        Scatter(
            x=[each.longitude for each in known],
            y=[each.latitude for each in known],
            mode="markers",
            name="other languages",
            marker={"size": 7, "color": GREY, "opacity": 0.5},
            customdata=sentences(
                [f"{each.name}, of the family {each.family or 'unknown'}." for each in known]
            ),
            hovertemplate=HOVER,
        )
    )


def _add_donors(
    figure: Figure,
    words: Mapping[str, str],
    target: Place,
    donors: list[tuple[str, Score, Place]],
) -> None:
    """Names and points of donors whose scores have one status; only measured ones are full."""
    from plotly.graph_objects import Scatter

    status = donors[0][1].status
    figure.add_trace(
        Scatter(
            x=[place[0] for _, _, place in donors],
            y=[place[1] for _, _, place in donors],
            mode="markers+text",
            textfont={"size": 13},
            text=[unmarked(name_of(key)) for key, _, _ in donors],
            textposition=[_away(target, place) for _, _, place in donors],
            name=f"donors, {status}",
            marker={
                "size": 11,
                "color": DONOR,
                "symbol": "circle" if status == MEASURED else "circle-open",
                "line": {"width": 2.5, "color": DONOR},
            },
            customdata=sentences([words[key] for key, _, _ in donors]),
            hovertemplate=HOVER,
        )
    )


def _add_arc(
    figure: Figure, words: str, score: Score, ends: tuple[Place, Place], strength: float
) -> None:
    from plotly.graph_objects import Scatter

    east, north = _arc(*ends)
    measured = score.status == MEASURED
    figure.add_trace(
        Scatter(
            x=east,
            y=north,
            mode="lines",
            line={
                "color": DONOR,
                "width": 1.5 + 4 * strength,
                "dash": "solid" if measured else _DASH,
            },
            name=f"help, {score.status}",
            showlegend=False,
            customdata=[sentence(words)] * len(east),
            hovertemplate=HOVER,
        )
    )


def _arc(start: Place, end: Place) -> tuple[list[float], list[float]]:
    """A curve that rises a fifth of its length above the straight line."""
    t = np.linspace(0.0, 1.0, _POINTS)
    bow = (0.5 * (start[0] + end[0]), 0.5 * (start[1] + end[1]) + 0.2 * abs(start[0] - end[0]))
    east, north = (
        (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * bow[axis] + t**2 * end[axis]
        for axis in (0, 1)
    )
    return east.tolist(), north.tolist()


def _frame(figure: Figure, places: list[Place], whole_world: bool) -> None:
    east, north = [place[0] for place in places], [place[1] for place in places]
    if whole_world:
        ranges = [-180.0, 180.0], [-60.0, 80.0]
    else:
        side = max(1.5 * _MARGIN, 0.2 * (max(east) - min(east)))  # names look outwards
        ranges = (
            [min(east) - side, max(east) + side],
            [min(north) - _MARGIN, max(north) + _MARGIN],
        )
    figure.update_xaxes(range=ranges[0], ticksuffix="°", zeroline=False)
    # A degree north is as long as 1.3 degrees east at 40 degrees: shapes look as on a map.
    figure.update_yaxes(
        range=ranges[1], ticksuffix="°", zeroline=False, scaleanchor="x", scaleratio=1.3
    )


def _words(matrix: TransferMatrix, source: str, target: str) -> str:
    score = matrix.pair(source, target)
    return (
        f"{name_of(source)} for {name_of(target)}: {matrix.card.metric} {score.score:g}, "
        f"{score_text(score.status, score.stderr)}."
    )
