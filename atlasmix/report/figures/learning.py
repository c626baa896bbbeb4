"""Figures of what was learned: losses predicted of runs never seen, and the best mixture."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from atlasmix.fitting.learning import Learned
from atlasmix.mixture.learned_answer import LearnedAnswer
from atlasmix.report.figures.drawing import (
    BLUE,
    CATEGORIES,
    GREY,
    HOVER,
    SYMBOLS,
    canvas,
    make_room_for_legend,
    rows_height,
    sentence,
    share_axis,
    unmarked,
)
from atlasmix.report.words import percent

_SIDE: Final = 620
_MOST_SETS: Final = 12
_MOST_SOURCES: Final = 40


def held_out_figure(learned: Learned, shown: str = "", law: str = "") -> Any:
    """Predicted against measured loss of every run held out, a colour and shape a set.

    Args:
        learned: from the runs.
        shown: the one set that is drawn, with its interval; empty: all of them.
        law: whose predictions; empty: the chosen one's.

    Raises:
        DataError: Plotly is not installed.
    """
    runs = learned.runs
    judged = next((each for each in learned.judged if each.name == law), learned.chosen)
    places = [place for place, name in enumerate(runs.sets) if shown in ("", name)]
    unit = runs.unit
    figure = canvas(_SIDE, f"measured loss, {unit}", f"predicted loss, {unit}")
    both = np.concatenate([runs.loss[:, places].ravel(), judged.held_out[:, places].ravel()])
    ends = [float(np.nanmin(both)), float(np.nanmax(both))]
    if shown and judged is learned.chosen:
        _interval(figure, ends, float(learned.half_width[places[0]]), learned.question.coverage)
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": GREY, "dash": "dot"},
        name="as measured",
        hoverinfo="skip",
    )
    together = len(places) > _MOST_SETS
    for place in places:
        name = runs.sets[place]
        measured = ~np.isnan(runs.loss[:, place])
        loss, foretold = runs.loss[measured, place], judged.held_out[measured, place]
        names = [run for run, some in zip(runs.mixtures.names, measured, strict=True) if some]
        figure.add_scatter(
            x=loss.tolist(),
            y=foretold.tolist(),
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


def _interval(figure: Any, ends: list[float], width: float, coverage: float) -> None:
    """The band that holds so many of the runs held out; none where too few were."""
    if not math.isfinite(width):
        return
    figure.add_scatter(
        x=[*ends, *ends[::-1]],
        y=[ends[0] - width, ends[1] - width, ends[1] + width, ends[0] + width],
        fill="toself",
        fillcolor=GREY,
        opacity=0.2,
        mode="lines",
        line={"width": 0},
        name=f"{coverage:.0%} within ±{width:.3f}",
        hoverinfo="skip",
    )


def learned_shares_figure(learned: Learned, answer: LearnedAnswer) -> Any:
    """Share of each source in the best mixture, where it is as good, and in the best run.

    The pale line is the range of the share, the others answering, that costs next to nothing; the
    strong one holds nine tenths of the resamples' own optima.

    Raises:
        DataError: Plotly is not installed.
    """
    mixture, doubt = answer.mixture, answer.doubt
    best = answer.references[f"best run ({answer.best_run})"]
    order = np.argsort(mixture.shares, kind="stable")[-_MOST_SOURCES:]
    names = [unmarked(learned.runs.sources[place]) for place in order]
    words = [_share_words(learned, answer, int(place)) for place in order]
    figure = canvas(rows_height(len(names), legend=True), x="share of the training tokens (%)")
    bands = [("as good", mixture.flat, 9, 0.25)]
    if doubt is not None:
        bands.append(("best in 90% of resamples", doubt.shares, 3, 1.0))
    for name, ranges, width, opacity in bands:
        # One trace with gaps, so that the legend has one entry.
        x = [each for low, high in ranges[order].tolist() for each in (100 * low, 100 * high, None)]
        y = [each for row in names for each in (row, row, None)]
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": BLUE, "width": width},
            opacity=opacity,
            name=name,
            hoverinfo="skip",
        )
    for name, shares, colour, symbol in (
        (f"best run, {answer.best_run}", best, GREY, "diamond-open"),
        ("the mixture", mixture.shares, BLUE, "circle"),
    ):
        figure.add_scatter(
            x=(100 * shares[order]).tolist(),
            y=names,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 10},
            cliponaxis=False,
            name=unmarked(name),
            customdata=[sentence(text) for text in words],
            hovertemplate=HOVER,
        )
    most = max(mixture.flat[order, 1].max(), best[order].max(), mixture.shares.max())
    share_axis(figure, float(most))
    make_room_for_legend(figure)
    return figure


def _share_words(learned: Learned, answer: LearnedAnswer, place: int) -> str:
    low, high = answer.mixture.flat[place].tolist()
    best = answer.references[f"best run ({answer.best_run})"]
    said = (
        f"{learned.runs.sources[place]}: {percent(float(answer.mixture.shares[place]))}, as good "
        f"from {percent(low)} to {percent(high)}; the best run read "
        f"{percent(float(best[place]))}."
    )
    if answer.doubt is not None:
        least, most = answer.doubt.shares[place].tolist()
        said += f" Best in 90% of resamples: {percent(least)} to {percent(most)}."
    return said
