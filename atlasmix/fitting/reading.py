"""A team's table of runs, read strictly: runs, or every fault at once with its rows."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.columns import (
    Column,
    check_present,
    find_columns,
    is_bits_per_byte,
    is_perplexity,
    without_embeddings,
)
from atlasmix.fitting.language_columns import Sources, choose_target, read_sources
from atlasmix.fitting.numbers import Numbers, check_units
from atlasmix.fitting.runs import Runs, frozen
from atlasmix.io.tables import Rows, refuse
from atlasmix.text import did_you_mean, first_few

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
            f"the condition {text[:60]!r} has no sign: expected COLUMN=VALUE, or with !=, <, >, "
            "<=, >=",
            field="where",
            value=text,
        )
    return Filter(match[1], match[2], match[3])


def keep_rows(table: Rows, conditions: tuple[Filter, ...], notes: list[str]) -> Rows:
    """The rows that meet every condition.

    Raises:
        DataError: a column that is not there, or no row left.
    """
    for condition in conditions:
        if condition.column not in table.header:
            hint = did_you_mean(condition.column, table.header) or ", ".join(table.header)
            raise DataError(
                f"the condition on {condition.column!r} names no column: {hint}",
                field="where",
                value=condition.column,
            )
        wanted = f"{condition.column}{condition.sign}{condition.value}"
        place = table.header.index(condition.column)
        stay = [place < len(row) and condition.keeps(row[place]) for row in table.rows]
        if not any(stay):
            values = sorted({row[place].strip() for row in table.rows if place < len(row)})
            raise DataError(f"no row has {wanted}: there are {first_few(values, 6)}")
        notes.append(f"{sum(stay)} of {len(stay)} rows have {wanted}")
        table = replace(
            table,
            rows=tuple(row for row, kept in zip(table.rows, stay, strict=True) if kept),
            numbers=tuple(n for n, kept in zip(table.numbers, stay, strict=True) if kept),
        )
    return table


Array = NDArray[np.float64]

NATS: Final = "nats per token"
PERPLEXITY: Final = "perplexity"
MIXED_LAWS: Final = ("atlas", "mixing")
"""Laws that read the columns of tokens by language."""

_ROUNDING: Final = 1.01


@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is to be read.

    Attributes:
        law: that will be fitted: ``atlas`` and ``mixing`` read columns of languages, ``curse``
            their number.
        columns: field -> column, where the names are not known ones.
        unit: of the loss; empty: nats per token, unless the column's name says otherwise;
            ``perplexity`` takes the logarithm.
        where: rows to keep.
        target: language whose loss is fitted; empty where the table has one.
        targets: several of them, for ``mixing`` (:func:`~.target_tables.read_targets`); empty:
            every language that the table has losses of.
        clip_unique: whether unique tokens above the tokens read mean the text that was there.
        drop_incomplete: whether rows without a finite loss, N or D are left out.
        last_checkpoint: whether each run's last row alone is kept.
    """

    law: str = "chinchilla"
    columns: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    where: tuple[Filter, ...] = ()
    target: str = ""
    targets: tuple[str, ...] = ()
    clip_unique: bool = False
    drop_incomplete: bool = False
    last_checkpoint: bool = False


def read_runs(table: Rows, how: Reading) -> Runs:
    """The runs of a table.

    Args:
        table: params, tokens, loss[, unique_tokens or epochs, compute, run, mixture, language,
            languages, tokens_LANGUAGE, unique_tokens_LANGUAGE]. Either params or tokens may be
            left to compute, as C/(6D) or C/(6N).
        how: see Reading.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its rows.
    """
    columns = find_columns(table.header, dict(how.columns))
    sources = Sources.find(table.header) if how.law in MIXED_LAWS else Sources()
    _check_columns(table, columns, how, sources)
    notes = _said(columns)
    table = keep_rows(table, how.where, notes)
    table, target = choose_target(table, columns, how.target, how.law)
    numbers = Numbers(table, columns, how.drop_incomplete)
    loss, unit = _loss(numbers, columns["loss"], how.unit, notes)
    params, total = _sizes(numbers, sources, notes)
    own, unique, beside = _data(numbers, columns, sources, target, total)
    faults = numbers.faults
    languages = numbers.column("languages") if how.law == "curse" else None
    refuse(table.what, faults)
    if "unique_tokens" not in columns and "epochs" not in columns and not sources.unique:
        notes.append("no column of unique tokens: every run is taken to have read one epoch")
    kept = numbers.kept(notes)
    runs = Runs(
        params=params,
        tokens=own if languages is None else own / languages,
        unique=unique if languages is None else unique / languages,
        loss=loss,
        rows=numbers.rows,
        runs=numbers.labels("run"),
        unit=unit,
        total=total,
        languages=np.ones(len(loss)) if languages is None else languages,
        sources=beside[0],
        source_tokens=beside[1],
        source_unique=beside[2],
        mixtures=_mixtures(numbers, columns, total, own, beside[1], languages),
        target=target,
    )
    if how.last_checkpoint:
        # Before rows without a loss go: a run that diverged has no earlier row in its place.
        kept = kept & _last(runs, columns, notes)
    runs = runs.select(kept)
    refuse(table.what, check_units(runs, numbers.column("compute", kept), columns))
    runs = _repeats(runs, how, table.what, notes)
    runs = _once(runs, "run" in columns, notes)
    from dataclasses import replace

    return replace(runs, notes=tuple(notes))


def _check_columns(
    table: Rows, columns: Mapping[str, Column], how: Reading, sources: Sources
) -> None:
    needed = ["params", "tokens", "loss"]
    if "compute" in columns and ("params" in columns or "tokens" in columns):
        needed = ["loss"]
    if sources.tokens:
        needed = [field for field in needed if field != "tokens"]
    if how.law == "curse":
        needed.append("languages")
    check_present(table.header, columns, needed)
    if how.law == "mixing" and not sources.tokens:
        raise DataError(
            f"{table.what} has no tokens by language: the law of mixtures expects a column "
            "tokens_LANG for each, such as tokens_cat; for one language fit the law atlas",
            field="law",
            value=how.law,
        )


def _said(columns: Mapping[str, Column]) -> list[str]:
    """Which columns were read under another name."""
    read = [
        f"{field} from {column.name}" + (f" (x {column.factor:g})" if column.factor != 1 else "")
        for field, column in columns.items()
        if column.name != field or column.factor != 1
    ]
    return [f"read {', '.join(read)}"] if read else []


def _loss(numbers: Numbers, column: Column, unit: str, notes: list[str]) -> tuple[Array, str]:
    values = numbers.column("loss")
    assert values is not None
    if unit == PERPLEXITY or (not unit and is_perplexity(column.name)):
        notes.append(f"loss is the natural logarithm of {column.name}, read as perplexity")
        numbers.refuse_where(values <= 1, "perplexity", values, "expected a number above 1")
        return np.log(np.maximum(values, 1 + 1e-12)), NATS
    if not unit and is_bits_per_byte(column.name):
        return values, "bits per byte"
    return values, unit or NATS


def _sizes(numbers: Numbers, sources: Sources, notes: list[str]) -> tuple[Array, Array]:
    """Parameters and all tokens of every row."""
    params, total = numbers.column("params"), numbers.column("tokens")
    compute = numbers.column("compute")
    name = numbers.name_of("params")
    if name and without_embeddings(name):
        notes.append(f"{name} counts parameters without embeddings: so does the law fitted to it")
    if total is None and sources.tokens:
        total = sum((numbers.language(column) for column in sources.tokens.values()), np.zeros(1))
    if total is None:
        assert params is not None
        assert compute is not None
        total = compute / (6.0 * params)
        notes.append("tokens are compute / (6 params)")
    if params is None:
        assert compute is not None
        params = compute / (6.0 * total)
        notes.append("params are compute / (6 tokens)")
    return params, np.asarray(total)


def _data(
    numbers: Numbers,
    columns: Mapping[str, Column],
    sources: Sources,
    target: str,
    total: Array,
) -> tuple[Array, Array, tuple[tuple[str, ...], Array, Array]]:
    """Tokens of the target, unique ones among them, and the same of the other languages."""
    unique, epochs = numbers.column("unique_tokens", empty=np.nan), numbers.column("epochs")
    if sources.tokens:
        return read_sources(numbers, sources, target, total, unique)
    if unique is None and epochs is not None:
        unique = total / np.maximum(epochs, 1.0)
    own = total if unique is None else np.where(np.isnan(unique), total, unique)
    none = np.zeros((len(total), 0))
    return total, own, ((), none, none)


def _mixtures(
    numbers: Numbers,
    columns: Mapping[str, Column],
    total: Array,
    own: Array,
    others: Array,
    languages: Array | None,
) -> NDArray[np.int64]:
    if "mixture" in columns:
        return numbers.labels("mixture")
    if languages is not None:
        return np.unique(languages, return_inverse=True)[1].astype(np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.round(np.column_stack([own, others]) / total[:, None], 2)
    return np.unique(np.nan_to_num(shares), axis=0, return_inverse=True)[1].astype(np.int64).ravel()


def _repeats(runs: Runs, how: Reading, what: str, notes: list[str]) -> Runs:
    """Unique tokens are at most the tokens read."""
    from dataclasses import replace

    from atlasmix.fitting.identification import rows_text
    from atlasmix.quantities import format_quantity

    over = runs.unique > runs.tokens * _ROUNDING
    if np.any(over) and not how.clip_unique:
        first = int(np.flatnonzero(over)[0])
        refuse(
            what,
            [
                f"{rows_text(runs.rows[over])}: tokens below unique tokens (row "
                f"{runs.rows[first]}: {format_quantity(runs.tokens[first])} read, "
                f"{format_quantity(runs.unique[first])} unique); unique tokens are the distinct "
                "ones among those read: if the column holds the text that was there, say so "
                "(clip_unique)"
            ],
        )
    if np.any(over):
        notes.append(
            f"unique tokens cut to the tokens read ({rows_text(runs.rows[over])}): less than one "
            "epoch"
        )
    return replace(
        runs,
        unique=frozen(np.minimum(runs.unique, runs.tokens)),
        source_unique=frozen(np.minimum(runs.source_unique, runs.source_tokens)),
    )


def _once(runs: Runs, named: bool, notes: list[str]) -> Runs:
    """Rows that are alike in every number and label count once."""
    from atlasmix.fitting.identification import rows_text

    columns = [runs.params, runs.tokens, runs.unique, runs.loss, runs.languages, runs.total]
    # Two seeds of one run may end at the same printed loss: where rows have names, those count.
    columns += [runs.runs.astype(float)] if named else []
    table = np.column_stack([*columns, runs.source_tokens])
    _, first = np.unique(table, axis=0, return_index=True)
    if len(first) == runs.count:
        return runs
    again = np.setdiff1d(np.arange(runs.count), first)
    notes.append(f"{rows_text(runs.rows[again])}: the same numbers as an earlier row; counted once")
    return runs.select(np.sort(first))


def _last(runs: Runs, columns: Mapping[str, Column], notes: list[str]) -> NDArray[np.bool_]:
    """(n,) which rows are the last of their run."""
    if "run" not in columns:
        raise DataError(
            "the last checkpoint of each run needs a column that names the run: say column "
            "run=COLUMN",
            field="last_checkpoint",
        )
    order = np.lexsort((runs.total, runs.runs))
    last = np.append(np.diff(runs.runs[order]) != 0, True)
    kept = np.zeros(runs.count, dtype=bool)
    kept[order[last]] = True
    notes.append(f"{int(np.sum(~kept))} rows are earlier checkpoints and were left out")
    return kept
