"""The pages on fitting: every field is known, the figures are those of the runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atlasmix.fitting.certainty import held_out
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.tables import FIELDS, Reading, parse_filter, read_runs
from atlasmix.io.files import read_file
from atlasmix.io.tables import read_rows

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "fit.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "concepts" / "fitting.md").read_text(encoding="utf-8")


def test_every_field_is_known():
    named = re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert set(named) & set(FIELDS) == set(FIELDS) - {"epochs"}


def runs(name, **how):
    return read_runs(read_rows(read_file(ROOT / "data/runs" / name, 10**7), name), Reading(**how))


@pytest.mark.parametrize(
    ("row", "question", "constant"),
    [
        ("| `atlas` | λ", FitQuestion("atlas"), "lambda"),
        ("| `atlas --tie-exponents` | λ", FitQuestion("atlas", tied=True), "lambda"),
        (
            "| `data-constrained --stages 2 --tie-exponents` | R_D",
            FitQuestion("data-constrained", stages=2, tied=True),
            "R_D",
        ),
        ("| `data-constrained` | R_D", FitQuestion("data-constrained"), "R_D"),
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
    found = fit(runs("openlm-104.csv", **how), FitQuestion())
    splits = {split.split: 100 * split.error for split in held_out(found)}
    shown = [float(text) for text in row.groups()]
    assert [found.r_squared, splits["compute"], splits["larger half"]] == pytest.approx(
        shown, abs=0.06
    )
