"""How the tests call the real command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "atlasmix")

CARD = """\
title: Ours
metric: BTS
orientation: source to target
status: measured
stderr: {measured: 0.05}
source: our own runs
licence: private
"""
SCORES = "source,target,score\nspa,cat,0.4\ncat,spa,0.3\n"


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command; ``folder`` is where it ran."""

    status: int
    out: str
    err: str
    folder: Path


Run = Callable[..., Done]


def environment(folder: Path, **other: str) -> dict[str, str]:
    """An environment with a store and a home of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ATLASMIX")}
    path = os.pathsep.join(filter(None, (str(REPOSITORY), kept.get("PYTHONPATH", ""))))
    kept.pop("COLUMNS", None)
    return {
        **kept,
        "PYTHONPATH": path,
        "HOME": str(folder),
        "ATLASMIX_STORE": str(folder / "store"),
        "OPENBLAS_NUM_THREADS": "1",
        **other,
    }


def runner(folder: Path) -> Run:
    """A function that runs the command line in ``folder``."""

    def run(*words: str, env: dict[str, str] | None = None, **options: Any) -> Done:
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=folder,
            env=environment(folder, **(env or {})),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            **options,
        )
        return Done(done.returncode, done.stdout, done.stderr, folder)

    return run


def assert_refused(done: Done, words: str, status: int = 1) -> None:
    """One sentence on stderr, nothing on stdout, no traceback, the right exit status."""
    assert "Traceback" not in done.err
    assert words in done.err, done.err
    assert done.err.startswith("atlasmix: ")
    assert done.out == ""
    assert done.status == status
