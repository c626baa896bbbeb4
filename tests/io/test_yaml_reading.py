"""Reading YAML leaves the process as it was, whatever the document."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import load_yaml


@pytest.mark.parametrize("text", ["a: 1", "a: [", "a: &x 1", "{a: 1, a: 2}", "a: 2020-99-99", ""])
@pytest.mark.parametrize("collecting", [True, False])
def test_the_search_for_cycles_is_as_it_was(text: str, collecting: bool) -> None:
    """A collector that stays off after a faulty file fills the memory of a long process."""
    was = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        with suppress(DataError):
            load_yaml(text, "file", 1000)
        assert gc.isenabled() == collecting
    finally:
        (gc.enable if was else gc.disable)()
