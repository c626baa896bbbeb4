"""What an answer is predicted to give, beside the baselines; and what a little more would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Comparison, Mixture, Price, SensitivityStep
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import loss_intervals, price_words
from atlasmix.report.certainty import DECAY, EXPONENT, steps_by_constant
from atlasmix.report.figures.drawing import (
    BLUE,
    CATEGORIES,
    DONOR,
    GREY,
    HOVER,
    ROLE_SYMBOLS,
    ROLES,
    SYMBOLS,
    canvas,
    label,
    make_room_for_legend,
    rows_height,
    sentence,
    sentences,
    share_axis,
    unmarked,
)
from atlasmix.report.figures.mixture import range_sentence
from atlasmix.report.roles import role_of
from atlasmix.report.words import apart_text, change_text, loss_text, number_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

OURS = "this mixture"


def effect_figure(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> Figure:
    """Predicted loss of the answer and of every baseline that keeps the limits.

    One that breaks a limit is no alternative, and one without a loss has no place on an axis: both
    stand in the tables alone. Losses of several targets are not to be compared with one another,
    so each target's row has what a baseline's loss lies above or below that of the answer.
    """
    kept = [each for each in comparisons if each.within_limits]
    if len(mixture.targets) == 1:
        return _one_target(problem, mixture, kept)
    return _many_targets(problem, mixture, kept)


def _one_target(problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]) -> Figure:
    """One row a mixture, the least loss on top."""
    from plotly.graph_objects import Scatter

    effect = mixture.targets[0]
    name = name_of(effect.language)
    rows = [(OURS, effect.effective_data, effect.loss)]
    rows += [(each.name, each.effective_data[0], each.losses[0]) for each in comparisons]
    rows = [row for row in rows if row[0] == OURS or math.isfinite(row[2])]
    rows.sort(key=lambda row: (-row[2], row[0] == OURS))
    unit = f"predicted loss for {unmarked(name)}<br>({unmarked(problem.law.unit)})"
    figure = canvas(rows_height(len(rows)) + 16, x=unit)
    interval = loss_intervals(mixture).get(effect.language)
    figure.add_trace(
        Scatter(
            x=[_finite(loss) for _, _, loss in rows],
            y=[label(who) for who, _, _ in rows],
            mode="markers+text",
            marker={
                "size": [13 if who == OURS else 10 for who, _, _ in rows],
                "color": [BLUE if who == OURS else GREY for who, _, _ in rows],
                "symbol": [_symbol(who, 0) for who, _, _ in rows],
            },
            text=[
                "  " + loss_text(loss, interval if who == OURS else None) for who, _, loss in rows
            ],
            textposition="middle right",
            cliponaxis=False,
            showlegend=False,
            customdata=sentences(
                [
                    f"{who[0].upper() + who[1:]} is predicted to give {name} "
                    f"{_amounts(data, loss, effect.loss)}."
                    for who, data, loss in rows
                ]
            ),
            hovertemplate=HOVER,
        )
    )
    known = [loss for _, _, loss in rows if math.isfinite(loss)] or [0.0]
    room = max(max(known) - min(known), 1e-3)
    # Room on the right for what stands beside the last mark.
    right = 0.9 if interval else 0.35
    figure.update_xaxes(range=[min(known) - 0.1 * room, max(known) + right * room])
    order = [label(who) for who, _, _ in rows]
    figure.update_yaxes(categoryorder="array", categoryarray=order, showgrid=True)
    return figure


def _many_targets(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> Figure:
    """A row a target: how far each baseline's loss lies from that of the answer."""
    from plotly.graph_objects import Scatter

    place = {effect.language: index for index, effect in enumerate(mixture.targets)}
    effects = sorted(mixture.targets, key=lambda each: each.own_share)
    order = [unmarked(name_of(each.language)) for each in effects]
    unit = f"loss less that of this mixture<br>({unmarked(problem.law.unit)}); right is worse"
    figure = canvas(rows_height(len(order), legend=True) + 16, x=unit)
    for number, comparison in reversed(list(enumerate(comparisons))):
        losses = [comparison.losses[place[each.language]] for each in effects]
        data = [comparison.effective_data[place[each.language]] for each in effects]
        apart = [
            loss - each.loss if math.isfinite(loss) and math.isfinite(each.loss) else None
            for loss, each in zip(losses, effects, strict=True)
        ]
        figure.add_trace(
            Scatter(
                x=apart,
                y=order,
                mode="markers",
                name=unmarked(comparison.name),
                marker={
                    "size": 9,
                    "symbol": _symbol(comparison.name, number),
                    "color": [*CATEGORIES[1:], GREY][number % 6],
                },
                customdata=sentences(
                    [
                        f"{name_of(each.language)}, {comparison.name}: "
                        f"{_amounts(data[row], losses[row], each.loss)}."
                        for row, each in enumerate(effects)
                    ]
                ),
                hovertemplate=HOVER,
            )
        )
    figure.add_trace(
        Scatter(
            x=[0.0 if math.isfinite(each.loss) else None for each in effects],
            y=order,
            mode="markers",
            name=OURS,
            marker={"size": 13, "symbol": "diamond", "color": BLUE},
            customdata=sentences(
                [
                    f"{name_of(each.language)}, {OURS}: "
                    f"{_amounts(each.effective_data, each.loss, each.loss)}."
                    for each in effects
                ]
            ),
            hovertemplate=HOVER,
        )
    )
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    make_room_for_legend(figure)
    figure.update_layout(legend_traceorder="reversed", showlegend=True)
    figure.update_xaxes(exponentformat="none")
    figure.update_yaxes(categoryorder="array", categoryarray=order, showgrid=True)
    return figure


def _symbol(who: str, number: int) -> str:
    """A diamond for the answer."""
    return "diamond" if who == OURS else SYMBOLS[number % len(SYMBOLS)]


def _amounts(data: float, loss: float, ours: float) -> str:
    """Effective tokens and loss, and how far that is from the answer's."""
    if not math.isfinite(loss):
        return "no loss, for no text of its own is read"
    said = f"{format_quantity(max(data, 0.0))} effective tokens and a loss of {loss_text(loss)}"
    if loss == ours or not math.isfinite(ours):
        return said
    return f"{said}, {apart_text(loss - ours)} beside this mixture"


def prices_figure(problem: MixProblem, prices: Sequence[Price], most: int = 8) -> Figure:
    """What a little more of each limit would give, to first order; the dearest on top.

    Args:
        problem: the question, which has the limits.
        prices: of its limits, the dearest first.
        most: how many are shown.
    """
    from plotly.graph_objects import Bar

    shown = list(prices[:most])[::-1]
    title = "predicted loss taken off"
    if problem.objective != "worst":  # whose objective is a ratio
        title += f"<br>({unmarked(problem.law.unit)})"  # in two lines: a phone has room for no more
    values = [-price.value for price in shown]
    figure = canvas(rows_height(2 * len(shown)) + 16, x=title)
    figure.add_trace(
        Bar(
            x=values,
            y=[label(price_words(problem, price), 24) for price in shown],
            orientation="h",
            marker={"color": BLUE},
            text=[number_text(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=sentences([_price_sentence(problem, price) for price in shown]),
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


def _price_sentence(problem: MixProblem, price: Price) -> str:
    return (
        f"{price_words(problem, price)} would change the objective by "
        f"{number_text(price.value, signed=True)}, {change_text(price.relative)} of the reducible "
        "loss, to first order."
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None


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
    for role, symbol in ROLE_SYMBOLS.items():
        rows = [each for each in shown if role_of(each.language, targets) == role]
        if not rows:
            continue
        figure.add_trace(
            Scatter(
                x=[100 * each.share for each in rows],
                y=[unmarked(name_of(each.language)) for each in rows],
                mode="markers",
                name=f"{role}, and what its share may be",
                cliponaxis=False,
                marker={"size": 11, "color": ROLES[role], "symbol": symbol},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [100 * max(each.high - each.share, 0.0) for each in rows],
                    "arrayminus": [100 * max(each.share - each.low, 0.0) for each in rows],
                    "thickness": 3,
                    "width": 6,
                    "color": ROLES[role],
                },
                customdata=sentences([range_sentence(row) for row in rows]),
                hovertemplate=HOVER,
            )
        )
    names = [unmarked(name_of(each.language)) for each in shown]
    figure.update_yaxes(categoryorder="array", categoryarray=names, showgrid=False)
    figure.update_layout(showlegend=True)
    share_axis(figure, max((each.high for each in shown), default=1.0))
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
    figure = canvas(rows_height(len(donors) + 1) + 20, x=_AXES.get(constant, unmarked(constant)))
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
            y=[unmarked(name_of(key))] * 2,
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
