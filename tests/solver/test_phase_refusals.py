"""Phases that cannot be: refused in words that say which, and what to change."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from phase_worlds import language, least, most, pools_of
from worlds import world

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.phases import split_phases
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import ShareLimit
from atlasmix.problem.phases import Phase

PLAIN = world([[1, 0.2], [0.3, 1]], [5.0, 5.0], ("a", "b"))


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ([Phase("x", 0.5), Phase("y", 0.4)], "sum to 90%: expected 100%; give one of them 'rest'"),
        ([Phase("x", 0.8), Phase("y", 0.3)], "sum to 110%: expected 100%"),
        ([Phase("x", 0.8), Phase("y", 0.2), Phase("z")], "leaves nothing for z: lower one"),
        ([Phase("x"), Phase("y")], "phases x, y all read the rest: give all but one a share"),
        ([Phase("x", 0.0), Phase("y")], "phase x reads 0% of the tokens: expected more than 0%"),
        ([Phase("x", 1.5)], "phase x reads 150% of the tokens"),
        ([Phase("x", tokens=-1.0), Phase("y")], "phase x reads -1 tokens: expected a finite"),
        ([Phase("x", 0.5, 1e9), Phase("y")], "phase x has a share and a count of tokens"),
        ([Phase("x", 0.5), Phase("X", 0.5)], "phase X is named twice"),
        ([Phase("a/b", 1.0)], "'a/b': expected a name of at most 40 Latin letters"),
        ([Phase("", 1.0)], "expected a name of at most 40"),
        ([Phase(f"p{n}", 0.04) for n in range(25)], "25 phases: expected at most 20"),
        (
            [Phase("x", tokens=9e9), Phase("y", tokens=3e9)],
            "phases x, y ask for 12B tokens, above the budget of 10B: lower a count",
        ),
        (
            [Phase("x", 0.5, None, (least("a", 0.6), most("a", 0.4))), Phase("y")],
            "phase x: 'min a 60%' lies above 'max a 40%': lower the one or raise the other",
        ),
        (
            [Phase("x", 0.5, None, (ShareLimit("min", language("zzz"), 0.1),)), Phase("y")],
            "phase x: limit 'min zzz 10%' selects none of the 2 pools",
        ),
        (
            [Phase("x", 0.5, None, (least("a", 1.2),)), Phase("y")],
            "phase x: limit 'min a 120%': a share lies between 0 and 1",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_is_refused_before_solving(phases: list[Phase], words: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(words)):
        solve(replace(PLAIN, phases=tuple(phases)))


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        (
            [Phase("x", tokens=4e9), Phase("y", tokens=5e9)],
            "phases x, y ask for 9B tokens, but 10B are read in all: write shares such as 80%, "
            "change a count, or give one phase 'rest'",
        ),
        (
            [Phase("x", tokens=10e9), Phase("y")],
            "but 10B are read in all, which leaves nothing for phase y: write shares such as 80%, "
            "or change a count",
        ),
        ([Phase("x", 0.5), Phase("y", tokens=4e9)], "phases x, y ask for 9B tokens"),
    ],
)
def test_counts_that_do_not_add_up_to_what_is_read(phases: list[Phase], words: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(words)):
        solve(replace(PLAIN, phases=tuple(phases)))


def test_counts_that_add_up_are_taken() -> None:
    found = solve(replace(PLAIN, phases=(Phase("x", tokens=4e9), Phase("y", tokens=6e9))))
    assert [phase.tokens for phase in found.phases] == pytest.approx([4e9, 6e9], rel=1e-9)


def refused(*phases: Phase, tokens: tuple[float, ...] = (2e9, 5e9, 3e9)) -> Infeasible:
    with pytest.raises(Infeasible, match="the limits of the phases cannot all hold") as caught:
        split_phases(phases, pools_of("abc"), np.array(tokens))
    return caught.value


def test_a_limit_that_the_totals_cannot_meet_is_named_with_both_numbers() -> None:
    error = refused(Phase("main", 0.5), Phase("anneal", None, None, (least("a", 0.6),)))
    assert error.conflict == ("phase anneal: min a 60%",)
    assert "'min a 60%' of phase anneal (at least 3B tokens; 2B are read in all)" in str(error)
    assert "relax 'min a 60%' of phase anneal by 20 points" in str(error)
    assert "ask the whole mixture for more or less" in str(error)


def test_a_maximum_that_leaves_too_much_to_the_other_phases() -> None:
    error = refused(Phase("main", 0.3), Phase("anneal", None, None, (most("b", 0.1),)))
    assert error.conflict == ("phase anneal: max b 10%",)
    assert "(at most 700M tokens; 5B are read in all)" in str(error)


def test_limits_of_several_phases_that_collide_are_named_and_others_are_not() -> None:
    early = Phase("early", 0.4, None, (least("a", 0.4), most("c", 0.9)))
    late = Phase("late", None, None, (least("a", 0.2),))
    assert set(refused(early, late).conflict) == {"phase early: min a 40%", "phase late: min a 20%"}


def test_minima_of_one_phase_over_one() -> None:
    both = (least("a", 0.6), least("b", 0.6))
    error = refused(Phase("main", 0.9), Phase("anneal", None, None, both))
    assert set(error.conflict) == {"phase anneal: min a 60%", "phase anneal: min b 60%"}


def test_a_pool_that_the_whole_mixture_does_not_read_cannot_be_asked_for() -> None:
    late = Phase("late", None, None, (least("c", 0.1),))
    error = refused(Phase("early", 0.5), late, tokens=(2e9, 5e9, 0.0))
    assert "(at least 350M tokens; 0 are read in all)" in str(error)


def test_the_least_change_is_enough() -> None:
    asked = Phase("late", 0.5, None, (least("a", 0.7),))
    message = str(refused(Phase("early", 0.5), asked))
    points = float(re.search(r"by ([\d.]+) points", message).group(1))  # type: ignore[union-attr]
    enough = replace(asked, limits=(least("a", 0.7 - points / 100),))
    split_phases((Phase("early", 0.5), enough), pools_of("abc"), np.array([2e9, 5e9, 3e9]))
    almost = replace(asked, limits=(least("a", 0.7 - points / 100 + 0.001),))
    refused(Phase("early", 0.5), almost)
