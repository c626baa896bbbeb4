"""Donor or synthetic in a figure: what a token of every route is worth, by how many are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.mixture.routes import Route, Routes, route_name
from atlasmix.mixture.sensitivity import BY_BENCHMARKS
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.drawing import (
    CATEGORIES,
    GREY,
    HOVER,
    PROVENANCE,
    SYMBOLS,
    canvas,
    make_room_for_legend,
    sentences,
    unmarked,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HEIGHT: Final = 420

_APART: Final = 1.07
"""Times by which the marks of two lines stand apart: our choice, a few pixels."""


def routes_figure(outlooks: Sequence[Routes]) -> Figure:
    """A line a route over the tokens of the step, each with 90 of 100 draws.

    A machine's text is dashed in the colour of its provenance, a donor full, repeats grey. What is
    judged by benchmarks is on another scale and is not drawn.

    Args:
        outlooks: of one question, by rising steps.
    """
    from plotly.graph_objects import Scatter

    figure = canvas(
        _HEIGHT,
        x="tokens read more (logarithmic)",
        y="fresh human tokens that<br>a token is worth",
    )
    lines: dict[tuple[str, str], list[tuple[float, Route]]] = {}
    for outlook in outlooks:
        for route in outlook.routes:
            if not route.kind.endswith(BY_BENCHMARKS):
                lines.setdefault((route.kind, route.source), []).append((outlook.step, route))
    for place, ((kind, _), points) in enumerate(lines.items()):
        colour = GREY if kind == "repeat" else CATEGORIES[place % len(CATEGORIES)]
        made = kind in PROVENANCE
        if made:
            colour = PROVENANCE[kind][0]
        figure.add_trace(
            Scatter(
                # Side by side where they have the same steps, so that no bar hides another.
                x=[step * _APART ** (place - 0.5 * len(lines)) for step, _ in points],
                y=[route.worth for _, route in points],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [max(each.interval.high - each.worth, 0.0) for _, each in points],
                    "arrayminus": [max(each.worth - each.interval.low, 0.0) for _, each in points],
                    "thickness": 1,
                    "width": 3,
                },
                mode="lines+markers",
                name=unmarked(route_name(points[0][1])),
                line={"color": colour, "width": 2, "dash": "dash" if made else "solid"},
                marker={"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 8, "color": colour},
                customdata=sentences([_words(step, route) for step, route in points]),
                hovertemplate=HOVER,
            )
        )
    figure.update_xaxes(
        type="log",
        tickvals=[outlook.step for outlook in outlooks],
        ticktext=[format_quantity(outlook.step) for outlook in outlooks],
    )
    figure.update_yaxes(zeroline=True, rangemode="tozero")
    make_room_for_legend(figure)
    return figure


def _words(step: float, route: Route) -> str:
    low, high = f"{route.interval.low:.2f}", f"{route.interval.high:.2f}"
    return (
        f"{route_name(route)}, {format_quantity(step)} tokens more: a token is worth "
        f"{route.worth:.2f} fresh human tokens, in 90 of 100 draws {low} to {high}."
    )
