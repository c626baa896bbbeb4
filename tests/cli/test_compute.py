"""``solve --compute`` as a person runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import Run, assert_refused


def test_parameters_tokens_and_mixture_together(atlasmix: Run) -> None:
    words = ("solve", "--target", "cat", "--compute", "1e22", "--output", "r.yaml")
    today = " ".join(atlasmix(*words).out.split())
    assert today.startswith("Spend 1e22 FLOPs on 6.72B parameters and 248B tokens"), today[:200]
    done = atlasmix(*words, "--matrix", "atlas-2025")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert said.startswith("Before you use this: Text runs out: 19.6B parameters are 26 times")
    assert "Spend 1e22 FLOPs on 19.6B parameters and 85B tokens" in said
    assert "Other sizes at the same compute" in said
    assert "These losses count donors less the doubt about their scores" in said
    assert "No other number of parameters, with its own best mixture" in said
    fresh = "With unlimited fresh text of one kind, law datablations-2023-one-stage would say"
    assert f"{fresh} 3.86B" in said
    assert "predicted losses at 19.6B are an extrapolation" in said
    assert max(map(len, done.out.splitlines())) <= 80
    checked = atlasmix("check", "r.yaml")
    assert checked.status == 0, checked.out
    assert atlasmix("compare", "r.yaml", "r.yaml").status == 0
    assert atlasmix("explain", "r.yaml").status == 0


def test_a_size_far_beyond_the_laws_runs_is_said_before_the_answer(atlasmix: Run) -> None:
    out = atlasmix("solve", "--target", "swh", "--compute", "1e25").out
    said = " ".join(out.split())
    far = re.search(r"Before you use this: [\d.]+T tokens lie \d+ times beyond the runs", said)
    assert far
    assert far.start() < said.index("Spend 1e25 FLOPs")
    assert "ertified:" not in said
    size = re.search(r"Spend 1e25 FLOPs on ([\d.]+)B parameters", said)
    assert size
    assert float(size[1]) <= 86.7, "ten times the largest run behind the law"


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
    words = ("--min", "spa=20%", "--guardrail", "spa=5%:uniform")
    done = atlasmix("solve", "--target", "cat", "--compute", "1e21", *words)
    assert done.status == 0, done.err
    assert "Even without 'guardrail Spanish 5% over uniform'" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--compute", "much"), "compute is 'much': expected a number of FLOPs, such as 1e22"),
        (("--compute", "1e5"), "the compute budget is 1e5 FLOPs: expected between 1e12 and 1e30"),
        (("--compute", "1e22", "--budget", "1T"), "compute and budget are both given"),
        (("--compute", "1e22", "--objective", "worst"), "the objective 'worst' measures each"),
        (("--compute", "1e22", "--objective", "effective-data"), "it left capacity out"),
        (("--compute", "1e15", "--keep", "spa=1T"), "cannot all hold"),
    ],
)
def test_refusals(atlasmix: Run, words: tuple[str, ...], sentence: str) -> None:
    assert_refused(atlasmix("solve", "--target", "cat", *words), sentence)
