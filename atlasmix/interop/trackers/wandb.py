"""Weights & Biases: the file of an offline run, and the two tables that its pages export.

``run-ID.wandb`` is a LevelDB log of protobuf records behind seven bytes of its own; the fields read
here are those of wandb 0.13 to 0.31 (``wandb_internal.proto``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError
from atlasmix.interop.trackers.records import (
    BrokenRecord,
    Damage,
    Field,
    leveldb_records,
    message_fields,
    signed,
)
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.io.files import refusing_to_read
from atlasmix.io.tables import Rows
from atlasmix.quantities import read_number

MAGIC: Final = b":W&B"
_HEADER: Final = 7
_HISTORY, _SUMMARY, _CONFIG, _RUN, _EXIT = 2, 3, 5, 17, 18
_CHART: Final = re.compile(r"(.+) - (.+?)(__MIN|__MAX)?")
_AXES: Final = ("step", "global_step", "trainer/global_step", "train/global_step")


def read_offline(path: Path, name: str, at: int | None) -> RunRecord:
    """An offline run.

    Args:
        path: of the ``.wandb`` file.
        name: of the run where it has none itself.
        at: the step that is wanted.

    Raises:
        DataError: not readable, or not of W&B.
    """
    run = RunRecord(name, str(path), at)
    run.state = "running"
    damage = Damage()
    summary: dict[str, Any] = {}
    with refusing_to_read(path), path.open("rb") as file:
        if file.read(_HEADER)[: len(MAGIC)] != MAGIC:
            raise DataError(f"{path.name} does not begin as a file of W&B does (':W&B')")
        for record in leveldb_records(file, _HEADER, damage):
            try:
                for number, value in message_fields(record):
                    _take_record(run, summary, number, value)
            except BrokenRecord:
                damage.broken += 1
    if at is None:
        # What only the summary holds: a number that was set at the end and never logged.
        left = {key: value for key, value in summary.items() if key not in run.last}
        run.log_all(left, run.last_step)
    if damage.words:
        run.notes.append(damage.words)
    return run


def _take_record(run: RunRecord, summary: dict[str, Any], number: int, value: Field) -> None:
    if isinstance(value, int):
        return
    if number == _HISTORY:
        _take_history(run, value)
    elif number == _SUMMARY:
        summary.update((key, each) for key, each in _items(value, 1) if key[:1] != "_")
    elif number == _CONFIG:
        _take_config(run, value)
    elif number == _EXIT:
        code = next((signed(each) for field, each in _numbers(value) if field == 1), 0)
        run.state = "failed" if code else "finished"
    elif number == _RUN:
        _take_run(run, value)


def _take_history(run: RunRecord, message: bytes) -> None:
    items = dict(_items(message, 1))
    steps = [step for field, inner in _messages(message) if field == 2 for step in _first(inner)]
    step = steps[0] if steps else read_number(items.get("_step", 0)) or 0.0
    run.log_all({key: each for key, each in items.items() if key[:1] != "_"}, step)


def _take_run(run: RunRecord, message: bytes) -> None:
    for field, inner in _messages(message):
        if field == 1:
            run.ident = inner.decode("utf-8", "replace")
        elif field == 4:
            _take_config(run, inner)
        elif field == 8:
            run.name = inner.decode("utf-8", "replace") or run.name


def _take_config(run: RunRecord, config: bytes) -> None:
    for key, value in _items(config, 1):
        if key != "_wandb":
            run.set(key, value)


def _messages(message: bytes) -> Iterator[tuple[int, bytes]]:
    return (
        (number, value) for number, value in message_fields(message) if isinstance(value, bytes)
    )


def _numbers(message: bytes) -> Iterator[tuple[int, int]]:
    for number, value in message_fields(message):
        if isinstance(value, int):
            yield number, value


def _first(message: bytes) -> Iterator[float]:
    return (float(signed(value)) for number, value in _numbers(message) if number == 1)


def _items(message: bytes, field: int) -> Iterator[tuple[str, Any]]:
    """Key and value of every item of a history, summary or config."""
    for number, item in _messages(message):
        if number != field:
            continue
        key, nested, value = "", [], b""
        for place, content in _messages(item):
            if place == 1:
                key = content.decode("utf-8", "replace")
            elif place == 2:
                nested.append(content.decode("utf-8", "replace"))
            elif place == 16:
                value = content
        try:
            yield key or ".".join(nested), json.loads(value)
        except (ValueError, RecursionError):
            continue  # a value of another kind, which is no number and no config


def is_export(table: Rows) -> bool:
    """Whether a table is one that W&B's pages export: of the runs, or of a chart."""
    titles = {title.lower() for title in table.header}
    return {"name", "state"} <= titles or _is_chart(table)


def _is_chart(table: Rows) -> bool:
    return (
        len(table.header) > 1
        and table.header[0].lower() in _AXES
        and all(" - " in title for title in table.header[1:])
        and any(title.endswith(("__MIN", "__MAX")) for title in table.header)
    )


def read_export(table: Rows, at: int | None) -> list[RunRecord]:
    """The runs of an exported table.

    Raises:
        DataError: a step is asked of the table of runs, which has last values alone.
    """
    if _is_chart(table):
        return _chart(table, at)
    if at is not None:
        raise DataError(
            f"{table.what} is W&B's table of runs, which holds the last value of each metric: "
            "export the chart for another step",
            field="step",
        )
    return [_row(table, row) for row in table.rows]


def _row(table: Rows, row: Sequence[str]) -> RunRecord:
    """A line of the table of runs: nothing in it says what is config and what is a metric."""
    cells = dict(zip(table.header, row, strict=False))
    lower = {title.lower(): value.strip() for title, value in cells.items()}
    run = RunRecord(lower["name"], table.what, ident=lower.get("id", ""))
    state = lower["state"].lower()
    run.state = "finished" if state == "finished" else "running" if state == "running" else "failed"
    step = read_number(lower.get("_step", "")) or 0.0
    for title, written in cells.items():
        if written.strip():
            run.set(title, written.strip())
            run.log(title, step, written)
    return run


def _chart(table: Rows, at: int | None) -> list[RunRecord]:
    runs: dict[str, RunRecord] = {}
    for place, title in enumerate(table.header[1:], start=1):
        match = _CHART.fullmatch(title)
        if match is None or match[3]:
            continue
        run = runs.setdefault(match[1], RunRecord(match[1], table.what, at))
        for row in table.rows:
            step = read_number(row[0]) if row else None
            if step is not None and place < len(row) and row[place].strip():
                run.log(match[2], step, row[place])
    return list(runs.values())
