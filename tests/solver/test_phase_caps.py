"""Caps of a phase: the split keeps them, or names pool and phase; and cramming is said aloud."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phase_worlds import language, least, reads
from worlds import keys, pool, world

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.phases import split_phases
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap
from atlasmix.problem.phases import Phase

ONE = pool("a", 1)
PAIR = [ONE, pool("b", 10)]
READ = np.array([3e9, 7e9])
"""Three passes over a, seven tenths of one over b."""


def test_a_cap_of_the_last_phase_by_hand() -> None:
    """Evenly the anneal reads 0.6 passes over a; with half a pass the rest is read before."""
    phases = (Phase("main", 0.8), Phase("anneal", max_epochs=0.5))
    main, anneal = split_phases(phases, PAIR, READ)
    assert anneal.shares[1].tokens == pytest.approx(0.5e9)
    assert anneal.shares[1].epochs == pytest.approx(0.5)
    assert main.proportions["a"] == pytest.approx(2.5 / 8)


def test_what_one_phase_may_not_read_is_spread_over_the_others_as_they_are_long() -> None:
    phases = (
        Phase("x", 0.5),
        Phase("y", 0.3),
        Phase("z", 0.2, None, (EpochCap(language("a"), 0.1),)),
    )
    found = reads(split_phases(phases, PAIR, READ), PAIR)
    assert found[2, 0] == pytest.approx(0.1e9)
    assert found[0, 0] / found[1, 0] == pytest.approx(5 / 3)


def test_a_cap_that_holds_already_moves_nothing() -> None:
    phases = (Phase("main", 0.8, max_epochs=2.5), Phase("anneal", max_epochs=0.7))
    for phase in split_phases(phases, PAIR, READ):
        assert phase.proportions == pytest.approx({"b": 0.7, "a": 0.3}, rel=1e-12)


def test_a_cap_of_one_selection_holds_for_each_of_its_pools_and_no_other() -> None:
    """Two corpora of one language: each has the cap for itself, the sum of both has none."""
    pools = [pool("a", 1, corpus="x"), pool("a", 4, corpus="y"), pool("b", 1)]
    capped = Phase("anneal", None, None, (EpochCap(language("a"), 0.5),), 3.0)
    assert capped.caps(pools).tolist() == [0.5, 0.5, 3.0]
    _, anneal = split_phases((Phase("main", 0.5), capped), pools, np.array([2e9, 2e9, 2e9]))
    tokens = {share.pool.name: share.tokens for share in anneal.shares}
    assert tokens[pools[0].name] == pytest.approx(0.5e9)
    assert tokens[pools[1].name] > 1e9  # a quarter of a pass, and what x leaves
    assert tokens[pools[2].name] > 1e9


def test_a_plan_that_cannot_keep_its_cap_names_pool_and_phase() -> None:
    phases = (Phase("main", 0.8), Phase("anneal", None, None, (least("a", 0.9),), 1.0))
    with pytest.raises(Infeasible) as caught:
        split_phases(phases, PAIR, READ)
    said = str(caught.value)
    assert "'max epochs 1' of phase anneal for a.human.web (at most 1B tokens; 3B are" in said
    assert "'min a 90%' of phase anneal (at least 1.8B tokens; 3B are read in all)" in said
    assert set(caught.value.conflict) == {"phase anneal: min a 90%", "phase anneal: max epochs 1"}
    # The least change is enough: 0.8 passes more, or 40 points less.
    relax = re.search(r"least change: relax .* by ([\d.]+) (epochs|points)", said)
    assert relax is not None
    amount, unit = float(relax[1]), relax[2]
    assert (amount, unit) in [(0.8, "epochs"), (40.0, "points")]


def test_caps_of_every_phase_that_leave_a_pool_too_little_are_named() -> None:
    """Half a pass in each of two phases is one pass, and three are read."""
    phases = (Phase("x", 0.5, max_epochs=0.5), Phase("y", max_epochs=0.5))
    with pytest.raises(Infeasible, match=r"by 2 epochs") as caught:
        split_phases(phases, PAIR, READ)
    assert len(caught.value.conflict) == 2


def test_caps_that_just_touch_are_met() -> None:
    """Three passes in three equal phases of one pass each: one split, without room."""
    phases = tuple(Phase(name, 1 / 3, max_epochs=1.0) for name in "xyz")
    for more in (0.0, 1e-9, 3e-7):
        tokens = np.array([3e9 * (1 + more), 7e9])
        for phase in split_phases(phases, PAIR, tokens):
            assert phase.shares[1].epochs == pytest.approx(1.0, rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_caps_hold_or_a_linear_program_finds_no_split_either(data: st.DataObject) -> None:
    from scipy.optimize import linprog

    count, many = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    tokens = np.array([data.draw(st.sampled_from([1, 3, 40])) for _ in range(count)]) * 1e8
    pools = [pool(key, data.draw(st.sampled_from([0.05, 0.1, 1]))) for key in keys(count)]
    cap = st.sampled_from([0.1, 0.5, 1.0, 2.0, 8.0])
    limit = st.builds(EpochCap, st.builds(language, st.sampled_from(keys(count))), cap)
    parts = [data.draw(st.integers(1, 9)) for _ in range(many)]
    phases = tuple(
        Phase(
            f"p{place}",
            part / sum(parts),
            None,
            tuple(data.draw(st.lists(limit, max_size=2))),
            data.draw(st.none() | cap),
        )
        for place, part in enumerate(parts)
    )
    unique = np.array([each.unique_tokens for each in pools])
    most = np.array([phase.caps(pools) for phase in phases]) * unique
    try:
        found = split_phases(phases, pools, tokens)
    except Infeasible:
        equal = np.vstack([np.tile(np.eye(count), many), np.repeat(np.eye(many), count, axis=1)])
        level = np.concatenate([tokens, np.array(parts) / sum(parts) * tokens.sum()])
        bounds: Any = [(0, high) for high in most.ravel() / tokens.sum()]
        task = linprog(np.zeros(many * count), None, None, equal, level / tokens.sum(), bounds)
        assert task.status == 2
        return
    read = reads(found, pools)
    assert read.sum(axis=0) == pytest.approx(tokens, rel=1e-9, abs=1.0)
    assert np.all(read <= most + 1e-9 * tokens.sum())


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase("x", 0.5, max_epochs=0.0), "phase x: max epochs 0: expected more than 0 and at"),
        (Phase("x", 0.5, max_epochs=17.0), "at most 16 epochs"),
        (Phase("x", 0.5, max_epochs=float("nan")), "phase x: max epochs nan"),
        (
            Phase("x", 0.5, None, (EpochCap(language("a"), 99.0),)),
            "phase x: limit 'max epochs a 99': expected more than 0",
        ),
        (
            Phase("x", 0.5, None, (EpochCap(language("zzz"), 1.0),)),
            "phase x: limit 'max epochs zzz 1' selects none of the 2 pools",
        ),
    ],
)
def test_caps_that_are_none(phase: Phase, words: str) -> None:
    plain = world([[1, 0.2], [0.3, 1]], [5.0, 5.0], ("a", "b"))
    with pytest.raises(ProblemError, match=re.escape(words)):
        solve(replace(plain, phases=(phase, Phase("rest"))))


def test_cramming_is_said_and_a_cap_of_the_phase_ends_it() -> None:
    """Of a's four passes a twentieth of the run reads two: forty times as dense as the run's."""
    plain = world([[1, 0.1], [0.1, 1]], [0.5, 100.0], ("a", "b"))
    anneal = Phase("anneal", 0.1, None, (least("a", 0.9),))
    mixture = solve(replace(plain, phases=(Phase("main"), anneal)))
    (said,) = [warning for warning in mixture.warnings if "phase anneal" in warning]
    assert "phase anneal, 10% of the tokens, reads a.human.web 1.8 times" in said
    assert "not how close together" in said
    even = solve(replace(plain, phases=(Phase("main"), replace(anneal, limits=()))))
    assert not any("phase" in warning for warning in even.warnings)
    capped = replace(anneal, limits=(least("a", 0.4),), max_epochs=1.0)
    held = solve(replace(plain, phases=(Phase("main"), capped)))
    assert not any("phase" in warning for warning in held.warnings)
    assert replace(held, phases=(), warnings=()) == replace(mixture, phases=(), warnings=())
