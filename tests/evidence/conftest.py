"""A store of its own for each test, and files to add to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from shelf_samples import Write

from atlasmix.evidence.store import Store


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file into a folder apart from the store."""

    def writer(name: str, content: str | bytes) -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return writer


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))
