"""An audit as a token inventory: pools and their card, as the shelf of inventories takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.audit.corpus.audit_file import Audit
from atlasmix.audit.corpus.counts import CorpusCounts, Figures, Place
from atlasmix.audit.corpus.labels import NO_LANGUAGE, Label
from atlasmix.audit.corpus.summary import AuditSummary, repeated_bytes
from atlasmix.evidence.pools import MAKING_COLUMNS, POOL_COLUMNS
from atlasmix.io.files import refusing_to_write, write_atomic
from atlasmix.io.tables import to_csv

COLUMNS: Final = (*POOL_COLUMNS, *MAKING_COLUMNS)
"""Of the table: all that a pool may say."""

TABLE: Final = "pools.csv"
CARD: Final = "card.yaml"
_SLUG: Final = 40


@dataclass(frozen=True, slots=True)
class InventoryFiles:
    """What was written.

    Attributes:
        table, card: paths.
        name: of the inventory on a shelf.
        pools: how many.
        left_out: documents without a language, which no inventory takes.
    """

    table: Path
    card: Path
    name: str
    pools: int
    left_out: int


@dataclass(frozen=True, slots=True)
class AuditInventory:
    """The pools of an audit as a table and its card.

    Attributes:
        table, card: CSV and YAML.
        name: of the inventory on a shelf.
        pools: how many.
        left_out: documents that name no language.
    """

    table: bytes
    card: str
    name: str
    pools: int
    left_out: int


def audit_inventory(audit: Audit, summary: AuditSummary) -> AuditInventory:
    """The pools of an audit and their card.

    A pool is what has one language, provenance, generator, generation, source language, decoding
    and verification. Its unique tokens are its tokens less the share of the bytes, in its language
    and origin, that repeat an earlier document; without a tokenizer they are words. What names no
    origin is ``unknown``.
    """
    name = slug(audit.corpus)
    rows, left_out = [], 0
    pools = _pools(summary)
    for label in sorted(pools, key=_order):
        figures, tokens = pools[label]
        if label.language == NO_LANGUAGE:
            left_out += figures.documents
        else:
            rows.append((label, figures, tokens))
    lines = _named(name, rows, audit.counts, summary)
    table = to_csv(COLUMNS, tuple(lines))
    return AuditInventory(table, _card(audit, summary), name, len(rows), left_out)


def write_inventory(folder: Path, audit: Audit, summary: AuditSummary) -> InventoryFiles:
    """Write the inventory of an audit into a folder, which is made where it is missing.

    Raises:
        DataError: a path that cannot be written.
    """
    made = audit_inventory(audit, summary)
    with refusing_to_write(folder):
        folder.mkdir(parents=True, exist_ok=True)
    table, card = folder / TABLE, folder / CARD
    write_atomic(table, made.table)
    write_atomic(card, made.card)
    return InventoryFiles(table, card, made.name, made.pools, made.left_out)


def slug(text: str) -> str:
    """Letters a-z, digits and hyphens, as corpora are named.

    >>> slug("My Corpus/v2")
    'my-corpus-v2'
    """
    bare = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_SLUG].strip("-")
    return bare or "audit"


_Pools = dict[Label, tuple[Figures, float]]


def _pools(summary: AuditSummary) -> _Pools:
    """Sums by what an inventory tells apart."""
    pools: _Pools = {}
    for group in summary.groups:
        label = group.label
        # Kinds that have one provenance in an inventory are one pool.
        kind = {"translated": "translate", "rephrased": "rephrase", "generated": "other"}.get(
            label.provenance, ""
        )
        source = label.source_language if kind == "translate" else ""
        key = label._replace(kind=kind, source_language=source)
        figures, tokens = pools.get(key, (Figures(), 0.0))
        counted = float(group.figures.words) if group.tokens is None else group.tokens.value
        pools[key] = figures.plus(group.figures), tokens + counted
    return pools


def _order(label: Label) -> tuple[str, ...]:
    return (label.language, label.provenance, label.generator, *map(str, label[4:]))


def _named(
    name: str,
    pools: list[tuple[Label, Figures, float]],
    counts: CorpusCounts,
    summary: AuditSummary,
) -> Iterator[tuple[str, ...]]:
    """The lines of the table; several pools of one language and provenance are numbered apart."""
    taken: dict[tuple[str, str], int] = {}
    words = not counts.settings.tokenizer
    for label, figures, tokens in pools:
        place = (label.language, label.provenance)
        taken[place] = taken.get(place, 0) + 1
        number = f"-{taken[place]}" if taken[place] > 1 else ""
        stream = counts.streams[Place(label.language, label.origin)]
        unique = round(tokens * (1.0 - repeated_bytes(stream.documents)))
        cells = {
            "language": label.language,
            "provenance": label.provenance,
            "corpus": name[: _SLUG - len(number)] + number,
            "kind": "web",
            # A small number alone would be taken for billions.
            "unique_tokens": f"{unique} tokens",
            "obtained": "counted" if words or counts.settings.token_share >= 1 else "estimated",
            "unit": summary.unit,
            "documents": str(figures.documents),
            "utf8_bytes": str(figures.bytes),
            "generator": label.generator,
            "generation": "" if label.generation is None else str(label.generation),
            "source_language": label.source_language,
            "decoding": label.decoding,
            "verified": label.verified,
        }
        yield tuple(cells.get(column, "") for column in COLUMNS)


def _card(audit: Audit, summary: AuditSummary) -> str:
    how = (
        "Every word was counted"
        if not audit.counts.settings.tokenizer
        else f"Tokens were counted in {audit.counts.settings.token_share:.2%} of the documents and "
        "scaled by bytes"
    )
    return (
        f"name: {slug(audit.corpus)}\n"
        f"title: Tokens of {slug(audit.corpus)}, by an audit\n"
        f"unit: {_quoted(summary.unit)}\n"
        f"source: audit of {summary.files} files\n"
        "licence: not stated\n"
        f"derivation: {_quoted(how + '; exact duplicates are taken off.')}\n"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
