"""The iso-loss curve of ``capacity``: every size that holds the loss, and the cheapest."""

from __future__ import annotations

from typing import Any

from atlasmix.scaling.capacity import Growth
from atlasmix.views.figures.saving import plotly_objects


def iso_loss_figure(found: Growth) -> Any:
    """A plotly figure: multipliers of all tokens and of parameters, on logarithmic axes.

    Raises:
        DataError: plotly is not installed.
    """
    graph = plotly_objects()
    figure = graph.Figure()
    figure.add_scatter(
        x=[tokens for _, tokens in found.curve],
        y=[params for params, _ in found.curve],
        mode="lines",
        name=f"equal loss with {found.languages} languages",
        hovertemplate="tokens ×%{x:.3g}<br>parameters ×%{y:.3g}<extra></extra>",
    )
    points = [(found.cheapest, "least compute", "star"), *_others(found)]
    for way, name, symbol in points:
        figure.add_scatter(
            x=[way.tokens.value],
            y=[way.params.value],
            mode="markers",
            marker={"size": 11, "symbol": symbol},
            name=name,
            error_x=_error(way.tokens.value, way.tokens.low, way.tokens.high),
            error_y=_error(way.params.value, way.params.low, way.params.high),
        )
    figure.add_scatter(
        x=[1.0],
        y=[1.0],
        mode="markers",
        marker={"size": 11, "symbol": "circle-open"},
        name=f"now, {found.start.languages} languages",
    )
    title = f"{found.start.languages} to {found.languages} languages at equal loss"
    figure.update_layout(
        title=f"{title} ({found.law.name})",
        xaxis={"title": "all tokens, times those of now", "type": "log"},
        yaxis={"title": "parameters, times those of now", "type": "log"},
        template="plotly_white",
    )
    return figure


def _others(found: Growth) -> list[tuple[Any, str, str]]:
    left = min(tokens for _, tokens in found.curve)
    return [
        (way, way.name, "diamond")
        for way in found.others
        if way.possible and way.tokens.value >= left / 2
    ]


def _error(value: float, low: float, high: float) -> dict[str, Any]:
    """What the law's intervals leave open, as a bar."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [min(high, 1e3 * value) - value],
        "arrayminus": [value - low],
    }
