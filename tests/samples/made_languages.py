"""Languages that are made: words of syllables, of which relatives share some, and their texts."""

from __future__ import annotations

import numpy as np

WORDS = 1500
_CONSONANTS, _VOWELS = "bcdfghklmnprstvz", "aeiou"


def lexicon(seed: int, kin: list[str] | None = None, shared: float = 0.0) -> list[str]:
    """Words by meaning, the commonest first; a part of them is that of a relative."""
    rng = np.random.default_rng([seed, 17])
    words = [
        "".join(rng.choice(list(_CONSONANTS)) + rng.choice(list(_VOWELS)) for _ in range(length))
        for length in rng.integers(1, 4, WORDS)
    ]
    kept = rng.random(WORDS) < shared
    return [kin[at] if kin and kept[at] else word for at, word in enumerate(words)]


def sentences(seed: int, count: int) -> list[list[int | str]]:
    """Meanings, by Zipf's law, with now and then a number, as what is said in any language."""
    rng = np.random.default_rng([seed, 23])
    weights = 1 / np.arange(2, WORDS + 2)
    meanings = rng.choice(WORDS, (count, 14), p=weights / weights.sum())
    lengths = rng.integers(4, 15, count)
    return [
        [
            *row[:length].tolist(),
            *([str(rng.integers(3000, 999_999))] if rng.random() < 0.2 else []),
        ]
        for row, length in zip(meanings, lengths.tolist(), strict=True)
    ]


def written(said: list[list[int | str]], words: list[str]) -> str:
    """What is said, in a language, a sentence a line."""
    return "\n".join(
        " ".join(each if isinstance(each, str) else words[each] for each in sentence)
        for sentence in said
    )


def texts(count: int = 8000) -> dict[str, str]:
    """Catalan and two relatives, one nearer than the other, and a stranger; none a translation."""
    cat = lexicon(1)
    words = {
        "cat": cat,
        "spa": lexicon(2, cat, 0.6),
        "fra": lexicon(3, cat, 0.25),
        "eus": lexicon(4),
    }
    return {
        key: written(sentences(place, count), each)
        for place, (key, each) in enumerate(words.items())
    }
