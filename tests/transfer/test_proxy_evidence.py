"""Proxies of texts bend what is believed of unmeasured pairs, by what they earn on others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlasmix import Store
from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.card import Card
from atlasmix.evidence.new_matrix import NewMatrix, NewScore, filled, save_matrix
from atlasmix.evidence.proxies import ProxyPair
from atlasmix.evidence.scores import COMPLETED, MEASURED, SEEN
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.transfer.completed_matrix import add_completed
from atlasmix.transfer.estimation import estimate, worth_of_proxies
from atlasmix.transfer.model import TransferModel
from atlasmix.transfer.proxy_matrix import COSINES, PROXY

LAW = load_law(DEFAULT_LAW)
NEW, DONORS = "scn", ("spa", "fra", "deu")
"""A language that nobody scored, and donors of it."""
TOLD = dict(zip(DONORS, (0.30, 0.21, 0.09), strict=True))
"""log(1 + τ) that the made proxies say of it."""


@pytest.fixture(scope="module")
def matrix() -> TransferMatrix:
    return Store().matrix().part({NEW})


@pytest.fixture(scope="module")
def plain(matrix: TransferMatrix) -> TransferModel:
    return estimate(matrix, LAW)


def measured(matrix: TransferMatrix) -> list[tuple[int, int]]:
    return [tuple(place) for place in np.argwhere(np.isin(matrix.status, SEEN)).tolist()]


def with_proxies(
    matrix: TransferMatrix, plain: TransferModel, of_truth: float, noise: float, seed: int = 0
) -> TransferMatrix:
    """Proxies of every measured pair: so much of log(1 + τ), and so much noise; and of NEW."""
    source = np.random.default_rng(seed)
    pairs = []
    for row, column in measured(matrix):
        nothing, _ = plain.score_of(0.0, matrix.keys[column])
        truth = float(np.log((2 - nothing) / (2 - matrix.scores[row, column])))
        x = of_truth * truth + noise * source.normal()
        pairs.append(ProxyPair(matrix.keys[row], matrix.keys[column], x, 1e-3))
    pairs += [ProxyPair(donor, NEW, of_truth * told, 1e-3) for donor, told in TOLD.items()]
    return replace(matrix, proxies=tuple(pairs))


def test_a_proxy_that_is_the_truth_pulls_what_nobody_measured_onto_it(matrix, plain) -> None:
    """The scale of the proxy is learned too: half of the truth says as much as the whole."""
    for of_truth in (1.0, 0.5):
        made = with_proxies(matrix, plain, of_truth, 0.005)
        worth = worth_of_proxies(made, LAW)
        assert worth is not None
        assert worth.part > 0.6
        assert worth.rmse_with < 0.7 * worth.rmse
        model = estimate(made, LAW)
        for donor, told in TOLD.items():
            pair = model.index(donor), model.index(NEW)
            before, after = (np.log1p(each.weights[pair]) for each in (plain, model))
            assert abs(after - told) < 0.35 * abs(before - told)
            assert model.stderr[pair] < plain.stderr[pair]


def test_a_proxy_that_tells_nothing_moves_nothing(matrix, plain) -> None:
    """Noise earns no place: over ten of them the weights stay, and mostly to the last digit."""
    moved = []
    for seed in range(10):
        made = with_proxies(matrix, plain, 0.0, 1.0, seed)
        worth = worth_of_proxies(made, LAW)
        assert worth is not None
        assert worth.part < 0.1
        model = estimate(made, LAW)
        moved.append(float(np.abs(model.weights - plain.weights).max()))
    assert np.median(moved) < 1e-12
    assert max(moved) < 0.05


def test_a_proxy_that_relatedness_has_already_moves_nothing(matrix, plain) -> None:
    """What counts is what is told beyond the belief: the belief itself said again is no news."""
    belief = plain.prior
    assert belief is not None
    pairs = [
        ProxyPair(matrix.keys[row], matrix.keys[column], float(belief.mean[row, column]), 1e-3)
        for row, column in measured(matrix)
    ]
    worth = worth_of_proxies(replace(matrix, proxies=tuple(pairs)), LAW)
    assert worth is not None
    assert worth.part < 0.15


def test_measured_pairs_and_kinds_stay(matrix, plain) -> None:
    """A proxy is never a measurement: no kind changes, and no measured weight moves."""
    model = estimate(with_proxies(matrix, plain, 1.0, 0.005), LAW)
    np.testing.assert_array_equal(model.status, plain.status)
    seen = plain.status == MEASURED
    np.testing.assert_array_equal(model.weights[seen], plain.weights[seen])
    np.testing.assert_array_equal(model.phi, plain.phi)
    pair = model.index("spa"), model.index(NEW)
    assert model.status[pair] == COMPLETED
    untold = np.ones(model.weights.shape, dtype=bool)
    untold[[model.index(donor) for donor in DONORS], model.index(NEW)] = False
    np.testing.assert_allclose(model.weights[untold], plain.weights[untold], rtol=1e-12)


def test_a_few_measured_pairs_tell_nothing_of_a_proxy(matrix, plain) -> None:
    made = with_proxies(matrix, plain, 1.0, 0.005)
    few = replace(made, proxies=made.proxies[:3])
    assert worth_of_proxies(few, LAW) is None
    np.testing.assert_array_equal(estimate(few, LAW).weights, plain.weights)


def proxy_matrix_of(pairs: tuple[ProxyPair, ...]) -> NewMatrix:
    """Proxies as ``measure text`` saves them."""
    keys = tuple(sorted({key for each in pairs for key in each[:2]}))
    card = Card(
        name="",
        kind="transfer matrix",
        title="made",
        metric=PROXY,
        unit="proxy",
        orientation="source to target",
        direction="higher is better",
        diagonal=1.0,
        status=MEASURED,
        source="made here",
        licence="none",
        extra=((COSINES, "; ".join(f"{each.source} {each.target} 0.5" for each in pairs)),),
    )
    given = [NewScore(each.source, each.target, each.proxy, each.stderr) for each in pairs]
    return filled(card, keys, given, MEASURED)


def test_from_the_shelf_to_the_posterior(matrix, plain, tmp_path: Path) -> None:
    """Saved, completed, read again: the weights of the model in memory, by the hash of the file."""
    store = Store(str(tmp_path))
    made = with_proxies(matrix, plain, 1.0, 0.005)
    save_matrix(store.user_place(), proxy_matrix_of(made.proxies), "mine")
    done = add_completed(store, "mine", name="informed")
    assert "a proxy is one observation with an error of" in done.said
    informed = store.matrix("informed")
    assert informed.sha256 != Store().matrix().sha256
    assert informed.count(MEASURED) == 72
    assert {each.cosine for each in informed.proxies} == {0.5}
    earned = dict(informed.card.extra)["what the proxies earned"]
    assert "each target left out" in earned
    assert "off the variance" in earned
    known, wanted = estimate(informed.part({NEW}), LAW), estimate(made, LAW)
    pair = known.index("spa"), known.index(NEW)
    assert known.weights[pair] == pytest.approx(wanted.weights[pair], rel=1e-4)
    assert known.weights[pair] > plain.weights[pair] + 0.03
    for study, words in (("none", "told by pairs that a study measured"), ("mine", "stand beside")):
        with pytest.raises(ProblemError, match=words):
            add_completed(store, "mine", study, "again")
    (tmp_path / "transfer_matrices" / "informed" / "proxies.csv").write_text("source,target\n")
    with pytest.raises(DataError, match=r"lacks its proxies\.csv"):
        store.matrix("informed")
