"""A sign of life: on a terminal, after two seconds, and never anywhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment

CODE = "import time\nfrom atlasmix.cli.terminal import working\n" + (
    "with working('solving'):\n    time.sleep({})\n"
)


def _shown(folder: Path, seconds: float, terminal: bool) -> str:
    main, side = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(seconds)],
        cwd=folder,
        env=environment(folder, TERM="xterm"),
        stderr=side if terminal else subprocess.PIPE,
        timeout=60,
        check=True,
    )
    os.close(side)
    if not terminal:
        os.close(main)
        return done.stderr.decode()
    os.set_blocking(main, False)
    try:
        shown = os.read(main, 65536).decode()
    except OSError:
        shown = ""
    os.close(main)
    return shown


@pytest.mark.parametrize(
    ("seconds", "terminal", "said"), [(2.6, True, True), (0.1, True, False), (2.6, False, False)]
)
def test_progress(tmp_path: Path, seconds: float, terminal: bool, said: bool) -> None:
    assert ("solving" in _shown(tmp_path, seconds, terminal)) is said
