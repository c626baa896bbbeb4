"""A team's table of runs, read strictly: which column holds what, and every fault at once."""

from __future__ import annotations

import dataclasses
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError, UnknownLanguage
from atlasmix.fitting.fit_question import rows_text
from atlasmix.fitting.runs import Runs, frozen
from atlasmix.io.tables import Rows, refuse
from atlasmix.languages.resolving import resolve
from atlasmix.quantities import format_quantity, parse_quantity
from atlasmix.text import did_you_mean, first_few

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "params": (
        *("n_params", "num_params", "nparams", "parameters", "n_parameters", "num_parameters"),
        *("model_params", "total_params", "param_count", "parameter_count", "model_size", "n"),
    ),
    "tokens": (
        *("n_tokens", "num_tokens", "ntokens", "train_tokens", "training_tokens", "total_tokens"),
        *("tokens_seen", "tokens_trained", "token_num", "token_count", "d"),
    ),
    "unique_tokens": (
        *("n_unique_tokens", "num_unique_tokens", "unique", "tokens_per_epoch", "u"),
    ),
    "epochs": ("n_epochs", "num_epochs"),
    "loss": (
        *("val_loss", "validation_loss", "valid_loss", "eval_loss", "test_loss", "final_loss"),
        *("final_val_loss", "loss_val", "ppl", "perplexity", "val_ppl", "eval_ppl"),
        *("val_perplexity", "eval_perplexity", "validation_perplexity", "test_perplexity"),
        *("bpb", "val_bpb", "eval_bpb", "bits_per_byte"),
    ),
    "compute": ("flops", "flop", "training_flops", "train_flops", "total_flops", "c"),
    "languages": ("n_languages", "num_languages", "language_count", "k"),
    "language": ("lang", "target", "target_language", "eval_language"),
    "run": ("run_id", "run_name", "name", "id"),
    "mixture": ("mix", "mixture_id", "mixture_name"),
}
"""Fields and the other names that columns are known by, as ``plain`` writes them."""

_UNITS: Final = {
    **dict.fromkeys(("k", "thousand", "thousands"), 1e3),
    **dict.fromkeys(("m", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 1e9),
    **dict.fromkeys(("t", "trillion", "trillions"), 1e12),
}
_COUNTED: Final = ("params", "tokens", "unique_tokens")
_WITHOUT_EMBEDDINGS: Final = re.compile(r"no_?n?_?_?emb|without_emb|excl?_emb")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        place: its position.
        name: its name, as written.
        factor: what a bare number in it is multiplied by: 1e9 for a column in billions.
    """

    place: int
    name: str
    factor: float = 1.0


def find_columns(
    header: tuple[str, ...],
    said: Mapping[str, str],
    fields: Mapping[str, tuple[str, ...]] = FIELDS,
) -> dict[str, Column]:
    """Field -> column, for the fields that the table has.

    Args:
        header: names of the columns.
        said: field -> name of its column, with ``:B`` (K, M, B, T) where it counts in such units.
        fields: those of this kind of table, and the other names that they are known by.

    Raises:
        DataError: a column that is not there, or two that could be meant.
    """
    faults: list[str] = []
    columns: dict[str, Column] = {}
    for field, written in said.items():
        column = _written(header, field, written, fields, faults)
        if column is not None:
            columns[field] = column
    for field in fields:
        if field in columns:
            continue
        fitting = [
            Column(place, name, factor)
            for place, name in enumerate(header)
            if (factor := _fits(name, field, fields))
        ]
        exact = [column for column in fitting if bare_name(column.name) == field]
        if len(exact) == 1:
            fitting = exact
        if len(fitting) > 1:
            names = [column.name for column in fitting]
            faults.append(
                f"header: {field} could be {' or '.join(names)}: say column {field}={names[0]}"
            )
        elif fitting:
            columns[field] = fitting[0]
    if faults:
        raise DataError("the columns of the table are not clear:", tuple(faults))
    return columns


def check_present(
    header: tuple[str, ...], columns: Mapping[str, Column], needed: list[str]
) -> None:
    """Refuse a table without a needed field, naming the columns that may hold it.

    Raises:
        DataError: with one sentence for every missing field.
    """
    faults = []
    for field in needed:
        if field in columns:
            continue
        stem = "embed" if field == "params" else field.rstrip("s")[:4]
        near = [name for name in header if stem in bare_name(name)][:4]
        guess = near[0] if near else header[0]
        words = f"perhaps {' or '.join(near)}" if near else f"there are {', '.join(header[:12])}"
        tail = ""
        if field == "params" and near:
            tail = " (AtlasMix counts parameters with embeddings; the card should say if not)"
        faults.append(f"header: no column holds {field}: {words}; say column {field}={guess}{tail}")
    if faults:
        raise DataError("the table lacks what a law is fitted to:", tuple(faults), field="column")


def bare_name(name: str) -> str:
    """A column's name in small letters and underscores, without ``config.`` before it.

    >>> bare_name("config/N Params"), bare_name("Tokens (B)")
    ('n_params', 'tokens_b')
    """
    words = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    return re.sub(r"^(config|summary)_", "", words)


def without_embeddings(name: str) -> bool:
    """Whether a column's name says that parameters are counted without embeddings."""
    return _WITHOUT_EMBEDDINGS.search(bare_name(name)) is not None


def is_perplexity(name: str) -> bool:
    """Whether a column's name says that it holds perplexities."""
    return re.search(r"(^|_)(ppl|perplexity)(_|$)", bare_name(name)) is not None


def is_bits_per_byte(name: str) -> bool:
    """Whether a column's name says that it holds bits per byte."""
    return re.search(r"(^|_)(bpb|bits_per_byte)(_|$)", bare_name(name)) is not None


def _fits(name: str, field: str, fields: Mapping[str, tuple[str, ...]]) -> float:
    """The factor of a column that holds ``field`` by its name; 0 where it does not."""
    words = bare_name(name)
    if words in (field, *fields[field]):
        return 1.0
    if field not in _COUNTED or without_embeddings(name):
        return 0.0
    stem, _, unit = words.rpartition("_")
    stem = stem.removesuffix("_in")
    # "d_b" could be anything: a unit needs a name that is more than a letter.
    return _UNITS.get(unit, 0.0) if len(stem) > 1 and stem in (field, *fields[field]) else 0.0


def _written(
    header: tuple[str, ...],
    field: str,
    written: str,
    fields: Mapping[str, tuple[str, ...]],
    faults: list[str],
) -> Column | None:
    if field not in fields:
        hint = did_you_mean(field, fields) or f"expected one of {', '.join(fields)}"
        faults.append(f"column {field}={written}: no field {field[:40]!r}: {hint}")
        return None
    name, colon, unit = written.rpartition(":")
    if written in header or not colon:
        name, unit = written, ""
    if name not in header:
        hint = did_you_mean(name, header) or f"there are {', '.join(header)}"
        faults.append(f"column {field}={written}: no column {name[:60]!r}: {hint}")
        return None
    if unit and unit.lower() not in _UNITS:
        faults.append(f"column {field}={written}: no unit {unit[:20]!r}: expected K, M, B or T")
        return None
    factor = _UNITS[unit.lower()] if unit else _fits(name, field, fields) or 1.0
    return Column(header.index(name), name, factor)


Array = NDArray[np.float64]

_MISSING: Final = {"", "nan", "na", "n/a", "null", "none", "-", "inf", "-inf", "infinity"}
_NEEDED: Final = {"params", "tokens", "loss", "compute"}
_LARGEST: Final = 1e30
_LEAST: Final = {"params": 1e4, "tokens": 1e5}
"""Below this a count is in other units: no language model is smaller (our choice)."""

_HIGHEST_NATS: Final = 12.5
"""ln of a vocabulary of 268k: what a model that knows nothing loses per token."""

_FLOPS_OFF: Final = 30.0
_FLOPS_ALL_OFF: Final = 1.8
"""How far all rows may be from 6ND, either way. Our choice: attention and recomputed activations
add up to half, embeddings that one of the two leaves out as much; twice is another way to count."""


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
        usual = float(np.median(ratio))
        if abs(math.log(usual)) > math.log(_FLOPS_ALL_OFF):
            faults.append(
                f"{columns['compute'].name} is about {usual:.3g} times 6·params·tokens in every "
                "row: FLOPs, parameters or tokens are in another unit, or count something else; "
                "leave the column out where the other two are right"
            )
        off = np.abs(np.log(ratio / np.median(ratio))) > math.log(_FLOPS_OFF)
        if np.any(off):
            faults.append(
                f"{rows_text(runs.rows[off])}: {columns['compute'].name} is "
                f"{ratio[off][0]:.2g} times 6·params·tokens where others have about "
                f"{np.median(ratio):.2g}: one of the three is in another unit"
            )
    return faults


OTHER: Final = "other"
_PATTERN: Final = re.compile(r"(unique_tokens|tokens)[\s_:./\[(-]+([^\])]+)[\])]?", re.IGNORECASE)
_SHARE_ROUNDING: Final = 0.01


@dataclass(frozen=True, slots=True)
class Sources:
    """Columns of tokens and of unique tokens, by language (``other``: all that are not named)."""

    tokens: Mapping[str, Column] = dataclasses.field(default_factory=dict)
    unique: Mapping[str, Column] = dataclasses.field(default_factory=dict)

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
        rest < -_SHARE_ROUNDING * total,
        "the sum of the languages' tokens less tokens",
        -rest,
        "expected tokens to be all tokens read",
    )
    if OTHER not in read and np.any(rest > _SHARE_ROUNDING * total):
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

    from atlasmix.fitting.fit_question import rows_text
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
    from atlasmix.fitting.fit_question import rows_text

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


_LOSS: Final = re.compile(r"(?:val_)?loss[\s_:./\[(-]+([^\])]+)[\])]?", re.IGNORECASE)
_LANGUAGE: Final = "language"


def read_targets(table: Rows, how: Reading) -> Runs:
    """The runs of a table, with the losses of one target or of several.

    Args:
        table: as for :func:`~.reading.read_runs`, or with ``loss_LANGUAGE`` in the place of loss.
        how: its ``targets``, or every language of the table where there are none.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its rows.
    """
    table, wide = _long(table, how)
    targets = how.targets or _languages(table, how)
    if len(targets) < 2:
        target = targets[0] if targets else how.target
        return read_runs(table, replace(how, target=target, targets=()))
    parts = [read_runs(table, replace(how, target=target, targets=())) for target in targets]
    runs = _merged(parts)
    return _named(runs, table, how, wide)


def _long(table: Rows, how: Reading) -> tuple[Rows, bool]:
    """The table with one loss a row, and whether it had a column for each language."""
    header = [bare_name(name) for name in table.header]
    if "loss" in dict(how.columns) or "loss" in header:
        return table, False
    places: dict[str, int] = {}
    for place, name in enumerate(table.header):
        match = _LOSS.fullmatch(name.strip())
        key = _key(match[1]) if match else ""
        if key and key in places:
            raise DataError(
                f"{table.header[places[key]]} and {name} are both the loss of {key}: keep one"
            )
        if key:
            places[key] = place
    if not places:
        return table, False
    if _LANGUAGE in header:
        raise DataError(
            f"{table.what} has a column {_LANGUAGE} beside losses by language "
            f"({', '.join(table.header[place] for place in places.values())}): keep one of them"
        )
    rows, numbers = [], []
    for row, number in zip(table.rows, table.numbers, strict=True):
        for key, place in places.items():
            loss = row[place].strip() if place < len(row) else ""
            if loss:
                rest = tuple(cell for at, cell in enumerate(row) if at not in places.values())
                rows.append((*rest, loss, key))
                numbers.append(number)
    kept = tuple(name for at, name in enumerate(table.header) if at not in places.values())
    long = replace(
        table, header=(*kept, "loss", _LANGUAGE), rows=tuple(rows), numbers=tuple(numbers)
    )
    return long, True


def _languages(table: Rows, how: Reading) -> tuple[str, ...]:
    """Every language that the table names as that of a loss, in the order of its rows."""
    columns = find_columns(table.header, dict(how.columns))
    if how.target or _LANGUAGE not in columns:
        return ()
    place = columns[_LANGUAGE].place
    cells = dict.fromkeys(row[place].strip() for row in table.rows if place < len(row))
    try:
        return tuple(dict.fromkeys(str(resolve(cell)) for cell in cells))
    except UnknownLanguage:
        return ()  # whoever reads the rows says which


def _merged(parts: list[Runs]) -> Runs:
    """The runs of several targets as one: what is read beside one of them in common columns."""
    keys = tuple(dict.fromkeys(key for runs in parts for key in runs.sources))
    columns = [_in_columns(runs, keys) for runs in parts]
    first = parts[0]
    units = {runs.unit for runs in parts}
    assert len(units) == 1
    stacked: dict[str, Any] = {
        name: frozen(np.concatenate([getattr(runs, name) for runs in parts]))
        for name in ("params", "tokens", "unique", "loss", "rows", "total", "languages")
    }
    counts = [runs.count for runs in parts]
    places = np.repeat(np.arange(len(parts)), counts).astype(np.int64)
    return replace(
        first,
        **stacked,
        sources=keys,
        source_tokens=frozen(np.concatenate([tokens for tokens, _ in columns])),
        source_unique=frozen(np.concatenate([unique for _, unique in columns])),
        target="",
        targets=tuple(runs.target for runs in parts),
        target_places=frozen(places),
        notes=tuple(dict.fromkeys(note for runs in parts for note in runs.notes)),
    )


def _in_columns(runs: Runs, keys: tuple[str, ...]) -> tuple[Array, Array]:
    """Tokens and unique tokens of the sources, a column for each of ``keys``."""
    tokens, unique = np.zeros((runs.count, len(keys))), np.zeros((runs.count, len(keys)))
    places = [keys.index(key) for key in runs.sources]
    tokens[:, places], unique[:, places] = runs.source_tokens, runs.source_unique
    return tokens, unique


def _named(runs: Runs, table: Rows, how: Reading, wide: bool) -> Runs:
    """Ordinals of run and mixture that mean the same for every target."""
    columns = find_columns(table.header, dict(how.columns))

    def labels(field: str) -> NDArray[np.int64] | None:
        if field not in columns:
            return None
        place = columns[field].place
        cells = dict(zip(table.numbers, (row[place].strip() for row in table.rows), strict=True))
        seen: dict[str, int] = {}
        names = (cells[int(row)] or f"\0{row}" for row in runs.rows)
        return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)

    named, mixed = labels("run"), labels("mixture")
    if named is None:
        # A row of a wide table is one run; otherwise rows that read the same on one size are.
        key = runs.rows[:, None] if wide else _read(runs, shares=False)
        named = np.unique(key, axis=0, return_inverse=True)[1].astype(np.int64).ravel()
    if mixed is None:
        key = np.round(_read(runs, shares=True), 2)
        mixed = np.unique(key, axis=0, return_inverse=True)[1].astype(np.int64).ravel()
    return replace(runs, runs=frozen(named), mixtures=frozen(mixed))


def _read(runs: Runs, *, shares: bool) -> Array:
    """(n, ...) tokens of every language, own ones too; with N, or as parts of all tokens."""
    keys = tuple(dict.fromkeys((*runs.targets, *runs.sources)))
    tokens = np.zeros((runs.count, len(keys)))
    tokens[:, [keys.index(key) for key in runs.sources]] = runs.source_tokens
    own = np.array([keys.index(key) for key in runs.targets])[runs.target_of]
    tokens[np.arange(runs.count), own] = runs.tokens
    if shares:
        return np.asarray(tokens / runs.total[:, None])
    return np.column_stack([runs.params, tokens])


def _key(text: str) -> str:
    try:
        return str(resolve(text.strip()))
    except DataError:
        return ""
