"""Every bad input, through the real command line: a sentence, the right status, nothing written."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_line import CARD, COMMAND, SCORES, Run, assert_refused, environment

from atlasmix.recipe.file import load_recipe


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--target catalna", "did you mean cat (Catalan)?"),
        ("--target Basque --matrix atlas-2025", "is not in matrix atlas-2025"),
        ("--target Aragonese", "nearest to it by relatedness are"),
        ("", "no target: name at least one language"),
        ("--target cat --budget 0", "budget is 0"),
        ("--target cat --budget -5", "budget is -5"),
        ("--target cat --budget -5B", "expected a finite number above 0"),
        ("--target cat --budget nan", "budget is nan"),
        ("--target cat --budget inf", "budget is inf"),
        ("--target cat --budget 1e40", "taken for a slip"),
        ("--target cat --budget lots", "budget is 'lots'"),
        ("--target cat --budget 1,5B", "decimals take a point (1.5B)"),
        ("--target cat --params 0", "params is 0"),
        (
            "--target cat --lambda -1",
            "the decay λ is -1: expected between 0.0001 and 100 (--lambda)",
        ),
        ("--target cat --max-epochs 99", "the epoch cap"),
        ("--target cat --max-donors many", "max_donors is 'many'"),
        ("--target cat --objective best", "objective is 'best'"),
        ("--target cat --objective effective-data", "write objective: loss"),
        ("--target cat --tokens all", "tokens is 'all'"),
        ("--target cat --gpu H1000", "no GPU 'H1000' in the table"),
        ("--target cat --min cat", "--min is 'cat'"),
        ("--target cat --min cat=120%", "between 0 and 1"),
        ("--target cat --min cat=60% --min spa=60%", "min Spanish 60%"),
        ("--target cat --min spa=50% --max spa=10%", "max Spanish 10%"),
        ("--target cat --min nosuch=0.1", "no language 'nosuch'"),
        ("--target cat --min rom=10%", "'rom' was read as the language Vlax Romani (rmy)"),
        ("--target cat --min rom=10%", "a group of that name needs its members"),
        ("--target cat --max human=50%", "write provenance:human"),
        ("--target cat --max Romance=50%", "write family:Romance"),
        ("--target cat --max Cyrl=50%", "write script:Cyrl"),
        ("--target cat --max pool:cat.human=0", "did you mean cat.human.hplt-v4"),
        ("--target cat --guardrail eng", "--guardrail eng=1%"),
        ("--target cat --guardrail eng=1%:nosuch", "no reference mixture 'nosuch'"),
        ("--target cat --pools invented", "pools.provenance is 'invented'"),
        ("--target cat --matrix nosuch", "no matrix 'nosuch'"),
        ("--target cat --matrix ../../etc/passwd", "no matrix"),
        ("--target deu --matrix langrank-2019-mt", "name a calibration"),
        ("--target cat --inventory nosuch", "no inventory 'nosuch'"),
        ("--target cat --law nosuch", "no law 'nosuch'"),
        ("--target cat --problem nosuch.yaml", "is not there"),
        ("--target cat --output nosuch/recipe.yaml", "cannot be written"),
        ("--target cat --output /", "cannot be written"),
    ],
)
def test_a_question_that_cannot_be_answered(atlasmix: Run, words: str, said: str) -> None:
    assert_refused(atlasmix("solve", *words.split()), said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no question"),
        (b"targets: [cat", "not plain YAML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        (b"\xff\xfet\x00a\x00", "not UTF-8"),
        (b"#" * (1024 * 1024 + 1), "expected at most"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\ntargets: *b\n", "anchor or alias"),
        (b"targets: !!python/object/apply:os.system ['touch owned']\n", "not plain YAML"),
        (b"targets: {no: 1}\n", "quote it"),
        (b"targets: [no]\n", "unquoted no"),
        (b"targets: cat\ntargets: spa\n", "a second time"),
        (b"targets: " + b"[" * 3000, "YAML"),
        (b"targets: cat\nbudget: {a: 1}\n", "budget is"),
        (b"targets: cat\nbuget: 1\n", "did you mean budget"),
    ],
    ids=lambda value: value[:16] if isinstance(value, bytes) else "",
)
def test_a_problem_file_that_is_none(
    atlasmix: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "problem.yaml").write_bytes(content)
    done = atlasmix("solve", "--problem", "problem.yaml")
    assert_refused(done, said) if said != "YAML" else assert_refused(done, "problem.yaml")
    assert os.listdir(tmp_path) == ["problem.yaml"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "scores.csv"),
        (b"source,target,sco", "scores.csv"),
        (b"source,target,score\nspa,cat", "scores.csv"),
        (b"PAR1\x00\x01\x02", "scores.csv"),
        (b"from,to,score\nspa,cat,0.4\n", "source"),
        (b"source,target,score\nspa,catalna,0.4\nspa,spa,7\nspa,fra,nan\n", "did you mean cat"),
        (b"source,target,score\n" + b"spa,cat,0.4\n" * 6_000_000, "longer than 67,108,864 bytes"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else "",
)
def test_a_table_that_is_none(atlasmix: Run, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "scores.csv").write_bytes(content)
    (tmp_path / "card.yaml").write_text(CARD, encoding="utf-8")
    done = atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    assert_refused(done, said)
    assert not list((tmp_path / "store").rglob("*.csv"))


def test_all_faults_of_a_table_are_named_with_their_rows(atlasmix: Run, tmp_path: Path) -> None:
    table = "source,target,score\nspa,catalna,0.4\nspa,fra,7\nspa,ita,nan\n"
    (tmp_path / "scores.csv").write_text(table, encoding="utf-8")
    (tmp_path / "card.yaml").write_text(CARD, encoding="utf-8")
    err = atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml").err
    assert all(f"row {row}" in err or f"line {row}" in err for row in (2, 3, 4)), err


def test_a_store_that_cannot_be_written(atlasmix: Run, tmp_path: Path) -> None:
    # A file in the place of the folder: refused to root too, whom no permission bit stops.
    (tmp_path / "store").write_text("a file", encoding="utf-8")
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8")
    (tmp_path / "card.yaml").write_text(CARD, encoding="utf-8")
    done = atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    assert_refused(done, "store")
    assert (tmp_path / "store").read_text(encoding="utf-8") == "a file"


def _small_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))


def test_a_disk_that_fills_up_while_adding_leaves_nothing(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8")
    (tmp_path / "card.yaml").write_text(CARD, encoding="utf-8")
    words = ("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    done = atlasmix(*words, preexec_fn=_small_disk, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert_refused(done, "File too large")
    assert [path for path in (tmp_path / "store").rglob("*") if path.suffix] == []
    assert atlasmix(*words).status == 0


def test_a_disk_that_fills_up_while_saving_keeps_the_old_recipe(
    atlasmix: Run, tmp_path: Path
) -> None:
    (tmp_path / "recipe.yaml").write_text("old", encoding="utf-8")
    words = ("solve", "--target", "cat", "--output", "recipe.yaml")
    done = atlasmix(*words, preexec_fn=_small_disk, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert_refused(done, "recipe.yaml cannot be written (File too large)")
    assert (tmp_path / "recipe.yaml").read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["recipe.yaml"]


def test_a_full_device(atlasmix: Run) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = atlasmix("solve", "--target", "cat", "--output", "/dev/full")
    assert_refused(done, "No space left")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_results_that_cannot_be_printed_are_no_success(tmp_path: Path, unbuffered: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "matrices", "list"],
            cwd=tmp_path,
            env={**environment(tmp_path), "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("atlasmix: ")


def test_ctrl_c_is_one_sentence_and_status_130(tmp_path: Path) -> None:
    # Draws that take minutes: the command is at them until it is interrupted.
    words = ("solve", "--target", "cat,eng,swe", "--draws", "10000", "--output", "recipe.yaml")
    process = _start(tmp_path, *words)
    time.sleep(3.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err == "atlasmix: stopped; nothing was written\n"
    assert process.returncode == 130
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("after", [0.3, 0.6, 0.9])
def test_ctrl_c_at_any_moment_leaves_no_half_of_a_recipe(tmp_path: Path, after: float) -> None:
    process = _start(tmp_path, "solve", "--target", "cat,eng,swe", "--output", "recipe.yaml")
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert os.listdir(tmp_path) in ([], ["recipe.yaml"])
    if (tmp_path / "recipe.yaml").exists():
        text = (tmp_path / "recipe.yaml").read_text(encoding="utf-8")
        assert load_recipe(text).question["targets"] == {"cat": 1, "eng": 1, "swe": 1}


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background has Ctrl-C switched off, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


@pytest.mark.parametrize("command", ["check", "explain"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "recipe.yaml"), (b"\x00\x01", "recipe.yaml"), (b"schema: &a x\nb: *a\n", "anchor")],
)
def test_a_recipe_that_is_none(
    atlasmix: Run, tmp_path: Path, command: str, content: bytes, said: str
) -> None:
    (tmp_path / "recipe.yaml").write_bytes(content)
    assert_refused(atlasmix(command, "recipe.yaml"), said)


def test_bytes_in_the_place_of_yaml_are_not_sent_to_parquet(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    for words in (("check", "bytes"), ("solve", "--problem", "bytes")):
        done = atlasmix(*words)
        assert_refused(done, "is not UTF-8 text (byte 0): save it as UTF-8")
        assert "Parquet" not in done.err


def test_a_folder_in_the_place_of_a_recipe_is_named(atlasmix: Run) -> None:
    assert_refused(atlasmix("check", "."), "recipe . is no plain file but a folder")
    assert_refused(
        atlasmix("solve", "--problem", "."), "problem file . is no plain file but a folder"
    )


def test_a_matrix_that_does_not_say_what_was_measured(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8")
    (tmp_path / "card.yaml").write_text(CARD.replace("status: measured\n", ""), encoding="utf-8")
    done = atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    assert_refused(done, "say which pairs are measured and which predicted: a status column")
