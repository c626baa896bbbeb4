"""Names and patterns of pools in a file of the user's: ``"{language}.human.{corpus}": ...``."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from atlasmix.errors import DataError
from atlasmix.languages import language
from atlasmix.recipes.recipe import RecipePool

PLACEHOLDERS: Final = ("language", "script", "provenance", "corpus", "key")
EVERY: Final = "*"
"""The pattern of every pool."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def speaks_of(entries: Collection[str], pools: Sequence[RecipePool]) -> dict[str, str]:
    """Which entry of a user's file speaks of each pool: its own name, else the first that fits.

    Args:
        entries: names and patterns, in the order of the file.
        pools: those of the recipe.

    Returns:
        Name of the pool to entry; pools that no entry speaks of are absent.
    """
    found: dict[str, str] = {}
    for pool in pools:
        fitting = (entry for entry in entries if fits(entry, pool))
        entry = pool.name if pool.name in entries else next(fitting, None)
        if entry is not None:
            found[pool.name] = entry
    return found


def fits(pattern: str, pool: RecipePool) -> bool:
    """Whether a pattern speaks of a pool.

    In a pattern ``{language}`` is the pool's whole key, script included, as in its name; elsewhere
    (see :func:`fill`) it is the ISO 639-3 code alone.
    """
    if pattern == EVERY:
        return True
    named = {"language": pool.language, "provenance": pool.provenance, "corpus": pool.corpus}
    return _PLACEHOLDER.sub(lambda found: named.get(found[1], found[0]), pattern) == pool.name


def fill(text: str, pool: RecipePool, key: str) -> str:
    """A text with the pool's own words in the place of ``{language}`` and so on.

    ``{language}`` is the ISO 639-3 code (or a domain's label), ``{script}`` the ISO 15924 code,
    ``{key}`` the pool's name as the framework's files have it. ``${...}`` is left to OmegaConf.

    Raises:
        DataError: an unknown placeholder, or ``{script}`` of something that has none.
    """
    code, _, script = pool.language.partition("_")
    words = {
        "language": code if _script(pool.language) else pool.language,
        "script": script or _script(pool.language),
        "provenance": pool.provenance,
        "corpus": pool.corpus,
        "key": key,
    }

    def word(found: re.Match[str]) -> str:
        if text[: found.start()].endswith("$"):
            return found[0]
        if found[1] not in words:
            raise DataError(
                f"{text[:80]!r} has the placeholder {{{found[1][:40]}}}: expected one of "
                f"{_braced(PLACEHOLDERS)}"
            )
        if not words[found[1]]:
            raise DataError(f"{text[:80]!r}: {pool.name} has no script; leave {{script}} out")
        return words[found[1]]

    return _PLACEHOLDER.sub(word, text)


def _script(key: str) -> str:
    """The usual script of a language key; nothing for the label of a domain."""
    code, _, script = key.partition("_")
    if script:
        return script
    try:
        known = language(code)
    except DataError:
        return ""
    return known.script if known.code == code else ""


def _braced(words: Sequence[str]) -> str:
    return ", ".join(f"{{{word}}}" for word in words)
