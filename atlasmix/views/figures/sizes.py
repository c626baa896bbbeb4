"""What a compute budget buys at other sizes: predicted loss against parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atlasmix.mixing.allocation import Allocation
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.views.answer_words import loss_text
from atlasmix.views.figures.drawing import HOVER, canvas, plain, sentences
from atlasmix.views.figures.palette import BLUE, GREY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def sizes_figure(problem: MixProblem, found: Allocation) -> Figure:
    """Predicted mean loss at each size that was tried, every one with its own best mixture."""
    tried = sorted((one.params, one.tokens, one.loss) for one in found.others)
    every = sorted([*tried, (found.params, found.tokens, found.loss)])
    title = f"predicted loss ({plain(problem.law.unit)})"
    figure = canvas(380, x="parameters", y=title, showlegend=True)
    figure.add_scatter(
        x=[params for params, _, _ in every],
        y=[loss for _, _, loss in every],
        mode="lines",
        line={"color": GREY, "dash": "dot", "shape": "spline"},
        hoverinfo="skip",
        showlegend=False,
    )
    chosen = [(found.params, found.tokens, found.loss)]
    for rows, name, colour, symbol, size in (
        (tried, "other sizes", GREY, "circle", 10),
        (chosen, "chosen", BLUE, "star", 16),
    ):
        figure.add_scatter(
            x=[params for params, _, _ in rows],
            y=[loss for _, _, loss in rows],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": size},
            customdata=sentences(
                [
                    f"{format_quantity(params)} parameters read {format_quantity(tokens)} tokens: "
                    f"predicted loss {loss_text(loss)}, risk charge included."
                    for params, tokens, loss in rows
                ]
            ),
            hovertemplate=HOVER,
        )
    figure.update_xaxes(
        type="log",
        tickvals=[params for params, _, _ in every],
        ticktext=[format_quantity(params) for params, _, _ in every],
    )
    return figure
