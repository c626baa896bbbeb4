"""``measure`` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, assert_refused

HEAD = "run,languages,params,tokens,loss_cat\n"


def curves(folder: Path, last: float = 100.0) -> str:
    """Runs at the size of ATLAS, two of each."""
    rng = np.random.default_rng(0)
    rows = []
    for run, languages, end, gain in (
        ("c0", "cat", 42.0, 1.0),
        ("c1", "cat", 42.0, 1.0),
        ("cs", "cat+spa", last, 0.7),
    ):
        for tokens in np.linspace(end / 30, end, 30):
            loss = 2.0 + 6000 / (gain * tokens * 1e9) ** 0.4 + rng.normal(0, 0.002)
            rows.append(f"{run},{languages},2.03B,{tokens:.4f}B,{loss:.5f}\n")
    (folder / "curves.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    return "curves.csv"


def test_from_curves_to_a_solve(atlasmix: Run, tmp_path: Path) -> None:
    name = curves(tmp_path)
    done = atlasmix("measure", "curves", name, "--save", "ours", "--output", "scores.csv")
    assert done.status == 0, done.err
    assert done.err == ""
    words = " ".join(done.out.split())
    assert "1 of 1 pairs have a Bilingual Transfer Score at 42B tokens" in words
    assert "atlasmix matrices complete --matrix ours, then" in words
    added = atlasmix("matrices", "add", "scores.csv", "--card", "scores.card.yaml", "--name", "two")
    assert added.status == 0, added.err
    pairs = [
        json.loads(atlasmix("matrices", "show", each, "--json").out)["pairs"]
        for each in ("ours", "two")
    ]
    assert pairs[0] == pairs[1]
    assert pairs[0][0]["score"] == pytest.approx(2 - 1 / 0.7, abs=0.05)
    assert pairs[0][0]["status"] == "measured"
    completed = atlasmix("matrices", "complete", "--matrix", "ours")
    assert "1 own pair beside the scores of atlasmix-2026" in completed.out
    solved = atlasmix("solve", "--target", "cat", "--matrix", "ours-completed")
    assert solved.status == 0, solved.err
    assert " own " in solved.out


def test_json_tells_bounds_apart_from_scores(atlasmix: Run, tmp_path: Path) -> None:
    done = atlasmix("measure", "curves", curves(tmp_path, last=50), "--json", "--at", "42B,20B")
    first, second = json.loads(done.out)["scores"]
    assert (first["outcome"], second["outcome"]) == ("below", "scored")
    assert "score" not in first
    assert first["bound"] == pytest.approx(2 - 50 / 42, abs=1e-3)
    assert first["stderr"] is None
    assert second["shared_stderr"] < second["stderr"]


def test_refusals_are_sentences_and_write_nothing(atlasmix: Run, tmp_path: Path) -> None:
    name = curves(tmp_path)
    assert_refused(atlasmix("measure", "curves", "none.csv"), "no file none.csv")
    far = atlasmix("measure", "curves", name, "--at", "1T", "--output", "s.csv")
    assert_refused(far, "no target has checkpoints around 1T tokens alone")
    assert not (tmp_path / "s.csv").exists()
    taken = atlasmix("measure", "curves", name, "--save", "atlasmix-2026")
    assert_refused(taken, "ships with AtlasMix")
    size = atlasmix("measure", "curves", name, "--params", "7B")
    assert_refused(size, "has no run of 7B parameters: there are 2.03B (--params)")
    assert_refused(atlasmix("measure", "curves", name, "--output", "no/s.csv"), "no folder no")


def test_runs_of_other_shares_become_a_table_for_a_fit(atlasmix: Run, tmp_path: Path) -> None:
    done = atlasmix("measure", "curves", curves(tmp_path), "--write-runs", "runs.csv")
    assert "atlasmix fit runs.csv --law mixing" in " ".join(done.out.split())
    fix = "--fix", "A=406.4,alpha=0.34"
    quick = "--bootstrap", "5", "--no-held-out"
    fitted = atlasmix("fit", "runs.csv", "--law", "mixing", *fix, *quick)
    assert fitted.status == 0, fitted.err
    assert "tau spa" in fitted.out
