"""``solve --draws``: the command in a folder of its own, what it prints, and what it keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from command_line import Run, runner

from atlasmix.problem.command import solve_command
from atlasmix.problem.link import short_question
from atlasmix.problem.parsing import problem_from_mapping


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runner(tmp_path)


def uncertainty_of(out: str) -> dict:
    return json.loads(out)["recipe"]["answer"]["uncertainty"]


def test_draws_by_seed_from_another_folder(run: Run) -> None:
    done = run("solve", "--target", "cat", "--draws", "40", "--seed", "3", "--json")
    assert (done.status, done.err) == (0, "")  # no progress in a pipe
    sure = uncertainty_of(done.out)
    assert (sure["draws"], sure["seed"]) == (40, 3)
    loss = sure["losses"][0]
    assert loss["low"] < loss["middle"] < loss["high"]
    assert {share["language"]: share["read"] for share in sure["shares"]}["cat"] == 1.0
    assert 0 <= sure["regret"]["expected"] <= 0.1
    again = run("solve", "--target", "cat", "--draws", "40", "--seed", "3", "--json")
    assert again.out == done.out
    other = run("solve", "--target", "cat", "--draws", "40", "--seed", "4", "--json")
    assert uncertainty_of(other.out)["losses"] != sure["losses"]


def test_a_file_asks_for_draws_and_an_option_overrides_it(run: Run, tmp_path: Path) -> None:
    question = {"targets": "cat", "draws": 20, "seed": 9}
    (tmp_path / "problem.yaml").write_text(yaml.safe_dump(question), encoding="utf-8")
    done = run("solve", "--problem", "problem.yaml", "--seed", "2", "--output", "recipe.yaml")
    assert done.status == 0
    assert "In 20 worlds drawn from what the evidence allows" in " ".join(done.out.split())
    assert "Regret and intervals" in done.out
    recipe = yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["answer"]["uncertainty"]["seed"] == 2
    assert (recipe["question"]["draws"], recipe["question"]["seed"]) == (20, 2)
    assert run("check", "recipe.yaml").status == 0


def test_a_small_question_has_a_few_draws_and_a_large_one_says_how_to_get_them(run: Run) -> None:
    small = run("solve", "--target", "cat")
    assert "In 32 worlds drawn" in small.out
    assert "--draws" not in small.out
    none = run("solve", "--target", "cat", "--draws", "0")
    assert "Regret and intervals" not in none.out
    assert "Add --draws 256" in none.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--draws", "3"), "3 draws: expected 20 to 10,000, or 0 for none (--draws)"),
        (("--draws", "x"), "draws is 'x': expected a finite number"),
        (("--seed", "-1"), "seed is -1: expected a whole number from 0"),
    ],
)
def test_draws_that_cannot_be_made(run: Run, words: tuple[str, str], said: str) -> None:
    done = run("solve", "--target", "cat", *words)
    assert (done.status, done.out) == (1, "")
    assert said in " ".join(done.err.split())


def test_explain_makes_no_draws(run: Run) -> None:
    """It has no place for them: an option that does nothing would be a lie."""
    assert run("explain", "--target", "cat", "--draws", "20").status == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--objective", "expected"), "Chosen by its mean loss over 32 draws"),
        (("--objective", "cautious", "--tail", "10%"), "in the worst 10% of 32 draws"),
        (("--box", "80%"), "lower end of its 80% interval"),
        (("--wrong-scores", "1"), "those 1 donor of each target count with the lower end"),
        (("--matrix", "atlasmix-2026", "--matrix", "atlas-2025"), "if this matrix is right"),
    ],
)
def test_every_way_to_doubt_is_said_recorded_and_checked(
    run: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """The report says how it was chosen; recipe and command ask the same again."""
    recipe = tmp_path / "recipe.yaml"
    answer = run("solve", "--target", "cat,cym", *words, "--draws", "32", "--output", str(recipe))
    assert answer.status == 0, answer.err
    assert said in " ".join(answer.out.split())
    check = run("check", str(recipe))
    assert (check.status, "The recipe holds" in check.out) == (0, True)
    question = yaml.safe_load(recipe.read_text())["question"]
    again = solve_command(short_question(problem_from_mapping(question)), "again.yaml")
    for word in words:
        assert word in again or word in ("atlasmix-2026", "80%", "10%")
