"""``sweep``: many questions in one table, the same with any number of processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from command_line import Run, assert_refused, runner

from atlasmix import AtMost, Keep, MaxEpochs, Problem, TransferMatrix, sweep
from atlasmix.errors import DataError
from atlasmix.evidence.store import Store
from atlasmix.report import sweep as sweep_report


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
        (("--budget", "1B,2B", "--params", "1B,2B,3B", "--paired"), "budget has 2, params has 3"),
        (("--budget", "1B,2B", "--engine", "dask"), "has no scheduler: name its address"),
        (("a.yaml", "--problem", "b.yaml", "--budget", "1B,2B"), "expected one question"),
    ],
)
def test_what_cannot_be_swept_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run("sweep", "--target", "cat", *words)
    assert (done.status, done.out) == (1, "")
    assert said in done.err


def test_values_in_pairs_and_limits_of_a_question_from_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text("targets: {cat: 1}\ndraws: 0\nmax: {spa: 0.5}\n")
    done = run(
        *("sweep", "problem.yaml", "--budget", "50B,300B", "--vary", "max:spa=10%,20%"),
        *("--vary", "max_epochs=2,4", "--paired", "--cores", "1", "--output", "table.parquet"),
    )
    assert done.status == 0, done.err
    frame = pd.read_parquet(tmp_path / "table.parquet")
    assert len(frame) == 2
    for place, (share, epochs) in enumerate([(0.1, 2), (0.2, 4)]):
        limits = [AtMost("spa", share), MaxEpochs(epochs)]
        problem = Problem("cat", budget=frame["budget"][place], constraints=limits, draws=0)
        alone = problem.solve()
        # A limit that is varied takes the place of the file's, and no other does.
        assert frame["objective"][place] == alone.certificate.value
        assert frame["share spa"][place] == alone.proportions.get("spa", 0.0)


CLUSTER = """
import os, pickle, signal, sys, threading, time
from pathlib import Path
from distributed import LocalCluster
from atlasmix import Problem, TransferMatrix, sweep

if __name__ == "__main__":
    budgets = [float(budget) for budget in range(50_000_000_000, 350_000_000_000, 25_000_000_000)]
    scores = Problem("cat").question.matrix.part(("cat", "spa", "eng", "fra"))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        first = next(iter(cluster.workers.values())).pid
        seen = []

        def advance(count):
            seen.append(count)
            if len(seen) == 2:
                os.kill(first, signal.SIGKILL)

        # Of a matrix that lies on no shelf the workers know only what they are sent.
        problem = Problem("cat", matrix=scores, draws=0)
        where = {"engine": "dask", "scheduler": cluster.scheduler_address}
        beside = sweep(problem, advance=advance, budget=budgets, **where)
        sized = sweep(problem, compute=[1e21, 3e21], **where)
    assert len(seen) == len(budgets)
    alone, alone_sized = sweep(problem, budget=budgets), sweep(problem, compute=[1e21, 3e21])
    for there, here in ((beside, alone), (sized, alone_sized)):
        assert there.to_frame().equals(here.to_frame())
        for answer, expected in zip(there, here):
            assert answer.mixture == expected.mixture
            assert answer.question.allocation == expected.question.allocation
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_dask_cluster_of_which_a_worker_is_killed_answers_the_same(tmp_path: Path) -> None:
    """To the last bit, mixtures with their prices and proofs, and none is lost."""
    pytest.importorskip("distributed", reason="Dask is in the extra dask")
    (tmp_path / "cluster.py").write_text(CLUSTER)
    command = [sys.executable, "cluster.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def _children(pid: int) -> list[int]:
    """Of a process, where the system tells."""
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in told.read_text().split()] if told.exists() else []


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_sweep_that_is_killed_in_the_middle_goes_on(run: Run, tmp_path: Path) -> None:
    """The real command, ended by the system: what was solved is taken over and said."""
    budgets = ",".join(f"{budget}B" for budget in range(50, 290, 10))
    words = ["sweep", "--target", "cat", "--draws", "0", "--budget", budgets]
    command = [sys.executable, "-m", "atlasmix", *words, "--output", "t.csv", "--cores", "2"]
    kept = tmp_path / "t.csv.partials"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and len(list(kept.glob("*.answer"))) < 3:
            time.sleep(0.01)
        workers = _children(first.pid)
        first.kill()
    before = {path: path.stat().st_mtime_ns for path in kept.glob("*.answer")}
    assert 3 <= len(before) < 24
    done = run(*words, "--output", "t.csv", "--partials", str(kept), "--cores", "1")
    assert f"{len(before)} of 24 answers taken over" in done.err
    assert {path: path.stat().st_mtime_ns for path in before} == before
    deadline = time.monotonic() + 60.0
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "processes outlive the sweep that started them"
        time.sleep(0.1)
    fresh = sweep(Problem("cat", draws=0), budget=[float(x[:-1]) * 1e9 for x in budgets.split(",")])
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "t.csv").drop(columns="refused"),
        fresh.to_frame().drop(columns="refused"),
        check_exact=True,
        check_dtype=False,
    )


def test_only_the_same_question_by_the_same_evidence_is_taken_over(tmp_path: Path) -> None:
    problem = Problem("cat", draws=20, constraints=[Keep("spa", "60B")])
    kept = {"budget": ["50B", "100B"], "partials": tmp_path}
    first, again = sweep(problem, **kept), sweep(problem, **kept)
    assert (first.taken_over, again.taken_over) == (0, 2)
    assert again.refusals == first.refusals
    assert again.refusals[0]
    assert [each and each.mixture for each in again] == [each and each.mixture for each in first]
    assert sweep(problem.with_(seed=2), **kept).taken_over == 0
    frame = pd.DataFrame(
        [[1.0, 0.3, 0.2], [0.5, 1.0, 0.3], [0.4, 0.3, 1.0]],
        index=["cat", "spa", "fra"],
        columns=["cat", "spa", "fra"],
    )
    for changed, expected in ((0.5, 0), (0.5, 2), (0.501, 0)):
        frame.loc["spa", "cat"] = changed
        given = problem.with_(matrix=TransferMatrix.from_frame(frame))
        assert sweep(given, **kept).taken_over == expected
    # A file that was cut off is no answer.
    for path in tmp_path.glob("*.answer"):
        path.write_bytes(path.read_bytes()[:-20])
    assert sweep(problem, **kept).taken_over == 0


def test_evidence_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    matrix = Store.matrix
    monkeypatch.setattr(Store, "matrix", lambda self, name: read.append(name) or matrix(self, name))
    problem = Problem("cat", draws=0)
    read.clear()
    names = ["atlasmix-2026", "atlas-2025"]
    sweep(problem, matrix=names, budget=["50B", "100B", "200B"])
    assert sorted(read) == sorted(names)


def test_compute_is_told_in_flops_and_a_figure_over_names_is_refused_at_once(
    atlasmix: Run, tmp_path: Path
) -> None:
    """1e21 FLOPs were printed as 1e+09T."""
    asked = ("sweep", "--target", "cat", "--draws", "0", "--cores", "1")
    done = atlasmix(*asked, "--compute", "1e20,1e21", "--figure", "c.html")
    assert done.status == 0, done.err
    assert "1e20" in done.out
    assert "+0" not in done.out
    assert (tmp_path / "c.html").exists()
    named = ("--vary", "objective=loss,worst", "--figure", "no.html", "--partials", "kept")
    assert_refused(atlasmix(*asked, *named), "a figure needs an axis of numbers")
    assert not (tmp_path / "kept").exists()


def test_parquet_that_cannot_be_written_is_refused_before_anything_is_solved(monkeypatch):
    """It was refused after the last answer."""
    monkeypatch.setattr(sweep_report, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"needs pyarrow.*pip install 'atlasmix\[parquet\]'"):
        sweep_report.check_table(Path("table.parquet"))
    sweep_report.check_table(Path("table.csv"))
