"""What moved between two answers adds up, and says what it did."""

import pytest

from atlasmix.evidence import Store
from atlasmix.mixing import solve
from atlasmix.recipes.question import problem_from_mapping
from atlasmix.views.movement import movement, movement_sentence, movement_tables

STORE = Store("/nonexistent")


@pytest.fixture(scope="module")
def answers():
    asked = [{"targets": "cat"}, {"targets": "cat", "max_epochs": 2}, {"targets": "cat,spa"}]
    return [solve(problem_from_mapping(one, STORE)) for one in asked]


def test_shares_and_tokens_are_those_of_the_answers(answers):
    moved = movement(answers[0], answers[1])
    for move in moved.languages:
        assert move.before == answers[0].proportions.get(move.language, 0)
        assert move.after == answers[1].proportions.get(move.language, 0)
    assert sum(move.change for move in moved.languages) == pytest.approx(0, abs=1e-12)
    assert moved.distance == pytest.approx(sum(max(m.change, 0) for m in moved.languages))
    assert sum(m.tokens_after for m in moved.languages) == pytest.approx(answers[1].tokens)


def test_a_tighter_cap_costs_effective_data(answers):
    effect = movement(answers[0], answers[1]).effects[0]
    assert effect.gain < 0
    assert effect.loss_change > 0
    assert "went elsewhere" in movement_sentence(movement(answers[0], answers[1]))


def test_backwards_is_the_reverse(answers):
    there, back = movement(*answers[:2]), movement(answers[1], answers[0])
    assert there.distance == pytest.approx(back.distance)
    assert [m.change for m in there.languages] == [-m.change for m in back.languages]


def test_nothing_moved(answers):
    moved = movement(answers[0], answers[0])
    assert moved.distance == 0
    assert movement_sentence(moved).startswith("The mixture did not move")
    assert movement_tables(moved)[1].texts()[2][0][-1] == "the same"


def test_only_shared_targets_are_compared(answers):
    assert [one.language for one in movement(answers[0], answers[2]).effects] == ["cat"]
    assert [one.language for one in movement(answers[2], answers[0]).effects] == ["cat"]


def test_phases_move_while_the_whole_stays():
    plain = {"targets": "cat"}
    pair = [{"name": "main", "tokens": "rest"}, {"name": "anneal", "tokens": "20%"}]
    limited = [pair[0], {**pair[1], "min": {"cat": 0.9}}]
    asked = [plain, {**plain, "phases": pair}, {**plain, "phases": limited}]
    none, even, moved = (solve(problem_from_mapping(one, STORE)) for one in asked)
    divided = "The same proportions in all, divided over the phases otherwise."
    assert movement_sentence(movement(even, moved)) == divided
    assert movement_sentence(movement(none, even)) == divided
    assert "did not move" in movement_sentence(movement(even, even))
    assert movement(none, none).phases == ()
    rows = {(row.phase, row.language): row for row in movement(even, moved).phases}
    assert rows["anneal", "cat"].share_b == pytest.approx(0.9)
    assert rows["anneal", "cat"].share_a == pytest.approx(even.proportions["cat"])
    assert {row.share_a for row in movement(none, even).phases} == {None}
