"""The pages on laws and on the crossover print what the shelf and the data hold."""

from __future__ import annotations

import re
from pathlib import Path

from atlasmix.laws.crossover import study
from atlasmix.laws.shelf import read_law, shipped_names

DOCS = Path(__file__).parents[2] / "docs"
LAWS = (DOCS / "reference" / "laws.md").read_text(encoding="utf-8")
CROSSOVER = (DOCS / "guides" / "crossover.md").read_text(encoding="utf-8")


def test_the_card_is_one(tmp_path: Path) -> None:
    text = re.search(r"```yaml\n(.*?)```", LAWS, re.DOTALL)
    assert text is not None
    path = tmp_path / "mine.yaml"
    path.write_text(text[1], encoding="utf-8")
    assert read_law(path).decay == 0.05


def test_every_law_that_ships_is_on_the_page() -> None:
    for name in shipped_names():
        assert f"`{name}`" in LAWS


def test_the_table_of_the_crossover_is_the_data() -> None:
    printed = [int(count) for count in re.findall(r"(\d{3})B\s\([A-Z]", CROSSOVER)]
    assert printed == [round(tokens / 1e9) for _, tokens in study().measured]
