"""No mixture on a grid over shares and tokens is better than the answer.

Own share and effective data of every grid point are the judge's. A solver that optimised m in the
wrong unit, forgot a target's capacity term or always read the whole budget would lose here.
"""

import numpy as np
import pytest
from judge import caps, grid, reaches, reducible, score, tokens_of
from worlds import pool, random_world, world

from atlasmix.mixture.solve import solve

POINTS = 31
CASES = [
    pytest.param({}, id="plain"),
    pytest.param({"stderr": 0.16, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"max_epochs": 1.0}, id="caps of one epoch"),
    pytest.param({"max_epochs": 16.0, "decay": 0.34}, id="worn by repeats"),
    pytest.param({"budget": 40e9, "max_epochs": 2.5}, id="more budget than text"),
    pytest.param({"phi": 0.4, "params": 3e8}, id="capacity is dear"),
]


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("objective", ["loss", "worst"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_grid_point_is_better(options, objective, seed):
    problem = random_world(seed, languages=3, targets=2, objective=objective, **options)
    mixture = solve(problem)
    reach = reaches(problem)
    mine = score(problem, tokens_of(mixture), reach)
    best = score(problem, grid(problem, POINTS), reach).min()
    # The search over tokens stops within 2e-5 of what a mixture can change.
    assert mine <= best + 2e-5 * reducible(problem, best, reach)
    # And the answer says of itself what the judge says of it.
    assert mixture.certificate.value == pytest.approx(mine, rel=1e-6)
    # The grid is fine enough to be near the answer: the proof is not of an easy world.
    assert best <= mine + 0.01 * abs(mine)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_four_pools_of_two_languages(seed):
    """Two pools of the target and two of donors: what is m is not what is worth most as data."""
    rng = np.random.default_rng(seed)
    pools = [
        pool("a", 0.8),
        pool("a", 4.0, "translated"),
        pool("b", 3.0),
        pool("c", 2.0, "generated"),
    ]
    tau = np.eye(3)
    tau[1:, 0] = rng.uniform(0.3, 0.9, 2)
    problem = world(tau, pools, phi=rng.uniform(0.1, 0.3), budget=rng.uniform(5e9, 30e9))
    mine = score(problem, tokens_of(solve(problem)))
    best = score(problem, grid(problem, 21)).min()
    assert mine <= best + 2e-5 * reducible(problem, best)
    assert best <= mine + 0.01 * abs(mine)


@pytest.mark.parametrize("phi", [0.3, 0.5])
def test_the_answer_stops_where_a_grid_over_tokens_does(phi):
    """0.24B tokens of a and an endless donor: the best T lies far below the budget."""
    problem = world([[1, 0], [0.3, 1]], [0.06, 5000.0], phi=phi, budget=300e9, params=8e9)
    mixture = solve(problem)
    own = caps(problem)[0]
    donors = np.concatenate([[0.0], np.geomspace(1e6, 300e9 - own, 200_001)])
    value = score(problem, np.stack([np.full(donors.size, own), donors], axis=1))
    best = donors[int(np.argmin(value))]
    assert mixture.certificate.value == pytest.approx(value.min(), rel=1e-5)
    assert mixture.certificate.bound <= value.min()
    assert mixture.tokens == pytest.approx(own + best, rel=0.1)
    assert mixture.tokens < 0.3 * problem.budget
    assert "of other languages would take more capacity" in mixture.stopped
