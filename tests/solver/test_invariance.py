"""The answer depends on the question alone: not on order, unit, names or the hour."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import keys, pool, random_world, shipped, world

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Guardrail, KeepTokens, Selection, ShareLimit
from atlasmix.problem.problem import Target
from atlasmix.solver.engines import Engine

OBJECTIVES = ["loss", "worst"]
LIMITS = (
    ShareLimit("min", Selection("language", "e"), 0.1),
    ShareLimit("max", Selection("group", "south", ("b", "c")), 0.3),
)


def proportions(mixture):
    return {share.pool.name: share.proportion for share in mixture.pools}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("limits", [(), LIMITS], ids=["free", "limited"])
@pytest.mark.parametrize("seed", [101, 102])
def test_order_of_pools_and_targets(objective, limits, seed):
    problem = random_world(
        seed,
        targets=3,
        stderr=0.1,
        risk_aversion=1.0,
        objective=objective,
        limits=limits,
    )
    rng = np.random.default_rng(seed)
    shuffled = replace(
        problem,
        pools=tuple(problem.pools[i] for i in rng.permutation(len(problem.pools))),
        targets=tuple(problem.targets[i] for i in rng.permutation(3)),
        limits=tuple(reversed(problem.limits)),
    )
    first, second = solve(problem), solve(shuffled)
    assert proportions(second) == pytest.approx(proportions(first), abs=1e-6)
    assert [share.pool for share in second.pools] == list(shuffled.pools)
    assert [e.language for e in second.targets] == list(shuffled.target_keys)
    effects = {effect.language: effect.effective_data for effect in first.targets}
    for effect in second.targets:
        assert effect.effective_data == pytest.approx(effects[effect.language], rel=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_names_do_not_matter(objective):
    """The same world with its labels dealt out anew."""
    rng = np.random.default_rng(7)
    problem = random_world(103, targets=2, objective=objective, stderr=0.1, risk_aversion=1.0)
    tau, deal = np.array(problem.transfer.weights), rng.permutation(6)
    phi = np.empty(6)
    phi[deal] = problem.transfer.phi
    unique = [each.unique_tokens / 1e9 for each in problem.pools]
    new = np.empty_like(tau)
    new[np.ix_(deal, deal)] = tau
    sizes = np.empty(6)
    sizes[deal] = unique
    label = keys(6)
    other = world(
        new,
        sizes.tolist(),
        [label[deal[0]], label[deal[1]]],
        phi=phi,
        objective=objective,
        stderr=0.1,
        risk_aversion=1.0,
    )
    first, second = solve(problem), solve(other)
    for old, share in enumerate(first.pools):
        assert second.pools[deal[old]].proportion == pytest.approx(share.proportion, abs=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("factor", [1e-3, 17.0, 1e4])
def test_unit_of_tokens(objective, factor):
    """All counts times c and B times c^β is the same question in another unit."""
    limits = (*LIMITS, KeepTokens(Selection("language", "f"), 0.3e9), Guardrail("b", 0.3))
    problem = random_world(104, targets=2, stderr=0.1, risk_aversion=1.0, objective=objective)
    for bound in ((), limits):
        here = replace(problem, limits=bound)
        law = replace(here.law, B=here.law.B * factor**here.law.beta)
        there = replace(
            here,
            law=law,
            budget=here.budget * factor,
            pools=tuple(replace(p, unique_tokens=p.unique_tokens * factor) for p in here.pools),
            limits=tuple(
                replace(limit, tokens=limit.tokens * factor)
                if isinstance(limit, KeepTokens)
                else limit
                for limit in bound
            ),
        )
        first, second = solve(here), solve(there)
        # An interior point's proportions are as sharp as the root of its gap in value.
        sharp = 1e-5 if first.certificate.engine == "CLARABEL" else 1e-6
        assert proportions(second) == pytest.approx(proportions(first), abs=sharp)
        assert [e.loss for e in second.targets] == pytest.approx(
            [e.loss for e in first.targets], rel=1e-6
        )


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e9])
def test_weights_times_a_number(factor):
    problem = random_world(105, targets=3)
    weighted = replace(problem, targets=(Target("a", 1.0), Target("b", 2.5), Target("c", 0.2)))
    scaled = replace(
        weighted, targets=tuple(replace(t, weight=t.weight * factor) for t in weighted.targets)
    )
    first, second = solve(weighted), solve(scaled)
    assert proportions(second) == pytest.approx(proportions(first), abs=1e-6)
    assert second.certificate.value == pytest.approx(first.certificate.value)


def test_a_heavier_target_is_served_better():
    problem = random_world(106, targets=2)
    data = []
    for weight in (0.2, 1.0, 5.0):
        mixture = solve(replace(problem, targets=(Target("a", weight), Target("b", 1.0))))
        data.append(mixture.targets[0].effective_data)
    assert data[0] < data[1] < data[2]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("engine", [None, Engine.CONIC])
def test_same_input_same_answer(objective, engine):
    problem = random_world(107, targets=2, objective=objective, limits=LIMITS)
    first, second = solve(problem, engine), solve(problem, engine)
    assert proportions(second) == pytest.approx(proportions(first), abs=1e-6)
    assert second.warnings == first.warnings
    assert [p.limit for p in second.prices] == [p.limit for p in first.prices]


def test_a_problem_is_not_changed_by_solving_it():
    problem = random_world(108, targets=2, limits=LIMITS)
    before = (problem.pools, problem.limits, problem.transfer.weights.copy(), dict(problem.worth))
    solve(problem)
    assert problem.pools == before[0]
    assert problem.limits == before[1]
    assert np.array_equal(problem.transfer.weights, before[2])
    assert dict(problem.worth) == before[3]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("parts", [(0.5, 0.5), (0.9, 0.07, 0.03)])
def test_splitting_a_pool_of_one_kind_changes_nothing(objective, parts):
    tau = [[1, 0.2, 0.1], [0.4, 1, 0.2], [0.1, 0.3, 1]]
    options = {"objective": objective, "budget": 20e9, "stderr": 0.1, "risk_aversion": 1.0}
    whole = solve(world(tau, [pool("a", 2), pool("b", 3), pool("c", 9)], ["a", "b"], **options))
    split_pools = [
        pool("a", 2),
        *(pool("b", 3 * part, corpus=f"web{at}") for at, part in enumerate(parts)),
        pool("c", 9),
    ]
    split = solve(world(tau, split_pools, ["a", "b"], **options))
    assert split.proportions == pytest.approx(whole.proportions, abs=1e-6)
    assert split.certificate.value == pytest.approx(whole.certificate.value, rel=1e-9)
    epochs = [share.epochs for share in split.pools if share.pool.language == "b"]
    assert epochs == pytest.approx([epochs[0]] * len(parts))


def test_pools_that_a_limit_tells_apart_are_not_merged():
    tau = [[1, 0], [0.4, 1]]
    pools = [pool("a", 2), pool("a", 2, corpus="books"), pool("b", 50)]
    limit = ShareLimit("max", Selection("corpus", "books"), 0.05)
    mixture = solve(world(tau, pools, budget=15e9, limits=(limit,)))
    by_corpus = {share.pool.name: share.proportion for share in mixture.pools}
    assert by_corpus["a.human.books"] == pytest.approx(0.05, abs=1e-6)
    assert by_corpus["a.human.web"] > 0.1


def test_languages_without_scores_change_nothing_but_a_warning():
    """272 languages of the default inventory are not in the default matrix."""
    problem = shipped(["cat"])
    known = tuple(p for p in problem.pools if p.language in problem.matrix.keys)
    whole, small = solve(problem), solve(replace(problem, pools=known))
    assert whole.proportions == pytest.approx(small.proportions, abs=1e-9)
    extra = set(whole.warnings) - set(small.warnings)
    assert len(extra) == 1
    assert "have no scores in atlas-2025" in extra.pop()
