"""What each character is to a count: part of a word, a token by itself, nothing; and its script."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

APART: Final = 0
"""Spaces, punctuation, signs: they stand between words."""
JOINED: Final = 1
"""Letters, marks and digits: a word is as many of them as stand together."""
ALONE: Final = 2
"""Characters of scripts that write no spaces between words: each counts by itself."""

_LAST: Final = 0x323B0
"""Past the last letter that Unicode 16 assigns."""

_BY_NAME: Final = {
    "ADLAM": "Adlm",
    "ARABIC": "Arab",
    "ARMENIAN": "Armn",
    "BALINESE": "Bali",
    "BATAK": "Batk",
    "BENGALI": "Beng",
    "BOPOMOFO": "Bopo",
    "BUGINESE": "Bugi",
    "CANADIAN": "Cans",
    "CHEROKEE": "Cher",
    "CJK": "Hani",
    "COPTIC": "Copt",
    "CYRILLIC": "Cyrl",
    "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor",
    "GREEK": "Grek",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "HANGUL": "Hang",
    "HEBREW": "Hebr",
    "HIRAGANA": "Hira",
    "JAVANESE": "Java",
    "KANNADA": "Knda",
    "KATAKANA": "Kana",
    "KHMER": "Khmr",
    "LAO": "Laoo",
    "LATIN": "Latn",
    "MALAYALAM": "Mlym",
    "MEETEI": "Mtei",
    "MONGOLIAN": "Mong",
    "MYANMAR": "Mymr",
    "NKO": "Nkoo",
    "OL": "Olck",
    "ORIYA": "Orya",
    "SINHALA": "Sinh",
    "SUNDANESE": "Sund",
    "SYRIAC": "Syrc",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "THAANA": "Thaa",
    "THAI": "Thai",
    "TIBETAN": "Tibt",
    "TIFINAGH": "Tfng",
    "YI": "Yiii",
}
"""ISO 15924 codes by the first word of the names that Unicode gives a script's characters."""

SCRIPTS: Final = ("", *sorted(set(_BY_NAME.values())))
"""What a script number means; 0 is none of these."""

UNSEGMENTED: Final = frozenset({"Hani", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Yiii"})
"""Scripts without spaces between words: their text is counted by characters, since words would
hang on whose dictionary cuts them."""

_WRITTEN_IN: Final = {
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
    "Latg": frozenset({"Latn"}),
    "Geok": frozenset({"Geor"}),
}
"""What stands on the page where ISO 15924 names a way of writing."""


@dataclass(frozen=True, slots=True)
class CharacterTable:
    """Of every code point, by its number.

    Attributes:
        kinds: :data:`APART`, :data:`JOINED` or :data:`ALONE`.
        scripts: of letters, a place in :data:`SCRIPTS`; 0 for all else.
    """

    kinds: NDArray[np.uint8]
    scripts: NDArray[np.uint8]


@cache
def character_table() -> CharacterTable:
    """The table, made from Python's own Unicode data when first asked."""
    kinds = np.zeros(0x110000, dtype=np.uint8)
    scripts = np.zeros(0x110000, dtype=np.uint8)
    place = {code: number for number, code in enumerate(SCRIPTS)}
    for point in range(_LAST):
        character = chr(point)
        category = unicodedata.category(character)[0]
        if category not in "LMN":
            continue
        code = _BY_NAME.get(unicodedata.name(character, "").split(" ", 1)[0], "")
        kinds[point] = ALONE if code in UNSEGMENTED else JOINED
        if category == "L":
            scripts[point] = place[code]
    kinds.setflags(write=False)
    scripts.setflags(write=False)
    return CharacterTable(kinds, scripts)


def accepted_scripts(scripts: tuple[str, ...]) -> frozenset[int]:
    """The places in :data:`SCRIPTS` of what text in these ways of writing is made of.

    Letters of a script that is not told apart here are not looked at, so it accepts nothing.

    Args:
        scripts: ISO 15924 codes, as a language's table has them.
    """
    parts = [_WRITTEN_IN.get(script, frozenset({script})) for script in scripts]
    return frozenset(SCRIPTS.index(each) for part in parts for each in part if each in SCRIPTS)
