"""One palette for every figure, told apart by colour-blind readers, on white and on dark grounds.

Six colours whose least distance (OKLab) is 0.1 in normal sight and, by the model of Machado et al.
2009, for protanopes, deuteranopes and tritanopes; each stands out at 3 : 1 or more on both grounds
of the explorer. Found by random search under those two rules; a test holds them.
"""

from __future__ import annotations

from typing import Final

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


def diverging(dark: bool) -> list[tuple[float, str]]:
    """Harm in orange, help in blue, nothing in the colour of the ground."""
    return _even(_DIVERGING[dark])


def sequential(dark: bool) -> list[tuple[float, str]]:
    """From the colour of the ground to blue."""
    return _even(_SEQUENTIAL[dark])


def _even(colours: tuple[str, ...]) -> list[tuple[float, str]]:
    last = len(colours) - 1
    return [(place / last, colour) for place, colour in enumerate(colours)]
