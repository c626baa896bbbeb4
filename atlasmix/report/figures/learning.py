"""The figure of what was learned: loss predicted of runs never seen, against what was measured."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from atlasmix.fitting.learning import Learned
from atlasmix.report.figures.drawing import (
    BLUE,
    CATEGORIES,
    GREY,
    HOVER,
    SYMBOLS,
    canvas,
    make_room_for_legend,
    sentence,
    unmarked,
)

_SIDE: Final = 620
_MOST_SETS: Final = 12


def held_out_figure(learned: Learned) -> Any:
    """Predicted against measured loss of every run held out, a colour and shape a set.

    Raises:
        DataError: Plotly is not installed.
    """
    runs, chosen = learned.runs, learned.chosen
    unit = runs.unit
    figure = canvas(_SIDE, f"measured loss, {unit}", f"predicted loss, {unit}")
    both = np.concatenate([runs.loss.ravel(), chosen.held_out.ravel()])
    ends = [float(np.nanmin(both)), float(np.nanmax(both))]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": GREY, "dash": "dot"},
        name="as measured",
        hoverinfo="skip",
    )
    together = len(runs.sets) > _MOST_SETS
    for place, name in enumerate(runs.sets):
        measured = ~np.isnan(runs.loss[:, place])
        loss, foretold = runs.loss[measured, place], chosen.held_out[measured, place]
        names = [run for run, some in zip(runs.mixtures.names, measured, strict=True) if some]
        figure.add_scatter(
            x=loss,
            y=foretold,
            mode="markers",
            marker={
                "size": 6,
                "opacity": 0.65,
                "color": BLUE if together else CATEGORIES[place % len(CATEGORIES)],
                "symbol": "circle" if together else SYMBOLS[place % len(SYMBOLS)],
            },
            name=unmarked(name),
            showlegend=not together,
            customdata=[
                sentence(f"{name}, run {run}: measured {was:.4f}, predicted {said:.4f} unseen.")
                for run, was, said in zip(names, loss.tolist(), foretold.tolist(), strict=True)
            ],
            hovertemplate=HOVER,
        )
    make_room_for_legend(figure)
    return figure
