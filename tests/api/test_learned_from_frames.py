"""``learn`` from a notebook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

import atlasmix
from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.mixture_file import load_mixture
from atlasmix.fitting.law_file import load_learned_law

RUNS = made_runs_of(made_law(1), 36, noise=0.02)
FRAME = pd.DataFrame(
    {f"w_{name}": RUNS.weights[:, place] for place, name in enumerate(SOURCES)}
    | {f"loss_{name}": RUNS.loss[:, place] for place, name in enumerate(SETS)},
    index=pd.Index([f"r{place}" for place in range(36)], name="run"),
)
LAW = atlasmix.learn(FRAME)


def test_predictions_keep_the_frame_and_are_those_of_the_saved_law(tmp_path: Path) -> None:
    told = LAW.predict(FRAME, intervals=True)
    assert list(told.index) == list(FRAME.index)
    assert (
        np.abs(told[[f"loss_{name}" for name in SETS]] - FRAME[[f"loss_{name}" for name in SETS]])
        .to_numpy()
        .mean()
        < 0.03
    )
    assert (told["low_web"] < told["loss_web"]).all()
    LAW.save(tmp_path / "law.yaml")
    saved = load_learned_law(tmp_path / "law.yaml")
    # The frame's shares are divided by their sum, which is off 1 by the last digit.
    assert saved.law.predict(RUNS.mixtures) == pytest.approx(
        told[[f"loss_{name}" for name in SETS]].to_numpy(), rel=1e-12
    )


def test_the_best_mixture(tmp_path: Path) -> None:
    best = LAW.best({"web": 1, "math": 2}, min={"chat": 0.05}, draws=6)
    assert sum(best.shares.values()) == pytest.approx(1)
    assert best.shares["chat"] >= 0.05 - 1e-9
    assert best.gap < 1e-6
    assert best.loss == pytest.approx((best.losses["web"] + 2 * best.losses["math"]) / 3)
    assert list(best.to_frame().columns) == ["share", "as_good_low", "as_good_high", "low", "high"]
    assert "LearnedMixture: loss" in repr(best)
    best.save(tmp_path / "mix.yaml")
    assert load_mixture(tmp_path / "mix.yaml").name == "mix"
    with pytest.raises(Infeasible):
        LAW.best(min={"web": 0.7, "code": 0.7})


def test_what_is_shown() -> None:
    assert "LearnedLaw mixing: 5 losses, 6 sources, 36 runs" in repr(LAW)
    assert set(LAW.to_frame().index) == {"mixing", "linear", "exponential", "additive"}
    assert "Laws on runs that they never saw" in LAW.report()
    assert len(LAW.plot().data) == len(SETS) + 1
    with pytest.raises(ProblemError, match="no frame of runs"):
        atlasmix.learn()


def test_frames_joined_by_the_id() -> None:
    whole = FRAME.reset_index()
    weights = whole[["run", *(name for name in whole if name.startswith("w_"))]]
    losses = whole[["run", *(name for name in whole if name.startswith("loss_"))]][::-1]
    again = atlasmix.learn(weights, losses, compare=())
    alone = atlasmix.learn(FRAME, compare=())
    pd.testing.assert_frame_equal(again.predict(FRAME), alone.predict(FRAME))
