"""The real packages: run by .ci/frameworks in an environment of its own, not by the base tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from worlds import World, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The small corpus and its recipe."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    """What a module changes, undone at its end."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
