"""A refusal carries its field, hint and value, wherever it goes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from atlasmix.errors import (
    AtlasMixError,
    DataError,
    Infeasible,
    ProblemError,
    SolverFailed,
    UnknownLanguage,
    about,
)
from atlasmix.evidence.store import Store
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import QUESTION_KEYS, problem_from_mapping
from atlasmix.problem.problem import check_problem

EMPTY = Store("/nonexistent")
"""What ships, and nobody's own evidence."""
MORE = {"field": "budget", "hint": "ask for more", "value": {"given": [3, "tokens"]}}
ERRORS = (
    AtlasMixError("no", **MORE),
    DataError("no", ("row 2", "row 3"), **MORE),
    UnknownLanguage("no", ("cat", "spa"), **MORE),
    ProblemError("no", **MORE),
    Infeasible("no", ("min cat 30%",), **MORE),
    SolverFailed("no", **MORE),
)


def same(error: AtlasMixError, other: AtlasMixError) -> bool:
    return type(error) is type(other) and error.args == other.args and vars(error) == vars(other)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_nothing_is_lost_on_the_way(error: AtlasMixError) -> None:
    assert vars(error).items() >= MORE.items()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert same(pickle.loads(pickle.dumps(error, protocol)), error)
    assert same(copy.copy(error), error)
    assert same(copy.deepcopy(error), error)


def refused(asked: dict[str, object]) -> object:
    return solve(problem_from_mapping(asked, EMPTY))


def test_a_refusal_of_another_process_is_whole() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        capped = pool.submit(refused, {"targets": "cat", "max_epochs": 99}).exception()
        clash = pool.submit(
            refused, {"targets": "cat", "min": {"cat": 0.7, "spa": 0.7}, "budget": "1B"}
        ).exception()
    assert isinstance(capped, ProblemError)
    assert (capped.field, capped.value) == ("max_epochs", 99)
    assert isinstance(clash, Infeasible)
    assert set(clash.conflict) == {"min cat 70%", "min spa 70%"}


def test_the_sentence_is_message_and_hint() -> None:
    assert str(ProblemError("no target", hint="name a language")) == "no target; name a language"
    assert str(ProblemError("no target", field="targets", value=3)) == "no target"
    wrong = DataError("two faults:", ("a", "b"), hint="mend the file")
    assert str(wrong) == "two faults; mend the file:\n  - a\n  - b"
    assert wrong.sentence == "two faults; mend the file:"
    assert DataError("no").faults == UnknownLanguage("no").suggestions == Infeasible("no").conflict


def test_the_field_nearest_to_the_fault_stays() -> None:
    with pytest.raises(ProblemError) as caught, about("phases", 1), about("min", 2):
        raise ProblemError("no")
    assert (caught.value.field, caught.value.value) == ("min", 2)
    with pytest.raises(ProblemError) as caught, about("phases", 1):
        raise ProblemError("no", field="budget")
    assert (caught.value.field, caught.value.value) == ("budget", None)
    with pytest.raises(ValueError, match="other"), about("phases"):
        raise ValueError("other")


WRONG: dict[str, list[object]] = {
    "targets": [None, [], "qqq", {"cat": "much"}, "cat,cat", {"cat": -1}, 3, "ang"],
    "budget": [0, "lots", "1e40", 3, None],
    "tokens": ["all", 5],
    "params": [0, "x"],
    "compute": ["x", 0],
    "objective": ["best", "effective-data", 3],
    "matrix": ["nosuch", 3],
    "calibration": ["nosuch", 3, "affine:1"],
    "inventory": ["nosuch", [], 3],
    "pools": ["invented", {"kind": "x"}, {"strange": 1}, {"language": "qqq"}, "generated"],
    "max_epochs": ["x", 99, {"default": "x"}, {"cat": 99}, {"qqq": 1}, {"ang": 2}],
    "lambda": ["x", -1],
    "risk_aversion": ["x", -1],
    "law": ["nosuch", 3, {"name": "x"}],
    "worth": [3, {"x": 1}, {"human": "x"}, {"human": -1}],
    "groups": [3, {"default": ["cat"]}, {"cat": ["spa"]}, {"mine": ["qqq"]}],
    "min": [3, {"cat": 2}, {"qqq": 0.1}, {"ang": 0.1}, {"corpus:none": 0.1}],
    "max": [3, {"cat": "x"}, {"odd:kind": 0.1}, {"pool:none": 0.1}],
    "keep": [3, {"cat": "x"}, {"ang": "1B"}, {"*": "1B"}],
    "guardrails": [3, {"eng": "x"}, {"*": 0.1}, {"eng": {}}, {"eng": {"slack": 0.1, "x": 1}}],
    "max_donors": ["x", -1, 1.5],
    "phases": [
        3,
        [{}],
        [{"name": "a", "tokens": "x"}],
        [{"name": "a", "tokens": "50%"}],
        [{"name": "a", "tokens": "rest", "min": {"cat": 2}}],
        [{"name": "a", "tokens": "rest", "min": {"ang": 0.5}}],
        [{"name": "a", "tokens": "rest", "max": {"odd:kind": 0.5}}],
    ],
    "interference": [1],
    "spend_all": [True],
    "from": ["checkpoint:unimax"],
    "draws": [-1, 1.5, "many"],
    "seed": [-1, 0.5, "x"],
    "tail": [0, "x", "120%"],
    "box": [0, 1, "x", "120%"],
    "wrong_scores": [-1, 0.5, "x"],
    "human_floor": ["most", 2, -1],
    "unknown_human": ["x", 2],
    "drift_penalty": ["x", -1, 1e9],
    "near": [3, "nosuch", "x:unimax", "0%:unimax", "80%:unimax"],
    "rivals": ["nosuch", [], 3, "atlasmix-2026", "langrank-2019-dep"],
}


def test_every_key_is_tried() -> None:
    assert WRONG.keys() >= set(QUESTION_KEYS)


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG.items() for value in values]
)
def test_a_refusal_names_the_key(key: str, value: object) -> None:
    """Budgets of phases aside, what is wrong with a key is said of that key."""
    with pytest.raises(AtlasMixError) as caught:
        problem_from_mapping({"targets": "cat", **{key: value}}, EMPTY)
    assert caught.value.field == key, str(caught.value)


def test_a_reference_that_nobody_knows_is_said_of_the_guardrails() -> None:
    asked = {"targets": "cat", "guardrails": {"spa": "1%:nosuch"}}
    with pytest.raises(ProblemError, match="no reference mixture 'nosuch'") as caught:
        refused(asked)
    assert (caught.value.field, caught.value.value) == ("guardrails", "nosuch")


def test_a_value_is_what_was_given() -> None:
    for asked, value in (
        ({"budget": "lots"}, "lots"),
        ({"min": {"cat": "120%"}}, "120%"),
        ({"matrix": "nosuch"}, "nosuch"),
        ({"lambda": 1000}, 1000),
    ):
        with pytest.raises(AtlasMixError) as caught:
            problem_from_mapping({"targets": "cat", **asked}, EMPTY)
        assert caught.value.value == value


def test_a_problem_changed_in_python_names_its_key_too() -> None:
    problem = problem_from_mapping({"targets": "cat"}, EMPTY)
    for changes, field in (
        ({"budget": 0.0}, "budget"),
        ({"decay": -1.0}, "lambda"),
        ({"risk_aversion": -1.0}, "risk_aversion"),
        ({"objective": "best"}, "objective"),
        ({"max_donors": -1}, "max_donors"),
        ({"targets": ()}, "targets"),
        ({"pools": ()}, "pools"),
    ):
        with pytest.raises(ProblemError) as caught:
            check_problem(replace(problem, **changes))
        assert caught.value.field == field
