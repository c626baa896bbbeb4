"""The examples run as they stand, cell by cell, and every cell shows something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


def test_there_are_the_five_that_the_docs_name() -> None:
    names = ["capacity_planning", "catalan", "european_languages", "own_runs", "scarce_language"]
    assert [path.stem for path in EXAMPLES] == names


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs_from_another_folder(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "ATLASMIX_STORE": str(tmp_path / "store")},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()
    assert not list(tmp_path.glob("*.yaml")), "an example leaves files behind"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_its_cells_say_what_they_do(path: Path) -> None:
    cells = [line for line in path.read_text(encoding="utf-8").splitlines() if "# %%" in line]
    assert len(cells) >= 4
    assert all(len(cell) > 12 for cell in cells)
