"""What a completion of a matrix makes, in whichever way: a card, scores, and a sentence."""

from __future__ import annotations

from typing import NamedTuple

from atlasmix.evidence.card import Card
from atlasmix.evidence.proxies import ProxyPair
from atlasmix.evidence.scores import ScoreTable


class CompletedScores(NamedTuple):
    """What a completion makes: a card and its scores, a sentence about them, and proxies beside."""

    card: Card
    table: ScoreTable
    said: str
    proxies: tuple[ProxyPair, ...] = ()


def sentence(text: str) -> str:
    """A text that another sentence follows; nothing where there is none."""
    return f"{text.rstrip('. ')}. " if text else ""
