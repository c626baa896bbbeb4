"""Unique tokens behind each prefix: a folder of JSON files, one JSON, or a CSV or Parquet table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import as_weight
from atlasmix.interop.importers.mapping import path_words
from atlasmix.io.tables import TABLE_LIMIT, Rows, read_file, read_rows, refuse
from atlasmix.text import nearest

COUNT_FILES: Final = ("release.json", "source.json")
"""Which of several files in one folder counts: what is trained on, before what it was made from."""

_FILE_LIMIT: Final = 1024 * 1024
_MOST_FILES: Final = 100_000
_LARGEST: Final = 1e18
_FEW_TOKENS: Final = 1000.0
"""Below this a count that is no whole number is taken for billions: our choice."""

_PREFIX_COLUMNS: Final = ("prefix", "path", "source", "name")


@dataclass(frozen=True, slots=True)
class Count:
    """How much lies behind a prefix.

    Attributes:
        tokens: distinct tokens.
        documents: number of them, where counted.
        unit: whose tokens; empty where nobody says.
        counted_in: file, inside what the user named.
    """

    tokens: float
    documents: float | None = None
    unit: str = ""
    counted_in: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by the words of a path.

    Attributes:
        exact: path in words to its count.
        below: path in words to the counts of everything that lies below it.
        what: where they come from, for the origin; empty where there are none.
    """

    exact: Mapping[tuple[str, ...], Count] = field(default_factory=dict)
    below: Mapping[tuple[str, ...], tuple[Count, ...]] = field(default_factory=dict)
    what: str = ""

    def of(self, name: str) -> Count | None:
        """The count of a prefix: of its own path, of a path that it ends in, or the sum below it.

        ``/data/hplt-3.0/megatron-lm/gle_Latn_text_document`` is counted as ``hplt-3.0/gle_Latn``;
        ``dclm-1.0`` is the sum of ``dclm-1.0/shard-1``, ``dclm-1.0/shard-2``, ...
        """
        words = path_words(name)
        tails = [words[start:] for start in range(len(words))]
        for tail in tails:
            if tail in self.exact:
                return self.exact[tail]
        return next((_sum(self.below[tail]) for tail in tails if tail in self.below), None)

    def nearest(self, name: str) -> str:
        """The counted path that looks most like a prefix; empty where none does."""
        known = ["/".join(words) for words in self.exact]
        return next(iter(nearest("/".join(path_words(name)), known)), "")


def indexed(exact: Mapping[tuple[str, ...], Count], what: str) -> Counts:
    """Counts that find what lies below a path as fast as what lies at it.

    Raises:
        DataError: fractions of a token, which look like billions.
    """
    refuse(
        f"counts {what}",
        [
            f"{'/'.join(words)}: {count.tokens:g} tokens: looks like billions typed as units; "
            "write the number of tokens in full"
            for words, count in exact.items()
            if 0 < count.tokens < _FEW_TOKENS and not float(count.tokens).is_integer()
        ],
    )
    below: dict[tuple[str, ...], list[Count]] = {}
    for words, count in exact.items():
        for end in range(1, len(words)):
            below.setdefault(words[:end], []).append(count)
    return Counts(exact, {words: tuple(counts) for words, counts in below.items()}, what)


def read_counts(path: Path, files: Sequence[str] = COUNT_FILES) -> Counts:
    """Counts from what a user named.

    Args:
        path: a folder, in which every ``*.json`` with a number ``tokens`` counts; a JSON file
            ``{prefix: tokens}`` or ``{prefix: {tokens, documents, tokenizer}}``; or a table with
            the columns ``prefix`` (or ``dataset`` and ``part``) and ``tokens``[, ``documents``,
            ``tokenizer``].
        files: names of the JSON files in a folder, the first that is there counts.

    Raises:
        DataError: nothing there, or with every fault.
    """
    if path.is_dir():
        return _folder(path, files)
    content = read_file(path, TABLE_LIMIT)
    if path.suffix == ".json":
        return _mapping(_json(content, f"counts {path.name}"), f"counts {path.name}", path.name)
    return _table(read_rows(content, f"counts {path.name}"), path.name)


def counts_of(pairs: Iterable[tuple[str, float]], what: str) -> Counts:
    """Counts that a framework's own file holds."""
    counts = {path_words(name): Count(tokens, counted_in=what) for name, tokens in pairs}
    return indexed(counts, what if counts else "")


def _folder(path: Path, files: Sequence[str]) -> Counts:
    counts: dict[tuple[str, ...], Count] = {}
    rank: dict[tuple[str, ...], int] = {}
    faults: list[str] = []
    listed = sorted(path.rglob("*.json"))
    if len(listed) > _MOST_FILES:
        raise DataError(f"counts folder {path.name} has over {_MOST_FILES:,} files: name a smaller")
    for file in listed:
        if file.name not in files:
            continue
        name = file.relative_to(path).as_posix()
        words = path_words(file.relative_to(path).parent.as_posix())
        if rank.get(words, len(files)) <= files.index(file.name):
            continue
        content = _json(read_file(file, _FILE_LIMIT), name)
        count = _count(content, name) if isinstance(content, dict) else None
        if count is None:
            faults.append(f"{name}: no number 'tokens' of at least 0")
            continue
        counts[words], rank[words] = count, files.index(file.name)
    refuse(f"counts folder {path.name}", faults)
    if not counts:
        raise DataError(
            f"counts folder {path.name} holds no {' and no '.join(files)}: expected files such as "
            'hplt-3.0/counts/gle_Latn/release.json with {"tokens": ...}'
        )
    return indexed(counts, path.name)


def _mapping(content: object, what: str, name: str) -> Counts:
    if not isinstance(content, dict) or not content:
        raise DataError(f"{what} is no mapping: expected {{prefix: tokens}}")
    counts: dict[tuple[str, ...], Count] = {}
    faults: list[str] = []
    for prefix, value in content.items():
        entry = value if isinstance(value, dict) else {"tokens": value}
        count = _count(entry, name)
        if count is None:
            faults.append(f"{prefix}: no number of tokens of at least 0")
        else:
            counts[path_words(prefix)] = count
    refuse(what, faults)
    return indexed(counts, name)


def _table(rows: Rows, name: str) -> Counts:
    header = tuple(column.lower() for column in rows.header)
    prefix = next((column for column in _PREFIX_COLUMNS if column in header), None)
    if "tokens" not in header or (prefix is None and not {"dataset", "part"} <= set(header)):
        raise DataError(
            f"{rows.what} has the columns {', '.join(rows.header)[:200]}: expected prefix (or "
            "dataset and part) and tokens; rename the column that counts what is trained on"
        )
    counts: dict[tuple[str, ...], Count] = {}
    faults: list[str] = []
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        written = cells.get(prefix, "") if prefix else f"{cells['dataset']}/{cells.get('part', '')}"
        entry = {key: cells.get(key, "").replace(",", "") for key in ("tokens", "documents")}
        count = _count({**entry, "tokenizer": cells.get("tokenizer", "")}, name)
        if count is None:
            faults.append(
                f"row {line}: tokens {cells.get('tokens', '')!r}: expected a number from 0"
            )
        elif path_words(written) in counts:
            faults.append(f"row {line}: {written} stands there twice; keep one")
        else:
            counts[path_words(written)] = count
    refuse(rows.what, faults)
    return indexed(counts, name)


def _count(entry: Mapping[str, Any], where: str) -> Count | None:
    tokens, documents = as_weight(entry.get("tokens")), as_weight(entry.get("documents"))
    if tokens is None or not 0 <= tokens <= _LARGEST:
        return None
    unit = entry.get("tokenizer") or entry.get("unit") or ""
    return Count(
        tokens,
        documents if documents and 0 < documents <= _LARGEST else None,
        f"tokens of {unit}" if entry.get("tokenizer") else str(unit),
        where,
    )


def _sum(counts: Sequence[Count]) -> Count:
    known = [count.documents for count in counts]
    units = {count.unit for count in counts}
    return Count(
        tokens=sum(count.tokens for count in counts),
        documents=None if None in known else sum(filter(None, known)),
        unit=units.pop() if len(units) == 1 else "",
        counted_in=f"{len(counts)} files, added up",
    )


def _json(content: bytes, what: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{what} is not JSON ({error}): mend the file or leave it out") from error
