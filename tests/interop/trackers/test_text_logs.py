"""What trainers print and export, and the table that is made of any log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.trackers.run_folder import read_runs
from atlasmix.interop.trackers.run_inputs import read_inputs
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.interop.trackers.run_table import LogReading, table_of_runs


def megatron_log(web: float, steps: int = 200, planned: int = 200) -> str:
    """Standard output as training.py of Megatron-LM prints it."""
    lines = [
        "------------------------ arguments ------------------------",
        f"  data_path ....................................... ['{web}', '/d/web_text_document', "
        f"'{1 - web:.2f}', '/d/code_text_document']",
        "  seq_length ...................................... 2048",
        "  encoder_seq_length .............................. 4096",
        " > number of parameters on (tensor, pipeline) model parallel rank (0, 0): 700",
        " > number of parameters on (tensor, pipeline) model parallel rank (1, 0): 300",
    ]
    for step in range(100, steps + 1, 100):
        lines += [
            f" [2026-01-01 00:00:00] iteration {step:8d}/{planned:8d} | consumed samples: "
            f"{step * 8:12d} | elapsed time per iteration (ms): 10.0 | learning rate: 1.0E-04 | "
            f"lm loss: {4.0 - web:.6E} | loss scale: 1.0 | number of nan iterations:   0 |",
            "-" * 80,
            f" validation-0 loss at iteration {step} | lm loss value: {3.0 - web / step:.6E} | "
            f"lm loss PPL: {20.0:.6E} | ",
            f" validation-1 loss at iteration {step} | lm loss value: {2.0 + web / step:.6E} | "
            f"lm loss PPL: {7.0:.6E} | ",
        ]
    return "\n".join(lines)


def test_megatrons_output_holds_all_that_learn_needs(tmp_path: Path) -> None:
    """Losses by set, tokens from samples, parameters of all ranks, and the blend by its names."""
    for name, web in (("a", 0.25), ("b", 0.5)):
        (tmp_path / f"{name}.log").write_text(megatron_log(web), encoding="utf-8")
    runs, _ = read_runs([tmp_path])
    table, notes = table_of_runs(runs, LogReading(("lm loss validation-*",)), "logs")
    assert table.header == ("run", "params", "tokens", "w_web", "w_code", "loss_0", "loss_1")
    assert table.rows[0] == ("a", "1000.0", "3276800.0", "0.25", "0.75", "2.99875", "2.00125")
    assert "mixtures are those of the runs' configs, at blend" in notes
    early, _ = read_runs([tmp_path], at=100)
    table, _ = table_of_runs(early, LogReading(("lm loss validation-*",), step=100), "logs")
    assert table.rows[0][2:] == ("1638400.0", "0.25", "0.75", "2.9975", "2.0025")


@pytest.mark.parametrize(
    ("line", "metric", "step"),
    [
        (" validation loss at iteration 7 | lm loss value: 2.5E+00 | lm loss PPL: 1.2E+01 | ",
         "lm loss validation", 7),
        (" validation loss at iteration 7 on test set | lm loss value: 2.5E+00 | ",
         "lm loss test", 7),
        (" validation loss at the end of training for val data | lm loss value: 2.5E+00 | ",
         "lm loss validation", 9),
        ("3: validation loss at iteration 7 [greek] | lm loss value: 2.5E+00 |",
         "lm loss validation greek", 7),
    ],
)  # fmt: skip
def test_every_wording_of_megatrons_losses(
    tmp_path: Path, line: str, metric: str, step: int
) -> None:
    log = " iteration        9/      10 | consumed samples:           72 | lm loss: 3.0E+00 |\n"
    (tmp_path / "a.out").write_text(log + line, encoding="utf-8")
    (run,), _ = read_runs([tmp_path])
    assert run.last[metric] == (step, 2.5)
    assert run.state == "running"


def test_a_restart_goes_on_in_another_file(tmp_path: Path) -> None:
    """Steps that a restart repeats: the later file counts, and the run is one."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.out").write_text(megatron_log(0.25, 100), encoding="utf-8")
    (tmp_path / "a" / "2.out").write_text(megatron_log(0.5, 200), encoding="utf-8")
    (run,), _ = read_runs([tmp_path])
    assert (run.name, run.state, run.last_step) == ("a", "finished", 200)


def test_olmo_cores_console_and_files(tmp_path: Path) -> None:
    text = (
        "2026-01-01 host INFO [step=100/200,epoch=1,eta=1 minute]\n    train/CE loss=3.250\n"
        "    throughput/total tokens=1.5B\n"
        "2026-01-01 host INFO Finished lm evals in 3.1 seconds. Metrics:\n"
        "    web/CE loss=2.750\n    web/PPL=15.64\n"
        "2026-01-01 host INFO [step=200/200,epoch=1]\nTraining complete\n"
    )
    (tmp_path / "a.log").write_text(text, encoding="utf-8")
    (run,), _ = read_runs([tmp_path])
    assert run.state == "finished"
    assert run.last["eval/lm/web/CE loss"] == (100, 2.75)
    assert run.last["throughput/total tokens"] == (100, 1.5e9)
    folder = tmp_path / "runs" / "b"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text('{"eval/lm/web/CE loss": 2.5}', encoding="utf-8")
    (folder / "metrics_step100.json").write_text('{"eval/lm/web/CE loss": 3.5}', encoding="utf-8")
    (folder / "config.json").write_text('{"data": {"mix": {"web": 1}}}', encoding="utf-8")
    (run,), _ = read_runs([tmp_path / "runs"])
    assert (run.name, run.value("eval/lm/web/CE loss")) == ("b", 2.5)
    assert run.config == {"data.mix.web": 1}
    (run,), _ = read_runs([tmp_path / "runs"], at=100)
    assert run.value("eval/lm/web/CE loss") == 3.5


def test_the_two_tables_that_wandb_exports(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(
        '"Name","State","data.weights.web","data.weights.code","eval/web_loss","eval/code_loss"\n'
        '"a","finished","0.25","0.75","2.5","NaN"\n"b","crashed","0.5","0.5","2.25","3"\n',
        encoding="utf-8",
    )
    runs, _ = read_runs([tmp_path / "runs.csv"])
    how = LogReading(("eval/*_loss",), "data.weights")
    table, notes = table_of_runs(runs, how, "logs")
    assert table.rows == (("a", "0.25", "0.75", "2.5", "nan"),)
    assert "run b (step 0): failed; left out" in notes
    with pytest.raises(DataError, match="no run of W&B exports can be read") as refused:
        read_runs([tmp_path / "runs.csv"], at=5)
    assert "export the chart for another step" in str(refused.value)
    (tmp_path / "chart.csv").write_text(
        '"Step","a - eval/web_loss","a - eval/web_loss__MIN","a - eval/web_loss__MAX",'
        '"b - eval/web_loss","b - eval/web_loss__MIN","b - eval/web_loss__MAX"\n'
        '"50","3","3","3","4","4","4"\n"100","2","2","2","","",""\n',
        encoding="utf-8",
    )
    runs, _ = read_runs([tmp_path / "chart.csv"])
    assert {run.name: run.last for run in runs} == {
        "a": {"eval/web_loss": (100, 2.0)},
        "b": {"eval/web_loss": (50, 4.0)},
    }


def run_of(name: str, step: float = 100.0, **values: float) -> RunRecord:
    run = RunRecord(name, name)
    for metric, value in values.items():
        run.log(metric.replace("__", "/"), step, value)
    return run


def test_the_refusal_lists_the_metrics_that_are_there() -> None:
    runs = [run_of("a", lr=0.1, grad_norm=2.0, eval__web_loss=2.0)]
    with pytest.raises(ProblemError, match=r"the logs hold eval/web_loss, lr, grad_norm; name"):
        table_of_runs(runs, LogReading(), "logs")
    with pytest.raises(ProblemError, match="no metric fits 'evl/"):
        table_of_runs(runs, LogReading(("evl/*",)), "logs")


@pytest.mark.parametrize("metric", ["eval/web_ppl", "eval/web/PPL", "eval/hellaswag accuracy"])
def test_what_is_no_loss_is_refused(metric: str) -> None:
    run = RunRecord("a", "a")
    run.log(metric, 1, 0.5)
    with pytest.raises(ProblemError, match="is no loss: expected losses or bits per byte"):
        table_of_runs([run], LogReading(("eval/*",)), "logs")


def test_two_metrics_of_one_set_are_refused_and_stars_name_it() -> None:
    runs = [run_of("a", eval__web__loss=2.0, test__web__loss=2.0)]
    with pytest.raises(ProblemError, match="would all be the set web: narrow the pattern"):
        table_of_runs(runs, LogReading(("eval/*/loss", "test/*/loss")), "logs")
    table, _ = table_of_runs(runs, LogReading(("*/*/loss",)), "logs", beside=True)
    assert table.header == ("run", "loss_eval/web", "loss_test/web")
    bits = [run_of("a", eval__web_bpb=0.7)]
    table, _ = table_of_runs(bits, LogReading(("eval/*_bpb",)), "logs", beside=True)
    assert table.header == ("run", "bpb_web")


def test_a_run_that_stopped_early_is_told_from_its_neighbours() -> None:
    """Where no log says how it ended; and the middle one, not the longest, is the measure."""
    steps = {"a": 100, "b": 100, "c": 60, "d": 1000}
    runs = [run_of(name, step, loss=2.0) for name, step in steps.items()]
    table, notes = table_of_runs(runs, LogReading(("loss",)), "logs", beside=True)
    assert [row[0] for row in table.rows] == ["a", "b", "d"]
    assert notes[0] == "run c (step 60): stopped before the others (100 steps); left out"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mix", "{'web': 0.25, 'code': 0.75}"),
        ("mix", '{"web": 1, "code": 3}'),
        ("mix", ["1", "/data/web_text_document", "3", "/data/code_text_document"]),
        ("mix", "1 /data/web 3 /data/code"),
    ],
)
def test_a_mixture_in_one_value_of_the_config(key: str, value: object) -> None:
    run = run_of("a", loss=2.0)
    run.set(key, value)
    table, _ = table_of_runs([run], LogReading(("loss",), key), "logs")
    shares = [float(cell) for cell in table.rows[0][1:3]]
    assert table.header[1:3] == ("w_web", "w_code")
    assert shares[0] / sum(shares) == pytest.approx(0.25)


def test_a_key_that_is_not_there_names_those_that_are() -> None:
    run = run_of("a", loss=2.0)
    run.set("data.weights.web", 1.0)
    with pytest.raises(ProblemError, match="where is the mixture of each run") as refused:
        table_of_runs([run], LogReading(("loss",)), "logs")
    assert "data.weights.web" in str(refused.value)
    with pytest.raises(ProblemError, match="1 of 1 runs have no weights at 'weights'"):
        table_of_runs([run], LogReading(("loss",), "weights"), "logs")
    how = LogReading(("loss",), "data.weights", params="n")
    with pytest.raises(ProblemError, match="no number above 0 at 'n'"):
        table_of_runs([run], how, "logs")


def test_blends_beside_logs_and_beside_a_table(tmp_path: Path) -> None:
    """A file a run, called as the run: with logs, or with one table of metrics."""
    blends = tmp_path / "blends"
    blends.mkdir()
    logs = tmp_path / "logs"
    for name, web in (("a", 1), ("b", 4)):
        text = f"{web} /d/web_text_document\n4 /d/code_text_document\n"
        (blends / f"{name}.txt").write_text(text, encoding="utf-8")
        (logs / name).mkdir(parents=True)
        state = {"global_step": 9, "max_steps": 9, "log_history": [{"step": 9, "eval_loss": 2.5}]}
        (logs / name / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    inputs = read_inputs([str(logs)], LogReading(("eval_loss",), blends=blends))
    assert inputs.logged is not None
    assert inputs.logged.rows[0] == ("a", "0.2", "0.8", "2.5")
    (tmp_path / "metrics.csv").write_text("name,loss_x\nb,2.5\na,2.6\n", encoding="utf-8")
    inputs = read_inputs([str(tmp_path / "metrics.csv")], LogReading(blends=blends))
    assert inputs.files[1].rows.header == ("name", "w_web", "w_code")
    (blends / "b.txt").unlink()
    with pytest.raises(DataError, match="no file for run b: expected one called as the run"):
        read_inputs([str(logs)], LogReading(("eval_loss",), blends=blends))


def test_words_on_logs_where_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("run,w_a,w_b,loss_x\n1,0.5,0.5,2\n", encoding="utf-8")
    with pytest.raises(ProblemError, match="tables of runs alone") as refused:
        read_inputs([str(tmp_path / "runs.csv")], LogReading(("eval/*",)))
    assert refused.value.field == "metric"
