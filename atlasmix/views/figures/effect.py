"""What an answer is predicted to give, beside every mixture it would replace; and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasmix.languages import name_of
from atlasmix.mixing.mixture import Comparison, DecayStep, Mixture, Price
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.scaling.saturation import DECAY_RANGE
from atlasmix.views.answer_words import loss_text, price_words
from atlasmix.views.figures.drawing import (
    HOVER,
    canvas,
    label,
    make_room_for_legend,
    plain,
    rows_height,
    sentence,
    sentences,
)
from atlasmix.views.figures.palette import BLUE, CATEGORIES, DONOR, GREY, SYMBOLS
from atlasmix.views.words import change_text, number_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

OURS = "this mixture"
_BILLION = 1e9


def effect_figure(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> Figure:
    """Predicted effect of the answer and of every baseline: bars for one target, dots for many."""
    if len(mixture.targets) == 1:
        return _one_target(mixture, comparisons)
    return _many_targets(problem, mixture, comparisons)


def _one_target(mixture: Mixture, comparisons: Sequence[Comparison]) -> Figure:
    from plotly.graph_objects import Bar

    effect = mixture.targets[0]
    name = name_of(effect.language)
    rows = [(OURS, effect.effective_data, effect.loss, True)]
    rows += [
        (one.name, one.effective_data[0], one.losses[0], one.within_limits) for one in comparisons
    ]
    rows.sort(key=lambda row: (row[1], row[0] == OURS))
    # In two lines: a phone has room for no more.
    unit = f"effective {plain(name)} tokens<br>(billions, predicted)"
    figure = canvas(rows_height(len(rows)) + 16, x=unit)
    figure.add_trace(
        Bar(
            x=[max(data, 0.0) / _BILLION for _, data, _, _ in rows],
            y=[label(row[0]) for row in rows],
            orientation="h",
            marker={
                "color": [BLUE if row[0] == OURS else GREY for row in rows],
                "pattern": {"shape": ["" if row[3] else "/" for row in rows]},
            },
            text=[
                (format_quantity(data) if data > 0 else "none")
                + ("" if kept else ", breaks a limit")
                for _, data, _, kept in rows
            ],
            textposition="outside",
            cliponaxis=False,
            customdata=sentences(
                [
                    f"{who[0].upper() + who[1:]} is predicted to give "
                    f"{format_quantity(data) if data > 0 else 'no'} effective {name} tokens and a "
                    f"loss of {loss_text(loss)}." + ("" if kept else " It breaks a limit.")
                    for who, data, loss, kept in rows
                ]
            ),
            hovertemplate=HOVER,
        )
    )
    most = max(data for _, data, _, _ in rows)
    figure.update_xaxes(range=[0, max(most, 1.0) / _BILLION * 1.25])
    figure.update_yaxes(showgrid=False)
    return figure


def _many_targets(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> Figure:
    from plotly.graph_objects import Scatter

    by_data = problem.objective == "effective-data"
    unit = "effective tokens, predicted" if by_data else f"predicted loss ({problem.law.unit})"
    effects = sorted(mixture.targets, key=lambda one: one.effective_data, reverse=not by_data)
    order = [plain(name_of(one.language)) for one in effects]
    figure = canvas(rows_height(len(order), legend=True), x=plain(unit))
    place = {effect.language: index for index, effect in enumerate(mixture.targets)}
    keys = [effect.language for effect in effects]
    rows = [(OURS, [(one.effective_data, one.loss) for one in effects])]
    rows += [
        (one.name, [(one.effective_data[place[key]], one.losses[place[key]]) for key in keys])
        for one in comparisons
    ]
    for number, (who, values) in enumerate(reversed(rows)):
        ours = who == OURS
        at = len(rows) - 1 - number
        figure.add_trace(
            Scatter(
                x=[_finite(data if by_data else loss) for data, loss in values],
                y=order,
                mode="markers",
                name=plain(who),
                marker={
                    "size": 13 if ours else 9,
                    "symbol": "diamond" if ours else SYMBOLS[(at - 1) % len(SYMBOLS)],
                    "color": BLUE if ours else [*CATEGORIES[1:], GREY][(at - 1) % 6],
                },
                customdata=sentences(
                    [
                        f"{name_of(key)}, {who}: {format_quantity(max(data, 0.0))} effective "
                        f"tokens, predicted loss {loss_text(loss)}."
                        for key, (data, loss) in zip(keys, values, strict=True)
                    ]
                ),
                hovertemplate=HOVER,
            )
        )
    make_room_for_legend(figure)
    figure.update_layout(legend_traceorder="reversed")
    figure.update_yaxes(categoryorder="array", categoryarray=order, showgrid=True)
    if by_data:
        figure.update_xaxes(type="log")
    return figure


def prices_figure(prices: Sequence[Price], most: int = 8, unit: str = "") -> Figure:
    """What a little more of each limit would give, to first order; the dearest on top.

    Args:
        prices: of the limits, the dearest first.
        most: how many are shown.
        unit: of the loss, as its law states it.
    """
    from plotly.graph_objects import Bar

    shown = list(prices[:most])[::-1]
    by_data = all(price.effective is not None for price in shown)
    title = "effective data gained (%)" if by_data else "predicted loss taken off"
    if unit and not by_data:
        title += f"<br>({plain(unit)})"  # in two lines: a phone has room for no more
    values = [
        100 * (price.effective or 0.0) if by_data else -(price.loss or 0.0) for price in shown
    ]
    figure = canvas(rows_height(2 * len(shown)) + 16, x=title)
    figure.add_trace(
        Bar(
            x=values,
            y=[label(price_words(price), 30) for price in shown],
            orientation="h",
            marker={"color": BLUE},
            text=[change_text(value / 100) if by_data else number_text(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=sentences([_price_sentence(price) for price in shown]),
            hovertemplate=HOVER,
        )
    )
    figure.update_xaxes(
        range=[min([0.0, *values]) * 1.25, max([0.0, *values]) * 1.25],
        exponentformat="none",  # 0.0001, never 100μ
        nticks=6,
    )
    figure.update_yaxes(showgrid=False)
    return figure


def sensitivity_figure(problem: MixProblem, steps: Sequence[DecayStep]) -> Figure:
    """Which donors are read over the range of λ that is in print; the line is the λ of today."""
    from plotly.graph_objects import Scatter

    donors = list(dict.fromkeys(key for step in steps for key in step.donors))
    figure = canvas(rows_height(len(donors) + 1) + 20, x="λ, decay of what a repeat is worth")
    for key in reversed(donors):
        for step in steps:
            if key in step.donors:
                share = step.proportions.get(key, 0.0)
                words = (
                    f"{name_of(key)} is read from λ = {step.low:.2g} to {step.high:.2g}; at "
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
    if not donors:
        figure.add_annotation(
            text="no donor is read at any λ of this range", showarrow=False, x=0.5, y=0.5
        )
        figure.layout.annotations[0].update(xref="paper", yref="paper")
        figure.update_yaxes(visible=False)
    ticks = [0.04, 0.065, 0.1, 0.2, 0.34]
    figure.update_xaxes(
        type="log",
        range=[math.log10(DECAY_RANGE[0] * 0.95), math.log10(DECAY_RANGE[1] * 1.05)],
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
    )
    if DECAY_RANGE[0] <= problem.decay <= DECAY_RANGE[1]:
        figure.add_vline(x=problem.decay, line={"color": GREY, "dash": "dot", "width": 2})
    figure.update_yaxes(showgrid=False)
    return figure


def _price_sentence(price: Price) -> str:
    gains = []
    if price.effective is not None:
        gains.append(f"change effective data by {change_text(price.effective)}")
    if price.loss is not None:
        gains.append(f"change the predicted loss by {number_text(price.loss, signed=True)}")
    return f"{price_words(price)} would {' and '.join(gains)}, to first order."


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None
