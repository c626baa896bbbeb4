"""Draws of τ, φ and law constants: their moments, what moves together, and what never moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_matrices import LAW, PARAMS, TOKENS

from atlasmix.laws.shelf import load_law
from atlasmix.transfer.bts import balance, log_scale, most_phi
from atlasmix.transfer.draws import (
    LEAST_PART,
    Factors,
    draw_laws,
    draw_transfer,
    part_of,
    phi_under,
)
from atlasmix.transfer.model import TransferModel

MANY = 4096
KEYS = ("cat", "eng", "fra", "spa")
DONORS = ("eng", "fra", "spa")


def model(
    weight: float = 0.4,
    stderr: float = 0.1,
    doubt: float = 0.0,
    donor_share: float = 0.0,
    phi: tuple[float, float] = (0.11, 0.04),
) -> TransferModel:
    """Every pair alike, so that closed forms are one number."""
    size = len(KEYS)
    diagonal = np.eye(size, dtype=bool)
    ones = np.ones(size)
    return TransferModel(
        keys=KEYS,
        weights=np.where(diagonal, 1.0, weight),
        stderr=np.where(diagonal, 0.0, stderr),
        phi=phi[0] * ones,
        phi_stderr=phi[1] * ones,
        residual=np.zeros((size, size)),
        level=np.zeros(size),
        scale=ones.copy(),
        scale_stderr=np.zeros(size),
        doubt=np.where(diagonal, 0.0, doubt),
        prior=None,
        status=np.where(diagonal, "defined", "measured").astype("<U9"),
        calibration="bts",
        law="made",
        donor_share=donor_share,
    )


def drawn(made: TransferModel, count: int = MANY, seed: int = 1, highest: float = 5.0):
    return draw_transfer(made, DONORS, KEYS, Factors(count, seed), highest)


def logs(made: TransferModel, source: str, target: str) -> np.ndarray:
    return np.log1p(drawn(made).weights[:, DONORS.index(source), KEYS.index(target)])


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("count", [20, 33, 256])
def test_every_factor_has_mean_0_and_variance_1_in_the_set_itself(count: int) -> None:
    """Not only on average over seeds: 32 plain random draws would miss the mean by 0.18."""
    columns = Factors(count, seed=7).columns(3, 5)
    assert columns.shape == (count, 3, 5)
    assert columns.mean(axis=0) == pytest.approx(np.zeros((3, 5)), abs=1e-12)
    assert columns.std(axis=0) == pytest.approx(np.ones((3, 5)), abs=1e-12)
    flat = np.sort(columns.reshape(count, -1), axis=0)
    assert np.all(flat == flat[:, :1])  # each is a permutation of the same scores


def test_columns_do_not_go_together() -> None:
    """A sort that forgot one axis would repeat the same permutation in every column."""
    table = np.corrcoef(Factors(1000, seed=3).columns(40).T)
    np.fill_diagonal(table, 0.0)
    assert np.abs(table).max() < 5 / np.sqrt(1000)


def test_a_seed_gives_its_own_numbers_and_always_the_same() -> None:
    here, again = Factors(64, 1).columns(9), Factors(64, 1).columns(9)
    assert np.array_equal(here, again)
    assert not np.array_equal(here, Factors(64, 2).columns(9))
    # Raw words of Philox and their ranks: no method of numpy's generators that may change.
    words = np.random.Philox(key=1).random_raw(64 * 9).reshape(64, 9)
    assert np.array_equal(np.argsort(here, axis=0), np.argsort(np.argsort(words, 0), 0))


def test_a_triangle_has_its_tip_and_its_ends() -> None:
    """Quantiles of the logarithm against the closed form of a triangle."""
    low, tip, high = 0.2, 0.5, 1.0
    values = np.log(np.sort(Factors(MANY, 1).between(low, tip, high)))
    a, c, b = np.log([low, tip, high])
    assert a < values[0]
    assert values[-1] < b
    assert values.mean() == pytest.approx((a + b + c) / 3, abs=1e-4)
    spread = (a * a + b * b + c * c - a * b - a * c - b * c) / 18
    assert values.var() == pytest.approx(spread, rel=1e-3)
    assert np.mean(values <= c) == pytest.approx((c - a) / (b - a), abs=2 / MANY)


@pytest.mark.parametrize("tip", [0.2, 1.0])
def test_a_triangle_may_have_its_tip_at_an_end(tip: float) -> None:
    values = Factors(500, 1).between(0.2, tip, 1.0)
    assert np.isfinite(values).all()
    assert values.min() >= 0.2
    assert values.max() <= 1.0


@pytest.mark.parametrize(("weight", "stderr"), [(0.4, 0.1), (0.05, 0.1), (0.002, 0.1), (0.9, 0.02)])
@pytest.mark.parametrize(("doubt", "share"), [(0.0, 0.0), (0.02, 0.5)])
def test_the_mean_of_drawn_weights_is_the_weight(
    weight: float, stderr: float, doubt: float, share: float
) -> None:
    """Drawn without that the cut at 0 would make a donor of 0.05 one of 0.07."""
    found = drawn(model(weight, stderr, doubt, share)).weights
    pairs = np.array([[source != target for target in KEYS] for source in DONORS])
    mean = found.mean(axis=0)[pairs]
    error = found.std(axis=0)[pairs] / np.sqrt(MANY)
    assert np.all(np.abs(mean - weight) <= 4 * error + 1e-4 * weight)
    assert np.all(found[:, pairs] >= LEAST_PART * weight * (1 - 1e-12))


def test_the_spread_is_the_standard_error_well_above_0() -> None:
    made = model(0.5, 0.1)
    assert logs(made, "spa", "cat").std() == pytest.approx(0.1 / 1.5, rel=1e-2)
    assert drawn(made).weights[:, 2, 0].std() == pytest.approx(0.1, rel=2e-2)


def test_what_a_language_gives_itself_and_what_gives_nothing_stay() -> None:
    made = model(0.0, 0.1)
    found = drawn(made).weights
    assert np.all(found[:, 0, 1] == 1.0)  # eng for eng
    assert np.all(found[:, 1, 0] == 0.0)
    assert np.all(drawn(model(0.4, 0.0, 0.0, phi=(0.11, 0.0))).weights[:, 1, 0] == 0.4)


def test_a_row_moves_with_its_baseline_and_its_phi() -> None:
    """log(1+τ) of two donors of one target share doubt², of two targets nothing."""
    made = model(0.6, 0.16, doubt=0.06)
    share = (0.06 / (0.16 / 1.6)) ** 2
    assert correlation(logs(made, "eng", "cat"), logs(made, "spa", "cat")) == pytest.approx(
        share, abs=0.05
    )
    assert abs(correlation(logs(made, "eng", "cat"), logs(made, "eng", "spa"))) < 0.05
    phi = np.log(drawn(made).phi[:, KEYS.index("cat")])
    assert correlation(phi, logs(made, "eng", "cat")) == pytest.approx(np.sqrt(share), abs=0.05)
    assert abs(correlation(phi, logs(made, "eng", "spa"))) < 0.05


def test_the_pairs_of_a_donor_share_its_part_of_what_is_left() -> None:
    made = model(0.6, 0.16, doubt=0.06, donor_share=0.5)
    variance = 0.1**2
    share = 0.5 * (variance - 0.06**2) / variance
    assert correlation(logs(made, "eng", "cat"), logs(made, "eng", "fra")) == pytest.approx(
        share, abs=0.05
    )
    assert abs(correlation(logs(made, "eng", "cat"), logs(made, "spa", "fra"))) < 0.05


def test_doubt_beyond_the_standard_error_is_all_of_it() -> None:
    """Two errors estimated apart may disagree: a negative variance would be nan."""
    found = logs(model(0.6, 0.08, doubt=0.3), "eng", "cat")
    assert found.std() == pytest.approx(0.05, rel=2e-2)


def test_phi_keeps_mean_and_error_and_never_passes_the_most() -> None:
    phi = drawn(model(phi=(0.11, 0.05))).phi
    assert phi.mean(axis=0) == pytest.approx(np.full(4, 0.11), rel=1e-2)
    assert phi.std(axis=0) == pytest.approx(np.full(4, 0.05), rel=3e-2)
    assert drawn(model(phi=(0.11, 0.05)), highest=0.2).phi.max() == 0.2
    assert np.all(drawn(model(phi=(0.11, 0.0))).phi == 0.11)


def test_a_part_of_a_model_has_the_pairs_of_its_keys() -> None:
    made = model()
    table = np.arange(16.0).reshape(4, 4)
    part = part_of(replace(made, residual=table), ("spa", "cat"))
    assert part.keys == ("spa", "cat")
    assert part.residual.tolist() == [[15.0, 12.0], [3.0, 0.0]]


def test_the_truth_of_a_draw_has_no_error_and_the_drawn_weights() -> None:
    found = drawn(model(), count=20)
    truth = found.model_of(3)
    place = truth.index("eng"), truth.index("cat")
    assert truth.weights[place] == found.weights[3, DONORS.index("eng"), KEYS.index("cat")]
    assert truth.phi[truth.index("spa")] == found.phi[3, KEYS.index("spa")]
    assert not truth.stderr.any()
    assert not truth.phi_stderr.any()


def test_constants_go_together_as_the_card_says() -> None:
    """Apart, A and α would give a spread of losses at 7B that no resample of the runs has."""
    law = load_law("datablations-2023-one-stage")
    laws = draw_laws(law, Factors(MANY, 1))
    names = ("E", "A", "alpha", "B", "beta", "decay")
    table = np.log([[getattr(each, name) for name in names] for each in laws])
    stated = np.array(law.covariance)
    size = np.sqrt(np.outer(np.diag(stated), np.diag(stated)))
    assert np.all(np.abs(np.cov(table.T) - stated) < 5 / np.sqrt(MANY) * size)
    assert np.median(table, axis=0) == pytest.approx(
        np.log([getattr(law, name) for name in names]), abs=0.03
    )
    # The fit held α and β equal, and so is every draw of it, to the digits of its card.
    assert table[:, 2] == pytest.approx(table[:, 4], abs=1e-4)
    losses = [each.loss(7e9, 1e12) - each.E for each in laws]
    alone = replace(law, covariance=tuple(map(tuple, np.diag(np.diag(law.covariance)))))
    apart = [each.loss(7e9, 1e12) - each.E for each in draw_laws(alone, Factors(MANY, 1))]
    assert np.std(losses) < 0.25 * np.std(apart)


def test_a_law_without_stated_doubt_is_held() -> None:
    law = load_law("hoffmann-2022")
    assert all(each is law for each in draw_laws(law, Factors(20, 1)))


def test_other_constants_keep_what_a_score_shows() -> None:
    """φ under another law gives the same log k, which is what the scores were read as."""
    other = replace(LAW, A=LAW.A * 1.4, beta=LAW.beta * 0.9, B=LAW.B * 0.5)
    phi = np.array([0.05, 0.11, 0.3])
    moved = phi_under(phi, LAW, other, PARAMS, TOKENS)
    ratio, ratio_there = balance(LAW, PARAMS, TOKENS), balance(other, PARAMS, TOKENS)
    assert log_scale(moved, ratio_there, other.beta) == pytest.approx(
        log_scale(phi, ratio, LAW.beta), rel=1e-9
    )
    assert phi_under(phi, LAW, LAW, PARAMS, TOKENS) is phi
    edge = np.array([most_phi(ratio), 5.0])
    assert phi_under(edge, LAW, other, PARAMS, TOKENS)[0] <= most_phi(ratio_there)
    assert phi_under(edge, LAW, other, PARAMS, TOKENS)[1] == 5.0  # assumed, not shown
