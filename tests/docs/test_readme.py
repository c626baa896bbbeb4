"""What the README shows is what a reader gets."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made_languages import texts

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def atlasmix(*arguments, cwd, columns="80"):
    environment = {**os.environ, "COLUMNS": columns, "ATLASMIX_STORE": str(cwd / "store")}
    return subprocess.run(
        [sys.executable, "-m", "atlasmix", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


COMMANDS = [
    command
    for row in re.findall(r"^\|[^|]*\|(.*)\|$", README, re.MULTILINE)
    for command in re.findall(r"`(atlasmix [^`]*)`", row)
    if ".yaml" not in command or command.startswith("atlasmix solve")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_runs(command, tmp_path):
    (tmp_path / "problem.yaml").write_text("targets: {cat: 1}\nbudget: 50B\n")
    if "measure" in command:  # what a reader brings: curves of own runs, texts of languages
        shutil.copy(Path(__file__).with_name("files") / "curves.csv", tmp_path)
        for name, text in zip(("cat", "spa", "oci"), texts().values(), strict=False):
            (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    run = atlasmix(*shlex.split(command)[1:], cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_the_marked_commands_are_there():
    for name in ("install", "test"):
        shown = subprocess.run(
            [sys.executable, str(ROOT / ".ci" / "readme_command.py"), name],
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown.stdout.startswith("pip install")
