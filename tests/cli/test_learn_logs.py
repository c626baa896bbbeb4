"""``learn`` and ``verify-run`` from the logs of trainers, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from command_line import Run, assert_refused
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

from atlasmix.io.tables import read_rows, to_csv

RUNS = made_runs_of(made_law(1), 30, noise=0.02)
QUICK = ("--compare", "none", "--draws", "0", "--no-mixture")
METRIC = ("--metric", "eval_*_loss")


def trainer_logs(folder: Path, late: int = 0) -> None:
    """A folder a run; the last ``late`` runs stop at half of their steps."""
    for place, name in enumerate(RUNS.mixtures.names):
        step = 50 if place >= RUNS.count - late else 100
        losses = dict(zip(SETS, RUNS.loss[place].tolist(), strict=True))
        entry = {f"eval_{key}_loss": value for key, value in losses.items()}
        state = {
            "global_step": step,
            "max_steps": 100,
            "log_history": [{"loss": 4.0, "step": step}, {**entry, "step": step}],
        }
        target = folder / f"run-{name}" / f"checkpoint-{step}" / "trainer_state.json"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(state), encoding="utf-8")


def weights_table(path: Path) -> str:
    header = ("run", *(f"w_{name}" for name in SOURCES))
    rows = tuple(
        (f"run-{name}", *map(repr, RUNS.weights[place].tolist()))
        for place, name in reversed(list(enumerate(RUNS.mixtures.names)))
    )
    path.write_bytes(to_csv(header, rows))
    return path.name


def test_logs_and_a_table_of_mixtures_learn_what_one_table_learns(
    atlasmix: Run, tmp_path: Path
) -> None:
    """Oracle: the same runs as one plain table give the same predictions to the last digit."""
    trainer_logs(tmp_path / "logs")
    weights = weights_table(tmp_path / "weights.csv")
    words = (*QUICK, "--predict", weights)
    done = atlasmix("learn", "logs", weights, *METRIC, *words, "--write-runs", "runs.csv")
    assert done.status == 0, done.err
    plain = tuple(
        (f"run-{name}", *map(repr, RUNS.weights[place].tolist()), *map(repr, RUNS.loss[place]))
        for place, name in enumerate(RUNS.mixtures.names)
    )
    header = ("run", *(f"w_{name}" for name in SOURCES), *(f"loss_{name}" for name in SETS))
    rows = tuple(
        tuple(str(cell).replace("np.float64(", "").rstrip(")") for cell in row) for row in plain
    )
    (tmp_path / "plain.csv").write_bytes(to_csv(header, rows))
    again = atlasmix("learn", "plain.csv", *words)
    assert_same(done.out, again.out)
    written = read_rows((tmp_path / "runs.csv").read_bytes(), "runs")
    assert written.header[0] == "run"
    back = atlasmix("learn", "runs.csv", weights, *words)
    assert_same(done.out, back.out)


def assert_same(left: str, right: str) -> None:
    tables = [read_rows(text.encode(), "predictions") for text in (left, right)]
    columns = [
        sorted(range(1, len(table.header)), key=table.header.__getitem__) for table in tables
    ]
    cells = [
        np.array([[float(row[at]) for at in order] for row in table.rows])
        for table, order in zip(tables, columns, strict=True)
    ]
    np.testing.assert_allclose(cells[0], cells[1], rtol=1e-9)


def test_runs_that_stopped_are_said_and_left_out(atlasmix: Run, tmp_path: Path) -> None:
    trainer_logs(tmp_path / "logs", late=2)
    weights = weights_table(tmp_path / "weights.csv")
    done = atlasmix("learn", "logs", weights, *METRIC, *QUICK)
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "did not reach its end; left out" in said
    assert "from 28 runs" in said
    kept = atlasmix("learn", "logs", weights, *METRIC, *QUICK, "--keep-unfinished")
    assert "from 30 runs" in " ".join(kept.out.split())


def test_slips_are_one_sentence(atlasmix: Run, tmp_path: Path) -> None:
    trainer_logs(tmp_path / "logs")
    assert_refused(
        atlasmix("learn", "logs"),
        "which metrics are losses of evaluation sets? the logs hold eval_",
    )
    assert_refused(atlasmix("learn", "logs", *METRIC), "where is the mixture of each run?")
    weights = weights_table(tmp_path / "weights.csv")
    for words, said in (
        (("--step", "70"), "no run has a loss at step 70: their last evaluations are at steps 100"),
        (("--step", "x"), "--step is 'x': expected a whole number"),
        (("--weights-key", "w"), "have no weights at 'w' in their config"),
        (("--logs", "mlflow"), "no log of a run in it"),
        (("--write-runs", "none/x.csv"), "no folder none: make it"),
    ):
        assert_refused(atlasmix("learn", "logs", weights, *METRIC, *QUICK, *words), said)
    assert_refused(atlasmix("learn", weights, *METRIC), "there are tables of runs alone")
    (tmp_path / "empty").mkdir()
    assert_refused(atlasmix("learn", "empty", *METRIC), "empty: no log of a run in it")


def test_verify_run_reads_the_log_of_a_tracker(atlasmix: Run, tmp_path: Path) -> None:
    """The same totals as JSON lines and as a Trainer's state give one verdict."""
    solved = atlasmix("solve", "--target", "cat", "--budget", "100B", "--output", "recipe.yaml")
    assert solved.status == 0, solved.err
    totals = {"tokens/cat__human__hplt_v4": 8.5e9, "tokens/spa__human__hplt_v4": 1.5e9}
    (tmp_path / "log.jsonl").write_text(json.dumps({"step": 9, **totals}), encoding="utf-8")
    state = {"global_step": 9, "max_steps": 9, "log_history": [{"step": 9, **totals}]}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    lines = atlasmix("verify-run", "recipe.yaml", "--log", "log.jsonl", "--json")
    tracked = atlasmix("verify-run", "recipe.yaml", "--log", "trainer_state.json", "--json")
    assert lines.out, lines.err
    assert tracked.out, tracked.err
    assert json.loads(tracked.out)["as_planned"]
    assert json.loads(tracked.out)["as_planned"] == json.loads(lines.out)["as_planned"]
    assert tracked.out.replace("trainer_state.json", "log.jsonl") == lines.out
