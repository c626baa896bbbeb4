"""A recipe holds only where its question gives every figure in it: each is edited, one by one."""

import copy

import pytest
import yaml

from atlasmix.errors import DataError
from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.check import check
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import make_recipe
from atlasmix.solver.compute import at_compute

STORE = Store("/nonexistent")
QUESTIONS = {
    "one target": {"targets": "cat"},
    "caveats, phases and a limit": {
        "targets": "yor,eng",
        "budget": "8T",
        "min": {"yor": "1%"},
        "phases": [{"name": "main"}, {"name": "anneal", "tokens": "20%"}],
    },
    "compute": {"targets": "cat", "compute": "1e22"},
}
NOT_COMPARED = {
    # A name of ours for the version that solved it; another may word its sentences otherwise.
    ("origin", "atlasmix"),
}


def leaves(value, path=()):
    """(Path, value) of every leaf, of one entry of each list; and of each list, to shorten it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        if value:
            yield (*path, "one less"), value
            yield from leaves(value[0], (*path, 0))
    else:
        yield path, value


def edited(value):
    """The same with something else in it, of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + max(1, value // 10)
    if isinstance(value, float):
        return value * 1.1 + 0.003
    return 1.0 if value is None else f"{value} x"


def with_edit(content, path, new):
    whole = copy.deepcopy(content)
    part = whole
    for step in path[:-1]:
        part = part[step]
    if path[-1] == "one less":
        part.pop(0)  # a published mixture at the end is a choice
    else:
        part[path[-1]] = new
    return whole


@pytest.fixture(scope="module", params=QUESTIONS)
def solved(request):
    """(Recipe as plain data, its answer, found once)."""
    problem = at_compute(problem_from_mapping(QUESTIONS[request.param], STORE))
    mixture = solve(problem)
    comparisons = compare(problem, (published("salamandra-7b"),))
    return yaml.safe_load(dump_recipe(make_recipe(problem, mixture, comparisons))), mixture


def verdict(content, mixture):
    """What a check says; the fault where the file is refused before."""
    try:
        recipe = load_recipe(yaml.safe_dump(content, sort_keys=False))
    except DataError:
        return "refused"
    return check(recipe, STORE, solver=lambda _: mixture).verdict


def test_as_it_was_written_it_holds(solved):
    content, mixture = solved
    report = check(load_recipe(yaml.safe_dump(content)), STORE, solver=lambda _: mixture)
    assert (report.verdict, report.evidence) == ("holds", ())


def test_no_figure_can_be_edited_unseen(solved):
    """Certificate, gaps, baselines, risk charge, ranges, caveats, origin: each passed once."""
    content, mixture = solved
    passed = [
        path
        for part in ("answer", "origin")
        for path, value in leaves(content[part], (part,))
        if path not in NOT_COMPARED
        and verdict(with_edit(content, path, edited(value)), mixture) == "holds"
    ]
    # How often a solver tried differs between machines: a tenth more is nothing.
    assert [path for path in passed if path[-1] != "solves"] == []


def test_what_is_no_number_is_refused(solved):
    """A gap of inf and a loss of nan were read, and passed."""
    content, mixture = solved
    for part in ("question", "answer", "origin"):
        for path, value in leaves(content[part], (part,)):
            if isinstance(value, float) or value is None:
                for new in (float("nan"), float("inf"), float("-inf")):
                    assert verdict(with_edit(content, path, new), mixture) == "refused", path


@pytest.mark.parametrize(
    ("path", "new", "words"),
    [
        (("answer", "certificate", "gap"), 0.25, "of the proof the recipe records gap 0.25, today"),
        (("answer", "baselines", 0, "losses", 0), 9.0, "of baseline target only the recipe"),
        (("answer", "baselines", 0, "name"), "our last", "none of today's and no published"),
        (("answer", "warnings"), ["all is well"], "has the warning 'all is well', which nothing"),
        (("answer", "targets", 0, "language"), "spa", "speaks of the targets spa, its question of"),
        (("origin", "law", "E"), 1.0, "it gives law E as 1, what it names as"),
        (("origin", "matrix", "licence"), "MIT", "it gives matrix licence as MIT"),
    ],
)
def test_what_was_edited_is_said(path, new, words):
    problem = problem_from_mapping(QUESTIONS["one target"], STORE)
    mixture = solve(problem)
    content = yaml.safe_load(dump_recipe(make_recipe(problem, mixture, compare(problem))))
    recipe = load_recipe(yaml.safe_dump(with_edit(content, path, new)))
    report = check(recipe, STORE, solver=lambda _: mixture)
    assert report.verdict in ("edited", "drifted")
    assert any(words in sentence for sentence in report.evidence), report.evidence


def test_a_recipe_without_baselines_holds():
    """One made from Python has none, and lacks nothing."""
    problem = problem_from_mapping(QUESTIONS["one target"], STORE)
    mixture = solve(problem)
    assert check(make_recipe(problem, mixture), STORE, solver=lambda _: mixture).verdict == "holds"
