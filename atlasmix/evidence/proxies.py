"""Proxies of transfer beside a matrix: what texts suggest of pairs, in a file of their own.

They are in no unit of a score, so they never stand in its table. What they are worth is found each
time that weights are estimated, on the pairs that the matrix has measured.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Final, NamedTuple

PROXIES_FILE: Final = "proxies.csv"
_HEADER: Final = ("source", "target", "proxy", "stderr", "cosine")


class ProxyPair(NamedTuple):
    """What two texts suggest of one pair.

    Attributes:
        source, target: language keys.
        proxy: between the controls of the target, 0 to 1.
        stderr: its standard error.
        cosine: of the trigrams of the two texts, 0 to 1; nan where it is not known.
    """

    source: str
    target: str
    proxy: float
    stderr: float
    cosine: float = math.nan


def proxies_csv(pairs: Iterable[ProxyPair]) -> bytes:
    """Proxies in their normal form on the shelf, sorted by pair."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for each in sorted(pairs):
        numbers = ("" if math.isnan(value) else f"{value:.6g}" for value in each[2:])
        writer.writerow((each.source, each.target, *numbers))
    return text.getvalue().encode()


def parse_proxies(content: bytes) -> tuple[ProxyPair, ...]:
    """Proxies from their normal form, whose hash the card states.

    >>> parse_proxies(proxies_csv([ProxyPair("por", "glg", 0.25, 0.01, 0.8)]))[0].cosine
    0.8
    """
    pairs = []
    with io.StringIO(content.decode("utf-8"), newline="") as text:
        for row in csv.DictReader(text):
            proxy, stderr, cosine = (float(row[name] or math.nan) for name in _HEADER[2:])
            pairs.append(ProxyPair(row["source"], row["target"], proxy, stderr, cosine))
    return tuple(pairs)
