"""``design`` as a person runs it: a folder to train from, and a table that ``learn`` reads back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, assert_refused

from atlasmix.interop.exporters.exporter import all_exporters
from atlasmix.io.tables import read_rows, to_csv

SOURCES = """\
source,unique_tokens,tokens_per_document,path
web,300B,800,/data/web_text_document
code,60B,1200,/data/code_text_document
books,20B,90000,/data/books_text_document
"""


@pytest.fixture
def sources(tmp_path: Path) -> str:
    (tmp_path / "sources.csv").write_text(SOURCES, encoding="utf-8")
    return "sources.csv"


def test_from_a_design_to_a_law(atlasmix: Run, tmp_path: Path, sources: str) -> None:
    """The table with losses beside it is learned from as it is; repeats are seen as such."""
    words = ("--runs", "24", "--repeats", "2", "--tokens", "1B", "--params", "60M")
    done = atlasmix("design", "--sources", sources, *words, "-o", "swarm")
    assert done.status == 0, done.err
    assert "26 runs of 3 sources written to swarm." in done.out
    table = read_rows((tmp_path / "swarm" / "runs.csv").read_bytes(), "runs")
    assert table.header[:4] == ("run", "seed", "params", "tokens")
    shares = np.array([[float(cell) for cell in row[4:7]] for row in table.rows])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(shares[0], np.array([300, 60, 20]) / 380, atol=1e-8)
    np.testing.assert_array_equal(shares[-1], shares[0])
    assert len({row[1] for row in table.rows}) == 26
    losses = 2 + 0.3 / (0.05 + shares) ** 0.3
    losses += np.random.default_rng(0).normal(0, 0.003, losses.shape)
    rows = [
        (row[0], *map(repr, loss)) for row, loss in zip(table.rows, losses.tolist(), strict=True)
    ]
    header = ("run", "loss_web", "loss_code", "loss_books")
    (tmp_path / "losses.csv").write_bytes(to_csv(header, tuple(reversed(rows))))
    learned = atlasmix("learn", "swarm/runs.csv", "losses.csv", "--compare", "none", "--draws", "0")
    assert learned.status == 0, learned.err
    said = " ".join(learned.out.split())
    assert "of 3 losses from 26 runs of 3 sources" in said
    assert "1 mixture has repeats (3 runs)" in said


def test_the_array_starts_each_run_in_its_folder(
    atlasmix: Run, tmp_path: Path, sources: str
) -> None:
    """Slurm counts from 1, and the table has a header: kills an error by one."""
    words = ("--runs", "5", "--tokens", "1B", "--to", "megatron")
    assert atlasmix("design", "--sources", sources, *words, "-o", "swarm").status == 0
    folder = tmp_path / "swarm"
    for task, name, seed in ((1, "run-001", 1234), (5, "run-005", 1238)):
        done = subprocess.run(
            ["bash", "array.sbatch", "sh", "-c", "echo $RUN $SEED; head -1 data_args.txt"],
            cwd=folder,
            env={**os.environ, "SLURM_ARRAY_TASK_ID": str(task), "SLURM_SUBMIT_DIR": str(folder)},
            capture_output=True,
            text=True,
            check=True,
        )
        first = (folder / "runs" / name / "data_args.txt").read_text().splitlines()[0]
        assert done.stdout.splitlines() == [f"{name} {seed}", first]
    assert "#SBATCH --array=1-5\n" in (folder / "array.sbatch").read_text()


@pytest.mark.parametrize("framework", [each.name for each in all_exporters()])
def test_every_framework_gets_its_files(
    atlasmix: Run, tmp_path: Path, sources: str, framework: str
) -> None:
    text = SOURCES.replace("_text_document", ".jsonl") if framework == "maxtext" else SOURCES
    (tmp_path / "sources.csv").write_text(text, encoding="utf-8")
    held_out = ("--valid", "/data/valid_text_document", "--test", "/data/test_text_document")
    words = ("--runs", "3", "--tokens", "2B", "--to", framework)
    more = held_out if framework == "gpt-neox" else ()
    done = atlasmix("design", "--sources", sources, *words, *more, "-o", "swarm")
    assert done.status == 0, done.err
    for name in ("run-001", "run-002", "run-003"):
        assert len(list((tmp_path / "swarm" / "runs" / name).iterdir())) >= 2


def test_limits_hold_in_every_run(atlasmix: Run, sources: str) -> None:
    words = ("--tokens", "100B", "--max-epochs", "1", "--min", "code=10%", "--max", "web=60%")
    done = atlasmix("design", "--sources", sources, "--runs", "40", *words, "--json")
    assert done.status == 0, done.err
    for run in json.loads(done.out)["runs"]:
        assert run["shares"]["books"] <= 0.2 + 1e-9
        assert run["shares"]["code"] >= 0.1 - 1e-9
        assert run["shares"]["web"] <= 0.6 + 1e-9


def test_names_alone_print_a_table_and_seeds_change_it(atlasmix: Run) -> None:
    done = atlasmix("design", "--sources", "web,code", "--runs", "4")
    assert done.out.startswith("run,seed,w_web,w_code\nrun-001,1234,0.5,0.5\n")
    assert atlasmix("design", "--sources", "web,code", "--runs", "4").out == done.out
    other = atlasmix("design", "--sources", "web,code", "--runs", "4", "--seed", "1")
    assert other.out != done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--runs", "1"), "1 runs: expected 2 to 4,096"),
        (("--runs", "x"), "--runs is 'x': expected a whole number"),
        (("--max", "wbe=20%"), "no source 'wbe': did you mean web"),
        (("--min", "web=80%", "--min", "code=30%"), "the least shares sum to 1.1"),
        (("--max-epochs", "4"), "--max-epochs needs the tokens of a run"),
        (("--to", "megatron"), "say where, with --output FOLDER"),
        (("--to", "megatron", "-o", "x"), "need the length of a run: say its tokens"),
        (("--reference", "table"), "the sources have no share: add the column"),
        (("--tokens", "1M", "--to", "megatron", "-o", "x"), "less than one step"),
        (("--tokens", "1T", "--max-epochs", "1"), "the most shares sum to 0.38"),
    ],
)
def test_a_slip_is_one_sentence(
    atlasmix: Run, sources: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    runs = () if "--runs" in words else ("--runs", "8")
    assert_refused(atlasmix("design", "--sources", sources, *runs, *words), said)
    assert not (tmp_path / "x").exists()


def test_a_table_with_faults_is_refused_whole(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(
        "source,unique_tokens,max\nweb,1,5e9,\ncode,-3,\nbooks,4,2\n", encoding="utf-8"
    )
    done = atlasmix("design", "--sources", "s.csv", "--runs", "4")
    assert_refused(done, "sources s.csv has")
    assert "row 3: unique_tokens '-3'" in done.err
    assert "row 4: max '2'" in done.err
    assert_refused(atlasmix("design", "--sources", "web", "--runs", "4"), "names 1 source")
    assert_refused(atlasmix("design", "--sources", "no.csv", "--runs", "4"), "no file no.csv")
