"""Trackers' and trainers' own packages: what they write is read, to the number they read back."""

from __future__ import annotations

import io
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import tracker_runs
from tracker_runs import STEPS, TOKENS_A_STEP, WEIGHTS, losses

from atlasmix.interop.trackers.records import Damage, leveldb_records
from atlasmix.interop.trackers.run_folder import read_runs
from atlasmix.interop.trackers.run_record import RunRecord


def last_values(runs: list[RunRecord]) -> dict[str, dict[str, tuple[float, float]]]:
    return {
        run.name: {key: value for key, value in run.last.items() if key.startswith("eval/")}
        for run in runs
    }


def logged() -> dict[str, dict[str, tuple[float, float]]]:
    return {
        run: {
            key: (STEPS[-1], value)
            for key, value in losses(run, STEPS[-1]).items()
            if key.startswith("eval/")
        }
        for run in WEIGHTS
    }


def test_wandb(tmp_path: Path) -> None:
    """Against W&B's own classes of its protobuf records."""
    from wandb.proto.wandb_internal_pb2 import Record

    tracker_runs.write_wandb(tmp_path)
    runs, faults = read_runs([tmp_path])
    assert faults == []
    assert last_values(runs) == logged()
    assert {run.name: run.state for run in runs} == {
        "mix-a": "finished", "mix-b": "finished", "mix-c": "failed"
    }  # fmt: skip
    assert {run.name: tuple(run.config[f"data.weights.{key}"] for key in ("web", "code"))
            for run in runs} == WEIGHTS  # fmt: skip
    for path in tmp_path.glob("wandb/offline-run-*/*.wandb"):
        content = path.read_bytes()
        theirs: dict[str, float] = {}
        for record in leveldb_records(io.BytesIO(content[7:]), 7, Damage()):
            for item in Record.FromString(record).history.item:
                theirs[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
        ours = next(run for run in runs if run.place == str(path))
        assert {key: value for key, (_, value) in ours.last.items()} == {
            key: value for key, value in theirs.items() if key[:1] != "_"
        }


def test_tensorboard(tmp_path: Path) -> None:
    """Against TensorBoard's accumulator, for PyTorch's scalars."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracker_runs.write_tensorboard(tmp_path)
    runs, faults = read_runs([tmp_path])
    assert faults == []
    assert [run.name for run in runs] == list(WEIGHTS)
    for run in runs:
        theirs = EventAccumulator(str(tmp_path / run.name))
        theirs.Reload()
        for tag in theirs.Tags()["scalars"]:
            event = theirs.Scalars(tag)[-1]
            assert run.last[tag] == (event.step, event.value)
        assert run.config["data.weights.web"] == WEIGHTS[run.name][0]


def test_tensors_of_tensorflow(tmp_path: Path) -> None:
    """TensorFlow 2 writes a scalar as a tensor; its messages come from TensorBoard's package."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from tensorboard.util.tensor_util import make_tensor_proto

    writer = EventFileWriter(str(tmp_path / "a"))
    tensor = make_tensor_proto(2.5)
    summary = Summary(value=[Summary.Value(tag="eval/x", tensor=tensor)])
    writer.add_event(Event(step=7, summary=summary))
    writer.close()
    (run,), _ = read_runs([tmp_path])
    assert run.last == {"eval/x": (7, 2.5)}


@pytest.mark.parametrize("store", ["mlruns", "mlflow.db"])
def test_mlflow(tmp_path: Path, store: str) -> None:
    """Against MLflow's client, for the file store and the database; a loss that is infinite too."""
    import mlflow

    place = tmp_path / store
    uri = f"file://{place}" if store == "mlruns" else f"sqlite:///{place}"
    tracker_runs.write_mlflow(uri)
    mlflow.start_run(run_name="bad")
    mlflow.log_metric("eval/web_loss", float("nan"), step=1)
    mlflow.log_metric("eval/code_loss", float("inf"), step=1)
    mlflow.end_run()
    runs, faults = read_runs([place])
    assert faults == []
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("swarm")
    theirs = {run.info.run_id: run for run in client.search_runs([experiment.experiment_id])}
    assert {run.ident for run in runs} == set(theirs)
    for run in runs:
        their = theirs[run.ident]
        assert run.name == their.info.run_name
        assert (run.state == "finished") == (their.info.status == "FINISHED")
        assert run.config == their.data.params
        if run.name == "bad":
            assert run.last["eval/web_loss"][1] != run.last["eval/web_loss"][1]
            assert run.last["eval/code_loss"][1] == float("inf")
        else:
            assert {key: value for key, (_, value) in run.last.items()} == their.data.metrics


def test_trackio(tmp_path: Path) -> None:
    """Against Trackio's own reader of its database."""
    os.environ["TRACKIO_DIR"] = str(tmp_path)
    tracker_runs.write_trackio(tmp_path)
    from trackio.sqlite_storage import SQLiteStorage

    (database,) = tmp_path.glob("*.db")
    runs, faults = read_runs([database])
    assert faults == []
    assert last_values(runs) == logged()
    for run in runs:
        theirs = SQLiteStorage.get_logs("swarm", run.name)
        assert theirs[-1]["eval/web_loss"] == run.last["eval/web_loss"][1]
        assert run.config["data.weights.web"] == WEIGHTS[run.name][0]


def test_trainer(tmp_path: Path) -> None:
    """Against the state that Transformers loads."""
    from transformers.trainer_callback import TrainerState

    tracker_runs.write_trainer_states(tmp_path)
    runs, faults = read_runs([tmp_path])
    assert faults == []
    for run in runs:
        theirs = TrainerState.load_from_json(run.place)
        assert run.last_step == theirs.global_step
        assert run.last["eval_web_loss"][1] == theirs.log_history[-1]["eval_web_loss"]
        assert run.last["num_input_tokens_seen"] == (STEPS[-1], STEPS[-1] * TOKENS_A_STEP)


class StandInTrainer:
    """What OLMo-core's callbacks ask of a trainer."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.max_steps, self.epoch, self.hard_stop = folder, 100, 1, None
        self.global_step = 0

        class Progress:
            time_remaining = None

        self.training_progress = Progress()

    def write_file(self, name: str, contents: str, dir: Any = None) -> Path:
        target = self.folder / name
        target.write_text(contents, encoding="utf-8")
        return target


def test_olmo_core(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its metric saver and its console, called as its trainer calls them."""
    from olmo_core.train.callbacks.console_logger import ConsoleLoggerCallback
    from olmo_core.train.callbacks.metric_saver import MetricSaverCallback

    for run in WEIGHTS:
        folder = tmp_path / "runs" / run
        folder.mkdir(parents=True)
        saver = MetricSaverCallback(save_interval=50)
        console = ConsoleLoggerCallback(metrics=["*"])
        caplog.clear()
        for callback in (saver, console):
            callback.trainer = StandInTrainer(folder)
        with caplog.at_level(logging.INFO):
            for step in STEPS:
                saver.log_metrics(step, losses(run, step))
                console.trainer.global_step = step
                console.log_metrics(step, losses(run, step))
            saver.close()
        (tmp_path / "console").mkdir(exist_ok=True)
        text = "\n".join(record.getMessage() for record in caplog.records)
        (tmp_path / "console" / f"{run}.log").write_text(text, encoding="utf-8")
    files, faults = read_runs([tmp_path / "runs"])
    assert faults == []
    assert {run.name: run.value("eval/web_loss") for run in files} == {
        run: losses(run, STEPS[-1])["eval/web_loss"] for run in WEIGHTS
    }
    printed, _ = read_runs([tmp_path / "console"])
    for run_ in printed:
        assert run_.last["eval/web_loss"][0] == STEPS[-1]
        assert run_.last["eval/web_loss"][1] == pytest.approx(
            losses(run_.name, STEPS[-1])["eval/web_loss"], rel=1e-3
        )
