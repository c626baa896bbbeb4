"""Shares of the languages over one argument that was varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from atlasmix.languages.catalogue import name_of
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.drawing import CATEGORIES, GREY, canvas, sentences
from atlasmix.report.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SPREAD: Final = 20.0
"""Largest over least value from which on the axis is logarithmic."""


def sweep_figure(
    axis: str, values: Sequence[float], shares: Mapping[str, Sequence[float]]
) -> Figure:
    """A line a language, the largest on average first; the others are drawn in grey.

    Args:
        axis: name of the argument.
        values: of it, (n,).
        shares: per language, (n,), 0 to 1; nan where nothing was found.

    Raises:
        DataError: Plotly is not installed.
    """
    figure = canvas(460, x=axis, y="share of the tokens read", showlegend=True)
    low, high = min(values), max(values)
    figure.update_xaxes(type="log" if low > 0 and high / low >= _SPREAD else "linear")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    order = sorted(shares, key=lambda key: -np.nansum(shares[key]))
    for place, key in enumerate(order):
        named = place < len(CATEGORIES)
        told = [
            f"{name_of(key)}: {percent(share)} at {axis} {format_quantity(value)}."
            if not np.isnan(share)
            else f"{axis} {format_quantity(value)} has no answer."
            for value, share in zip(values, shares[key], strict=True)
        ]
        figure.add_scatter(
            x=list(values),
            y=list(shares[key]),
            mode="lines+markers",
            name=name_of(key) if named else "others",
            legendgroup="" if named else "others",
            showlegend=place <= len(CATEGORIES),
            line={"color": CATEGORIES[place] if named else GREY, "width": 2 if named else 1},
            customdata=sentences(told),
            hovertemplate="%{customdata}<extra></extra>",
        )
    return figure
