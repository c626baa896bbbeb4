"""Many answers in one frame, and a law from a frame of runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import atlasmix as am

TRUTH = {"E": 1.8, "A": 480.0, "alpha": 0.35, "B": 2100.0, "beta": 0.37}


def runs(noise: float = 0.0) -> pd.DataFrame:
    n, d = (each.ravel() for each in np.meshgrid([1e8, 3e8, 1e9, 4e9], [2e9, 8e9, 3e10, 1e11]))
    loss = TRUTH["E"] + TRUTH["A"] / n ** TRUTH["alpha"] + TRUTH["B"] / d ** TRUTH["beta"]
    loss = loss * np.exp(noise * np.random.default_rng(0).normal(size=loss.size))
    return pd.DataFrame({"params": n, "tokens": d, "loss": loss})


def test_a_sweep_is_the_problems_one_by_one() -> None:
    problem = am.Problem("cat")
    swept = am.sweep(problem, budget=["50B", "200B"], params=["1B", "4B"])
    frame = swept.to_frame()
    assert frame["budget"].tolist() == [50e9, 50e9, 200e9, 200e9]
    assert frame["params"].tolist() == [1e9, 4e9, 1e9, 4e9]
    alone = problem.with_(budget="200B", params="1B").solve()
    assert frame.loc[2, "loss cat"] == alone.targets[0].loss
    assert frame.loc[2, "share spa"] == alone.proportions["spa"]
    # More tokens and more parameters are never worse.
    small, wide, long, both = frame["objective"]
    assert both < wide < small
    assert both < long < small


def test_a_value_that_no_mixture_meets_is_a_row_with_its_reason() -> None:
    kept = [[am.Keep("spa", "60B")]]
    swept = am.sweep(am.Problem("cat", constraints=kept[0]), budget=["50B", "100B"])
    frame = swept.to_frame()
    assert "keep" in frame.loc[0, "refused"]
    assert np.isnan(frame.loc[0, "objective"])
    assert frame.loc[1, "refused"] == ""
    assert next(iter(swept)) is None
    # What has no answer is no point of any line.
    assert {x for trace in swept.plot().data for x in trace.x} == {100e9}


def test_a_figure_of_two_fields_has_a_curve_for_each_value_of_the_other() -> None:
    """It was refused after everything had been solved."""
    asked = {"budget": ["50B", "100B", "200B"], "params": ["1B", "4B"]}
    swept = am.sweep(am.Problem("cat", draws=0), **asked)
    curves = dict(swept.curves)
    assert list(curves) == ["params 1B", "params 4B"]
    frame = swept.to_frame()
    for words, params in (("params 1B", 1e9), ("params 4B", 4e9)):
        here = frame[frame["params"] == params]
        told = [(value, mixture.certificate.value) for value, mixture in curves[words].solved]
        assert told == list(zip(here["budget"], here["objective"], strict=True))
    figure = swept.plot()
    first, second = figure.layout.updatemenus[0].buttons
    assert (first.label, second.label) == tuple(curves)
    shown = [trace.visible is not False for trace in figure.data]
    assert shown == list(first.args[0]["visible"])
    assert list(second.args[0]["visible"]) == [not each for each in shown]


def test_a_figure_is_drawn_over_numbers_however_they_are_written() -> None:
    paired = am.sweep(
        am.Problem("cat", draws=0), paired=True, budget=["50B", "100B"], params=[1e9, 2e9]
    )
    ((words, curve),) = paired.curves
    assert (words, curve.axis) == ("", "budget")
    limited = am.sweep(am.Problem("cat", draws=0), **{"max:spa": ["10%", "20%"]})
    assert [value for value, _ in limited.curves[0][1].solved] == [0.1, 0.2]
    with pytest.raises(am.ProblemError, match="varies objective: a figure needs an axis of"):
        am.sweep(am.Problem("cat", draws=0), objective=["loss", "worst"]).plot()


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({}, "varies nothing"),
        ({"budget": "100B"}, "expected a list of values"),
        ({"budgt": [1]}, "no argument 'budgt'"),
        ({"budget": ["100B", "lots"]}, "budget is 'lots'"),
        ({"seed": []}, "expected a list of values"),
        ({"budget": ["100B"] * 101, "params": ["2B"] * 100}, "at most 10,000"),
    ],
)
def test_a_slip_is_told_before_anything_is_solved(axes, said) -> None:
    with pytest.raises(am.ProblemError, match=said):
        am.sweep(am.Problem("cat"), **axes)


def test_a_fit_recovers_the_law_that_made_the_runs() -> None:
    fitted = am.fit(runs(), bootstraps=0, check_held_out=False)
    for name, value in TRUTH.items():
        assert fitted.constants[name] == pytest.approx(value, rel=0.02)
    assert fitted.r_squared > 0.9999
    mixture = am.Problem("cat", law=fitted.law).solve()
    assert mixture.question.law.alpha == pytest.approx(TRUTH["alpha"], rel=0.02)


def test_intervals_hold_the_truth_and_the_card_is_the_law(tmp_path) -> None:
    fitted = am.fit(runs(0.003), bootstraps=40, name="mine")
    frame = fitted.to_frame()
    inside = [frame.loc[k, "low"] <= TRUTH[k] <= frame.loc[k, "high"] for k in ("alpha", "beta")]
    assert all(inside)
    fitted.save(tmp_path / "mine.yaml")
    assert am.load_law(str(tmp_path / "mine.yaml")).alpha == fitted.law.alpha
    assert "alpha" in fitted.report()
    assert len(repr(fitted).splitlines()) <= 10
    assert len(fitted.plot().data) > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"law": "kaplan"}, "expected one of chinchilla"),
        ({"target": ["cat", "spa"]}, "fits one"),
        ({"columns": {"loss": "val"}}, "val"),
        ({"where": ["loss=nothing"]}, "no row"),
    ],
)
def test_a_fit_that_cannot_be_is_a_sentence(options, said) -> None:
    with pytest.raises(am.AtlasMixError, match=said):
        am.fit(runs(), bootstraps=0, check_held_out=False, **options)


def test_no_frame_is_said() -> None:
    with pytest.raises(am.DataError, match="expected a pandas DataFrame"):
        am.fit([1, 2, 3])
