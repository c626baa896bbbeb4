"""A notebook's question and answer: what is written is what is asked, and what comes out is it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import atlasmix as am
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping


@pytest.fixture(scope="module")
def problem() -> am.Problem:
    limits = [am.AtLeast("eng", 0.2), am.MaxEpochs(4)]
    return am.Problem({"cat": 2, "eng": 1}, budget="300B", constraints=limits)


@pytest.fixture(scope="module")
def solution(problem: am.Problem) -> am.Solution:
    return problem.solve()


def test_it_asks_what_the_problem_file_asks(problem: am.Problem) -> None:
    """Words that are lost on the way would ask another question."""
    asked = {
        "targets": {"cat": 2, "eng": 1},
        "budget": "300B",
        "min": {"eng": 0.2},
        "max_epochs": 4,
    }
    assert problem.to_mapping() == problem_to_mapping(problem_from_mapping(asked))


EVERY = [
    am.AtLeast("*", "1%"),
    am.AtLeast(["cat", "spa"], 0.1),
    am.AtMost("family:Romance", 0.9),
    am.Keep("corpus:hplt-v4", "5B"),
    am.MaxEpochs(8),
    am.MaxEpochs(2, "spa"),
    am.MaxDonors(3),
    am.NoWorse("eng", "5%", "uniform"),
]


def test_every_constraint_reaches_the_question_and_comes_back_from_its_file(tmp_path) -> None:
    problem = am.Problem(["cat", "eng"], constraints=EVERY)
    asked = problem.to_mapping()
    assert asked["min"] == {"*": 0.01, "cat-spa": 0.1}
    assert asked["groups"] == {"cat-spa": ["cat", "spa"]}
    assert asked["max"] == {"family:Romance": 0.9}
    assert asked["keep"] == {"corpus:hplt-v4": 5_000_000_000}
    assert asked["max_epochs"] == {"default": 8, "spa": 2}
    assert asked["max_donors"] == 3
    assert asked["guardrails"] == {"eng": {"slack": 0.05, "reference": "uniform"}}
    problem.save(tmp_path / "problem.yaml")
    assert am.Problem.from_file(tmp_path / "problem.yaml").to_mapping() == asked


def test_the_answer_is_the_librarys(problem: am.Problem, solution: am.Solution) -> None:
    direct = solve(problem.question)
    assert solution.proportions == direct.proportions
    frame = solution.to_frame()
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["tokens"].sum() == pytest.approx(solution.tokens)
    assert ((frame["share_low"] <= frame["share"]) & (frame["share"] <= frame["share_high"])).all()
    pools = solution.to_frame("pool")
    by_language = pools.groupby("language")["share"].sum()
    assert by_language.to_dict() == pytest.approx(solution.proportions)
    effects = solution.effects()
    for effect in direct.targets:
        assert effects.loc[effect.language, "loss"] == effect.loss
    parts = effects["capacity_loss"] + effects["data_loss"] + problem.question.law.E
    np.testing.assert_allclose(parts, effects["loss"])


def test_a_recipe_saved_is_the_question_again(tmp_path, solution: am.Solution) -> None:
    path = tmp_path / "recipe.yaml"
    solution.save(path)
    recipe = am.load_recipe(path)
    assert recipe.proportions == solution.recipe.proportions
    again = am.Problem.from_file(path).solve()
    assert again.recipe.proportions == recipe.proportions
    assert am.check(recipe, am.Store(None)).verdict == "holds"


def test_the_command_line_answers_the_saved_problem_alike(tmp_path, problem, solution) -> None:
    problem.save(tmp_path / "problem.yaml")
    command = [sys.executable, "-m", "atlasmix", "solve", "--problem", "problem.yaml"]
    run = subprocess.run(
        [*command, "--output", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    solution.save(tmp_path / "mine.yaml")
    assert run.stdout == (tmp_path / "mine.yaml").read_text(encoding="utf-8")


def test_a_matrix_of_ones_own_is_solved_with(problem: am.Problem) -> None:
    """Spanish gives Catalan nothing in this frame, so it is not read."""
    frame = pd.DataFrame(
        [[1.0, -0.9, -0.9], [-0.9, 1.0, -0.9], [-0.9, -0.9, 1.0]],
        ["cat", "eng", "spa"],
        ["cat", "eng", "spa"],
    )
    mine = am.TransferMatrix.from_frame(frame, "mine")
    other = problem.with_(matrix=mine).solve()
    assert problem.solve().proportions.get("spa", 0) > 0.1
    assert other.proportions.get("spa", 0) == 0
    assert other.recipe.origin["matrix"]["name"] == "mine"


def test_counts_of_ones_own_are_solved_with() -> None:
    own = am.Inventory.from_frame(
        pd.DataFrame({"language": ["cat", "spa"], "tokens": ["5B", "900B"]}), "own"
    )
    few = am.Problem("cat", inventory=own).solve()
    assert few.to_frame("pool")["epochs"].loc["cat.human.own"] == pytest.approx(4)
    assert few.proportions["cat"] == pytest.approx(20e9 / few.tokens)


def test_a_law_of_ones_own_is_solved_with(problem: am.Problem) -> None:
    chinchilla = am.load_law("hoffmann-2022")
    assert problem.with_(law=chinchilla).question.law is chinchilla
    assert problem.with_(law="hoffmann-2022").solve().proportions == (
        problem.with_(law=chinchilla).solve().proportions
    )


def test_a_compute_budget_is_divided_first() -> None:
    sized = am.Problem("cat", compute="1e21").solve()
    assert 6 * sized.params * sized.question.budget <= 1e21 * (1 + 1e-9)
    assert 6 * sized.params * sized.question.budget > 0.9e21


def test_a_given_mixture_is_no_better_than_the_answer(problem, solution) -> None:
    given = problem.evaluate({"cat": 0.28, "eng": 0.72})
    assert given.certificate.value >= solution.certificate.bound
    assert given.proportions["eng"] == pytest.approx(0.72)
    tokens = {name: row["tokens"] for name, row in solution.to_frame("pool").iterrows()}
    same = problem.evaluate(tokens)
    assert same.certificate.value == pytest.approx(solution.certificate.value, rel=1e-9)


def test_baselines_are_no_better_where_they_keep_the_limits(solution: am.Solution) -> None:
    frame = solution.baselines()
    kept = frame[frame["within_limits"]]
    assert kept["objective"].idxmin() == "answer"


def test_reports_and_figures(tmp_path, solution: am.Solution) -> None:
    solution.report().save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Catalan" in page
    assert "<script src=" not in page
    for kind in ("mixture", "effect", "flatness"):
        assert len(solution.plot(kind).data) > 0


@pytest.mark.parametrize(
    ("make", "field", "said"),
    [
        (lambda: am.Problem("cat", budget="lots"), "budget", "budget is 'lots'"),
        (lambda: am.Problem("klingonn"), "targets", "did you mean"),
        (lambda: am.Problem("cat", constraints=[am.AtLeast("eng", 3)]), "min", "between 0 and 1"),
        (lambda: am.Problem("cat", constraints=["eng"]), "constraints", "expected AtLeast"),
        (lambda: am.Problem("cat", constraints="eng"), "constraints", "expected a list"),
        (
            lambda: am.Problem("cat", constraints=[am.MaxEpochs(2), am.MaxEpochs(3)]),
            "constraints",
            "the second MaxEpochs",
        ),
        (lambda: am.Problem("cat").with_(budgt=1), "budgt", "no argument 'budgt'"),
        (lambda: am.Problem("cat").evaluate({}), "mixture", "not all 0"),
        (lambda: am.Problem("cat").evaluate({"cat": -1}), "mixture", "from 0"),
        (lambda: am.Problem("cat").evaluate({"ang": 1}), "mixture", "no pool in this problem"),
        (lambda: am.Problem("cat").solve().to_frame("corpus"), "by", "'language' or 'pool'"),
        (lambda: am.Problem("cat").solve().plot("pie"), "kind", "expected 'mixture'"),
    ],
)
def test_a_slip_is_a_sentence_that_names_the_argument(make, field, said) -> None:
    with pytest.raises(am.AtlasMixError, match=said) as caught:
        make()
    assert caught.value.field == field
    assert "--" not in str(caught.value)


def test_constraints_that_collide_are_named() -> None:
    limits = [am.AtLeast("spa", 0.8), am.AtLeast("eng", 0.5)]
    with pytest.raises(am.Infeasible) as caught:
        am.Problem("cat", constraints=limits).solve()
    assert set(caught.value.conflict) == {"min spa 80%", "min eng 50%"}


def test_draws_of_a_solution_in_frames() -> None:
    """Asked for at once, made when they are looked at, or left out; always the same numbers."""
    problem = am.Problem("cat", matrix="atlas-2025")
    solution = problem.solve(draws=20, seed=4)
    assert solution.mixture.uncertainty is solution.uncertainty
    shares = solution.intervals()
    assert list(shares.columns) == ["share", "low", "middle", "high", "read"]
    assert shares["share"].sum() == pytest.approx(1.0)
    losses = solution.intervals("loss")
    assert losses.loc["cat", "loss"] == solution.targets[0].loss
    same = problem.with_(draws=20, seed=4).solve()
    assert same.uncertainty == solution.uncertainty
    assert same.recipe.question["draws"] == 20
    later = problem.solve()
    assert later.mixture.uncertainty is None
    assert later.uncertainty is not None
    assert later.uncertainty.draws == later.recipe.uncertainty.draws == 32
    none = problem.solve(draws=0)
    assert none.uncertainty is None
    with pytest.raises(am.ProblemError, match="not tried in draws"):
        none.intervals()
    with pytest.raises(am.ProblemError, match="expected 'share' or 'loss'"):
        solution.intervals("tokens")  # type: ignore[arg-type]
