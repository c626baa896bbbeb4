"""A law learned from runs is the law that made them, whatever the fit goes through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_mixtures import SETS, SOURCES, made_law, made_mixtures, made_runs_of

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting import mixing_draws
from atlasmix.fitting.learning import (
    LearnQuestion,
    _try,
    deviations,
    draw_laws,
    folds_of,
    learn,
    ranks_of,
)
from atlasmix.fitting.mixing_draws import posterior_of
from atlasmix.fitting.mixing_fit import Shape, fit_mixing, scale_of
from atlasmix.fitting.mixing_law import MixingLaw, Scale, one_mixture
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures, groups_of, make_mixture_runs
from atlasmix.fitting.mixture_tables import read_mixture_runs
from atlasmix.fitting.rival_laws import FORMULAS, absent, fit_formula
from atlasmix.fitting.run_files import first_runs, run_tables
from atlasmix.fitting.runs import frozen

ALONE = LearnQuestion(compared=())
EXACT = Shape("own share", 0.002)
WHOLE = Shape("own share, less of more", 0.002)


def test_the_law_that_made_the_runs_is_recovered() -> None:
    """Without noise τ and φ come back; a wrong exponent, own share or sign of τ would not."""
    truth = made_law()
    runs = made_runs_of(truth, 300, noise=0.0)
    law = fit_mixing(runs, EXACT).law(runs)
    new = made_mixtures(200, seed=77)
    assert np.abs(law.predict(new) - truth.predict(new)).max() < 0.01
    own = truth.own >= 0
    assert law.worth[own] == pytest.approx(truth.worth[own], abs=0.08)
    assert law.phi[own] == pytest.approx(truth.phi[own], abs=0.06)
    assert np.all(law.worth >= 0)


def test_less_of_more_is_recovered() -> None:
    """A world in which a source tells less as more of it is read, with γ = 0.6."""
    truth = made_law(1, gamma=0.6)
    runs = made_runs_of(truth, 300, noise=0.0)
    law = fit_mixing(runs, WHOLE).law(runs)
    new = made_mixtures(200, seed=77)
    assert np.abs(law.predict(new) - truth.predict(new)).max() < 0.03
    assert law.gamma == pytest.approx(truth.gamma, abs=0.12)


def test_noise_is_not_learned() -> None:
    """Losses of new mixtures are foretold better than the runs were measured."""
    truth = made_law(3)
    runs = made_runs_of(truth, 200, noise=0.05)
    law = learn(runs, ALONE).law
    new = made_mixtures(300, seed=78)
    assert np.sqrt(np.mean((law.predict(new) - truth.predict(new)) ** 2)) < 0.03


@pytest.mark.parametrize("count", [24, 48])
def test_few_runs_are_drawn_to_what_the_sets_share(count: int) -> None:
    """A fit of every set by itself (weak prior) is worse where runs are few."""
    truth = made_law(4)
    runs = made_runs_of(truth, count, noise=0.03)
    new = made_mixtures(300, seed=79)
    off = {
        strength: np.mean(
            (
                fit_mixing(runs, Shape("own share", strength)).law(runs).predict(new)
                - truth.predict(new)
            )
            ** 2
        )
        for strength in (0.1, 0.001)
    }
    assert off[0.1] < off[0.001]


def test_a_world_without_interference_takes_the_simpler_law() -> None:
    truth = made_law(5, capacity=0.0)
    learned = learn(made_runs_of(truth, 40, noise=0.03), ALONE)
    new = made_mixtures(200, seed=80)
    assert np.mean(np.abs(learned.law.predict(new) - truth.predict(new))) < 0.04


def test_sizes_that_differ_give_alpha_and_foretell_larger_models() -> None:
    """The joint law, fitted below 1B parameters, predicts 3B and twice the tokens."""
    truth = made_law(6, alpha=0.3)
    runs = made_runs_of(truth, 240, noise=0.005, sizes=True)
    assert runs.mixtures.params is not None
    small = runs.select(runs.mixtures.params < 2e9)
    learned = learn(small, ALONE)
    large = runs.select(runs.mixtures.params > 2e9)
    off = np.abs(learned.law.predict(large.mixtures) / large.loss - 1)
    assert off.mean() < 0.01
    assert learned.law.alpha[:4] == pytest.approx(truth.alpha[:4], abs=0.1)


def test_repeated_tokens_count_less() -> None:
    """The same shares of a source with little text are worth less than of one with much."""
    law = replace(
        made_law(7),
        scale=Scale(1e9, 2e10, 0.1, frozen(np.array([np.inf, 2e8, *[np.inf] * 4]))),
    )
    shares = np.array([0.3, 0.4, 0.1, 0.1, 0.05, 0.05])
    plain = replace(law, scale=replace(law.scale, decay=0.0))
    assert law.at(shares)[0][1] > plain.at(shares)[0][1] + 0.01
    assert law.at(shares)[0] == pytest.approx(law.predict(one_mixture(SOURCES, shares))[0])


@pytest.mark.parametrize("name", ["mixing", "repeating", "less of more", *FORMULAS])
def test_slope_and_curvature_are_those_of_the_value(name: str) -> None:
    """Central differences: a slip in a derivative spoils the optimum and its proof."""
    runs = made_runs_of(made_law(8), 60)
    if name in FORMULAS:
        law = fit_formula(name, runs, np.ones((1, runs.count)))[0]
    else:
        law = made_law(8)
        if name == "less of more":
            law = made_law(8, gamma=0.6)
        if name != "mixing":
            law = replace(law, scale=Scale(1e9, 2e10, 0.1, frozen(np.full(6, 1e9))))
    point = np.array([0.3, 0.2, 0.15, 0.15, 0.12, 0.08])
    weights = np.arange(1.0, 6.0)
    steps = 1e-5 * np.eye(6)
    up, down = ([law.at(point + sign * step) for step in steps] for sign in (1, -1))
    slope = np.column_stack([(a[0] - b[0]) / 2e-5 for a, b in zip(up, down, strict=True)])
    bend = np.column_stack([weights @ (a[1] - b[1]) / 2e-5 for a, b in zip(up, down, strict=True)])
    value, given = law.at(point)
    assert value == pytest.approx(law.predict(one_mixture(SOURCES, point))[0], rel=1e-9)
    assert given == pytest.approx(slope, rel=1e-4, abs=1e-6)
    assert law.bend(point, weights) == pytest.approx(bend, rel=1e-3, abs=1e-4)
    assert np.linalg.eigvalsh(law.bend(point, weights)).min() > -1e-9


def test_intervals_cover_what_they_claim() -> None:
    """Cross-conformal, over worlds: 90 % of new losses, give or take what 8 worlds can tell."""
    inside = []
    for seed in range(8):
        truth = made_law(seed + 20)
        learned = learn(made_runs_of(truth, 60, noise=0.05, seed=seed), ALONE)
        new = made_runs_of(truth, 200, noise=0.05, seed=seed + 500)
        off = np.abs(learned.law.predict(new.mixtures) - new.loss)
        inside.append(np.mean(off <= learned.half_width))
    assert 0.87 <= np.mean(inside) <= 0.97


def test_too_few_runs_for_a_coverage_say_so() -> None:
    learned = learn(made_runs_of(made_law(), 12), LearnQuestion(compared=(), coverage=0.95))
    assert np.all(np.isinf(learned.half_width))


def test_a_diverged_loss_moves_the_law_little() -> None:
    """Robust: one loss three nats off changes predictions by less than the noise."""
    truth = made_law(9)
    runs = made_runs_of(truth, 80, noise=0.02)
    loss = runs.loss.copy()
    loss[7, 0] += 3.0
    broken = replace(runs, loss=frozen(loss))
    new = made_mixtures(100, seed=81)
    shape = Shape("own share", 0.1)
    before, after = (fit_mixing(each, shape).law(each).predict(new) for each in (runs, broken))
    assert np.mean(np.abs(before - after)[:, 0]) < 0.03


def test_missing_losses_are_left_out_by_set() -> None:
    truth = made_law(10)
    runs = made_runs_of(truth, 90, noise=0.01)
    loss = runs.loss.copy()
    loss[::3, 1] = np.nan
    learned = learn(replace(runs, loss=frozen(loss)), LearnQuestion(compared=FORMULAS))
    new = made_mixtures(100, seed=82)
    assert np.mean(np.abs(learned.law.predict(new) - truth.predict(new))) < 0.03
    assert all(np.isfinite(judged.error) for judged in learned.judged)


def test_the_same_runs_give_the_same_law() -> None:
    runs = made_runs_of(made_law(11), 50)
    first, second = (learn(runs, ALONE) for _ in range(2))
    assert np.array_equal(first.chosen.held_out, second.chosen.held_out)
    assert np.array_equal(first.law.worth, second.law.worth)
    order = np.random.default_rng(0).permutation(50)
    mixed = runs.select(order)
    new = made_mixtures(50, seed=83)
    shape = Shape("own share", 0.1)
    laws = (fit_mixing(each, shape).law(each).predict(new) for each in (runs, mixed))
    assert next(laws) == pytest.approx(next(laws), abs=1e-5)


def test_repeats_are_noise_and_share_a_fold() -> None:
    truth = made_law(12)
    runs = made_runs_of(truth, 40, noise=0.04)
    twice = np.concatenate([np.arange(40), np.arange(20)])
    doubled = runs.select(twice)
    loss = doubled.loss + 0.04 * np.random.default_rng(5).normal(size=doubled.loss.shape)
    doubled = replace(doubled, loss=frozen(loss), groups=groups_of(doubled.mixtures))
    folds = folds_of(doubled, 0)
    assert np.array_equal(folds[:20], folds[40:])
    assert runs.noise == pytest.approx(np.full(5, np.nan), nan_ok=True)
    # The second draw alone differs within a group.
    assert doubled.noise == pytest.approx(np.full(5, 0.04), rel=0.5)


def test_no_run_is_predicted_by_a_fit_that_saw_it() -> None:
    """A loss moved by a nat moves the predictions of other folds, never its own."""
    runs = made_runs_of(made_law(13), 40)
    loss = runs.loss.copy()
    loss[4] += 1.0
    moved = replace(runs, loss=frozen(loss))
    question = LearnQuestion(law="additive", compared=("exponential", "linear"))
    for before, after in zip(
        learn(runs, question).judged, learn(moved, question).judged, strict=True
    ):
        if before.name == "mixing":
            continue  # the shape that is chosen may change
        assert after.held_out[4] == pytest.approx(before.held_out[4], abs=2e-3), before.name
        assert np.abs(after.held_out - before.held_out).max() > 0.01


@pytest.mark.parametrize("strength", [0.1, 0.00625])
def test_a_held_out_loss_does_not_reach_its_own_prediction(strength: float) -> None:
    """Begun from the fit to all runs, weakly held constants would stay where they know it."""
    runs = made_runs_of(made_law(13), 24)
    folds = folds_of(runs, 0)
    counts = 1.0 - (folds == np.arange(folds.max() + 1)[:, None])
    loss = runs.loss.copy()
    loss[4] += 0.5
    moved = replace(runs, loss=frozen(loss))
    shape = Shape("own share, less of more", strength)
    before, after = (
        _try(each, shape, scale_of(each), counts, folds).held_out for each in (runs, moved)
    )
    mates = folds == folds[4]
    assert after[mates] == pytest.approx(before[mates], abs=1e-9)
    assert np.abs(after - before).max() > 0.01


def test_the_chosen_law_is_the_mixing_law_unless_said() -> None:
    runs = made_runs_of(made_law(14), 60)
    assert learn(runs).law.name == "mixing"
    forced = learn(runs, LearnQuestion(law="additive", compared=()))
    assert [judged.name for judged in forced.judged] == ["additive", "mixing"]


def test_a_convex_law_that_foretells_better_answers_unless_the_mixing_law_is_needed() -> None:
    """The choice is by held-out runs; a law for a solve, or one asked for, is the mixing law."""
    source = np.random.default_rng(3)
    weights = source.dirichlet(np.ones(6), 60)
    loss = 2.0 + np.exp(weights @ source.normal(-1, 3, (6, 3)))
    loss += 0.002 * source.normal(size=loss.shape)
    runs = make_mixture_runs(weights, loss, SOURCES, ("a", "b", "c"))
    learned = learn(runs)
    assert learned.law.name == "exponential"
    assert {judged.name for judged in learned.judged} == {"mixing", *FORMULAS}
    off = np.abs(learned.chosen.held_out - runs.loss)
    assert np.all(np.mean(off <= learned.half_width, axis=0) >= 0.9), "the width is its own"
    assert learn(runs, LearnQuestion(law="mixing")).law.name == "mixing"
    assert learn(runs, LearnQuestion(for_solve=True)).law.name == "mixing"


def test_a_better_law_is_named() -> None:
    """Where losses are a line in the shares, the line is ahead, and is said to be."""
    source = np.random.default_rng(1)
    weights = source.dirichlet(np.ones(6), 150)
    loss = 3.0 + weights @ source.uniform(-1, 1, (6, 3))
    loss += 0.002 * source.normal(size=loss.shape)
    runs = make_mixture_runs(weights, loss, SOURCES, ("a", "b", "c"))
    assert learn(runs).ahead[0].name == "linear"


def test_draws_scatter_as_the_noise_does() -> None:
    runs = made_runs_of(made_law(15), 60, noise=0.05)
    learned = learn(runs, ALONE)
    new = made_mixtures(40, seed=84)
    laws = draw_laws(learned, 20, 0)
    spread = np.std([law.predict(new) for law in laws], axis=0).mean()
    assert 0.005 < spread < 0.1
    again = draw_laws(learned, 20, 0)
    assert np.array_equal(laws[3].predict(new), again[3].predict(new))


def test_the_noise_and_the_draws_are_where_many_more_steps_would_take_them(monkeypatch) -> None:
    """Of public runs: after sixty plain steps the squares left were 13 % off at one of the sets."""
    content = first_runs("regmix-1m", 64)
    runs = read_mixture_runs([table.rows for table in run_tables(content, "first.csv")])
    new = replace(runs, mixtures=mixtures_of(runs, 40))

    def found() -> tuple[np.ndarray, np.ndarray]:
        posterior = posterior_of(runs, Shape("own share, less of more", 0.1), scale_of(runs))
        return posterior.squares, posterior.draw(12, np.random.default_rng(0)).predict(new)

    squares, drawn = found()
    for name, value in {"_ROUNDS": 8, "_CLOSE": 1e-9, "_ROUGH": 1e-9}.items():
        monkeypatch.setattr(mixing_draws, name, value)
    longer, further = found()
    assert squares == pytest.approx(longer, rel=0.04)
    assert np.median(np.abs(drawn - further)) < 0.15 * further.std(axis=0).mean()


def mixtures_of(runs: MixtureRuns, count: int) -> Mixtures:
    """Mixtures of the same sources, drawn."""
    weights = np.random.default_rng(5).dirichlet(np.full(len(runs.sources), 0.5), count)
    return Mixtures(("",) * count, runs.sources, frozen(weights))


def test_the_noise_is_what_the_runs_show() -> None:
    """Not the strength of the fit, which is chosen for what it foretells and mostly larger."""
    runs = made_runs_of(made_law(2, alpha=0.33), 120, noise=0.02, sizes=True)
    for strength in (0.05, 0.4):
        posterior = posterior_of(runs, Shape("own share", strength), scale_of(runs))
        assert np.sqrt(posterior.squares / posterior.free) == pytest.approx(
            np.full(len(SETS), 0.02), rel=0.25
        )


def test_intervals_of_the_constants_hold_the_truth_as_often_as_they_say() -> None:
    """Nine of ten, over worlds of joint sizes and mixtures; the benchmark of coverage has 150.

    Draws by the strength of the fit hold nearly all; resamples of the runs alone two of three.
    """
    inside, wide = [], []
    for seed in range(4):
        truth = made_law(300 + seed, alpha=0.33)
        runs = made_runs_of(truth, 80, noise=0.01, seed=seed, sizes=True)
        learned = learn(runs, ALONE)
        laws = draw_laws(learned, 40, seed)
        sized = truth.at_size(learned.scale.params, learned.scale.tokens)
        donors = np.ones(truth.worth.shape, dtype=bool)
        donors[np.flatnonzero(truth.own >= 0), truth.own[truth.own >= 0]] = False
        for name in ("floor", "alpha", "beta", "phi", "worth"):
            drawn = np.array([constant(law, name) for law in laws])
            low, high = np.quantile(drawn, [0.05, 0.95], axis=0, method="weibull")
            true = constant(sized, name)
            held = (low <= true) & (true <= high)
            some = donors if name == "worth" else truth.own >= 0
            inside += held[some].tolist()
            wide += [float(np.median((high - low)[some]))] if name == "worth" else []
    assert 0.83 <= np.mean(inside) <= 0.96
    # Narrow as well: three times as wide would hold the truth too.
    assert np.mean(wide) < 0.15


def constant(law: MixingLaw, name: str) -> np.ndarray:
    """One constant of every set; of the worths, with what any token is worth, as a solve counts."""
    if name != "worth":
        return np.asarray(getattr(law, name))
    return (law.worth + law.background[:, None]) / (1.0 + law.background[:, None])


def test_what_the_runs_tell_is_told_apart_from_what_they_leave_open() -> None:
    """Hundreds of runs of several sizes tell every constant that a solve asks for; ten do not."""
    asked = {"E", "A", "φ", "α", "β"}
    many = made_runs_of(made_law(20, alpha=0.33), 200, noise=0.003, sizes=True)
    few = made_runs_of(made_law(20, alpha=0.33), 10, noise=0.1, sizes=True)
    shape = Shape("own share", 0.1)
    told, hardly = (
        posterior_of(runs, shape, scale_of(runs)).hardly_told(SOURCES) for runs in (many, few)
    )
    assert all(not asked & set(names) for names in told[:4])
    assert all(asked & set(names) for names in hardly[:4])
    assert all("γ" not in names for names in told)  # is held in this form, not assumed


def test_trees_and_process_foretell_where_they_are_installed() -> None:
    names = tuple(name for name in ("lightgbm-small", "gaussian-process") if not absent(name))
    if not names:
        pytest.skip("needs atlasmix[learn]")
    runs = made_runs_of(made_law(16), 40, noise=0.02)
    alone = replace(runs, sets=SETS[:1], loss=frozen(runs.loss[:, :1]), own=runs.own[:1])
    learned = learn(alone, LearnQuestion(compared=names))
    assert {judged.name for judged in learned.judged} == {"mixing", *names}
    assert all(judged.rank > 0.5 and not judged.law.convex for judged in learned.judged[1:])


def test_without_the_package_a_law_is_left_out_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlasmix.fitting.rival_laws.find_spec", lambda name: None)
    runs = made_runs_of(made_law(17), 30)
    learned = learn(runs, LearnQuestion(compared=("lightgbm", "linear")))
    assert learned.absent == (("lightgbm", "lightgbm"),)
    assert [judged.name for judged in learned.judged] == ["mixing", "linear"]
    with pytest.raises(DataError, match=r"needs lightgbm, which is not installed: pip install"):
        learn(runs, LearnQuestion(law="lightgbm"))


def test_what_cannot_tell_anything_is_refused() -> None:
    runs = made_runs_of(made_law(18), 30)
    with pytest.raises(DataError, match="7 runs of 7 different mixtures: expected at least 8"):
        learn(runs.select(np.arange(7)))
    loss = runs.loss.copy()
    loss[5:, 2] = np.nan
    with pytest.raises(DataError, match="loss of books: measured in 5 runs"):
        learn(replace(runs, loss=frozen(loss)))
    with pytest.raises(ProblemError, match="no law 'aditive': did you mean additive") as caught:
        learn(runs, LearnQuestion(law="aditive"))
    assert caught.value.field == "law"
    with pytest.raises(ProblemError, match="coverage is 2"):
        learn(runs, LearnQuestion(coverage=2.0))


def test_errors_and_ranks_of_known_predictions() -> None:
    """Predicting the mean is an error of 1; the right order is a rank correlation of 1."""
    runs = make_mixture_runs(
        np.random.default_rng(0).dirichlet(np.ones(3), 9),
        np.arange(1.0, 10.0)[:, None],
        ("a", "b", "c"),
        ("x",),
    )
    mean = np.full((9, 1), 5.0)
    assert deviations(runs, mean).mean() == pytest.approx(1.0)
    assert ranks_of(runs, np.log(runs.loss)) == pytest.approx([1.0])
    assert ranks_of(runs, mean) == pytest.approx([0.0])
    assert ranks_of(runs, -runs.loss) == pytest.approx([-1.0])


def test_runs_of_one_size_say_nothing_of_others() -> None:
    """Parameters and tokens of a table to be predicted change nothing then."""
    runs = made_runs_of(made_law(19), 40)
    sized = replace(
        runs,
        mixtures=replace(
            runs.mixtures, params=frozen(np.full(40, 1e6)), tokens=frozen(np.full(40, 1e9))
        ),
    )
    law = learn(sized, ALONE).law
    new = made_mixtures(10, seed=85, sizes=True)
    assert np.array_equal(law.predict(new), law.predict(replace(new, params=None, tokens=None)))
