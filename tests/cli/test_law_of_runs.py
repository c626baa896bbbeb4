"""A law learned from runs as the law of a solve, and judged by what it foretold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import Run, assert_refused

from atlasmix.io.tables import read_rows, to_csv

NAMES = ("cat", "eng", "spa")
TAU = np.array([[1.0, 0.10, 0.40], [0.05, 1.0, 0.10], [0.30, 0.15, 1.0]])
QUICK = ("--compare", "none", "--no-mixture", "--draws", "8")


def runs(path: Path, count: int, seed: int, joint: bool = True, off: float = 0.0) -> str:
    """Runs of a known law with a little noise."""
    source = np.random.default_rng(seed)
    weights = source.dirichlet(np.ones(3), count)
    params = source.choice([1e8, 4e8, 1e9, 3e9], count) if joint else np.full(count, 1e9)
    tokens = 10 ** source.uniform(9.7, 11, count) if joint else np.full(count, 2e10)
    floors = np.array([1.9, 1.6, 1.7])
    lost = 0.3 * (params[:, None] / 1e9) ** -0.33 * (0.02 + 0.98 * weights) ** -0.15
    loss = floors + lost + 0.9 * (weights @ TAU.T * tokens[:, None] / 2e10) ** -0.3
    loss += off + 0.003 * source.normal(size=loss.shape)
    header = ("run", "params", "tokens", *(f"w_{n}" for n in NAMES), *(f"loss_{n}" for n in NAMES))
    rows = tuple(
        (f"r{seed}-{place}", *(repr(float(cell)) for cell in row))
        for place, row in enumerate(np.column_stack([params, tokens, weights, loss]))
    )
    path.write_bytes(to_csv(header, rows))
    return path.name


def test_from_runs_to_a_recipe_that_knows_its_runs(atlasmix: Run, tmp_path: Path) -> None:
    """learn, solve, check, sweep and capacity, each with what the one before wrote."""
    name = runs(tmp_path / "runs.csv", 90, 1)
    done = atlasmix("learn", name, "--for-solve", "--save", "law.yaml", *QUICK)
    assert done.status == 0, done.err
    assert "atlasmix solve --law law.yaml --target cat" in done.out
    asked = ("--law", "law.yaml", "--target", "cat", "--budget", "60B", "--params", "2B")
    done = atlasmix("solve", *asked, "--max", "cat=60%", "--output", "recipe.yaml")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    rest = re.search(r"and the rest, ([\d.]+),", said)
    assert rest is not None
    assert float(rest[1]) == pytest.approx(1.9, abs=0.08)  # E of the target, not of all: 1.7
    assert "1 measured by you" in said
    assert "8 draws from its runs" in said
    recipe = yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["question"]["law"] == recipe["question"]["matrix"] == "law.yaml"
    assert recipe["origin"]["law"]["runs"][0]["name"] == "runs.csv"
    assert {pair["status"] for pair in recipe["origin"]["pairs"]} <= {"own", "missing"}
    assert atlasmix("check", "recipe.yaml").status == 0
    done = atlasmix("sweep", *asked[:4], "--budget", "30B,60B", "--json")
    assert done.status == 0, done.err
    assert len(json.loads(done.out)) == 2
    done = atlasmix("capacity", "--from", "2", "--to", "3", "--law", "law.yaml", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["law"] == "law.yaml"
    runs(tmp_path / "runs.csv", 90, 5)
    assert atlasmix("learn", name, "--for-solve", "--save", "law.yaml", *QUICK).status == 0
    done = atlasmix("check", "recipe.yaml")
    assert done.status == 1
    assert "law law.yaml was learned from other runs" in " ".join(done.out.split())


def test_a_law_that_serves_no_solve_says_so_when_it_is_written(
    atlasmix: Run, tmp_path: Path
) -> None:
    name = runs(tmp_path / "one.csv", 40, 2, joint=False)
    done = atlasmix("learn", name, "--for-solve", "--save", "law.yaml", *QUICK)
    assert done.status == 0, done.err
    text = (tmp_path / "law.yaml").read_text(encoding="utf-8")
    (tmp_path / "bent.yaml").write_text(text.replace("gamma: 1.0", "gamma: 0.8"))
    assert_refused(
        atlasmix("solve", "--law", "bent.yaml", "--target", "cat"),
        "lets a source tell less as more of it is read",
    )
    asked = ("solve", "--law", "law.yaml", "--target", "cat")
    assert_refused(atlasmix(*asked, "--params", "7B"), "all of 1B parameters")
    assert_refused(
        atlasmix("capacity", "--from", "2", "--to", "3", "--law", "law.yaml"),
        "have the same parameters",
    )
    assert_refused(atlasmix("laws", "add", "law.yaml"), "learned from runs and no card")
    done = atlasmix("learn", name, "--law", "linear", "--save", "line.yaml", *QUICK)
    assert "No solve takes it" in done.out


def test_what_runs_hardly_tell_goes_with_the_law(atlasmix: Run, tmp_path: Path) -> None:
    """It was printed by the command that learned it and forgotten by its file."""
    name = runs(tmp_path / "few.csv", 9, 1)
    asked = ("learn", name, "--for-solve", "--save", "law.yaml", "--no-mixture", *QUICK)
    data = json.loads(atlasmix(*asked, "--json").out)
    told = {each["set"]: each["hardly_told"] for each in data["sets"]}
    assert any(told.values()), "nine runs leave something open"
    law = yaml.safe_load((tmp_path / "law.yaml").read_text(encoding="utf-8"))
    assert {each["name"]: each["hardly_told"] for each in law["sets"]} == told
    for shown in (("learn", "law.yaml"), ("laws", "show", "law.yaml")):
        done = atlasmix(*shown)
        assert done.status == 0, done.err
        assert "hardly" in done.out
        assert "Learned from few.csv" in done.out
        assert json.loads(atlasmix(*shown, "--json").out)["sets"] == law["sets"]
    constant = next(each for names in told.values() for each in names if "τ" not in each)
    solved = atlasmix("solve", "--law", "law.yaml", "--target", "cat", "--draws", "0")
    assert solved.status == 0, solved.err
    assert f"hardly told by them: {constant} (" in " ".join(solved.out.split())


def test_a_law_of_runs_that_say_no_tokens_is_not_offered_to_a_solve(
    atlasmix: Run, tmp_path: Path
) -> None:
    """The next step that was printed was refused."""
    runs(tmp_path / "runs.csv", 40, 2, joint=False)
    rows = read_rows((tmp_path / "runs.csv").read_bytes(), "runs")
    keep = [at for at, title in enumerate(rows.header) if title not in {"params", "tokens"}]
    table = [tuple(row[at] for at in keep) for row in rows.rows]
    (tmp_path / "bare.csv").write_bytes(to_csv(tuple(rows.header[at] for at in keep), table))
    save = ("--for-solve", "--save", "law.yaml", "--no-mixture", *QUICK)
    done = atlasmix("learn", "bare.csv", *save)
    said = " ".join(done.out.split())
    assert "No solve takes it: it does not say how many tokens its runs read" in said
    assert "add a column tokens" in said
    asked = ("solve", "--law", "law.yaml", "--target", "cat")
    assert_refused(atlasmix(*asked), "add a column tokens to the table of runs")


def test_runs_that_came_after_judge_the_law(atlasmix: Run, tmp_path: Path) -> None:
    """Foretold, reached, inside; then again with the next batch: the file remembers."""
    name = runs(tmp_path / "runs.csv", 60, 1)
    keep = ("--save", "law.yaml", *QUICK)
    assert atlasmix("learn", name, *keep).status == 0
    first = runs(tmp_path / "first.csv", 2, 7)
    done = atlasmix("learn", name, "--add", first, *keep)
    assert done.status == 0, done.err
    assert "Foretold and reached" in done.out
    assert "r7-1" in done.out
    line = next(line for line in done.out.splitlines() if " r7-1 " in line).split()
    assert all(len(line[place].partition(".")[2]) == 3 for place in (2, 6, 7)), line
    assert "from 62 runs" in " ".join(done.out.split())
    law = yaml.safe_load((tmp_path / "law.yaml").read_text(encoding="utf-8"))
    kept = law["history"]
    assert [len(batch["outcomes"]) for batch in kept] == [6]
    assert law["learned_from"]["tables"] == ["runs.csv", "first.csv"]
    second = runs(tmp_path / "second.csv", 1, 8, off=0.5)
    done = atlasmix("learn", name, "--add", first, "--add", second, "--json", *keep)
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert told["history"][0] == kept[0]
    assert told["score"]["all"]["count"] == 9
    assert told["score"]["cat"]["bias"] > 0.1
    law = yaml.safe_load((tmp_path / "law.yaml").read_text(encoding="utf-8"))
    assert [batch["runs"] for batch in law["history"]] == [60, 62]
    assert_refused(atlasmix("learn", name, "--add", second, *keep), "first.csv among its runs")


def test_logs_of_the_run_judge_it_too(atlasmix: Run, tmp_path: Path) -> None:
    """A trainer's logs and a table of its mixture, beside runs that are a table."""
    name = runs(tmp_path / "runs.csv", 60, 1)
    state = {
        "global_step": 9,
        "max_steps": 9,
        "log_history": [{"step": 9, "eval_cat_loss": 3.1, "eval_spa_loss": 3.0}],
    }
    path = tmp_path / "logs" / "big" / "trainer_state.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(state), encoding="utf-8")
    (tmp_path / "mix.csv").write_text(
        "run,w_cat,w_eng,w_spa,params,tokens\nbig,0.5,0.2,0.3,2000000000,60000000000\n"
    )
    new = ("--add", "logs", "mix.csv", "--metric", "eval_*_loss")
    done = atlasmix("learn", name, *new, "--json", *QUICK)
    assert done.status == 0, done.err
    outcomes = json.loads(done.out)["history"][0]["outcomes"]
    assert [(each["run"], each["set"], each["reached"]) for each in outcomes] == [
        ("big", "cat", 3.1),
        ("big", "spa", 3.0),
    ]


def test_runs_of_one_size_take_their_exponents_from_a_law(atlasmix: Run, tmp_path: Path) -> None:
    """Said in the report, in the data, in the file and in the solve; else refused at another D."""
    name = runs(tmp_path / "one.csv", 40, 2, joint=False)
    given = ("--constants-from", "hoffmann-2022")
    done = atlasmix("learn", name, *given, "--save", "law.yaml", *QUICK)
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "of law hoffmann-2022: assumed, not learned, as all runs are of 1B parameters" in said
    assert "the same in every draw, for its card states no doubt of them" in said
    assert "beta" in yaml.safe_load((tmp_path / "law.yaml").read_text())["assumed"]["constants"]
    far = ("--target", "cat", "--params", "7B", "--budget", "100B")
    done = atlasmix("solve", "--law", "law.yaml", *far)
    assert done.status == 0, done.err
    assert "alpha, beta, B and mu assumed, from law hoffmann-2022" in " ".join(done.out.split())
    told = json.loads(atlasmix("learn", name, *given, "--json", *QUICK).out)
    assert told["assumed"]["law"] == "hoffmann-2022"
    several = runs(tmp_path / "several.csv", 60, 3)
    done = atlasmix("learn", several, *given, *QUICK)
    assert "No constants are taken from law hoffmann-2022" in " ".join(done.out.split())
    assert_refused(
        atlasmix("learn", name, "--constants-from", "law.yaml", *QUICK),
        "expected a law of one loss, such as 'atlasmix fit' writes",
    )


def test_the_file_alone_is_judged_by_runs_that_came_after(atlasmix: Run, tmp_path: Path) -> None:
    """The same figures as with the runs; what needs the runs says how it is asked."""
    name = runs(tmp_path / "runs.csv", 60, 1)
    first = runs(tmp_path / "first.csv", 2, 7)
    assert atlasmix("learn", name, "--for-solve", "--save", "law.yaml", *QUICK).status == 0
    before = (tmp_path / "law.yaml").read_bytes()
    alone = atlasmix("learn", "law.yaml", "--add", first)
    assert alone.status == 0, alone.err
    command = "atlasmix learn runs.csv --add first.csv --save law.yaml"
    assert f"with its runs it is learned anew: {command}" in " ".join(alone.out.split())
    assert (tmp_path / "law.yaml").read_bytes() == before
    told = json.loads(atlasmix("learn", "law.yaml", "--add", first, "--json").out)
    whole = atlasmix("learn", name, "--add", first, "--save", "law.yaml", *QUICK, "--json")
    assert told["history"] == json.loads(whole.out)["history"]
    assert told["score"]["all"]["count"] == 6
    seen = atlasmix("learn", "law.yaml", "--add", first)
    assert_refused(seen, "was learned from first.csv, so it foretold nothing of it")
    later = runs(tmp_path / "later.csv", 2, 8)
    kept = atlasmix("learn", "law.yaml", "--add", later, "--save", "other.yaml")
    assert_refused(kept, "with them the law is learned anew, atlasmix learn runs.csv first.csv")
    both = atlasmix("learn", "law.yaml", "--add", later, "--predict", later)
    assert_refused(both, "ask for one at a time")


def test_a_law_in_the_place_of_a_matrix_is_named_as_what_it_is(
    atlasmix: Run, tmp_path: Path
) -> None:
    name = runs(tmp_path / "runs.csv", 40, 1)
    assert atlasmix("learn", name, "--for-solve", "--save", "law.yaml", *QUICK).status == 0
    asked = atlasmix("solve", "--target", "cat", "--matrix", "law.yaml")
    assert_refused(asked, "say law.yaml as the law, and leave the matrix out (--law)")


def test_a_law_of_domains_is_its_own_inventory(atlasmix: Run, tmp_path: Path) -> None:
    """From runs with unique tokens to a certified mixture, by the steps that are printed."""
    runs(tmp_path / "runs.csv", 60, 2)
    table = read_rows((tmp_path / "runs.csv").read_bytes(), "runs")
    named = {"cat": "web_text", "eng": "code", "spa": "wiki"}
    header = list(table.header)
    for old, new in named.items():
        header = [title.replace(f"_{old}", f"_{new}") for title in header]
    unique = {"unique_web_text": "5e12", "unique_code": "2e12"}
    rows = [(*row, *unique.values()) for row in table.rows]
    (tmp_path / "domains.csv").write_bytes(to_csv((*header, *unique), rows))
    done = atlasmix("learn", "domains.csv", "--for-solve", "--save", "law.yaml", *QUICK)
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "inventory add law.yaml --from learned-law --provenance human, then" in said
    asked = ("solve", "--law", "law.yaml", "--target", "web_text,code", "--draws", "0")
    assert_refused(atlasmix(*asked), "the law's own file is one where they say unique tokens")
    add = ("inventory", "add", "law.yaml", "--from", "learned-law", "--provenance", "human")
    done = atlasmix(*add)
    assert done.status == 0, done.err
    assert "unique tokens of wiki are not known: left out." in done.out
    shown = json.loads(atlasmix("inventory", "show", "law", "--json").out)["pools"]
    assert {pool["language"]: pool["unique_tokens"] for pool in shown} == {
        "web_text": 5e12,
        "code": 2e12,
    }
    done = atlasmix(*asked, "--inventory", "law")
    assert done.status == 0, done.err
    assert "Certified" in done.out
    runs(tmp_path / "bare.csv", 40, 2)
    atlasmix("learn", "bare.csv", "--for-solve", "--save", "bare.yaml", *QUICK)
    refused = atlasmix("inventory", "add", "bare.yaml", "--from", "learned-law")
    assert_refused(refused, "say no unique tokens: expected columns unique_SOURCE")
    assert_refused(atlasmix("inventory", "add", "law.yaml", "--from", "law"), "learned-law")
