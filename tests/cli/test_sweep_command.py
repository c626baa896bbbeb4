"""``sweep``: many questions in one table, the same with any number of processes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import Run, runner

from atlasmix import Problem, sweep


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runner(tmp_path)


def test_a_grid_is_solved_and_written(run: Run, tmp_path: Path) -> None:
    done = run(
        *("sweep", "--target", "cat", "--draws", "0", "--budget", "50B,300B", "--params", "1B,7B"),
        *("--output", "table.csv", "--cores", "1"),
    )
    assert done.status == 0, done.err
    frame = pd.read_csv(tmp_path / "table.csv")
    assert list(zip(frame["budget"], frame["params"], strict=True)) == [
        (5e10, 1e9),
        (5e10, 7e9),
        (3e11, 1e9),
        (3e11, 7e9),
    ]
    for _, row in frame.iterrows():
        alone = Problem("cat", budget=row["budget"], params=row["params"], draws=0).solve()
        assert row["objective"] == alone.certificate.value
        assert row["share cat"] == alone.proportions["cat"]


def test_processes_change_no_number() -> None:
    problem = Problem("cat", draws=0)
    axes = {"budget": ["50B", "100B", "300B"], "risk_aversion": [0.0, 1.0]}
    alone, beside = sweep(problem, **axes), sweep(problem, cores=2, **axes)
    assert alone.to_frame().equals(beside.to_frame())


def test_any_field_varies_and_one_that_cannot_hold_says_why(run: Run) -> None:
    words = ("sweep", "--target", "cat", "--draws", "20", "--cores", "1")
    done = run(*words, "--vary", "objective=loss,expected", "--json")
    rows = json.loads(done.out)
    assert [row["objective"] for row in rows] == ["loss", "expected"]
    done = run(*words, "--min", "cat=60%", "--min", "spa=50%", "--budget", "1B,2B")
    assert done.out.count("cannot all hold") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing varies"),
        (("--vary", "budget"), "expected a field and values"),
        (("--vary", "foo=1,2"), "no argument 'foo'"),
        (("--budget", "1B,1B"), "has a value twice"),
        (("--budget", "1B,2B", "--vary", "budget=3B,4B"), "varies already"),
        (("--budget", "1B,2B", "--output", "table.xls"), "expected a file name that ends in"),
    ],
)
def test_what_cannot_be_swept_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run("sweep", "--target", "cat", *words)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
