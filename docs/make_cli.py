"""Write docs/reference/cli.md from the command line's own help; a test fails when it is stale."""

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "reference" / "cli.md"
INTRODUCTION = """\
# The command line

Every command and option of `atlasmix`, as its `--help` prints them.

Written by `python docs/make_cli.py`.
"""
COMMANDS = [
    [],
    ["solve"],
    ["sweep"],
    ["route"],
    ["explain"],
    ["check"],
    ["compare"],
    ["capacity"],
    ["crossover"],
    ["fit"],
    ["design"],
    ["learn"],
    ["audit"],
    ["export"],
    ["import"],
    ["lint"],
    ["verify-run"],
    ["cards"],
    *(["matrices", verb] for verb in ("list", "show", "add", "complete", "verify", "remove")),
    *(["inventory", verb] for verb in ("list", "show", "add", "verify", "remove")),
    *(["laws", verb] for verb in ("list", "show", "add", "remove")),
    *(["mixtures", verb] for verb in ("list", "show")),
    ["languages"],
    ["explore"],
]


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for command in COMMANDS:
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
