"""Tables of runs of mixtures, as people have them: wide, long, in one file or in two.

Two tables are joined on the run's id, whatever the order of their rows. What is recognised is said
in a note; what cannot be right is refused whole, with its rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.fit_question import rows_text
from atlasmix.fitting.mixture_runs import (
    BITS,
    NO_SOURCE,
    UNIT,
    MixtureRuns,
    Mixtures,
    groups_of,
)
from atlasmix.fitting.runs import frozen
from atlasmix.io.tables import Rows, refuse
from atlasmix.quantities import parse_quantity
from atlasmix.text import did_you_mean, first_few, listed

Array = NDArray[np.float64]

IDS: Final = ("run", "run_id", "id", "index", "run_name", "name")
"""Columns that name the run, the surest first."""
_SIZES: Final = {
    "params": ("params", "n_params", "num_params", "parameters"),
    "tokens": ("tokens", "n_tokens", "num_tokens", "train_tokens", "training_tokens"),
}
_NOT_READ: Final = frozenset({*IDS, "seed", "step", "split", "date", "note", "notes"})

_WEIGHT: Final = re.compile(r"w_(.+)")
_COUNT: Final = re.compile(r"tokens_(.+)")
_UNIQUE: Final = re.compile(r"unique_(?:tokens_)?(.+)")
_LOSS: Final = re.compile(r"(loss|bpb)_(.+)")
_REGMIX_WEIGHT: Final = re.compile(r"train_(?:the_pile_)?(.+)")
_REGMIX_LOSS: Final = re.compile(r"metric/(?:the_pile_)?(.+?)(?:_val)?_loss")

_MISSING: Final = frozenset({"", "na", "n/a", "null", "none", "-"})
_DIVERGED: Final = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "diverged"})
_EXACT: Final = 1e-6
_ROUNDED: Final = 0.03
"""A row of shares that were rounded, or written with few digits, may be off by so much."""
_LEAST_TOKENS: Final = 1e4
"""Sums of a row from which it counts tokens: our choice; no proxy run reads fewer."""
_FAR: Final = 8.0
_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table was recognised.

    Attributes:
        words: what it is, for the note.
        weight: name of a source to its column.
        count: name of a source to its column of tokens.
        unique: name of a source to its column of distinct tokens.
        loss: name of a set to its column.
        bits: whether the losses are bits per byte.
        size: ``params`` and ``tokens`` to their columns.
        id: the column that names the run; empty where there is none.
        long: ``weights`` or ``losses`` of a table with one line a run and source or set.
    """

    words: str
    weight: Mapping[str, int] = field(default_factory=dict)
    count: Mapping[str, int] = field(default_factory=dict)
    unique: Mapping[str, int] = field(default_factory=dict)
    loss: Mapping[str, int] = field(default_factory=dict)
    bits: bool = False
    size: Mapping[str, int] = field(default_factory=dict)
    id: str = ""
    long: Literal["", "weights", "losses"] = ""


@dataclass(slots=True)
class _Sheet:
    """A table as columns of numbers by run.

    Attributes:
        what: how a message names the table.
        layout: how it was recognised.
        ids: of its runs, in the order of the table.
        numbers: the row of each.
        columns: kind and name to a column with one number a run.
        faults: what cannot be right.
        notes: what was recognised.
    """

    what: str
    layout: Layout
    ids: list[str]
    numbers: list[int]
    columns: dict[tuple[str, str], Array]
    faults: list[str]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class RunsReading:
    """What the user says of the tables.

    Attributes:
        own: set to its own source; an empty source: it has none.
        keep_diverged: whether runs far above the others are kept.
    """

    own: tuple[tuple[str, str], ...] = ()
    keep_diverged: bool = False


def read_mixture_runs(tables: Sequence[Rows], how: RunsReading = RunsReading()) -> MixtureRuns:
    """The runs of one table, or of several joined on the run's id.

    Args:
        tables: weights and losses, together or apart, in any order.
        how: what the user says of them.

    Raises:
        DataError: columns that are not there, or every fault of a table with its row.
        ProblemError: a set or source that no table has.
    """
    sheets = _sheets(tables)
    notes = [f"table {sheet.what}: {sheet.layout.words}" for sheet in sheets]
    sources = _names(sheets, ("weight", "count"))
    sets = _names(sheets, ("loss",))
    what = " and ".join(sheet.what for sheet in sheets)
    _check_whole(sheets, sources, sets, what)
    ids, columns = _joined(sheets, notes)
    loss = np.column_stack([columns["loss", name] for name in sets])
    bare = np.all(np.isnan(loss), axis=1)
    if np.any(bare):
        notes.append(f"{_named(ids, bare)}: no loss in any set; left out")
    keep = ~bare
    mixtures = _mixtures(ids, columns, sources, what, notes)
    loss, mixtures, ids = (
        loss[keep],
        mixtures.select(keep),
        [name for name, kept in zip(ids, keep.tolist(), strict=True) if kept],
    )
    unit = BITS if any(sheet.layout.bits for sheet in sheets) else UNIT
    runs = MixtureRuns(
        mixtures=mixtures,
        sets=sets,
        loss=frozen(loss),
        own=own_places(sources, sets, how.own),
        groups=groups_of(mixtures),
        unit=unit,
    )
    runs = _judged(runs, how, notes)
    return replace(runs, notes=(*notes, *_own_notes(runs)))


def read_mixtures(table: Rows, sources: tuple[str, ...]) -> Mixtures:
    """Mixtures to be predicted, in a layout of weights that ``read_mixture_runs`` knows.

    Args:
        table: weights; losses beside them are not read.
        sources: of the law, in its order; one that the table lacks is read nowhere.

    Raises:
        DataError: a table without weights, sources that the law does not know, or faults by row.
    """
    sheet = _sheets([table])[0]
    names = _names([sheet], ("weight", "count"))
    if not names:
        raise DataError(
            f"{table.what} has no weights: expected columns w_SOURCE, as "
            f"{', '.join(f'w_{name}' for name in sources[:3])}",
            field="predict",
        )
    strange = [name for name in names if name not in sources]
    if strange:
        hint = did_you_mean(strange[0], sources) or f"it knows {first_few(sources, 8)}"
        raise DataError(
            f"{table.what} mixes {first_few(strange, 4)}, of which the law knows nothing: {hint}",
            field="predict",
        )
    notes: list[str] = []
    mixtures = _mixtures(sheet.ids, sheet.columns, names, table.what, notes)
    weights = np.zeros((mixtures.count, len(sources)))
    places = [sources.index(name) for name in names]
    weights[:, places] = mixtures.weights
    unique = None
    if mixtures.unique is not None:
        unique = np.full(weights.shape, np.nan)
        unique[:, places] = mixtures.unique
    return replace(
        mixtures,
        sources=sources,
        weights=frozen(weights),
        unique=None if unique is None else frozen(unique),
    )


def own_places(
    sources: tuple[str, ...], sets: tuple[str, ...], said: Iterable[tuple[str, str]] = ()
) -> NDArray[np.int64]:
    """(K,) place of each set's own source: the one said, or the one of its name.

    Names are compared without case, signs and the words that all of them begin or end with.

    Raises:
        ProblemError: a set or a source that is not there.

    >>> own_places(("train_arxiv", "train_web"), ("val_web_loss", "val_code_loss")).tolist()
    [1, -1]
    """
    known = {core: place for place, core in enumerate(_cores(sources))}
    bare = {_words(name): place for place, name in enumerate(sources)}
    places = [
        bare.get(_words(name), known.get(core, NO_SOURCE))
        for name, core in zip(sets, _cores(sets), strict=True)
    ]
    for name, source in said:
        if name not in sets:
            hint = did_you_mean(name, sets) or f"there are {first_few(sets, 8)}"
            raise ProblemError(f"no set {name[:60]!r}: {hint}", field="own", value=name)
        if source and source not in sources:
            hint = did_you_mean(source, sources) or f"there are {first_few(sources, 8)}"
            raise ProblemError(f"no source {source[:60]!r}: {hint}", field="own", value=source)
        places[sets.index(name)] = sources.index(source) if source else NO_SOURCE
    return frozen(np.array(places, dtype=np.int64))


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", name.lower()))


def _cores(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The words of each name without those that all begin, and those that all end with."""
    words = [_words(name) for name in names]
    if len(words) < 2:
        return words
    shortest = min(len(each) for each in words)
    first = next((at for at in range(shortest) if len({each[at] for each in words}) > 1), shortest)
    last = next(
        (at for at in range(shortest - first) if len({each[-1 - at] for each in words}) > 1), 0
    )
    return [each[first : len(each) - last] for each in words]


def _sheets(tables: Sequence[Rows]) -> list[_Sheet]:
    """Every table as columns by run; a table of bare names is told by its numbers."""
    layouts = [layout_of(table) for table in tables]
    if len(tables) > 1:
        shared = _shared_id(tables)
        layouts = [replace(layout, id=shared) for layout in layouts]
    for place, (table, layout) in enumerate(zip(tables, layouts, strict=True)):
        if not (layout.weight or layout.count or layout.loss or layout.long):
            beside = [each for at, each in enumerate(layouts) if at != place]
            layouts[place] = _bare_layout(table, layout, beside)
    sheets = [
        _long_sheet(table, layout) if layout.long else _wide_sheet(table, layout)
        for table, layout in zip(tables, layouts, strict=True)
    ]
    for sheet in sheets:
        refuse(sheet.what, sheet.faults)
    return sheets


def layout_of(table: Rows) -> Layout:
    """How the columns of a table are called; nothing in it where no name is known."""
    names = {name.lower(): place for place, name in enumerate(table.header)}
    ident = next((name for name in IDS if name in names), "")
    size = {
        key: names[other]
        for key, known in _SIZES.items()
        for other in known[::-1]
        if other in names
    }
    if {"run", "source"} <= set(names) and {"weight", "tokens"} & set(names):
        return Layout("long, one line a run and source", id="run", long="weights")
    if {"run", "set"} <= set(names) and {"loss", "bpb"} & set(names):
        bits = "bpb" in names and "loss" not in names
        return Layout("long, one line a run and set", id="run", long="losses", bits=bits)
    layout = _by_name(table.header, _WEIGHT, _LOSS)
    words = "weights w_SOURCE" * bool(layout.weight) + "token counts tokens_SOURCE" * bool(
        layout.count and not layout.weight
    )
    if layout.loss:
        words += (" and " if words else "") + "losses " + ("bpb_SET" if layout.bits else "loss_SET")
    if not words:
        layout = _by_name(table.header, _REGMIX_WEIGHT, _REGMIX_LOSS)
        words = "RegMix's weights" if layout.weight else "RegMix's losses" if layout.loss else ""
    return replace(layout, words=words, id=ident, size=size)


def _by_name(header: Sequence[str], weight: re.Pattern[str], loss: re.Pattern[str]) -> Layout:
    columns: dict[str, dict[str, int]] = {key: {} for key in ("w", "tokens", "unique", "loss")}
    bits = False
    for place, name in enumerate(header):
        for key, pattern in (("w", weight), ("tokens", _COUNT), ("unique", _UNIQUE)):
            match = pattern.fullmatch(name)
            if match and match.group(1):
                columns[key][match.group(1)] = place
                break
        else:
            match = loss.fullmatch(name)
            if match:
                columns["loss"][match.group(match.lastindex or 1)] = place
                bits |= match.group(1) == "bpb" and (match.lastindex or 1) > 1
    return Layout("", columns["w"], columns["tokens"], columns["unique"], columns["loss"], bits)


def _bare_layout(table: Rows, layout: Layout, beside: Sequence[Layout]) -> Layout:
    """Columns that are called as their source or set: Olmix's pair, and others like it."""
    ids = {name for name in (layout.id, *IDS) if name}
    places = {
        name: place
        for place, name in enumerate(table.header)
        if name.lower() not in _NOT_READ and name not in ids and place not in layout.size.values()
    }
    numbers = [name for name, place in places.items() if _is_numeric(table, place)]
    columns = {name: places[name] for name in numbers}
    others_weigh = any(each.weight or each.count or each.long == "weights" for each in beside)
    if columns and not others_weigh and _sums_like_shares(table, list(columns.values())):
        return replace(layout, weight=columns, words="weights, columns called as their source")
    if columns and beside:
        return replace(layout, loss=columns, words="losses, columns called as their set")
    raise DataError(
        f"{table.what} has neither weights nor losses: expected columns w_SOURCE and loss_SET; "
        f"there are {first_few(table.header, 8)}",
        field="runs",
    )


def _is_numeric(table: Rows, place: int) -> bool:
    cells = [row[place].strip() for row in table.rows if place < len(row)]
    seen = [cell for cell in cells if cell.lower() not in _MISSING | _DIVERGED]
    return bool(seen) and all(not math.isnan(_number(cell)) for cell in seen[:20])


def _sums_like_shares(table: Rows, places: Sequence[int]) -> bool:
    """Whether nearly all rows sum to 1 or to 100."""
    sums = []
    for row in table.rows:
        cells = [_number(row[place]) for place in places if place < len(row)]
        sums.append(math.fsum(0.0 if math.isnan(cell) else cell for cell in cells))
    total = np.array(sums)
    near = np.abs(total - 1.0) < _ROUNDED
    per_cent = np.abs(total - 100.0) < 100 * _ROUNDED
    return bool(len(total)) and max(float(np.mean(near)), float(np.mean(per_cent))) > 0.9


def _shared_id(tables: Sequence[Rows]) -> str:
    """The column of ids that all tables have, in which each names its runs apart.

    Raises:
        DataError: there is none.
    """
    lower = [{name.lower() for name in table.header} for table in tables]
    shared = set.intersection(*lower)
    for name in IDS:
        if name in shared:
            return name
    shown = "; ".join(f"{table.what} has {first_few(table.header, 4)}" for table in tables)
    raise DataError(
        f"the tables have no column in common that names the run: expected {listed(IDS)} in each; "
        f"{shown}",
        field="runs",
    )


def _number(text: str) -> float:
    """A number as people write it; nan where it is none."""
    written = text.strip()
    try:
        return float(written)
    except ValueError:
        pass
    try:
        return parse_quantity(written.replace("_", ""), "the cell", largest=1e30)
    except ProblemError:
        return math.nan


def _wide_sheet(table: Rows, layout: Layout) -> _Sheet:
    ids, faults = _ids(table, layout.id)
    sheet = _Sheet(table.what, layout, ids, list(table.numbers), {}, faults, [])
    kinds = {
        "weight": layout.weight,
        "count": layout.count if not layout.weight else {},
        "unique": layout.unique,
        "loss": layout.loss,
        "size": layout.size,
    }
    for kind, columns in kinds.items():
        for name, place in columns.items():
            cells = [row[place].strip() if place < len(row) else "" for row in table.rows]
            sheet.columns[kind, name] = _column(kind, table.header[place], cells, sheet)
    short = [
        number
        for number, row in zip(table.numbers, table.rows, strict=True)
        if len(row) < len(table.header)
    ]
    if short:
        faults.append(
            f"{rows_text(np.array(short))}: fewer cells than the header has columns: expected "
            f"{len(table.header)}"
        )
    _without_duplicates(sheet)
    return sheet


def _ids(table: Rows, name: str) -> tuple[list[str], list[str]]:
    """The id of every row, and the rows that have none."""
    lower = [each.lower() for each in table.header]
    if not name or name not in lower:
        return [str(number) for number in table.numbers], []
    place = lower.index(name)
    ids = [row[place].strip() if place < len(row) else "" for row in table.rows]
    empty = [number for number, text in zip(table.numbers, ids, strict=True) if not text]
    if empty:
        return ids, [f"{rows_text(np.array(empty))}: {name} is empty: expected the run's id"]
    # 1 and 1.0 are one run: one of the tables went through a program that counts in decimals.
    return [re.sub(r"^(\d+)\.0$", r"\1", text) for text in ids], []


def _column(kind: str, name: str, cells: Sequence[str], sheet: _Sheet) -> Array:
    """The numbers of a column; its faults go to the sheet's."""
    rows = np.array(sheet.numbers)
    lower = [cell.lower() for cell in cells]
    missing = np.array([cell in _MISSING for cell in lower], dtype=bool)
    diverged = np.array([cell in _DIVERGED for cell in lower], dtype=bool)
    values = np.array(
        [math.nan if cell in _MISSING or cell in _DIVERGED else _number(cell) for cell in lower],
        dtype=float,
    )
    unread = np.isnan(values) & ~missing & ~diverged
    infinite = np.isinf(values)
    if np.any(unread):
        shown = ", ".join(repr(cells[at][:20]) for at in np.flatnonzero(unread)[:3].tolist())
        sheet.faults.append(f"{rows_text(rows[unread])}: {name} is {shown}: expected a number")
    if kind == "loss":
        low = values <= 0
        if np.any(low):
            sheet.faults.append(
                f"{rows_text(rows[low])}: {name} is {values[low][0]:g}: expected a loss above 0 "
                "(an accuracy is none; take the loss or the bits per byte of the same set)"
            )
        if np.any(diverged):
            sheet.notes.append(
                f"{rows_text(rows[diverged])}: {name} is not finite, so the run diverged; this "
                "loss is left out"
            )
        return values
    if kind in ("weight", "count"):
        values[missing] = 0.0
        wrong = (values < 0) | infinite | diverged
        if np.any(wrong):
            shown = cells[int(np.flatnonzero(wrong)[0])][:20]
            sheet.faults.append(
                f"{rows_text(rows[wrong])}: {name} is {shown}: expected a share or a count of "
                "tokens, at least 0"
            )
        return np.where(np.isnan(values), 0.0, values)
    wrong = (values <= 0) | infinite
    if np.any(wrong):
        sheet.faults.append(
            f"{rows_text(rows[wrong])}: {name} is {cells[int(np.flatnonzero(wrong)[0])][:20]}: "
            "expected a number above 0"
        )
    return values


def _long_sheet(table: Rows, layout: Layout) -> _Sheet:
    """One line a run and source (or set), turned into columns."""
    lower = [name.lower() for name in table.header]
    losses = layout.long == "losses"
    key = "set" if losses else "source"
    value = next(
        name
        for name in ("loss", "bpb", "weight", "tokens")
        if name in lower and (name in ("loss", "bpb")) == losses
    )
    kind = "loss" if losses else "weight" if value == "weight" else "count"
    ids, faults = _ids(table, "run")
    order = list(dict.fromkeys(ids))
    first: dict[str, int] = {}
    for name, number in zip(ids, table.numbers, strict=True):
        first.setdefault(name, number)
    lines = _Sheet(table.what, layout, ids, list(table.numbers), {}, faults, [])
    names = [row[lower.index(key)].strip() for row in table.rows]
    cells = [row[lower.index(value)].strip() for row in table.rows]
    values = _column(kind, value, cells, lines)
    sheet = _Sheet(
        table.what, layout, order, [first[name] for name in order], {}, faults, lines.notes
    )
    place = {name: at for at, name in enumerate(order)}
    _spread(sheet, kind, names, ids, values, place)
    if not losses and "unique" in lower:
        column = [row[lower.index("unique")].strip() for row in table.rows]
        _spread(sheet, "unique", names, ids, _column("size", "unique", column, lines), place)
    for name in _SIZES:
        if name in lower and name != value:
            column = [row[lower.index(name)].strip() for row in table.rows]
            per_run = np.full(len(order), np.nan)
            for at, number in zip(ids, _column("size", name, column, lines).tolist(), strict=True):
                per_run[place[at]] = number
            sheet.columns["size", name] = per_run
    return sheet


def _spread(
    sheet: _Sheet,
    kind: str,
    names: Sequence[str],
    ids: Sequence[str],
    values: Array,
    place: Mapping[str, int],
) -> None:
    """Lines of a long table as columns; a pair that stands there twice is a fault."""
    seen: dict[tuple[str, str], float] = {}
    again = []
    for name, ident, number in zip(names, ids, values.tolist(), strict=True):
        column = sheet.columns.setdefault(
            (kind, name), np.full(len(place), 0.0 if kind in ("weight", "count") else np.nan)
        )
        if (ident, name) in seen and seen[ident, name] != number:
            again.append(f"run {ident} and {name}")
        seen[ident, name] = number
        column[place[ident]] = number
    if again:
        sheet.faults.append(f"{first_few(again, _MOST_SHOWN)}: two different numbers; keep one")


def _without_duplicates(sheet: _Sheet) -> None:
    """A run that stands there twice, alike, counts once; with other numbers it is a fault."""
    seen: dict[str, int] = {}
    twice: list[int] = []
    apart: list[int] = []
    for at, name in enumerate(sheet.ids):
        if name not in seen:
            seen[name] = at
            continue
        before = seen[name]
        same = all(
            np.array_equal(column[[at]], column[[before]], equal_nan=True)
            for column in sheet.columns.values()
        )
        (twice if same else apart).append(at)
    if apart:
        numbers = np.array([sheet.numbers[at] for at in apart])
        sheet.faults.append(
            f"{rows_text(numbers)}: {first_few([f'run {sheet.ids[at]}' for at in apart], 3)} "
            "stands in an earlier row with other numbers: give repeats of a run (other seeds) an "
            "id each; of checkpoints of one run keep the last, or fit the law of mixing to them "
            "all (atlasmix fit TABLE, law mixing)"
        )
    if twice:
        numbers = np.array([sheet.numbers[at] for at in twice])
        sheet.notes.append(f"{rows_text(numbers)}: stand there twice, alike; counted once")
        keep = np.array([at not in set(twice) for at in range(len(sheet.ids))])
        sheet.ids = [name for at, name in enumerate(sheet.ids) if keep[at]]
        sheet.numbers = [number for at, number in enumerate(sheet.numbers) if keep[at]]
        sheet.columns = {key: column[keep] for key, column in sheet.columns.items()}


def _names(sheets: Sequence[_Sheet], kinds: Sequence[str]) -> tuple[str, ...]:
    keys = (key for sheet in sheets for key in sheet.columns if key[0] in kinds)
    return tuple(dict.fromkeys(name for _, name in keys))


def _check_whole(
    sheets: Sequence[_Sheet], sources: tuple[str, ...], sets: tuple[str, ...], what: str
) -> None:
    """Refuse tables that lack weights or losses, or have one in two places."""
    lacking = []
    if not sources:
        lacking.append("weights (columns w_SOURCE)")
    if not sets:
        lacking.append("losses (columns loss_SET)")
    if lacking:
        raise DataError(
            f"{what}: no {' and no '.join(lacking)}: give the table that has them too; tables are "
            "joined on the run's id",
            field="runs",
        )
    if len(sources) < 2:
        raise DataError(
            f"{what}: one source {sources[0]}: expected at least two, a mixture", field="runs"
        )
    seen: dict[tuple[str, str], str] = {}
    twice = []
    for sheet in sheets:
        for key in sheet.columns:
            if key in seen and key[0] != "size":
                twice.append(f"{key[0]} of {key[1]} in {seen[key]} and {sheet.what}")
            seen[key] = sheet.what
    if twice:
        raise DataError(f"{first_few(twice, 3)}: expected each in one table", field="runs")


def _joined(
    sheets: Sequence[_Sheet], notes: list[str]
) -> tuple[list[str], dict[tuple[str, str], Array]]:
    """The columns of all tables for the runs that all of them have, by id.

    Raises:
        DataError: the tables have no run in common.
    """
    notes += [f"table {sheet.what}: {note}" for sheet in sheets for note in sheet.notes]
    if len(sheets) == 1:
        return sheets[0].ids, sheets[0].columns
    common = set.intersection(*(set(sheet.ids) for sheet in sheets))
    if not common:
        shown = "; ".join(f"{sheet.what} has {first_few(sheet.ids, 3)}" for sheet in sheets)
        raise DataError(
            f"the tables have no run in common ({sheets[0].layout.id}): {shown}; expected the same "
            "ids in each",
            field="runs",
        )
    for sheet in sheets:
        alone = [name for name in sheet.ids if name not in common]
        if alone:
            shown = first_few(alone, _MOST_SHOWN)
            notes.append(
                f"table {sheet.what} alone has {len(alone)} run{'s' * (len(alone) > 1)} ({shown}); "
                "left out"
            )
    ids = [name for name in sheets[0].ids if name in common]
    if [name for name in sheets[1].ids if name in common] != ids:
        notes.append("the tables list the runs in different orders; joined by id")
    columns: dict[tuple[str, str], Array] = {}
    for sheet in sheets:
        place = {name: at for at, name in enumerate(sheet.ids)}
        order = np.array([place[name] for name in ids])
        for key, column in sheet.columns.items():
            columns.setdefault(key, column[order])
    return ids, columns


def _mixtures(
    ids: Sequence[str],
    columns: Mapping[tuple[str, str], Array],
    sources: tuple[str, ...],
    what: str,
    notes: list[str],
) -> Mixtures:
    """Shares that sum to 1, whatever they were written in.

    Raises:
        DataError: rows that sum to nothing that is a mixture.
    """
    counted = ("count", sources[0]) in columns
    kind = "count" if counted else "weight"
    written = np.column_stack([columns[kind, name] for name in sources])
    total = written.sum(axis=1)
    tokens = columns.get(("size", "tokens"))
    near_one = np.abs(total - 1.0) < _ROUNDED
    near_hundred = np.abs(total - 100.0) < 100.0 * _ROUNDED
    many = total >= _LEAST_TOKENS
    if counted or np.all(many):
        wrong = total <= 0
        if not np.any(wrong):
            notes.append(
                f"table {what}: tokens in the place of weights; divided by their sum in each run"
            )
            tokens = total if tokens is None else tokens
    elif np.all(near_hundred):
        notes.append(f"table {what}: weights sum to 100; divided by 100")
        wrong = np.zeros(len(total), dtype=bool)
    else:
        wrong = ~near_one
    if np.any(wrong):
        at = int(np.flatnonzero(wrong)[0])
        rest = "others sum to 1" if np.any(near_one) else "so do others"
        raise DataError(
            f"{what} has 1 fault: mend what follows and try again",
            (
                f"{_named(ids, wrong)}: weights sum to {total[at]:.4g} ({rest}): expected 1, 100 "
                "in every row, or tokens in every row",
            ),
            field="runs",
        )
    off = np.abs(total - 1.0) > _EXACT
    if not counted and np.all(near_one) and np.any(off):
        most = float(np.max(np.abs(total - 1.0)))
        notes.append(
            f"table {what}: weights of {int(off.sum())} runs sum to 1 within {most:.2g}; divided "
            "by their sum"
        )
    unique = None
    if any(("unique", name) in columns for name in sources):
        empty = np.full(len(total), np.nan)
        unique = np.column_stack([columns.get(("unique", name), empty) for name in sources])
    params = columns.get(("size", "params"))
    return Mixtures(
        names=tuple(ids),
        sources=sources,
        weights=frozen(written / total[:, None]),
        params=None if params is None else frozen(params),
        tokens=None if tokens is None else frozen(tokens),
        unique=None if unique is None else frozen(unique),
    )


def _judged(runs: MixtureRuns, how: RunsReading, notes: list[str]) -> MixtureRuns:
    """What the numbers themselves say: diverged runs, repeats, losses and sources not there."""
    for name in ("params", "tokens"):
        column = getattr(runs.mixtures, name)
        if column is not None and np.any(np.isnan(column)):
            if not np.all(np.isnan(column)):
                raise DataError(
                    f"{_named(runs.mixtures.names, np.isnan(column))}: {name} is empty where other "
                    "runs have it: fill it in, or leave the column out",
                    field="runs",
                )
            mixtures = replace(
                runs.mixtures,
                params=None if name == "params" else runs.mixtures.params,
                tokens=None if name == "tokens" else runs.mixtures.tokens,
            )
            runs = replace(runs, mixtures=mixtures)
    runs = _without_copies(runs, notes)
    runs = _without_diverged(runs, how, notes)
    missing = np.isnan(runs.loss)
    for place in np.flatnonzero(missing.any(axis=0)).tolist():
        count = int(missing[:, place].sum())
        notes.append(f"loss of {runs.sets[place]}: not measured in {count} of {runs.count} runs")
    read = [bool(np.any(column > 0)) for column in runs.weights.T]
    unread = [name for name, some in zip(runs.sources, read, strict=True) if not some]
    if unread:
        notes.append(
            f"{listed(unread)}: read by no run, so nothing is known of it and no mixture has it"
        )
    often = np.bincount(runs.groups)
    if np.any(often > 1):
        notes.append(
            f"{_repeated(int((often > 1).sum()))} ({int(often[often > 1].sum())} runs): their "
            "spread is the noise, and they are held out together"
        )
    return runs


def _without_copies(runs: MixtureRuns, notes: list[str]) -> MixtureRuns:
    """Runs of one mixture with equal losses are one run under two names."""
    key = np.column_stack([runs.groups, np.where(np.isnan(runs.loss), -1.0, runs.loss)])
    _, first = np.unique(key, axis=0, return_index=True)
    keep = np.zeros(runs.count, dtype=bool)
    keep[first] = True
    if np.all(keep):
        return runs
    notes.append(
        f"{_named(runs.mixtures.names, ~keep)}: the same mixture and losses as another run; "
        "counted once"
    )
    return _regrouped(runs.select(keep))


def _without_diverged(runs: MixtureRuns, how: RunsReading, notes: list[str]) -> MixtureRuns:
    """Runs far above the others in most sets: above the median by _FAR times its robust spread.

    A mixture without a set's own text is bad in that set alone; a diverged run is bad in most.
    """
    if runs.count < 8:
        return runs
    middle = np.nanmedian(runs.loss, axis=0)
    spread = 1.4826 * np.nanmedian(np.abs(runs.loss - middle), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.where(np.isnan(runs.loss), 0.0, (runs.loss - middle) / spread) > _FAR
    measured = np.maximum((~np.isnan(runs.loss)).sum(axis=1), 1)
    diverged = far.sum(axis=1) > measured / 2
    if not np.any(diverged):
        return runs
    words = (
        f"{_named(runs.mixtures.names, diverged)}: more than {_FAR:g} robust standard deviations "
        "above the median in most sets, so taken for diverged"
    )
    notes.append(f"{words}; kept, as asked" if how.keep_diverged else f"{words}; left out")
    return runs if how.keep_diverged else _regrouped(runs.select(~diverged))


def _regrouped(runs: MixtureRuns) -> MixtureRuns:
    return replace(runs, groups=groups_of(runs.mixtures))


def _own_notes(runs: MixtureRuns) -> list[str]:
    with_own = [
        name if name == runs.sources[place] else f"{name} ({runs.sources[place]})"
        for name, place in zip(runs.sets, runs.own.tolist(), strict=True)
        if place >= 0
    ]
    lone = [name for name, place in zip(runs.sets, runs.own.tolist(), strict=True) if place < 0]
    notes = []
    if with_own:
        notes.append(f"sets with a source of their own: {listed(with_own, 20)}")
    if lone:
        notes.append(f"sets without one: {listed(lone, 20)}")
    return notes


def _named(ids: Sequence[str], which: NDArray[np.bool_]) -> str:
    """``run 3`` or ``runs 3, 5 and 2 more``."""
    names = [ids[at] for at in np.flatnonzero(which).tolist()]
    return f"run{'s' * (len(names) > 1)} {first_few(names, _MOST_SHOWN)}"


def _repeated(count: int) -> str:
    return "1 mixture has repeats" if count == 1 else f"{count} mixtures have repeats"
