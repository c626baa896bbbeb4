"""docs/cli.md is what the commands say of themselves."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_cli_page_is_fresh():
    spec = importlib.util.spec_from_file_location("make_cli", DOCS / "make_cli.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    fresh, written = maker.page(), (DOCS / "cli.md").read_text(encoding="utf-8")
    assert fresh == written, "run: python docs/make_cli.py"
