"""The charts of the concept pages are what their script draws, and show what the pages say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def concepts(script):
    return script("evidence/concepts")


def test_the_charts_are_fresh(concepts):
    """A third of a pixel: engines differ in their last digits."""
    for name, text in concepts.charts().items():
        written = (FIGURES / name).read_text(encoding="utf-8")
        assert NUMBER.sub("", text) == NUMBER.sub("", written), name
        drawn = [float(number) for number in NUMBER.findall(text)]
        assert drawn == pytest.approx([float(n) for n in NUMBER.findall(written)], abs=0.3), name


def test_a_close_donor_helps_the_scarce_and_a_far_one_costs(concepts):
    change = concepts.change_by_donor
    assert change(concepts.SCARCE, concepts.CLOSE, 0.5) < 4 * change(
        concepts.AMPLE, concepts.CLOSE, 0.5
    )
    assert change(concepts.AMPLE, concepts.CLOSE, 0.5) < 0
    assert change(concepts.AMPLE, concepts.FAR, 0.5) > change(concepts.SCARCE, concepts.FAR, 0.5)
    assert change(concepts.SCARCE, concepts.FAR, 0.5) > 0


def test_thai_has_two_valleys_and_the_deeper_is_chosen(concepts):
    tokens, loss = concepts.chosen()
    assert tokens == pytest.approx(1.08e11, rel=0.01)
    hill, valley, beyond = (concepts.loss_at(n) for n in (3e11, 5e11, 8e11))
    assert loss < valley < hill
    assert valley < beyond
