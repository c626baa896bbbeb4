"""Columns that another can take the place of: left out of the search, never of the answer."""

import numpy as np
import pytest

from atlasmix.evidence.store import Store
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.solver import interior
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.engines import extreme, optimise
from atlasmix.solver.program import scale

STORE = Store("/nonexistent")
ASKED = {
    "one": {"targets": "srp"},
    "several": {"targets": "cat,glg,swe", "budget": "300B"},
    "limited": {"targets": "fao,isl", "min": {"eng": "10%"}, "max": {"family:Romance": "20%"}},
    "guarded": {"targets": "ukr", "guardrails": {"rus": "5%"}, "budget": "50B"},
    "worst": {"targets": "eus,gle", "objective": "worst"},
    "kept": {"targets": "afr", "keep": {"ltz": "100M"}},
}


def program(asked):
    return compile_problem(problem_from_mapping(asked, STORE)).program


@pytest.mark.parametrize("name", ASKED)
def test_the_answer_is_that_of_all_columns(name, monkeypatch):
    """A column left out that was needed would make the optimum worse, and its ranges narrower."""
    asked = program(ASKED[name])
    out = interior.dominated(asked)
    assert out.sum() > 100, "most languages have a nearer relative with text enough"
    found = optimise(asked)
    cost = np.zeros(out.size)
    cost[np.flatnonzero(out)[0]] = 1.0
    ceiling = found.value + 0.005 * scale(asked, found.value)
    ends = extreme(asked, cost, ceiling), extreme(asked, -cost, ceiling)
    monkeypatch.setattr(interior, "dominated", lambda program, cost=None: np.zeros(out.size, bool))
    whole = optimise(asked)
    assert found.value == pytest.approx(whole.value, rel=1e-8)
    assert found.gap(asked) < 1e-7
    assert extreme(asked, cost, ceiling) == pytest.approx(ends[0], abs=1e-4)
    assert extreme(asked, -cost, ceiling) == pytest.approx(ends[1], abs=1e-4)


def test_what_stands_under_another_limit_is_no_stand_in():
    """With Spanish capped, Portuguese and the rest must stay: they fill what it may not."""
    free = interior.dominated(program({"targets": "cat"}))
    capped = interior.dominated(program({"targets": "cat", "max": {"spa": "5%"}}))
    assert capped.sum() < free.sum()


def test_of_two_that_are_alike_one_stays():
    asked = program({"targets": "cat"})
    twins = np.zeros(asked.unique.size)
    same = np.full(asked.gain.shape, 0.5)
    from dataclasses import replace

    alike = replace(
        asked,
        gain=same,
        expected=same,
        own=np.zeros(asked.own.shape),
        unique=twins + 2.0,
        upper=twins + 2.0,
    )
    assert (~interior.dominated(alike)).sum() == 1
