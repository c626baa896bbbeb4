"""An overlay: one's own tables beside the shelf, checked as strictly, written nowhere."""

import pytest
from shelf_samples import INVENTORY_CARD, MATRIX_CARD, POOLS, SCORES

from atlasmix.errors import DataError
from atlasmix.evidence.overlay import OVERLAY_BYTES, OVERLAY_ENTRIES, Overlay, lay, save, take_away
from atlasmix.evidence.shelf import INVENTORIES, MATRICES
from atlasmix.evidence.store import Store
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping

FILES = {"table": "Ours.csv", "card": "card.yaml"}


@pytest.fixture
def overlay(tmp_path):
    return Overlay(str(tmp_path / "store"))


def laid(overlay, name="ours", scores=SCORES, card=MATRIX_CARD):
    return lay(overlay, MATRICES, scores.encode(), card.encode(), FILES, name)[0]


def test_a_table_is_read_as_the_store_reads_it(overlay, tmp_path):
    full = laid(overlay)
    (tmp_path / "scores.csv").write_text(SCORES)
    (tmp_path / "card.yaml").write_text(MATRIX_CARD)
    store = Store(str(tmp_path / "other"))
    store.add_matrix(tmp_path / "scores.csv", tmp_path / "card.yaml", "ours")
    mine, theirs = full.matrix("ours"), store.matrix("ours")
    assert mine.keys == theirs.keys
    assert (mine.scores == theirs.scores).all()
    assert mine.sha256 == theirs.sha256
    assert mine.card == theirs.card


def test_nothing_is_written_and_the_old_overlay_stays_as_it_was(overlay, tmp_path):
    full = laid(overlay)
    assert full.names(MATRICES) == ("ours",)
    assert overlay.names(MATRICES) == ()
    assert not (tmp_path / "store").exists()
    with pytest.raises(DataError, match="no matrix 'ours'"):
        overlay.matrix("ours")


def test_a_question_uses_both(overlay):
    full, _ = lay(
        laid(overlay), INVENTORIES, POOLS.encode(), INVENTORY_CARD.encode(), FILES, "mine"
    )
    asked = {"targets": "cat", "matrix": "ours", "inventory": "mine"}
    mixture = solve(problem_from_mapping(asked, full))
    assert set(mixture.proportions) == {"cat", "spa"}
    assert full.matrix().name == "atlasmix-2026"
    assert "ours" in [one.name for one in full.list_matrices()]
    assert "mine" in [one.name for one in full.list_inventories()]
    assert full.inventory_names()[0] == "mine"
    assert full.matrix_names()[0] == "ours"


def test_the_name_comes_from_the_card_or_the_file(overlay):
    assert lay(overlay, MATRICES, SCORES.encode(), MATRIX_CARD.encode(), FILES)[1] == "ours"
    named = MATRIX_CARD + "name: on-the-card\n"
    assert lay(overlay, MATRICES, SCORES.encode(), named.encode(), FILES)[1] == "on-the-card"


@pytest.mark.parametrize(
    ("scores", "card", "name", "words"),
    [
        ("source,target,score\nxx,cat,9\ncat,cat,0.5\n", MATRIX_CARD, "ours", "row 2"),
        (SCORES, "title: x\n", "ours", "metric: missing"),
        (SCORES, MATRIX_CARD, "atlas-2025", "ships with AtlasMix and is never changed"),
        (SCORES, MATRIX_CARD, "../x", "cannot be the name"),
        (SCORES, "!!python/object:os.system {}\n", "ours", "not plain YAML"),
        ("", MATRIX_CARD, "ours", "is empty"),
        (SCORES + "x" * OVERLAY_BYTES, MATRIX_CARD, "ours", "expected at most 5,242,880"),
    ],
)
def test_faults_are_named_as_in_an_addition(overlay, scores, card, name, words):
    with pytest.raises(DataError) as caught:
        laid(overlay, name, scores, card)
    assert words in str(caught.value)


def test_an_overlay_is_bounded(overlay):
    for number in range(OVERLAY_ENTRIES):
        overlay = laid(overlay, f"ours-{number}")
    with pytest.raises(DataError, match=r"at most 8; take one away"):
        laid(overlay, "one-more")
    assert (
        laid(take_away(overlay, MATRICES, "ours-0"), "one-more").names(MATRICES)[-1] == "one-more"
    )


def test_a_name_lies_there_once(overlay):
    with pytest.raises(DataError, match="lies here already"):
        laid(laid(overlay))


def test_saving_puts_it_on_the_shelf_for_all(overlay, tmp_path):
    left = save(laid(overlay), MATRICES, "ours")
    assert left.entries == ()
    assert Store(str(tmp_path / "store")).matrix("ours").pair("spa", "cat").score == 0.4
    assert Store(str(tmp_path / "store")).verify("ours") == ()
    with pytest.raises(DataError, match="is in the store"):
        laid(left)
    with pytest.raises(DataError, match="nothing was saved"):
        save(left, MATRICES, "ours")


def test_the_digest_tells_overlays_apart(overlay):
    other = SCORES.replace("0.4", "0.5")
    digests = {overlay.digest(), laid(overlay).digest(), laid(overlay, scores=other).digest()}
    assert len(digests) == 3
