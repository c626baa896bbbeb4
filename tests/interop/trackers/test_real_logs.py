"""Logs that the real packages wrote: every number is the one that was logged."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from tracker_runs import PARAMS, STEPS, TOKENS_A_STEP, WEIGHTS, losses

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.interop.trackers.curve_table import table_of_curves
from atlasmix.interop.trackers.run_folder import is_log, read_runs
from atlasmix.interop.trackers.run_record import EVERY
from atlasmix.interop.trackers.run_table import LogReading, table_of_runs

# Place, pattern of the losses, key of the weights, whether the log says that mix-c failed.
LOGS = {
    "wandb": ("wandb", "eval/*_loss", "data.weights", True),
    "tensorboard": ("tensorboard", "eval/*_loss", "data.weights", False),
    "mlruns": ("mlruns", "eval/*_loss", "weights", True),
    "mlflow": ("mlflow.db", "eval/*_loss", "weights", True),
    "trackio": ("trackio", "eval/*_loss", "data.weights", False),
    "trainer": ("trainer", "eval_*_loss", "", False),
}


@pytest.mark.parametrize("step", [None, 50, 100])
@pytest.mark.parametrize("name", LOGS)
def test_every_number_is_the_one_that_was_logged(
    samples: Path, name: str, step: int | None
) -> None:
    """Kills a swap of sets, runs or steps, a wrong float width, and a failed run that is kept."""
    place, pattern, key, says_failed = LOGS[name]
    runs, faults = read_runs([samples / place], at=step)
    assert faults == []
    how = LogReading((pattern,), key, step=step)
    table, _ = table_of_runs(runs, how, name, beside=not key)
    # At a step that it reached, a run that failed later is as good as any.
    left_out = {"mix-c"} if says_failed and step is None else set()
    assert {row[0] for row in table.rows} == set(WEIGHTS) - left_out
    at = STEPS[-1] if step is None else step
    for row in table.rows:
        cells = dict(zip(table.header[1:], map(float, row[1:]), strict=True))
        logged = losses(row[0], at)
        assert cells["loss_web"] == pytest.approx(logged["eval/web_loss"], rel=1e-6)
        assert cells["loss_code"] == pytest.approx(logged["eval/code_loss"], rel=1e-6)
        assert cells["tokens"] == at * TOKENS_A_STEP
        if key:
            assert (cells["w_web"], cells["w_code"]) == WEIGHTS[row[0]]
            assert cells["params"] == PARAMS


@pytest.mark.parametrize("name", LOGS)
def test_every_step_of_a_curve_is_the_one_that_was_logged(samples: Path, name: str) -> None:
    """Kills a curve of last values, steps that are mixed up, and tokens of another step."""
    place, pattern, key, _ = LOGS[name]
    runs, _ = read_runs([samples / place], at=EVERY)
    trained = None if key else {run: "web+code" for run in WEIGHTS}
    table, _ = table_of_curves(runs, LogReading((pattern,), key), name, trained)
    assert table.header[:5] == ("run", "languages", "tokens", "language", "loss")
    steps: dict[str, set[int]] = {}
    for run, languages, tokens, language, loss, *size in table.rows:
        step = round(float(tokens) / TOKENS_A_STEP)
        steps.setdefault(run, set()).add(step)
        assert float(tokens) == pytest.approx(step * TOKENS_A_STEP)
        assert float(loss) == pytest.approx(losses(run, step)[f"eval/{language}_loss"], rel=1e-6)
        if key:
            weights = dict(part.split(":") for part in languages.split("+"))
            assert float(weights.get("web", 0)) == WEIGHTS[run][0]
            assert float(size[0]) == PARAMS
    assert steps["mix-a"] == set(STEPS)


def test_a_failed_run_is_kept_when_asked(samples: Path) -> None:
    runs, _ = read_runs([samples / "wandb"])
    assert {run.name: run.state for run in runs}["mix-c"] == "failed"
    how = LogReading(("eval/*_loss",), "data.weights")
    table, notes = table_of_runs(runs, how, "logs")
    assert "run mix-c (step 100): failed; left out" in notes
    kept = LogReading(("eval/*_loss",), "data.weights", keep_unfinished=True)
    table, notes = table_of_runs(runs, kept, "logs")
    assert len(table.rows) == 3
    assert "run mix-c (step 100): failed; kept, as asked" in notes


def test_hyperparameters_below_a_run_are_its_own(samples: Path) -> None:
    """PyTorch writes them into a folder below: no run of its own, and no second mixture."""
    runs, _ = read_runs([samples / "tensorboard"])
    assert [run.name for run in runs] == list(WEIGHTS)
    assert "hparams/hparam/done" in runs[0].last
    single, _ = read_runs([samples / "tensorboard" / "mix-b"])
    assert [(run.name, run.config["params"]) for run in single] == [("mix-b", PARAMS)]


def test_several_folders_and_files_are_named(samples: Path) -> None:
    """As a shell expands ``logs/*``: the folder names the run."""
    folders = sorted((samples / "trainer").iterdir())
    runs, _ = read_runs(folders)
    assert [run.name for run in runs] == list(WEIGHTS)
    for files in (
        sorted((samples / "wandb").rglob("*.wandb")),
        sorted((samples / "tensorboard").glob("*/events*")),
        sorted((samples / "trainer").rglob("checkpoint-*/trainer_state.json")),
    ):
        assert {run.name for run in read_runs(files)[0]} == set(WEIGHTS)


def test_a_model_that_mlflow_logged_is_no_run(samples: Path, tmp_path: Path) -> None:
    shutil.copytree(samples / "mlruns", tmp_path / "mlruns")
    model = tmp_path / "mlruns" / "1" / "models" / "m-1"
    (model / "metrics").mkdir(parents=True)
    (model / "metrics" / "eval_loss").write_text("1 2.5 3\n", encoding="utf-8")
    (model / "meta.yaml").write_text("model_id: m-1\nname: x\n", encoding="utf-8")
    assert {run.name for run in read_runs([tmp_path])[0]} == set(WEIGHTS)


def test_kinds_are_never_mixed(samples: Path) -> None:
    with pytest.raises(ProblemError, match=r"logs of several kinds, .*3 of W&B offline runs"):
        read_runs([samples])
    runs, _ = read_runs([samples], "trackio")
    assert {run.name for run in runs} == set(WEIGHTS)
    with pytest.raises(ProblemError, match="no kind of log 'wanbd': did you mean wandb"):
        read_runs([samples], "wanbd")
    with pytest.raises(DataError, match=r"no log of a run in it.*there are Trackio"):
        read_runs([samples / "trackio"], "wandb")


def test_runs_of_one_name_get_their_ids(samples: Path, tmp_path: Path) -> None:
    """Another seed is another run; a copy of a database is not, and is counted once later."""
    for seed in ("a", "b"):
        shutil.copytree(samples / "trackio", tmp_path / seed)
    runs, _ = read_runs([tmp_path])
    assert sorted({run.name for run in runs}) == list(WEIGHTS)
    with sqlite3.connect(tmp_path / "b" / "swarm.db") as database:
        database.execute("UPDATE metrics SET run_id = 'seed-' || run_id")
    database.close()
    runs, _ = read_runs([tmp_path])
    assert len({run.name for run in runs}) == 6
    assert {run.base for run in runs} == set(WEIGHTS)


@pytest.mark.parametrize("name", ["wandb", "tensorboard", "mlflow", "trackio", "trainer"])
def test_a_file_cut_anywhere_is_read_until_there(samples: Path, tmp_path: Path, name: str) -> None:
    """Whatever is left, it is a sentence or numbers that were logged, never an invented one."""
    place = samples / LOGS[name][0]
    whole = next(
        path
        for path in (sorted(place.rglob("*")) if place.is_dir() else [place])
        if path.is_file() and is_log(path)
    )
    known = {value for run in WEIGHTS for step in STEPS for value in losses(run, step).values()}
    content = whole.read_bytes()
    ends = range(0, len(content), max(len(content) // 60, 1))
    seen = 0
    for end in ends:
        target = tmp_path / str(end) / whole.name
        target.parent.mkdir()
        target.write_bytes(content[:end])
        try:
            runs, faults = read_runs([target.parent])
        except AtlasMixError:
            continue
        for run in runs:
            values = [value for metric, (_, value) in run.last.items() if "/" in metric]
            assert all(any(abs(value - each) < 1e-6 for each in known) for value in values)
            seen += len(values)
        assert all("left out" in fault or "its log is" in fault for fault in faults)
    assert seen > 0 or name in ("mlflow", "trainer")


@pytest.mark.parametrize("name", ["wandb", "tensorboard"])
def test_a_broken_byte_costs_one_record(samples: Path, tmp_path: Path, name: str) -> None:
    """Checksums: kills a reader that takes a changed digit for a loss."""
    whole = next(path for path in sorted((samples / name).rglob("*")) if is_log_file(path))
    content = whole.read_bytes()
    known = {value for run in WEIGHTS for step in STEPS for value in losses(run, step).values()}
    for at in range(8, len(content), 7):
        target = tmp_path / str(at) / whole.name
        target.parent.mkdir()
        target.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        try:
            runs, faults = read_runs([target.parent])
        except AtlasMixError:
            continue
        for run in runs:
            assert all(
                any(abs(value - each) < 1e-6 for each in known)
                for metric, (_, value) in run.last.items()
                if metric.startswith(("eval/", "train/"))
            )
        assert faults or all(len(run.last) == 4 for run in runs)


def is_log_file(path: Path) -> bool:
    return path.is_file() and is_log(path) and path.parent.name != "hparams"
