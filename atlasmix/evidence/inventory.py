"""Token inventories: how many distinct tokens there are, pool by pool."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from atlasmix.evidence.card import Card

Provenance = Literal["human", "human_edited", "translated", "rephrased", "generated", "unknown"]
Obtained = Literal["counted", "estimated", "stated"]
Kind = Literal["web", "pdf", "encyclopedia", "other"]

PROVENANCES: tuple[str, ...] = (
    "human",
    "human_edited",
    "translated",
    "rephrased",
    "generated",
    "unknown",
)
OBTAINED: tuple[str, ...] = ("counted", "estimated", "stated")
POOL_KINDS: tuple[str, ...] = ("web", "pdf", "encyclopedia", "other")


@dataclass(frozen=True, slots=True)
class Pool:
    """Tokens of one language, one provenance and one origin.

    Attributes:
        name: unique in its inventory, ``language.provenance.corpus``.
        language: key of the language (or label of the domain).
        provenance: who wrote the text.
        corpus: the corpus it comes from, say ``hplt-v4``.
        unique_tokens: distinct tokens, in ``unit``.
        obtained: ``counted`` by a tokenizer, ``estimated`` from bytes, or ``stated`` by a paper.
        unit: whose tokens they are.
        documents, utf8_bytes: size of the pool, where known.
        generator, generation: what wrote or translated the text, and how many models lie between
            it and human text (0: none).
        source, licence, note: of this pool.
        kind: genre of the text.
    """

    name: str
    language: str
    provenance: str
    corpus: str
    unique_tokens: float
    obtained: str
    unit: str
    documents: float | None = None
    utf8_bytes: float | None = None
    generator: str = ""
    generation: int | None = None
    source: str = ""
    licence: str = ""
    note: str = ""
    kind: str = "web"


@dataclass(frozen=True, slots=True)
class Inventory:
    """The pools of one count.

    Attributes:
        name: on the shelf.
        pools: sorted by language, script, provenance and corpus.
        card: unit, origin and licence.
        sha256: of the pool table.
    """

    name: str
    pools: tuple[Pool, ...]
    card: Card
    sha256: str

    def select(
        self,
        provenances: Collection[str] | None = None,
        corpora: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        languages: Collection[str] | None = None,
    ) -> tuple[Pool, ...]:
        """The pools that match every given list, in order; None leaves a list open."""
        return tuple(
            pool
            for pool in self.pools
            if (provenances is None or pool.provenance in provenances)
            and (corpora is None or pool.corpus in corpora)
            and (kinds is None or pool.kind in kinds)
            and (languages is None or pool.language in languages)
        )

    def languages(self) -> tuple[str, ...]:
        """The keys that have a pool, sorted."""
        return tuple(sorted({pool.language for pool in self.pools}))


def pool_name(language: str, provenance: str, corpus: str) -> str:
    """The name of a pool.

    >>> pool_name("cat", "human", "hplt-v4")
    'cat.human.hplt-v4'
    """
    return f"{language}.{provenance}.{corpus}"
