"""Two languages in one word, ``de-fr``: parallel text, and no language of a region."""

from __future__ import annotations

import re
from functools import lru_cache

from atlasmix.languages.tables import languages, macrolanguages, short_codes
from atlasmix.languages.tags import is_locale, read_subtags

_CODE = r"[a-z]{2,3}|[A-Z]{2,3}"
_PAIR = re.compile(
    rf"(?P<a>{_CODE})(?P<script_a>_[A-Z][a-z]{{3}})?(?:-|_|2|-to-|_to_)"
    rf"(?P<b>{_CODE})(?P<script_b>_[A-Z][a-z]{{3}})?"
)


@lru_cache(maxsize=4096)
def pair_of(text: str, parallel: bool = False) -> tuple[str, str] | None:
    """The codes of both languages, where ``text`` names two; None where it names one, or none.

    ``de-fr`` is a pair, ``pt-br`` and ``de-FR`` are a language and a region, ``zh-yue`` is a
    language. In a corpus of parallel text ``pt-br`` is a pair too.

    Args:
        text: as it stands in a path.
        parallel: the corpus is known to be one of parallel text.

    >>> pair_of("de-fr"), pair_of("pt-br"), pair_of("deu_Latn-fra_Latn"), pair_of("en2de")
    (('de', 'fr'), None, ('deu', 'fra'), ('en', 'de'))
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    a, b = match["a"], match["b"]
    scripts = bool(match["script_a"]), bool(match["script_b"])
    if a.islower() != b.islower() or scripts[0] != scripts[1]:
        return None
    a, b = a.lower(), b.lower()
    if a == b or not (_is_code(a) and _is_code(b)):
        return None
    tag = read_subtags(text)
    if tag is not None and tag.extended and _macro(tag.extended) == _individual(a):
        return None  # zh-yue
    if tag is not None and tag.region and not parallel and is_locale(a, b):
        return None
    return a, b


def _is_code(code: str) -> bool:
    return code in short_codes() or code in languages() or code in macrolanguages()


def _individual(code: str) -> str:
    return short_codes().get(code, code)


def _macro(code: str) -> str:
    entry = languages().get(code)
    return entry.macrolanguage if entry is not None else ""
