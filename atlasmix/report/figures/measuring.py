"""The plan of what to measure as a ranked chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.measuring import MeasuringPlan
from atlasmix.report.figures.drawing import BLUE, HOVER, canvas, label, rows_height, sentences
from atlasmix.report.words import number_text, percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def measuring_chart(plan: MeasuringPlan) -> Figure:
    """What each measurement takes off the regret, in per cent of it, with its standard error."""
    from plotly.graph_objects import Bar

    shown = list(enumerate(plan.measurements, 1))[::-1]
    figure = canvas(
        rows_height(2 * len(shown)) + 16, x="share of the expected regret taken off (%)"
    )
    figure.add_trace(
        Bar(
            x=[100 * each.value / plan.regret for _, each in shown],
            y=[
                label(f"{place}. {name_of(each.languages[0])} – {name_of(each.languages[1])}", 26)
                for place, each in shown
            ],
            orientation="h",
            marker={"color": BLUE},
            error_x={
                "type": "data",
                "array": [100 * each.value_stderr / plan.regret for _, each in shown],
                "thickness": 1,
            },
            customdata=sentences(
                [
                    f"{name_of(each.languages[0])} and {name_of(each.languages[1])}: takes off "
                    f"{number_text(each.value)} ({percent(each.value / plan.regret)} of the "
                    f"expected regret), and leaves {number_text(each.left)}."
                    for _, each in shown
                ]
            ),
            hovertemplate=HOVER,
        )
    )
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(showgrid=False)
    return figure
