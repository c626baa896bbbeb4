"""When limits collide the refusal names those that do, and the least change that helps."""

import pytest
from worlds import pool, random_world, world

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap, Guardrail, KeepTokens, Selection, ShareLimit

TAU = [[1, 0.1, 0.1], [0.4, 1, 0.2], [0.2, 0.2, 1]]
SIZES = [1.0, 10.0, 10.0]


def language(name):
    return Selection("language", name)


def refused(*limits, match, **options):
    with pytest.raises(Infeasible, match=match) as error:
        solve(world(TAU, SIZES, limits=limits, **options))
    assert len(str(error.value)) > 40
    return error.value.conflict


def names(*limits):
    return {limit.name for limit in limits}


def test_minima_over_one():
    limits = [ShareLimit("min", language(key), 0.4) for key in "abc"]
    conflict = refused(
        *limits, match=r"these limits cannot all hold: min a 40%; .*; least change: relax 'min"
    )
    assert set(conflict) == names(*limits)


def test_only_the_limits_that_collide_are_named():
    low = [ShareLimit("min", language("a"), 0.7), ShareLimit("min", language("b"), 0.6)]
    conflict = refused(
        *low,
        ShareLimit("max", language("c"), 0.9),
        match=r"relax '(min a 70%|min b 60%)' by 30 points",
    )
    assert set(conflict) == names(*low)


def test_minimum_over_maximum():
    low = ShareLimit("min", language("b"), 0.5)
    high = ShareLimit("max", Selection("group", "donors", ("b", "c")), 0.2)
    conflict = refused(low, high, match=r"cannot all hold: .*(min b 50%|max donors 20%)")
    assert set(conflict) == names(low, high)


def test_maxima_that_leave_nothing_to_read():
    limits = [ShareLimit("max", language(key), 0.2) for key in "abc"]
    assert set(refused(*limits, match="cannot all hold")) == names(*limits)


def test_kept_tokens_over_the_budget():
    keep = KeepTokens(Selection("provenance", "human"), 12e9)
    conflict = refused(keep, match=r"budget.*by 2B tokens")
    assert set(conflict) == {keep.name, "budget"}


def test_kept_tokens_over_the_cap():
    keep = KeepTokens(language("a"), 6e9)
    conflict = refused(keep, match=r"max epochs.*by 2B tokens")
    assert set(conflict) == {keep.name, "max epochs"}


def test_kept_tokens_over_an_own_cap():
    keep = KeepTokens(language("a"), 3e9)
    conflict = refused(keep, EpochCap(language("a"), 2.0), match="by 1B tokens")
    assert keep.name in conflict
    assert any("max epochs" in name for name in conflict)


def test_spending_more_than_the_pools_hold():
    conflict = refused(
        match=r"reading exactly 900B tokens collides with the epoch cap of 4: the pools give at "
        r"most 84B tokens; raise the epoch cap",
        budget=900e9,
        exact_tokens=True,
    )
    assert conflict == ("tokens exactly", "max epochs")


def test_reading_exactly_the_budget_under_a_minimum():
    conflict = refused(
        ShareLimit("min", language("a"), 0.5),
        match="cannot all hold",
        budget=20e9,
        exact_tokens=True,
    )
    names_of = {"min a 50%", "max epochs"}
    assert names_of <= set(conflict) <= {*names_of, "tokens exactly"}


def test_a_guardrail_out_of_reach():
    tau = [[1, 0], [0, 1]]
    limits = (Guardrail("b", 0.0, "uniform"), ShareLimit("min", language("a"), 0.9))
    problem = world(tau, [20.0, 20.0], limits=limits)
    with pytest.raises(
        Infeasible, match=r"'guardrail b .*' \(asks for a loss of .*more slack"
    ) as error:
        solve(problem)
    assert set(error.value.conflict) == {limit.name for limit in limits}


def test_a_guardrail_over_a_reference_without_its_language():
    limit = Guardrail("b", 0.01, "target only")
    with pytest.raises(
        Infeasible, match="the reference mixture reads no b, so there is no loss to guard"
    ):
        solve(world([[1, 0], [0, 1]], [20.0, 20.0], limits=(limit,)))


@pytest.mark.parametrize(
    ("least", "most"),
    [
        (0.9, 0.2),
        (0.5, 0.45),
        (0.1, 0.05),
        (0.1, 0.099),
    ],
)
@pytest.mark.parametrize("targets", [["a"], ["a", "b"]])
def test_a_minimum_just_above_a_maximum(least, most, targets):
    low, high = ShareLimit("min", language("b"), least), ShareLimit("max", language("b"), most)
    with pytest.raises(Infeasible, match="cannot all hold") as error:
        solve(world(TAU, SIZES, targets, limits=(low, high)))
    assert set(error.value.conflict) == {low.name, high.name}


def test_too_few_donors():
    limits = (ShareLimit("min", language("b"), 0.1), ShareLimit("min", language("c"), 0.1))
    conflict = refused(
        *limits, match="at most 1 donors collides with the other limits", max_donors=1
    )
    assert conflict == ("max donors", "min b 10%", "min c 10%")


def test_a_minimum_for_a_language_without_a_pool():
    limit = ShareLimit("min", language("x"), 0.1)
    with pytest.raises(ProblemError, match=r"limit 'min x 10%' selects none of the 3 pools"):
        solve(world(TAU, SIZES, limits=(limit,)))


def test_a_minimum_for_a_language_the_matrix_does_not_know():
    """z has a pool but no score: it is never read, so no mixture meets its minimum."""
    pools = [pool("a", 1.0), pool("b", 10.0), pool("z", 10.0)]
    limit = ShareLimit("min", language("z"), 0.1)
    with pytest.raises(Infeasible, match=r"min z 10%") as error:
        solve(world([[1, 0.1], [0.4, 1]], pools, limits=(limit,)))
    assert "min z 10%" in error.value.conflict


@pytest.mark.parametrize("seed", range(151, 153))
def test_the_least_change_is_enough(seed):
    """Two minima that exceed one by 0.1: relaxed by what the sentence says, there is an answer."""
    low = (ShareLimit("min", language("c"), 0.6), ShareLimit("min", language("d"), 0.5))
    problem = random_world(seed, limits=low, budget=1e9)
    with pytest.raises(Infeasible, match=r"relax .* by 10 points"):
        solve(problem)
    eased = (low[0], ShareLimit("min", language("d"), 0.4))
    assert solve(random_world(seed, limits=eased, budget=1e9)).proportions["c"] >= 0.6 - 1e-6
