"""``solve``, ``check``, ``compare`` and ``explain`` as a person runs them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from command_line import COMMAND, Run, assert_refused, environment


def test_the_main_job_with_defaults_alone(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat")
    assert done.status == 0, done.err
    assert done.err == ""
    first = done.out.splitlines()[0]
    assert first.startswith("Read 100B tokens: ")
    assert "Catalan" in first
    assert "Spanish" in first
    for heading in (
        "Mixture",
        "Predicted effect",
        "Compared with",
        "Donors",
        "What would help most",
        "How sure",
        "Warnings",
    ):
        assert f"\n{heading}" in done.out
    assert "Certified: no mixture within these limits is better" in done.out


def test_predicted_scores_are_never_written_like_measured_ones(atlasmix: Run) -> None:
    out = atlasmix("solve", "--target", "cat").out
    assert re.search(r"Spanish \(spa\) +0\.4 +predicted ±0\.16", out)
    assert "0 measured, 1 predicted by its study" in " ".join(out.split())


def test_piped_output_is_plain_and_fits_80_columns(atlasmix: Run) -> None:
    out = atlasmix("solve", "--target", "cat,eng:2,spa,sv", "--budget", "1T").out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_is_filled_but_never_overrun(tmp_path: Path, columns: int) -> None:
    out = _in_terminal(tmp_path, columns, "solve", "--target", "cat", "--target", "swe")
    assert "\x1b[1m" in out
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert max(map(len, plain.splitlines())) <= columns


def test_every_flag_reaches_the_question(atlasmix: Run) -> None:
    done = atlasmix(
        *("solve", "--target", "ca:2", "--target", "eng", "--budget", "300B", "--params", "1.5B"),
        *("--min", "cat=10%", "--max", "iberian=0.3", "--group", "iberian=spa,por"),
        *("--keep", "provenance:human=20B", "--max-epochs", "3", "--max-epochs", "cat=6"),
        *("--risk-aversion", "0.5", "--lambda", "0.05", "--law", "hoffmann-2022"),
        *("--pools", "human,translated", "--worth", "translated=0.3", "--json"),
    )
    assert done.status == 0, done.err
    question = json.loads(done.out)["recipe"]["question"]
    assert question["targets"] == {"cat": 2, "eng": 1}
    assert question["budget"] == 300_000_000_000
    assert question["min"] == {"cat": 0.1}
    assert question["max"] == {"iberian": 0.3}
    assert question["groups"] == {"iberian": ["spa", "por"]}
    assert question["max_epochs"] == {"default": 3, "cat": 6}
    assert question["worth"]["translated"] == 0.3
    assert (question["risk_aversion"], question["lambda"]) == (0.5, 0.05)
    assert question["law"] == "hoffmann-2022"


def test_flags_override_the_problem_file(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(
        "targets: {cat: 1, spa: 1}\nbudget: 200B\nmin: {cat: 0.2}\nmax: {eng: 10%}\n",
        encoding="utf-8",
    )
    done = atlasmix(
        *("solve", "--problem", "problem.yaml", "--budget", "50B", "--min", "spa=5%", "--json")
    )
    assert done.status == 0, done.err
    question = json.loads(done.out)["recipe"]["question"]
    assert question["budget"] == 50_000_000_000
    assert question["min"] == {"cat": 0.2, "spa": 0.05}
    assert question["max"] == {"eng": 0.1}
    assert list(question["targets"]) == ["cat", "spa"]


def test_tokens_better_not_read_are_left_and_said(atlasmix: Run) -> None:
    out = " ".join(atlasmix("solve", "--target", "sw").out.split())
    assert "of the budget unspent" in out
    assert "no donor helps Swahili in this evidence" in out
    forced = json.loads(atlasmix("solve", "--target", "sw", "--spend-all", "--json").out)
    assert forced["recipe"]["answer"]["unspent"] == 0


def test_a_recipe_is_written_checked_compared_and_explained(atlasmix: Run, tmp_path: Path) -> None:
    one = atlasmix("solve", "--target", "cat", "--output", "one.yaml")
    assert one.status == 0, one.err
    assert "Recipe written to one.yaml" in one.out
    atlasmix("solve", "--target", "cat", "--output", "again.yaml")
    text = (tmp_path / "one.yaml").read_bytes()
    assert (tmp_path / "again.yaml").read_bytes() == text
    content = yaml.safe_load(text)
    assert content["schema"] == "atlasmix/recipe/1"
    shown = atlasmix("solve", "--target", "cat", "--output", "-")
    assert shown.out.encode() == text

    held = atlasmix("check", "one.yaml")
    assert held.status == 0, held.err
    assert "The recipe holds" in held.out
    assert json.loads(atlasmix("check", "one.yaml", "--json").out)["verdict"] == "holds"

    atlasmix("solve", "--target", "cat", "--budget", "300B", "--output", "two.yaml")
    compared = atlasmix("compare", "one.yaml", "two.yaml")
    assert compared.status == 0, compared.err
    assert "Predicted effect by the question of A" in compared.out
    assert json.loads(atlasmix("compare", "one.yaml", "two.yaml", "--json").out)["distance"] > 0.5

    explained = atlasmix("explain", "one.yaml")
    assert explained.status == 0, explained.err
    assert "Spanish" in explained.out
    reasons = json.loads(atlasmix("explain", "--target", "cat", "--json").out)
    assert reasons[0]["language"] == "spa"


def test_an_edited_recipe_has_drifted_and_the_status_says_so(atlasmix: Run, tmp_path: Path) -> None:
    atlasmix("solve", "--target", "cat", "--output", "one.yaml")
    path = tmp_path / "one.yaml"
    text = path.read_text(encoding="utf-8").replace("budget: 100000000000", "budget: 200000000000")
    path.write_text(text, encoding="utf-8")
    done = atlasmix("check", "one.yaml")
    assert done.status == 1
    assert "The recipe has drifted" in done.out


def test_a_published_mixture_is_compared(atlasmix: Run) -> None:
    out = atlasmix("solve", "--target", "cat", "--compare-with", "salamandra-7b").out
    assert "salamandra-7b" in out
    assert_refused(
        atlasmix("solve", "--target", "cat", "--compare-with", "salamandr"), "salamandra-7b"
    )


def _in_terminal(folder: Path, columns: int, *words: str) -> str:
    """What a person sees on a terminal of that width."""
    import fcntl
    import struct
    import termios

    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(folder, TERM="xterm-256color"),
        stdin=side,
        stdout=side,
        stderr=subprocess.DEVNULL,  # a sign of life on a slow machine is no part of the report
    )
    os.close(side)
    chunks = []
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(main)
    assert process.wait(timeout=60) == 0
    return b"".join(chunks).decode().replace("\r\n", "\n")


def test_ones_own_calibration_is_said_to_be_ones_own(atlasmix: Run) -> None:
    words = ("solve", "--target", "deu", "--matrix", "langrank-2019-mt")
    done = atlasmix(*words, "--calibration", "affine:0.01,-0.2")
    assert done.status == 0, done.err
    said = " ".join(done.out.partition("How sure")[2].split())
    assert "by your own map affine:0.01,-0.2, not by a measurement on this scale." in said
    assert "your own map" not in atlasmix("solve", "--target", "cat").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--budget 10B", "Its own text suffices: no donor's token is worth as much."),
        ("--budget 30B", "fills the budget: no donor's token is worth as much as a repeat."),
        ("--max-donors 0", "Donors were ruled out (at most 0)."),
        ("--min cat=100%", "Its limits leave no room for a donor ('min cat 100%')."),
    ],
)
def test_why_no_donor_is_read(atlasmix: Run, words: str, said: str) -> None:
    done = atlasmix("solve", "--target", "cat", *words.split())
    assert done.status == 0, done.err
    head = " ".join(done.out.partition("\nMixture")[0].split())
    assert said in head


def test_where_text_runs_out_and_no_donor_helps_it_says_so(atlasmix: Run) -> None:
    out = " ".join(atlasmix("solve", "--target", "yor").out.split())
    assert "No donor helps Yoruba enough in this evidence." in out


def test_price_rows_say_the_step_as_it_was_priced(atlasmix: Run) -> None:
    answer = json.loads(atlasmix("solve", "--target", "cat", "--max", "spa=5%", "--json").out)
    out = atlasmix("solve", "--target", "cat", "--max", "spa=5%", env={"COLUMNS": "120"}).out
    table = out.partition("What would help most")[2]
    assert answer["prices"]
    for price in answer["prices"]:
        assert f"  {price['change']} o" in table


def test_an_edited_recipe_does_not_hold(atlasmix: Run, tmp_path: Path) -> None:
    assert atlasmix("solve", "--target", "cat", "--output", "r.yaml").status == 0
    text = (tmp_path / "r.yaml").read_text(encoding="utf-8")
    edits = {"status: predicted": "status: measured", "obtained: counted": "obtained: stated"}
    for old, new in edits.items():
        assert old in text
        (tmp_path / "r.yaml").write_text(text.replace(old, new), encoding="utf-8")
        done = atlasmix("check", "r.yaml")
        assert done.status == 1
        assert "this recipe was edited: it gives" in " ".join(done.out.split())
        assert "The recipe holds" not in done.out


def test_a_recipe_without_its_evidence_is_not_called_unchanged(
    atlasmix: Run, tmp_path: Path
) -> None:
    assert atlasmix("solve", "--target", "cat", "--output", "r.yaml").status == 0
    text = (tmp_path / "r.yaml").read_text(encoding="utf-8")
    edited = text.replace("matrix: atlas-2025", "matrix: nope", 1)
    (tmp_path / "r.yaml").write_text(edited, encoding="utf-8")
    done = atlasmix("check", "r.yaml")
    assert done.status == 1
    assert "no matrix 'nope'" in done.out
    assert "are those it was made with" not in done.out
