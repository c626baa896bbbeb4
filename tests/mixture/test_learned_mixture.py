"""The best mixture under a learned law: closed forms, brute force, a second solver, its bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.mixture_file import dump_mixture, load_mixture
from atlasmix.fitting.learning import LearnQuestion, learn
from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.mixture_runs import Mixtures
from atlasmix.fitting.rival_laws import FormulaLaw, fit_formula
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.learned import (
    FLAT,
    MixtureQuestion,
    Near,
    best_mixture,
    divergence,
    lower_bound,
    make_question,
)
from atlasmix.mixture.learned_answer import MixtureWish, answer, mixture_file
from atlasmix.mixture.learned_doubt import distance
from atlasmix.report.learning import LearnedReport, learning_data


def alone(data: list[float], beta: float) -> MixingLaw:
    """A world in which only a set's own source is worth anything to it."""
    count = len(data)
    names = tuple("abcdef"[:count])
    zero, own = np.zeros(count), np.arange(count)
    return MixingLaw(
        names,
        names,
        own.astype(np.int64),
        floor=zero + 1.0,
        capacity=zero,
        phi=zero,
        least=zero,
        alpha=zero,
        data=np.array(data),
        background=zero + 1e-12,
        worth=np.eye(count),
        beta=zero + beta,
        gamma=zero + 1.0,
        scale=Scale(0.0, 0.0, 0.0, zero + np.inf),
    )


def test_no_more_of_a_source_is_mixed_in_than_twice_what_a_run_read() -> None:
    """A law is lowest where it errs: once two thirds of a source of which runs read 2 %."""
    few = made_runs_of(made_law(11), 200)
    near_even = np.argsort(few.weights.max(axis=1))[:40]
    learned = learn(few.select(np.sort(near_even)), LearnQuestion(compared=()))
    most = np.minimum(2.0 * learned.runs.weights.max(axis=0), 1.0)
    alone = {learned.runs.sets[int(np.argmax(learned.runs.own >= 0))]: 1.0}
    within = answer(learned, MixtureWish(alone, draws=0))
    assert np.all(within.mixture.shares <= most + 1e-9)
    here = np.isclose(within.mixture.shares, most, atol=1e-4)
    assert within.at_most_seen == tuple(np.array(learned.runs.sources)[here])
    assert here.any(), "or this test shows nothing"
    further = dict.fromkeys(within.at_most_seen, 1.0)
    opened = answer(learned, MixtureWish(alone, high=further, draws=0))
    assert opened.mixture.loss < within.mixture.loss
    assert not set(opened.at_most_seen) & set(within.at_most_seen)
    rare = int(np.argmin(most))
    wanted = float(most[rare]) + 0.1
    asked = answer(learned, MixtureWish(low={learned.runs.sources[rare]: wanted}, draws=0))
    assert asked.mixture.shares[rare] >= wanted - 1e-9
    # Where the user's own limits leave no room within the runs, theirs alone are kept.
    first, *others = learned.runs.sources
    tight = answer(learned, MixtureWish(high=dict.fromkeys(others, 0.001), draws=0))
    assert tight.mixture.shares[0] >= 0.99 > most[0]
    assert tight.distance.beyond[0] == first


def test_closed_form_of_sets_that_share_nothing() -> None:
    """Σ w·B·p^-β is least at p ∝ (w·B)^(1/(1+β))."""
    law = alone([1.0, 2.0, 0.5], 0.3)
    weights = {"a": 1.0, "b": 1.0, "c": 3.0}
    best = best_mixture(make_question(law, weights))
    expected = (np.array([1.0, 2.0, 1.5])) ** (1 / 1.3)
    assert best.shares == pytest.approx(expected / expected.sum(), abs=1e-5)
    assert best.gap < 1e-7


def test_closed_form_of_a_line_within_a_region_of_trust() -> None:
    """min c·p with KL(p||q) <= κ is at p ∝ q·exp(-c/ν), and the whole κ is used."""
    slope = np.array([[1.0, 2.0, 4.0]])
    law = FormulaLaw("linear", ("a", "b", "c"), ("x",), slope)
    reference = np.array([0.2, 0.5, 0.3])
    best = best_mixture(make_question(law, near=Near(reference, 0.05)), ranges=False)
    assert divergence(best.shares, reference) == pytest.approx(0.05, abs=1e-6)
    logs = np.log(best.shares / reference)
    assert (logs[0] - logs[1]) / (slope[0, 1] - slope[0, 0]) == pytest.approx(
        (logs[1] - logs[2]) / (slope[0, 2] - slope[0, 1]), rel=1e-4
    )
    assert best.gap < 1e-7


def grid(step: float) -> np.ndarray:
    ends = np.arange(0, 1 + step / 2, step)
    pairs = np.array([(a, b) for a in ends for b in ends if a + b <= 1 + 1e-9])
    return np.column_stack([pairs, 1 - pairs.sum(axis=1)]).clip(0)


def three_sources(seed: int) -> MixingLaw:
    law = made_law(seed)
    return replace(
        law,
        sources=SOURCES[:3],
        own=frozen(np.array([0, 1, 2, -1, -1])),
        worth=law.worth[:, :3],
        phi=frozen(np.where(np.arange(5) < 3, law.phi, 0.0)),
        scale=Scale(0.0, 0.0, 0.0, frozen(np.full(3, np.inf))),
    )


@pytest.mark.parametrize("seed", range(4))
def test_brute_force_on_a_small_simplex(seed: int) -> None:
    """No point of a grid is better than the optimum, and none is below the bound."""
    question = make_question(
        three_sources(seed), low={"code": 0.1}, high={"web": 0.45, "books": 0.6}
    )
    best = best_mixture(question)
    points = grid(0.01)
    within = np.all((points >= question.low - 1e-9) & (points <= question.high + 1e-9), axis=1)
    losses = np.array([question.loss(point) for point in points[within]])
    assert best.loss <= losses.min() + 1e-9
    assert best.loss >= losses.min() - 1e-3
    assert best.bound <= losses.min()
    assert best.gap < 1e-7
    assert np.all(best.shares >= question.low - 1e-12)
    assert np.all(best.shares <= question.high + 1e-12)


def test_the_room_of_each_share_by_brute_force() -> None:
    """A grid point as good as the level lies inside the ranges, and some come near their ends."""
    question = make_question(three_sources(1))
    best = best_mixture(question)
    level = best.loss + FLAT * (best.loss - question.floor)
    points = grid(0.005)
    good = points[[question.loss(point) <= level for point in points]]
    assert np.all(good >= best.flat[:, 0] - 1e-6)
    assert np.all(good <= best.flat[:, 1] + 1e-6)
    assert good.min(axis=0) == pytest.approx(best.flat[:, 0], abs=0.012)
    assert good.max(axis=0) == pytest.approx(best.flat[:, 1], abs=0.012)


@pytest.mark.parametrize("name", ["mixing", "exponential", "additive"])
def test_a_second_solver(name: str) -> None:
    from scipy.optimize import minimize

    runs = made_runs_of(made_law(2), 80, noise=0.02)
    law = made_law(2) if name == "mixing" else fit_formula(name, runs, np.ones((1, 80)))[0]
    question = make_question(law, {"web": 2, "quiz": 1, "math": 1}, high={"web": 0.4})
    best = best_mixture(question, ranges=False)
    other = minimize(
        question.loss,
        np.full(6, 1 / 6),
        jac=lambda p: question.weights @ law.at(np.maximum(p, 1e-12))[1],
        bounds=list(zip(question.low, question.high, strict=True)),
        constraints=[{"type": "eq", "fun": lambda p: p.sum() - 1}],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )
    assert best.loss <= other.fun + 1e-7
    assert best.gap < 1e-6


@pytest.mark.parametrize("near", [None, Near(np.array([0.3, 0.1, 0.2, 0.2, 0.1, 0.1]), 0.2)])
def test_the_bound_holds_from_any_mixture(near: Near | None) -> None:
    """Weak duality: a line anywhere lies below the optimum; a sign slipped would not."""
    question = make_question(made_law(3), low={"chat": 0.05}, near=near)
    best = best_mixture(question, ranges=False)
    source = np.random.default_rng(0)
    for _ in range(20):
        at = 0.95 * source.dirichlet(np.ones(6)) + 0.05 * np.eye(6)[5]
        assert lower_bound(question, at, float(source.random()) * (near is not None)) <= best.loss


def test_limits_that_hold_every_share() -> None:
    law = alone([1.0, 1.0], 0.3)
    best = best_mixture(make_question(law, low={"a": 0.3}, high={"b": 0.7}))
    assert best.shares == pytest.approx([0.5, 0.5], abs=1e-5)
    held = best_mixture(make_question(law, low={"a": 0.3}, high={"a": 0.3}))
    assert held.shares == pytest.approx([0.3, 0.7])
    assert held.gap < 1e-9


def test_a_cap_of_epochs_and_repetition() -> None:
    """The source with little text gets less when its repeats fade, and its cap is kept."""
    law = replace(alone([1.0, 1.0], 0.3), scale=Scale(0, 1e9, 0.3, np.array([5e7, np.inf])))
    plain = best_mixture(make_question(alone([1.0, 1.0], 0.3)), ranges=False)
    faded = best_mixture(make_question(law), ranges=False)
    assert faded.gap < 1e-6
    assert abs(faded.shares[0] - plain.shares[0]) > 0.01


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"low": {"web": 0.6, "code": 0.5}}, "the least shares sum to 1.1: expected at most 1"),
        ({"high": dict.fromkeys(SOURCES, 0.1)}, "the most shares sum to 0.6: expected at least 1"),
        ({"low": {"web": 0.4}, "high": {"web": 0.3}}, "web at least 0.4 and at most 0.3"),
        (
            {"low": {"web": 0.9}, "near": Near(np.full(6, 1 / 6), 0.01)},
            "no mixture within the limits is as near to the reference as 0.01 nats",
        ),
        (
            {"low": {"web": 0.9}, "near": Near(np.array([0, 0.2, 0.2, 0.2, 0.2, 0.2]), 9.0)},
            "its reference reads nothing of what the limits ask for",
        ),
    ],
)
def test_limits_that_leave_nothing(limits: dict[str, object], words: str) -> None:
    with pytest.raises(Infeasible, match=words):
        best_mixture(make_question(made_law(), **limits))  # type: ignore[arg-type]


def test_names_that_nobody_knows() -> None:
    for asked, words, field in (
        ({"targets": {"webb": 1.0}}, "no set 'webb': did you mean web", "target"),
        ({"low": {"codes": 0.1}}, "no source 'codes': did you mean code", "min"),
        ({"high": {"zzz": 0.1}}, "no source 'zzz': there are web, code", "max"),
    ):
        with pytest.raises(ProblemError, match=words) as caught:
            make_question(made_law(), **asked)  # type: ignore[arg-type]
        assert caught.value.field == field
    with pytest.raises(ProblemError, match="at least 0, not all 0"):
        make_question(made_law(), {"web": 0.0})


def test_the_whole_answer_of_runs() -> None:
    """The optimum learned is nearly the true one; its interval of the gain holds the true gain."""
    truth = made_law(4)
    runs = made_runs_of(truth, 80, noise=0.02)
    learned = learn(runs, LearnQuestion(compared=("additive",)))
    told = answer(learned, MixtureWish(draws=20))
    true = MixtureQuestion(truth, np.full(5, 0.2), np.zeros(6), np.ones(6))
    regret = true.loss(told.mixture.shares) - best_mixture(true, ranges=False).loss
    assert 0 <= regret < 0.01
    assert told.doubt is not None
    gain = told.doubt.gains[0]
    assert gain.over == f"best run ({told.best_run})"
    best = runs.weights[runs.mixtures.names.index(told.best_run)]
    real = true.loss(best) - true.loss(told.mixture.shares)
    assert gain.low - 0.01 <= real <= gain.high + 0.01
    assert told.doubt.optimism > 0
    assert {each.law for each in told.opinions} == {"mixing", "additive"}
    assert np.all(told.mixture.flat[:, 0] <= told.mixture.shares + 1e-6)
    assert np.all(told.mixture.flat[:, 1] >= told.mixture.shares - 1e-6)


def test_the_mixture_is_a_file_that_is_read_back() -> None:
    learned = learn(made_runs_of(made_law(5), 40), LearnQuestion(compared=()))
    told = answer(learned, MixtureWish(draws=0))
    given = mixture_file(learned, told, "best", (("runs.csv", "0" * 64),))
    back = load_mixture(dump_mixture(given))
    assert sum(round(each.proportion * 1e9) for each in back.other) == 10**9
    shares = {each.name: each.proportion for each in back.other}
    for name, share in zip(SOURCES, told.mixture.shares.tolist(), strict=True):
        assert shares.get(name, 0.0) == pytest.approx(share, abs=2e-9)


def test_a_law_without_convexity_gives_no_optimum() -> None:
    from atlasmix.fitting.rival_laws import absent

    if absent("lightgbm-small"):
        pytest.skip("needs atlasmix[learn]")
    runs = made_runs_of(made_law(6), 30)
    learned = learn(runs, LearnQuestion(law="lightgbm-small", compared=()))
    with pytest.raises(ProblemError, match="is not convex in the mixture"):
        answer(learned)


def test_references_and_caps_that_are_not_there() -> None:
    learned = learn(made_runs_of(made_law(7), 30), LearnQuestion(compared=()))
    with pytest.raises(ProblemError, match="no reference mixture 'other': expected best, even"):
        answer(learned, MixtureWish(near=("other", 0.1), draws=0))
    with pytest.raises(ProblemError, match="needs the tokens read and the unique tokens"):
        answer(learned, MixtureWish(max_epochs=4.0, draws=0))
    told = answer(learned, MixtureWish(near=("r3", 0.05), draws=0))
    assert divergence(told.mixture.shares, learned.runs.weights[3]) <= 0.05 + 1e-6


def test_distance_is_the_share_that_reads_otherwise() -> None:
    runs = np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.2, 0.2, 0.6]])
    away = distance(np.array([0.6, 0.3, 0.1]), runs, ("a", "b", "c"), ("x", "y", "z"))
    assert (away.nearest, away.away) == ("a", pytest.approx(0.2))
    assert away.typical == pytest.approx(0.1)
    assert away.beyond == ("x",)
    assert SETS[-1] == "quiz"


def test_the_law_at_another_size_is_the_law_of_that_size() -> None:
    """Counted from 10B parameters and 1T tokens it predicts what it did of such a run."""
    truth = made_law(8, alpha=0.3)
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    unique = np.array([np.inf, 5e10, np.inf, np.inf, 1e9, np.inf])
    moved = truth.at_size(1e10, 1e12, unique)
    here = Mixtures(
        ("x",), SOURCES, shares[None, :], np.array([1e10]), np.array([1e12]), unique[None, :]
    )
    repeating = replace(truth, scale=replace(truth.scale, decay=moved.scale.decay, unique=unique))
    assert moved.at(shares)[0] == pytest.approx(repeating.predict(here)[0], rel=1e-9)


def test_tokens_and_caps_of_the_model_it_is_for() -> None:
    """Runs of one size: epochs are those of the run to come, and its caps are kept."""
    learned = learn(made_runs_of(made_law(9), 40), LearnQuestion(compared=()))
    wish = MixtureWish(tokens=1e12, unique={"web": 2e10, "math": 1e10}, max_epochs=4, draws=0)
    told = answer(learned, wish)
    assert told.mixture.shares[0] <= 0.08 + 1e-9
    assert told.mixture.shares[3] <= 0.04 + 1e-9
    assert told.epochs[0] == pytest.approx(told.mixture.shares[0] * 50)
    assert told.mixture.gap < 1e-6
    with pytest.raises(ProblemError, match="say nothing of other parameters"):
        answer(learned, MixtureWish(params=1e10, draws=0))
    with pytest.raises(ProblemError, match="no source 'wbe': did you mean web"):
        answer(learned, MixtureWish(unique={"wbe": 1e9}, draws=0))


def test_a_set_that_reads_nothing_of_its_own_has_a_slope() -> None:
    """A law without a capacity term at a share of 0: no division of nothing by nothing."""
    law = made_law(10, capacity=0.0)
    bare = replace(law, least=frozen(np.zeros(5)), phi=frozen(np.zeros(5)))
    losses, slope = bare.at(np.array([0.0, 0.5, 0.5, 0.0, 0.0, 0.0]))
    assert np.all(np.isfinite(losses))
    assert np.all(np.isfinite(slope))
    assert np.all(np.isfinite(bare.bend(np.eye(6)[1], np.ones(5))))


def test_a_source_that_no_run_read_is_not_mixed_in() -> None:
    """Nothing is known of it: the law's expectation of any source is no evidence."""
    runs = made_runs_of(made_law(11), 40)
    weights = runs.weights.copy()
    weights[:, 5] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    mixtures = replace(runs.mixtures, weights=frozen(weights))
    learned = learn(replace(runs, mixtures=mixtures), LearnQuestion(compared=()))
    assert answer(learned, MixtureWish(draws=0)).mixture.shares[5] == 0.0
    asked = answer(learned, MixtureWish(low={"chat": 0.1}, draws=0))
    assert asked.mixture.shares[5] >= 0.1 - 1e-9


def test_runs_that_tell_nothing_are_called_so() -> None:
    runs = made_runs_of(made_law(12), 30)
    noise = 3.0 + 0.1 * np.random.default_rng(3).normal(size=runs.loss.shape)
    learned = learn(replace(runs, loss=frozen(noise)), LearnQuestion(compared=()))
    text = learning_data(LearnedReport(learned, None, (("runs.csv", "0" * 64),)))["warnings"]
    assert "no better than the mean of each set" in text[0]


def test_an_exponential_far_from_its_runs_stays_a_number_and_convex() -> None:
    """e^x overflowed there: a warning in the log, and a mixture without a loss."""
    constants = np.array([[1.0, 2.0, 900.0, -3.0, 5.0]])
    law = FormulaLaw("exponential", ("a", "b", "c"), ("x",), constants)
    line = [np.array([part, (1 - part) / 2, (1 - part) / 2]) for part in np.linspace(0, 1, 41)]
    values = np.array([law.at(shares)[0][0] for shares in line])
    assert np.all(np.isfinite(values))
    assert np.all(np.diff(values) > 0)
    below = [
        law.at(here)[0][0] + law.at(here)[1][0] @ (there - here) <= law.at(there)[0][0] * (1 + 1e-9)
        for here in line
        for there in line
    ]
    assert all(below)
    assert all(np.all(np.isfinite(law.bend(shares, np.ones(1)))) for shares in line)
    near = np.array([0.1, 0.4, 0.5])
    part = float(np.exp(constants[0, 1] + constants[0, 2:] @ near))
    assert law.at(near)[0][0] == 1.0 + part
    for most in (1e-4, 0.5):
        question = make_question(law, near=Near(np.array([0.01, 0.5, 0.49]), most))
        assert np.isfinite(best_mixture(question).loss)
