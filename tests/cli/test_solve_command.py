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
        "Break a limit, so no alternatives",
        "Donors",
        "What would help most",
        "How sure",
        "Warnings",
    ):
        assert f"\n{heading}" in done.out
    said = " ".join(done.out.split())
    assert "Certified: no mixture within these limits is better" in said
    assert "Training costs 1.2e21 FLOPs (6ND: 2B parameters, 100B tokens)." in said


def test_predicted_scores_are_never_written_like_measured_ones(atlasmix: Run) -> None:
    out = atlasmix("solve", "--target", "cat").out
    assert re.search(r"in +Spanish \(spa\) +0\.6\d +0\.0\d +0\.4 predicted", out)
    assert "1 predicted by the study." in " ".join(out.split())
    out = atlasmix("solve", "--target", "glg", "--draws", "0").out
    assert re.search(r"in +Portuguese \(por\) +0\.6\d +0\.0\d +completed", out)
    assert "1 completed from relatedness." in " ".join(out.split())
    assert "nobody measured what helps Galician" in " ".join(out.split())


GENERATOR = "nemotron-cc-opus-1.1"
"""What the shipped machine-translated pools say that they were made with."""


def test_one_generator_is_limited_and_the_recipe_holds(atlasmix: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    asked = ("solve", "--target", "cat", "--budget", "300B", "--pools", "human,translated")
    limit = f"cat/generator:{GENERATOR}=20%"
    done = atlasmix(*asked, "--draws", "0", "--max", limit, "--output", str(recipe))
    assert done.status == 0, done.err
    assert "Catalan (20.0% of it machine-translated)" in " ".join(done.out.split())
    question = yaml.safe_load(recipe.read_text(encoding="utf-8"))["question"]
    assert question["max"] == {f"cat/generator:{GENERATOR}": 0.2}
    assert "The recipe holds" in atlasmix("check", str(recipe)).out


def test_a_generator_that_no_pool_has_is_refused_with_the_nearest(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat", "--max", "cat/generator:nemotron-opus-1.1=20%")
    assert_refused(done, f"did you mean {GENERATOR}?")


def test_a_drift_penalty_is_told_beside_the_losses_and_the_recipe_holds(
    atlasmix: Run, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.yaml"
    asked = ("solve", "--target", "cat", "--budget", "300B", "--pools", "human,translated")
    free = atlasmix(*asked, "--draws", "0").out
    done = atlasmix(*asked, "--draws", "0", "--drift-penalty", "0.1", "--output", str(recipe))
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "The objective holds a drift penalty of 0.1 a unit of excess error" in said
    assert "nobody has measured what machine text costs" in said
    assert "drift penalty" not in free
    shares = [
        float(re.search(r"([\d.]+)% of it machine-translated", " ".join(text.split()))[1])
        for text in (free, done.out)
    ]
    assert shares[1] < shares[0] / 2
    assert "The recipe holds" in atlasmix("check", str(recipe)).out
    again = atlasmix(*asked, "--draws", "0", "--drift-penalty", "0").out
    assert again == free


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


def test_tokens_better_not_read_are_left_and_said_in_the_first_line(atlasmix: Run) -> None:
    words = ("solve", "--target", "yor", "--budget", "1T")
    out = atlasmix(*words).out
    first = " ".join(out.partition("\nPredicted")[0].split())
    left = re.search(r"Leave (\S+) of the budget unspent: .*capacity", first)
    assert left, first
    assert "ertified:" not in out
    assert out.startswith("Before you use this: ")
    forced = json.loads(atlasmix(*words, "--tokens", "exactly", "--json").out)
    assert forced["recipe"]["question"]["tokens"] == "exactly"
    assert forced["recipe"]["answer"]["tokens"] == 1_000_000_000_000


def test_gpu_hours_are_those_of_what_is_read(atlasmix: Run) -> None:
    words = ("solve", "--target", "cat", "--gpu", "H100", "--utilisation", "50%")
    cost = json.loads(atlasmix(*words, "--json").out)["training"]
    assert cost["flops"] == pytest.approx(6 * cost["params"] * cost["tokens"])
    assert cost["gpu_hours"] == pytest.approx(cost["flops"] / (cost["peak_flops"] * 0.5) / 3600)
    said = " ".join(atlasmix(*words).out.split())
    assert f"{cost['gpu_hours']:.0f} GPU-hours (H100" in said
    slip = atlasmix("solve", "--target", "cat", "--utilisation", "50%")
    assert_refused(slip, "--utilisation is of a GPU: name one with --gpu")


def test_every_target_gets_its_least_share(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat,spa,eng", "--min", "*=20%", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert found["recipe"]["question"]["min"] == {"*": 0.2}
    assert min(found["proportions"][key] for key in ("cat", "spa", "eng")) >= 0.2 - 1e-6


def test_what_the_law_lacks_is_refused_in_a_sentence(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat", "--from", "checkpoint:unimax")
    assert_refused(done, "the law has no term for what a checkpoint has read already")
    assert "ask for the crossover of cat (--from)" in done.err
    assert done.err.startswith("atlasmix: from is 'checkpoint:unimax': expected no checkpoint")
    assert " key" not in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--interference 0.5", "the question has 'interference', the part of every negative"),
        ("--interference", "leave it out (--interference)"),
        ("--spend-all", "ask for tokens 'exactly' in the place of a true one"),
    ],
)
def test_what_the_former_law_had_is_refused_with_what_to_write(
    atlasmix: Run, words: str, said: str
) -> None:
    done = atlasmix("solve", "--target", "cat", *words.split())
    assert_refused(done, said)
    assert " key" not in done.err
    assert words.split(maxsplit=1)[0] not in atlasmix("solve", "--help").out


def test_a_recipe_is_written_checked_compared_and_explained(atlasmix: Run, tmp_path: Path) -> None:
    one = atlasmix("solve", "--target", "cat", "--output", "one.yaml")
    assert one.status == 0, one.err
    assert "Recipe written to one.yaml" in one.out
    atlasmix("solve", "--target", "cat", "--output", "again.yaml")
    text = (tmp_path / "one.yaml").read_bytes()
    assert (tmp_path / "again.yaml").read_bytes() == text
    content = yaml.safe_load(text)
    assert content["schema"] == "atlasmix/recipe/2"
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
    told = json.loads(atlasmix("explain", "--target", "cat", "--json").out)
    assert told["donors"][0]["language"] == "spa"
    catalan = told["shares"][0]
    assert (catalan["language"], catalan["held"]) == ("cat", "text")
    assert catalan["more"]["relative"] < 0 < catalan["less"]["relative"]
    assert catalan["more"]["breaks"] == ["epoch cap"]


def test_one_language_is_told_of_alone_read_or_not(atlasmix: Run) -> None:
    done = atlasmix("explain", "--target", "cat", "--language", "English,lat")
    assert done.status == 0, done.err
    assert "its first token would be worth 0.26 of the common price" in " ".join(done.out.split())
    assert "- Latin, 0%" in done.out
    assert "Donors" not in done.out
    assert_refused(atlasmix("explain", "--target", "cat", "--language", "Englsh"), "eng")


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
        ("--budget 10B", "Its own text suffices: a donor would take more capacity than its text"),
        ("--budget 30B", "fills the budget: a donor would take more capacity than its text is"),
        ("--max-donors 0", "Donors were ruled out (at most 0)."),
        ("--min cat=100%", "Its limits leave no room for a donor ('min Catalan 100%')."),
    ],
)
def test_why_no_donor_is_read(atlasmix: Run, words: str, said: str) -> None:
    done = atlasmix("solve", "--target", "cat", *words.split())
    assert done.status == 0, done.err
    head = " ".join(done.out.partition("\nMixture")[0].split())
    assert said in head


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
    edited = text.replace("matrix: atlasmix-2026", "matrix: nope", 1)
    (tmp_path / "r.yaml").write_text(edited, encoding="utf-8")
    done = atlasmix("check", "r.yaml")
    assert done.status == 1
    assert "no matrix 'nope'" in done.out
    assert "are those it was made with" not in done.out
