"""Patterns of prefixes: ``{corpus}/{language}_{script}`` finds what a path says in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.evidence import PROVENANCES

PLACEHOLDERS: Final = ("language", "script", "provenance", "corpus", "name")

_GROUPS: Final = {
    # A code or a name with its script, region or variant: ca, cat_Latn, zh-Hant, Catalan.
    "language": r"[A-Za-z]{2,}(?:[-_][A-Za-z0-9]{2,8})*?",
    "script": r"[A-Z][a-z]{3}",
    "provenance": "|".join(PROVENANCES),
    "corpus": r"[^/]+?",
    "name": r"[^/]+?",
}
_TOKEN = re.compile(r"\{(\w+)\}|\*\*|\*|\.\.\.")
_ENDINGS = re.compile(r"(_text_document|_text_sentence|_content_document)?(\.bin|\.idx)?$")
_SLASHES = re.compile(r"/{2,}")
_STRUCTURE: Final = frozenset({"", ".", "megatron-lm", "megatron", "counts", "release"})
"""Folders that say how a tree is kept, not what lies in it: ``hplt-3.0/megatron-lm/gle_Latn`` is
counted in ``hplt-3.0/counts/gle_Latn/release.json``."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern ready to be matched.

    Attributes:
        text: as written.
        expression: the same as a regular expression.
    """

    text: str
    expression: re.Pattern[str]

    def match(self, prefix: str) -> dict[str, str] | None:
        """What the placeholders stand for in this prefix; None where it does not fit.

        Folders that only say how a tree is kept (``megatron-lm``) are passed over, unless the
        pattern names them.
        """
        plain = plain_prefix(prefix)
        root = "/" if plain.startswith("/") else ""
        for text in (root + "/".join(path_words(plain)), plain):
            found = self.expression.fullmatch(text)
            if found is not None:
                return found.groupdict()
        return None


def compile_pattern(text: str) -> Pattern:
    """A pattern from its text.

    ``{language}``, ``{script}``, ``{provenance}``, ``{corpus}`` and ``{name}`` stand for what they
    say, ``*`` for anything without a slash, ``**`` and ``...`` for anything at all. The rest is
    literal. A pattern is matched against the end of a prefix, from the beginning of a folder on, or
    from the very beginning where it starts with ``^``; ``_text_document`` at the end of a prefix
    and doubled slashes do not count.

    Raises:
        ProblemError: an unknown placeholder, one that stands twice, or an empty pattern.

    >>> compile_pattern("{corpus}/{language}_{script}").match("/data/hplt-3.0/gle_Latn")
    {'corpus': 'hplt-3.0', 'language': 'gle', 'script': 'Latn'}
    """
    if not text.strip():
        raise ProblemError("an empty pattern: expected for example '{corpus}/{language}_{script}'")
    anchored = text.startswith("^")
    parts: list[str] = []
    seen: set[str] = set()
    last = int(anchored)
    for token in _TOKEN.finditer(text):
        literal = text[last : token.start()]
        last = token.end()
        name = token[1]
        if name is None and token[0] != "*" and literal.endswith("/") and last == len(text):
            # dclm-1.0/** is the folder and all below it.
            parts.append(f"{re.escape(literal[:-1])}(?:/.*)?")
            continue
        parts.append(re.escape(literal))
        if name is None:
            parts.append("[^/]*" if token[0] == "*" else ".*")
            continue
        if name not in _GROUPS:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise ProblemError(
                f"pattern {text[:80]!r} has the placeholder {{{name[:40]}}}: expected {known}"
            )
        # A word that stands twice has to be the same twice: {language}/{language}-train-*
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{_GROUPS[name]})")
        seen.add(name)
    parts.append(re.escape(text[last:]))
    before = "" if anchored else "(?:.*?/)??"
    return Pattern(text, re.compile(before + "".join(parts).lstrip("/")))


def plain_prefix(prefix: str) -> str:
    """A prefix without the endings that every tokenizer script adds, and without doubled slashes.

    >>> plain_prefix("/data//ca/ca-0_text_document")
    '/data/ca/ca-0'
    """
    return _ENDINGS.sub("", _SLASHES.sub("/", prefix.strip()), count=1).rstrip("/")


def path_words(prefix: str) -> tuple[str, ...]:
    """The folders of a prefix that say what lies in it.

    >>> path_words("/hplt-3.0/megatron-lm//gle_Latn_text_document")
    ('hplt-3.0', 'gle_Latn')
    """
    return tuple(word for word in plain_prefix(prefix).split("/") if word not in _STRUCTURE)
