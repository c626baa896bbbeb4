"""Every public name: completed, documented with an example that runs, short to look at."""

from __future__ import annotations

import doctest
import inspect
import sys

import pandas as pd
import pytest

import atlasmix as am

NAMES = [name for name in am.__all__ if not isinstance(getattr(am, name), type(sys))]
CALLABLES = [name for name in NAMES if callable(getattr(am, name))]


def test_completion_shows_what_a_user_needs() -> None:
    assert dir(am) == sorted([*am.__all__, "__version__"])
    assert len(am.__all__) <= 36
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = am.nonsense


@pytest.mark.parametrize("name", CALLABLES)
def test_it_says_what_it_is_with_an_example_that_runs(name: str) -> None:
    thing = getattr(am, name)
    text = inspect.getdoc(thing) or ""
    assert len(text.splitlines()[0]) > 20
    examples = [
        test
        for test in doctest.DocTestFinder(recurse=inspect.isclass(thing)).find(
            thing, name, globs={}
        )
        if test.examples
    ]
    assert examples, f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in examples:
        test.globs = dict(vars(sys.modules[thing.__module__]))
        said: list[str] = []
        assert runner.run(test, out=said.append).failed == 0, "".join(said)


@pytest.mark.parametrize("name", [n for n in CALLABLES if inspect.isclass(getattr(am, n))])
def test_its_methods_say_what_they_do(name: str) -> None:
    for method, function in inspect.getmembers(getattr(am, name), inspect.isfunction):
        if not method.startswith("_") and function.__module__.startswith("atlasmix"):
            assert inspect.getdoc(function), f"{name}.{method}"


def shown() -> dict[str, object]:
    problem = am.Problem(
        ["cat", "spa", "eng", "por", "fra", "ita", "deu", "ron", "swe", "hrv", "ell", "ukr"],
        budget="2T",
        constraints=[am.AtLeast("*", "0.05%"), am.MaxEpochs(4), am.MaxEpochs(8, "cat")],
    )
    solution = problem.solve()
    return {
        "problem": (problem, 6),
        "solution": (solution, 10),
        "recipe": (solution.recipe, 10),
        "report": (solution.report(), 3),
        "sweep": (am.sweep(am.Problem("cat"), budget=["50B", "100B"]), 6),
        "matrix": (problem.question.matrix, 3),
        "inventory": (problem.question.inventory, 3),
        "law": (problem.question.law, 10),
        "store": (am.Store(None), 3),
        "published": (am.published("salamandra-7b"), 10),
        "constraint": (am.NoWorse("eng", "1%"), 1),
        "question": (problem.question, 10),
        "mixture": (solution.mixture, 10),
    }


@pytest.fixture(scope="module")
def things() -> dict[str, object]:
    return shown()


@pytest.mark.parametrize(
    "name",
    [
        *("problem", "solution", "recipe", "report", "sweep", "matrix", "inventory", "law"),
        *("store", "published", "constraint", "question", "mixture"),
    ],
)
def test_it_is_short_to_look_at(things, name: str) -> None:
    """A notebook once met a repr of 18,000 characters."""
    thing, lines = things[name]
    text = repr(thing)
    assert len(text.splitlines()) <= lines
    assert len(text) <= 1_000
    html = getattr(thing, "_repr_html_", None)
    if html is not None:
        assert "<" in html()


def test_frames_are_frames(things) -> None:
    solution, _ = things["solution"]
    frames = [solution.to_frame(), solution.to_frame("pool"), solution.effects()]
    frames += [solution.prices(), things["matrix"][0].to_frame(), things["inventory"][0].to_frame()]
    for frame in frames:
        assert isinstance(frame, pd.DataFrame)
        assert len(frame)
