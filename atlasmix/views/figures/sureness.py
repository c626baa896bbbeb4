"""How sure an answer is: how far each share may move, and what another constant would change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.languages import name_of
from atlasmix.mixing.mixture import FLATNESS, Mixture, SensitivityStep
from atlasmix.mixing.problem import MixProblem
from atlasmix.views.figures.drawing import (
    HOVER,
    canvas,
    plain,
    rows_height,
    sentence,
    sentences,
    share_axis,
)
from atlasmix.views.figures.palette import DONOR, GREY, TARGET
from atlasmix.views.sure_words import DECAY, EXPONENT, steps_by_constant
from atlasmix.views.words import percent, range_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST: Final = 40
_AXES: Final = {
    DECAY: "λ, decay of what a repeat is worth",
    EXPONENT: "φ, the capacity exponent",
}
_TICKS: Final = (0.01, 0.02, 0.04, 0.065, 0.1, 0.2, 0.34, 0.5, 1.0)


def flatness_figure(mixture: Mixture) -> Figure:
    """Each language's share as a mark, and as a line how far it may move before it matters."""
    from plotly.graph_objects import Scatter

    targets = {effect.language for effect in mixture.targets}
    shown = list(mixture.flatness[:_MOST])[::-1]
    figure = canvas(rows_height(len(shown), legend=True), x="share of the tokens read (%)")
    for role, colour, symbol in (("target", TARGET, "circle"), ("donor", DONOR, "diamond")):
        rows = [one for one in shown if (one.language in targets) == (role == "target")]
        if not rows:
            continue
        figure.add_trace(
            Scatter(
                x=[100 * one.share for one in rows],
                y=[plain(name_of(one.language)) for one in rows],
                mode="markers",
                name=f"{role}, and what its share may be",
                cliponaxis=False,
                marker={"size": 11, "color": colour, "symbol": symbol},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [100 * max(one.high - one.share, 0.0) for one in rows],
                    "arrayminus": [100 * max(one.share - one.low, 0.0) for one in rows],
                    "thickness": 3,
                    "width": 6,
                    "color": colour,
                },
                customdata=sentences(
                    [
                        f"{name_of(one.language)} is {percent(one.share)} of the tokens read; "
                        f"from {range_text(one.low, one.high)} the objective is at most "
                        f"{100 * FLATNESS:g}% of the reducible loss worse."
                        for one in rows
                    ]
                ),
                hovertemplate=HOVER,
            )
        )
    names = [plain(name_of(one.language)) for one in shown]
    figure.update_yaxes(categoryorder="array", categoryarray=names, showgrid=False)
    figure.update_layout(showlegend=True)
    share_axis(figure, max((one.high for one in shown), default=1.0))
    return figure


def sensitivity_figure(
    problem: MixProblem, steps: Sequence[SensitivityStep], constant: str = DECAY
) -> Figure:
    """Which donors are read over the range of one constant; the line is its value of today.

    Args:
        problem: the question.
        steps: of any constants.
        constant: ``λ`` or ``φ``.
    """
    mine = steps_by_constant(steps).get(constant, ())
    donors = list(dict.fromkeys(key for step in mine for key in step.donors))
    figure = canvas(rows_height(len(donors) + 1) + 20, x=_AXES.get(constant, plain(constant)))
    for key in reversed(donors):
        for step in mine:
            if key in step.donors:
                _add_span(figure, constant, key, step)
    if not donors:
        words = f"no donor is read at any {constant} of this range"
        figure.add_annotation(text=words, showarrow=False, x=0.5, y=0.5)
        figure.layout.annotations[0].update(xref="paper", yref="paper")
        figure.update_yaxes(visible=False)
    _draw_axis(figure, mine, problem.decay if constant == DECAY else problem.law.phi)
    figure.update_yaxes(showgrid=False)
    return figure


def _add_span(figure: Figure, constant: str, key: str, step: SensitivityStep) -> None:
    from plotly.graph_objects import Scatter

    share = step.proportions.get(key, 0.0)
    words = (
        f"{name_of(key)} is read from {constant} = {step.low:.2g} to {step.high:.2g}; at "
        f"{step.low:.2g} it is {share:.1%} of the tokens."
    )
    figure.add_trace(
        Scatter(
            x=[step.low, step.high],
            y=[plain(name_of(key))] * 2,
            mode="lines+markers",
            line={"color": DONOR, "width": 10},
            marker={"size": 10, "color": DONOR},
            showlegend=False,
            customdata=[sentence(words)] * 2,
            hovertemplate=HOVER,
        )
    )


def _draw_axis(figure: Figure, steps: Sequence[SensitivityStep], used: float) -> None:
    """A logarithmic axis over the range that was tried, with today's value as a line."""
    if not steps:
        return
    low, high = steps[0].low, steps[-1].high
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    if len(ticks) < 3:  # a range so narrow that its ends tell more than round numbers
        ticks = [low, math.sqrt(low * high), high]
    figure.update_xaxes(
        type="log",
        range=[math.log10(low * 0.95), math.log10(high * 1.05)],
        tickvals=ticks,
        ticktext=[f"{tick:.2g}" for tick in ticks],
    )
    if low <= used <= high:
        figure.add_vline(x=used, line={"color": GREY, "dash": "dot", "width": 2})
