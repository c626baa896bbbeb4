"""Three pools and two targets: no point of a fine grid is better than the solver's answer."""

import pytest
from judge import grid, reaches, score, tokens_of
from worlds import random_world

from atlasmix.mixing import solve

POINTS = 41
CASES = [
    pytest.param({"harmful": 0.0}, id="helpful"),
    pytest.param({"stderr": 0.16, "risk_aversion": 1.0}, id="risk"),
    pytest.param({"harmful": 0.4}, id="negative transfer"),
    pytest.param({"harmful": 0.4, "stderr": 0.1, "risk_aversion": 2.0}, id="harm and risk"),
    pytest.param({"max_epochs": 1.0, "harmful": 0.3}, id="caps of one epoch"),
    pytest.param({"max_epochs": 16.0, "decay": 0.34, "harmful": 0.3}, id="worn by repeats"),
    pytest.param({"interference": 0.5, "harmful": 0.5}, id="half the harm"),
    pytest.param({"budget": 40e9, "max_epochs": 2.5}, id="more budget than text"),
]


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("objective", ["loss", "effective-data", "worst"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_grid_point_is_better(options, objective, seed):
    problem = random_world(seed, languages=3, targets=2, objective=objective, **options)
    mixture = solve(problem)
    reach = reaches(problem)
    mine = score(problem, tokens_of(mixture), reach)
    best = score(problem, grid(problem, POINTS), reach).min()
    assert mine <= best + 1e-6 * abs(best)
    # And the answer says of itself what the judge says of it.
    sign = -1 if objective == "effective-data" else 1
    assert sign * mixture.certificate.value == pytest.approx(mine, rel=1e-5)
    # The grid is fine enough to be near the answer: the proof is not of an easy world.
    assert best <= mine + 0.02 * abs(mine)
