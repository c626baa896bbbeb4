"""What to try instead: every caveat and refusal is answered by questions that have an answer."""

import pytest

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.advice import advise, advise_after
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping

STORE = Store("/nonexistent")
CAVEATS = {
    "shrunk": {"targets": {"yor": 1, "eng": 1}, "budget": "8T", "min": {"yor": 0.01}},
    "unspent": {"targets": {"yor": 1}, "budget": "1T"},
    "size": {"targets": {"cat": 1}, "params": "5T"},
    "drowned": {"targets": {"arn": 1}},
}
REFUSED = {
    "minima": {"targets": {"cat": 1}, "min": {"spa": 0.8, "eng": 0.5}},
    "cap": {"targets": {"yor": 1}, "budget": "300B", "tokens": "exactly", "max_donors": 0},
    "guardrail": {
        "targets": {"cat": 1, "eng": 1},
        "guardrails": {
            "cat": {"reference": "target only", "slack": 0.0},
            "eng": {"reference": "natural", "slack": 0.0},
        },
        "min": {"fra": 0.9},
    },
}


def solved(question):
    problem = problem_from_mapping(question, STORE)
    return problem, solve(problem)


@pytest.mark.parametrize("name", CAVEATS)
def test_what_a_caveat_calls_for_has_an_answer(name):
    from atlasmix.solver.compute import at_compute

    problem = at_compute(problem_from_mapping(CAVEATS[name], STORE))
    mixture = solve(problem)
    assert mixture.caveats
    steps = advise(problem, mixture, STORE)
    assert steps, [caveat.kind for caveat in mixture.caveats]
    for step in steps:
        assert solve(at_compute(problem_from_mapping(step.question, STORE))).tokens > 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_refusal_calls_for_has_an_answer_and_loosens_what_it_names(name):
    question = REFUSED[name]
    with pytest.raises(AtlasMixError) as refused:
        solved(question)
    steps = advise_after(question, refused.value, STORE)
    assert steps
    for step in steps:
        solved(step.question)


def test_the_least_change_that_the_refusal_names_comes_first():
    """It was said in words, and only taking limits away was offered."""
    question = {"targets": {"cat": 1}, "min": {"cat": 0.9, "spa": 0.2}}
    with pytest.raises(AtlasMixError, match="relax 'min Catalan 90%' by 10 points") as refused:
        solved(question)
    first, *_ = advise_after(question, refused.value, STORE)
    assert (first.limit, first.change) == ("At least 90% Catalan", "90% to 80%")
    assert first.question["min"] == {"cat": pytest.approx(0.8, abs=2e-6), "spa": 0.2}
    assert solved(first.question)[1].proportions["cat"] == pytest.approx(0.8, abs=1e-5)


def test_an_answer_without_a_caveat_needs_no_advice():
    assert advise(*solved({"targets": {"cat": 1}}), STORE) == ()


def test_too_large_a_question_is_offered_with_fewer_targets():
    keys = ["deu", "fra", "ita", "spa", "por", "nld", "pol", "ces", "hun"]
    question = {"targets": {key: 1 for key in keys}}
    first, *_ = advise_after(question, ProblemError("no answer within 20 seconds"), STORE)
    assert first.limit == "Targets"
    assert len(first.question["targets"]) == 8


def test_only_limits_that_ended_the_run_are_taken_away():
    """Two minima written as one once made every limit look like one of them."""
    asked = {
        "targets": {"yor": 1, "eng": 1},
        "budget": "8T",
        "min": {"yor": 0.01, "eng": 0.01},
        "max": {"spa": 0.3},
    }
    problem, mixture = solved(asked)
    assert {limit.bound for limit in mixture.stopped_by} == {"min"}
    taken = [step for step in advise(problem, mixture, STORE) if step.change == "without it"]
    assert taken
    assert not [step for step in taken if "spa" not in step.question.get("max", {})]
