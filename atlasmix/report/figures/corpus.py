"""The figures of an audit: who wrote the text, how often words stand, how varied it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from atlasmix.audit.corpus.labels import NO_LANGUAGE, ORIGINS
from atlasmix.audit.corpus.measures import MEASURES
from atlasmix.audit.corpus.summary import LanguageSummary
from atlasmix.audit.corpus.warnings import ALARM
from atlasmix.languages.catalogue import name_of
from atlasmix.report.figures.drawing import (
    BLUE,
    CATEGORIES,
    GREY,
    HOVER,
    PROVENANCE,
    RUST,
    SYMBOLS,
    canvas,
    label,
    log_axis,
    make_room_for_legend,
    rows_height,
    sentences,
    unmarked,
)
from atlasmix.report.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DRAWN: Final = {
    "human": PROVENANCE["human"],
    "human_edited": PROVENANCE["human_edited"],
    "synthetic": PROVENANCE["generated"],
    "unknown": PROVENANCE["unknown"],
}
_WORDS: Final = {
    "distinct_2": "distinct-2",
    "distinct_3": "distinct-3",
    "hapax": "hapax share",
    "types": "types",
    "tail_coverage": "tail coverage",
    "entropy": "entropy",
    "compression": "compression",
}
_FARTHEST: Final = 20.0
"""Standard errors at the edge of the figure; what lies beyond stands there."""


def _called(key: str) -> str:
    return "no language named" if key == NO_LANGUAGE else name_of(key)


def origins_figure(languages: Sequence[LanguageSummary]) -> Figure:
    """Shares of the words of each language by origin, as stacked bars."""
    from plotly.graph_objects import Bar

    figure = canvas(rows_height(len(languages), legend=True), x="share of words, %")
    names = [label(_called(each.language)) for each in languages]
    for origin in ORIGINS:
        shares = [each.origins.get(origin, 0.0) for each in languages]
        if not any(shares):
            continue
        colour, pattern = _DRAWN[origin]
        said = [
            f"{_called(each.language)}: {percent(share)} {origin.replace('_', ' ')}"
            for each, share in zip(languages, shares, strict=True)
        ]
        figure.add_trace(
            Bar(
                x=[100 * share for share in shares],
                y=names,
                orientation="h",
                name=origin.replace("_", " "),
                marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.15}},
                customdata=sentences(said),
                hovertemplate=HOVER,
            )
        )
    figure.update_layout(barmode="stack", showlegend=True)
    figure.update_yaxes(autorange="reversed")
    make_room_for_legend(figure)
    return figure


def spectrum_figure(languages: Sequence[LanguageSummary]) -> Figure:
    """Share of the types that stand so often or more, by how often; both axes logarithmic."""
    from plotly.graph_objects import Scatter

    figure = canvas(360, x="occurrences of a word", y="share of distinct words, at least so often")
    for place, each in enumerate(languages):
        counts = np.array(each.spectra["all"].counts, dtype=float)
        types = np.array(each.spectra["all"].types, dtype=float)
        if not counts.size:
            continue
        above = np.cumsum(types[::-1])[::-1] / types.sum()
        said = [
            f"{_called(each.language)}: {percent(share)} of the words stand {count:,.0f} times or "
            "more"
            for count, share in zip(counts.tolist(), above.tolist(), strict=True)
        ]
        figure.add_trace(
            Scatter(
                x=counts.tolist(),
                y=above.tolist(),
                mode="lines",
                line={"color": CATEGORIES[place % len(CATEGORIES)]},
                name=unmarked(_called(each.language)),
                customdata=sentences(said),
                hovertemplate=HOVER,
            )
        )
    for axis, name in ((figure.update_xaxes, "x"), (figure.update_yaxes, "y")):
        axis(log_axis([value for trace in figure.data for value in trace[name]] or [1.0]))
    figure.update_layout(showlegend=True)
    make_room_for_legend(figure)
    return figure


def warning_figure(languages: Sequence[LanguageSummary]) -> Figure:
    """How far each measure of each language lies from human text; flagged ones are full."""
    from plotly.graph_objects import Scatter

    height = rows_height(len(languages), legend=True) + 60
    figure = canvas(height, x="standard errors of human text")
    for place, name in enumerate(MEASURES):
        points = [
            (_called(each.language), each.warning.measures[name])
            for each in languages
            if each.warning is not None and name in each.warning.measures
        ]
        said = [
            f"{called}, {_WORDS[name]}: {measure.text:.4g} here, {measure.human:.4g} in human "
            f"text, z {measure.z:+.1f}"
            for called, measure in points
        ]
        figure.add_trace(
            Scatter(
                x=[min(max(measure.z, -_FARTHEST), _FARTHEST) for _, measure in points],
                y=[label(called) for called, _ in points],
                mode="markers",
                name=_WORDS[name],
                marker={
                    "symbol": SYMBOLS[place % len(SYMBOLS)],
                    "size": 9,
                    "color": [RUST if measure.flagged else BLUE for _, measure in points],
                },
                customdata=sentences(said),
                hovertemplate=HOVER,
            )
        )
    for side in (-ALARM, ALARM):
        figure.add_vline(x=side, line={"color": GREY, "dash": "dash", "width": 1})
    figure.update_xaxes(range=[-_FARTHEST - 1, _FARTHEST + 1], zeroline=True)
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(showlegend=True)
    make_room_for_legend(figure)
    return figure
