"""What every figure shares: sizes, axes with units, hover in sentences, text that is no markup."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from atlasmix.views.figures.saving import plotly_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW: Final = 26
"""Pixels of one row of a bar chart."""

_LEGEND_ROW: Final = 20
"""Pixels of one row of a legend."""

HOVER: Final = "%{customdata}<extra></extra>"
"""The hover of a mark is its sentence, nothing else."""


def canvas(height: int, x: str = "", y: str = "", **layout: Any) -> Figure:
    """An empty figure.

    Args:
        height: pixels; fixed, so that nothing jumps when numbers change.
        x, y: titles of the axes, with their units.
        layout: more of Plotly's layout.

    Raises:
        DataError: Plotly is not installed.
    """
    figure: Figure = plotly_objects().Figure()
    # Without a legend the toolbar has a line of its own, so that it covers no bar.
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 34, "b": 8},
        dragmode=False,  # a finger on a figure moves the page
        legend={
            "orientation": "h",
            "xref": "container",
            "yref": "container",
            "yanchor": "top",
            "y": 1.0,
            "xanchor": "left",
            "x": 0,
        },
        hoverlabel={"align": "left", "namelength": -1},
        bargap=0.3,
        **layout,
    )
    figure.update_xaxes(title_text=x, automargin=True)
    figure.update_yaxes(title_text=y, automargin=True)
    return figure


def rows_height(rows: int, legend: bool = False) -> int:
    """Pixels of a chart with so many rows, its axis and a legend."""
    return max(rows, 2) * ROW + 96 + (14 if legend else 0)


def make_room_for_legend(figure: Figure) -> None:
    """Heighten a figure whose legend is long: on a phone each entry takes a row of its own.

    Args:
        figure: with all its traces, as high as it is with a legend of two entries.
    """
    entries = sum(trace.showlegend is not False for trace in figure.data)
    more = _LEGEND_ROW * max(entries - 2, 0)
    # A legend gets half of a figure at most; what does not fit in it would have to be scrolled.
    least = 2 * _LEGEND_ROW * (entries + 1) if entries > 2 else 0
    figure.update_layout(height=max(figure.layout.height + more, least))


def share_axis(figure: Figure, most: float) -> None:
    """An axis of shares in per cent, with room for a figure beside the longest bar.

    Args:
        figure: whose x axis.
        most: the largest share, 0-1.
    """
    figure.update_xaxes(range=[0, min(125 * most, 125)], zeroline=True)
    if most > 0.8:  # the room is no share: nothing above 100 % is written there
        figure.update_xaxes(tickvals=list(range(0, 101, 20)))


def plain(text: str) -> str:
    """Text that Plotly cannot take for markup: foreign labels stay what they are."""
    return html.escape(text, quote=False)


def sentence(text: str, width: int = 60) -> str:
    """A sentence for a hover, broken into short lines; markup in it is shown, not obeyed."""
    return "<br>".join(plain(line) for line in textwrap.wrap(text, width))


def label(text: str, width: int = 22) -> str:
    """A label beside an axis, broken so that it fits a phone.

    >>> label("+0.1 epoch on 'max epochs 4'")
    "+0.1 epoch on 'max<br>epochs 4'"
    """
    return "<br>".join(plain(line) for line in textwrap.wrap(text, width)) or plain(text)


def sentences(texts: Sequence[str]) -> list[str]:
    """The hovers of a trace."""
    return [sentence(text) for text in texts]
