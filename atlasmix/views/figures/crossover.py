"""Scratch or finetune: the tokens at which training from scratch overtakes, by size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from atlasmix.languages import name_of
from atlasmix.quantities import format_quantity
from atlasmix.scaling.crossover import Crossover
from atlasmix.views.figures.drawing import HOVER, canvas, plain, sentence, sentences
from atlasmix.views.figures.palette import BLUE, DONOR, GREY, SKY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_POINTS = 25
_TICKS = tuple(10**power * digit for power in range(6, 14) for digit in (1, 1.5, 2, 3, 5, 7))


def crossover_figure(found: Crossover) -> Figure:
    """Tokens against parameters: the study's power law in both readings, and what was measured.

    Above the lines training from scratch is ahead, below them finetuning. Lines are predicted,
    full marks are measured.
    """
    study = found.study
    low, high = min(found.params, study.params) / 3, max(found.params, study.params) * 3
    sizes = np.geomspace(low, high, _POINTS).tolist()
    figure = canvas(460, x="parameters", y="tokens of the language", showlegend=True)
    for law, colour, dash in zip(study.readings, (SKY, DONOR), ("solid", "dash"), strict=False):
        figure.add_scatter(
            x=sizes,
            y=[law.tokens(size) for size in sizes],
            mode="lines",
            name=f"power law of {plain(law.where.split(',')[0])}, predicted",
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
    others = [(key, tokens) for key, tokens in study.measured if key != found.language]
    mine = [(key, tokens) for key, tokens in study.measured if key == found.language]
    for rows, name, colour, size in (
        (others, "other languages, measured", GREY, 9),
        (mine, f"{plain(name_of(found.language))}, measured", BLUE, 14),
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
    if found.tokens is not None:
        said = f"Your run: {format_quantity(found.params)} parameters, "
        figure.add_scatter(
            x=[found.params],
            y=[found.tokens],
            mode="markers",
            name="your run",
            marker={"color": BLUE, "size": 15, "symbol": "star"},
            customdata=[sentence(f"{said}{format_quantity(found.tokens)} tokens.")],
            hovertemplate=HOVER,
        )
    _name_sides(figure)
    words = [format_quantity(tick) for tick in _TICKS]
    figure.update_xaxes(type="log", tickvals=_TICKS, ticktext=words)
    figure.update_yaxes(type="log", tickvals=_TICKS, ticktext=words)
    return figure


def _name_sides(figure: Figure) -> None:
    """Say in the figure which side of the lines is whose."""
    for said, x, y, anchors in (
        ("above the lines: train from scratch", 0.01, 0.99, ("left", "top")),
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
