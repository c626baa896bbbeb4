"""The figure of a fit: runs as points, the law as lines, and what is left over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from atlasmix.fitting.fit import Fit
from atlasmix.fitting.fit_question import ONE_EPOCH
from atlasmix.fitting.runs import frozen
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.drawing import plotly_objects

_MOST_CURVES: Final = 8
_POINTS: Final = 60
_COLOURS: Final = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A", "#7F7F7F"),
)


def fit_figure(fit: Fit) -> Any:
    """A plotly figure of four panels.

    Loss against tokens with the law's curve for single sizes, predicted against measured loss, and
    residuals against parameters and against epochs (compute where nothing repeats, the number of
    languages for ``curse``, the own share for ``mixing``).

    Raises:
        DataError: plotly is not installed.
    """
    graph = plotly_objects()
    from plotly.subplots import make_subplots

    last = {"curse": "languages", "mixing": "own_share"}.get(fit.question.law, "epochs")
    if last == "epochs" and np.max(fit.runs.epochs) <= ONE_EPOCH:
        last = "compute"
    figure = make_subplots(
        rows=2,
        cols=2,
        subplot_titles=(
            "loss by tokens: runs (points), law for fresh tokens (lines)",
            "predicted and measured loss",
            "off by, by parameters",
            f"off by, by {last.replace('_', ' ')}",
        ),
        horizontal_spacing=0.09,
        vertical_spacing=0.13,
    )
    _curves(graph, figure, fit)
    _deviations(figure, fit, last)
    figure.update_xaxes(type="log", title="tokens read", row=1, col=1)
    figure.update_yaxes(title=f"loss, {fit.runs.unit}", row=1, col=1)
    figure.update_xaxes(title="measured loss", row=1, col=2)
    figure.update_yaxes(title="predicted loss", row=1, col=2)
    figure.update_xaxes(type="log", title="parameters", row=2, col=1)
    figure.update_xaxes(type="log", title=last.replace("_", " "), row=2, col=2)
    for column in (1, 2):
        figure.update_yaxes(title="predicted / measured - 1, %", row=2, col=column)
    constants = ", ".join(f"{name} {value:.4g}" for name, value in fit.constants.items())
    figure.update_layout(
        title=f"{fit.question.law}: {constants}; R² {fit.r_squared:.4f}",
        legend={"title": {"text": "parameters"}},
        template="plotly_white",
        showlegend=True,
        height=860,
    )
    return figure


def _deviations(figure: Any, fit: Fit, last: str) -> None:
    """Predicted against measured loss, and residuals against N and the column ``last``."""
    measured, predicted = fit.runs.loss, fit.predicted
    ends = [
        float(min(measured.min(), predicted.min())),
        float(max(measured.max(), predicted.max())),
    ]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": "#999999", "dash": "dot"},
        showlegend=False,
        hoverinfo="skip",
        row=1,
        col=2,
    )
    off = 100 * (predicted / measured - 1)
    columns = (fit.runs.params, getattr(fit.runs, last))
    panels = [(measured, predicted, 1, 2), (columns[0], off, 2, 1), (columns[1], off, 2, 2)]
    for x, y, row, column in panels:
        figure.add_scatter(
            x=x,
            y=y,
            mode="markers",
            marker={"size": 6, "color": "#0072B2", "opacity": 0.7},
            showlegend=False,
            text=_labels(fit),
            hovertemplate="%{text}<extra></extra>",
            row=row,
            col=column,
        )


def _curves(graph: Any, figure: Any, fit: Fit) -> None:
    """Loss by tokens at up to eight sizes, spread over those of the runs."""
    runs = fit.runs
    sizes = np.unique(runs.params)
    # Near sizes share a colour: each run belongs to the size shown that is nearest.
    shown = sizes[
        np.unique(np.linspace(0, len(sizes) - 1, min(_MOST_CURVES, len(sizes))).astype(int))
    ]
    nearest = np.argmin(np.abs(np.log(runs.params)[:, None] - np.log(shown)[None, :]), axis=1)
    labels = np.array(_labels(fit))
    for place, size in enumerate(shown):
        mine = nearest == place
        colour = _COLOURS[place % len(_COLOURS)]
        name = f"about {format_quantity(float(size), 2)}"
        figure.add_scatter(
            x=runs.tokens[mine],
            y=runs.loss[mine],
            mode="markers",
            marker={"size": 6, "color": colour},
            name=name,
            legendgroup=name,
            text=labels[mine],
            hovertemplate="%{text}<extra></extra>",
            row=1,
            col=1,
        )
        tokens = np.geomspace(runs.tokens.min(), runs.tokens.max(), _POINTS)
        figure.add_scatter(
            x=tokens,
            y=_predicted(fit, float(size), tokens),
            mode="lines",
            line={"color": colour},
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
            row=1,
            col=1,
        )


def _predicted(fit: Fit, size: float, tokens: Any) -> Any:
    """The law at ``size`` on fresh tokens of the target alone, at the median K."""
    runs, count = fit.runs, len(tokens)
    first = runs.select(np.zeros(count, dtype=np.int64))
    none = frozen(np.zeros_like(first.source_tokens))
    fresh = replace(
        first,
        params=frozen(np.full(count, size)),
        tokens=frozen(tokens),
        unique=frozen(tokens),
        total=frozen(tokens),
        languages=frozen(np.full(count, float(np.median(runs.languages)))),
        source_tokens=none,
        source_unique=none,
    )
    return fit.loss_of(fresh)


def _labels(fit: Fit) -> list[str]:
    runs = fit.runs
    return [
        f"row {row}: {format_quantity(size)} parameters, {format_quantity(read)} tokens, "
        f"{epochs:.3g} epochs<br>measured {loss:.4f}, predicted {reached:.4f}"
        for row, size, read, epochs, loss, reached in zip(
            runs.rows.tolist(),
            runs.params.tolist(),
            runs.tokens.tolist(),
            runs.epochs.tolist(),
            runs.loss.tolist(),
            fit.predicted.tolist(),
            strict=True,
        )
    ]
