"""What is optimal and looks absurd says so: whose model it is, and who is read for whom."""

import pytest

from atlasmix.evidence.store import Store
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping

STORE = Store("/nonexistent")


def warnings(**question):
    return " ".join(solve(problem_from_mapping(question, STORE)).warnings)


def test_a_model_that_is_mostly_of_a_donor_says_whose_it_is():
    """Galician at 300B was 96 % Portuguese, certified and without a word."""
    assert "this trains mostly a model of Portuguese" in warnings(targets="glg", budget="300B")
    assert "mostly a model of" not in warnings(targets="cat", budget="100B")


def test_what_a_caveat_says_is_not_said_again():
    mixture = solve(problem_from_mapping({"targets": "arn"}, STORE))
    assert "drowned" in {caveat.kind for caveat in mixture.caveats}
    assert "mostly a model of" not in " ".join(mixture.warnings)


@pytest.mark.parametrize("targets", ["cat,eng", "eng:9,cat,spa,por,glg,fra"])
def test_a_target_read_for_its_own_weight_carries_nobody(targets):
    assert "times its part by weight" not in warnings(targets=targets, budget="100B")


def test_a_target_read_for_others_is_named_with_what_a_cap_would_do():
    """French was 42 % of the tokens of 80 languages alike."""
    keys = [pool.language for pool in STORE.inventory().pools if pool.provenance == "human"]
    keys = sorted(set(keys) - {"code", "math"}, key=lambda key: -_text(key))[:80]
    told = solve(problem_from_mapping({"targets": keys, "budget": "8T"}, STORE))
    most = max(told.proportions, key=told.proportions.get)
    assert told.proportions[most] > 0.2
    assert f"{100 * told.proportions[most]:.3g}% of the tokens" in " ".join(told.warnings)


def _text(key):
    return sum(p.unique_tokens for p in STORE.inventory().select(languages=(key,)))
