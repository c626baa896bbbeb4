"""One target of which everything is known on paper: one own pool, one donor, all within one epoch.

At T fixed with own share m the loss is E + A/N^α·m^-φ + B·(T(m + τ(1 - m)))^-β: its minimum in m is
the root of one derivative, found here by halving.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from judge import alone, effective, score, tokens_of
from strategies import one_target_worlds
from worlds import LAW, pool, world

from atlasmix.mixture.solve import solve
from atlasmix.solver.closed_form import fill, most_value


def best_share(problem, tau):
    """m at the optimum for T = budget, own text and donor both endless or ``own`` all there is."""
    law, tokens = problem.law, problem.budget
    phi = float(problem.transfer.phi[0])
    h = law.A / problem.params**law.alpha

    def slope(m):
        data = tokens * (m + tau * (1 - m))
        crowd = -phi * h * m ** (-phi - 1)
        return crowd - law.beta * law.B * data ** (-law.beta - 1) * tokens * (1 - tau)

    low, high = 1e-12, 1.0
    if slope(1.0) < 0:
        return 1.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return high


@pytest.mark.parametrize("tau", [1.5, 3.0, 8.0])
@pytest.mark.parametrize("phi", [0.08, 0.2])
@pytest.mark.parametrize("params", [2e8, 2e9])
@pytest.mark.parametrize("exact", [True, False])
def test_a_donor_better_than_the_target_itself(tau, phi, params, exact):
    """Text of worth 0.2 beside human donors: data says all donor, capacity says all own."""
    pools = [pool("a", 100.0, "generated"), pool("b", 100.0)]
    options = {"worth": {"generated": 1 / tau, "human": 1.0}, "phi": phi, "params": params}
    problem = world([[1, 0], [1, 1]], pools, budget=20e9, exact_tokens=exact, **options)
    # In units of the own text's worth a donor's token is worth τ.
    scaled = replace(problem, law=replace(LAW, B=LAW.B * tau**LAW.beta))
    m = best_share(scaled, tau)
    assert 0 < m <= 1
    mixture = solve(problem)
    assert mixture.targets[0].own_share == pytest.approx(m, abs=2e-5)
    assert mixture.targets[0].own_share == pytest.approx(m, rel=2e-3)


@pytest.mark.parametrize("kappa", [0.0, 1.0, 2.0])
def test_doubt_takes_a_donor_down_by_its_errors(kappa):
    """τ 2 ± 0.3: at κ the donor is worth 2 - 0.3κ, and the answer is that of a sure 2 - 0.3κ."""
    tau = 2.0 - 0.3 * kappa
    base = {"phi": 0.11, "budget": 20e9, "exact_tokens": True}
    doubted = world([[1, 0], [2, 1]], [100.0, 100.0], stderr=0.3, risk_aversion=kappa, **base)
    mixture = solve(doubted)
    assert mixture.targets[0].own_share == pytest.approx(best_share(doubted, tau), abs=2e-5)
    # The loss that is told is the expected one, the value that was minimised is not.
    if kappa:
        assert mixture.certificate.value > mixture.targets[0].loss + 1e-4
        assert mixture.targets[0].risk_penalty == pytest.approx(
            0.3 * kappa * tokens_of(mixture)[1], rel=1e-6
        )
    else:
        assert mixture.certificate.value == pytest.approx(mixture.targets[0].loss)


@pytest.mark.parametrize("exact", [True, False])
def test_own_text_at_its_cap_and_a_donor_for_the_rest(exact):
    """2B own tokens, one epoch: the rest of 20B is donor while its data outweigh the capacity."""
    problem = world(
        [[1, 0], [0.5, 1]], [2.0, 500.0], max_epochs=1.0, budget=20e9, exact_tokens=exact
    )
    law, phi = problem.law, float(problem.transfer.phi[0])
    h = law.A / problem.params**law.alpha

    def slope(d):
        crowd = h * phi * ((2e9 + d) / 2e9) ** (phi - 1) / 2e9
        return crowd - law.beta * law.B * 0.5 * (2e9 + 0.5 * d) ** (-law.beta - 1)

    assert slope(0.0) < 0  # a donor helps at first
    low, high = 0.0, 1e15
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    best = min(high, 18e9)
    own, donor = tokens_of(solve(problem))
    assert own == pytest.approx(2e9)
    assert donor == pytest.approx(18e9 if exact else best, rel=5e-3)


def test_the_turning_point_over_tokens_on_paper():
    """The same with a larger φ: the derivative by donor tokens has its root inside the budget."""
    problem = world([[1, 0], [0.3, 1]], [2.0, 5000.0], max_epochs=1.0, budget=2e12, phi=0.3)
    law = problem.law
    h = law.A / problem.params**law.alpha

    def slope(d):
        crowd = h * 0.3 * ((2e9 + d) / 2e9) ** (0.3 - 1) / 2e9
        return crowd - law.beta * law.B * 0.3 * (2e9 + 0.3 * d) ** (-law.beta - 1)

    low, high = 0.0, 2e12
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    assert 1e9 < high < 1e11
    mixture = solve(problem)
    # The valley is flat: the search stops within 2e-5 of the reducible loss.
    assert tokens_of(mixture)[1] == pytest.approx(high, rel=0.1)
    exact = np.array([2e9, high])
    best = float(score(problem, exact))
    assert mixture.certificate.bound <= best
    assert mixture.certificate.value <= best + 3e-5 * (best - law.E)


@settings(max_examples=12, deadline=None)
@given(one_target_worlds())
def test_one_target_by_search_over_donors_alone(problem):
    """What a target could have alone, scanned densely by the judge, is what it gets alone."""
    mixture = solve(problem)
    truth = alone(problem, "a")
    part = truth - problem.law.E
    assert mixture.certificate.value <= truth + 3e-5 * part
    assert mixture.certificate.bound <= truth + 1e-9 * truth
    assert mixture.targets[0].loss_alone == pytest.approx(truth, abs=1e-6 * part)


@settings(max_examples=12, deadline=None)
@given(one_target_worlds())
def test_repeated_donors_share_one_marginal_value(problem):
    """epochs = 1 + ln(τ/μ)/λ for every *donor* between one epoch and its cap: they cost alike."""
    tokens = tokens_of(solve(problem))
    unique = np.array([p.unique_tokens for p in problem.pools])
    tau = problem.transfer.weights[:, 0]
    most = unique * problem.max_epochs
    inside = (tokens > unique * (1 + 1e-4)) & (tokens < most * (1 - 1e-4))
    inside[0] = False
    price = tau[inside] * np.exp(-problem.decay * (tokens[inside] / unique[inside] - 1))
    if price.size:
        assert price == pytest.approx(price[0], rel=1e-3)
        first = tau[1:] * np.where(tokens[1:] < unique[1:] * (1 - 1e-4), 1.0, 0.0)
        assert np.all(first <= price[0] * (1 + 1e-3))


def test_fill_shares_ties_in_proportion_to_unique_tokens():
    tokens = fill(np.array([0.5, 0.5, 0.1]), np.array([1.0, 3.0, 9.0]), np.full(3, 9.0), 0.04, 2.0)
    assert tokens == pytest.approx([0.5, 1.5, 0.0])


def test_fill_reads_nothing_of_no_value():
    assert fill(np.array([0.0, -1.0]), np.ones(2), np.ones(2), 0.04).tolist() == [0.0, 0.0]


def test_fill_stops_at_the_caps():
    assert fill(np.array([1.0, 0.5]), np.ones(2), np.full(2, 0.4), 0.04).tolist() == [0.4, 0.4]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_filled_has_one_price(seed):
    """Ties, caps below the fresh tokens, budgets on a turning point: the conditions of an optimum.

    A price read off the wrong stretch spends another sum, or reads a pool that is worth less.
    """
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 8))
    value = rng.choice([0.1, 0.3, 0.3, 1.0], count) if seed % 2 else rng.uniform(0.01, 1, count)
    unique = rng.choice([1e-4, 0.05, 0.3, 2.0], count) * rng.uniform(0.5, 1, count)
    upper = unique * rng.choice([0.3, 1.0, 2.0, 16.0], count)
    corners = [0.0, float(np.minimum(unique, upper)[value == value.max()].sum()), upper.sum(), 9.0]
    for budget in [*corners, *rng.uniform(0, upper.sum(), 4)]:
        x = fill(value, unique, upper, 0.2, budget)
        assert x.sum() == pytest.approx(min(budget, upper.sum()), rel=1e-12, abs=1e-15)
        assert np.all((x >= 0) & (x <= upper))
        # What a token more is worth, and what the last one was: none could be moved to gain.
        more = np.where(x < unique, value, value * np.exp(-0.2 * np.maximum(x / unique - 1, 0)))
        room, read = x < upper * (1 - 1e-12), x > 0
        last = np.where(x > unique, more, value)
        if room.any() and read.any():
            assert more[room].max() <= last[read].min() * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_most_that_budgets_buy_is_what_filling_gives(seed):
    """One by one and side by side, and no random split of the same tokens is worth more."""
    rng = np.random.default_rng(seed)
    value, unique = rng.uniform(0, 1, 5), rng.uniform(0.1, 2, 5)
    most, budgets = 4 * unique, np.array([0.01, 0.5, 3.0, 20.0])
    found = most_value(value, unique, most, 0.1, budgets)
    problem = world(np.eye(5), [float(u) for u in unique / 1e9], decay=0.1)
    for budget, best in zip(budgets, found, strict=True):
        x = fill(value, unique, most, 0.1, budget)
        again = np.maximum(x / unique - 1, 0)
        s = np.minimum(x, unique) + unique * (1 - np.exp(-0.1 * again)) / 0.1
        assert value @ s == pytest.approx(best, rel=1e-9)
        other = np.minimum(rng.dirichlet(np.ones(5), 500) * budget, most)
        far = np.maximum(other / unique - 1, 0)
        s = np.minimum(other, unique) + unique * (1 - np.exp(-0.1 * far)) / 0.1
        assert (s @ value).max() <= best * (1 + 1e-12)
    assert effective(problem, np.array(unique), "a") == pytest.approx(unique[0])
