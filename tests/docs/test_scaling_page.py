"""docs/scaling.md shows commands that run, a card that reads, and figures that are the code's."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from atlasmix.laws.crossover import study
from atlasmix.laws.shelf import read_law, shipped_names

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(atlasmix .*?)\n```", PAGE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_is_a_command_for_each_part() -> None:
    assert [command.split()[1] for command in COMMANDS] == ["capacity", "solve", "crossover"]


def test_the_card_is_one(tmp_path: Path) -> None:
    text = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    path = tmp_path / "mine.yaml"
    path.write_text(text[1], encoding="utf-8")
    assert read_law(path).decay == 0.05


def test_every_law_that_ships_is_on_the_page() -> None:
    for name in shipped_names():
        assert f"`{name}`" in PAGE


def test_the_table_of_the_crossover_is_the_data() -> None:
    printed = [int(count) for count in re.findall(r"(\d{3})B\s\([A-Z]", PAGE)]
    assert printed == [round(tokens / 1e9) for _, tokens in study().measured]
