"""The numbers in a table of runs: as people write them, checked, with the rows of what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.fitting.columns import Column
from atlasmix.fitting.identification import rows_text
from atlasmix.fitting.runs import Runs, frozen
from atlasmix.io.tables import Rows
from atlasmix.quantities import format_quantity, parse_quantity

Array = NDArray[np.float64]

_MISSING: Final = {"", "nan", "na", "n/a", "null", "none", "-", "inf", "-inf", "infinity"}
_NEEDED: Final = {"params", "tokens", "loss", "compute"}
_LARGEST: Final = 1e30
_LEAST: Final = {"params": 1e4, "tokens": 1e5}
"""Below this a count is in other units: no language model is smaller (our choice)."""

_HIGHEST_NATS: Final = 12.5
"""ln of a vocabulary of 268k: what a model that knows nothing loses per token."""

_FLOPS_OFF: Final = 30.0


class Numbers:
    """Columns of a table as numbers; collects what is wrong with them by kind.

    A row without a finite loss, N or D is a fault, or is left out where that was asked for.
    """

    def __init__(self, table: Rows, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        """Over the rows of ``table``; ``columns``: field -> column."""
        self.rows = frozen(np.array(table.numbers, dtype=np.int64))
        self._table, self._columns, self._drop = table, columns, drop_incomplete
        self._missing = np.zeros(len(self.rows), dtype=bool)
        self.faults: list[str] = []
        short = np.array([len(row) < len(table.header) for row in table.rows], dtype=bool)
        if np.any(short):
            self.faults.append(
                f"{rows_text(self.rows[short])}: fewer cells than the header has columns: "
                f"expected {len(table.header)}"
            )
        if not len(self.rows):
            self.faults.append("no runs: expected one row for each")

    def name_of(self, field: str) -> str:
        """The name of the column that holds ``field``; empty where there is none."""
        return self._columns[field].name if field in self._columns else ""

    def column(
        self, field: str, kept: NDArray[np.bool_] | None = None, empty: float | None = None
    ) -> Array | None:
        """The numbers of a field, above 0; None where no column holds it.

        ``empty``: what an empty cell stands for; None: it is a fault.
        """
        if field not in self._columns:
            return None
        column = self._columns[field]
        values = self._values(column, field, empty)
        return values if kept is None else values[kept]

    def language(self, column: Column) -> Array:
        """Tokens of one language, at least 0; an empty cell is 0."""
        return self._values(column, column.name, 0.0)

    def labels(self, field: str) -> NDArray[np.int64]:
        """Ordinals of a column of names; each row its own where there is none or it is empty."""
        count = len(self.rows)
        if field not in self._columns:
            return np.arange(count)
        place = self._columns[field].place
        seen: dict[str, int] = {}
        names = [
            (row[place].strip() if place < len(row) else "") or f"\0{number}"
            for number, row in enumerate(self._table.rows)
        ]
        return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)

    def refuse_where(self, wrong: NDArray[np.bool_], what: str, values: Array, hint: str) -> None:
        """A fault that names the rows where ``wrong``."""
        wrong = wrong & ~np.isnan(values)
        if np.any(wrong):
            shown = ", ".join(f"{value:g}" for value in values[wrong][:3])
            more = ", ..." if np.sum(wrong) > 3 else ""
            self.faults.append(f"{rows_text(self.rows[wrong])}: {what} is {shown}{more}: {hint}")

    def kept(self, notes: list[str]) -> NDArray[np.bool_]:
        """The rows that are complete."""
        if np.any(self._missing):
            notes.append(
                f"{rows_text(self.rows[self._missing])}: no finite loss, params or tokens; left "
                "out, as asked"
            )
        return ~self._missing

    def _values(self, column: Column, what: str, empty: float | None) -> Array:
        texts = [
            row[column.place].strip() if column.place < len(row) else "" for row in self._table.rows
        ]
        values = np.array([_number(text, column.factor) for text in texts], dtype=float)
        missing = np.array([text.lower() in _MISSING for text in texts], dtype=bool)
        dropped = self._drop and what in _NEEDED
        if dropped:
            self._missing |= missing
            values[missing] = 1.0
        elif empty is not None:
            blank = np.array([text == "" for text in texts], dtype=bool)
            values[blank] = empty
            missing &= ~blank
        self._faults_of(column, what, texts, values, missing, empty)
        return frozen(values)

    def _faults_of(
        self,
        column: Column,
        what: str,
        texts: Sequence[str],
        values: Array,
        missing: NDArray[np.bool_],
        empty: float | None,
    ) -> None:
        name = what if column.name == what else f"{what} ({column.name})"
        if np.any(missing) and not (self._drop and what in _NEEDED):
            hint = "expected a number above 0"
            if what in _NEEDED:
                hint = "a run that diverged or was cut short cannot be fitted; mend the row, or "
                hint += "drop incomplete ones"
            words = sorted({texts[place] or "empty" for place in np.flatnonzero(missing).tolist()})
            self.faults.append(f"{rows_text(self.rows[missing])}: {name} is {words[0]}: {hint}")
        unread = np.isnan(values) & ~missing
        if empty is not None and math.isnan(empty):
            unread &= np.array([text != "" for text in texts], dtype=bool)
        if np.any(unread):
            shown = ", ".join(
                repr(texts[place][:20]) for place in np.flatnonzero(unread)[:3].tolist()
            )
            self.faults.append(
                f"{rows_text(self.rows[unread])}: {name} is {shown}: expected a number such as "
                "2.81, 1e9 or 70M"
            )
        least = 0.0 if empty == 0.0 else 1e-300
        self.refuse_where(values < least, name, values, "expected a number above 0")
        self.refuse_where(values > _LARGEST, name, values, "taken for a slip")


def _number(text: str, factor: float) -> float:
    """A number as people write it; NaN where it is none. A suffix counts more than the factor."""
    try:
        value = float(text)
    except ValueError:
        try:
            return parse_quantity(text.replace("_", ""), "the cell", largest=_LARGEST)
        except ProblemError:
            return math.nan
    return value * factor if math.isfinite(value) else math.nan


def check_units(runs: Runs, compute: Array | None, columns: Mapping[str, Column]) -> list[str]:
    """Faults of runs whose counts or losses cannot be in the unit of the others."""
    faults: list[str] = []
    for field, column in (("params", runs.params), ("tokens", runs.total)):
        name = columns[field].name if field in columns else field
        least = _LEAST[field]
        low = column < least
        if np.all(low):
            faults.append(
                f"{name} is {np.min(column):g} to {np.max(column):g} in every row: that seems to "
                f"count in millions or billions; say column {field}={name}:B (or K, M, T)"
            )
        elif np.any(low):
            other = format_quantity(float(np.median(column[~low])))
            faults.append(
                f"{rows_text(runs.rows[low])}: {name} is {column[low][0]:g} where others have "
                f"about {other}: mixed units; write every row in the same one"
            )
    high = runs.loss > _HIGHEST_NATS
    if runs.unit == "nats per token" and np.all(high):
        faults.append(
            f"loss is {np.min(runs.loss):g} to {np.max(runs.loss):g} in every row: above "
            f"{_HIGHEST_NATS} no loss is in nats per token; name the column perplexity, which is "
            "read as its logarithm, or say its unit"
        )
    elif runs.unit == "nats per token" and np.any(high):
        middle = float(np.median(runs.loss[~high]))
        faults.append(
            f"{rows_text(runs.rows[high])}: loss is {runs.loss[high][0]:g} where others have about "
            f"{middle:.3g}: above {_HIGHEST_NATS} no loss is in nats per token; mixed units "
            "(perplexity?) or a run that blew up"
        )
    if compute is not None and "params" in columns and "tokens" in columns:
        ratio = compute / runs.compute
        off = np.abs(np.log(ratio / np.median(ratio))) > math.log(_FLOPS_OFF)
        if np.any(off):
            faults.append(
                f"{rows_text(runs.rows[off])}: {columns['compute'].name} is "
                f"{ratio[off][0]:.2g} times 6·params·tokens where others have about "
                f"{np.median(ratio):.2g}: one of the three is in another unit"
            )
    return faults
