"""Write docs/reference/cli.md from the command line's own help; a test fails when it is stale."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from atlasmix.cli.main import COMMANDS, command_of

PAGE = Path(__file__).parent / "reference" / "cli.md"
INTRODUCTION = """\
# The command line

Every command and option of `atlasmix`, as its `--help` prints them.

Written by `python docs/make_cli.py`.
"""


def commands() -> list[list[str]]:
    """The words of every command, in the order of ``--help``; of one with actions, each of them."""
    words: list[list[str]] = [[]]
    for name in COMMANDS:
        group = next(
            (
                action
                for action in command_of(name)[1]._actions
                if isinstance(action, argparse._SubParsersAction)
            ),
            None,
        )
        words += [[name, verb] for verb in group.choices] if group else [[name]]
    return words


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for command in commands():
        title = " ".join(["atlasmix", *command])
        run = subprocess.run(
            [sys.executable, "-m", "atlasmix", *command, "--help"],
            env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHON_COLORS": "0"},
            capture_output=True,
            text=True,
            check=True,
        )
        parts.append(f"## `{title}`\n\n```text\n{run.stdout.rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
