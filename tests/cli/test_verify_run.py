"""``atlasmix verify-run`` through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused

MEGATRON = """\
  seq_length ...................................... 4096
 > sample ratios:
   dataset 0, input: 0.85, achieved: 0.85
   dataset 1, input: 0.15, achieved: 0.15
 iteration      100/    5000 | consumed samples:      1000000 | elapsed
"""


@pytest.fixture
def run(atlasmix: Run) -> Run:
    done = atlasmix(*["solve", "--target", "cat", "--budget", "100B", "--output", "recipe.yaml"])
    assert done.status == 0
    return atlasmix


def test_a_run_as_planned_and_one_that_is_not(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "consumed.csv"
    log.write_text("source,tokens\ncat.human.hplt-v4,8500000000\nspa__human__hplt_v4,1500000000\n")
    done = run("verify-run", "recipe.yaml", "--log", "consumed.csv")
    assert (done.status, done.err) == (0, "")
    assert "recipe.yaml: the run reads what was planned." in done.out
    log.write_text("source,tokens\ncat.human.hplt-v4,5000000000\nspa__human__hplt_v4,5000000000\n")
    wrong = run("verify-run", "recipe.yaml", "--log", "consumed.csv", "--json")
    assert wrong.status == 1
    found = json.loads(wrong.out)
    assert found["as_planned"] is False
    assert {one["name"]: one["verdict"] for one in found["pools"]} == {
        "cat.human.hplt-v4": "too little",
        "spa.human.hplt-v4": "too much",
    }


def test_megatrons_log_with_the_export_it_ran_on(run: Run, tmp_path: Path) -> None:
    (tmp_path / "paths.yaml").write_text('"{language}.human.{corpus}": "/data/{language}"\n')
    (tmp_path / "train.log").write_text(MEGATRON)
    done = run(*["export", "recipe.yaml", "--to", "megatron", "--paths", "paths.yaml", "-o", "out"])
    assert done.status == 0, done.err
    words = "verify-run recipe.yaml --log train.log --data out/data_args.txt"
    found = run(*words.split(), "--mapping", "out/expected.json")
    assert found.status == 0, found.out + found.err
    assert "4.1B of 100B tokens read, step 100" in found.out
    assert_refused(
        run(*words.split()), "name the export's expected.json as the mapping (--mapping)"
    )
    alone = run(*["verify-run", "recipe.yaml", "--log", "train.log"])
    assert_refused(alone, "say what was trained on, with the data file that Megatron was given")


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        ("recipe.yaml", "--log", 2),
        ("recipe.yaml --log nosuch.csv", "no file nosuch.csv", 1),
        ("nosuch.yaml --log recipe.yaml", "no file nosuch.yaml", 1),
        ("recipe.yaml --log recipe.yaml", "has one column", 1),
        ("recipe.yaml --log recipe.yaml --mapping recipe.yaml", "is not JSON", 1),
        ("recipe.yaml --log x.csv --sequence-length 0", "--sequence-length is '0'", 1),
    ],
)
def test_a_slip_is_a_sentence(run: Run, tmp_path: Path, words: str, said: str, status: int) -> None:
    (tmp_path / "x.csv").write_text("source,tokens\ncat.human.hplt-v4,1\n")
    done = run("verify-run", *words.split())
    assert done.status == status
    assert "Traceback" not in done.err
    assert done.out == ""
    if "recipe.yaml --log recipe.yaml" not in words:
        assert said in done.err


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_it_fits_the_page(run: Run, tmp_path: Path, columns: str) -> None:
    (tmp_path / "x.csv").write_text("source,tokens\ncat.human.hplt-v4,100\nfra,7\n")
    done = run("verify-run", "recipe.yaml", "--log", "x.csv", env={"COLUMNS": columns})
    assert max(map(len, done.out.splitlines())) <= int(columns)
