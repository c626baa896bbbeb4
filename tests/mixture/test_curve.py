"""A curve is the same question over other numbers: every point is that question's own answer."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import atlasmix as am
from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture import curve as curves
from atlasmix.mixture.curve import curve, curve_values, runs_out
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.blocks import Table
from atlasmix.report.curve import curve_blocks, runs_out_table, unspent_sentence
from atlasmix.report.figures.curve import curve_figure

STORE = Store("/nonexistent")


def asked(**words):
    return problem_from_mapping({"targets": "cat", **words}, STORE)


@pytest.fixture(scope="module")
def catalan():
    problem = asked(budget="250B")
    return problem, curve(problem)


@pytest.mark.parametrize("axis", ["budget", "params"])
def test_every_point_is_the_answer_to_its_question(axis):
    problem = asked(targets="cat,eng", budget="300B")
    found = curve(problem, axis)
    for value, mixture in found.solved[::4]:
        alone = solve(replace(problem, **{axis: value}))
        assert mixture.certificate.value == pytest.approx(alone.certificate.value, abs=1e-9)
        assert mixture.proportions == pytest.approx(alone.proportions, abs=1e-6)
    assert found.reference[0] == getattr(problem, axis)
    # Neither a larger limit nor a larger model is ever worse.
    values = [mixture.certificate.value for _, mixture in found.solved]
    assert all(after <= before + 1e-7 for before, after in itertools.pairwise(values))


def test_it_is_flat_where_nothing_changes_and_says_so(catalan):
    _, found = catalan
    idle = [mixture for _, mixture in found.solved if mixture.tokens < 0.99 * mixture.budget]
    assert len(idle) > 1
    assert np.ptp([mixture.tokens for mixture in idle]) <= 2e-2 * idle[0].tokens
    assert np.ptp([mixture.certificate.value for mixture in idle]) < 1e-5
    assert "better left unread: of 20T tokens, 3.0" in unspent_sentence(found)


def test_a_pool_ends_between_the_two_points_that_are_named(catalan):
    problem, found = catalan
    ends = {each.pool.language: each for each in runs_out(found)}
    catalan_pool = ends["cat"].pool
    for (before, after), level in ((ends["cat"].once, 1.0), (ends["cat"].cap, 4.0)):
        reads = [solve(replace(problem, budget=value)) for value in (before, after)]
        epochs = [
            next(share.epochs for share in each.pools if share.pool == catalan_pool)
            for each in reads
        ]
        assert epochs[0] < level * (1 - 1e-6) <= epochs[1]
    assert runs_out_table(found).rows[0].cells[3:] == ("20B to 30B", 4.0, "50B to 100B")


def test_the_values_are_round_few_and_hold_the_questions_own():
    problem = asked(budget="250B", params="7.3B")
    budgets, sizes = curve_values(problem, "budget"), curve_values(problem, "params")
    assert (budgets[0], budgets[-1]) == (10e9, 20e12)
    assert 250e9 in budgets
    assert 7.3e9 in sizes
    assert max(len(budgets), len(sizes)) <= 16
    low, high = problem.law.fitted_params
    assert low / 10 <= sizes[0] <= sizes[-1] <= high * 10
    assert curve_values(asked(budget="3B"), "budget")[:2] == (3e9, 10e9)


def test_what_there_was_no_time_for_is_counted_and_the_ends_come_first(monkeypatch):
    clock = iter(np.arange(10.0, -50.0, -0.5))  # each look at it takes half a second
    monkeypatch.setattr(curves, "left", lambda: next(clock))
    found = curve(asked(budget="300B"), seconds=10.0)
    assert 3 <= len(found.points) < 14
    assert len(found.points) + found.left_out == len(curve_values(asked(budget="300B"), "budget"))
    assert {10e9, 300e9, 20e12} <= {each.value for each in found.points}
    assert f"{found.left_out} more points were left out" in curve_blocks(found)[0].text


def test_values_without_an_answer_say_why_and_are_no_points_of_a_line():
    found = curve(asked(keep={"spa": 60e9}, budget="300B"))
    gone = [each for each in found.points if each.mixture is None]
    assert [each.value for each in gone] == [10e9, 20e9, 30e9, 50e9]
    said = [block.text for block in curve_blocks(found) if hasattr(block, "text")]
    assert any("No mixture meets all limits at 10B, 20B, 30B and 50B: " in each for each in said)
    assert min(min(trace.x) for trace in curve_figure(found).data) == 100e9
    with pytest.raises(Infeasible, match="at any of the 14 values of budget"):
        curve(asked(min={"spa": 0.5, "cat": 0.6}))
    with pytest.raises(ProblemError, match="expected one of budget, params"):
        curve(asked(), "decay")


def test_the_figure_shows_the_numbers_of_the_answers(catalan):
    _, found = catalan
    figure = curve_figure(found)
    panels = {
        name: [t for t in figure.data if (t.yaxis or "y") == name] for name in ["y", "y2", "y3"]
    }
    areas = [trace for trace in panels["y"] if trace.stackgroup]
    assert np.sum([trace.y for trace in areas], axis=0) == pytest.approx(100.0)
    by_name = {trace.name: trace for trace in areas}
    shares = [100 * mixture.proportions.get("spa", 0.0) for _, mixture in found.solved]
    assert list(by_name["Spanish"].y) == pytest.approx(shares)
    (loss,) = panels["y2"]
    own = found.reference[1].targets[0].loss - found.law.E
    part = [100 * (m.targets[0].loss - found.law.E) / own for _, m in found.solved]
    assert list(loss.y) == pytest.approx(part)
    assert loss.y[list(loss.x).index(found.own)] == 100.0
    assert max(max(trace.y) for trace in panels["y3"]) == pytest.approx(4.0)


def test_many_languages_are_one_grey_area_and_nothing_is_lost():
    found = curve(asked(targets="arb,cat,deu,ell,eng,fra,ita,por,ron,spa", budget="1T"))
    areas = [trace for trace in curve_figure(found).data if trace.stackgroup]
    assert len(areas) == 7
    assert areas[-1].name.endswith("other languages")
    assert np.sum([trace.y for trace in areas], axis=0) == pytest.approx(100.0)


def test_a_sweep_draws_the_same_curve():
    problem = am.Problem("cat", budget="250B", draws=0)
    swept = am.sweep(problem, budget=[10e9, 250e9, 20e12])
    ((_, mine),) = swept.curves
    whole = {each.value: each for each in curve(problem.question).points}
    for each in mine.points:
        there = whole[each.value].mixture
        assert each.mixture.certificate.value == pytest.approx(there.certificate.value, abs=1e-9)
    assert {trace.name for trace in swept.plot().data if trace.stackgroup} >= {"Catalan", "Spanish"}
    with pytest.raises(am.ProblemError, match="needs an axis of numbers"):
        am.sweep(problem, objective=["loss", "worst"]).plot()
    tables = [block for block in curve_blocks(mine) if isinstance(block, Table)]
    assert [row.cells[0] for row in tables[-1].rows] == ["10B", "250B", "20T"]
