"""The logs that real packages wrote, unpacked."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
sys.path.insert(0, str(TESTS / "frameworks"))


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder or file of each tracker."""
    folder = tmp_path_factory.mktemp("trackers")
    for packed in sorted((TESTS / "samples" / "trackers").glob("*.zip")):
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(folder)
    return folder
