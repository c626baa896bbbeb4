"""Packages that an audit asks where they are wanted: tokenizers, identifiers, segmenters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.audit.corpus.labels import NO_LANGUAGE
from atlasmix.errors import DataError, UnknownLanguage, about
from atlasmix.io.files import refusing_to_read
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tables import languages

IDENTIFIERS: Final = ("py3langid", "pycld2")
"""py3langid (BSD) knows more languages, pycld2 (Apache) is ten times faster."""

_LONGEST: Final = 4000
"""Characters of a document that are shown to an identifier: our choice, more tells no more."""

Identify = Callable[[str], str]
"""From a text to the key of its language; ``und`` where the package does not tell."""


def identifier(name: str) -> Identify:
    """The function of a package that says which language a text is in.

    Args:
        name: one of :data:`IDENTIFIERS`.

    Raises:
        DataError: another name, or the package is not installed.
    """
    if name not in IDENTIFIERS:
        raise DataError(
            f"no language identifier {name[:40]!r}: expected {' or '.join(IDENTIFIERS)}",
            field="identify",
            value=name,
        )
    try:
        return _py3langid() if name == "py3langid" else _pycld2()
    except ImportError as error:
        raise DataError(
            f"the package {name} is not installed: pip install 'atlasmix[audit]', or leave the "
            "language of documents unchecked",
            field="identify",
            value=name,
        ) from error


def _py3langid() -> Identify:
    import py3langid

    return lambda text: _key(str(py3langid.classify(text[:_LONGEST])[0]))


def _pycld2() -> Identify:
    import pycld2

    def identify(text: str) -> str:
        # Control characters are refused by it, and say nothing.
        shown = "".join(c for c in text[:_LONGEST] if c.isprintable() or c.isspace())
        try:
            reliable, _, details = pycld2.detect(shown)
        except pycld2.error:
            return NO_LANGUAGE
        return _key(str(details[0][1])) if reliable else NO_LANGUAGE

    return identify


@lru_cache(maxsize=1024)
def _key(code: str) -> str:
    try:
        return str(resolve(code))
    except UnknownLanguage:
        return NO_LANGUAGE


@lru_cache(maxsize=4096)
def same_macrolanguage(key: str, other: str) -> bool:
    """Whether two keys are one language, or two of one macrolanguage, which identifiers mix up.

    >>> same_macrolanguage("nob", "nno"), same_macrolanguage("cat", "spa")
    (True, False)
    """
    codes = [each.partition("_")[0] for each in (key, other)]
    groups = [
        languages()[code].macrolanguage or code if code in languages() else code for code in codes
    ]
    return codes[0] == codes[1] or groups[0] == groups[1]


SEGMENTERS: Final = ("icu4py",)
"""icu4py (MIT) has the dictionaries of ICU for Han, kana, Thai, Lao, Khmer and Burmese."""

Cut = Callable[[str], NDArray[np.int64]]
"""From a text to the units of UTF-16 at which its words, and what stands between them, begin."""


def segmenter(name: str) -> tuple[Cut, str]:
    """The function of a package that cuts text without spaces into words; it with its version.

    Args:
        name: one of :data:`SEGMENTERS`, alone or with a version behind it.

    Raises:
        DataError: another name, or the package is not installed.
    """
    package = name.partition(" ")[0]
    if package not in SEGMENTERS:
        raise DataError(
            f"no segmenter {name[:40]!r}: expected {' or '.join(SEGMENTERS)}",
            field="segment",
            value=name,
        )
    try:
        from icu4py.breakers import WordBreaker
    except ImportError as error:
        raise DataError(
            f"the package {package} is not installed: pip install 'atlasmix[audit]', or count "
            "unsegmented scripts by characters",
            field="segment",
            value=name,
        ) from error

    def cut(text: str) -> NDArray[np.int64]:
        # Its dictionaries are of scripts: the locale decides nothing here.
        segments = WordBreaker(text, "en").segments()
        return np.fromiter((start for start, _ in segments), dtype=np.int64)

    return cut, f"{package} {version(package)}"


def open_tokenizer(path: str) -> tuple[Callable[[str], int], str]:
    """How many tokens a text has, by a tokenizer.json of Hugging Face; and a name for its unit.

    Raises:
        DataError: no such file, none of its format, or tokenizers is not installed.
    """
    file = Path(path)
    with about("tokenizer", path), refusing_to_read(file, f"tokenizer {path[:200]}"):
        content = file.read_bytes()
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise DataError(
            "the package tokenizers is not installed: pip install 'atlasmix[audit]', or count "
            "words",
            field="tokenizer",
            value=path,
        ) from error
    try:
        known: Any = Tokenizer.from_buffer(content)
    except Exception as error:  # the package raises no narrower class
        raise DataError(
            f"{path[:200]} is no tokenizer.json ({str(error)[:100]}): name one of Hugging Face",
            field="tokenizer",
            value=path,
        ) from error
    named = f"tokens of {Path(path).name} ({hashlib.sha256(content).hexdigest()[:12]})"
    return lambda text: len(known.encode(text, add_special_tokens=False).ids), named
