"""A search that is ended by the clock says what it has proved, and no more."""

from __future__ import annotations

from itertools import chain, repeat

import pytest
from questions import question
from worlds import random_world, shipped

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.solver import patience
from atlasmix.solver.patience import expired, left, within


@pytest.fixture
def no_time(monkeypatch):
    """The time is up whenever anybody looks."""
    clock = chain([0.0, 0.0], repeat(1e9))
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(clock))


def test_what_was_proved_by_then_holds(request):
    """The bound of a search that is cut short lies below the optimum that a long one finds."""
    asked = question(31)
    whole = solve(asked)
    request.getfixturevalue("no_time")
    with within(60.0):
        short = solve(asked)
    assert short.certificate.bound <= whole.certificate.value + 1e-9
    assert short.certificate.value >= whole.certificate.bound - 1e-9
    assert whole.certificate.gap <= short.certificate.gap + 1e-12


def test_a_search_over_donors_ends_and_says_so(request):
    asked = random_world(3, languages=12, targets=5, max_donors=2, budget=80e9)
    whole = solve(asked)
    assert whole.certificate.fixed_gap < 1e-6
    request.getfixturevalue("no_time")
    with within(60.0):
        short = solve(asked)
    assert len(short.donors) <= 2
    assert not short.certificate.exact
    assert any("ended by its time limit" in each for each in short.warnings)
    assert short.certificate.bound <= whole.certificate.value <= short.certificate.value + 1e-9


def test_without_a_limit_nothing_is_said():
    mixture = solve(shipped(["cat"]))
    assert not any("time limit" in each for each in mixture.warnings)
    assert left() == float("inf")


def test_an_inner_limit_never_outlasts_the_outer_one():
    with within(5.0), within(100.0):
        assert left() <= 5.0
    with within(100.0), within(5.0):
        assert left() <= 5.0
    assert not expired()
    with pytest.raises(ProblemError, match="the time limit is 0 seconds"), within(0.0):
        pass


def test_a_guardrail_that_a_limit_breaks_names_both():
    """It ended in "please report" where a limit and a guardrail left each other no room."""
    question = {
        "targets": ["urd", "cym"],
        "budget": "1.76B",
        "params": "5.9B",
        "pools": {"language": ["ben", "cym", "fra", "ita", "ron", "ukr", "urd", "yor"]},
        "max": {"ita": "2%"},
        "guardrails": {"ita": "2%:temperature-1.43"},
    }
    with pytest.raises(Infeasible) as caught:
        solve(problem_from_mapping(question))
    assert "guardrail Italian 2%" in str(caught.value)
    assert "which 'max Italian 2%' keeps from it" in str(caught.value)
    without = {key: value for key, value in question.items() if key != "max"}
    assert solve(problem_from_mapping(without)).certificate.gap < 1e-4
