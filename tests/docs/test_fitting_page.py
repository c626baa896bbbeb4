"""docs/fitting.md: its commands run, its figures are those of the runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from atlasmix.fitting.certainty import held_out
from atlasmix.fitting.columns import FIELDS
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import Question
from atlasmix.fitting.reading import Reading, parse_filter, read_runs
from atlasmix.io.tables import read_file, read_rows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fitting.md").read_text(encoding="utf-8")


def test_the_commands_run(tmp_path):
    (tmp_path / "data").symlink_to(ROOT / "data")
    environment = {**os.environ, "ATLASMIX_STORE": str(tmp_path / "store")}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    for line in re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL).group(1).splitlines():
        words = line.split()[1:]
        words += ["--bootstrap", "20", "--no-held-out"] if words[0] == "fit" else []
        run = subprocess.run(
            [sys.executable, "-m", "atlasmix", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr


def test_every_field_is_known():
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert set(named) & set(FIELDS) == set(FIELDS) - {"epochs"}


def runs(name, **how):
    return read_runs(read_rows(read_file(ROOT / "data/runs" / name, 10**7), name), Reading(**how))


@pytest.mark.parametrize(
    ("row", "question", "constant"),
    [
        ("| `atlas` | λ", Question("atlas"), "lambda"),
        ("| `atlas --tie-exponents` | λ", Question("atlas", tied=True), "lambda"),
        (
            "| `data-constrained --stages 2 --tie-exponents` | R_D",
            Question("data-constrained", stages=2, tied=True),
            "R_D",
        ),
        ("| `data-constrained` | R_D", Question("data-constrained"), "R_D"),
    ],
)
def test_the_table_of_laws(row, question, constant):
    shown = re.search(re.escape(row) + r" ([\d.]+).*\| ([\d.]+) \| ([\d.]+) \|", PAGE)
    found = fit(runs("datablations-fit182.csv", law="atlas"), question)
    value, objective, r_squared = (float(text) for text in shown.groups())
    assert found.constants[constant] == pytest.approx(value, rel=2e-3)
    assert found.objective == pytest.approx(objective, abs=6e-6)
    assert found.r_squared == pytest.approx(r_squared, abs=6e-5)


def test_the_table_of_extrapolation():
    row = re.search(r"\| RedPajama \| 35 \| ([\d.]+) \| ([\d.]+) % \| ([\d.]+) % \|", PAGE)
    how = {"columns": (("loss", "loss_c4_val"),), "where": (parse_filter("train_set=rpj"),)}
    found = fit(runs("openlm-104.csv", **how), Question())
    splits = {split.split: 100 * split.error for split in held_out(found)}
    shown = [float(text) for text in row.groups()]
    assert [found.r_squared, splits["compute"], splits["larger half"]] == pytest.approx(
        shown, abs=0.06
    )
