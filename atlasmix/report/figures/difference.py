"""Two mixtures side by side: before and after a change, or one recipe and another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.diff import Diff
from atlasmix.report.figures.drawing import (
    AFTER,
    BEFORE,
    HOVER,
    canvas,
    rows_height,
    sentences,
    share_axis,
    unmarked,
)
from atlasmix.report.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST = 40


def shares_figure(
    rows: Sequence[tuple[str, float, float]], names: tuple[str, str] = ("before", "after")
) -> Figure:
    """Shares of the tokens read in two mixtures, two bars a language.

    Args:
        rows: language, share in the first, share in the second (0-1), in the order shown.
        names: of the two.
    """
    from plotly.graph_objects import Bar

    shown = list(rows[:_MOST])[::-1]
    labels = [unmarked(name_of(key)) for key, _, _ in shown]
    figure = canvas(
        int(rows_height(len(shown), legend=True) * 1.45), x="share of the tokens read (%)"
    )
    # The second is added first: Plotly stacks the bars of a group from below.
    first, second = [row[1] for row in shown], [row[2] for row in shown]
    for name, shares, colour, pattern in (
        (names[1], second, AFTER, ""),
        (names[0], first, BEFORE, "/"),
    ):
        figure.add_trace(
            Bar(
                x=[100 * share for share in shares],
                y=labels,
                orientation="h",
                name=unmarked(name),
                marker={"color": colour, "pattern": {"shape": pattern}},
                text=[percent(share) for share in shares],
                textposition="outside",
                cliponaxis=False,
                customdata=sentences(
                    [
                        f"{name_of(key)} is {percent(before)} of the tokens in {names[0]} and "
                        f"{percent(after)} in {names[1]}."
                        for key, before, after in shown
                    ]
                ),
                hovertemplate=HOVER,
            )
        )
    figure.update_layout(barmode="group", legend_traceorder="reversed", bargap=0.25)
    figure.update_yaxes(showgrid=False)
    most = max((max(before, after) for _, before, after in shown), default=1.0)
    share_axis(figure, most)
    return figure


def diff_figure(moved: Diff) -> Figure:
    """What moved between two answers, two bars a language."""
    return shares_figure([(move.language, move.before, move.after) for move in moved.languages])
