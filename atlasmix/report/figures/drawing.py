"""What every figure shares: sizes, axes with units, hover in sentences, text that is no markup."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from atlasmix.errors import DataError
from atlasmix.io.files import write_atomic

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

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


PAGE_INK: Final = "#1B2430"
"""Letters of a figure on a page; its style finds them by this colour and follows the ground."""


def figure_json(figure: Any, letters: int = 11) -> str:
    """The figure as JSON for a script element of a page: on no ground of its own.

    No text in it can end the element: ``<``, ``>`` and ``&`` are written as escapes.

    Args:
        figure: of Plotly.
        letters: their size in pixels.
    """
    copied = plotly_objects().Figure(figure)
    copied.update_layout(
        template="plotly_white",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": letters, "color": PAGE_INK},
    )
    # Names stand a little off the first mark: ticks that nobody sees.
    copied.update_yaxes(ticks="outside", ticklen=6, tickcolor="rgba(0,0,0,0)")
    text: str = copied.to_json()
    return text.translate({ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})


_SLIDE_LETTERS: Final = 22
"""Pixels of the letters of a figure 1,080 high: our choice, read from the last row of a room."""


def slide_json(figure: Any, size: tuple[int, int]) -> str:
    """The figure as JSON for a slide: as large as its place, with letters for a room.

    Args:
        figure: of Plotly.
        size: width and height in pixels for which its letters are made.
    """
    copied = plotly_objects().Figure(figure)
    copied.update_layout(autosize=True, height=None, width=None, margin={"t": 60})
    for trace in copied.data:
        for where, name, most in (("marker", "size", 30), ("line", "width", 12)):
            part = getattr(trace, where, None)
            drawn = getattr(part, name, None)
            if isinstance(drawn, int | float):
                setattr(part, name, min(2 * drawn, most))
    letters = _SLIDE_LETTERS * size[1] // 1080
    return figure_json(copied, letters)


def plotly_script() -> str:
    """Plotly's own script, for one page with any number of figures.

    Raises:
        DataError: plotly is not installed.
    """
    plotly_objects()
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script.replace("</script", "<\\/script")


BLUE: Final = "#2A6EBD"
ORANGE: Final = "#CE6A1E"
SKY: Final = "#3399DE"
PLUM: Final = "#8B5A6C"
MAUVE: Final = "#A77996"
RUST: Final = "#B04603"
GREY: Final = "#7C8490"
"""What is not the matter at hand: references, the rest, grounds."""

CATEGORIES: Final = (BLUE, ORANGE, SKY, PLUM, MAUVE, RUST)

TARGET: Final = BLUE
DONOR: Final = ORANGE
DOMAIN: Final = MAUVE
"""Of code and mathematics, which are read and are no language."""

ROLES: Final = {"target": TARGET, "donor": DONOR, "domain": DOMAIN}
ROLE_SYMBOLS: Final = {"target": "circle", "donor": "diamond", "domain": "square"}
_BY_ROLE: Final = {
    "target": (BLUE, SKY, PLUM, MAUVE),
    "donor": (ORANGE, RUST),
    "domain": (DOMAIN,),
}


KIN: Final = (BLUE, PLUM, SKY)
"""Of branches of families, over again: those of one colour never lie side by side. Orange is left
to donors."""


def language_colours(roles: Mapping[str, str]) -> dict[str, str]:
    """A colour of its own for the first languages of each role; none for the others.

    Where languages have to be told apart, orange and rust are donors still.

    Args:
        roles: what each language is read as, the first to have a colour first.

    >>> language_colours({"cat": "target", "spa": "donor", "code": "domain"}) == {
    ...     "cat": BLUE, "spa": ORANGE, "code": MAUVE}
    True
    """
    taken: dict[str, str] = {}
    for role in ("domain", "donor", "target"):
        free = [colour for colour in _BY_ROLE[role] if colour not in taken.values()]
        mine = [key for key, own in roles.items() if own == role]
        taken |= dict(zip(mine, free, strict=False))
    return {key: taken[key] for key in roles if key in taken}


BEFORE: Final = GREY
AFTER: Final = BLUE

PROVENANCE: Final = {
    "human": (BLUE, ""),
    "human_edited": (SKY, "/"),
    "translated": (ORANGE, "\\"),
    "rephrased": (MAUVE, "x"),
    "generated": (RUST, "."),
    "unknown": (GREY, "-"),
}
"""Colour and hatching of each provenance: nobody has to tell them by colour alone."""


class Mark(NamedTuple):
    """How a pair of one status is drawn.

    Attributes:
        words: for the legend.
        colour, symbol: of a point.
        dash: of a line, in pixels: a dash that grows with the width of its line would make a short
            arc look full.
    """

    words: str
    colour: str
    symbol: str
    dash: str


MARKS: Final = {
    "measured": Mark("measured", BLUE, "circle", "solid"),
    "own": Mark("own, measured by you", BLUE, "square", "solid"),
    "predicted": Mark("predicted", DONOR, "circle-open", "6px,4px"),
    "completed": Mark("completed from relatedness", PLUM, "triangle-up-open", "2px,4px"),
    "defined": Mark("defined, the same language in another script", GREY, "star", "solid"),
}
"""Each status of a pair, the surest first: full where somebody measured it, hollow where not."""

SYMBOLS: Final = (
    "circle",
    "square",
    "triangle-up",
    "cross",
    "x",
    "triangle-down",
    "star",
    "hexagon",
)

_DIVERGING: Final = {
    False: ("#8A3700", "#CE6A1E", "#F2C9A6", "#F4F4F2", "#B4D2EF", "#2A6EBD", "#12407A"),
    True: ("#F0964F", "#CE6A1E", "#6E3D19", "#2A2D33", "#1E4B7D", "#3A86D8", "#A9D2FA"),
}
_SEQUENTIAL: Final = {
    False: ("#F4F4F2", "#B4D2EF", "#2A6EBD", "#12407A"),
    True: ("#2A2D33", "#1E4B7D", "#3A86D8", "#A9D2FA"),
}


DARK_LETTERS: Final = "#0E1621"
LIGHT_LETTERS: Final = "#FFFFFF"


def letters_on(colour: str) -> str:
    """The colour of letters on a coloured area: light or dark, whichever stands out more.

    Either way the contrast of WCAG 2.1 (relative luminance, sRGB) is 4.5 or more on every colour
    of the palette.

    Args:
        colour: ``#RRGGBB``.
    """
    grounds = (LIGHT_LETTERS, DARK_LETTERS)
    return max(grounds, key=lambda letters: contrast(letters, colour))


def contrast(colour: str, other: str) -> float:
    """Contrast of two colours (``#RRGGBB``), 1-21, by WCAG 2.1."""
    light, dark = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def diverging(dark: bool) -> list[tuple[float, str]]:
    """Below 0 in orange, above it in blue, 0 in the colour of the ground."""
    return _even(_DIVERGING[dark])


def sequential(dark: bool) -> list[tuple[float, str]]:
    """From the colour of the ground to blue."""
    return _even(_SEQUENTIAL[dark])


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _even(colours: tuple[str, ...]) -> list[tuple[float, str]]:
    last = len(colours) - 1
    return [(place / last, colour) for place, colour in enumerate(colours)]


ROW: Final = 26
"""Pixels of one row of a bar chart."""

_LEGEND_ROW: Final = 20
"""Pixels of one row of a legend."""

HOVER: Final = "%{customdata}<extra></extra>"
"""The hover of a mark is its sentence, nothing else."""


def canvas(height: int, x: str = "", y: str = "", **layout: Any) -> Figure:
    """An empty figure.

    Args:
        height: pixels; fixed, so that nothing jumps when numbers change.
        x, y: titles of the axes, with their units.
        layout: more of Plotly's layout.

    Raises:
        DataError: Plotly is not installed.
    """
    usual: dict[str, Any] = {
        "height": height,
        # Without a legend the toolbar has a line of its own, so that it covers no bar.
        "margin": {"l": 8, "r": 12, "t": 34, "b": 8},
        "dragmode": False,  # a finger on a figure moves the page
        "legend": {
            "orientation": "h",
            "xref": "container",
            "yref": "container",
            "yanchor": "top",
            "y": 1.0,
            "xanchor": "left",
            "x": 0,
            "tracegroupgap": 0,  # on a phone each group has a row of its own
        },
        "hoverlabel": {"align": "left", "namelength": -1},
        "bargap": 0.3,
        "xaxis": {"title": {"text": x}, "automargin": True},
        "yaxis": {"title": {"text": y}, "automargin": True},
    }
    # At once: Plotly takes some milliseconds for every update.
    return plotly_objects().Figure(layout=usual | layout)


def rows_height(rows: int, legend: bool = False) -> int:
    """Pixels of a chart with so many rows, its axis and a legend."""
    return max(rows, 2) * ROW + 96 + (14 if legend else 0)


def make_room_for_legend(figure: Figure) -> None:
    """Heighten a figure whose legend is long: on a phone each entry takes a row of its own.

    Args:
        figure: with all its traces, as high as it is with a legend of two entries.
    """
    entries = sum(getattr(trace, "showlegend", False) is not False for trace in figure.data)
    more = _LEGEND_ROW * max(entries - 2, 0)
    # A legend gets half of a figure at most; what does not fit in it would have to be scrolled.
    least = 2 * _LEGEND_ROW * (entries + 1) if entries > 2 else 0
    figure.layout.height = max(figure.layout.height + more, least)


_STEPS: Final = (1.0, 2.0, 5.0)


def log_axis(values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis whose ticks are whole numbers: Plotly writes 2 and 5 for 20 and 0.5, too.

    >>> log_axis([0.3, 20])["ticktext"]
    ['0.2', '0.5', '1', '2', '5', '10', '20']
    """
    low, high = min(values), max(values)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = _STEPS if len(powers) <= 4 else _STEPS[:1]
    ticks = [step * 10.0**power for power in powers for step in steps]
    inside = [tick for tick in ticks if low / 2 <= tick <= high * 1.001]
    return {"type": "log", "tickvals": inside, "ticktext": [f"{tick:,.12g}" for tick in inside]}


def share_axis(figure: Figure, most: float) -> None:
    """An axis of shares in per cent, with room for a figure beside the longest bar.

    Args:
        figure: whose x axis.
        most: the largest share, 0-1.
    """
    figure.layout.xaxis.range = [0, min(125 * most, 125)]
    figure.layout.xaxis.zeroline = True
    if most > 0.8:  # the room is no share: nothing above 100 % is written there
        figure.layout.xaxis.tickvals = list(range(0, 101, 20))


def unmarked(text: str) -> str:
    """Text that Plotly cannot take for markup: foreign labels stay what they are."""
    return html.escape(text, quote=False)


def sentence(text: str, width: int = 60) -> str:
    """A sentence for a hover, broken into short lines; markup in it is shown, not obeyed."""
    return "<br>".join(unmarked(line) for line in textwrap.wrap(text, width))


def label(text: str, width: int = 22) -> str:
    """A label beside an axis, broken so that it fits a phone.

    >>> label("+0.1 epoch on 'max epochs 4'")
    "+0.1 epoch on 'max<br>epochs 4'"
    """
    return "<br>".join(unmarked(line) for line in textwrap.wrap(text, width)) or unmarked(text)


def sentences(texts: Sequence[str]) -> list[str]:
    """The hovers of a trace."""
    return [sentence(text) for text in texts]
