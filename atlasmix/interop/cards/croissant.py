"""Croissant 1.1: the pools as a record set over a CSV, with PROV terms for where they come from.

Format: http://mlcommons.org/croissant/1.1 (2026-01-29); provenance as its section "Provenance
Representation" asks: ``prov:wasDerivedFrom``, ``prov:wasGeneratedBy``, ``prov:wasAttributedTo`` of
W3C PROV-O.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any, Final

from atlasmix.interop.cards.facts import CardFacts, CardPool, description
from atlasmix.languages.catalogue import language

CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"
_FIELDS: Final = (
    ("pool", "sc:Text", "Name of the pool: language, provenance and corpus."),
    ("language", "sc:Text", "ISO 639-3 code, with the script where it is not the usual one."),
    ("provenance", "sc:Text", "Who wrote the text: human, human_edited, translated, ..."),
    ("corpus", "sc:Text", "The corpus it comes from."),
    ("proportion", "sc:Float", "Share of training tokens, 0 to 1; they sum to 1."),
    ("tokens", "sc:Integer", "Tokens read in training, repeats included."),
    ("unique_tokens", "sc:Integer", "Distinct tokens in the pool."),
    ("epochs", "sc:Float", "Tokens read / distinct tokens."),
    ("unit", "sc:Text", "Whose tokens are counted."),
    ("obtained", "sc:Text", "How: counted, estimated or stated."),
    ("source", "sc:Text", "Where the count of the pool comes from."),
    ("licence", "sc:Text", "Licence of the corpus as its source states it."),
)
_PLAIN_TERMS: Final = """
equivalentProperty extract field fileObject fileProperty fileSet format includes isLiveDataset
jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator
source subField transform
"""
_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{key: f"cr:{key}" for key in _PLAIN_TERMS.split()},
}
"""The standard context of Croissant, and ``prov``."""


def pool_table(facts: CardFacts) -> str:
    """The pools as CSV, one a row, that the card describes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(name for name, _, _ in _FIELDS)
    writer.writerows(_row(pool) for pool in facts.pools)
    return text.getvalue()


def croissant(facts: CardFacts, table: str) -> str:
    """The card as JSON-LD.

    Args:
        facts: of the mixture.
        table: name of the CSV that stands beside it.
    """
    content: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": facts.name,
        "description": description(facts),
        "citeAs": f"{facts.name}, {facts.kind} of a training mixture, SHA-256 {facts.sha256}",
        "inLanguage": [_bcp47(key) for key, _ in facts.languages],
        "keywords": ["training mixture", "language model pre-training", "multilingual"],
    }
    if facts.date:
        content["datePublished"] = f"{facts.date}T00:00:00"
    if facts.licence:
        content["license"] = facts.licence
    if facts.url:
        content["url"] = facts.url
    content["prov:wasGeneratedBy"] = {
        "@type": "prov:Activity",
        "prov:label": _activity(facts),
        "prov:used": [_evidence(facts, place) for place in range(len(facts.evidence))],
    }
    content["prov:wasAttributedTo"] = {
        "@type": "prov:SoftwareAgent",
        "prov:label": f"AtlasMix {facts.made_with}",
    }
    content["prov:wasDerivedFrom"] = [
        {"@id": f"urn:atlasmix:corpus:{_urn(corpus)}", "@type": "prov:Entity", "prov:label": corpus}
        for corpus, _ in facts.corpora
    ]
    content["distribution"] = [
        {
            "@type": "cr:FileObject",
            "@id": "pools-table",
            "name": "pools-table",
            "description": "One row a pool.",
            "contentUrl": table,
            "encodingFormat": "text/csv",
            "sha256": hashlib.sha256(pool_table(facts).encode("utf-8")).hexdigest(),
        }
    ]
    content["recordSet"] = [_records()]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _records() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "pools",
        "name": "pools",
        "description": "The pools of the mixture, largest first.",
        "key": {"@id": "pools/pool"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"pools/{name}",
                "name": f"pools/{name}",
                "description": words,
                "dataType": kind,
                "source": {"fileObject": {"@id": "pools-table"}, "extract": {"column": name}},
            }
            for name, kind, words in _FIELDS
        ],
    }


def _row(pool: CardPool) -> list[object]:
    cells = {
        "pool": pool.name,
        "proportion": f"{pool.proportion:.9f}",
        "epochs": "" if pool.epochs is None else f"{pool.epochs:g}",
    }
    row: list[object] = []
    for name, _, _ in _FIELDS:
        value = cells[name] if name in cells else getattr(pool, name)
        row.append("" if value is None else value)
    return row


def _activity(facts: CardFacts) -> str:
    if facts.kind == "recipe":
        return f"atlasmix solve ({facts.solver})"
    return f"atlasmix import of {facts.evidence[0].what} {facts.evidence[0].name}"


def _evidence(facts: CardFacts, place: int) -> dict[str, Any]:
    evidence = facts.evidence[place]
    name = (
        f"urn:sha256:{evidence.sha256}"
        if evidence.sha256
        else f"urn:atlasmix:{_urn(evidence.what, evidence.name)}"
    )
    return {"@id": name, "@type": "prov:Entity", "prov:label": f"{evidence.what} {evidence.name}"}


def _urn(*words: str) -> str:
    from urllib.parse import quote

    return ":".join(quote(word.replace(" ", "-"), safe="-._~") for word in words)


def _bcp47(key: str) -> str:
    """``ca``, ``sr-Latn``: the shortest tag of a language key."""
    code, _, script = key.partition("_")
    tag = language(code).bcp47 or code
    return f"{tag}-{script}" if script else tag
