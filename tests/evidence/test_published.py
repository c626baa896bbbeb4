"""Published mixtures of real models."""

from __future__ import annotations

import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.published import list_published, published


def test_shares_are_shares():
    for mixture in list_published():
        total = mixture.covered + sum(share for _, share in mixture.other)
        assert 0 <= mixture.covered <= 1.0002
        assert total <= 1.0002
        assert total > 0.999 or "sum to" in mixture.note
        keys = [key for key, _ in mixture.shares]
        assert len(set(keys)) == len(keys)
        assert mixture.source
        assert mixture.status


def test_salamandra():
    mixture = published("salamandra-7b")
    assert dict(mixture.shares)["eng"] == pytest.approx(0.3925307)
    assert dict(mixture.other)["code"] == pytest.approx(0.06388762)
    assert mixture.shares[0][0] == "eng"
    assert mixture.covered + 0.06388762 == pytest.approx(1)


def test_minerva_is_what_its_cards_count():
    """1.14T Italian, 1.14T English and 200B code; the smaller models read even halves."""
    large, small = published("minerva-7b"), published("minerva-3b")
    counts = {"ita": 1.14, "eng": 1.14, "code": 0.2}
    assert {**dict(large.shares), **dict(large.other)} == pytest.approx(
        {part: count / 2.48 for part, count in counts.items()}, abs=1e-9
    )
    assert dict(small.shares) == {"ita": 0.5, "eng": 0.5}
    assert small.other == ()


def test_figures_that_were_only_remembered_are_absent():
    names = " ".join(mixture.name for mixture in list_published())
    assert "eurollm-9b" not in names
    assert "teuken" not in names


def test_a_typo_is_suggested():
    with pytest.raises(DataError, match="did you mean salamandra-7b"):
        published("salamandra-7")
