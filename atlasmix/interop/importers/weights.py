"""A plain list of names and weights, YAML, JSON or a table: the format that most teams keep.

What a number means stands nowhere in such a file, so it is asked: shares of tokens that sum to 1,
percentages that sum to 100, tokens of the run, or shares of documents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    finished,
    read_marked,
    weight_fault,
)
from atlasmix.io.tables import Rows
from atlasmix.quantities import comma_hint, read_quantity
from atlasmix.text import did_you_mean

NAME: Final = "weights"
Meaning = Literal["shares", "percent", "tokens", "documents"]
MEANINGS: Final[tuple[str, ...]] = get_args(Meaning)
_SUMS: Final = {"shares": 1.0, "percent": 100.0}
_SLACK: Final = 5e-3
"""What shares may sum to beside 1, relative: a published table has three places (our choice)."""

_SOURCES: Final = ("source", "name", "prefix", "path", "language", "dataset", "corpus")
_WEIGHTS: Final = ("weight", "share", "proportion", "percent", "percentage", "tokens", "ratio")


def read(text: str, what: str, meaning: str) -> Listing:
    """A mapping of names to numbers.

    Args:
        text: YAML or JSON.
        what: how messages name it.
        meaning: of the numbers, one of :data:`MEANINGS`.

    Raises:
        ProblemError: no such meaning.
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    pairs = [
        (name, node.value if node.kind == "scalar" else None, node.place)
        for name, node in content.items()
    ]
    if not pairs:
        raise DataError(f"{what} is no mapping of names to numbers: expected {{name: weight}}")
    return _listing(pairs, what, meaning)


def read_table(rows: Rows, meaning: str, columns: Mapping[str, str]) -> Listing:
    """A table with a name and a number in each row.

    Args:
        rows: of the table.
        meaning: of the numbers, one of :data:`MEANINGS`.
        columns: ``source`` and ``weight`` to what the table calls them.

    Raises:
        ProblemError: no such meaning, or a column that is not one of the two.
        DataError: a column that is not there or may be one of several, or faults with their rows.
    """
    strangers = [key for key in columns if key not in ("source", "weight")]
    if strangers:
        raise ProblemError(
            f"column {strangers[0][:40]!r}: expected source or weight, as weight=NAME",
            field="column",
        )
    source = _place(rows, "source", columns, _SOURCES)
    weight = _place(rows, "weight", columns, _WEIGHTS)
    pairs = [
        (
            row[source].strip() if source < len(row) else "",
            row[weight].strip() if weight < len(row) else "",
            f"row {line}",
        )
        for line, row in zip(rows.numbers, rows.rows, strict=True)
    ]
    return _listing(pairs, rows.what, meaning)


def _place(rows: Rows, column: str, columns: Mapping[str, str], known: tuple[str, ...]) -> int:
    titles = [" ".join(title.split()).casefold() for title in rows.header]
    given_title = columns.get(column)
    wanted = known if given_title is None else (" ".join(given_title.split()).casefold(),)
    places = [place for place, title in enumerate(titles) if title in wanted]
    if len(places) == 1:
        return places[0]
    listed = ", ".join(rows.header)[:200]
    if places:
        raise DataError(
            f"{rows.what} has {', '.join(rows.header[place] for place in places)}: say which is "
            f"its {column}, as {column}=NAME",
            field="column",
        )
    hint = did_you_mean(given_title or column, rows.header, " ")
    raise DataError(
        f"{rows.what} has the columns {listed}: {hint}say which is its {column}, as {column}=NAME",
        field="column",
    )


def _listing(pairs: Sequence[tuple[str, object, str]], what: str, meaning: str) -> Listing:
    if meaning not in MEANINGS:
        given_title = (
            f"weights are {meaning[:40]!r}" if meaning else "nobody says what its numbers are"
        )
        raise ProblemError(
            f"{what}: {given_title}; expected one of {', '.join(MEANINGS)}",
            field="weights_are",
            value=meaning,
        )
    entries: list[Entry] = []
    faults: list[str] = []
    first: dict[str, str] = {}
    for name, value, place in pairs:
        written = (
            value.removesuffix("%") if isinstance(value, str) and meaning == "percent" else value
        )
        number = read_quantity(written)
        if number is None:
            faults.append(
                f"{place}: {name[:60]!r} has {str(value)[:40]!r} as weight; expected a number"
                f"{comma_hint(value)}"
            )
        elif name in first:
            faults.append(f"{place}: {name[:60]} stands in {first[name]} too; keep one")
        elif number != 0:
            fault = weight_fault(number, place, "a mixture")
            faults += [fault] if fault else []
            entries.append(Entry(name, number, place))
        first.setdefault(name, place)
    listed = finished(entries, faults, what, "a mixture")
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    expected = _SUMS.get(meaning)
    if expected is not None and abs(total / expected - 1) > _SLACK:
        raise DataError(
            f"{what}: its {meaning} sum to {total:.6g}, expected {expected:g}: add what is "
            "missing, or say what else the numbers are",
            field="weights_are",
        )
    if meaning == "tokens" and total > 1e18:
        raise DataError(f"{what}: its tokens sum to {total:.3g}, above 1e18: a slip")
    return Listing(
        listed,
        unit="documents" if meaning == "documents" else "tokens",
        tokens=total if meaning == "tokens" and total >= 1 else None,
    )
