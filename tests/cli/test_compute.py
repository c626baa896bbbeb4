"""``solve --compute`` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused


def test_parameters_tokens_and_mixture_together(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat", "--compute", "1e22", "--output", "r.yaml")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert said.startswith("Spend 1e22 FLOPs on 19.6B parameters and 85B tokens")
    assert "Other sizes at the same compute" in said
    assert "No other number of parameters, with its own best mixture" in said
    assert "With unlimited fresh text of one kind, law muennighoff-2023 would say 9.22B" in said
    assert "predicted losses at 19.6B are an extrapolation" in said
    assert max(map(len, done.out.splitlines())) <= 80
    checked = atlasmix("check", "r.yaml")
    assert checked.status == 0, checked.out
    assert atlasmix("compare", "r.yaml", "r.yaml").status == 0
    assert atlasmix("explain", "r.yaml").status == 0


def test_text_that_runs_out_is_said(atlasmix: Run) -> None:
    said = " ".join(atlasmix("solve", "--target", "swh", "--compute", "1e22").out.split())
    assert "text runs out" in said
    assert "no term for excess parameters" in said


def test_a_flag_replaces_the_size_in_a_file_and_the_other_way(
    atlasmix: Run, tmp_path: Path
) -> None:
    (tmp_path / "q.yaml").write_text("targets: cat\nbudget: 50B\nparams: 1B\n", encoding="utf-8")
    done = atlasmix("solve", "--problem", "q.yaml", "--compute", "1e21", "--json")
    recipe = json.loads(done.out)["recipe"]
    assert recipe["question"]["compute"] == 1e21
    assert "budget" not in recipe["question"]
    (tmp_path / "q.yaml").write_text("targets: cat\ncompute: 1.0e+21\n", encoding="utf-8")
    again = atlasmix("solve", "--problem", "q.yaml", "--json")
    assert json.loads(again.out)["recipe"] == recipe
    sized = atlasmix("solve", "--problem", "q.yaml", "--budget", "50B", "--json")
    assert json.loads(sized.out)["recipe"]["question"]["budget"] == 50_000_000_000


def test_limits_and_guardrails_are_kept(atlasmix: Run) -> None:
    words = ("--min", "spa=20%", "--guardrail", "spa=5%:uniform", "--interference", "0")
    done = atlasmix("solve", "--target", "cat", "--compute", "1e21", *words)
    assert done.status == 0, done.err
    assert "Even without 'guardrail spa 5% over uniform'" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--compute", "much"), "compute is 'much': expected a number of FLOPs, such as 1e22"),
        (("--compute", "1e5"), "the compute budget is 1e5 FLOPs: expected between 1e12 and 1e30"),
        (("--compute", "1e22", "--budget", "1T"), "compute and budget are both given"),
        (("--compute", "1e22", "--objective", "worst"), "the objective 'worst' measures each"),
        (("--compute", "1e22", "--objective", "effective-data"), "has no loss"),
        (("--compute", "1e15", "--keep", "spa=1T"), "cannot all hold"),
    ],
)
def test_refusals(atlasmix: Run, words: tuple[str, ...], sentence: str) -> None:
    assert_refused(atlasmix("solve", "--target", "cat", *words), sentence)
