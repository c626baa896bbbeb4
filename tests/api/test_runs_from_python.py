"""First runs and logs from Python: the same numbers as on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import atlasmix as am
from atlasmix.cli.main import run


def test_design_is_that_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    frame = am.design(["web", "code", "books"], 6, max={"web": 0.5}, seed=3)
    words = ["--sources", "web,code,books", "--runs", "6", "--max", "web=50%", "--seed", "3"]
    assert run(["design", *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    for row, (name, shares) in zip(told, frame.iterrows(), strict=True):
        assert row["run"] == name
        assert list(row["shares"].values()) == shares.tolist()


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(am.ProblemError, match="no source 'wbe': did you mean web"):
        am.design(["web", "code"], 4, min={"wbe": 0.1})
    with pytest.raises(am.ProblemError, match="a weight below 0"):
        am.design({"web": -1, "code": 2}, 4)
    with pytest.raises(am.Infeasible, match="the most shares sum to"):
        am.design(["web", "code"], 4, max={"web": 0.1, "code": 0.2})


def test_logs_of_designed_runs_are_learned_from(tmp_path: Path) -> None:
    """The way round: design, train (here: a formula), log, read, learn; joined by name."""
    mixtures = am.design({"web": 2, "code": 1}, 12)
    for name, shares in mixtures.iterrows():
        losses = {
            "eval_web_loss": 2 + 0.3 / (0.05 + shares["w_web"]) ** 0.3,
            "eval_code_loss": 1 + 0.3 / (0.05 + shares["w_code"]) ** 0.3,
        }
        early = {"step": 5, **{key: value + 1 for key, value in losses.items()}}
        state = {"global_step": 9, "max_steps": 9}
        state["log_history"] = [early, {"step": 9, **losses}]  # type: ignore[assignment]
        target = tmp_path / str(name) / "trainer_state.json"
        target.parent.mkdir()
        target.write_text(json.dumps(state), encoding="utf-8")
    frame = am.read_runs(tmp_path, metric="eval_*_loss")
    assert list(frame.columns) == ["run", "loss_web", "loss_code"]
    assert frame.attrs["notes"] == []
    law = am.learn(frame, mixtures.reset_index(), compare=())
    predicted = law.predict(mixtures.reset_index())
    measured = frame.set_index("run").loc[mixtures.index]
    assert np.abs(predicted["loss_web"].to_numpy() - measured["loss_web"].to_numpy()).max() < 0.05
    early_frame = am.read_runs(tmp_path, metric=["eval_w*_loss"], step=5)
    pd.testing.assert_series_equal(early_frame["loss_eb"], frame["loss_web"] + 1, check_names=False)
