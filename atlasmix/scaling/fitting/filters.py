"""Rows of a table to keep: ``train_set=c4``, ``loss<5``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.rows import Rows

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on the cells of a column, as text or, where both are numbers, by value."""

    column: str
    sign: str
    value: str

    def keeps(self, cell: str) -> bool:
        """Whether a row with this cell stays; a cell without a number is in no order."""
        try:
            left, right = float(cell), float(self.value)
        except ValueError:
            return self.sign in {"=", "!="} and _COMPARE[self.sign](cell.strip(), self.value)
        return _COMPARE[self.sign](left, right)


def parse_filter(text: str) -> Filter:
    """``COLUMN=VALUE``, or with !=, <, >, <=, >=.

    Raises:
        ProblemError: no such sign.
    """
    match = re.fullmatch(r"\s*(.+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", text)
    if match is None:
        raise ProblemError(
            f"--where is {text[:60]!r}: expected COLUMN=VALUE, or with !=, <, >, <=, >="
        )
    return Filter(match[1], match[2], match[3])


def keep_rows(table: Rows, conditions: tuple[Filter, ...], notes: list[str]) -> Rows:
    """The rows that meet every condition.

    Raises:
        DataError: a column that is not there, or no row left.
    """
    for one in conditions:
        if one.column not in table.header:
            import difflib

            near = difflib.get_close_matches(one.column, table.header, n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else ", ".join(table.header)
            raise DataError(f"--where {one.column}: no such column: {hint}")
        place = table.header.index(one.column)
        stay = [place < len(row) and one.keeps(row[place]) for row in table.rows]
        if not any(stay):
            found = sorted({row[place].strip() for row in table.rows if place < len(row)})
            more = f" and {len(found) - 6} more" if len(found) > 6 else ""
            raise DataError(
                f"no row has {one.column}{one.sign}{one.value}: there are "
                f"{', '.join(found[:6])}{more}"
            )
        notes.append(f"{sum(stay)} of {len(stay)} rows have {one.column}{one.sign}{one.value}")
        table = replace(
            table,
            rows=tuple(row for row, kept in zip(table.rows, stay, strict=True) if kept),
            numbers=tuple(n for n, kept in zip(table.numbers, stay, strict=True) if kept),
        )
    return table
