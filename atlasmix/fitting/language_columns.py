"""Columns of tokens by language: the target's own, and those of the languages read beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.fitting.columns import FIELDS, Column, bare_name
from atlasmix.io.tables import Rows
from atlasmix.languages.resolving import resolve

if TYPE_CHECKING:
    from atlasmix.fitting.numbers import Numbers

Array = NDArray[np.float64]

OTHER: Final = "other"
_PATTERN: Final = re.compile(r"(unique_tokens|tokens)[\s_:./\[(-]+([^\])]+)[\])]?", re.IGNORECASE)
_ROUNDING: Final = 0.01


@dataclass(frozen=True, slots=True)
class Sources:
    """Columns of tokens and of unique tokens, by language (``other``: all that are not named)."""

    tokens: Mapping[str, Column] = field(default_factory=dict)
    unique: Mapping[str, Column] = field(default_factory=dict)

    @classmethod
    def find(cls, header: tuple[str, ...]) -> Sources:
        """The columns ``tokens_LANGUAGE`` and ``unique_tokens_LANGUAGE`` of a table.

        Raises:
            DataError: two columns for one language.
        """
        known = {name for field, names in FIELDS.items() for name in (field, *names)}
        columns: dict[str, dict[str, Column]] = {"tokens": {}, "unique_tokens": {}}
        for place, name in enumerate(header):
            match = _PATTERN.fullmatch(name.strip())
            if match is None or bare_name(name) in known:
                continue
            key = _language(match[2])
            if key is None:
                continue
            kind = match[1].lower()
            if key in columns[kind]:
                raise DataError(
                    f"{columns[kind][key].name} and {name} are both the {kind} of {key}: keep one"
                )
            columns[kind][key] = Column(place, name)
        return cls(columns["tokens"], columns["unique_tokens"])


def choose_target(
    table: Rows, columns: Mapping[str, Column], target: str, law: str
) -> tuple[Rows, str]:
    """The rows of one language's loss, and its key; empty where the table does not say.

    Raises:
        DataError: losses of several languages and no choice, or a language that is not there.
    """
    wanted = str(resolve(target)) if target else ""
    if "language" not in columns:
        return table, wanted
    place = columns["language"].place
    cells = [row[place].strip() if place < len(row) else "" for row in table.rows]
    keys: dict[str, str] = {}
    faults: list[str] = []
    for number, cell in zip(table.numbers, cells, strict=True):
        if cell in keys:
            continue
        try:
            keys[cell] = str(resolve(cell))
        except UnknownLanguage as error:
            faults.append(f"row {number}: {error}")
            keys[cell] = ""
    if faults:
        raise DataError(f"{table.what} names languages that are not known:", tuple(faults))
    there = sorted(set(keys.values()))
    if not wanted and len(there) == 1:
        wanted = there[0]
    if not wanted and law == "curse":
        return table, ""
    if not wanted:
        raise DataError(
            f"{table.what} holds the losses of {len(there)} languages ({', '.join(there[:12])}): "
            f"one law does not fit them all; choose one, such as {there[0]}",
            field="target",
        )
    stay = [keys[cell] == wanted for cell in cells]
    if not any(stay):
        raise DataError(
            f"{table.what} holds no loss of {wanted}: there are {', '.join(there[:12])}"
        )
    return replace(
        table,
        rows=tuple(row for row, kept in zip(table.rows, stay, strict=True) if kept),
        numbers=tuple(n for n, kept in zip(table.numbers, stay, strict=True) if kept),
    ), wanted


def read_sources(
    numbers: Numbers,
    sources: Sources,
    target: str,
    total: Array,
    unique: Array | None,
) -> tuple[Array, Array, tuple[tuple[str, ...], Array, Array]]:
    """Own tokens and unique tokens (n,); then keys, tokens and unique tokens (n, m) of the others.

    Tokens of no named language are those of ``other``. Without unique tokens one epoch is meant.

    Raises:
        DataError: no target, or no column of its tokens.
    """
    if target not in sources.tokens:
        names = ", ".join(sorted(set(sources.tokens) - {OTHER}))
        if not target:
            raise DataError(
                f"the table has tokens of {names}, and does not say whose loss it holds: name the "
                "target, or a language in a column language",
                field="target",
            )
        raise DataError(f"no column tokens_{target} beside tokens of {names}: add it")
    read = {key: numbers.language(column) for key, column in sources.tokens.items()}
    distinct = {key: numbers.language(column) for key, column in sources.unique.items()}
    if unique is not None:
        distinct.setdefault(target, np.where(np.isnan(unique), read[target], unique))
    rest = total - sum(read.values(), np.zeros(1))
    numbers.refuse_where(
        rest < -_ROUNDING * total,
        "the sum of the languages' tokens less tokens",
        -rest,
        "expected tokens to be all tokens read",
    )
    if OTHER not in read and np.any(rest > _ROUNDING * total):
        read[OTHER] = np.maximum(rest, 0.0)
    beside = [key for key in read if key != target and np.any(read[key] > 0)]
    own = read[target]
    numbers.refuse_where(
        own + sum((read[key] for key in beside), np.zeros(1)) <= 0,
        "the tokens read",
        own,
        "expected a number above 0",
    )
    empty = np.zeros((len(own), 0))
    tokens = np.column_stack([read[key] for key in beside]) if beside else empty
    known = [distinct.get(key, read[key]) for key in beside]
    return (
        own,
        distinct.get(target, own),
        (tuple(beside), tokens, np.column_stack(known) if beside else empty),
    )


def _language(text: str) -> str | None:
    written = text.strip()
    if written.lower() in {OTHER, "others", "rest"}:
        return OTHER
    try:
        return str(resolve(written))
    except DataError:
        return None
