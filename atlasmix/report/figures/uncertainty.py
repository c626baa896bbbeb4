"""How sure an answer is, in pictures: shares over the draws, and how often a donor stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture, ShareInterval, Uncertainty
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    ROLE_SYMBOLS,
    ROLES,
    canvas,
    make_room_for_legend,
    rows_height,
    sentences,
    share_axis,
    unmarked,
)
from atlasmix.report.roles import role_of
from atlasmix.report.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST: Final = 30


def shares_interval_figure(mixture: Mixture, sure: Uncertainty) -> Figure:
    """Each language: its share here, its share in the best mixtures of the draws, how often read.

    The line holds 90 of 100 draws; its strength and the number beside it tell in how many of them
    the language is read at all.
    """
    from plotly.graph_objects import Scatter

    targets = {effect.language for effect in mixture.targets}
    shown = [each for each in sure.shares if each.share > 0 or each.read > 0.05][:_MOST][::-1]
    figure = canvas(rows_height(len(shown), legend=True), x="share of the tokens read (%)")
    for each in shown:
        colour = ROLES[role_of(each.language, targets)]
        name = unmarked(name_of(each.language))
        figure.add_trace(
            Scatter(
                x=[100 * each.best.low, 100 * each.best.high],
                y=[name, name],
                mode="lines",
                line={"color": colour, "width": 7},
                opacity=0.15 + 0.55 * each.read,
                showlegend=False,
                customdata=sentences([_words(each)] * 2),
                hovertemplate=HOVER,
            )
        )
    for role, symbol in ROLE_SYMBOLS.items():
        rows = [each for each in shown if role_of(each.language, targets) == role]
        if not rows:
            continue
        figure.add_trace(
            Scatter(
                x=[100 * each.share for each in rows],
                y=[unmarked(name_of(each.language)) for each in rows],
                mode="markers",
                name=f"{role}, share in this mixture",
                cliponaxis=False,
                marker={"color": ROLES[role], "symbol": symbol, "size": 10},
                customdata=sentences([_words(each) for each in rows]),
                hovertemplate=HOVER,
            )
        )
    most = max([each.best.high for each in shown] + [each.share for each in shown], default=1.0)
    figure.add_trace(
        Scatter(
            x=[100 * max(each.best.high, each.share) for each in shown],
            y=[unmarked(name_of(each.language)) for each in shown],
            mode="text",
            # Spaces that are kept, as the mark under the words has a width of its own.
            text=[f"\u00a0\u00a0\u00a0read in {percent(each.read)}" for each in shown],
            textposition="middle right",
            textfont={"color": GREY},
            cliponaxis=False,
            showlegend=False,
            hoverinfo="skip",
        )
    )
    names = [unmarked(name_of(each.language)) for each in shown]
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    figure.update_layout(showlegend=True)
    make_room_for_legend(figure)
    share_axis(figure, 1.35 * most)
    return figure


def _words(each: ShareInterval) -> str:
    return (
        f"{name_of(each.language)}: {percent(each.share)} in this mixture; in the best mixtures of "
        f"90 of 100 draws {percent(each.best.low)} to {percent(each.best.high)}; read in "
        f"{percent(each.read)} of them."
    )


def intervals_alt(sure: Uncertainty) -> str:
    """What the figure shows, in a sentence."""
    return (
        f"The share of each language here and in the best mixtures of {sure.draws} draws, and in "
        "how many of them it is read; the table has the numbers."
    )
