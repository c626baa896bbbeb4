"""How many distinct tokens lie behind a prefix: folders of JSON, one JSON, or a table of counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.importers.patterns import path_words
from atlasmix.io.files import read_file
from atlasmix.io.safe_json import load_json
from atlasmix.io.tables import TABLE_LIMIT, Rows, read_rows, refuse
from atlasmix.quantities import comma_hint, header_unit, in_unit, read_quantity
from atlasmix.text import did_you_mean, first_few, nearest

COUNT_FILES: Final = ("release.json", "source.json")
"""Which of several files in one folder counts: what is trained on, before what it was made from."""

_REMEDY: Final = "mend the file or leave it out"
_FILE_LIMIT: Final = 1024 * 1024
_MOST_FILES: Final = 100_000
_LARGEST: Final = 1e18
_FEW_TOKENS: Final = 1000.0
"""Below this a count that is no whole number is taken for billions: our choice."""

_PREFIX_COLUMNS: Final = ("prefix", "path", "source", "name")
COUNT_COLUMNS: Final = ("prefix", "dataset", "part", "tokens", "documents", "tokenizer")
"""What a column may be called by the user: ``tokens=Tokens (B)``."""

_NUMBERS: Final = ("tokens", "documents")
_WILD: Final = frozenset("*?[")


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


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by the words of a path.

    Attributes:
        exact: path in words to its count.
        below: path in words to the paths of everything that lies below it.
        what: where they come from, for the origin; empty where there are none.
    """

    exact: Mapping[Words, Count] = field(default_factory=dict)
    below: Mapping[Words, tuple[Words, ...]] = field(default_factory=dict)
    what: str = ""

    def of(self, name: str) -> Count | None:
        """The count of a prefix: of its own path, of a path that it ends in, or the sum below it.

        ``/data/hplt-3.0/megatron-lm/gle_Latn_text_document`` is counted as ``hplt-3.0/gle_Latn``;
        ``dclm-1.0`` is the sum of ``dclm-1.0/shard-1``, ``dclm-1.0/shard-2``, ...; so is
        ``dclm-1.0/*.npy``.
        """
        paths_counted = self._counted(name)
        if not paths_counted:
            return None
        counts = [self.exact[words] for words in paths_counted]
        return counts[0] if len(counts) == 1 else added_up(counts)

    def of_each(self, entries: Mapping[str, Sequence[str]]) -> dict[str, Count | None]:
        """The count of every entry, where no counted text would count for two of them.

        Args:
            entries: name of each to the paths that lie behind it; without any its name is the path.
                A name that is counted itself is not looked into.

        Raises:
            DataError: one counted text stands for several entries: which is meant is not guessed.
        """
        owner: dict[Words, str] = {}
        twice: dict[Words, list[str]] = {}
        counts: dict[str, Count | None] = {}
        for name, paths in entries.items():
            paths_counted = self._counted(name)
            if not paths_counted and paths:
                each = [self._counted(path) for path in dict.fromkeys(paths)]
                # Of a source that is counted in part nobody knows how much there is.
                paths_counted = tuple(dict.fromkeys(sum(each, ()))) if all(each) else ()
            for words in paths_counted:
                if owner.setdefault(words, name) != name:
                    twice.setdefault(words, [owner[words]]).append(name)
            known = [self.exact[words] for words in paths_counted]
            counts[name] = added_up(known) if len(known) > 1 else next(iter(known), None)
        refuse(
            f"counts {self.what}",
            [
                f"{'/'.join(words)} would be the count of {first_few(names, 5)}: write more of "
                "each path into the counts, or say in a mapping which count is whose"
                for words, names in twice.items()
            ],
        )
        return counts

    def _counted(self, name: str) -> tuple[Words, ...]:
        """The counted paths that together are this one; empty where nobody counted it."""
        words = path_words(name)
        while words and _WILD & set(words[-1]):
            words = words[:-1]  # a pattern of files: what lies in their folder
        tails = [words[start:] for start in range(len(words))]
        for tail in tails:
            if tail in self.exact:
                return (tail,)
        return next((self.below[tail] for tail in tails if tail in self.below), ())

    def nearest(self, name: str) -> str:
        """The counted path that looks most like a prefix; empty where none does."""
        known = ["/".join(words) for words in self.exact]
        return next(iter(nearest("/".join(path_words(name)), known)), "")


def added_up(counts: Sequence[Count]) -> Count:
    """Several counts as one."""
    known = [count.documents for count in counts]
    units = {count.unit for count in counts}
    return Count(
        tokens=math.fsum(count.tokens for count in counts),
        documents=None if None in known else math.fsum(filter(None, known)),
        unit=units.pop() if len(units) == 1 else "",
        counted_in=f"{len(counts)} counts, added up",
    )


def indexed(exact: Mapping[Words, Count], what: str) -> Counts:
    """Counts that find what lies below a path as fast as what lies at it.

    Raises:
        DataError: fractions of a token, which look like billions.
    """
    refuse(
        f"counts {what}",
        [
            f"{'/'.join(words)}: {count.tokens:g} tokens: looks like billions typed as units; "
            f"write {count.tokens:g}B, or the number of tokens in full"
            for words, count in exact.items()
            if 0 < count.tokens < _FEW_TOKENS and not float(count.tokens).is_integer()
        ],
    )
    below: dict[Words, list[Words]] = {}
    for words in exact:
        for end in range(1, len(words)):
            below.setdefault(words[:end], []).append(words)
    return Counts(exact, {words: tuple(paths) for words, paths in below.items()}, what)


def read_counts(
    path: Path, files: Sequence[str] = COUNT_FILES, columns: Mapping[str, str] | None = None
) -> Counts:
    """Counts from what a user named.

    Args:
        path: a folder, in which every ``*.json`` with a number ``tokens`` counts; a JSON file
            ``{prefix: tokens}`` or ``{prefix: {tokens, documents, tokenizer}}``; or a table with
            the columns ``prefix`` (or ``dataset`` and ``part``) and ``tokens``[, ``documents``,
            ``tokenizer``].
        files: names of the JSON files in a folder, the first that is there counts.
        columns: one of :data:`COUNT_COLUMNS` to what a table calls it.

    Raises:
        DataError: nothing there, or with every fault.
        ProblemError: columns of what is no table, or none of these names.
    """
    named = dict(columns or {})
    strangers = [key for key in named if key not in COUNT_COLUMNS]
    if strangers:
        raise ProblemError(
            f"column {strangers[0][:40]!r}: {did_you_mean(strangers[0], COUNT_COLUMNS, ' ')}"
            f"expected one of {', '.join(COUNT_COLUMNS)}",
            field="column",
        )
    folder = path.is_dir()
    if named and (folder or path.suffix == ".json"):
        raise ProblemError(
            f"counts {path.name} is no table: columns are named of a CSV or Parquet table",
            field="column",
        )
    if folder:
        return _folder(path, files)
    content = read_file(path, TABLE_LIMIT)
    if path.suffix == ".json":
        what = f"counts {path.name}"
        return _mapping(load_json(content, what, TABLE_LIMIT, _REMEDY), what, path.name)
    return _table(read_rows(content, f"counts {path.name}"), path.name, named)


def counts_of(pairs: Iterable[tuple[str, float]], what: str) -> Counts:
    """Counts that a framework's own file holds."""
    counts = {path_words(name): Count(tokens, counted_in=what) for name, tokens in pairs}
    return indexed(counts, what if counts else "")


def _folder(path: Path, files: Sequence[str]) -> Counts:
    counts: dict[Words, Count] = {}
    rank: dict[Words, tuple[int, str]] = {}
    faults: list[str] = []
    listed = sorted(path.rglob("*.json"))
    if len(listed) > _MOST_FILES:
        raise DataError(f"counts folder {path.name} has over {_MOST_FILES:,} files: name a smaller")
    for file in listed:
        if file.name not in files:
            continue
        name = file.relative_to(path).as_posix()
        words = path_words(file.relative_to(path).parent.as_posix())
        place, before = files.index(file.name), rank.get(words)
        if before is not None and before[0] == place:
            faults.append(f"{name}: {before[1]} counts {'/'.join(words)} too; keep one")
        if before is not None and before[0] <= place:
            continue
        count = _count(load_json(read_file(file, _FILE_LIMIT), name, _FILE_LIMIT, _REMEDY), name)
        if isinstance(count, str):
            faults.append(f"{name}: {count}")
            continue
        counts[words], rank[words] = count, (place, name)
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
    counts: dict[Words, Count] = {}
    first: dict[Words, str] = {}
    faults: list[str] = []
    for prefix, value in content.items():
        count = _count(value if isinstance(value, dict) else {"tokens": value}, name)
        words = path_words(prefix)
        if isinstance(count, str):
            faults.append(f"{prefix}: no number of tokens of at least 0, {count}")
        elif not words:
            faults.append(f"{prefix!r} is no prefix; drop the entry")
        elif words in counts:
            faults.append(f"{prefix} and {first[words]} are one path; keep one")
        else:
            counts[words], first[words] = count, prefix
    refuse(what, faults)
    return indexed(counts, name)


def _table(rows: Rows, name: str, named: Mapping[str, str]) -> Counts:
    at = _columns(rows, named)
    units = {column: header_unit(rows.header[at[column]]) for column in _NUMBERS if column in at}
    counts: dict[Words, Count] = {}
    faults: list[str] = []
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        cells = {
            column: row[place].strip() if place < len(row) else "" for column, place in at.items()
        }
        written = "/".join(filter(None, (cells.get(key, "") for key in ("dataset", "part"))))
        written = cells.get("prefix", written)
        numbers = {column: in_unit(cells[column], unit) for column, unit in units.items()}
        count = _count(cells | numbers, name)
        words = path_words(written)
        if isinstance(count, str):
            faults.append(f"row {line}: {count}")
        elif not words:
            faults.append(f"row {line}: no prefix")
        elif words in counts:
            faults.append(f"row {line}: {written} stands there twice; keep one")
        else:
            counts[words] = count
    refuse(rows.what, faults)
    return indexed(counts, name)


def _columns(rows: Rows, named: Mapping[str, str]) -> dict[str, int]:
    """Place of each column that is read.

    Raises:
        DataError: one that is needed is not there, or several might be meant.
    """
    header = [" ".join(column.split()).casefold() for column in rows.header]
    known: dict[str, list[str]] = {column: [column] for column in COUNT_COLUMNS}
    known["prefix"] = list(_PREFIX_COLUMNS)
    at: dict[str, int] = {}
    for column, names in known.items():
        given_title = named.get(column)
        wanted = names if given_title is None else [" ".join(given_title.split()).casefold()]
        places = [place for place, title in enumerate(header) if title in wanted]
        if len(places) > 1:
            titles = ", ".join(rows.header[place] for place in places)
            raise DataError(
                f"{rows.what} has the columns {titles}, and each may be its {column}: say which "
                f"holds it, as {column}=NAME, or leave the others out",
                field="column",
            )
        if given_title is not None and not places:
            raise DataError(
                f"{rows.what} has no column {given_title[:60]!r}: "
                f"{did_you_mean(given_title, rows.header, ' ')}it has "
                f"{', '.join(rows.header)[:200]}",
                field="column",
            )
        if places:
            at[column] = places[0]
    if "prefix" in at and "prefix" not in named and {"dataset", "part"} <= at.keys():
        raise DataError(
            f"{rows.what} has {rows.header[at['prefix']]}, and dataset and part: say which names "
            "what is counted, as prefix=NAME",
            field="column",
        )
    if "tokens" not in at or ("prefix" not in at and not {"dataset", "part"} <= at.keys()):
        near = [title for title in rows.header if "token" in title.casefold()]
        hint = f"; say for example tokens={near[0]}" if near and "tokens" not in at else ""
        raise DataError(
            f"{rows.what} has the columns {', '.join(rows.header)[:200]}: expected prefix (or "
            f"dataset and part) and tokens; say which column holds what is trained on{hint}",
            field="column",
        )
    return at


def _count(entry: object, where: str) -> Count | str:
    """A count, or what is wrong with it."""
    if not isinstance(entry, Mapping) or "tokens" not in entry:
        return "no number 'tokens' of at least 0"
    tokens = read_quantity(entry.get("tokens"))
    if tokens is None or not 0 <= tokens <= _LARGEST:
        written = str(entry["tokens"])[:40]
        return f"tokens {written!r}: expected a number from 0, such as 1.5B{comma_hint(written)}"
    said = entry.get("documents")
    documents = None if said is None or said == "" else read_quantity(said)
    if said not in (None, "") and (documents is None or not 0 <= documents <= _LARGEST):
        return f"documents {str(said)[:40]!r}: expected a number from 0 to {_LARGEST:g}"
    unit: Any = entry.get("tokenizer") or entry.get("unit") or ""
    if not isinstance(unit, str | int | float):
        unit = ""
    return Count(
        tokens,
        documents or None,
        f"tokens of {unit}" if entry.get("tokenizer") else str(unit),
        where,
    )
