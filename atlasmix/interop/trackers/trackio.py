"""Trackio: the SQLite database of a project, a row a run and step, its numbers as JSON.

As trackio 0.1 to 0.43 write it: runs were told apart by their name alone before there was
``run_id``.
"""

from __future__ import annotations

import json

from atlasmix.errors import DataError
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.interop.trackers.sqlite import Database
from atlasmix.quantities import read_number


def is_database(tables: frozenset[str]) -> bool:
    """Whether these are the tables of Trackio."""
    return "metrics" in tables and "runs" not in tables


def read_database(database: Database, at: int | None) -> list[RunRecord]:
    """Every run of a project.

    Raises:
        DataError: a table of metrics that is not Trackio's, or nothing that can be read.
    """
    columns = database.columns("metrics")
    if not {"run_name", "step", "metrics"} <= columns:
        raise DataError(
            f"{database.path.name} has a table of metrics with other columns than Trackio's"
        )
    key = "run_id" if "run_id" in columns else "run_name"
    runs: dict[str, RunRecord] = {}
    rows = database.rows(f"SELECT {key}, run_name, step, metrics FROM metrics ORDER BY rowid")
    for ident, name, step, content in rows:
        run = runs.get(str(ident))
        if run is None:
            run = runs[str(ident)] = RunRecord(str(name), str(database.path), at, str(ident))
        values = _object(content)
        run.log_all(values, read_number(step) or 0.0)
    if not runs and database.fault:
        raise DataError(f"{database.path.name} cannot be read: {database.fault}")
    if "configs" in database.tables:
        of_config = "run_id" if "run_id" in database.columns("configs") else "run_name"
        for ident, content in database.rows(f"SELECT {of_config}, config FROM configs"):
            if str(ident) in runs:
                told = _object(content).items()
                runs[str(ident)].set("", {key: value for key, value in told if key[:1] != "_"})
    return database.with_faults(runs.values())


def _object(content: object) -> dict[str, object]:
    """The object of a cell; nothing where it is none."""
    if not isinstance(content, str | bytes):
        return {}
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
