"""What is printed of recipes that no longer hold, and of those whose law is gone."""

from __future__ import annotations

import pytest

from atlasmix.mixture.diff import Prediction, Side, diff
from atlasmix.recipe.check import CheckReport, EffectShift
from atlasmix.recipe.compare import Judgement, SideBySide
from atlasmix.report.blocks import Block, Table
from atlasmix.report.difference import comparison_blocks
from atlasmix.report.recipes import check_blocks
from atlasmix.report.terminal import terminal_text

UNCHANGED = "Matrix, inventory, law and version are those it was made with."


def said(blocks: tuple[Block, ...]) -> str:
    return terminal_text(blocks, 200)


@pytest.mark.parametrize("verdict", ["broken", "superseded"])
def test_a_recipe_that_cannot_be_asked_is_not_called_unchanged(verdict: str) -> None:
    text = said(check_blocks("r.yaml", CheckReport(verdict, (), reason="the law went")))  # type: ignore[arg-type]
    assert verdict in text
    assert "Reason: the law went" in text
    assert UNCHANGED not in text
    assert UNCHANGED in said(check_blocks("r.yaml", CheckReport("holds", ())))


def test_a_target_that_had_no_loss_is_told_in_words() -> None:
    effect = EffectShift("yor", None, 3.9, 3.8)
    (table,) = [
        part
        for part in check_blocks("r.yaml", CheckReport("drifted", (), effects=(effect,)))
        if isinstance(part, Table)
    ]
    assert table.texts()[2][0] == ("Yoruba (yor)", "no own text", "3.900", "3.800")


def test_a_question_that_cannot_be_asked_has_its_note_and_no_table() -> None:
    gone = Judgement("A", (), None, None, "the question of A cannot be asked today")
    asked = Judgement("B", ("cat",), (Prediction("cat", 1e9, 2.5),), None)
    side = Side("one", 100.0, (("cat", 1.0),))
    found = SideBySide(side, side, diff(side, side), judgements=(gone, asked))
    parts = comparison_blocks(("a.yaml", "b.yaml"), found)
    tables = [part for part in parts if isinstance(part, Table)]
    assert "the question of A cannot be asked today" in said(parts)
    assert [table.texts()[0][0] for table in tables] == ["language", "target"]
