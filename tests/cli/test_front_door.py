"""Help, version, slips of the pen, and what a command may import."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from command_line import Run, assert_refused, environment

from atlasmix.cli.main import COMMANDS
from atlasmix.version import __version__

ACTIONS = {
    "matrices": ("list", "show", "add", "verify", "remove"),
    "inventory": ("list", "show", "add", "verify", "remove"),
    "mixtures": ("list", "show"),
}
HEAVY = ("cvxpy", "pandas", "scipy.optimize", "pyarrow", "fsspec", "jsonschema", "plotly")


def test_help_names_every_command_and_ends_with_an_example(atlasmix: Run) -> None:
    done = atlasmix("--help")
    assert done.status == 0
    assert all(name in done.out for name in COMMANDS)
    assert done.out.rstrip().splitlines()[-2] == "example:"


@pytest.mark.parametrize(
    "words",
    [[name] for name in COMMANDS]
    + [[name, action] for name, actions in ACTIONS.items() for action in actions],
    ids=" ".join,
)
def test_every_help_ends_with_an_example_that_runs_this_command(
    atlasmix: Run, words: list[str]
) -> None:
    done = atlasmix(*words, "--help")
    assert done.status == 0
    text = done.out.rstrip()
    assert f"example:\n  atlasmix {words[0]}" in text
    assert text.splitlines()[-1].startswith("  atlasmix ")
    assert max(map(len, text.splitlines())) <= 80


def test_version(atlasmix: Run) -> None:
    assert atlasmix("--version").out == f"atlasmix {__version__}\n"


def test_version_is_that_of_the_project() -> None:
    import tomllib

    project = Path(__file__).parents[2] / "pyproject.toml"
    stated = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    assert stated.get("version", __version__) == __version__


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["slove"], "did you mean solve?"),
        (["--tagret"], "no option --tagret before the command"),
        (["matrices", "lst"], "did you mean list?"),
        (["matrices"], "ACTION"),
        (["solve", "--tagret", "cat"], "no option --tagret: did you mean --target"),
        (["solve", "cat"], "'cat' is one argument too many"),
        (["solve", "--budget"], "--budget: expected one argument"),
        (["check"], "RECIPE"),
        (["languages", "--store", "x"], "no option --store"),
    ],
)
def test_misuse_is_one_sentence_and_status_2(atlasmix: Run, words: list[str], said: str) -> None:
    assert_refused(atlasmix(*words), said, status=2)


def test_nothing_at_all_prints_the_help_and_says_misuse(atlasmix: Run) -> None:
    done = atlasmix()
    assert done.status == 2
    assert "usage: atlasmix COMMAND" in done.out


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "solve --target cat",
        "matrices list",
        "inventory list",
        "languages ca",
        "export --list",
    ],
)
def test_light_commands_import_nothing_heavy(tmp_path: Path, words: str) -> None:
    code = (
        "import sys\n"
        "from atlasmix.cli.main import run\n"
        f"status = run({words.split()!r})\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(found, status, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr.strip().endswith("[] 0"), done.stderr


def test_help_imports_almost_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom atlasmix.cli.main import run\nrun(['--help'])\n"
        "print([n for n in ('argparse','numpy','yaml','rich','dataclasses') if n in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr.strip() == "[]"


def test_a_closed_pipe_is_silent(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m atlasmix languages | head -1",
        shell=True,
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("code")


def test_a_terminal_without_greek_gets_question_marks(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat", env={"PYTHONIOENCODING": "ascii"})
    assert done.status == 0
    assert done.out.isascii()


def test_a_sentence_is_wrapped_at_a_terminal_and_one_line_in_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "atlasmix", "solve", "--target", "cat", "--from", "x"]
    piped = subprocess.run(
        command, env=environment(tmp_path), capture_output=True, text=True, check=False
    ).stderr
    assert len(piped.splitlines()) == 1
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    done = subprocess.run(command, env=environment(tmp_path), stderr=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert max(map(len, shown.splitlines())) <= 60
    assert shown.split() == piped.split()
