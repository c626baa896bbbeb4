"""What the README shows is what a reader gets."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_the_shown_answer_is_the_real_one(tmp_path):
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL).group(1)
    printed = atlasmix("solve", "--target", "cat", cwd=tmp_path).stdout
    assert shown.strip() in "\n".join(line.rstrip() for line in printed.splitlines())


def test_the_python_example_runs(tmp_path):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("{'cat': 0.85")


COMMANDS = [
    command
    for row in re.findall(r"^\|[^|]*\|(.*)\|$", README, re.MULTILINE)
    for command in re.findall(r"`(atlasmix [^`]*)`", row)
    if ".yaml" not in command or command.startswith("atlasmix solve")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_runs(command, tmp_path):
    (tmp_path / "problem.yaml").write_text("targets: {cat: 1}\nbudget: 50B\n")
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


def test_links_lead_somewhere():
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/evidence.md",
        "docs/evidence-for-the-law.md",
        "docs/fitting.md",
        "docs/mathematics.md",
        "docs/problem.md",
        "docs/explorer.md",
        "docs/exporters.md",
        "docs/scaling.md",
    ):
        page = ROOT / name
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (page.parent / link).exists(), link


def test_the_matrix_of_the_docs_can_be_added(tmp_path):
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    (tmp_path / "scores.csv").write_text(re.search(r"```csv\n(.*?)```", page, re.DOTALL).group(1))
    (tmp_path / "card.yaml").write_text(re.search(r"```yaml\n(.*?)```", page, re.DOTALL).group(1))
    commands = re.search(r"```sh\n(.*?)```", page, re.DOTALL).group(1).splitlines()
    for command in commands:
        run = atlasmix(*command.split()[1:], cwd=tmp_path)
        assert run.returncode == 0, run.stderr
    assert "measured ±0.05" in run.stdout
