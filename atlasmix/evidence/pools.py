"""Pools, tokens of one language, provenance and origin, and their normal form, pools.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Literal

from atlasmix.errors import DataError
from atlasmix.io.tables import shelf_rows, to_csv

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


def pool_name(language: str, provenance: str, corpus: str) -> str:
    """The name of a pool.

    >>> pool_name("cat", "human", "hplt-v4")
    'cat.human.hplt-v4'
    """
    return f"{language}.{provenance}.{corpus}"


POOL_COLUMNS = (
    "language",
    "provenance",
    "corpus",
    "kind",
    "unique_tokens",
    "obtained",
    "unit",
    "documents",
    "utf8_bytes",
    "generator",
    "generation",
    "source",
    "licence",
    "note",
)


def parse_pools(content: bytes) -> tuple[Pool, ...]:
    """A pools.csv of the shelf.

    Raises:
        DataError: the table is not in the normal form.
    """
    try:
        header, rows = shelf_rows(content)
        at = [header.index(name) for name in POOL_COLUMNS]
        pools = tuple(_pool(*(row[column] for column in at)) for row in rows)
    except (ValueError, TypeError, IndexError, StopIteration, csv.Error) as error:
        raise DataError(
            f"pools.csv is not in the form of the shelf ({','.join(POOL_COLUMNS)}): "
            "remove the inventory and add it again"
        ) from error
    return sort_pools(pools)


def _pool(*cells: str) -> Pool:
    language, provenance, corpus, kind, tokens, obtained, unit, documents, size = cells[:9]
    generator, generation, source, licence, note = cells[9:]
    return Pool(
        name=pool_name(language, provenance, corpus),
        language=language,
        provenance=provenance,
        corpus=corpus,
        unique_tokens=float(tokens),
        obtained=obtained,
        unit=unit,
        documents=float(documents) if documents else None,
        utf8_bytes=float(size) if size else None,
        generator=generator,
        generation=int(generation) if generation else None,
        source=source,
        licence=licence,
        note=note,
        kind=kind,
    )


def pools_csv(pools: tuple[Pool, ...]) -> bytes:
    """The normal form of a pool table."""
    return to_csv(
        POOL_COLUMNS,
        tuple(tuple(_written(getattr(pool, name)) for name in POOL_COLUMNS) for pool in pools),
    )


def sort_pools(pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
    """Pools by language, script, provenance and corpus."""
    return tuple(sorted(pools, key=lambda pool: (pool.language, pool.provenance, pool.corpus)))


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
