"""A language as the tables know it: codes, names, family, scripts, place and speakers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SUBJECTS: Final = ("code", "math")
"""What pools may hold that is no language: program code and mathematics. They have no relatives and
nobody measured what they give a language, so they are read where a limit asks for them."""


@dataclass(frozen=True, slots=True)
class Language:
    """One individual language of ISO 639-3.

    Empty text and ``None`` mean that the sources give no value. Sources: Glottolog 5.3,
    CLDR 47, WALS, IANA registry (``data/languages/card.yaml``).

    Attributes:
        code: ISO 639-3, individual (``cat``; never a macrolanguage such as ``zho``).
        name: English name.
        endonym: the language's name in itself.
        family: Glottolog top-level family.
        genus: WALS genus, or the one inferred from Glottolog relatives.
        script: usual ISO 15924 script.
        scripts: attested scripts, the usual one first.
        iso639_1: two-letter code, where this individual language has one.
        bcp47: shortest BCP 47 subtag.
        speakers: people, all countries, CLDR estimate; of the whole macrolanguage where the
            language stands for one.
        latitude: degrees north, Glottolog's point.
        longitude: degrees east.
        macrolanguage: ISO 639-3 code of the macrolanguage it belongs to.
    """

    code: str
    name: str
    endonym: str
    family: str
    genus: str
    script: str
    scripts: tuple[str, ...]
    iso639_1: str
    bcp47: str
    speakers: int | None
    latitude: float | None
    longitude: float | None
    macrolanguage: str
