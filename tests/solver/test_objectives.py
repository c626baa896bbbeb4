"""Two objectives: each is what it says, and each is served by every engine alike."""

from dataclasses import replace

import numpy as np
import pytest
from judge import alone, grid, reaches, score, tokens_of
from worlds import random_world, world

from atlasmix.mixture.solve import solve
from atlasmix.problem.problem import Target


def test_one_target_has_the_same_optimum_under_each():
    first = random_world(181, targets=1, budget=20e9, stderr=0.1, risk_aversion=1.0)
    mixtures = [solve(replace(first, objective=o)) for o in ("loss", "worst")]
    assert mixtures[1].proportions == pytest.approx(mixtures[0].proportions, abs=2e-3)
    assert mixtures[1].certificate.value == pytest.approx(1.0, abs=1e-5)


def test_value_of_the_loss_is_the_weighted_mean():
    problem = random_world(182, targets=2)
    problem = replace(problem, targets=(Target("a", 3.0), Target("b", 1.0)))
    mixture = solve(problem)
    losses = [effect.loss for effect in mixture.targets]
    assert mixture.certificate.value == pytest.approx((3 * losses[0] + losses[1]) / 4)


def test_value_of_worst_is_the_largest_relative_loss():
    problem = random_world(184, targets=3, objective="worst")
    mixture = solve(problem)
    relative = [effect.loss / effect.loss_alone for effect in mixture.targets]
    assert mixture.certificate.value == pytest.approx(max(relative))


def test_alone_is_what_a_target_could_reach_for_itself():
    problem = random_world(185, targets=3, budget=25e9)
    for effect in solve(problem).targets:
        part = effect.loss_alone - problem.law.E
        assert effect.loss_alone == pytest.approx(alone(problem, effect.language), abs=1e-6 * part)
        only = solve(replace(problem, targets=(Target(effect.language),)))
        assert effect.loss_alone <= only.targets[0].loss + 1e-6
        assert effect.loss_alone == pytest.approx(only.targets[0].loss, abs=3e-5 * part)
        assert only.targets[0].effective_data == pytest.approx(effect.alone, rel=0.02)


@pytest.mark.parametrize("seed", [186, 187, 188])
def test_worst_is_the_minimax_of_a_grid(seed):
    problem = random_world(seed, languages=3, targets=3, objective="worst")
    reach = reaches(problem)
    mine = score(problem, tokens_of(solve(problem)), reach)
    points = grid(problem, 61)
    values = score(problem, points, reach)
    assert mine <= values.min() + 2e-5
    assert values.min() <= mine + 2e-3


def test_worst_ties_the_targets_of_a_symmetric_world():
    """Three languages alike: a third each."""
    tau = np.full((3, 3), 0.2)
    np.fill_diagonal(tau, 1.0)
    mixture = solve(world(tau, [1.0] * 3, ["a", "b", "c"], objective="worst", budget=6e9))
    assert list(mixture.proportions.values()) == pytest.approx([1 / 3] * 3, abs=1e-6)


def test_worst_serves_the_worst_off_better_than_the_mean_does():
    problem = random_world(189, targets=3, languages=5)
    relative = []
    for objective in ("loss", "worst"):
        mixture = solve(replace(problem, objective=objective))
        relative.append(max(effect.loss / effect.loss_alone for effect in mixture.targets))
    assert relative[1] <= relative[0] + 1e-9


@pytest.mark.parametrize("objective", ["loss", "worst"])
@pytest.mark.parametrize("seed", range(190, 194))
def test_a_single_target_and_its_doubt(seed, objective):
    """Doubt takes from what is counted on, and the expected loss of the answer can only rise."""
    careless = random_world(seed, targets=1, stderr=0.1, budget=30e9, objective=objective)
    careful = replace(careless, risk_aversion=1.0)
    first, second = solve(careless), solve(careful)
    assert second.targets[0].risk_penalty > 0
    assert first.targets[0].risk_penalty == 0
    assert second.targets[0].loss >= first.targets[0].loss * (1 - 1e-5)
