"""Diversity over generations of models trained on each other's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from atlasmix.laws.collapse import diversity_by_accumulation, diversity_retention
from atlasmix.report.figures.drawing import (
    BLUE,
    DONOR,
    GREY,
    HOVER,
    canvas,
    make_room_for_legend,
    sentences,
)
from atlasmix.report.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LAST: Final = 25


def diversity_figure(human: float, name: str, n: float) -> Figure:
    """Gini-Simpson diversity left by generation, for three ways to go on.

    Args:
        human: share of human text each generation, 0-1.
        name: of the language whose share it is.
        n: size of the sample in the multinomial theory.
    """
    from plotly.graph_objects import Scatter

    steps = list(range(_LAST + 1))
    figure = canvas(340, x="generation", y="diversity left (%)")
    ways = (
        (
            "replaced",
            "replaced each time",
            GREY,
            "solid",
            [float(diversity_retention(0.0, g, n)) for g in steps],
        ),
        (
            f"{percent(human)} human",
            f"{percent(human)} human each time, as {name}",
            BLUE,
            "solid",
            [float(diversity_retention(human, g, n)) for g in steps],
        ),
        (
            "piled up",
            "a pile that only grows",
            DONOR,
            "dash",  # at a high human share it lies on the line before it
            [diversity_by_accumulation(g, n) for g in steps],
        ),
    )
    for legend, words, colour, dash, values in ways:
        figure.add_trace(
            Scatter(
                x=steps,
                y=[100 * value for value in values],
                mode="lines",
                name=legend,
                line={"color": colour, "width": 2.5, "dash": dash},
                customdata=sentences(
                    [
                        f"Generation {g}, {words}: {percent(value)} of the diversity is left."
                        for g, value in zip(steps, values, strict=True)
                    ]
                ),
                hovertemplate=HOVER,
            )
        )
    figure.update_yaxes(range=[0, 102])
    figure.update_layout(showlegend=True)
    make_room_for_legend(figure)
    return figure
