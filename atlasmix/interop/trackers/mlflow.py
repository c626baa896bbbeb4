"""MLflow: a run's folder in the file store, and the SQLite database of a server.

As MLflow 1.0 to 3.17 write them: ``metrics/NAME`` holds ``milliseconds value step`` a line, and the
tables ``runs``, ``metrics`` and ``params`` the same.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.trackers.run_record import RunRecord, State
from atlasmix.interop.trackers.sqlite import Database
from atlasmix.io.files import read_file
from atlasmix.io.lines import open_lines
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.quantities import read_number

_META_LIMIT: Final = 256 * 1024
_VALUE_LIMIT: Final = 64 * 1024
_METRIC_LIMIT: Final = 1024 * 1024 * 1024
_MOST_FILES: Final = 20_000
_STATES: Final[dict[object, State]] = {
    3: "finished",
    4: "failed",
    5: "failed",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "failed",
}
"""Of the store's numbers and the database's words; any other is a run that goes on."""
_INFINITE: Final = 1.7e308
"""What the database holds for an infinite loss, or more: it has no infinity."""


def read_run_folder(folder: Path, at: int | None) -> RunRecord | None:
    """A run of the file store; None for one that was deleted, and for what is no run.

    Raises:
        DataError: ``meta.yaml`` is not readable.
    """
    meta = load_yaml(
        read_file(folder / "meta.yaml", _META_LIMIT), f"{folder.name}/meta.yaml", _META_LIMIT
    )
    told = meta if isinstance(meta, dict) else {}
    named = "run_id" in told or "run_uuid" in told
    if told.get("lifecycle_stage") == "deleted" or not named:
        return None  # without an id it is a model that was logged, which has metrics too
    run = RunRecord(str(told.get("run_name") or folder.name), str(folder), at, folder.name)
    run.state = _STATES.get(told.get("status"), "running")
    title = folder / "tags" / "mlflow.runName"
    if not told.get("run_name") and title.is_file():
        run.name = _text(title) or run.name
    for key, path in _files(folder / "params"):
        run.set(key, _text(path))
    for metric, path in _files(folder / "metrics"):
        _take_metric(run, metric, path)
    return run


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Name and path of every file below, a slash for each folder between."""
    if not folder.is_dir():
        return []
    paths = [path for path in sorted(folder.rglob("*"))[:_MOST_FILES] if path.is_file()]
    return [(path.relative_to(folder).as_posix(), path) for path in paths]


def _text(path: Path) -> str:
    return read_file(path, _VALUE_LIMIT).decode("utf-8", "replace").strip()


def _take_metric(run: RunRecord, metric: str, path: Path) -> None:
    wrong = 0
    with open_lines(path, f"metric {metric}", _METRIC_LIMIT) as lines:
        for _, line in lines:
            words = line.split()
            value = read_number(words[1]) if len(words) >= 2 else None
            step = read_number(words[2]) if len(words) >= 3 else 0.0
            if value is None or step is None:
                wrong += bool(words)
            else:
                run.log(metric, step, value)
    if wrong:
        run.notes.append(f"metric {metric} has {wrong} line{'s' * (wrong > 1)} without a value")


def read_database(database: Database, at: int | None) -> list[RunRecord]:
    """Every run of a database but those that were deleted.

    Raises:
        DataError: it breaks before the first run.
    """
    runs: dict[str, RunRecord] = {}
    rows = database.rows("SELECT run_uuid, name, status, lifecycle_stage FROM runs")
    for ident, name, status, stage in rows:
        if stage != "deleted":
            run = RunRecord(str(name or ident), str(database.path), at, str(ident))
            run.state = _STATES.get(status, "running")
            runs[str(ident)] = run
    if not runs and database.fault:
        raise DataError(f"{database.path.name} cannot be read: {database.fault}")
    for ident, key, value in database.rows("SELECT run_uuid, key, value FROM params"):
        if str(ident) in runs:
            runs[str(ident)].set(str(key), value)
    for ident, key, value, step, bad in database.rows(
        "SELECT run_uuid, key, value, step, is_nan FROM metrics ORDER BY timestamp"
    ):
        if str(ident) in runs:
            runs[str(ident)].log(
                str(key), read_number(step) or 0.0, math.nan if bad else _of(value)
            )
    return database.with_faults(runs.values())


def _of(value: object) -> float:
    """A stored number; of the largest there is, the infinity that it stands for."""
    number = read_number(value)
    if number is None:
        return math.nan
    return math.copysign(math.inf, number) if abs(number) >= _INFINITE else number


def is_database(tables: frozenset[str]) -> bool:
    """Whether these are the tables of MLflow."""
    return {"runs", "metrics", "params"} <= tables
