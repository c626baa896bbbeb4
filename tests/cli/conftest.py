"""The real command line, in a process of its own, in an empty folder, with an empty store."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run, runner


@pytest.fixture
def atlasmix(tmp_path: Path) -> Run:
    """Run ``atlasmix`` with these words and return what it did."""
    return runner(tmp_path)
