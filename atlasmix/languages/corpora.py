"""Codes that a corpus uses its own way: ``als`` is Alemannic in Wikipedia, Albanian elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from atlasmix.errors import UnknownLanguage
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tables import languages
from atlasmix.languages.tags import LanguageTag

# Wikipedia: https://meta.wikimedia.org/wiki/Special_language_codes (projects whose subdomain is no
# code of the language). OSCAR takes its codes from fastText's lid.176, which was trained on
# Wikipedia. HPLT, FLORES and FineWeb-2 write ISO 639-3: there als is Tosk Albanian.
_WIKIPEDIA: Final = {
    "als": "gsw",
    "bat-smg": "sgs",
    "be-tarask": "bel",
    "be-x-old": "bel",
    "cbk-zam": "cbk",
    "fiu-vro": "vro",
    "nds-nl": "nds",
    "no": "nob",
    "roa-rup": "rup",
    "sh": "srp_Latn",
    "simple": "eng",
    "zh-classical": "lzh",
    "zh-min-nan": "nan",
    "zh-yue": "yue",
}
_OSCAR: Final = {"als": "gsw", "no": "nob", "sh": "srp_Latn"}
_ISO: Final[dict[str, str]] = {}
_CODES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "wikipedia": _WIKIPEDIA,
        "wiki": _WIKIPEDIA,
        "wikimedia": _WIKIPEDIA,
        "wiki40b": _WIKIPEDIA,
        "oscar": _OSCAR,
        "hplt": _ISO,
        "flores": _ISO,
        "fineweb": _ISO,
        "fineweb2": _ISO,
        "fw2": _ISO,
        "finepdfs": _ISO,
        "glotcc": _ISO,
        "madlad": _ISO,
    }
)
"""Beginning of a corpus's name to its own codes; all others are those of ISO 639."""

_NAMES: Final = {"lzh": "Literary Chinese", "rup": "Aromanian", "sgs": "Samogitian"}
"""Languages with a Wikipedia that the tables do not list."""

DOUBTFUL: Final[Mapping[str, str]] = MappingProxyType(
    {"als": "Tosk Albanian in ISO 639-3, Alemannic (gsw) in Wikipedia and OSCAR"}
)
"""Codes that two corpora use for two languages."""

_PARALLEL_NAMES: Final = (
    "opus paracrawl ccmatrix ccaligned multiccaligned wikimatrix europarl nllb tatoeba jw300 "
    "opensubtitles parallel bitext multiun unpc dgt eubookshop tedtalks"
)
PARALLEL: Final = frozenset(_PARALLEL_NAMES.split())
"""Corpora of text beside its translation: a code with a hyphen is a pair of languages there."""

_WORD = re.compile(r"[a-z]+[0-9]*[a-z]*")


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[str, ...]:
    """The words of a path or name; each is asked about several times in a row."""
    return tuple(_WORD.findall(text.lower()))


def known_corpus(text: str) -> str:
    """The corpus with codes of its own that a path or name speaks of; empty for none.

    >>> known_corpus("/data/wikipedia-2023/als"), known_corpus("/data/mine/als")
    ('wikipedia', '')
    """
    return next((word for word in _words(text) if word in _CODES), "")


def is_parallel(text: str) -> bool:
    """Whether a path or name speaks of a corpus of parallel text.

    >>> is_parallel("opus/de-fr"), is_parallel("hplt/de")
    (True, False)
    """
    return not PARALLEL.isdisjoint(_words(text))


def resolve_in(written: str, corpus: str) -> LanguageTag:
    """The language that a corpus means by a code.

    Args:
        written: code or name.
        corpus: path or name in which a known corpus may stand.

    Raises:
        UnknownLanguage: as :func:`~atlasmix.languages.resolving.resolve`.

    >>> str(resolve_in("als", "wikipedia")), str(resolve_in("als", "hplt-3.0"))
    ('gsw', 'als')
    """
    own = _CODES.get(known_corpus(corpus), {})
    code = own.get(written.lower().replace("_", "-"))
    if code is None:
        return resolve(written)
    if code.partition("_")[0] not in languages():
        raise UnknownLanguage(
            f"{written!r} is {_NAMES.get(code, code)} ({code}) in {known_corpus(corpus)}: the "
            "table of languages does not list it; keep it as a source without a language"
        )
    return resolve(code)


def doubt_of(written: str, corpus: str) -> str:
    """What to say of a code that corpora use for different languages; empty where it is clear.

    >>> doubt_of("als", "wikipedia"), doubt_of("als", "mine")[:13]
    ('', 'Tosk Albanian')
    """
    return "" if known_corpus(corpus) else DOUBTFUL.get(written.lower(), "")
