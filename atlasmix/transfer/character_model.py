"""Kneser-Ney models of characters: what a text foretells of another, character by character.

Interpolated Kneser-Ney with three discounts an order (Ney, Essen and Kneser 1994; Chen and Goodman
1999), over characters, on arrays alone. A string is known by a 64-bit hash of it; that any two of
a million strings share one has a chance of about one in forty million.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]

ORDER: Final = 6
"""Longest string that is counted, in characters: with 150,000 of them longer ones are seen once."""

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_LEAST_DISCOUNT: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The strings of one length.

    Attributes:
        grams: hashes, sorted.
        kept: how often each was seen (shorter than the longest: after how many different
            characters), less its discount.
        contexts, totals, taken: hashes of what stands before the last character, sorted; the sum of
            counts after each, and of what was taken off them, which shorter strings share out.
    """

    grams: Hashes
    kept: Floats
    contexts: Hashes
    totals: Floats
    taken: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CharacterModel:
    """A model of the characters of a text.

    Attributes:
        levels: by length of string, 1 first.
        alphabet: different characters there are, those unseen among them.
    """

    levels: tuple[_Level, ...]
    alphabet: int


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A text to be foretold, its strings sorted once for every model.

    Attributes:
        grams, contexts: for each length the different hashes, sorted, and where each place of the
            text finds its own.
        size: places that are foretold.
    """

    grams: tuple[tuple[Hashes, Counts], ...]
    contexts: tuple[tuple[Hashes, Counts], ...]
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """What a model says of a held-out text.

    Attributes:
        chance: (n,) probability of each character.
        matched: (n,) longest context that the model has seen before it, 0 to ``ORDER``.
    """

    chance: Floats
    matched: Counts


def symbols(text: str, alphabet: dict[str, int]) -> Hashes:
    """A text as numbers from 1; new characters are added to the alphabet."""
    return np.array(
        [alphabet.setdefault(each, len(alphabet) + 1) for each in text], dtype=np.uint64
    )


def _hashes(text: Hashes) -> list[Hashes]:
    """By length, from 0: hashes of the strings that end at each place."""
    with np.errstate(over="ignore"):
        by_length = [np.zeros(len(text), dtype=np.uint64)]
        for _ in range(ORDER):
            before = np.concatenate([np.zeros(1, dtype=np.uint64), by_length[-1][:-1]])
            by_length.append(before * _FACTOR + text)
    return by_length


def train(text: Hashes, alphabet: int) -> CharacterModel:
    """The model of a text.

    Args:
        text: symbols of it.
        alphabet: different characters of all texts together.

    >>> letters: dict[str, int] = {}
    >>> model = train(symbols("abababababababab", letters), 2)
    >>> told = foretell(model, held_out(symbols("abababab", letters)))
    >>> bool(told.chance.min() > 0.9)
    True
    """
    hashes = _hashes(text)
    levels: list[_Level] = []
    longer: NDArray[np.intp] | None = None
    for length in range(ORDER, 0, -1):
        # A short string counts by the characters before it: by the longer strings that end in it.
        ends = np.arange(ORDER - 1, len(text)) if longer is None else longer
        grams, first, counts = np.unique(
            hashes[length][ends], return_index=True, return_counts=True
        )
        places = ends[first]
        context = hashes[length - 1][places - 1]
        contexts, at = np.unique(context, return_inverse=True)
        discount = _discounts(counts)[np.minimum(counts, 3)]
        levels.append(
            _Level(
                grams,
                counts - discount,
                contexts,
                np.bincount(at, weights=counts).astype(np.float64),
                np.bincount(at, weights=discount).astype(np.float64),
            )
        )
        longer = places
    return CharacterModel(tuple(reversed(levels)), max(alphabet, 2))


def _discounts(counts: Counts) -> Floats:
    """What is taken off a count of 0 (nothing), 1, 2, and 3 or more, by Chen and Goodman."""
    once, twice, thrice, four = (float(np.sum(counts == each)) for each in (1, 2, 3, 4))
    if not (once and twice and thrice):
        return np.array([0.0, 0.5, 0.5, 0.5])
    part = once / (once + 2 * twice)
    taken = (
        1 - 2 * part * twice / once,
        2 - 3 * part * thrice / twice,
        3 - 4 * part * four / thrice,
    )
    return np.array(
        [
            0.0,
            *(
                min(max(each, _LEAST_DISCOUNT), most - _LEAST_DISCOUNT)
                for most, each in enumerate(taken, 1)
            ),
        ]
    )


def held_out(text: Hashes) -> HeldOut:
    """A text to be foretold, from its seventh character on."""
    hashes = _hashes(text)
    ends = np.arange(ORDER, len(text))
    grams, contexts = [], []
    for length in range(1, ORDER + 1):
        grams.append(np.unique(hashes[length][ends], return_inverse=True))
        contexts.append(np.unique(hashes[length - 1][ends - 1], return_inverse=True))
    return HeldOut(tuple(grams), tuple(contexts), len(ends))


def foretell(model: CharacterModel, text: HeldOut) -> Foretold:
    """The probability of every character of a text, each given those before it."""
    chance = np.full(text.size, 1.0 / model.alphabet)
    matched = np.zeros(text.size, dtype=np.int64)
    for length, level in enumerate(model.levels, start=1):
        keys, places = text.contexts[length - 1]
        at, seen = _find(level.contexts, keys)
        total = np.where(seen, level.totals[at], 1.0)
        taken = np.where(seen, level.taken[at], 0.0)
        grams, own = text.grams[length - 1]
        gram_at, gram_seen = _find(level.grams, grams)
        count = np.where(gram_seen, level.kept[gram_at], 0.0)
        here = seen[places]
        told = (count[own] + taken[places] * chance) / total[places]
        chance = np.where(here, told, chance)
        matched = np.where(here, length, matched)
    return Foretold(chance, matched)


def _find(known: Hashes, keys: Hashes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where keys stand among known ones, and whether they do."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return at, known[at] == keys
