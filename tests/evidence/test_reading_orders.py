"""Orders of a matrix and the agreement of two, on worlds small enough to see."""

import itertools
import math

import numpy as np
import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix, agreement, cluster_order, family_order

STORE = Store("/nonexistent")


def world(scores, keys, direction="higher is better", status="measured"):
    scores = np.array(scores, dtype=float)
    count = len(keys)
    statuses = np.full((count, count), status, dtype="<U9")
    statuses[np.isnan(scores)] = ""
    np.fill_diagonal(statuses, "defined")
    card = Card(metric="x", axis="domain", names=tuple(keys), direction=direction)
    return TransferMatrix("w", tuple(keys), scores, scores * 0, statuses, card, "")


def blocks(count=6):
    """Two groups, 0 2 4 and 1 3 5, that help within and harm across."""
    scores = np.full((count, count), -0.5)
    for one, other in itertools.product(range(count), repeat=2):
        if one % 2 == other % 2:
            scores[one, other] = 0.5
    np.fill_diagonal(scores, 1.0)
    return scores


def test_clusters_put_donors_together():
    order = [key for key, _ in cluster_order(world(blocks(), "abcdef"))]
    halves = {frozenset(order[:3]), frozenset(order[3:])}
    assert halves == {frozenset("ace"), frozenset("bdf")}


def test_clusters_do_not_depend_on_the_order_of_the_keys():
    swap = [3, 0, 5, 1, 4, 2]
    keys = [sorted("abcdef")[place] for place in np.argsort(np.argsort(swap))]
    shuffled = blocks()[np.ix_(swap, swap)]
    order = [key for key, _ in cluster_order(world(shuffled, sorted(keys)))]
    sides = [swap["abcdef".index(key)] % 2 for key in order]
    assert sides in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])


def test_lower_is_better_turns_the_sign():
    order = [key for key, _ in cluster_order(world(-blocks(), "abcdef", "lower is better"))]
    assert frozenset(order[:3]) in {frozenset("ace"), frozenset("bdf")}


@pytest.mark.parametrize("count", [1, 2])
def test_few_keys_stay_as_they_are(count):
    keys = "ab"[:count]
    assert [key for key, _ in cluster_order(world(np.ones((count, count)), keys))] == list(keys)


def test_missing_pairs_do_no_harm():
    scores = blocks()
    scores[0, 1] = math.nan
    assert len(cluster_order(world(scores, "abcdef"))) == 6
    assert len(cluster_order(world(np.full((3, 3), math.nan), "abc"))) == 3


def test_kin_stand_together():
    order = family_order(STORE.matrix("atlas-2025"))
    assert sorted(key for key, _ in order) == sorted(STORE.matrix("atlas-2025").keys)
    groups = [group for group, _ in itertools.groupby(kin for _, kin in order)]
    assert len(groups) == len(set(groups))
    romance = {key for key, kin in order if kin.endswith("Romance")}
    assert romance == {"cat", "spa", "fra", "ita", "por", "ron"}


def test_agreement_is_the_rank_correlation_of_shared_pairs():
    one = world([[1, 0.1, 0.2], [0.3, 1, 0.4], [0.5, 0.6, 1]], "abc")
    same = world([[1, 1, 2], [3, 1, 4], [5, 6, 1]], "abc")
    assert agreement(one, same).spearman == pytest.approx(1)
    turned = world([[1, -1, -2], [-3, 1, -4], [-5, -6, 1]], "abc")
    assert agreement(one, turned).spearman == pytest.approx(-1)
    cost = world([[1, -1, -2], [-3, 1, -4], [-5, -6, 1]], "abc", "lower is better")
    assert agreement(one, cost).spearman == pytest.approx(1)


def test_agreement_counts_what_both_have():
    one = world([[1, 0.1, np.nan], [0.3, 1, 0.4], [0.5, 0.6, 1]], "abc")
    other = world([[1, 2, 3], [4, 1, 5], [6, 7, 1]], "bcd", status="predicted")
    found = agreement(one, other)
    assert found.languages == ("b", "c")
    assert [(pair.source, pair.target) for pair in found.pairs] == [("b", "c"), ("c", "b")]
    assert found.measured == 0
    assert math.isnan(found.spearman)  # two pairs rank nothing


def test_nothing_in_common_is_said():
    with pytest.raises(DataError, match="score no pair in common"):
        agreement(world(np.ones((2, 2)), "ab"), world(np.ones((2, 2)), "cd"))


def test_the_shipped_studies_agree_somewhat():
    found = agreement(STORE.matrix("atlas-2025"), STORE.matrix("langrank-2019-dep"))
    assert len(found.languages) == 18
    assert 0.3 < found.spearman < 0.8
