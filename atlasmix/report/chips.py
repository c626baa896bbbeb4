"""The whole mixture in one line: what stands over every part of an answer."""

from __future__ import annotations

from typing import Final, NamedTuple

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.report.words import percent

MOST_PIECES: Final = 40
"""Our choice: so many pieces of three pixels, and what is between them, fit on a phone."""


class Piece(NamedTuple):
    """One piece of the line.

    Attributes:
        name: of the language, or how many others there are.
        share: of the tokens read, 0-1.
        words: name and share.
        role: ``target``, ``donor`` or ``rest``.
    """

    name: str
    share: float
    words: str
    role: str


def mixture_strip(mixture: Mixture) -> tuple[Piece, ...]:
    """Languages by share, largest first, the small ones together at the end; shares sum to 1."""
    shares = list(mixture.proportions.items())
    shown = shares if len(shares) <= MOST_PIECES else shares[: MOST_PIECES - 1]
    pieces = [
        _piece(name_of(key), share, "donor" if key in mixture.donors else "target")
        for key, share in shown
    ]
    rest = shares[len(shown) :]
    if rest:
        name = f"{len(rest)} more languages"
        pieces.append(_piece(name, sum(share for _, share in rest), "rest"))
    return tuple(pieces)


def _piece(name: str, share: float, role: str) -> Piece:
    return Piece(name, share, f"{name} {percent(share)}", role)
