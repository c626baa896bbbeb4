"""What moved between two answers adds up, and says what it did."""

import pytest

from atlasmix.evidence.store import Store
from atlasmix.mixture.diff import diff, side_of_mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.quantities import format_quantity
from atlasmix.report.difference import diff_sentence, diff_tables
from atlasmix.report.overview import question_table
from atlasmix.solver.compute import at_compute

STORE = Store("/nonexistent")


@pytest.fixture(scope="module")
def answers():
    asked = [{"targets": "cat"}, {"targets": "cat", "max_epochs": 2}, {"targets": "cat,spa"}]
    return [solve(problem_from_mapping(one, STORE)) for one in asked]


def moved_between(before, after):
    return diff(side_of_mixture(before), side_of_mixture(after))


def test_shares_and_tokens_are_those_of_the_answers(answers):
    moved = moved_between(answers[0], answers[1])
    for move in moved.languages:
        assert move.before == answers[0].proportions.get(move.language, 0)
        assert move.after == answers[1].proportions.get(move.language, 0)
    assert sum(move.change for move in moved.languages) == pytest.approx(0, abs=1e-12)
    assert moved.distance == pytest.approx(sum(max(m.change, 0) for m in moved.languages))
    assert sum(m.tokens_after for m in moved.languages) == pytest.approx(answers[1].tokens)


def test_a_tighter_cap_costs_effective_data(answers):
    effect = moved_between(answers[0], answers[1]).effects[0]
    assert effect.gain < 0
    assert effect.loss_change > 0
    assert "went elsewhere" in diff_sentence(moved_between(answers[0], answers[1]))


def test_backwards_is_the_reverse(answers):
    there, back = moved_between(*answers[:2]), moved_between(answers[1], answers[0])
    assert there.distance == pytest.approx(back.distance)
    assert [m.change for m in there.languages] == [-m.change for m in back.languages]


def test_nothing_moved(answers):
    moved = moved_between(answers[0], answers[0])
    assert moved.distance == 0
    assert diff_sentence(moved).startswith("The mixture did not move")
    assert diff_tables(moved)[1].texts()[2][0][-1] == "the same"


def test_only_shared_targets_are_compared(answers):
    assert [one.language for one in moved_between(answers[0], answers[2]).effects] == ["cat"]
    assert [one.language for one in moved_between(answers[2], answers[0]).effects] == ["cat"]


def asked_rows(before, after):
    return {row[0]: list(row[1:]) for row in question_table(before, after).texts()[2]}


def test_what_was_asked_knows_both_sizes_across_the_switch_to_compute():
    stated = problem_from_mapping({"targets": "cat"}, STORE)
    chosen = at_compute(problem_from_mapping({"targets": "cat", "compute": "1e22"}, STORE))
    rows = asked_rows(stated, chosen)
    assert rows == {
        "token budget": ["100B", f"{format_quantity(chosen.budget)} (chosen)"],
        "parameters": ["2B", f"{format_quantity(chosen.params)} (chosen)"],
        "compute": ["1.2e21 (6ND)", "1e22"],
    }
    assert asked_rows(chosen, stated) == {key: row[::-1] for key, row in rows.items()}


def test_what_was_asked_leaves_out_what_stayed():
    one = problem_from_mapping({"targets": "cat"}, STORE)
    other = problem_from_mapping({"targets": "cat", "lambda": 0.1, "max_donors": 1}, STORE)
    assert asked_rows(one, one) == {}
    assert asked_rows(one, other) == {
        "decay of repeats λ": ["0.0369", "0.1"],
        "most donor languages": ["-", "1"],
    }


def test_what_was_asked_is_said_with_names_and_units():
    plain = problem_from_mapping({"targets": "cat,eng", "budget": "300B"}, STORE)
    full = {
        "targets": {"cat": 1, "eng": 2},
        "budget": "300B",
        "min": {"iberian": "25%", "family:Germanic": 0.1},
        "groups": {"iberian": "cat,spa"},
        "keep": {"fra": "20B"},
        "max_epochs": {"default": 4, "cat": 8},
        "guardrails": {"eng": "1%"},
        "tokens": "exactly",
    }
    rows = asked_rows(plain, problem_from_mapping(full, STORE))
    assert {key: after for key, (_, after) in rows.items()} == {
        "targets": "Catalan, English x2",
        "epoch cap": "4, Catalan 8",
        "at least": "iberian 25%, family Germanic 10%",
        "groups": "iberian (Catalan, Spanish)",
        "read at least": "French 20B tokens",
        "loss at most": "English 1% above natural",
        "tokens read": "exactly",
    }


def test_phases_move_while_the_whole_stays():
    plain = {"targets": "cat"}
    pair = [{"name": "main", "tokens": "rest"}, {"name": "anneal", "tokens": "20%"}]
    limited = [pair[0], {**pair[1], "min": {"cat": 0.9}}]
    asked = [plain, {**plain, "phases": pair}, {**plain, "phases": limited}]
    none, even, moved = (solve(problem_from_mapping(one, STORE)) for one in asked)
    divided = "The same proportions in all, divided over the phases otherwise."
    assert diff_sentence(moved_between(even, moved)) == divided
    assert diff_sentence(moved_between(none, even)) == divided
    assert "did not move" in diff_sentence(moved_between(even, even))
    assert moved_between(none, none).phases == ()
    rows = {(row.phase, row.language): row for row in moved_between(even, moved).phases}
    assert rows["anneal", "cat"].after == pytest.approx(0.9)
    assert rows["anneal", "cat"].before == pytest.approx(even.proportions["cat"])
    assert {row.before for row in moved_between(none, even).phases} == {None}
