"""Which runs lie behind the paths that somebody names: every log by what it begins with."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.trackers import (
    hf_trainer,
    megatron,
    mlflow,
    olmo_core,
    sqlite,
    tensorboard,
    trackio,
    wandb,
)
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.io.files import read_file, refusing_to_read
from atlasmix.io.lines import open_lines
from atlasmix.io.tables import TABLE_LIMIT, read_rows
from atlasmix.text import did_you_mean, first_few, listed

Kind = Literal[
    "wandb", "wandb-export", "tensorboard", "mlflow", "trackio", "trainer", "megatron", "olmo-core",
    "olmo-core-console",
]  # fmt: skip
KINDS: Final[dict[str, str]] = {
    "wandb": "W&B offline runs",
    "wandb-export": "W&B exports",
    "tensorboard": "TensorBoard",
    "mlflow": "MLflow",
    "trackio": "Trackio",
    "trainer": "the Trainer's states",
    "megatron": "Megatron's output",
    "olmo-core": "OLMo-core's metrics",
    "olmo-core-console": "OLMo-core's output",
}
"""Every kind of log that is read, and how a sentence calls it."""

_DATABASES: Final = (".db", ".sqlite", ".sqlite3")
_TEXTS: Final = (".log", ".out", ".txt", ".err")
_CHECKPOINT: Final = re.compile(r"checkpoint-\d+")
_MOST_ENTRIES: Final = 500_000
_MOST_RUNS: Final = 20_000
_HEAD: Final = 20_000
"""Lines in which a trainer's output is recognised, our choice: long before them it has trained."""
_MOST_TOLD: Final = 20
_LOG_LIMIT: Final = 16 * 1024 * 1024 * 1024


@dataclass(slots=True)
class _Listed:
    """What lies below the paths.

    Attributes:
        files: kind, then name of the run, to its files.
        faults: files that could not be read.
        entries: files and folders seen.
    """

    files: dict[str, dict[str, list[Path]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    entries: int = 0

    def add(self, kind: Kind, name: str, path: Path) -> None:
        self.files.setdefault(kind, {}).setdefault(name, []).append(path)


def is_log(path: Path) -> bool:
    """Whether a path is a folder or a tracker's file, and no plain table of runs."""
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    return _kind(path) is not None


def is_tracked(path: Path) -> bool:
    """Whether a tracker wrote a path, and no trainer its output nor anybody a table."""
    return path.is_dir() or (
        path.is_file()
        and _kind(path) not in (None, "megatron", "olmo-core-console", "wandb-export")
    )


def read_runs(
    paths: Sequence[Path], kind: str = "", at: int | None = None
) -> tuple[list[RunRecord], list[str]]:
    """Every run in the logs behind some paths, and what could not be read, a sentence each.

    Args:
        paths: folders, or files of a tracker.
        kind: the one kind of log that is read, where several lie there; empty: the only one.
        at: the step that is wanted; None: the last.

    Raises:
        DataError: no log, or none that can be read.
        ProblemError: several kinds, or one that nobody knows.
    """
    if kind and kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"expected one of {', '.join(KINDS)}"
        raise ProblemError(f"no kind of log {kind[:40]!r}: {hint}", field="logs", value=kind)
    behind = _Listed()
    for path in paths:
        _list(path, behind, len(paths) > 1)
    wanted = [kind] if kind else list(behind.files)
    if len(wanted) > 1:
        counted = [f"{len(behind.files[each]):,} of {KINDS[each]} ({each})" for each in wanted]
        raise ProblemError(
            f"there are logs of several kinds, {listed(counted)}: say which holds the runs, as "
            f"{wanted[0]}",
            field="logs",
        )
    files = behind.files.get(wanted[0], {}) if wanted else {}
    if not files:
        where = first_few([str(path)[-80:] for path in paths], 3)
        others = f"; there are {listed([KINDS[each] for each in behind.files])}"
        raise DataError(
            f"{where}: no log of a run in it: expected those of {listed(list(KINDS.values()), 9)}"
            + (others if behind.files else ""),
            tuple(behind.faults[:20]),
            field="runs",
        )
    return _read_all(wanted[0], files, behind.faults, at)


def _read_all(
    kind: str, files: dict[str, list[Path]], faults: list[str], at: int | None
) -> tuple[list[RunRecord], list[str]]:
    runs: list[RunRecord] = []
    for name, paths in files.items():
        try:
            runs += _READERS[kind](paths, name, at)
        except DataError as error:
            faults.append(f"{name}: {error.sentence}")
        if len(runs) > _MOST_RUNS:
            raise DataError(
                f"over {_MOST_RUNS:,} runs, the most that are read: name a part of them"
            )
    if kind == "tensorboard":
        runs = tensorboard.whole_runs(runs)
    if not runs:
        raise DataError(
            f"no run of {KINDS[kind]} can be read: mend what follows, or take it away",
            tuple(faults[:20]),
            field="runs",
        )
    notes = [f"run {run.name}: its log is {note}" for run in runs for note in run.notes]
    left = [f"{fault}; left out" for fault in faults]
    _name_apart(runs)
    told = [*left, *notes]
    if len(told) > _MOST_TOLD:
        told = [*told[:_MOST_TOLD], f"and {len(told) - _MOST_TOLD:,} more logs"]
    return runs, told


def _name_apart(runs: Sequence[RunRecord]) -> None:
    """Runs of one name get their tracker's own id, or their number, behind it.

    Of one name and one id they are a run and its copy, which the table counts once.
    """
    idents: dict[str, list[str]] = {}
    for number, run in enumerate(runs, start=1):
        idents.setdefault(run.name, []).append(run.ident or f"{number}")
    for number, run in enumerate(runs, start=1):
        run.base = run.name
        if len(set(idents[run.base])) > 1:
            run.name = f"{run.base} ({run.ident or number})"


def _list(path: Path, behind: _Listed, several: bool) -> None:
    """Take in what lies at a path the user named."""
    if not path.is_dir():
        kind = _kind(path)
        if kind is None:
            raise DataError(f"{path.name or path} is no log of a run that is read", field="runs")
        name = _name(path.resolve(), path.resolve().parents[-1], kind, "")
        behind.add(kind, name.rpartition("/")[2] or _stem(path), path)
        return
    resolved = path.resolve().name or "run"
    for file in _walk(path, behind):
        try:
            kind = _kind(file)
        except DataError as error:
            behind.faults.append(error.sentence)
            continue
        if kind is not None:
            behind.add(kind, _name(file, path, kind, resolved if several else "") or resolved, file)


def _walk(root: Path, behind: _Listed) -> Iterator[Path]:
    """Every plain file below, sorted; links to folders (W&B's latest-run) are not followed."""
    for place, folders, names in os.walk(root):
        behind.entries += len(folders) + len(names)
        if behind.entries > _MOST_ENTRIES:
            raise DataError(
                f"{root} has over {_MOST_ENTRIES:,} files and folders: name the one with the logs",
                field="runs",
            )
        folders.sort()
        if "meta.yaml" in names and "metrics" in folders:
            folders.clear()  # a run of MLflow is its folder: nothing in it is a log of its own
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not (path.is_symlink() and "latest-run" in path.parts):
                yield path


def _name(file: Path, root: Path, kind: Kind, above: str) -> str:
    """The name of a run: of its folder below the root, or of its file where it lies in the root.

    Args:
        file: of the log.
        root: that the user named.
        kind: of the log.
        above: put before it, where several roots were named.
    """
    folder = file.parent.relative_to(root)
    parts = [part for part in folder.parts if not _CHECKPOINT.fullmatch(part)]
    inside = kind in ("tensorboard", "trainer", "olmo-core", "mlflow")
    if not inside and (kind in ("wandb", "wandb-export", "trackio") or not parts):
        parts = [*parts, _stem(file)]
    return "/".join([above, *parts] if above else parts)


def _stem(path: Path) -> str:
    return path.stem or path.name


def _kind(path: Path) -> Kind | None:
    """What a file is, by its name and its first bytes; None for none of them."""
    name, suffix = path.name, path.suffix.lower()
    by_name: dict[Kind, bool] = {
        "tensorboard": "tfevents" in name,
        "trainer": name == hf_trainer.FILE,
        "olmo-core": olmo_core.METRICS.fullmatch(name) is not None,
        "mlflow": name == "meta.yaml" and (path.parent / "metrics").is_dir(),
        "wandb": suffix == ".wandb",
    }
    kind = next((each for each, holds in by_name.items() if holds), None)
    if kind is None and suffix in _DATABASES:
        return _database_kind(path)
    if kind is None and suffix == ".csv":
        return "wandb-export" if _is_export(path) else None
    return _text_kind(path) if kind is None and suffix in _TEXTS else kind


def _database_kind(path: Path) -> Kind | None:
    if not _begins(path, sqlite.MAGIC):
        return None
    with sqlite.open_database(path) as database:
        if mlflow.is_database(database.tables):
            return "mlflow"
        return "trackio" if trackio.is_database(database.tables) else None


def _begins(path: Path, magic: bytes) -> bool:
    with refusing_to_read(path), path.open("rb") as file:
        return file.read(len(magic)) == magic


def _is_export(path: Path) -> bool:
    with refusing_to_read(path), path.open("rb") as file:
        head = file.readline(1024 * 1024)
    try:
        return wandb.is_export(read_rows(head, path.name))
    except DataError:
        return False


def _text_kind(path: Path) -> Kind | None:
    """Whose output a text is, by its first lines."""
    trained = megatron.MegatronRun(RunRecord("", ""))
    printed = olmo_core.ConsoleRun(RunRecord("", ""))
    with open_lines(path, path.name, _LOG_LIMIT) as lines:
        for number, line in lines:
            trained.read_line(line)
            printed.read_line(line)
            if trained.recognised:
                return "megatron"
            if printed.recognised:
                return "olmo-core-console"
            if number > _HEAD:
                break
    return None


def _wandb(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    return [wandb.read_offline(path, name, at) for path in paths]


def _exports(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    tables = [read_rows(read_file(path, TABLE_LIMIT), path.name) for path in paths]
    return [run for table in tables for run in wandb.read_export(table, at)]


def _tensorboard(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    return [tensorboard.read_events(paths, name, at)]


def _mlflow(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    runs: list[RunRecord] = []
    for path in paths:
        if path.name == "meta.yaml":
            run = mlflow.read_run_folder(path.parent, at)
            runs += [run] if run is not None else []
        else:
            with sqlite.open_database(path) as database:
                runs += mlflow.read_database(database, at)
    return runs


def _trackio(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    runs: list[RunRecord] = []
    for path in paths:
        with sqlite.open_database(path) as database:
            runs += trackio.read_database(database, at)
    return runs


def _trainer(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    return [hf_trainer.read_states(paths, name, at)]


def _olmo_core(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    return [olmo_core.read_metrics(paths, name, at)]


def _text(paths: list[Path], log: megatron.MegatronRun | olmo_core.ConsoleRun) -> list[RunRecord]:
    """The output of one run: of several files, as after a restart, one after the other."""
    for path in paths:
        with open_lines(path, path.name, _LOG_LIMIT) as lines:
            for _, line in lines:
                log.read_line(line)
    return [log.finish()]


def _megatron(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    return _text(paths, megatron.MegatronRun(RunRecord(name, str(paths[0]), at)))


def _console(paths: list[Path], name: str, at: int | None) -> list[RunRecord]:
    return _text(paths, olmo_core.ConsoleRun(RunRecord(name, str(paths[0]), at)))


_Reader = Callable[[list[Path], str, int | None], list[RunRecord]]
_READERS: Final[dict[str, _Reader]] = {
    "wandb": _wandb,
    "wandb-export": _exports,
    "tensorboard": _tensorboard,
    "mlflow": _mlflow,
    "trackio": _trackio,
    "trainer": _trainer,
    "megatron": _megatron,
    "olmo-core": _olmo_core,
    "olmo-core-console": _console,
}
