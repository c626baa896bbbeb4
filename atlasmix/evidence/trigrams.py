"""Character trigrams of a text: the profile by which languages are alike, and its file."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.errors import DataError
from atlasmix.io.files import read_file

Profile = Mapping[str, int]
"""Counts of the commonest trigrams of a text."""

TRIGRAMS_FILE: Final = "trigrams.csv"
"""Profiles of a user's own texts, beside the scores of a matrix."""

MOST: Final = 400
"""Trigrams of a profile, as of the declaration's."""

LEAST_LETTERS: Final = 5_000
"""Fewest letters of a text of one's own: our choice, about half a declaration. Profiles of two
parts of one book (Shakespeare's Coriolanus) of 500, 5,000 and 20,000 characters have cosines of
0.52, 0.86 and 0.95: a shorter one makes a language a stranger to itself."""

MOST_CHARACTERS: Final = 1_000_000
"""Characters that are read of a text: our choice, by which the order of its trigrams stands."""

_TEXT_LIMIT: Final = 64 * 1024 * 1024
_HEADER: Final = ("language", "trigram", "count")


def profile(text: str, most: int = MOST) -> dict[str, int]:
    """Counts of the commonest character trigrams of a text, as in ``data/relatedness``.

    Args:
        text: any, romanised; letters alone are read, in lower case, words joined by one space.
        most: trigrams kept.

    >>> profile("La lala")
    {' la': 2, 'la ': 2, 'a l': 1, 'lal': 1, 'ala': 1}
    """
    letters = "".join(c if c.isalpha() else " " for c in text.lower())
    joined = f" {' '.join(letters.split())} "
    counts = Counter(joined[at : at + 3] for at in range(len(joined) - 2))
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:most])


def cosine(first: Profile, second: Profile) -> float:
    """Cosine of two profiles; 0 where one of them is empty.

    >>> cosine({"abc": 3, "bcd": 4}, {"abc": 3, "bcd": 4})
    1.0
    """
    both = sum(count * second.get(trigram, 0) for trigram, count in first.items())
    sizes = [sum(count * count for count in each.values()) for each in (first, second)]
    return both / float(np.sqrt(sizes[0] * sizes[1])) if min(sizes) else 0.0


def profile_of_file(path: str | Path) -> dict[str, int]:
    """The profile of a text of the user's own, romanised as the declaration was (anyascii).

    Args:
        path: plain text in UTF-8, of which the first million characters are read.

    Raises:
        DataError: not readable, no text, too short, or in need of the extra ``relatedness``, which
            romanises.
    """
    text = read_text(path)[:MOST_CHARACTERS]
    letters = sum(map(str.isalpha, text))
    if letters < LEAST_LETTERS:
        raise DataError(
            f"{path} has {letters:,} letters: at least {LEAST_LETTERS:,} are needed for trigrams "
            "that are the language's and not the text's",
            field="texts",
            hint="bring a longer text",
        )
    return profile(_romanised(text, path))


def read_text(path: str | Path) -> str:
    """A plain text of the user's own.

    Raises:
        DataError: not readable, longer than 64 MiB, or not in UTF-8.
    """
    return _decoded(read_file(path, _TEXT_LIMIT), path)


def read_texts(
    files: Mapping[str, str | Path],
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Plain texts of the user's own, and the name and SHA-256 of each file, read once.

    Args:
        files: language key to path.

    Raises:
        DataError: as :func:`read_text`.
    """
    texts, digests = {}, []
    for key, path in files.items():
        content = read_file(path, _TEXT_LIMIT)
        texts[key] = _decoded(content, path)
        digests.append((Path(path).name, hashlib.sha256(content).hexdigest()))
    return texts, tuple(digests)


def _decoded(content: bytes, path: str | Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no text in UTF-8 (byte {error.start:,}): expected plain text",
            field="texts",
            hint="save it as UTF-8",
        ) from error


def _romanised(text: str, path: str | Path) -> str:
    if text.isascii():
        return text
    try:
        from anyascii import anyascii
    except ImportError as error:
        raise DataError(
            f"{path} has letters beyond ASCII, and the package anyascii, which romanises them, is "
            "not installed: pip install 'atlasmix[relatedness]'",
            field="texts",
        ) from error
    return str(anyascii(text))


def trigrams_csv(profiles: Mapping[str, Profile]) -> bytes:
    """Profiles in their normal form on the shelf: by language, the commonest first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for language in sorted(profiles):
        writer.writerows((language, *each) for each in profiles[language].items())
    return text.getvalue().encode()


def parse_trigrams(content: bytes) -> dict[str, dict[str, int]]:
    """Profiles from their normal form, whose hash the card states.

    >>> parse_trigrams(trigrams_csv({"pcd": {"che": 2}}))
    {'pcd': {'che': 2}}
    """
    profiles: dict[str, dict[str, int]] = {}
    with io.StringIO(content.decode("utf-8"), newline="") as text:
        for row in csv.DictReader(text):
            profiles.setdefault(row["language"], {})[row["trigram"]] = int(row["count"])
    return profiles
