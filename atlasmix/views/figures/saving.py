"""Writing a figure as one HTML file that needs no network."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from atlasmix.errors import DataError
from atlasmix.recipes.atomic import write_atomic

_NAMES = (".html", ".htm")


def plotly_objects() -> Any:
    """``plotly.graph_objects``.

    Raises:
        DataError: plotly is not installed.
    """
    try:
        import plotly.graph_objects
    except ImportError:
        raise DataError(
            "figures need plotly, which is not installed: pip install 'atlasmix[figures]'"
        ) from None
    return plotly.graph_objects


def check_figure(path: Path) -> None:
    """Refuse, before a long computation, a figure that could not be written.

    Raises:
        DataError: plotly is not installed, or another ending than .html.
    """
    plotly_objects()
    if path.suffix.lower() not in _NAMES:
        raise DataError(f"figure {path.name[:80]!r}: expected a file name that ends in .html")


def save_figure(figure: Any, path: Path, title: str = "") -> None:
    """Write ``figure`` to ``path`` in one step.

    Args:
        figure: of Plotly.
        path: ends in .html.
        title: over a figure that has none of its own.

    Raises:
        DataError: another ending than .html, or a path that cannot be written.
    """
    check_figure(path)
    write_atomic(path, standalone(figure, title))


def standalone(figure: Any, title: str = "") -> str:
    """The figure as one HTML file that needs no other: light ground, title, plotly.js inside."""
    copied = plotly_objects().Figure(figure)
    if title:
        shown = html.escape(title, quote=False)
        copied.update_layout(
            template="plotly_white",
            title={"text": shown, "x": 0.01, "xanchor": "left"},
            margin={"t": 90},
        )
    page: str = copied.to_html(include_plotlyjs=True, full_html=True, div_id="figure")
    # Plotly gives a page no title and no language of its own.
    head = f'<html lang="en">\n<head><title>{html.escape(title or "AtlasMix")}</title>'
    return page.replace("<html>\n<head>", head, 1)
