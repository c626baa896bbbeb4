"""Scenarios: each name and question once, at most six, in the order that people give them."""

import pytest

from atlasmix.errors import ProblemError
from atlasmix.problem.scenarios import (
    MOST_SCENARIOS,
    Scenario,
    choose,
    join,
    keep,
    kept_as,
    move,
    remove,
    rename,
)


def of(*names):
    return tuple(Scenario(name, {"budget": place}) for place, name in enumerate(names))


def names(scenarios):
    return [each.name for each in scenarios]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\u202eb", "a\x00b"])
def test_what_cannot_be_a_name_is_refused(name):
    with pytest.raises(ProblemError, match="expected 1 to 40 letters on one line"):
        keep((), name, {"budget": 1})
    with pytest.raises(ProblemError, match="expected 1 to 40 letters on one line"):
        rename(of("a"), "a", name)


def test_a_name_and_a_question_are_kept_once():
    held = of("Base")
    with pytest.raises(ProblemError, match="another scenario is called 'base'"):
        keep(held, "base", {"budget": 9})
    with pytest.raises(ProblemError, match="kept already, as 'Base'"):
        keep(held, "other", {"budget": 0})
    assert kept_as(held, {"budget": 0}) is held[0]
    assert kept_as(held, {"budget": 1}) is None


def test_there_are_at_most_six():
    full = of(*"abcdef")
    assert len(full) == MOST_SCENARIOS
    with pytest.raises(ProblemError, match="6 scenarios are kept: at most 6; remove one first"):
        keep(full, "g", {"budget": 9})
    assert names(keep(remove(full, "c"), "g", {"budget": 9})) == list("abdefg")


def test_renaming_keeps_the_question_and_the_place():
    held = rename(of(*"abc"), "b", " B  two ")
    assert names(held) == ["a", "B two", "c"]
    assert held[1].question == {"budget": 1}
    assert names(rename(held, "B two", "b TWO")) == ["a", "b TWO", "c"]
    with pytest.raises(ProblemError, match="another scenario is called 'a'"):
        rename(held, "c", "a")
    with pytest.raises(ProblemError, match="no scenario 'z': there is 'a', 'b', 'c'"):
        rename(of(*"abc"), "z", "y")


@pytest.mark.parametrize(("by", "order"), [(-1, "bac"), (1, "acb"), (-9, "bac"), (9, "acb")])
def test_moving_changes_the_order_alone(by, order):
    assert names(move(of(*"abc"), "b", by)) == list(order)


def test_joining_takes_all_or_nothing():
    mine = of("a", "b")
    same = (Scenario("another name", {"budget": 0}), Scenario("B", {"budget": 7}))
    assert names(join(mine, same)) == ["a", "b", "B (2)"]
    assert join(mine, mine) == mine
    many = tuple(Scenario(name, {"budget": 10 + place}) for place, name in enumerate("vwxyz"))
    with pytest.raises(ProblemError, match="2 scenarios are kept and 5 would come: at most 6"):
        join(mine, many)


def test_four_are_chosen_and_one_to_compare_with():
    held = of(*"abcdef")
    assert choose(held)[1] == 0
    assert names(choose(held)[0]) == list("abcd")
    assert choose(held, ["f", "a", "f"], "a") == ((held[5], held[0]), 1)
    with pytest.raises(ProblemError, match="5 scenarios side by side: expected 1 to 4"):
        choose(held, list("abcde"))
    with pytest.raises(ProblemError, match="no scenario 'c': there is 'a', 'b'"):
        choose(held, ["a", "b"], "c")
