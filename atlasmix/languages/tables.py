"""The shipped tables of languages, read once with the standard library when first asked."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from atlasmix.errors import DataError
from atlasmix.io.shipped import data_folder
from atlasmix.languages.language import Language


@dataclass(frozen=True, slots=True)
class Macrolanguage:
    """A code that covers several languages, and the one that stands for it.

    ``representative`` is empty for a *collection* (``nah``, Nahuatl languages), which no single
    language stands for. ``script`` is the usual script of text under this code, which for
    Serbo-Croatian is not that of its representative.
    """

    code: str
    iso639_1: str
    name: str
    representative: str
    script: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """A name, endonym or older code of a language; ``script`` where the name implies one."""

    alias: str
    code: str
    script: str
    kind: str


def _rows(table: str, columns: int) -> list[list[str]]:
    path = data_folder() / "languages" / f"{table}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as fault:
        raise DataError(
            f"the shipped table languages/{table}.csv cannot be read ({fault.strerror}): "
            "install AtlasMix again"
        ) from fault
    if len(rows) < 2 or any(len(row) != columns for row in rows):
        raise DataError(
            f"the shipped table languages/{table}.csv is damaged, expected {columns} fields in "
            "every row: install AtlasMix again"
        )
    return rows[1:]


@cache
def languages() -> dict[str, Language]:
    """Every individual language by its ISO 639-3 code, in the order of the codes."""
    return {
        row[0]: Language(
            code=row[0],
            name=row[1],
            endonym=row[2],
            family=row[3],
            genus=row[4],
            script=row[5],
            scripts=tuple(row[6].split()),
            iso639_1=row[7],
            bcp47=row[8],
            macrolanguage=row[9],
            speakers=int(row[10]) if row[10] else None,
            latitude=float(row[11]) if row[11] else None,
            longitude=float(row[12]) if row[12] else None,
        )
        for row in _rows("languages", 13)
    }


@cache
def macrolanguages() -> dict[str, Macrolanguage]:
    """Macrolanguages and collections by their ISO 639 code of three letters."""
    return {
        row[0]: Macrolanguage(row[0], row[1], row[2], row[3], row[4], tuple(row[5].split()))
        for row in _rows("macrolanguages", 6)
    }


@cache
def short_codes() -> dict[str, str]:
    """Two-letter codes of ISO 639-1, each with its code of three letters."""
    known: dict[str, Language | Macrolanguage] = {**languages(), **macrolanguages()}
    return {entry.iso639_1: code for code, entry in known.items() if entry.iso639_1}


@cache
def aliases() -> dict[str, tuple[Alias, ...]]:
    """Names, endonyms and older codes by their folded spelling."""
    known: dict[str, tuple[Alias, ...]] = {}
    for alias, folded, code, script, kind in _rows("aliases", 5):
        known[folded] = (*known.get(folded, ()), Alias(alias, code, script, kind))
    return known


@cache
def script_names() -> dict[str, str]:
    """English names of scripts by ISO 15924 code (``Latn`` is ``Latin``)."""
    return {row[0]: row[1] for row in _rows("scripts", 2)}


@cache
def region_scripts() -> dict[tuple[str, str], str]:
    """Scripts that a region implies, by code and region (``cmn``, ``TW``: Hant)."""
    return {(row[0], row[1]): row[2] for row in _rows("region_scripts", 3)}
