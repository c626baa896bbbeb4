"""W3C PROV as PROV-JSON: the mixture, what it was derived from, and the solving that made it.

Format: W3C Member Submission PROV-JSON (2013-04-24) of PROV-DM.
"""

from __future__ import annotations

import json
from typing import Any, Final

from atlasmix.interop.cards.facts import CardFacts

_PREFIX: Final = {"atlasmix": "urn:atlasmix:", "sha256": "urn:sha256:"}


def prov(facts: CardFacts) -> str:
    """The lineage: entities (mixture, corpora, evidence), one activity, one software agent."""
    mixture, activity, agent = f"sha256:{facts.sha256}", "atlasmix:making", "atlasmix:software"
    entities: dict[str, dict[str, Any]] = {
        mixture: {"prov:label": facts.name, "prov:type": facts.kind, "atlasmix:file": facts.file}
    }
    if facts.tokens is not None:
        entities[mixture]["atlasmix:tokens"] = facts.tokens
    if facts.date:
        entities[mixture]["prov:generatedAtTime"] = {
            "$": f"{facts.date}T00:00:00",
            "type": "xsd:dateTime",
        }
    derived: dict[str, dict[str, str]] = {}
    for number, (corpus, share) in enumerate(facts.corpora, start=1):
        name = f"atlasmix:corpus-{number}"
        entities[name] = {
            "prov:label": corpus,
            "prov:type": "corpus",
            "atlasmix:share": share,
            **_texts(facts, corpus),
        }
        derived[f"_:derived{number}"] = {
            "prov:generatedEntity": mixture,
            "prov:usedEntity": name,
            "prov:activity": activity,
        }
    used: dict[str, dict[str, str]] = {}
    for number, each in enumerate(facts.evidence, start=1):
        name = f"sha256:{each.sha256}" if each.sha256 else f"atlasmix:evidence-{number}"
        entities[name] = {"prov:label": each.name, "prov:type": each.what} | {
            f"atlasmix:{key}": text
            for key, text in (("source", each.source), ("licence", each.licence))
            if text
        }
        used[f"_:used{number}"] = {"prov:activity": activity, "prov:entity": name}
    verb = "solve" if facts.kind == "recipe" else "import"
    label = f"atlasmix {verb}" + (f" ({facts.solver})" if facts.solver else "")
    content = {
        "prefix": _PREFIX,
        "entity": entities,
        "activity": {activity: {"prov:label": label}},
        "agent": {
            agent: {
                "prov:label": f"AtlasMix {facts.made_with}",
                "prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"},
            }
        },
        "wasGeneratedBy": {"_:made": {"prov:entity": mixture, "prov:activity": activity}},
        "used": used,
        "wasDerivedFrom": derived,
        "wasAssociatedWith": {"_:by": {"prov:activity": activity, "prov:agent": agent}},
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _texts(facts: CardFacts, corpus: str) -> dict[str, str]:
    """Sources and licences that the pools of a corpus name."""
    pools = [pool for pool in facts.pools if pool.corpus == corpus]
    texts = {}
    for key in ("source", "licence"):
        words = "; ".join(dict.fromkeys(getattr(pool, key) for pool in pools if getattr(pool, key)))
        if words:
            texts[f"atlasmix:{key}"] = words
    return texts
