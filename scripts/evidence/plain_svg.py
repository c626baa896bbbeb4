"""A small chart as SVG text: points, lines, axes and a legend, the same bytes each time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 660
HEIGHT: Final = 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 200, 34, 48


@dataclass(frozen=True, slots=True)
class Series:
    """Points or a line.

    Attributes:
        name: in the legend; empty: not in it.
        points: (x, y).
        colour: of both.
        line: whether they are joined; otherwise each is a dot.
        dashed: whether the line is.
    """

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    line: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """What one axis says, and its ticks from end to end."""

    title: str
    ticks: Sequence[float]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        ends = self.ticks[0], self.ticks[-1]
        if self.logarithmic:
            value, ends = math.log(value), (math.log(ends[0]), math.log(ends[1]))
        return (value - ends[0]) / (ends[1] - ends[0])


def chart(title: str, across: Axis, up: Axis, series: Sequence[Series]) -> str:
    """The chart as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 20, title, size=14),
        *_axes(across, up),
        *(_drawn(one, across, up) for one in series),
        *_legend([one for one in series if one.name]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(axis: Axis, value: float) -> float:
    return _LEFT + axis.at(value) * (WIDTH - _LEFT - _RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - _BOTTOM - axis.at(value) * (HEIGHT - _TOP - _BOTTOM)


def _axes(across: Axis, up: Axis) -> list[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    found = []
    for tick in across.ticks:
        x = _x(across, tick)
        found.append(_line(x, _TOP, x, bottom, "#e4e4e4"))
        found.append(_text(x, bottom + 16, f"{tick:g}", anchor="middle"))
    for tick in up.ticks:
        y = _y(up, tick)
        found.append(_line(_LEFT, y, right, y, "#e4e4e4"))
        found.append(_text(_LEFT - 6, y + 4, f"{tick:g}", anchor="end"))
    found.append(_text((_LEFT + right) / 2, HEIGHT - 10, across.title, anchor="middle"))
    middle = (_TOP + bottom) / 2
    turned = f' transform="rotate(-90 16 {middle:.1f})"'
    found.append(_text(16, middle, up.title, anchor="middle", more=turned))
    return found


def _drawn(series: Series, across: Axis, up: Axis) -> str:
    places = [(_x(across, x), _y(up, y)) for x, y in series.points]
    if not series.line:
        return "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{series.colour}"/>' for x, y in places
        )
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashes = ' stroke-dasharray="5 4"' if series.dashed else ""
    return (
        f'<polyline points="{joined}" fill="none" stroke="{series.colour}" '
        f'stroke-width="1.6"{dashes}/>'
    )


def _legend(series: Sequence[Series]) -> list[str]:
    found = []
    for place, one in enumerate(series):
        x, y = WIDTH - _RIGHT + 14, _TOP + 14 + 20 * place
        if one.line:
            dashes = ' stroke-dasharray="5 4"' if one.dashed else ""
            found.append(_line(x - 6, y - 4, x + 6, y - 4, one.colour, dashes))
        else:
            found.append(f'<circle cx="{x}" cy="{y - 4}" r="3.5" fill="{one.colour}"/>')
        found.append(_text(x + 12, y, one.name))
    return found


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, more: str = "") -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"{more}/>'
    )


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, more: str = ""
) -> str:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>'
        f"{escaped}</text>"
    )
