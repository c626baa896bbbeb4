"""One mixture as bars: what a recipe reads, or what a published model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.evidence import PublishedMixture
from atlasmix.languages import name_of
from atlasmix.quantities import format_quantity
from atlasmix.recipes import Recipe
from atlasmix.views.figures.drawing import (
    HOVER,
    canvas,
    label,
    plain,
    rows_height,
    sentences,
    share_axis,
)
from atlasmix.views.figures.palette import DONOR, GREY, TARGET
from atlasmix.views.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST: Final = 40

_Row = tuple[str, float, str]
"""What it is called, its share (0-1), its sentence."""


def recipe_figure(recipe: Recipe) -> Figure:
    """One bar a language that a recipe reads: targets blue, donors orange."""
    shares = list(recipe.proportions.items())
    targets = set(recipe.question.get("targets", {}))  # of a former law, too
    rows: dict[str, list[_Row]] = {"target": [], "donor": []}
    for key, share in shares[:_MOST]:
        tokens = sum(pool.tokens for pool in recipe.pools if pool.language == key)
        rows["target" if key in targets else "donor"].append(
            (
                plain(name_of(key)),
                share,
                f"{name_of(key)} is {percent(share)} of the tokens read: "
                f"{format_quantity(tokens)} tokens.",
            )
        )
    return _bars(
        [("target", TARGET, rows["target"]), ("donor", DONOR, rows["donor"])],
        [plain(name_of(key)) for key, _ in shares[:_MOST]],
        "share of the tokens read (%)",
    )


def published_figure(one: PublishedMixture) -> Figure:
    """One bar a part of a published mixture, largest on top: languages blue, the rest grey.

    Its 40 largest parts are drawn. Its shares count what its source counts, so the axis says so.
    """
    parts = [(name_of(key), share, True) for key, share in one.shares]
    parts += [(what, share, False) for what, share in one.other]
    parts = sorted(parts, key=lambda part: (-part[1], part[0]))[:_MOST]
    rows: dict[bool, list[_Row]] = {True: [], False: []}
    for name, share, is_language in parts:
        words = f"{name[0].upper()}{name[1:]} is {percent(share)} of the data of {one.model}, "
        words += f"{one.stage}."
        rows[is_language].append((label(name), share, words))
    return _bars(
        [("one language", TARGET, rows[True]), ("no single language", GREY, rows[False])],
        [label(name) for name, _, _ in parts],
        "share of the training data (%)",
    )


def _bars(
    groups: Sequence[tuple[str, str, list[_Row]]], order: Sequence[str], title: str
) -> Figure:
    from plotly.graph_objects import Bar

    figure = canvas(rows_height(len(order), legend=True), x=title, showlegend=True)
    for name, colour, rows in groups:
        if rows:
            figure.add_trace(
                Bar(
                    x=[100 * share for _, share, _ in rows],
                    y=[what for what, _, _ in rows],
                    orientation="h",
                    name=name,
                    marker={"color": colour},
                    text=[percent(share) for _, share, _ in rows],
                    textposition="outside",
                    cliponaxis=False,
                    customdata=sentences([words for _, _, words in rows]),
                    hovertemplate=HOVER,
                )
            )
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_yaxes(categoryorder="array", categoryarray=list(order)[::-1], showgrid=False)
    share_axis(figure, max((share for _, _, rows in groups for _, share, _ in rows), default=1.0))
    return figure
