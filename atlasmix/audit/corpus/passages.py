"""A sample of passages of a text, by which two texts are compared at the same number of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.audit.corpus.sketches import Hashes

PASSAGE: Final = 200
"""Tokens of a passage, our choice: long enough for its own repetition, short enough that a sample
is of many documents."""

SAMPLE: Final = 120_000
"""Tokens of a sample of one language and origin. Our choice: with as many, n-gram text of the
first generation stood out in English, Spanish, Zulu and Japanese; it takes up to 0.5 MB."""

Tokens = NDArray[np.uint32]
_FIRST: Final = np.uint32(1)


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages by rising priority, a number that was drawn for each; the least are kept.

    Attributes:
        priorities: as drawn; unlike texts have unlike ones.
        lengths: tokens of each, at most :data:`PASSAGE`.
        documents: a number of the document in which each begins.
        raw: bytes of the text of each.
        packed: bytes of it when packed by zlib.
        tokens: of all passages, one after the other: 31 bits of a hash, and in the lowest bit
            whether a document begins with it.
    """

    priorities: Hashes
    lengths: NDArray[np.int64]
    documents: Tokens
    raw: NDArray[np.int64]
    packed: NDArray[np.int64]
    tokens: Tokens

    @property
    def size(self) -> int:
        """Tokens of the sample."""
        return int(self.lengths.sum())

    @property
    def bound(self) -> np.uint64:
        """The highest priority that may still enter."""
        full = self.size >= SAMPLE
        return self.priorities[-1] if full else np.uint64(2**64 - 1)

    def merged(self, *others: Passages) -> Passages:
        """The passages of least priority of all, as many as the sample holds."""
        parts = (self, *others)
        lengths = np.concatenate([part.lengths for part in parts])
        priorities = np.concatenate([part.priorities for part in parts])
        order = np.argsort(priorities, kind="stable")
        before = np.cumsum(lengths[order]) - lengths[order]
        order = order[before < SAMPLE]
        return _picked(parts, priorities, lengths, order)


def no_passages() -> Passages:
    """A sample of nothing."""
    none = np.zeros(0, dtype=np.int64)
    return Passages(
        none.astype(np.uint64), none, none.astype(np.uint32), none, none, none.astype(np.uint32)
    )


def begins_document(tokens: Tokens) -> NDArray[np.bool_]:
    """Which tokens are the first of a document."""
    return (tokens & _FIRST).astype(bool)


def as_tokens(hashes: Hashes, first: NDArray[np.bool_]) -> Tokens:
    """Hashes of words as tokens of a sample."""
    short = (hashes >> np.uint64(32)).astype(np.uint32)
    return np.asarray((short & ~_FIRST) | first.astype(np.uint32), dtype=np.uint32)


def _picked(
    parts: tuple[Passages, ...],
    priorities: Hashes,
    lengths: NDArray[np.int64],
    order: NDArray[np.int64],
) -> Passages:
    tokens = np.concatenate([part.tokens for part in parts])
    return Passages(
        priorities=priorities[order],
        lengths=lengths[order],
        documents=np.concatenate([part.documents for part in parts])[order],
        raw=np.concatenate([part.raw for part in parts])[order],
        packed=np.concatenate([part.packed for part in parts])[order],
        tokens=_gathered(tokens, lengths, order),
    )


def _gathered(tokens: Tokens, lengths: NDArray[np.int64], places: NDArray[np.int64]) -> Tokens:
    begins = np.cumsum(lengths) - lengths
    chosen = lengths[places]
    within = np.arange(int(chosen.sum())) - np.repeat(np.cumsum(chosen) - chosen, chosen)
    return tokens[np.repeat(begins[places], chosen) + within]
