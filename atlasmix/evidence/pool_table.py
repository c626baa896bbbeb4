"""A user's table of pools, read strictly: pools, or every fault at once."""

from __future__ import annotations

import re
from collections.abc import Callable

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card
from atlasmix.evidence.faults import refuse
from atlasmix.evidence.inventory import (
    OBTAINED,
    POOL_KINDS,
    PROVENANCES,
    Pool,
    pool_name,
)
from atlasmix.evidence.labels import label_reader
from atlasmix.evidence.rows import Rows
from atlasmix.evidence.score_table import number
from atlasmix.evidence.shelf_tables import POOL_COLUMNS, sort_pools

_NEEDED = ("language", "provenance", "corpus", "unique_tokens", "unit", "obtained")
_COLUMNS = (*POOL_COLUMNS, "script")
_CORPUS = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MOST_TOKENS = 1e18


def read_pools(rows: Rows, card: Card) -> tuple[Pool, ...]:
    """The pools of a table, sorted.

    Args:
        rows: language (or domain, on a domain axis), provenance, corpus, unique_tokens, unit,
            obtained[, script, documents, utf8_bytes, kind, generator, generation, source, licence,
            note].
        card: axis, and the source and licence of rows that name none.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its row.
    """
    header = tuple(name.lower() for name in rows.header)
    if card.axis == "domain" and "language" not in header:
        # A table of domains may call the column what it holds.
        header = tuple("language" if name == "domain" else name for name in header)
    faults = _header_faults(header, card)
    refuse(rows.what, faults)
    read = label_reader(card)
    pools: dict[str, Pool] = {}
    first: dict[str, int] = {}
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        if len(row) != len(header):
            faults.append(f"row {line}: {len(row)} cells, expected {len(header)}")
            continue
        cells = dict.fromkeys(_COLUMNS, "") | dict(
            zip(header, (cell.strip() for cell in row), strict=True)
        )
        wrong: list[str] = []
        pool = _pool(cells, card, read, wrong)
        if pool.name in pools and pool.language:
            wrong.append(
                f"{pool.language}, {pool.provenance}, {pool.corpus} stands already in row "
                f"{first[pool.name]}; add the two up or name the corpora apart"
            )
        faults += [f"row {line}: {fault}" for fault in wrong]
        pools.setdefault(pool.name, pool)
        first.setdefault(pool.name, line)
    if not pools and not faults:
        faults.append("no pools: expected at least one row")
    refuse(rows.what, faults)
    return sort_pools(tuple(pools.values()))


def _header_faults(header: tuple[str, ...], card: Card) -> list[str]:
    missing = [name for name in _NEEDED if name not in header]
    odd = [name for name in header if name not in _COLUMNS]
    double = sorted({name for name in header if header.count(name) > 1})
    faults = []
    if missing:
        names = (card.axis, *_NEEDED[1:])
        lacking = [card.axis if name == "language" else name for name in missing]
        faults.append(f"header: {', '.join(lacking)} missing; expected {', '.join(names)}")
    if odd:
        optional = [name for name in _COLUMNS if name not in _NEEDED]
        faults.append(
            f"header: unknown column {', '.join(map(repr, odd))}; "
            f"beside the needed ones only {', '.join(optional)} are read"
        )
    if double:
        faults.append(f"header: {', '.join(double)} stands twice; keep one")
    if "script" in header and card.axis == "domain":
        faults.append("header: script found, and the card says 'axis: domain'; leave it out")
    return faults


def _pool(cells: dict[str, str], card: Card, read: Callable[[str], str], wrong: list[str]) -> Pool:
    language = _language(cells, card, read, wrong)
    provenance = _one_of(cells, "provenance", PROVENANCES, wrong)
    if not _CORPUS.fullmatch(cells["corpus"]):
        wrong.append(
            f"corpus {cells['corpus'][:60]!r}: expected a-z, 0-9, hyphen, underscore, at most 40"
        )
    if not cells["unit"]:
        wrong.append("unit is empty: say whose tokens they are")
    tokens = _count(cells, "unique_tokens", wrong)
    if tokens is None and not cells["unique_tokens"]:
        wrong.append("unique_tokens is empty: expected a number, 0 for an empty pool")
    generation = _count(cells, "generation", wrong)
    if generation is not None and not generation.is_integer():
        wrong.append(f"generation {cells['generation']!r}: expected a whole number")
    if provenance == "human" and (cells["generator"] or generation):
        wrong.append(
            "provenance is human, and a generator or generation is named; expected "
            "human_edited, translated, rephrased or generated"
        )
    return Pool(
        name=pool_name(language, provenance, cells["corpus"]),
        language=language,
        provenance=provenance,
        corpus=cells["corpus"],
        unique_tokens=tokens or 0.0,
        obtained=_one_of(cells, "obtained", OBTAINED, wrong),
        unit=cells["unit"],
        documents=_count(cells, "documents", wrong),
        utf8_bytes=_count(cells, "utf8_bytes", wrong),
        generator=cells["generator"],
        generation=None if generation is None else int(generation),
        source=cells["source"] or card.source,
        licence=cells["licence"] or card.licence,
        note=cells["note"],
        # Training text is web text unless the table says otherwise: our choice, so that a table
        # without the column takes part in a default solve.
        kind=_one_of(cells, "kind", POOL_KINDS, wrong) if cells["kind"] else "web",
    )


def _language(
    cells: dict[str, str], card: Card, read: Callable[[str], str], wrong: list[str]
) -> str:
    try:
        key = read(cells["language"])
        if cells["script"]:
            return read(f"{key.partition('_')[0]}_{cells['script']}")
        return key
    except DataError as error:
        wrong.append(f"{card.axis}: {error}")
        return ""


def _one_of(cells: dict[str, str], column: str, allowed: tuple[str, ...], wrong: list[str]) -> str:
    written = cells[column].lower()
    if written not in allowed:
        wrong.append(f"{column} {cells[column][:40]!r}: expected one of {', '.join(allowed)}")
    return written


def _count(cells: dict[str, str], column: str, wrong: list[str]) -> float | None:
    """A number of at least 0; None where the cell is empty or wrong."""
    if not cells[column]:
        return None
    value = number(cells[column])
    if value is None or value < 0:
        wrong.append(
            f"{column} {cells[column][:40]!r}: expected a finite number of at least 0, in units"
        )
        return None
    if value > _MOST_TOKENS:
        wrong.append(f"{column} {value:g}: above {_MOST_TOKENS:g} it is taken for a slip")
        return None
    return value
