"""The mixture that stays near a reference: least tokens moved among those that are as good."""

from dataclasses import replace

import numpy as np
import pytest
from judge import score
from worlds import random_world, world

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.shares import explain_shares
from atlasmix.mixture.solve import best, solve
from atlasmix.problem.baselines import baseline_tokens
from atlasmix.problem.constraints import Guardrail, Selection, ShareLimit
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.problem.problem import MixProblem, Near
from atlasmix.problem.worlds import floor_of
from atlasmix.recipe.check import check
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.answer_tables import comparison_table

EMPTY = Store("/nonexistent")


def tokens_of(mixture):
    return np.array([share.tokens for share in mixture.pools])


def moved(tokens, reference):
    """Half the sum of absolute differences, where every pool is a language of its own."""
    return 0.5 * float(np.abs(tokens / tokens.sum() - reference / reference.sum()).sum())


def near(problem: MixProblem, reference: str, within: float) -> MixProblem:
    return replace(problem, near=Near(reference, within))


def test_against_all_mixtures_of_a_grid():
    """Brute force: no mixture of the grid that is as good moves fewer tokens."""
    tau = np.array([[1, 0.5, 0.2], [0.6, 1, 0.1], [0.3, 0.4, 1]])
    problem = world(tau, [30.0, 80.0, 60.0], ["a", "b", "c"], budget=100e9, exact_tokens=True)
    best_value = score(problem, tokens_of(solve(problem)))
    ceiling = best_value + 0.01 * (best_value - floor_of(problem))
    reference = baseline_tokens(problem, "targets-natural")
    steps = np.linspace(0, 1, 201)
    a, b = (each.ravel() for each in np.meshgrid(steps, steps))
    grid = np.column_stack([a, b, 1 - a - b])[(a + b <= 1.0) & (a * b > 0) & (a + b < 1.0)]
    good = grid[np.asarray(score(problem, grid * problem.budget)) <= ceiling]
    least = 0.5 * np.abs(good - reference / reference.sum()).sum(axis=1).min()

    chosen = tokens_of(solve(near(problem, "targets-natural", 0.01)))
    assert score(problem, chosen) <= ceiling + 1e-6 * (best_value - floor_of(problem))
    assert moved(chosen, reference) <= least + 1e-4
    assert moved(chosen, reference) >= least - 2 * 0.005, "a grid of half points is no finer"


def test_a_reference_that_is_good_enough_is_the_answer():
    problem = problem_from_mapping({"targets": "cat,spa,glg", "budget": "300B"}, EMPTY)
    reference = baseline_tokens(problem, "targets-unimax")
    mixture = solve(near(problem, "targets-unimax", 0.02))
    assert moved(tokens_of(mixture), reference) == pytest.approx(0.0, abs=1e-6)
    assert mixture.left_alone.same == ("cat", "glg", "spa")


@pytest.mark.parametrize("seed", [401, 402, 403])
@pytest.mark.parametrize("reference", ["targets-temperature-3.33", "uniform", "natural"])
def test_the_proof_holds_what_was_given_and_more_buys_more(seed, reference):
    """The certificate's bound is that of all mixtures: its gap is what staying near costs."""
    limits = (ShareLimit("min", Selection("language", "c"), 0.0737),)
    problem = random_world(seed, targets=3, budget=60e9, limits=limits)
    free = solve(problem)
    ranges = {each.language: (each.low, each.high) for each in free.flatness}
    before = 1.0
    for within in (0.002, 0.01, 0.05):
        mixture = solve(near(problem, reference, within))
        proof = mixture.certificate
        reducible = free.certificate.value - floor_of(problem)
        assert proof.bound == pytest.approx(free.certificate.bound, rel=1e-9)
        assert proof.exact
        assert (proof.value - free.certificate.value) / reducible <= within * (1 + 1e-3) + 2e-6
        assert proof.gap == pytest.approx((proof.value - proof.bound) / reducible, abs=1e-5)
        assert mixture.proportions["c"] >= 0.0737 - 1e-6
        stays = mixture.left_alone
        assert stays.moved <= min(before, stays.moved_best) + 2e-4
        for each in mixture.flatness:
            if each.language in ranges:
                low, high = ranges[each.language]
                assert each.low == pytest.approx(min(low, each.share), abs=1e-6)
                assert each.high == pytest.approx(max(high, each.share), abs=1e-6)
        before = stays.moved


def test_of_its_question_plain_data_and_a_recipe_hold_all(tmp_path):
    asked = {"targets": "cat,spa,glg", "near": "targets-unimax", "draws": 0}
    problem = problem_from_mapping(asked, EMPTY)
    assert problem.near == Near("targets-unimax", 0.005)
    assert problem_to_mapping(problem)["near"] == "0.5%:targets-unimax"
    recipe = make_recipe(problem, solve(problem))
    assert check(recipe, EMPTY).verdict == "holds"
    without = {**recipe.question, "near": "0.5%:uniform"}
    assert check(replace(recipe, question=without), EMPTY).verdict != "holds"


def test_no_explanation_is_written_over_an_answer_near_a_reference():
    """What is next in worth is told at this mixture, and what stays near is not called free."""
    asked = {"targets": "cat,eus,spa,por", "budget": "300B"}
    problem = problem_from_mapping(asked, EMPTY)
    stays = near(problem, "targets-natural", 0.02)
    mixture = solve(stays)
    reasons = {each.language: each for each in explain_shares(stays, mixture)}
    assert "near" in {each.held for each in reasons.values()}
    for each in reasons.values():
        assert each.share == pytest.approx(mixture.proportions.get(each.language, 0.0))
        if each.held == "free":
            assert each.value == pytest.approx(1.0, abs=0.005)


def test_a_baseline_that_is_better_than_what_stays_near_is_not_called_the_same():
    """The gap of its proof was given for staying near; of any other answer it is doubt."""
    asked = {"targets": "cat,spa,glg,eus", "budget": "300B", "near": "targets-natural", "draws": 0}
    problem = problem_from_mapping(asked, EMPTY)
    mixture = solve(problem)
    rows = compare(problem)
    better = [row for row in rows if row.within_limits and row.value < mixture.certificate.value]
    assert better, "or this test shows nothing"
    told = {row.cells[0]: row.cells[-2] for row in comparison_table(problem, mixture, rows).rows}
    for row in better:
        assert told[row.name] == pytest.approx(row.value - mixture.certificate.value)
        assert told[row.name] < 0


def test_best_is_the_same_mixture():
    asked = {"targets": "cat,eus,spa", "budget": "300B", "near": "1%:uniform"}
    stays = problem_from_mapping(asked, EMPTY)
    assert tokens_of(best(stays)) == pytest.approx(tokens_of(solve(stays)))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0%:unimax", "expected above 0 and at most 50%"),
        ("80%:unimax", "expected above 0 and at most 50%"),
        ("x:unimax", "expected a share of the reducible loss"),
        ("nix", "no reference mixture 'nix'"),
        (0.5, "near is 0.5: expected a reference mixture by its name, such as targets-temp"),
        (" ", "where it may cost more or less that before it: 1%:targets-temperature-3.33"),
    ],
)
def test_what_cannot_be_near(written, said):
    with pytest.raises(ProblemError, match=said) as caught:
        problem_from_mapping({"targets": "cat", "near": written}, EMPTY)
    assert caught.value.field == "near"


def test_the_last_recipe_of_a_team_is_a_reference(tmp_path):
    """Read otherwise than its shares, or refused, an answer near it would move other tokens."""
    first = problem_from_mapping({"targets": "cat,spa,glg", "budget": "300B", "draws": 0}, EMPTY)
    before = solve(first)
    path = tmp_path / "last.yaml"
    path.write_text(dump_recipe(make_recipe(first, before)), encoding="utf-8")
    asked = {"targets": "cat,spa,glg", "budget": "300B", "draws": 0}
    again = solve(problem_from_mapping({**asked, "near": str(path)}, Store()))
    for key, share in before.proportions.items():
        assert again.proportions[key] == pytest.approx(share, abs=1e-4)
    guarded = {"targets": "spa", "budget": "300B", "draws": 0}
    free = solve(problem_from_mapping(guarded, Store()))
    rail = problem_from_mapping({**guarded, "guardrails": {"cat": f"2%:{path}"}}, Store())
    (limit,) = [each for each in rail.limits if isinstance(each, Guardrail)]
    assert limit.reference == str(path)
    assert free.proportions.get("cat", 0.0) < 0.01 < solve(rail).proportions["cat"]


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ("proportion: 0.", "proportion: 7.", "proportion"),
        ("\nanswer:\n", "\nanswers:\n", "answer"),
        ("schema: atlasmix/recipe/2", "schema: mine", "neither a mixture file nor a recipe"),
    ],
)
def test_a_file_that_is_no_mixture_is_no_reference(tmp_path, found, instead, said):
    first = problem_from_mapping({"targets": "cat", "draws": 0}, EMPTY)
    path = tmp_path / "last.yaml"
    text = dump_recipe(make_recipe(first, solve(first)))
    assert found in text
    path.write_text(text.replace(found, instead, 1), encoding="utf-8")
    near_it = problem_from_mapping({"targets": "cat", "near": str(path)}, Store())
    with pytest.raises(DataError, match=said):
        solve(near_it)


@pytest.mark.parametrize(
    "rail", ["1%: ", {"slack": "1%", "reference": 0.5}, {"slack": "1%", "reference": ""}]
)
def test_what_references_look_like_is_said_of_a_guardrail_too(rail):
    with pytest.raises(ProblemError, match="expected a reference mixture by its name, such as"):
        problem_from_mapping({"targets": "cat", "guardrails": {"spa": rail}}, EMPTY)


def test_a_reference_without_a_pool_here():
    problem = world(np.eye(3), [1.0, 10.0, 100.0], ["a"])
    with pytest.raises(ProblemError, match="has no language with a pool"):
        solve(near(problem, "salamandra-7b", 0.01))


def test_what_must_lie_elsewhere_is_not_spread_over_every_language():
    """A token away from the reference is as far wherever it lies: 63 languages had 0.02% each."""
    problem = problem_from_mapping({"targets": "eus", "budget": "300B", "params": "7B"}, EMPTY)
    mixture = solve(near(problem, "targets-natural", 0.005))
    free = solve(problem)
    assert set(mixture.proportions) == set(free.proportions)
    assert mixture.left_alone.moved <= mixture.left_alone.moved_best + 1e-4, "hundredths of a point"


def test_a_language_that_a_limit_asks_for_stays_near_a_reference_too():
    question = {"targets": "eus", "budget": "300B", "params": "7B", "min": {"ast": "0.05%"}}
    problem = problem_from_mapping(question, EMPTY)
    mixture = solve(near(problem, "targets-natural", 0.005))
    assert mixture.proportions["ast"] >= 0.0005 - 1e-9


def test_a_target_of_little_text_stays_near_a_recipe_that_does_not_read_it(tmp_path, monkeypatch):
    """Yoruba has 0.06% of the tokens: it was closed as a stranger, and no solver could answer."""
    monkeypatch.chdir(tmp_path)
    asked = problem_from_mapping({"targets": "swh", "budget": "300B"}, EMPTY)
    mixture = solve(asked)
    tmp_path.joinpath("last year.yaml").write_text(dump_recipe(make_recipe(asked, mixture)))
    question = {"targets": "swh,yor", "budget": "600B", "near": "last year.yaml"}
    problem = problem_from_mapping(question, EMPTY)
    there = solve(problem)
    assert 0 < there.proportions["yor"] < 0.001
    assert set(there.proportions) <= {*mixture.proportions, *best(problem).proportions}
    assert there.left_alone.moved < there.left_alone.moved_best
