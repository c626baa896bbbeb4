"""More targets at no present target's cost: the size is enough, and a smaller one is not."""

import pytest

import atlasmix as am
from atlasmix.evidence.store import Store
from atlasmix.laws.shelf import DEFAULT_CURSE, load_curse
from atlasmix.mixture.growth import growth, more_targets
from atlasmix.mixture.solve import best
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.growth import growth_blocks, growth_table, may_be_added
from atlasmix.solver.compute import at_size

STORE = Store("/nonexistent")


def pair(now, then, **words):
    return [problem_from_mapping({"targets": each, **words}, STORE) for each in (now, then)]


@pytest.fixture(scope="module")
def grown():
    now, then = pair("cat,spa", "cat,spa,eng", budget=300e9)
    return now, then, growth(now, then)


def behind(now, mixture):
    E = now.law.E
    levels = {effect.language: effect.loss for effect in best(now).targets}
    return max(
        (effect.loss - levels[effect.language]) / (levels[effect.language] - E)
        for effect in mixture.targets
        if effect.language in levels
    )


def test_nobody_is_worse_there_and_somebody_is_a_little_below(grown):
    now, then, told = grown
    assert [way.name for way in told.ways] == ["same parameters", "same tokens", "least compute"]
    for way in told.ways:
        assert behind(now, way.mixture) <= 2e-6
        smaller = best(at_size(then, way.params * 0.97, way.tokens * 0.97))
        assert behind(now, smaller) > 1e-4
        assert {effect.language for effect in way.mixture.targets} == {"cat", "spa", "eng"}
    same_n, same_d, cheapest = told.ways
    assert same_n.params == now.params
    assert same_d.tokens == now.budget
    least = min(way.params * way.tokens for way in (same_n, same_d))
    assert cheapest.params * cheapest.tokens <= least * 1.01
    assert told.worst[1] == pytest.approx(behind(now, told.at_once))


def test_a_relative_with_little_text_costs_less_than_a_distant_language_with_much():
    near = growth(*pair("cat,spa", "cat,spa,glg", budget=300e9))
    far = growth(*pair("cat,spa", "cat,spa,jpn", budget=300e9))
    costs = [min(w.params * w.tokens for w in each.ways) for each in (near, far)]
    assert 1.0 < costs[0] / (2e9 * 300e9) < 1.2 < costs[1] / (2e9 * 300e9)


def test_what_cannot_be_asked_is_refused():
    now, then = pair("cat,spa", "cat,eng")
    with pytest.raises(am.ProblemError, match="no target is added"):
        growth(now, now)
    with pytest.raises(am.ProblemError, match="spa is lost"):
        growth(now, problem_from_mapping({"targets": "cat"}, STORE))
    assert then.target_keys == ("cat", "eng")


def test_both_laws_stand_in_one_table(grown):
    now, _, told = grown
    law = load_curse(DEFAULT_CURSE, STORE)
    rows = growth_table(told, law).rows
    assert [row.cells[0] for row in rows] == ["this mixture's"] * 3 + [law.name] * 3
    for row, way in zip(rows, told.ways, strict=False):
        assert row.cells[2] == pytest.approx(way.params / now.params)
        assert row.cells[4] == pytest.approx(row.cells[2] * row.cells[3])
    # Figure 5 of the paper has x r^0.970 of compute from a compute-optimal start.
    assert rows[-1].cells[4] == pytest.approx(1.5**0.970, rel=1e-3)
    said = " ".join(block.text for block in growth_blocks(told, law) if hasattr(block, "text"))
    assert "English beside 2 targets, none of them worse than now: compute x" in said
    assert "2 to 3 languages" in growth_table(told, law).notes[0]


def test_new_targets_weigh_as_the_present_ones_do_and_have_text():
    problem = problem_from_mapping({"targets": {"cat": 3, "spa": 1}}, STORE)
    assert more_targets(problem, ("eng", "cat")) == {"cat": 3, "spa": 1, "eng": 2}
    choices = may_be_added(problem)
    assert "eng" in choices
    assert not {"cat", "spa"} & set(choices)
