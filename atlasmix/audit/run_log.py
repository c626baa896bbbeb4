"""What a training run has read so far, source by source, from its log or a table."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.trackers.consumed import Consumed
from atlasmix.interop.trackers.megatron_log import MegatronLog
from atlasmix.interop.trackers.run_folder import is_tracked, read_runs
from atlasmix.io.files import read_file
from atlasmix.io.lines import Lines, open_lines
from atlasmix.io.tables import MOST_FAULTS, TABLE_LIMIT, read_rows, refuse
from atlasmix.quantities import comma_hint, read_quantity
from atlasmix.text import first_few

LOG_LIMIT: Final = 16 * 1024 * 1024 * 1024
"""Most bytes of a log that is read line by line."""

MOST_READ: Final = 1e18
"""Most tokens, samples or documents of a source: a million times what the largest runs read."""

_MOST_SOURCES: Final = 100_000
_MOST_ENTRIES: Final = 20_000_000
"""Amounts of all sources and steps together: each takes 16 bytes of memory."""

_SOURCES: Final = ("source", "pool", "prefix", "name", "dataset")
_AMOUNTS: Final = {
    "tokens": "tokens",
    "consumed_tokens": "tokens",
    "samples": "samples",
    "consumed_samples": "samples",
    "sequences": "samples",
    "documents": "documents",
}
_UNITS: Final = tuple(dict.fromkeys(_AMOUNTS.values()))
_STEPS: Final = ("step", "_step", "iteration", "global_step")
LOG_COLUMNS: Final = ("source", "tokens", "samples", "step")
"""What a column may be called by the user: ``source=corpus_name``."""


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> Consumed:
    """A log in any of the shapes that are read.

    * a table (CSV or Parquet) with a column ``source`` (or ``pool``, ``prefix``, ``name``,
      ``dataset``) and ``tokens``, ``samples`` (``sequences``) or ``documents``, and perhaps
      ``step`` (``iteration``): amounts are totals, of several steps the last one counts;
    * JSON lines, one object a source with those keys, or one object a step as wandb keeps them,
      with keys that end in the source: ``tokens/cat__human__hplt_v4``;
    * Megatron's standard output: ``dataset 0, input: 0.85, achieved: 0.85`` for the shares (its
      sources by number) and ``consumed samples: 51200`` for how far the run is;
    * the file or folder of one run as W&B, TensorBoard, MLflow, Trackio or the Trainer keep it,
      with metrics that end in the source, as above.

    Args:
        path: of the log.
        columns: one of :data:`LOG_COLUMNS` to what a table or object calls it.

    Raises:
        DataError: none of these, or with every fault and its row.
        ProblemError: a column that is none.
    """
    named = {key: title.lower() for key, title in (columns or {}).items()}
    for key in named:
        if key not in LOG_COLUMNS:
            raise ProblemError(
                f"column {key[:40]!r}: expected one of {', '.join(LOG_COLUMNS)}", field="column"
            )
    what = f"log {path.name or path}"
    if is_tracked(path):
        return read_tracked(path, what)
    with open_lines(path, what, LOG_LIMIT) as lines:
        begins = lines.file.read(4)
        lines.file.seek(0)
        if begins == b"PAR1":
            return read_table(read_file(path, TABLE_LIMIT), what, named)
        first, begun = _begun(lines)
        if first is None:
            raise DataError(f"{what} is empty: expected what the run has consumed")
        if first.lstrip().startswith("{"):
            return _with_broken(read_lines(begun, what, named), lines)
        log = MegatronLog()
        for _, line in begun:
            log.read_line(line)
        if log.recognised:
            return _with_broken(log.consumed(what), lines)
    return read_table(read_file(path, TABLE_LIMIT), what, named)


def _begun(lines: Lines) -> tuple[str | None, Iterator[tuple[int, str]]]:
    """The first line that says something, and all lines from it on."""
    numbered = iter(lines)
    for number, line in numbered:
        if line.strip():
            return line, _again((number, line), numbered)
    return None, iter(())


def _again(first: tuple[int, str], others: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from others


def _with_broken(log: Consumed, lines: Lines) -> Consumed:
    """The same with a note of what could not be read of its lines."""
    notes = []
    if lines.broken:
        notes.append(
            f"{lines.broken:,} line{'s' * (lines.broken > 1)} with bytes that are no UTF-8, read "
            "without them"
        )
    if lines.cut:
        notes.append(f"{lines.cut:,} line{'s' * (lines.cut > 1)} of over a MiB, read in part")
    return replace(log, notes=(*log.notes, *notes)) if notes else log


def read_table(content: bytes, what: str, named: Mapping[str, str] | None = None) -> Consumed:
    """A CSV or Parquet table, one row a source, or one a source and step.

    Raises:
        DataError: a column is missing or may be one of several, or with every fault and its row.
    """
    rows = read_rows(content, what)
    header = [name.lower() for name in rows.header]
    source, unit, step = _columns(header, what, named or {})
    at = {name: header.index(name) for name in (source, unit, step) if name}
    totals = _Totals(_unit(unit, named))
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        cells = {name: row[place].strip() if place < len(row) else "" for name, place in at.items()}
        totals.add(f"row {line}", cells[source], cells[unit], cells.get(step, ""))
    return totals.consumed(what, "table")


def read_tracked(path: Path, what: str) -> Consumed:
    """The log of one run that a tracker keeps, by the last value of each metric.

    Raises:
        DataError: several runs, or no metric that names a source.
    """
    runs, faults = read_runs([path])
    if len(runs) > 1:
        raise DataError(
            f"{what} holds {len(runs)} runs, {first_few([run.name for run in runs], 3)}: give that "
            "of one"
        )
    objects = _Objects(what, {})
    for metric, (step, value) in runs[0].last.items():
        objects.add(f"metric {metric}", {metric: value, "step": step})
    return replace(objects.consumed(), notes=tuple(faults))


def _unit(column: str, named: Mapping[str, str] | None) -> str:
    for key in ("tokens", "samples"):
        if (named or {}).get(key) == column:
            return key
    return _AMOUNTS[column]


def read_lines(
    lines: Iterable[tuple[int, str]], what: str, named: Mapping[str, str] | None = None
) -> Consumed:
    """JSON lines, an object a source or an object a step.

    Raises:
        DataError: with every line that is no object, or where no key names a source.
    """
    log = _Objects(what, named or {})
    broken: list[tuple[int, str]] = []
    last = 0
    for number, line in lines:
        if not line.strip():
            continue
        last = number
        content = _object(line)
        if content is not None:
            log.add(f"line {number}", content)
            continue
        broken.append((number, f"line {number}: no JSON object; a run that was cut off, perhaps"))
        if len(broken) > _MOST_BROKEN:
            break
    if [place for place, _ in broken] == [last] and log.any:
        broken = []  # the last line of a run that is still writing
    refuse(what, [fault for _, fault in broken])
    return log.consumed()


_MOST_BROKEN: Final = 10_000
"""Lines that are no objects, after which it is no log of objects."""


@dataclass(slots=True)
class _Objects:
    """Objects as they come: one a source, with its column of sources, or one a step."""

    what: str
    named: Mapping[str, str]
    columns: tuple[str, str, str] | None = None
    any: bool = False
    rows: _Totals | None = None
    by_step: dict[str, _Totals] = field(default_factory=dict)

    def add(self, place: str, content: Mapping[str, Any]) -> None:
        """Take in one object."""
        self.any = True
        keys = {key.lower(): key for key in content}
        if self.columns is None and _is_row(keys, self.named):
            self.columns = _columns(list(keys), self.what, self.named)
            self.rows = _Totals(_unit(self.columns[1], self.named))
        if self.columns is None or self.rows is None:
            _add_by_step(self.by_step, place, content, keys)
        elif self.columns[0] in keys:
            source, unit, step = (content.get(keys.get(name, ""), "") for name in self.columns)
            self.rows.add(place, source if isinstance(source, str) else "", unit, step)

    def consumed(self) -> Consumed:
        """What the objects say.

        Raises:
            DataError: nothing of a source, or amounts in several units.
        """
        if self.rows is not None:
            return self.rows.consumed(self.what, "lines")
        if len(self.by_step) != 1:
            kinds = " and ".join(sorted(self.by_step)) or "none"
            raise DataError(
                f"{self.what} has amounts by source in {kinds}: expected objects with a source and "
                f"one of {', '.join(_UNITS)}, or keys such as 'tokens/SOURCE'"
            )
        (totals,) = self.by_step.values()
        return totals.consumed(self.what, "lines")


def _object(line: str) -> dict[str, Any] | None:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_row(keys: Mapping[str, str], named: Mapping[str, str]) -> bool:
    sources = {named["source"]} if "source" in named else set(_SOURCES)
    amounts = {named[key] for key in ("tokens", "samples") if key in named} or set(_AMOUNTS)
    return bool(sources & keys.keys()) and bool(amounts & keys.keys())


def _add_by_step(
    by_step: dict[str, _Totals], place: str, content: Mapping[str, Any], keys: Mapping[str, str]
) -> None:
    """Keys such as ``train/tokens/cat__human__hplt_v4``; each key's last value counts."""
    at = next((content[keys[name]] for name in _STEPS if name in keys), "")
    for key, value in content.items():
        unit, source = _unit_and_source(key)
        if unit and isinstance(value, int | float | str) and read_quantity(value) is not None:
            by_step.setdefault(unit, _Totals(unit)).add(place, source, value, at)


def _unit_and_source(key: str) -> tuple[str, str]:
    parts = key.replace(".", "/", 1).split("/") if "/" not in key else key.split("/")
    for place, word in enumerate(parts[:-1]):
        unit = _AMOUNTS.get(word.lower())
        if unit:
            return unit, "/".join(parts[place + 1 :])
    return "", ""


def _columns(header: Sequence[str], what: str, named: Mapping[str, str]) -> tuple[str, str, str]:
    """Titles of source, amount and step; that of the step may be empty.

    Raises:
        DataError: one is not there, or it may be one of several.
    """
    given_title = next((named[key] for key in ("tokens", "samples") if key in named), None)
    units = {unit: [name for name in _AMOUNTS if _AMOUNTS[name] == unit] for unit in _UNITS}
    # Tokens before samples before documents: the nearest to what a share of tokens is.
    amounts = next((names for names in units.values() if set(names) & set(header)), ())
    source = _one_of(header, _SOURCES, named.get("source"), "source", what)
    amount = _one_of(header, amounts, given_title, "amount", what)
    step = _one_of(header, _STEPS, named.get("step"), "step", what)
    if not source or not amount:
        raise DataError(
            f"{what} has the columns {', '.join(sorted(header))[:200]}: expected one of "
            f"{', '.join(_SOURCES)} and one of {', '.join(_AMOUNTS)}"
        )
    return source, amount, step


def _one_of(
    header: Sequence[str], known: Iterable[str], given_title: str | None, column: str, what: str
) -> str:
    """The title of a column; empty where there is none.

    Raises:
        DataError: several are there, or not the one that was asked for.
    """
    if given_title is not None and given_title not in header:
        raise DataError(
            f"{what} has no column {given_title[:60]!r}: it has {', '.join(sorted(header))[:200]}",
            field="column",
        )
    wanted = set(known) if given_title is None else {given_title}
    titles = [name for name in header if name in wanted]
    if len(titles) > 1:
        name = "tokens" if column == "amount" else column
        raise DataError(
            f"{what} has {', '.join(titles)}, and each may be its {column}: say which is, as "
            f"{name}={titles[0]}",
            field="column",
        )
    return titles[0] if titles else ""


@dataclass(slots=True)
class _Totals:
    """Amounts by source and step, as they come."""

    unit: str
    amounts: dict[str, array[float]] = field(default_factory=dict)
    steps: dict[str, array[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    more: int = 0
    entries: int = 0

    def add(self, place: str, source: str, written: object, at: object) -> None:
        """One amount of a source; ``at`` is its step, or empty."""
        amount = read_quantity(written)
        step = read_quantity(at)
        self.entries += 1
        if not source:
            self._fault(f"{place}: no source")
        elif amount is None or not 0 <= amount <= MOST_READ:
            self._fault(
                f"{place}: {str(written)[:40]!r}: expected a number of {self.unit} from 0 to "
                f"{MOST_READ:g}{comma_hint(written)}"
            )
        elif step is not None and not math.isfinite(step):
            self._fault(f"{place}: step {str(at)[:40]!r} is no finite number")
        elif step is None and source in self.amounts:
            self._fault(f"{place}: {source} stands there twice, and no step says which is later")
        elif len(self.amounts) >= _MOST_SOURCES and source not in self.amounts:
            raise DataError(f"the log has over {_MOST_SOURCES:,} sources: is that its column?")
        elif self.entries > _MOST_ENTRIES:
            raise DataError(f"the log has over {_MOST_ENTRIES:,} amounts: give its last steps")
        else:
            self.amounts.setdefault(source, array("d")).append(amount)
            self.steps.setdefault(source, array("d")).append(-math.inf if step is None else step)

    def _fault(self, fault: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        else:
            self.more += 1

    def consumed(self, what: str, form: str) -> Consumed:
        """Totals by source: of several steps the last one, whatever the order of the rows.

        Raises:
            DataError: with every fault; amounts that fall from step to step are one.
        """
        if not self.amounts and not self.faults:
            self.faults.append("no rows: expected one a source")
        totals: dict[str, float] = {}
        first = 0.0
        for source, amounts in self.amounts.items():
            steps = self.steps[source]
            order = sorted(range(len(steps)), key=lambda place: (steps[place], amounts[place]))
            fault = _falls(source, [(steps[place], amounts[place]) for place in order])
            if fault:
                self._fault(fault)
            first += amounts[order[0]]
            totals[source] = amounts[order[-1]]
        whole = math.fsum(totals.values())
        far = {step for steps in self.steps.values() for step in steps}
        if not self.faults and len(far) > 1 and whole > 0 and first >= whole:
            self._fault(
                f"from step {min(far):g} to {max(far):g} no total grows: these look like amounts a "
                "step; expected running totals, so add them up"
            )
        faults = [*self.faults, *([f"and {self.more:,} more"] if self.more else [])]
        refuse(what, faults)
        finite = [step for step in far if math.isfinite(step)]
        return Consumed(form, totals, self.unit, step=int(max(finite)) if finite else None)


def _falls(source: str, totals: Sequence[tuple[float, float]]) -> str:
    """What is wrong with the totals of a source, sorted by step; empty where nothing is."""
    for (step, amount), (later, after) in pairwise(totals):
        if step == later and amount != after:
            return f"{source} has {amount:g} and {after:g} in step {step:g}: keep one"
        if after < amount:
            return (
                f"{source} falls from {amount:g} in step {step:g} to {after:g} in step {later:g}: "
                "expected running totals, which never fall; these look like amounts a step, so add "
                "them up"
            )
    return ""
