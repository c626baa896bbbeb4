"""Measures of a text's variety at a fixed number of tokens, and of what is left of its tail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.audit.corpus.passages import Passages, begins_document
from atlasmix.audit.corpus.sketches import mixed

HEAD: Final = 0.8
"""Share of the tokens that the most frequent types make up; all others are the tail. Our choice."""

MEASURES: Final = {
    "distinct_2": "distinct pairs of neighbours, of all pairs",
    "distinct_3": "distinct triples of neighbours, of all triples",
    "hapax": "types that stand once, of all types",
    "types": "distinct words, or characters in unsegmented scripts",
    "tail_coverage": f"types beyond the {HEAD:.0%} of tokens that are most frequent in the "
    "reference, of which the text has one at least",
    "entropy": "of single tokens, in bits; moves under sharpened sampling alone",
    "compression": "packed by unpacked bytes of passages (zlib); low in loops and templates",
}
"""What is compared, and what it is. Each is a number that hangs on how many tokens there are."""

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NumberedSample:
    """Passages whose words, pairs and triples have numbers from 0, so that nothing is sorted again.

    Attributes:
        passages: as they were.
        tokens: number of the word at each place.
        pairs: number of the word and the one before it; -1 where none stands before it in the same
            passage and document.
        triples: the same of the two before it.
    """

    passages: Passages
    tokens: Numbers
    pairs: Numbers
    triples: Numbers

    def places(self, passages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the words of some passages stand, in the order asked."""
        lengths = self.passages.lengths
        begins = np.cumsum(lengths) - lengths
        chosen = lengths[passages]
        within = np.arange(int(chosen.sum())) - np.repeat(np.cumsum(chosen) - chosen, chosen)
        return np.asarray(np.repeat(begins[passages], chosen) + within)


def numbered(*samples: Passages) -> tuple[NumberedSample, ...]:
    """The samples with their words numbered, the same word, pair and triple alike in all."""
    marked = np.concatenate([sample.tokens for sample in samples])
    lengths = np.concatenate([sample.lengths for sample in samples])
    linked = ~begins_document(marked)
    linked[np.cumsum(lengths) - lengths] = False
    wide = marked.astype(np.uint64) >> np.uint64(1)
    before = np.roll(wide, 1)
    twice = linked & np.roll(linked, 1)
    pairs = mixed(before * _MIX + wide)
    triples = mixed(np.roll(before, 1) * _MIX + pairs)
    columns = [
        np.unique(wide, return_inverse=True)[1],
        np.where(linked, np.unique(pairs, return_inverse=True)[1], -1),
        np.where(twice, np.unique(triples, return_inverse=True)[1], -1),
    ]
    ends = np.cumsum([len(sample.tokens) for sample in samples])[:-1]
    parts = zip(*(np.split(column, ends) for column in columns), strict=True)
    return tuple(NumberedSample(sample, *part) for sample, part in zip(samples, parts, strict=True))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Passages up to a number of tokens.

    Attributes:
        tokens, pairs, triples: their numbers, as in the sample.
        raw, packed: bytes of the passages, unpacked and packed.
    """

    tokens: Numbers
    pairs: Numbers
    triples: Numbers
    raw: int
    packed: int


def excerpt(sample: NumberedSample, passages: NDArray[np.int64], size: int) -> Excerpt:
    """Some passages, in their order, cut after ``size`` tokens.

    Args:
        sample: with at least as many tokens.
        passages: their places in it.
        size: tokens.
    """
    lengths = sample.passages.lengths[passages]
    used = passages[np.cumsum(lengths) - lengths < size]
    places = sample.places(used)[:size]
    return Excerpt(
        tokens=sample.tokens[places],
        pairs=sample.pairs[places],
        triples=sample.triples[places],
        raw=int(sample.passages.raw[used].sum()),
        packed=int(sample.passages.packed[used].sum()),
    )


def measures(text: Excerpt) -> dict[str, float]:
    """All measures but the coverage of a tail, which needs the reference."""
    counts = np.bincount(text.tokens)
    counts = counts[counts > 0]
    shares = counts / max(len(text.tokens), 1)
    return {
        "distinct_2": _distinct_share(text.pairs),
        "distinct_3": _distinct_share(text.triples),
        "hapax": float(np.mean(counts == 1)) if len(counts) else 0.0,
        "types": float(len(counts)),
        "entropy": float(-np.sum(shares * np.log2(shares))),
        "compression": text.packed / max(text.raw, 1),
    }


def tail_types(tokens: Numbers) -> Numbers:
    """The types beyond the most frequent ones that make up :data:`HEAD` of the tokens.

    Args:
        tokens: numbers from 0.
    """
    counts = np.bincount(tokens)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    before = np.cumsum(counts[order]) - counts[order]
    return order[before >= HEAD * len(tokens)]


def coverage(tail: Numbers, text: Excerpt) -> float:
    """Share of these types that the text has; 1 of none."""
    if not len(tail):
        return 1.0
    present = np.zeros(max(int(tail.max()), int(text.tokens.max(initial=0))) + 1, dtype=bool)
    present[text.tokens] = True
    return float(np.mean(present[tail]))


def _distinct_share(grams: Numbers) -> float:
    known = grams[grams >= 0]
    if not len(known):
        return 0.0
    seen = np.zeros(int(known.max()) + 1, dtype=bool)
    seen[known] = True
    return int(seen.sum()) / len(known)
