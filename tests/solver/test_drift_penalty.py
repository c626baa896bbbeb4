"""The drift penalty: what it is, that it is convex, what it does to a mixture, and its proof."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import grid, score, tokens_of
from worlds import pool, world

from atlasmix.errors import ProblemError
from atlasmix.laws.collapse import amplification
from atlasmix.mixture.measuring import losses_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.prediction import drift_value
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import OriginLimit
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.worlds import worlds as worlds_of
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.conic import _Model
from atlasmix.solver.engines import Engine
from atlasmix.solver.optimise import optimise_problem
from atlasmix.solver.program import Drift, Duals, linearise, objective
from atlasmix.solver.tokens import point_at, proved_over

POOLS = (
    pool("a", 1.5),
    pool("a", 40.0, "translated"),
    pool("a", 6.0, "unknown"),
    pool("b", 60.0),
)
BUDGET = 30e9


def mixed(weight: float, **options: object) -> MixProblem:
    """A target with little human text, much translated, some unknown, and a donor."""
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    told = {"budget": BUDGET, "drift_penalty": weight, **options}
    return world(tau, list(POOLS), **told)


def excess(tokens: np.ndarray, trust: float = 0.0) -> np.ndarray:
    """Σ t·(a(h) - 1) over the budget by its definition, (mixtures, pools) -> (mixtures,)."""
    read = tokens[:, :3].sum(axis=1)
    human = tokens[:, 0] + trust * tokens[:, 2]
    some = read > 0
    out = np.zeros(read.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(some, human / np.where(some, read, 1.0), 1.0)
        amplified = np.where(share > 0, 1.0 / (share * (2.0 - share)), np.inf)
    out[some] = read[some] * (amplified[some] - 1.0)
    return out / BUDGET


def human_share(mixture: Mixture) -> float:
    tokens = tokens_of(mixture)
    return float(tokens[0] / tokens[:3].sum())


def test_it_is_the_mean_excess_amplification_of_what_is_read():
    rng = np.random.default_rng(1)
    tokens = rng.uniform(0.0, 10e9, (50, 4))
    drift = compile_problem(mixed(1.0, unknown_human=0.3)).program.drift
    assert isinstance(drift, Drift)
    names = compile_problem(mixed(1.0, unknown_human=0.3)).columns
    order = [column[0] for column in names]
    told = [drift.value(row[order] / BUDGET) for row in tokens]
    assert told == pytest.approx(excess(tokens, 0.3), rel=1e-12)
    half = np.array([[2e9, 2e9, 0.0, 0.0]])
    assert excess(half)[0] * BUDGET == pytest.approx(4e9 * (float(amplification(0.5)) - 1.0))


@given(
    st.lists(st.floats(0.01, 1.0), min_size=8, max_size=8),
    st.floats(0.0, 1.0),
)
def test_its_tangents_lie_below_it_at_every_number_of_tokens(shares, trust):
    """The bound over T counts on it: a tangent through 0 at one T is one at every other."""
    read = np.array([[1.0, 1.0, 1.0, 0.0]])
    human = np.array([[1.0, 0.0, trust, 0.0]])
    drift = Drift(np.array([0.7]), read, human)
    x, other = np.array(shares[:4]), np.array(shares[4:])
    slope = drift.gradient(x)
    assert float(slope @ x) == pytest.approx(drift.value(x), rel=1e-9, abs=1e-12)
    for ratio in (1e-3, 1.0, 50.0):
        assert ratio * float(slope @ other) <= drift.value(ratio * other) * (1 + 1e-9) + 1e-12
    step = 1e-6
    numeric = [
        (drift.value(x + step * unit) - drift.value(x - step * unit)) / (2 * step)
        for unit in np.eye(4)
    ]
    assert slope == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-6)
    rows, force = drift.bend(x)
    bend = rows.T @ (force[:, None] * rows)
    moved = (drift.gradient(x + 1e-7 * other) - drift.gradient(x)) / 1e-7
    assert bend @ other == pytest.approx(moved, rel=1e-3, abs=1e-4)


def test_cvxpy_calls_it_convex():
    model = _Model(compile_problem(mixed(0.1)).program)
    assert model.cost().is_convex()
    assert not model.cost().is_concave()


def test_no_weight_is_no_penalty_bit_for_bit():
    plain = mixed(0.0)
    assert compile_problem(plain).program.drift is None
    human = world(
        np.array([[1.0, 0.3], [0.3, 1.0]]), [POOLS[0], POOLS[3]], budget=BUDGET, drift_penalty=1.0
    )
    without = world(np.array([[1.0, 0.3], [0.3, 1.0]]), [POOLS[0], POOLS[3]], budget=BUDGET)
    assert tokens_of(solve(human)).tolist() == tokens_of(solve(without)).tolist()
    assert solve(human).certificate == solve(without).certificate


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
@pytest.mark.parametrize("weight", [0.003, 0.05, 1.0])
def test_no_mixture_of_a_grid_is_better_and_the_gap_is_certified(weight, engine):
    problem = mixed(weight)
    mixture = solve(problem, engine)
    points = grid(problem, 25)
    values = score(problem, points) + weight * excess(points)
    mine = tokens_of(mixture)[None, :]
    told = score(problem, mine)[0] + weight * excess(mine)[0]
    assert mixture.certificate.value == pytest.approx(told, rel=1e-9)
    assert told <= values.min() + 2e-5 * (told - problem.law.E)
    assert mixture.certificate.bound <= values.min()
    assert mixture.certificate.gap <= 2e-5
    assert mixture.certificate.exact


@pytest.mark.parametrize("weight", [0.01, 0.3])
def test_both_engines_agree(weight):
    interior, conic = solve(mixed(weight)), solve(mixed(weight), Engine.CONIC)
    assert interior.certificate.engine is Engine.INTERIOR
    assert conic.certificate.value == pytest.approx(interior.certificate.value, rel=1e-6)
    assert human_share(conic) == pytest.approx(human_share(interior), abs=2e-3)


@given(st.lists(st.floats(0.0, 3.0), min_size=3, max_size=5))
@settings(max_examples=12, deadline=None)
def test_more_weight_never_means_more_risk_or_a_lower_human_share(weights):
    mixtures = [solve(mixed(weight)) for weight in sorted(weights)]
    risks = [excess(tokens_of(mixture)[None, :])[0] for mixture in mixtures]
    shares = [human_share(mixture) for mixture in mixtures]
    losses = [score(mixed(0.0), tokens_of(mixture)[None, :])[0] for mixture in mixtures]
    # Two weights a hair apart have answers that differ by what the search leaves open.
    assert all(after <= before + 2e-3 for before, after in pairwise(risks))
    assert all(after >= before - 5e-3 for before, after in pairwise(shares))
    assert all(after >= before - 1e-4 for before, after in pairwise(losses))


def test_weight_moves_the_mixture_from_machine_text_to_human_text():
    shares = [human_share(solve(mixed(weight))) for weight in (0.0, 0.1, 1.0, 10.0)]
    assert shares[0] < 0.25
    assert shares[-1] > 0.95
    assert all(after > before + 0.05 for before, after in pairwise(shares))


@pytest.mark.parametrize("weight", [0.02, 0.5])
def test_what_one_number_of_tokens_proves_holds_at_every_other(weight):
    problem = mixed(weight)
    compiled = compile_problem(problem)
    at = compiled.at(12e9, problem.params)
    point = point_at(12e9, problem.params, at)
    edges = np.geomspace(3e9, 30e9, 12)
    proved, _, _ = proved_over(point, edges[:-1], edges[1:], 0.0)
    for left, right, bound in zip(edges, edges[1:], proved, strict=False):
        for tokens in (left, np.sqrt(left * right), right):
            there = point_at(tokens, problem.params, compiled.at(tokens, problem.params))
            assert bound <= there.optimum.value + 1e-9


def test_the_line_lies_below_the_objective_and_touches_it():
    program = compile_problem(mixed(0.2)).program
    rng = np.random.default_rng(2)
    n = program.unique.size
    x = rng.dirichlet(np.ones(n))
    line = linearise(program, x, Duals())
    assert line.value == pytest.approx(objective(program, x), rel=1e-12)
    for other in rng.dirichlet(np.ones(n), 40):
        assert line.value + float(line.gradient @ (other - x)) <= objective(program, other) + 1e-12


def test_targets_share_the_price_by_their_weights():
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    pools = [pool("a", 2.0), pool("a", 30.0, "translated"), pool("b", 2.0)]
    pools.append(pool("b", 30.0, "translated"))
    targets = (("a", 3.0), ("b", 1.0))
    problem = world(tau, pools, targets, budget=BUDGET, drift_penalty=0.2)
    drift = compile_problem(problem).program.drift
    assert drift.price == pytest.approx(0.2 * np.array([1.5, 0.5]))


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "expected", "draws": 20},
        {"objective": "cautious", "draws": 20},
        {"max_donors": 0},
        {"max_donors": 1},
        {"exact_tokens": True},
        {"limits": (OriginLimit("max", "a", "unknown", 0.1),)},
        {"wrong_scores": 1},
    ],
)
def test_it_works_beside_everything_else(options):
    free, priced = solve(mixed(0.0, **options)), solve(mixed(0.3, **options))
    assert human_share(priced) > human_share(free) + 0.05
    assert priced.certificate.gap <= 2e-5
    solved = optimise_problem(mixed(0.3, **options))
    assert solved.gap <= 2e-5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"drift_penalty": -0.1}, "expected 0 .none. to 100"),
        ({"drift_penalty": float("nan")}, "expected 0 .none. to 100"),
        ({"drift_penalty": 0.1, "objective": "worst"}, "a ratio of losses"),
        ({"drift_penalty": 0.1, "compute": 1e21}, "state parameters and budget"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, said):
    with pytest.raises(ProblemError, match=said):
        solve(mixed(0.0, **options))


def test_machine_text_without_any_human_text_is_refused_by_name():
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    problem = world(tau, [POOLS[1], POOLS[3]], budget=BUDGET, drift_penalty=0.1)
    with pytest.raises(ProblemError, match="a has no human text that may be read"):
        solve(problem)


def test_the_price_of_the_budget_is_what_a_larger_one_gives():
    """The penalty is over the budget: a price that forgot it would be too small."""
    problem = mixed(0.3)
    (price,) = (each for each in solve(problem).prices if each.kind == "budget")
    step = 1e9
    assert price.change == "+1B tokens"
    larger, smaller = (
        solve(mixed(0.3, budget=BUDGET + sign * step)).certificate.value for sign in (1, -1)
    )
    assert price.value == pytest.approx((larger - smaller) / 2, rel=2e-2)


QUESTION = {"targets": {"cat": 1}, "budget": "300B", "pools": ["human", "translated"]}


def test_a_question_keeps_its_weight_and_zero_is_not_written():
    problem = problem_from_mapping({**QUESTION, "drift_penalty": 0.1})
    written = problem_to_mapping(problem)
    assert written["drift_penalty"] == 0.1
    assert problem_to_mapping(problem_from_mapping(written)) == written
    assert "drift_penalty" not in problem_to_mapping(problem_from_mapping(QUESTION))


def test_shipped_evidence_is_solved_and_certified_below_its_budget():
    """Where tokens stay unread the search over T must prove its answer too."""
    problem = problem_from_mapping(
        {
            **QUESTION,
            "targets": {"isl": 1, "glg": 2},
            "draws": 0,
            "drift_penalty": 0.2,
            "budget": "1T",
        }
    )
    mixture = solve(problem)
    given = mixture.crumbs.worth if mixture.crumbs else 0.0
    assert mixture.certificate.gap <= 2e-5 + given
    tokens = np.array([share.tokens for share in mixture.pools])
    assert drift_value(problem, tokens) > 0
    free = solve(problem_from_mapping({**problem_to_mapping(problem), "drift_penalty": 0}))
    again = np.array([share.tokens for share in free.pools])
    assert drift_value(problem, tokens) < drift_value(problem, again)
    told = mixture.certificate.value
    assert told <= free.certificate.value + drift_value(problem, again) + 1e-9


def test_the_donor_search_finds_the_best_set_under_it():
    """Every donor alone, one after another, is the slow answer."""
    tau = np.array(
        [[1.0, 0.1, 0.1, 0.1], [0.30, 1.0, 0.1, 0.1], [0.45, 0.1, 1.0, 0.1], [0.4, 0.1, 0.1, 1.0]]
    )
    own = [pool("a", 1.5), pool("a", 40.0, "translated")]
    donors = [pool("b", 60.0), pool("c", 3.0), pool("d", 9.0)]
    told = {"budget": BUDGET, "drift_penalty": 0.4}
    searched = solve(world(tau, [*own, *donors], max_donors=1, **told))
    alone = [solve(world(tau, [*own, donor], **told)).certificate.value for donor in donors]
    assert len(searched.donors) == 1
    assert searched.certificate.value == pytest.approx(min(alone), rel=1e-6)
    assert searched.certificate.bound <= min(alone) + 1e-9
    two = solve(world(tau, [*own, *donors], max_donors=2, **told))
    assert two.certificate.value < min(alone) - 1e-4


def test_what_to_measure_is_judged_by_the_penalty_too():
    """Mixtures were chosen under it: by losses alone the greediest would always look best."""
    tokens = np.random.default_rng(3).uniform(0.0, 8e9, (5, 4))
    free, priced = (losses_of(worlds_of(mixed(weight), 4), tokens) for weight in (0.0, 0.3))
    assert priced - free == pytest.approx(np.tile(0.3 * excess(tokens), (4, 1)), rel=1e-9)
