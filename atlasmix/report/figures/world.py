"""Donors on the map: where languages are at home, and arcs to the one they help.

The land below them ships with AtlasMix (``data/world``, Natural Earth), so that a map fetches
nothing from elsewhere; every language of the tables is a dot on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from atlasmix.errors import DataError
from atlasmix.evidence.scores import DEFINED
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.languages.catalogue import all_languages, language, name_of
from atlasmix.report.evidence import ranked
from atlasmix.report.figures.drawing import (
    BLUE,
    DONOR,
    GREY,
    HOVER,
    MARKS,
    canvas,
    sentence,
    sentences,
    unmarked,
)
from atlasmix.report.figures.weights import weight_words
from atlasmix.report.words import score_text
from atlasmix.transfer.model import TransferModel

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MARGIN: Final = 8.0
"""Degrees around the languages shown."""

_POINTS: Final = 24

_BAND: Final = "rgba(206, 106, 30, 0.22)"
"""The colour of donors, thin."""

_MOST_WIDTH: Final = 6.0
"""Pixels that the widest band adds to the least line."""

Place = tuple[float, float]
"""Degrees east and north."""

_WIDE, _HIGH = 700.0, 380.0
"""Pixels of the map on a page of 1280."""

_LETTER, _LINE, _DOT = 7.5, 16.0, 8.0
"""Pixels of a letter and a line of 13 px, and of half a mark."""

_LAND: Final = "rgba(124, 132, 144, 0.16)"
"""The grey of the palette, thin: either ground shows through, and dots and names stand out."""


def donor_map(
    matrix: TransferMatrix,
    target: str,
    most: int = 6,
    whole_world: bool = False,
    model: TransferModel | None = None,
) -> Figure:
    """Arcs from the strongest donors to their target, each with its doubt as a pale band around it.

    An arc is full where the pair was measured, dashed where predicted, dotted where only completed
    from relatedness.

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
    donors = list(islice(_donors(matrix, target, model), most))
    figure = canvas(480, x="degrees east", y="degrees north")
    _add_land(figure)
    _add_languages(figure, [target, *(donor.key for donor in donors)])
    widest = max((donor.strength + donor.error for donor in donors), default=1.0) or 1.0
    for donor in donors:
        _add_arc(figure, donor, here, widest)
    sides = _sides(here, donors, whole_world)
    for status in dict.fromkeys(donor.status for donor in donors):
        _add_donors(figure, sides, [donor for donor in donors if donor.status == status])
    figure.add_trace(
        Scatter(
            x=[here[0]],
            y=[here[1]],
            mode="markers+text",
            textfont={"size": 13},
            text=[f"<b>{unmarked(name_of(target))}</b>"],
            textposition=_quiet_side(here, [donor.place for donor in donors]),
            name="target",
            marker={"size": 14, "color": BLUE, "symbol": "diamond"},
            customdata=[sentence(f"{name_of(target)}, the target.")],
            hovertemplate=HOVER,
        )
    )
    _frame(figure, [here, *(donor.place for donor in donors)], whole_world)
    return figure


@dataclass(frozen=True, slots=True)
class _Donor:
    """A donor that helps.

    Attributes:
        key: of the language.
        place: its home.
        strength, error: τ, or else the score, and its standard error.
        status: of the pair.
        words: the pair in a sentence.
    """

    key: str
    place: Place
    strength: float
    error: float
    status: str
    words: str


def _donors(matrix: TransferMatrix, target: str, model: TransferModel | None) -> Iterator[_Donor]:
    """Each donor that helps and whose home is known, the strongest first: by τ, or else by score.

    A language in another script is at home where its target is: there is no arc to draw.
    """
    if model is not None:
        column = model.index(target)
        for key in ranked(model, target):
            row, place = model.index(key), place_of(key)
            weight, status = float(model.weights[row, column]), str(model.status[row, column])
            if place is not None and weight > 0 and status != DEFINED:
                error = float(model.stderr[row, column])
                words = weight_words(matrix, model, key, target)
                yield _Donor(key, place, weight, error, status, words)
        return
    for key, score in matrix.donors(target):
        place = place_of(key)
        if place is not None and (score.score > 0 or matrix.card.range[0] >= 0):
            error = score.stderr if math.isfinite(score.stderr) else 0.0
            words = _words(matrix, key, target)
            yield _Donor(key, place, abs(score.score), error, score.status, words)


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


def _sides(here: Place, donors: list[_Donor], whole_world: bool) -> dict[str, str]:
    """The side of each donor where its name stands: away from its target, on no name or mark."""
    (west, east), (south, north) = _ranges([here, *(donor.place for donor in donors)], whole_world)
    scale = min(_WIDE / (east - west), _HIGH / (1.3 * (north - south)))
    points = {d.key: (d.place[0] * scale, d.place[1] * 1.3 * scale) for d in donors}
    marks = {key: (x - _DOT, x + _DOT, y - _DOT, y + _DOT) for key, (x, y) in points.items()}
    taken: list[tuple[float, float, float, float]] = []
    sides = {}
    for donor in sorted(donors, key=lambda each: -each.place[1]):
        width = _LETTER * len(name_of(donor.key))
        best = _away(here, donor.place)
        ranked_sides = sorted(_SIDES, key=lambda side: -_along(_SIDES[side], _SIDES[best]))
        boxes = {side: _box(*points[donor.key], width, _SIDES[side]) for side in ranked_sides}
        others = [*taken, *(mark for key, mark in marks.items() if key != donor.key)]
        free = [side for side in ranked_sides if not any(_meet(boxes[side], b) for b in others)]
        sides[donor.key] = side = free[0] if free else best
        taken.append(boxes[side])
    return sides


def _along(side: Place, other: Place) -> float:
    return side[0] * other[0] + side[1] * other[1]


def _box(x: float, y: float, width: float, side: Place) -> tuple[float, float, float, float]:
    """Where a name stands, in pixels: left, right, bottom, top."""
    left = x - width / 2 + (width / 2 + _DOT) * round(side[0])
    bottom = y - _LINE / 2 + (_LINE / 2 + _DOT) * round(side[1])
    return left, left + width, bottom, bottom + _LINE


def _meet(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return box[0] < other[1] and other[0] < box[1] and box[2] < other[3] and other[2] < box[3]


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


def _add_donors(figure: Figure, sides: dict[str, str], donors: list[_Donor]) -> None:
    """Names and points of donors whose pairs have one status, each status with its own mark."""
    from plotly.graph_objects import Scatter

    mark = MARKS[donors[0].status]
    figure.add_trace(
        Scatter(
            x=[donor.place[0] for donor in donors],
            y=[donor.place[1] for donor in donors],
            mode="markers+text",
            textfont={"size": 13},
            text=[unmarked(name_of(donor.key)) for donor in donors],
            textposition=[sides[donor.key] for donor in donors],
            name=f"donors, {mark.words}",
            marker={
                "size": 11,
                "color": DONOR,
                "symbol": mark.symbol,
                "line": {"width": 2.5, "color": DONOR},
            },
            customdata=sentences([donor.words for donor in donors]),
            hovertemplate=HOVER,
        )
    )


def _add_arc(figure: Figure, donor: _Donor, target: Place, widest: float) -> None:
    """The arc of a donor, as wide as it helps, on a band that is one standard error wider."""
    from plotly.graph_objects import Scatter

    east, north = _arc(donor.place, target)
    band = {
        "color": _BAND,
        "width": _width((donor.strength + donor.error) / widest),
    }
    line = {
        "color": DONOR,
        "width": _width(donor.strength / widest),
        "dash": MARKS[donor.status].dash,
    }
    for name, drawn in (("doubt", band), ("help", line)):
        figure.add_trace(
            Scatter(
                x=east,
                y=north,
                mode="lines",
                line=drawn,
                name=f"{name}, {donor.status}",
                showlegend=False,
                customdata=[sentence(donor.words)] * len(east),
                hovertemplate=HOVER,
            )
        )


def _width(part: float) -> float:
    """Pixels of an arc, of the widest ``part``."""
    return 1.5 + _MOST_WIDTH * part


def _arc(start: Place, end: Place) -> tuple[list[float], list[float]]:
    """A curve that rises a fifth of its length above the straight line."""
    t = np.linspace(0.0, 1.0, _POINTS)
    bow = (0.5 * (start[0] + end[0]), 0.5 * (start[1] + end[1]) + 0.2 * abs(start[0] - end[0]))
    east, north = (
        (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * bow[axis] + t**2 * end[axis]
        for axis in (0, 1)
    )
    return east.tolist(), north.tolist()


def _ranges(places: list[Place], whole_world: bool) -> tuple[list[float], list[float]]:
    """Degrees east and north that are shown."""
    if whole_world:
        return [-180.0, 180.0], [-60.0, 80.0]
    east, north = [place[0] for place in places], [place[1] for place in places]
    side = max(1.5 * _MARGIN, 0.2 * (max(east) - min(east)))  # names look outwards
    return (
        [min(east) - side, max(east) + side],
        [min(north) - _MARGIN, max(north) + _MARGIN],
    )


def _frame(figure: Figure, places: list[Place], whole_world: bool) -> None:
    ranges = _ranges(places, whole_world)
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
