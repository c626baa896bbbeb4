"""SPDX 3.0.1 with the dataset profile: the mixture and every corpus as a package, with its share.

Format: https://spdx.github.io/spdx-spec/v3.0.1/ as JSON-LD. SPDX has no field for a mixture weight,
so the share of a corpus stands in the comment of its ``hasInput`` relationship; ``datasetSize``
counts bytes, which nobody knows here, and is left out.
"""

from __future__ import annotations

import json
from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.interop.cards.facts import SYNTHETIC, CardFacts, description

_CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CREATION: Final = "_:creation"
_UNKNOWN: Final = "NOASSERTION"


def spdx(facts: CardFacts) -> str:
    """The document as JSON-LD.

    Raises:
        ProblemError: no date; SPDX demands when a document was created, and none is made up.
    """
    if not facts.date:
        raise ProblemError(
            "SPDX demands the date on which a document was created, and none is made up: give the "
            "date, as YYYY-MM-DD",
            field="date",
        )
    created = f"{facts.date}T00:00:00Z"
    base = f"urn:atlasmix:{facts.sha256}"
    agent, mixture = f"{base}:software", f"{base}:mixture"
    elements = [
        {
            "type": "SoftwareAgent",
            "spdxId": agent,
            "creationInfo": _CREATION,
            "name": f"AtlasMix {facts.made_with}",
        },
        _mixture(facts, mixture, agent, created),
    ]
    for number, (corpus, share) in enumerate(facts.corpora, start=1):
        name = f"{base}:corpus-{number}"
        elements += [
            _corpus(facts, corpus, name, agent, created),
            {
                "type": "Relationship",
                "spdxId": f"{base}:input-{number}",
                "creationInfo": _CREATION,
                "from": mixture,
                "relationshipType": "hasInput",
                "to": [name],
                "comment": f"share of training tokens: {share:.9f}",
            },
        ]
    document = {
        "type": "SpdxDocument",
        "spdxId": f"{base}:document",
        "creationInfo": _CREATION,
        "name": facts.name,
        "profileConformance": ["core", "software", "dataset"],
        "rootElement": [mixture],
        "element": [element["spdxId"] for element in elements],
    }
    creation = {
        "type": "CreationInfo",
        "@id": _CREATION,
        "created": created,
        "createdBy": [agent],
        "specVersion": "3.0.1",
    }
    graph = [creation, document, *elements]
    content = {"@context": _CONTEXT, "@graph": graph}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _mixture(facts: CardFacts, name: str, agent: str, created: str) -> dict[str, Any]:
    evidence = [
        f"{each.what} {each.name}" + (f" (SHA-256 {each.sha256})" if each.sha256 else "")
        for each in facts.evidence
    ]
    package = _package(name, facts.name, agent, created)
    package |= {
        "description": description(facts),
        "dataset_datasetType": ["text"],
        "dataset_dataPreprocessing": [f"proportions from {each}" for each in evidence],
        "dataset_intendedUse": "pre-training of a language model",
        "software_downloadLocation": facts.url or _UNKNOWN,
        "comment": "share by provenance: "
        + ", ".join(f"{key} {share:.9f}" for key, share in facts.provenances)
        + "; share by language: "
        + ", ".join(f"{key} {share:.9f}" for key, share in facts.languages),
        "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": facts.sha256}],
    }
    return package


def _corpus(facts: CardFacts, corpus: str, name: str, agent: str, created: str) -> dict[str, Any]:
    pools = [pool for pool in facts.pools if pool.corpus == corpus]
    package = _package(name, corpus, agent, created)
    package |= {
        "dataset_datasetType": ["text"],
        "dataset_dataCollectionProcess": _collected({pool.provenance for pool in pools}),
        "software_downloadLocation": _UNKNOWN,
    }
    licences = "; ".join(dict.fromkeys(pool.licence for pool in pools if pool.licence))
    sources = "; ".join(dict.fromkeys(pool.source for pool in pools if pool.source))
    if licences:
        package["software_copyrightText"] = f"licence as its source states it: {licences}"
    if sources:
        package["software_sourceInfo"] = sources
    return package


def _package(name: str, title: str, agent: str, created: str) -> dict[str, Any]:
    """What the dataset profile demands of a package; times are those of this document."""
    return {
        "type": "dataset_DatasetPackage",
        "spdxId": name,
        "creationInfo": _CREATION,
        "name": title,
        "software_primaryPurpose": "data",
        "dataset_hasSensitivePersonalInformation": "noAssertion",
        "builtTime": created,
        "releaseTime": created,
        "originatedBy": [agent],
    }


def _collected(provenances: set[str]) -> str:
    words = ", ".join(sorted(provenances))
    synthetic = sorted(provenances & set(SYNTHETIC))
    return f"provenance of the text: {words}" + (
        f"; written by a model: {', '.join(synthetic)}" if synthetic else ""
    )
