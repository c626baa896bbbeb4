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


def contrast(one: str, other: str) -> float:
    """Contrast of two colours (``#RRGGBB``), 1-21, by WCAG 2.1."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
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
