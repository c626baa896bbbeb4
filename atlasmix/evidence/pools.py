"""Pools, tokens of one language, provenance and origin, and their normal form, pools.csv."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.card import Card
from atlasmix.evidence.scores import label_reader, number
from atlasmix.io.tables import Rows, refuse, shelf_rows, to_csv
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.corpora import is_parallel, known_corpus, resolve_in
from atlasmix.languages.pairs import pair_of
from atlasmix.languages.resolving import resolve
from atlasmix.quantities import comma_hint, read_quantity
from atlasmix.text import did_you_mean

Provenance = Literal["human", "human_edited", "translated", "rephrased", "generated", "unknown"]
Obtained = Literal["counted", "estimated", "stated"]
Kind = Literal["web", "pdf", "encyclopedia", "code", "math", "other"]

PROVENANCES: tuple[str, ...] = get_args(Provenance)
SYNTHETIC: tuple[str, ...] = ("translated", "rephrased", "generated")
"""What a machine wrote: of unknown text nobody knows."""
OBTAINED: tuple[str, ...] = get_args(Obtained)
POOL_KINDS: tuple[str, ...] = get_args(Kind)


def check_provenance(word: str) -> None:
    """Refuse a provenance that nobody knows.

    Raises:
        ProblemError: suggests the nearest.
    """
    if word not in PROVENANCES:
        raise ProblemError(
            f"provenance is {word[:40]!r}: {did_you_mean(word, PROVENANCES, ' ')}expected one of "
            f"{', '.join(PROVENANCES)}",
            field="provenance",
            value=word,
        )


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
        source_language: key of the language that the text was translated from; empty: none, or
            nobody says.
        decoding: how it was sampled, in a few words, as ``temperature 0.8``; sharpened sampling
            loses the tail of a language faster than any share tells.
        verified: by what it was verified, as a classifier by name; empty: by nothing.
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
    source_language: str = ""
    decoding: str = ""
    verified: str = ""

    @property
    def depth(self) -> int:
        """How many models lie between the text and people, at least 1 where one wrote it.

        A sample that is g generations of replacement deep is worth 1/g of one that is one deep
        (linear models: Gerstgrasser et al. 2024, arXiv 2404.01413). Text of people is 1 too: its
        worth is divided by nothing.
        """
        return max(self.generation or 1, 1) if self.provenance in SYNTHETIC else 1


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

MAKING_COLUMNS = ("source_language", "decoding", "verified")
"""How machine text was made: in a table only where some pool says it."""


def parse_pools(content: bytes) -> tuple[Pool, ...]:
    """A pools.csv of the shelf.

    Raises:
        DataError: the table is not in the normal form.
    """
    try:
        header, rows = shelf_rows(content)
        at = [header.index(name) for name in POOL_COLUMNS]
        more = {name: header.index(name) for name in MAKING_COLUMNS if name in header}
        pools = tuple(
            _made(
                _pool(*(row[column] for column in at)),
                {name: row[column] for name, column in more.items()},
            )
            for row in rows
        )
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


def _made(pool: Pool, cells: dict[str, str]) -> Pool:
    """The pool with what its table says of its making, if anything."""
    return replace(
        pool,
        source_language=cells.get("source_language", ""),
        decoding=cells.get("decoding", ""),
        verified=cells.get("verified", ""),
    )


def pools_csv(pools: tuple[Pool, ...]) -> bytes:
    """The normal form of a pool table."""
    made = [name for name in MAKING_COLUMNS if any(getattr(pool, name) for pool in pools)]
    columns = (*POOL_COLUMNS, *made)
    return to_csv(
        columns,
        tuple(tuple(_written(getattr(pool, name)) for name in columns) for pool in pools),
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


_NEEDED = ("language", "provenance", "corpus", "unique_tokens", "unit", "obtained")
_COLUMNS = (*POOL_COLUMNS, *MAKING_COLUMNS, "script")
_CORPUS = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MOST_TOKENS = 1e18
_FEW_TOKENS = 1000.0  # our choice: no pool of training text is as small
_MOST_BILLIONS = 1e5  # a table in billions has no larger count: 100T tokens of one language
_SCALES = re.compile(
    r"(?:in\s+)?(?:[KMBGT]|[Bb]n|(?i:thousand|million|billion|trillion)s?)(?:\s+(?:of\s+)?tokens?)?"
)
"""A unit that is a factor, not whose tokens they are."""
_IN_TOKENS = "tokens"  # beside a small count: it is meant as it stands


@dataclass(frozen=True, slots=True)
class _Counted:
    """A count of unique tokens in its row: as it was written, as a number, as told to be meant."""

    line: str
    written: str
    tokens: float
    meant: bool


def read_pools(
    rows: Rows, card: Card, stored: bool = False, add_up: bool = False
) -> tuple[Pool, ...]:
    """The pools of a table, sorted.

    ``unique_tokens`` counts single tokens, or thousands and more with a letter (``21.3B``). Small
    counts are taken for billions that somebody typed as units, and refused: a fraction below 1,000
    always, a whole number beside such a fraction or where the whole table is so small, unless it
    says ``5 tokens``.

    Args:
        rows: language (or domain, on a domain axis), provenance, corpus, unique_tokens, unit,
            obtained[, script, documents, utf8_bytes, kind, generator, generation, source, licence,
            note, source_language, decoding, verified].
        card: axis, and the source and licence of rows that name none.
        stored: the table lies on the shelf: its counts were looked at when it was added.
        add_up: rows of one pool are parts of it, and their counts are added.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its row.
    """
    header = tuple(name.lower() for name in rows.header)
    # Whose tokens they are may stand once, on the card.
    unit = card.unit or (f"tokens of {card.tokenizer}" if card.tokenizer else "")
    if card.axis == "domain" and "language" not in header:
        # A table of domains may call the column what it holds.
        header = tuple("language" if name == "domain" else name for name in header)
    faults = _header_faults((*header, "unit") if unit and "unit" not in header else header, card)
    refuse(rows.what, faults)
    read = label_reader(card)
    pools: dict[str, Pool] = {}
    first: dict[str, str] = {}
    counts: list[_Counted] = []
    for line, row in zip(rows.lines, rows.rows, strict=True):
        if len(row) != len(header):
            faults.append(f"row {line}: {len(row)} cells, expected {len(header)}")
            continue
        cells = dict.fromkeys(_COLUMNS, "") | dict(
            zip(header, (cell.strip() for cell in row), strict=True)
        )
        cells["unit"] = cells["unit"] or unit
        wrong: list[str] = []
        counted = _unique_tokens(line, cells["unique_tokens"], wrong)
        pool = _read_pool(cells, card, read, counted.tokens, wrong)
        part = pools.get(pool.name) if pool.language else None
        if part is not None and not add_up:
            wrong.append(
                f"{pool.language}, {pool.provenance}, {pool.corpus} stands already in row "
                f"{first[pool.name]}; add the two up or name the corpora apart"
            )
        elif part is not None:
            wrong += [
                f"{what} is {here or 'empty'} here and {there or 'empty'} in row "
                f"{first[pool.name]}: the two are not parts of one pool"
                for what, here, there in _unlike(pool, part)
            ]
            pools[pool.name] = _sum(part, pool)
        faults += [f"row {line}: {fault}" for fault in wrong]
        counts.append(counted)
        pools.setdefault(pool.name, pool)
        first.setdefault(pool.name, line)
    faults += [] if stored else _slips(counts)
    if not pools and not faults:
        faults.append("no pools: expected at least one row")
    refuse(rows.what, faults)
    return sort_pools(tuple(pools.values()))


_SUMMED = ("unique_tokens", "documents", "utf8_bytes")


def _unlike(pool: Pool, other: Pool) -> list[tuple[str, object, object]]:
    """(Column, its value in the one, in the other) that parts of one pool have in common."""
    alike = [name for name in (*POOL_COLUMNS, *MAKING_COLUMNS) if name not in (*_SUMMED, "note")]
    pairs = [(name, getattr(pool, name), getattr(other, name)) for name in alike]
    return [(name, here, there) for name, here, there in pairs if here != there]


def _sum(pool: Pool, part: Pool) -> Pool:
    """A pool and one more part of it; of documents and bytes only what all parts say."""

    def both(count: float | None, more: float | None) -> float | None:
        return None if count is None or more is None else count + more

    return replace(
        pool,
        unique_tokens=pool.unique_tokens + part.unique_tokens,
        documents=both(pool.documents, part.documents),
        utf8_bytes=both(pool.utf8_bytes, part.utf8_bytes),
        note="; ".join(dict.fromkeys(filter(None, (pool.note, part.note)))),
    )


def _header_faults(header: tuple[str, ...], card: Card) -> list[str]:
    missing = [name for name in _NEEDED if name not in header]
    odd = [name for name in header if name not in _COLUMNS]
    double = sorted({name for name in header if header.count(name) > 1})
    faults = []
    if missing:
        names = (card.axis, *_NEEDED[1:])
        lacking = [card.axis if name == "language" else name for name in missing]
        near = [name for name in odd if "token" in name]
        hint = (
            f"; say for example unique_tokens={near[0]}"
            if "unique_tokens" in missing and near
            else ""
        )
        faults.append(f"header: {', '.join(lacking)} missing; expected {', '.join(names)}{hint}")
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


def _read_pool(
    cells: dict[str, str],
    card: Card,
    read: Callable[[str], str],
    tokens: float,
    wrong: list[str],
) -> Pool:
    language = _language(cells, card, read, wrong)
    provenance = _one_of(cells, "provenance", PROVENANCES, wrong)
    if not _CORPUS.fullmatch(cells["corpus"]):
        wrong.append(
            f"corpus {cells['corpus'][:60]!r}: expected a-z, 0-9, hyphen, underscore, at most 40"
        )
    if not cells["unit"]:
        wrong.append("unit is empty: say whose tokens they are")
    elif _SCALES.fullmatch(cells["unit"]):
        wrong.append(
            f"unit {cells['unit'][:40]!r} is a factor: write it behind the count, as 21.3B, and in "
            "unit whose tokens they are"
        )
    source_language = ""
    if cells["source_language"]:
        try:
            source_language = read(cells["source_language"])
        except DataError as error:
            wrong.append(f"source_language: {error}")
        if provenance in ("human", "human_edited"):
            wrong.append(
                f"provenance is {provenance}, and source_language says what it was translated "
                "from; expected translated"
            )
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
        unique_tokens=tokens,
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
        source_language=source_language,
        decoding=cells["decoding"],
        verified=cells["verified"],
    )


def _language(
    cells: dict[str, str], card: Card, read: Callable[[str], str], wrong: list[str]
) -> str:
    try:
        if card.axis == "language":
            key = _of_corpus(cells["language"], cells["corpus"], read)
        else:
            key = read(cells["language"])
        if cells["script"]:
            return read(f"{key.partition('_')[0]}_{cells['script']}")
        return key
    except DataError as error:
        wrong.append(f"{card.axis}: {error}")
        return ""


def _of_corpus(written: str, corpus: str, read: Callable[[str], str]) -> str:
    """The key of a language, whose code means what its corpus means by it.

    Raises:
        DataError: no language, or two of them: parallel text has no single one.
    """
    if is_parallel(corpus) and pair_of(written, parallel=True):
        codes = [str(resolve(code)) for code in pair_of(written, parallel=True) or ()]
        first, second = (f"{name_of(code)} ({code})" for code in codes)
        raise DataError(
            f"{written!r} in {corpus} is a pair of languages, {first} and {second}: expected one; "
            "parallel text has no single language"
        )
    key = read(written)
    own = resolve_in(written, corpus) if known_corpus(corpus) else None
    return key if own is None else str(own)


def _one_of(cells: dict[str, str], column: str, allowed: tuple[str, ...], wrong: list[str]) -> str:
    written = cells[column].lower()
    if written not in allowed:
        wrong.append(f"{column} {cells[column][:40]!r}: expected one of {', '.join(allowed)}")
    return written


def _unique_tokens(line: str, written: str, wrong: list[str]) -> _Counted:
    """A count as people write it; 0 where it is wrong."""
    count = written.removesuffix(_IN_TOKENS).strip()
    value = read_quantity(count)
    told = number(count) is None or count != written  # by a letter, or as tokens
    if not written:
        wrong.append("unique_tokens is empty: expected a number, 0 for an empty pool")
    elif (
        value is None
        or not (math.isfinite(value) and value >= 0)
        or (value > _MOST_TOKENS and count[-1].isalpha())
    ):
        wrong.append(
            f"unique_tokens {written[:40]!r}: expected a finite number of at least 0, in units or "
            f"as 21.3B{comma_hint(written)}"
        )
    elif value > _MOST_TOKENS:
        wrong.append(f"unique_tokens {value:g}: above {_MOST_TOKENS:g} it is taken for a slip")
    else:
        return _Counted(line, count, value, told)
    return _Counted(line, count, 0.0, True)


def _slips(counts: Sequence[_Counted]) -> list[str]:
    """Counts that look like billions typed as units, one fault each."""
    few = [each for each in counts if 0 < each.tokens < _FEW_TOKENS]
    broken = [each for each in few if not each.tokens.is_integer()]
    all_few = len(few) == sum(count.tokens > 0 for count in counts)
    below = _MOST_BILLIONS if broken else _FEW_TOKENS if all_few else 0.0
    suspect = [each for each in counts if 0 < each.tokens < below and not each.meant]
    return [
        f"row {each.line}: unique_tokens {each.written}: looks like billions typed as units; write "
        f"{each.written}B"
        + ("" if each in broken else f", or '{each.written} tokens' if it is right")
        for each in counts
        if each in broken or each in suspect
    ]


def _count(cells: dict[str, str], column: str, wrong: list[str]) -> float | None:
    """A number of at least 0; None where the cell is empty or wrong."""
    if not cells[column]:
        return None
    value = read_quantity(cells[column])
    if value is None or not (math.isfinite(value) and value >= 0):
        wrong.append(
            f"{column} {cells[column][:40]!r}: expected a finite number of at least 0, in units or "
            f"as 1.5M{comma_hint(cells[column])}"
        )
        return None
    if value > _MOST_TOKENS:
        wrong.append(f"{column} {value:g}: above {_MOST_TOKENS:g} it is taken for a slip")
        return None
    return value
