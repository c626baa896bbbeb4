"""The iso-loss curve of ``capacity``: every size that holds the loss, and the cheapest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atlasmix.quantities import format_quantity
from atlasmix.scaling.capacity import Growth, Multiplier, Way
from atlasmix.views.figures.drawing import HOVER, canvas, sentence, sentences
from atlasmix.views.figures.palette import BLUE, CATEGORIES, GREY, SYMBOLS
from atlasmix.views.words import number_text

_TICKS = tuple(2.0**power for power in range(-8, 15))

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def iso_loss_figure(found: Growth) -> Figure:
    """Multipliers of all tokens and of parameters that hold the loss, on logarithmic axes.

    Raises:
        DataError: plotly is not installed.
    """
    figure = canvas(
        480, x="all tokens, times those of now", y="parameters, times those of now", showlegend=True
    )
    figure.add_scatter(
        x=[tokens for _, tokens in found.curve],
        y=[params for params, _ in found.curve],
        mode="lines",
        name=f"equal loss with {found.languages} languages",
        line={"color": BLUE, "width": 3},
        customdata=sentences(
            [
                f"{number_text(params, 3)} times the parameters and {number_text(tokens, 3)} times "
                f"the tokens hold the loss with {found.languages} languages, at "
                f"{number_text(params * tokens, 3)} times the compute."
                for params, tokens in found.curve
            ]
        ),
        hovertemplate=HOVER,
    )
    points = [(found.cheapest, "least compute", "star", BLUE)]
    points += [
        (way, way.name, SYMBOLS[1 + place], CATEGORIES[1 + place % (len(CATEGORIES) - 1)])
        for place, way in enumerate(_others(found))
    ]
    for way, name, symbol, colour in points:
        figure.add_scatter(
            x=[way.tokens.value],
            y=[way.params.value],
            mode="markers",
            marker={"size": 13, "symbol": symbol, "color": colour},
            name=name,
            error_x=_error(way.tokens, colour),
            error_y=_error(way.params, colour),
            customdata=[sentence(_words(found, way, name))],
            hovertemplate=HOVER,
        )
    now = "1 language" if found.start.languages == 1 else f"{found.start.languages} languages"
    figure.add_scatter(
        x=[1.0],
        y=[1.0],
        mode="markers",
        marker={"size": 12, "symbol": "circle-open", "color": GREY, "line": {"width": 3}},
        name=f"now, {now}",
        customdata=[sentence(f"Where you stand, with {now}.")],
        hovertemplate=HOVER,
    )
    words = [f"×{tick:g}" for tick in _TICKS]
    figure.update_xaxes(type="log", tickvals=_TICKS, ticktext=words)
    figure.update_yaxes(type="log", tickvals=_TICKS, ticktext=words)
    return figure


def iso_loss_title(found: Growth) -> str:
    """What the figure shows, for a page of its own."""
    many = f"{found.start.languages} to {found.languages} languages at equal loss"
    return f"{many} ({found.law.name})"


def _others(found: Growth) -> list[Way]:
    left = min(tokens for _, tokens in found.curve)
    return [way for way in found.others if way.possible and way.tokens.value >= left / 2]


def _words(found: Growth, way: Way, name: str) -> str:
    start = found.start
    sized = ""
    if start.params is not None and start.tokens is not None:
        params = format_quantity(start.params * way.params.value)
        sized = f" ({params} parameters, {format_quantity(start.tokens * way.tokens.value)} tokens)"
    return (
        f"{name[0].upper()}{name[1:]}: {number_text(way.params.value, 3)} times the parameters, "
        f"{number_text(way.tokens.value, 3)} times the tokens{sized}, "
        f"{number_text(way.compute.value, 3)} times the compute."
    )


def _error(times: Multiplier, colour: str) -> dict[str, Any]:
    """What the law's intervals leave open, as a bar."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [min(times.high, 1e3 * times.value) - times.value],
        "arrayminus": [times.value - times.low],
        "color": colour,
    }
