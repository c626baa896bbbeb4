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


BAR = """\
import time
from atlasmix.cli.terminal import counting
with counting("drawing", 4, {patience}) as advance:
    for _ in range(4):
        time.sleep(0.1)
        advance(1)
"""


@pytest.mark.parametrize(("patience", "said"), [(0.0, True), (0.15, True), (30.0, False)])
def test_a_bar_waits_until_it_is_worth_it(tmp_path: Path, patience: float, said: bool) -> None:
    """Shown at once, what is ready within a second would only flash."""
    main, side = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", BAR.format(patience=patience)],
        cwd=tmp_path,
        env=environment(tmp_path, TERM="xterm"),
        stderr=side,
        timeout=60,
        check=True,
    )
    os.close(side)
    os.set_blocking(main, False)
    try:
        shown = os.read(main, 65536).decode()
    except OSError:
        shown = ""
    os.close(main)
    assert ("drawing" in shown) is said
