"""A curve in pictures: shares, losses and epochs over one number of a question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.curve import Curve
from atlasmix.mixture.mixture import Mixture, TargetEffect
from atlasmix.quantities import format_quantity, format_value
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    canvas,
    language_colours,
    make_room_for_legend,
    sentence,
    sentences,
    unmarked,
)
from atlasmix.report.roles import role_of
from atlasmix.report.words import change_text, epochs_text, loss_text, percent
from atlasmix.text import first_few

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SPREAD: Final = 20.0
"""Largest over least value from which on the axis is logarithmic."""

_PANELS: Final = {"y": (0.62, 1.0), "y2": (0.32, 0.56), "y3": (0.0, 0.26)}
_HEIGHT: Final = 760
_MOST_POOLS: Final = 60

_SIZES: Final = {"budget": "tokens", "params": "parameters"}
_TITLES: Final = {
    "budget": "token budget (logarithmic)",
    "params": "parameters of the model (logarithmic)",
}


def curve_figure(curve: Curve) -> Figure:
    """Three panels over one axis: shares, what is left of each loss, epochs of each pool.

    The largest languages have a colour, the same in all panels; the others are grey. The losses are
    the reducible part, in per cent of what it is at the question's own value.

    Raises:
        DataError: Plotly is not installed.
    """
    figure = canvas(_HEIGHT, showlegend=True)
    values = [value for value, _ in curve.solved]
    colours = _colours(curve)
    _add_shares(figure, curve, colours)
    _add_losses(figure, curve, colours)
    _add_epochs(figure, curve, colours)
    make_room_for_legend(figure)
    for axis, domain in _PANELS.items():
        name = axis.replace("y", "yaxis")
        figure.update_layout({name: {"domain": domain, "anchor": "x", "automargin": True}})
    where = f"at {value_words(curve.axis, curve.reference[0])}"
    figure.update_layout(
        {
            "yaxis": {"title": "share of the tokens (%)", "range": [0, 100]},
            "yaxis2": {"title": f"loss above E,<br>% of that<br>{where}"},
            "yaxis3": {"title": "epochs", "rangemode": "tozero"},
            "xaxis": {"anchor": "y3", "title": _TITLES.get(curve.axis, unmarked(curve.axis))},
            "hovermode": "closest",
        }
    )
    _draw_axis(figure, curve, values)
    return figure


def curves_figure(curves: Sequence[tuple[str, Curve]]) -> Figure:
    """The figure of each curve, and a list that chooses between them.

    Args:
        curves: words for what is fixed in it, and the curve; one or more.

    Raises:
        DataError: Plotly is not installed.
    """
    figures = [(words, curve_figure(curve)) for words, curve in curves]
    whole = figures[0][1]
    if len(figures) == 1:
        return whole
    counts = [len(each.data) for _, each in figures]
    for _, each in figures[1:]:
        whole.add_traces([trace.update(visible=False) for trace in each.data])
    buttons = []
    for place, (words, each) in enumerate(figures):
        shown = [at == place for at, count in enumerate(counts) for _ in range(count)]
        layout = {"yaxis2.title.text": each.layout.yaxis2.title.text}
        buttons.append({"label": words, "method": "update", "args": [{"visible": shown}, layout]})
    place_above = {"x": 1.0, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    whole.update_layout(updatemenus=[{"buttons": buttons, **place_above}])
    return whole


def curves_alt(curves: Sequence[tuple[str, Curve]]) -> str:
    """The figure of the first curve in one sentence, and what the others are."""
    said = curve_alt(curves[0][1])
    if len(curves) == 1:
        return said
    names = [words for words, _ in curves]
    return f"{names[0]}: {said} Others to choose: {first_few(names[1:], 6)}."


def curve_alt(curve: Curve) -> str:
    """The figure in one sentence, for readers who do not see it."""
    first, last = curve.solved[0], curve.solved[-1]
    said = [
        f"at {value_words(curve.axis, value)} {_largest(mixture)}"
        for value, mixture in (first, last)
    ]
    return (
        f"Shares of the tokens read, losses and epochs over {curve.axis.replace('_', ' ')}: "
        f"{'; '.join(said)}."
    )


def value_words(axis: str, value: float) -> str:
    """A value of what varies, with its unit.

    >>> value_words("budget", 3e11), value_words("params", 2e9), value_words("risk_aversion", 0.5)
    ('300B tokens', '2B parameters', 'risk aversion 0.5')
    """
    if axis in _SIZES:
        return f"{format_quantity(value)} {_SIZES[axis]}"
    return f"{axis.replace('_', ' ')} {format_value(value)}"


def _largest(mixture: Mixture) -> str:
    parts = [f"{name_of(key)} {percent(share)}" for key, share in mixture.proportions.items()]
    return first_few(parts, 4, "languages")


def _colours(curve: Curve) -> dict[str, str]:
    """A colour for the languages of each role with the largest share anywhere, in order of that."""
    most: dict[str, float] = {}
    for _, mixture in curve.solved:
        for key, share in mixture.proportions.items():
            most[key] = max(most.get(key, 0.0), share)
    targets = [effect.language for effect in curve.solved[0][1].targets]
    order = sorted(most, key=lambda key: (-most[key], key))
    return language_colours({key: role_of(key, targets) for key in order})


def _add_shares(figure: Figure, curve: Curve, colours: dict[str, str]) -> None:
    """Stacked areas; the languages without a colour are one."""
    rest = sorted(
        {key for _, mixture in curve.solved for key in mixture.proportions} - set(colours)
    )
    pieces: list[tuple[tuple[str, ...], str, str]] = [
        ((key,), name_of(key), colour) for key, colour in colours.items()
    ]
    if rest:
        name = name_of(rest[0]) if len(rest) == 1 else f"{len(rest)} other languages"
        pieces.append((tuple(rest), name, GREY))
    for keys, name, colour in pieces:
        shares = [
            sum(mixture.proportions.get(key, 0.0) for key in keys) for _, mixture in curve.solved
        ]
        told = [
            f"{name}: {percent(share)} of the tokens read at {value_words(curve.axis, value)}, "
            f"{format_quantity(share * mixture.tokens)} of {format_quantity(mixture.tokens)}."
            for (value, mixture), share in zip(curve.solved, shares, strict=True)
        ]
        figure.add_scatter(
            x=[value for value, _ in curve.solved],
            y=[100 * share for share in shares],
            yaxis="y",
            mode="lines+markers",
            stackgroup="shares",
            name=unmarked(name),
            legendgroup=unmarked(name),
            line={"color": colour, "width": 1.5},
            marker={"size": 4},
            customdata=sentences(told),
            hovertemplate=HOVER,
        )


def _add_losses(figure: Figure, curve: Curve, colours: dict[str, str]) -> None:
    """What is left of each target's reducible loss, against the question's own value."""
    _, reference = curve.reference
    for effect in reference.targets:
        key, E = effect.language, curve.law.of(effect.language).E
        values, parts, told = [], [], []
        for value, mixture in curve.solved:
            here = _effect(mixture, key)
            if not (math.isfinite(here.loss) and math.isfinite(effect.loss)):
                continue
            values.append(value)
            parts.append(100 * (here.loss - E) / (effect.loss - E))
            told.append(_loss_sentence(curve, value, here, effect))
        figure.add_scatter(
            x=values,
            y=parts,
            yaxis="y2",
            mode="lines+markers",
            name=unmarked(name_of(key)),
            legendgroup=unmarked(name_of(key)),
            showlegend=False,
            **_stroke(colours.get(key)),
            customdata=sentences(told),
            hovertemplate=HOVER,
        )


def _loss_sentence(curve: Curve, value: float, here: TargetEffect, own: TargetEffect) -> str:
    floor = curve.law.of(own.language).E
    moved = (here.loss - floor) / (own.loss - floor) - 1.0
    where = value_words(curve.axis, curve.reference[0])
    beside = "" if here is own else f"; its part above E is {change_text(moved)} against {where}"
    return (
        f"{name_of(here.language)} at {value_words(curve.axis, value)}: predicted loss "
        f"{loss_text(here.loss)} ({curve.law.unit}){beside}. "
        f"{format_quantity(here.effective_data)} effective tokens."
    )


def _effect(mixture: Mixture, key: str) -> TargetEffect:
    return next(effect for effect in mixture.targets if effect.language == key)


def _add_epochs(figure: Figure, curve: Curve, colours: dict[str, str]) -> None:
    """Passes over each pool; a line where all of it has been read once."""
    most: dict[str, float] = {}
    for _, mixture in curve.solved:
        for share in mixture.read:
            most[share.pool.name] = max(most.get(share.pool.name, 0.0), share.epochs)
    for name in sorted(most, key=lambda name: (-most[name], name))[:_MOST_POOLS]:
        reads = [
            next(share for share in mixture.pools if share.pool.name == name)
            for _, mixture in curve.solved
        ]
        pool = reads[0].pool
        told = [
            f"{name_of(pool.language)}, {pool.provenance.replace('_', '-')} text of {pool.corpus}: "
            f"{epochs_text(share.epochs)} epochs at {value_words(curve.axis, value)}, "
            f"{format_quantity(share.tokens)} of {format_quantity(pool.unique_tokens)} unique "
            "tokens."
            for (value, _), share in zip(curve.solved, reads, strict=True)
        ]
        figure.add_scatter(
            x=[value for value, _ in curve.solved],
            y=[share.epochs for share in reads],
            yaxis="y3",
            mode="lines+markers",
            name=unmarked(name),
            legendgroup=unmarked(name_of(pool.language)),
            showlegend=False,
            **_stroke(colours.get(pool.language)),
            customdata=sentences(told),
            hovertemplate=HOVER,
        )
    figure.add_hline(y=1, yref="y3", line={"color": GREY, "dash": "dot", "width": 1})


def _stroke(colour: str | None) -> dict[str, dict[str, object]]:
    """A line in its language's colour; without one, thin and grey."""
    return {
        "line": {"color": colour or GREY, "width": 2.5 if colour else 1},
        "marker": {"size": 5 if colour else 3},
    }


def _draw_axis(figure: Figure, curve: Curve, values: Sequence[float]) -> None:
    """A logarithmic axis where the values spread, and a line at the question's own."""
    low, high = min(values), max(values)
    if low > 0 and high / low >= _SPREAD:
        ends = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [10.0**power for power in ends if low <= 10.0**power <= high * 1.001]
        figure.update_xaxes(
            type="log", tickvals=ticks, ticktext=[format_value(tick) for tick in ticks]
        )
    if curve.own is not None:
        figure.add_shape(
            type="line",
            xref="x",
            yref="paper",
            x0=curve.own,
            x1=curve.own,
            y0=0,
            y1=1,
            line={"color": GREY, "dash": "dash", "width": 1.5},
        )
        figure.add_scatter(
            x=[curve.own],
            y=[100],
            yaxis="y",
            mode="markers+text",
            text=["asked"],
            textposition="bottom right",
            marker={"symbol": "triangle-down", "size": 9, "color": GREY},
            cliponaxis=False,
            showlegend=False,
            customdata=[sentence(f"Asked for: {value_words(curve.axis, curve.own)}.")],
            hovertemplate=HOVER,
        )
