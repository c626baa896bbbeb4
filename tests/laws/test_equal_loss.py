"""The curse of multilinguality at equal loss: the paper's figures, a numeric minimiser, the law."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from atlasmix.errors import ProblemError
from atlasmix.laws.capacity import Growth, grow, starting
from atlasmix.laws.kinds import CurseLaw
from atlasmix.laws.shelf import load_curse

ATLAS = load_curse("atlas-2025-curse")
OWN = CurseLaw("own", phi=0.2, psi=-0.03, alpha=0.4, beta=0.3, E=1.2, A=600.0, B=2000.0)
FIGURE_5 = {2: ("1.66", "1.18"), 4: ("2.74", "1.40"), 8: ("4.54", "1.66"), 16: ("7.52", "1.96")}

ratios = st.floats(0.05, 40.0)
shares = st.floats(0.02, 0.98)


def growth(law: CurseLaw, ratio: float, share: float | None = None) -> Growth:
    before = 100
    return grow(law, starting(law, before, share=share), max(round(before * ratio), 1))


@pytest.mark.parametrize("times", FIGURE_5)
def test_figure_5_to_its_printed_digits(times: int) -> None:
    way = grow(ATLAS, starting(ATLAS, 3), 3 * times).cheapest
    assert (f"{way.tokens.value:.2f}", f"{way.params.value:.2f}") == FIGURE_5[times]
    assert way.tokens_each.value == pytest.approx(way.tokens.value / times)
    assert way.compute.value == pytest.approx(way.params.value * way.tokens.value)


def test_16_times_the_languages_and_the_rounded_exponents() -> None:
    """16^0.728 is 7.53; the three printed exponents together leave only less, hence 7.52."""
    assert f"{16**0.728:.2f}" == "7.53"
    tokens = [1 + psi / beta for _, psi, _, beta in ATLAS.corners]
    params = [phi / alpha for phi, _, alpha, _ in ATLAS.corners]
    assert (min(tokens), max(tokens)) == pytest.approx((0.7275, 0.7280))
    assert (min(params), max(params)) == pytest.approx((0.2425, 0.2430))
    sums = [one + other for one, other in zip(params, tokens, strict=True)]
    assert min(sums) >= 0.9695 - 1e-12
    assert max(sums) <= 0.9705 + 1e-12
    way = grow(ATLAS, starting(ATLAS, 1), 16).cheapest
    assert way.tokens.low < 7.525 < way.tokens.high


def test_every_printed_exponent_is_met_by_the_middle() -> None:
    assert f"{ATLAS.phi / ATLAS.alpha:.3f}" == "0.243"
    assert f"{1 + ATLAS.psi / ATLAS.beta:.3f}" == "0.728"
    assert f"{1 + ATLAS.phi / ATLAS.alpha + ATLAS.psi / ATLAS.beta:.3f}" == "0.970"


@given(ratios, shares)
def test_the_closed_form_against_a_numeric_minimiser(ratio: float, share: float) -> None:
    """Over the curve t(s) = [r^ψ (1-w) / (1 - r^φ w s^-α)]^(1/β), the least s·r·t."""
    found = growth(OWN, ratio, share)
    r = found.ratio
    least = (r**OWN.phi * share) ** (1 / OWN.alpha)

    def log_compute(log_over: float) -> float:
        s = least * (1 + math.exp(log_over))
        left = 1 - r**OWN.phi * share * s**-OWN.alpha
        each = r**OWN.psi * (1 - share) / left
        return math.log(s * r) + math.log(each) / OWN.beta

    numeric = minimize_scalar(log_compute, bounds=(-12, 12), method="bounded")
    assert math.log(found.cheapest.compute.value) == pytest.approx(numeric.fun, abs=1e-6)
    assert found.cheapest.compute.value <= math.exp(numeric.fun) * (1 + 1e-9)


@given(ratios, shares, st.floats(0.2, 5.0))
def test_every_point_holds_the_loss_of_the_law_itself(
    ratio: float, share: float, size: float
) -> None:
    """E, A and B chosen so that the start has this share; the loss before and after is the same."""
    before, params, tokens = 100, 2e9, 1e12
    capacity = share * 0.7
    scale = before**OWN.phi * params**-OWN.alpha
    each = before**OWN.psi * (tokens / before) ** -OWN.beta
    law = CurseLaw(
        "exact",
        OWN.phi,
        OWN.psi,
        OWN.alpha,
        OWN.beta,
        1.0,
        capacity / scale,
        (0.7 - capacity) / each,
    )
    start = starting(law, before, params, tokens)
    assert start.known == "computed"
    assert start.share == pytest.approx(share)
    after = max(round(before * ratio), 1)
    least = (after / before) ** (OWN.phi / OWN.alpha) * share ** (1 / OWN.alpha)
    assume(size > 1.001 * least)
    found = grow(law, start, after, new_params=size * params)
    for way in (found.cheapest, found.restored, *found.others):
        if not way.possible:
            continue
        n, d = params * way.params.value, tokens * way.tokens.value
        assert sum(law.terms(after, n, d / after)) == pytest.approx(0.7, rel=1e-6)
        assert way.compute.value >= found.cheapest.compute.value * (1 - 1e-9)
    for s, total in found.curve:
        assert sum(law.terms(after, s * params, total * tokens / after)) == pytest.approx(0.7)


@given(ratios)
def test_there_and_back(ratio: float) -> None:
    found = growth(ATLAS, ratio)
    back = grow(ATLAS, starting(ATLAS, found.languages), 100)
    assert back.cheapest.compute.value * found.cheapest.compute.value == pytest.approx(1)


def test_fewer_languages_cost_less() -> None:
    way = grow(ATLAS, starting(ATLAS, 48), 24).cheapest
    assert way.params.value < 1
    assert way.tokens.value < 1
    assert way.tokens_each.value > 1
    same = grow(ATLAS, starting(ATLAS, 24), 24).cheapest
    assert (same.params.value, same.tokens.value) == pytest.approx((1, 1))


def test_a_start_that_is_not_compute_optimal() -> None:
    found = grow(ATLAS, starting(ATLAS, 24, 2e9, 1e12, share=0.4), 48)
    assert found.rebalanced is not None
    assert found.rebalanced.compute.value < 1
    assert found.rebalanced.params.value > 1  # too few parameters
    whole = found.restored.compute.value * found.rebalanced.compute.value
    assert found.cheapest.compute.value == pytest.approx(whole)
    optimal = found.optimal_share
    assert grow(ATLAS, starting(ATLAS, 24, share=optimal), 48).rebalanced is None


def test_the_share_of_a_law_with_all_its_constants() -> None:
    start = starting(OWN, 10, 1e9, 1e11)
    capacity = 600 * 10**0.2 * 1e9**-0.4
    data = 2000 * 10**-0.03 * 1e10**-0.3
    assert start.share == pytest.approx(capacity / (capacity + data))
    assert starting(ATLAS, 10, 1e9, 1e11).known == "assumed"


@given(st.sampled_from([0.25, 0.5, 2.0, 4.0, 8.0]), st.integers(0, 2**32 - 1))
def test_no_exponents_within_the_digits_leave_the_shown_range(ratio: float, seed: int) -> None:
    """Exponents drawn from inside the rounding, against the range spanned by its corners."""
    found = growth(ATLAS, ratio)
    rng = np.random.default_rng(seed)
    corners = [(phi / alpha, 1 + psi / beta) for phi, psi, alpha, beta in ATLAS.corners]
    pairs = np.array(sorted(set(corners)))
    e_n, e_d = rng.dirichlet(np.ones(len(pairs))) @ pairs
    phi, psi = rng.uniform(0.105, 0.115), rng.uniform(-0.045, -0.035)
    drawn = CurseLaw("drawn", phi, psi, phi / e_n, psi / (e_d - 1))
    other = growth(drawn, ratio)
    mine, theirs = ([g.cheapest, *g.others] for g in (found, other))
    for way, sampled in zip(mine, theirs, strict=True):
        for part in ("params", "tokens", "compute"):
            limits, value = getattr(way, part), getattr(sampled, part).value
            assert limits.low * (1 - 1e-9) <= value <= limits.high * (1 + 1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"languages": 0}, "0 languages to be served: expected a whole number from 1 to 10,000"),
        ({"languages": -3}, "-3 languages to be served"),
        ({"languages": 10**6}, "1000000 languages to be served"),
        ({"new_params": 1e3}, "1K parameters never reach the loss of the start"),
        ({"new_tokens": 1e6}, "on 1M tokens no model reaches the loss of the start"),
        ({"new_params": 1e9, "new_tokens": 1e9}, "leaves one of them to be answered"),
    ],
)
def test_refusals(options: dict[str, float], words: str) -> None:
    start = starting(ATLAS, 24, 2e9, 1e12)
    with pytest.raises(ProblemError, match=words):
        grow(ATLAS, start, **{"languages": 48, **options})


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_shares_out_of_range(share: float) -> None:
    with pytest.raises(ProblemError, match="above 0 and below 1"):
        starting(ATLAS, 24, share=share)


def test_new_sizes_need_a_start() -> None:
    with pytest.raises(ProblemError, match="add params and tokens"):
        grow(ATLAS, starting(ATLAS, 24), 48, new_params=1e9)


def test_beyond_the_runs_behind_the_law() -> None:
    said = grow(ATLAS, starting(ATLAS, 24, 70e9, 1e12), 120).warnings
    assert any("fitted on 1 to 50 languages: 120 is an extrapolation" in one for one in said)
    assert any("70B is an extrapolation" in one for one in said)
    assert grow(ATLAS, starting(ATLAS, 24, 2e9, 1e12), 48).warnings == ()
    assert grow(OWN, starting(OWN, 24, 70e9, 1e12), 120).warnings == ()


def test_what_no_size_reaches_is_said() -> None:
    """With 16 times the languages on the same total tokens, data alone is short of the loss."""
    ways = {way.name: way for way in grow(ATLAS, starting(ATLAS, 3), 48).others}
    assert not ways["same total tokens"].possible
    assert ways["same parameters"].possible
    assert all(math.isfinite(total) for _, total in grow(ATLAS, starting(ATLAS, 3), 48).curve)


def test_the_curve_is_a_curve() -> None:
    found = grow(ATLAS, starting(ATLAS, 24), 48)
    for (s, total), (more, less) in itertools.pairwise(found.curve):
        assert more > s
        assert less < total
    best = min(s * total for s, total in found.curve)
    assert best == pytest.approx(found.cheapest.compute.value)
