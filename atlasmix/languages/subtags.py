"""BCP 47 and ``cat_Latn`` taken apart into language, script and region (RFC 5646, loosely)."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Variants are named one by one: else the end of a misspelt name would pass for one.
_VARIANTS = (
    "valencia|tarask|ekavsk|ijekavsk|pinyin|jyutping|polyton|monoton|oxendict|scotland|"
    r"[a-z0-9]*\d[a-z0-9]*"
)
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})"
    r"(?:[-_](?P<extended>[a-z]{3}))?"
    r"(?:[-_](?P<script>[a-z]{4}))?"
    r"(?:[-_](?P<region>[a-z]{2}|\d{3}))?"
    rf"(?:[-_](?=[a-z0-9]{{4,8}}(?:[-_]|$))(?:{_VARIANTS}))*"
    r"(?:[-_][a-z0-9](?:[-_][a-z0-9]{1,8})+)*",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Subtags:
    """The parts of a tag that say which language in which script; empty where not given."""

    language: str
    extended: str
    script: str
    region: str


def read_subtags(text: str) -> Subtags | None:
    """The parts of ``text``, or None where it has not the form of a tag.

    Variants and extensions (``-1996``, ``-u-…``, ``-x-…``) are read over: they change neither
    language nor script.
    """
    match = _TAG.fullmatch(text)
    if match is None:
        return None
    return Subtags(
        language=match["language"].lower(),
        extended=(match["extended"] or "").lower(),
        script=(match["script"] or "").title(),
        region=(match["region"] or "").upper(),
    )
