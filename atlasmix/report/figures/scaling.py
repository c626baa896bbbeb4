"""The iso-loss curve of ``capacity``: every size that holds the loss, and the cheapest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.capacity import Growth, Multiplier, Way
from atlasmix.laws.crossover import Crossover
from atlasmix.problem.problem import Allocation, MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.drawing import (
    BLUE,
    CATEGORIES,
    DONOR,
    GREY,
    HOVER,
    SKY,
    SYMBOLS,
    canvas,
    sentence,
    sentences,
    unmarked,
)
from atlasmix.report.words import loss_text, number_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SIZE_TICKS = tuple(2.0**power for power in range(-8, 15))


def iso_loss_figure(growth: Growth) -> Figure:
    """Multipliers of all tokens and of parameters that hold the loss, on logarithmic axes.

    Raises:
        DataError: plotly is not installed.
    """
    figure = canvas(
        480, x="all tokens, times those of now", y="parameters, times those of now", showlegend=True
    )
    figure.add_scatter(
        x=[tokens for _, tokens in growth.curve],
        y=[params for params, _ in growth.curve],
        mode="lines",
        name=f"equal loss with {growth.languages} languages",
        line={"color": BLUE, "width": 3},
        customdata=sentences(
            [
                f"{number_text(params, 3)} times the parameters and {number_text(tokens, 3)} times "
                f"the tokens hold the loss with {growth.languages} languages, at "
                f"{number_text(params * tokens, 3)} times the compute."
                for params, tokens in growth.curve
            ]
        ),
        hovertemplate=HOVER,
    )
    points = [(growth.cheapest, "least compute", "star", BLUE)]
    points += [
        (way, way.name, SYMBOLS[1 + place], CATEGORIES[1 + place % (len(CATEGORIES) - 1)])
        for place, way in enumerate(_others(growth))
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
            customdata=[sentence(_words(growth, way, name))],
            hovertemplate=HOVER,
        )
    now = "1 language" if growth.start.languages == 1 else f"{growth.start.languages} languages"
    figure.add_scatter(
        x=[1.0],
        y=[1.0],
        mode="markers",
        marker={"size": 12, "symbol": "circle-open", "color": GREY, "line": {"width": 3}},
        name=f"now, {now}",
        customdata=[sentence(f"Where you stand, with {now}.")],
        hovertemplate=HOVER,
    )
    words = [f"×{tick:g}" for tick in _SIZE_TICKS]
    figure.update_xaxes(type="log", tickvals=_SIZE_TICKS, ticktext=words)
    figure.update_yaxes(type="log", tickvals=_SIZE_TICKS, ticktext=words)
    return figure


def iso_loss_title(growth: Growth) -> str:
    """What the figure shows, for a page of its own."""
    many = f"{growth.start.languages} to {growth.languages} languages at equal loss"
    return f"{many} ({growth.law.name})"


def _others(growth: Growth) -> list[Way]:
    left = min(tokens for _, tokens in growth.curve)
    return [way for way in growth.others if way.possible and way.tokens.value >= left / 2]


def _words(growth: Growth, way: Way, name: str) -> str:
    start = growth.start
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


_POINTS = 25
_TOKEN_TICKS = tuple(10**power * digit for power in range(6, 14) for digit in (1, 1.5, 2, 3, 5, 7))


def crossover_figure(crossover: Crossover) -> Figure:
    """Tokens against parameters: the study's power law in both readings, and what was measured.

    Above the lines training from scratch is ahead, below them finetuning. Lines are predicted,
    full marks are measured.
    """
    study = crossover.study
    low, high = min(crossover.params, study.params) / 3, max(crossover.params, study.params) * 3
    sizes = np.geomspace(low, high, _POINTS).tolist()
    figure = canvas(460, x="parameters", y="tokens of the language", showlegend=True)
    for law, colour, dash in zip(study.readings, (SKY, DONOR), ("solid", "dash"), strict=False):
        figure.add_scatter(
            x=sizes,
            y=[law.tokens(size) for size in sizes],
            mode="lines",
            name=f"power law of {unmarked(law.where.split(',')[0])}, predicted",
            line={"color": colour, "width": 2.5, "dash": dash},
            customdata=sentences(
                [
                    f"By the power law, at {format_quantity(size)} parameters from scratch "
                    f"overtakes at {format_quantity(law.tokens(size))} tokens."
                    for size in sizes
                ]
            ),
            hovertemplate=HOVER,
        )
    others = [(key, tokens) for key, tokens in study.measured if key != crossover.language]
    mine = [(key, tokens) for key, tokens in study.measured if key == crossover.language]
    for rows, name, colour, size in (
        (others, "other languages, measured", GREY, 9),
        (mine, f"{unmarked(name_of(crossover.language))}, measured", BLUE, 14),
    ):
        if rows:
            figure.add_scatter(
                x=[study.params] * len(rows),
                y=[tokens for _, tokens in rows],
                mode="markers",
                name=name,
                marker={"color": colour, "size": size},
                customdata=sentences(
                    [
                        f"{name_of(key)} at {format_quantity(study.params)} parameters: from "
                        f"scratch overtakes at {format_quantity(tokens)} tokens, measured."
                        for key, tokens in rows
                    ]
                ),
                hovertemplate=HOVER,
            )
    if crossover.tokens is not None:
        said = f"Your run: {format_quantity(crossover.params)} parameters, "
        figure.add_scatter(
            x=[crossover.params],
            y=[crossover.tokens],
            mode="markers",
            name="your run",
            marker={"color": BLUE, "size": 15, "symbol": "star"},
            customdata=[sentence(f"{said}{format_quantity(crossover.tokens)} tokens.")],
            hovertemplate=HOVER,
        )
    _name_sides(figure)
    words = [format_quantity(tick) for tick in _TOKEN_TICKS]
    figure.update_xaxes(type="log", tickvals=_TOKEN_TICKS, ticktext=words)
    figure.update_yaxes(type="log", tickvals=_TOKEN_TICKS, ticktext=words)
    return figure


def _name_sides(figure: Figure) -> None:
    """Say in the figure which side of the lines is whose."""
    for said, x, y, anchors in (
        ("above the lines: from scratch, on fresh text", 0.01, 0.99, ("left", "top")),
        ("below them: finetune a checkpoint", 0.99, 0.01, ("right", "bottom")),
    ):
        figure.add_annotation(
            text=said,
            showarrow=False,
            xref="paper",
            yref="paper",
            x=x,
            y=y,
            xanchor=anchors[0],
            yanchor=anchors[1],
        )


def sizes_figure(problem: MixProblem, allocation: Allocation) -> Figure:
    """Predicted mean loss at each size that was tried, every one with its own best mixture."""
    tried = sorted((other.params, other.tokens, other.loss) for other in allocation.others)
    every = sorted([*tried, (allocation.params, allocation.tokens, allocation.loss)])
    title = f"predicted loss ({unmarked(problem.law.unit)})"
    figure = canvas(380, x="parameters", y=title, showlegend=True)
    figure.add_scatter(
        x=[params for params, _, _ in every],
        y=[loss for _, _, loss in every],
        mode="lines",
        line={"color": GREY, "dash": "dot", "shape": "spline"},
        hoverinfo="skip",
        showlegend=False,
    )
    chosen = [(allocation.params, allocation.tokens, allocation.loss)]
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
