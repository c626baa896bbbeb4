"""Near duplicates: documents that share most of their shingles, found by MinHash in bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.audit.corpus.sketches import Counts, Hashes, mixed
from atlasmix.errors import DataError

SHINGLE: Final = 5
"""Words (or characters, where those are counted) of a shingle, as most corpora are cleaned."""

BANDS: Final = 16
ROWS: Final = 8
"""Our choice: two documents that share a part J of their shingles share a band with probability
1 - (1 - J^8)^16: 0.06 at J = 0.5, 0.61 at 0.7, 0.95 at 0.8, 1.00 at 0.9."""

MOST: Final = 4096
"""Documents of a language and origin that are compared, our choice: 0.4 MB."""

_SEED: Final = 20260
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class NearDocuments:
    """The documents whose rarest shingle has the least hash, with the bands of their MinHash.

    Alike documents have that shingle in common with a probability of their likeness, so they are
    kept together; a plain sample of documents would hold one of a pair and not the other.

    Attributes:
        keys: least hash of a shingle, rising.
        documents: hash of each text; the same text is one line.
        counts: how often it was seen.
        bands: of each, (documents, :data:`BANDS`).
    """

    keys: Hashes
    documents: Hashes
    counts: Counts
    bands: NDArray[np.uint32]

    @property
    def whole(self) -> bool:
        """Whether every document that was seen is here."""
        return len(self.keys) < MOST

    def merged(self, *others: NearDocuments) -> NearDocuments:
        """Both as one: the least, and the same texts together."""
        parts = (self, *others)
        keys = np.concatenate([part.keys for part in parts])
        documents = np.concatenate([part.documents for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        bands = np.concatenate([part.bands for part in parts])
        order = np.lexsort((documents, keys))
        keys, documents = keys[order], documents[order]
        fresh = np.r_[True, (np.diff(keys) != 0) | (np.diff(documents) != 0)][: len(keys)]
        begins = np.flatnonzero(fresh)
        together = np.add.reduceat(counts[order], begins) if len(begins) else counts
        kept = begins[:MOST]
        return NearDocuments(keys[kept], documents[kept], together[:MOST], bands[order[kept]])

    def copies(self) -> tuple[int, int]:
        """Of the documents here, how many are like an earlier one in a band, and how many all.

        Exact duplicates are counted once, so none of them is a copy by itself.
        """
        size = len(self.keys)
        if not size:
            return 0, 0
        alike = np.zeros(size, dtype=bool)
        for band in range(BANDS):
            _, first, place = np.unique(self.bands[:, band], return_index=True, return_inverse=True)
            alike |= first[place] < np.arange(size)
        return int(alike.sum()), size


def no_documents() -> NearDocuments:
    """Nothing seen."""
    none = np.zeros(0, dtype=np.uint64)
    return NearDocuments(
        none, none, np.zeros(0, dtype=np.int64), np.zeros((0, BANDS), dtype=np.uint32)
    )


def near_documents(words: Hashes, begins: NDArray[np.int64], documents: Hashes) -> NearDocuments:
    """Documents by their shingles; those shorter than one shingle are left out.

    Args:
        words: hashes of the words of all documents, one after the other.
        begins: where in it each document begins, and at last where the last one ends.
        documents: hash of each text.

    Raises:
        DataError: rensa, in the extra ``audit``, is not installed.
    """
    long = np.diff(begins) >= SHINGLE
    if not long.any():
        return no_documents()
    shingles = words[: len(words) - SHINGLE + 1].copy()
    for place in range(1, SHINGLE):
        shingles = mixed(shingles * _STEP + words[place : place + len(shingles)])
    firsts, lasts = begins[:-1][long], begins[1:][long] - SHINGLE + 1
    lengths = lasts - firsts
    offsets = np.r_[0, np.cumsum(lengths)]
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    chosen = shingles[np.repeat(firsts, lengths) + within]
    bands = _bands(chosen, offsets)
    least = np.minimum.reduceat(chosen, offsets[:-1])
    seen = NearDocuments(least, documents[long], np.ones(len(least), dtype=np.int64), bands)
    return no_documents().merged(seen)


def need_minhash() -> None:
    """Refuse where rensa is not installed.

    Raises:
        DataError: it is not.
    """
    try:
        import rensa  # noqa: F401
    except ImportError as error:
        raise DataError(
            "near duplicates are found by the package rensa, which is not installed: "
            "pip install 'atlasmix[audit]', or leave them out",
            field="near_duplicates",
        ) from error


def _bands(shingles: Hashes, offsets: NDArray[np.int64]) -> NDArray[np.uint32]:
    need_minhash()
    from rensa import RMinHash

    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        shingles, offsets.astype(np.uint64), BANDS * ROWS, _SEED
    )
    digests = np.array(matrix.to_rows(), dtype=np.uint64).reshape(-1, BANDS, ROWS)
    joined = digests[:, :, 0]
    for row in range(1, ROWS):
        joined = mixed(joined * _STEP + digests[:, :, row])
    return (joined >> np.uint64(32)).astype(np.uint32)
