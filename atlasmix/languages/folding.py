"""Spelling folded for comparison: case, accents, hyphens, apostrophes and spaces set aside."""

from __future__ import annotations

import re
import unicodedata

_POINTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u0640]")
_APOSTROPHES = re.compile("['`´\u02bb\u02bc\u2018\u2019\u02b9\u02bf\u02be\ua78c\ua78b]")
_GAPS = re.compile(r"[\s_\u2010-\u2015\u200b-\u200f-]+")
# Letters that Unicode does not decompose, as a keyboard without them writes them.
_BASE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)


def fold(text: str) -> str:
    """``text`` as it is compared: ``"Català"`` and ``"CATALA"`` become ``"catala"``.

    Accents of Latin, Greek and Cyrillic and the vowel points of Hebrew and Arabic go; the
    vowel signs of Indic scripts stay, since they tell words apart. ``fold`` of a folded text is
    the text itself.
    """
    bare = _POINTS.sub("", unicodedata.normalize("NFKD", text).casefold())
    bare = _APOSTROPHES.sub("", bare.translate(_BASE_LETTERS))
    # Some letters casefold to letters that decompose again, so decompose once more.
    bare = _POINTS.sub("", unicodedata.normalize("NFKD", bare))
    return unicodedata.normalize("NFC", _GAPS.sub(" ", bare).strip())
