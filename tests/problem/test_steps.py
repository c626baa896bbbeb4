"""Every step is a question that can be asked, differs in one thing, and does what it says."""

import pytest

from atlasmix.errors import Infeasible
from atlasmix.evidence.store import Store
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.problem.steps import eased, one_step

STORE = Store("/nonexistent")
FULL = {
    "targets": {"cat": 1},
    "min": {"cat": 0.3},
    "max": {"family:Romance": 0.97},
    "keep": {"provenance:human": "1B"},
    "guardrails": {"spa": "50%"},
    "max_donors": 2,
    "max_epochs": {"default": 4, "cat": 8},
    "risk_aversion": 2,
    "pools": {"provenance": ["human", "translated"]},
}


@pytest.mark.parametrize("asked", [{"targets": "cat"}, FULL], ids=["plain", "full"])
def test_every_step_changes_one_key_and_can_be_asked(asked):
    problem = problem_from_mapping(asked, STORE)
    before = problem_to_mapping(problem)
    steps = one_step(problem)
    assert len({(step.limit, step.change) for step in steps}) == len(steps)
    for step in steps:
        after = problem_to_mapping(problem_from_mapping(step.question, STORE))
        changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        assert len(changed) == 1, (step, changed)


def test_loosening_never_worsens_the_answer():
    problem = problem_from_mapping({"targets": "cat", "min": {"eng": 0.2}}, STORE)
    best = solve(problem).certificate.value
    wanted = {"20% to 15%", "without it", "4 to 8", "100B to 200B", "κ 1 to 0"}
    looser = [step for step in one_step(problem) if step.change in wanted]
    assert len(looser) == len(wanted)
    for step in looser:
        again = solve(problem_from_mapping(step.question, STORE))
        assert again.certificate.value <= best * (1 + 1e-6), step


@pytest.mark.parametrize(
    ("first", "second", "budgets"),
    [
        ("rest", "20%", {"100B to 50B", "100B to 200B"}),
        ("rest", "60B", {"100B to 200B"}),
        ("40B", "60B", set()),
    ],
)
def test_no_step_to_a_budget_that_counted_phases_do_not_fit(first, second, budgets):
    phases = [{"name": "main", "tokens": first}, {"name": "end", "tokens": second}]
    problem = problem_from_mapping({"targets": "cat", "phases": phases}, STORE)
    steps = [step for step in one_step(problem) if step.limit == "Budget"]
    assert {step.change for step in steps} == budgets
    for step in steps:
        problem_from_mapping(step.question, STORE)


def test_the_words_say_what_happens():
    steps = {(s.limit, s.change) for s in one_step(problem_from_mapping(FULL, STORE))}
    assert {
        ("At least 30% Catalan", "30% to 25%"),
        ("At least 30% Catalan", "without it"),
        ("At most 97% family Romance", "without it"),
        ("Spanish at most 50% worse than natural", "twice the slack"),
        ("Epoch cap", "4 to 8"),
        ("Donors", "none"),
        ("Donors", "as many as help"),
        ("Doubt about scores", "κ 2 to 1"),
        ("Provenance", "human text alone"),
    } <= steps


def test_one_limit_for_every_target_is_eased_and_dropped_as_one():
    asked = {"targets": "cat,spa", "min": {"*": "6%"}, "max": {"*": "0.05%"}}
    steps = {(s.limit, s.change): s.question for s in one_step(problem_from_mapping(asked, STORE))}
    assert steps["At least 6% every target", "6% to 1%"]["min"] == {"*": 0.01}
    assert steps["At most 0.05% every target", "0.05% to 5.05%"]["max"] == {"*": 0.0505}
    assert "min" not in steps["At least 6% every target", "without it"]


def test_a_budget_that_must_be_read_need_not_be():
    asked = {"targets": "cat", "tokens": "exactly"}
    steps = [s for s in one_step(problem_from_mapping(asked, STORE)) if "tokens" not in s.question]
    assert [step.change for step in steps] == ["no more than serves"]


def test_several_targets_may_stay_near_a_rule_and_leave_it():
    """One target alone has no rule over its targets that is another mixture."""
    asked = {"targets": "cat,spa,glg"}
    steps = {s.limit: s.question for s in one_step(problem_from_mapping(asked, STORE))}
    assert steps["Stay near"]["near"] == "0.5%:targets-temperature-3.33"
    again = one_step(problem_from_mapping(steps["Stay near"], STORE))
    assert "near" not in next(step for step in again if step.limit == "Stay near").question
    alone = one_step(problem_from_mapping({"targets": "cat"}, STORE))
    assert "Stay near" not in {step.limit for step in alone}


def test_a_cap_is_never_raised_past_the_hard_one():
    steps = one_step(problem_from_mapping({"targets": "cat", "max_epochs": 16}, STORE))
    assert [step.change for step in steps if step.limit == "Epoch cap"] == ["16 to 8"]


def test_steps_leave_the_question_alone():
    problem = problem_from_mapping(FULL, STORE)
    before = problem_to_mapping(problem)
    for step in one_step(problem):
        step.question["targets"] = {}
    assert problem_to_mapping(problem) == before


def test_a_step_that_collides_is_refused_like_any_question():
    asked = {"targets": "cat", "min": {"eng": 0.2}, "max": {"eng": 0.3}}
    step = next(one for one in one_step(problem_from_mapping(asked, STORE)) if one.change == "none")
    with pytest.raises(Infeasible):
        solve(problem_from_mapping(step.question, STORE))


def test_what_must_give_says_from_where_to_where():
    """'At least 90% Catalan: 80%' read as if both were asked."""
    problem = problem_from_mapping({"targets": "cat", "min": {"cat": 0.9, "spa": 0.2}}, STORE)
    (step,) = eased(problem, {"min cat 90%": 0.1})
    assert (step.limit, step.change) == ("At least 90% Catalan", "90% to 80%")
