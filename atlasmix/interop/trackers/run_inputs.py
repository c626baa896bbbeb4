"""What ``learn`` and ``measure curves`` are given, as tables; of logs, one is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.mixture_tables import IDS
from atlasmix.fitting.run_files import RunFile, read_run_file
from atlasmix.interop.trackers.curve_table import table_of_curves
from atlasmix.interop.trackers.run_folder import is_log, read_runs
from atlasmix.interop.trackers.run_record import EVERY
from atlasmix.interop.trackers.run_table import (
    LogReading,
    mixture_files,
    read_blend,
    table_of_runs,
)
from atlasmix.io.tables import Rows


@dataclass(frozen=True, slots=True, eq=False)
class RunInputs:
    """The tables of runs.

    Attributes:
        files: what was given and what was made of logs, with its hash.
        notes: how the logs were read, one sentence each.
        logged: the table that was made of the logs; None where there were none.
    """

    files: tuple[RunFile, ...]
    notes: tuple[str, ...] = ()
    logged: Rows | None = None


def read_inputs(paths: Sequence[str], how: LogReading, kind: str = "") -> RunInputs:
    """Tables of runs, from tables and logs in any order.

    Args:
        paths: tables, names of those that ship, folders of logs, and logs.
        how: what the user says of the logs.
        kind: the one kind of log that is read; empty: the only one there.

    Raises:
        DataError: absent, unreadable, or neither a table nor a log.
        ProblemError: what the logs do not hold, or a word on logs where there are none.
    """
    logs, tables = _apart(paths)
    ident = _ident(tables)
    if not logs:
        _refuse_words(how, kind)
        if how.blends is None:
            return RunInputs(tables)
        return RunInputs((*tables, _made(_blends(how.blends, ident))))
    runs, faults = read_runs(logs, kind, how.step)
    beside = bool(tables)
    what = _named(logs)
    table, notes = table_of_runs(runs, how, what, beside)
    table = Rows(table.what, (ident, *table.header[1:]), table.numbers, table.rows)
    notes = [f"{len(runs)} runs in the logs {what}", *faults, *notes]
    return RunInputs((*tables, _made(table)), tuple(notes), table)


def read_curve_inputs(paths: Sequence[str], how: LogReading, kind: str = "") -> RunInputs:
    """Tables of loss curves, from tables or from logs.

    Args:
        paths: tables; or folders of logs and logs, and perhaps a table with the columns run, and
            languages or ``w_LANG``, which says what each run trains on.
        how: what the user says of the logs.
        kind: the one kind of log that is read; empty: the only one there.

    Raises:
        DataError: absent, unreadable, or neither a table nor a log.
        ProblemError: what the logs do not hold, or a word on logs where there are none.
    """
    logs, tables = _apart(paths)
    if not logs:
        _refuse_words(how, kind)
        return RunInputs(tables)
    if len(tables) > 1:
        raise ProblemError(
            f"{len(tables)} tables beside logs: expected one at most, which says what each run "
            "trains on",
            field="curves",
        )
    runs, faults = read_runs(logs, kind, EVERY)
    languages = _trained_on(tables[0].rows) if tables else None
    table, notes = table_of_curves(runs, how, _named(logs), languages)
    return RunInputs((_made(table),), (*faults, *notes), table)


def _apart(paths: Sequence[str]) -> tuple[list[Path], tuple[RunFile, ...]]:
    """Logs, and the tables among them, which are read."""
    logs = [Path(path) for path in paths if is_log(Path(path))]
    return logs, tuple(read_run_file(path) for path in paths if Path(path) not in logs)


def _named(logs: Sequence[Path]) -> str:
    more = f" and {len(logs) - 1} more" if len(logs) > 1 else ""
    return f"of {logs[0].name or logs[0].resolve().name}{more}"


def _trained_on(table: Rows) -> dict[str, str]:
    """Name of a run to the languages it trains on, with shares where the table has them.

    Raises:
        DataError: a table without either.
    """
    header = [title.lower() for title in table.header]
    ident = next((header.index(name) for name in IDS if name in header), None)
    shares = [
        (place, title[2:]) for place, title in enumerate(table.header) if title[:2].lower() == "w_"
    ]
    if ident is None or not ("languages" in header or shares):
        raise DataError(
            f"{table.what} beside logs has {', '.join(table.header)[:80]}: expected the columns "
            "run, and languages (cat+spa) or w_LANG",
            field="curves",
        )
    trained = {}
    for row in table.rows:
        whole = (*row, *[""] * (len(header) - len(row)))
        trained[whole[ident].strip()] = (
            whole[header.index("languages")]
            if "languages" in header
            else "+".join(f"{key}:{whole[at]}" for at, key in shares if whole[at].strip(" 0."))
        )
    return trained


def _made(table: Rows) -> RunFile:
    """A table of ours; its hash is that of its text, for the logs themselves may be terabytes."""
    return RunFile(table.what, table.sha256, table)


def _ident(tables: Sequence[RunFile]) -> str:
    """The column that names the run in every table given; ``run`` where none does."""
    headers = [{title.lower() for title in table.rows.header} for table in tables]
    return next((name for name in IDS if headers and all(name in each for each in headers)), "run")


def _refuse_words(how: LogReading, kind: str) -> None:
    said = {
        "metric": how.metrics,
        "weights_key": how.weights,
        "params_key": how.params,
        "tokens_key": how.tokens,
        "step": how.step is not None,
        "keep_unfinished": how.keep_unfinished,
        "logs": kind,
    }
    for field, given in said.items():
        if given:
            raise ProblemError(
                "there are tables of runs alone, and this is of logs: name a folder of logs, or "
                "leave it out",
                field=field,
            )


def _blends(folder: Path, ident: str) -> Rows:
    """A table of weights from a folder of blends, a row a file, called as its run.

    Raises:
        DataError: no folder, no file, or one that is no blend.
    """
    if not folder.is_dir():
        raise DataError(f"no folder {folder} of blends: check the path", field="blends")
    blends = {name: read_blend(path) for name, path in mixture_files(folder).items()}
    if not blends:
        raise DataError(
            f"{folder.name} holds no file of a blend: expected one called as each run, as "
            "run-01.txt with weights and prefixes",
            field="blends",
        )
    sources = list(dict.fromkeys(name for blend in blends.values() for name in blend))
    rows = tuple(
        (name, *(repr(blend.get(source, 0.0)) for source in sources))
        for name, blend in blends.items()
    )
    header = (ident, *(f"w_{source}" for source in sources))
    return Rows(f"of {folder.name}", header, tuple(range(1, len(rows) + 1)), rows)
