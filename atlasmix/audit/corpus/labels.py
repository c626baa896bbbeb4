"""What a record says of its own text: its language, who wrote it, and with what.

What is not said is ``unknown`` and never ``human``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from atlasmix.errors import UnknownLanguage
from atlasmix.evidence.pools import Provenance
from atlasmix.languages.resolving import resolve

ORIGINS: Final = ("human", "human_edited", "synthetic", "unknown")
KINDS: Final = ("", "rephrase", "qa", "translate", "textbook", "self", "rule", "other")
NO_LANGUAGE: Final = "und"
"""ISO 639-2 for a language that nobody named."""

_ORIGINS: Final = {
    **{origin: origin for origin in ORIGINS},
    # digitalSourceType of IPTC, as schema.org and C2PA use it.
    "digitalcreation": "human",
    "humanedits": "human_edited",
    "compositewithtrainedalgorithmicmedia": "human_edited",
    "trainedalgorithmicmedia": "synthetic",
    "algorithmicmedia": "synthetic",
    "machine": "synthetic",
    "generated": "synthetic",
}
_KINDS: Final = {
    **{kind: kind for kind in KINDS},
    "rephrased": "rephrase",
    "translated": "translate",
    "translation": "translate",
    "machine_translation": "translate",
    "mt": "translate",
    "self-generated": "self",
    "rule-based": "rule",
}
_LANGUAGE_KEYS: Final = ("language", "lang", "language_code", "lang_code")
_SCRIPT_KEYS: Final = ("language_script", "script")
_LONGEST: Final = 120
_FOLDER: Final = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")


class Label(NamedTuple):
    """A group of documents that are counted together; empty where nothing is said.

    Attributes:
        language: key of the language, or ``und``.
        origin: one of :data:`ORIGINS`.
        kind: of synthetic text, one of :data:`KINDS`.
        generator: what wrote it, as ``id@revision``.
        generation: models between it and human text; None where it is not said.
        source_language: of a translation.
        decoding: how it was sampled, as ``temperature 0.8, top_p 0.95``.
        verified: by what it is said to have been verified; ``unnamed`` where that is all.
    """

    language: str
    origin: str = "unknown"
    kind: str = ""
    generator: str = ""
    generation: int | None = None
    source_language: str = ""
    decoding: str = ""
    verified: str = ""

    @property
    def provenance(self) -> Provenance:
        """What an inventory calls it."""
        if self.origin == "human":
            return "human"
        if self.origin == "human_edited":
            return "human_edited"
        if self.origin != "synthetic":
            return "unknown"
        if self.kind == "translate":
            return "translated"
        return "rephrased" if self.kind == "rephrase" else "generated"


def label_of(record: Mapping[str, object], language: str = NO_LANGUAGE) -> tuple[Label, str | None]:
    """The label of a record, and what is wrong with it where something is.

    Read are the fields of ``provenance``, in the record or its ``metadata``, and where there is
    none those of the same names in ``metadata`` or the record.

    Args:
        record: as it was parsed.
        language: of records that name none.

    >>> label_of({"text": "Bon dia", "language": "ca"})[0]
    Label(language='cat', origin='unknown', kind='', generator='', generation=None,
    source_language='', decoding='', verified='')
    """
    # Most records say nothing, and there are billions of them: dict, not Mapping, is asked for.
    metadata = record.get("metadata")
    places: list[Mapping[str, object]] = [record]
    if isinstance(metadata, dict):
        places = [metadata, record]
    named, fault = _language(places, language)
    said = places
    for place in places:
        stated = place.get("provenance")
        if isinstance(stated, dict):
            said = [stated]
            break
    for place in said:
        if "origin" in place or "digitalSourceType" in place:
            return _stated(named, said, fault)
    return _silent(named), fault


@lru_cache(maxsize=4096)
def _silent(language: str) -> Label:
    return Label(language)


def _stated(
    language: str, said: Sequence[Mapping[str, object]], fault: str | None
) -> tuple[Label, str | None]:
    origin = _word(_value(said, "origin", "digitalSourceType")).rpartition("/")[2]
    kind = _word(_value(said, "kind"))
    generator = _text(_value(said, "generator"))
    generation = _value(said, "generation")
    level = generation if isinstance(generation, int) and 0 <= generation < 1000 else None
    if origin not in _ORIGINS:
        fault = fault or f"origin {origin[:40]!r}: expected {', '.join(ORIGINS)}; taken as unknown"
    read = _ORIGINS.get(origin, "unknown")
    if read == "human" and (generator or level):
        fault = fault or "origin human beside a generator or generation; taken as unknown"
        read = "unknown"
    if kind not in _KINDS:
        fault = fault or f"kind {kind[:40]!r}: expected {', '.join(KINDS[1:])}; taken as other"
    synthetic = read == "synthetic"
    return Label(
        language=language,
        origin=read,
        kind=_KINDS.get(kind, "other") if synthetic else "",
        generator=generator if read != "human" else "",
        generation=0 if read == "human" else level,
        source_language=_known(_text(_value(said, "source_lang", "source_language")))
        if synthetic
        else "",
        decoding=_decoding(_value(said, "decoding")),
        verified=_verified(_value(said, "verified")),
    ), fault


def folder_language(path: str) -> str:
    """The language that a folder of the path is named for, as data sets do: ``cat_Latn``.

    >>> folder_language("data/cat_Latn/train/000.parquet"), folder_language("data/000.parquet")
    ('cat', 'und')
    """
    for part in reversed(path.split("/")[:-1]):
        if _FOLDER.fullmatch(part):
            return _known(part) or NO_LANGUAGE
    return NO_LANGUAGE


def _language(places: Sequence[Mapping[str, object]], usual: str) -> tuple[str, str | None]:
    for place in places:
        for key in _LANGUAGE_KEYS:
            written = place.get(key)
            if isinstance(written, str) and written.strip():
                script = next((s for k in _SCRIPT_KEYS if isinstance(s := place.get(k), str)), "")
                tag = written if "_" in written or not script else f"{written}_{script}"
                known = _known(tag) or _known(written)
                if known:
                    return known, None
                return NO_LANGUAGE, f"language {written[:40]!r} is none that is known"
    return usual, None


@lru_cache(maxsize=4096)
def _known(written: str) -> str:
    if not written or len(written) > _LONGEST:
        return ""
    try:
        return str(resolve(written))
    except UnknownLanguage:
        return ""


def _value(places: Sequence[Mapping[str, object]], *keys: str) -> object:
    return next((place[key] for place in places for key in keys if key in place), None)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # What a terminal would obey is no name.
    return "".join(c for c in " ".join(value.split()) if c.isprintable())[:_LONGEST]


def _word(value: object) -> str:
    return _text(value).lower()


def _decoding(value: object) -> str:
    if not isinstance(value, Mapping):
        return _text(value)
    parts = [
        f"{name} {number:g}"
        for name, number in sorted(value.items(), key=lambda item: str(item[0]))
        if isinstance(number, int | float)
    ]
    return ", ".join(parts)[:_LONGEST]


def _verified(value: object) -> str:
    if isinstance(value, Mapping):
        return _text(value.get("by"))
    return "unnamed" if value is True else _text(value)
