"""What every answer is compared with: each baseline is the formula it is named for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge import reaches, score, tokens_of
from worlds import pool, random_world, shipped, world

from atlasmix.errors import ProblemError
from atlasmix.evidence.published import PublishedMixture, published
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.baselines import (
    baseline_title,
    baseline_tokens,
    filled,
    names,
    published_tokens,
    unimax,
)
from atlasmix.problem.constraints import EpochCap, Guardrail, Selection, ShareLimit

TAU = np.eye(3)
SIZES = [1.0, 10.0, 100.0]


def shares(name, **options):
    problem = world(TAU, SIZES, ["a", "b"], **options)
    tokens = baseline_tokens(problem, name)
    return tokens / tokens.sum()


def test_natural_is_proportional_to_unique_tokens():
    assert shares("natural") == pytest.approx(np.array(SIZES) / 111)


@pytest.mark.parametrize("temperature", [1.43, 3.33])
def test_temperature_is_the_root_of_natural(temperature):
    root = (np.array(SIZES) / 111) ** (1 / temperature)
    assert shares(f"temperature-{temperature}") == pytest.approx(root / root.sum())


def test_uniform():
    assert shares("uniform") == pytest.approx([1 / 3] * 3)


def test_unimax_by_hand():
    """60B over 1, 10, 100 at 4 epochs: 4 for the first, 56 left for two: 28 each."""
    tokens = baseline_tokens(world(TAU, SIZES, ["a"], budget=60e9), "unimax")
    assert tokens / 1e9 == pytest.approx([4.0, 28.0, 28.0])


def test_unimax_hands_on_twice():
    """100B over 1, 5, 100 at 4 epochs: 4, then 20 of the 48 offered, then the rest."""
    assert unimax(np.array([100.0, 1.0, 5.0]), 100.0, 4.0) == pytest.approx([76.0, 4.0, 20.0])


def test_unimax_beyond_all_caps():
    assert unimax(np.array([1.0, 2.0]), 100.0, 4.0) == pytest.approx([4.0, 8.0])


def test_a_rule_over_the_targets_is_capped_and_hands_on():
    """40B over targets of 1B and 10B at 4 epochs: the root alone reads the small one 13 times.

    Without handing on, the run would be short by what the cap took; over all three it reads c.
    """
    tokens = baseline_tokens(world(TAU, SIZES, ["a", "b"], budget=40e9), "targets-temperature-3.33")
    assert tokens / 1e9 == pytest.approx([4.0, 36.0, 0.0])
    free = baseline_tokens(world(TAU, SIZES, ["a", "b"], budget=4e9), "targets-temperature-3.33")
    roots = np.array([1.0, 10.0]) ** (1 / 3.33)
    assert free / 1e9 == pytest.approx([*(4 * roots / roots.sum()), 0.0])


def test_a_rule_over_the_targets_keeps_own_caps_and_reads_what_a_minimum_asks_of_others():
    limits = (
        EpochCap(Selection("language", "b"), 1.0),
        ShareLimit("min", Selection("language", "c"), 0.25),
    )
    problem = world(TAU, SIZES, ["a", "b"], budget=16e9, limits=limits)
    tokens = baseline_tokens(problem, "targets-unimax") / 1e9
    assert tokens == pytest.approx([4.0, 8.0, 4.0])
    larger = world(TAU, SIZES, ["a", "b"], budget=32e9, limits=limits)
    assert baseline_tokens(larger, "targets-unimax") / 1e9 == pytest.approx([4.0, 10.0, 8.0])


@given(st.lists(st.tuples(st.floats(0.1, 10), st.floats(0, 10)), min_size=1, max_size=6))
def test_filled_is_one_level_under_all_caps(columns):
    """Water filling: those below their cap have one ratio to their weight, the highest of all."""
    weight, most = np.array(columns).T
    budget = 0.7 * float(most.sum())
    tokens = filled(weight, most, budget)
    assert tokens.sum() == pytest.approx(budget)
    assert np.all(tokens <= most + 1e-12)
    below = tokens < most - 1e-9
    level = (tokens / weight)[below]
    if below.any():
        assert level == pytest.approx(np.full(level.size, level.max()))
        assert np.all((tokens / weight)[~below] <= level.max() + 1e-9)


def test_of_one_target_no_rule_over_targets_is_told():
    assert not [row.name for row in compare(world(TAU, SIZES, ["a"])) if "of targets" in row.name]


def test_target_only_is_by_weight():
    tokens = baseline_tokens(world(TAU, SIZES, [("a", 1.0), ("b", 3.0)]), "target only")
    assert tokens / tokens.sum() == pytest.approx([0.25, 0.75, 0.0])


def test_pools_of_a_language_share_by_size():
    pools = [pool("a", 1.0), pool("a", 3.0, corpus="books"), pool("b", 4.0)]
    tokens = baseline_tokens(world(np.eye(2), pools), "uniform")
    assert tokens / tokens.sum() == pytest.approx([0.125, 0.375, 0.5])


def test_a_published_mixture_is_scaled_to_the_languages_that_have_pools():
    mixture = PublishedMixture(
        name="toy",
        model="Toy",
        stage="pretraining",
        year=2025,
        shares=(("a", 0.2), ("c", 0.3), ("zzz", 0.4)),
        other=(("code", 0.1),),
        basis="tokens",
        status="stated",
        source="nowhere",
    )
    tokens = published_tokens(world(TAU, SIZES), mixture)
    assert tokens / tokens.sum() == pytest.approx([0.4, 0.0, 0.6])


def test_a_published_mixture_without_a_language_here():
    with pytest.raises(ProblemError, match="has no language with a pool in this problem"):
        published_tokens(world(TAU, SIZES), published("salamandra-7b"))


def test_an_unknown_name():
    with pytest.raises(ProblemError, match="no reference mixture 'nothing': expected natural"):
        baseline_tokens(world(TAU, SIZES), "nothing")


@pytest.mark.parametrize("objective", ["loss", "worst"])
def test_no_baseline_within_the_limits_beats_the_answer(objective):
    for seed in (211, 212, 213):
        problem = random_world(seed, targets=2, objective=objective, budget=8e9)
        mixture = solve(problem)
        rows = compare(problem)
        assert {row.name for row in rows} >= {"target only", "natural", "unimax of targets"}
        assert len(rows) == 1 + len(names())
        kept = [row for row in rows if row.within_limits]
        assert kept
        for row in kept:
            assert row.value >= mixture.certificate.bound - 1e-9


def test_a_baseline_is_judged_like_the_answer():
    problem = random_world(214, targets=2, stderr=0.1, risk_aversion=1.0, objective="worst")
    reach = reaches(problem)
    for row in compare(problem):
        name = next((each for each in names() if baseline_title(each) == row.name), None)
        if name:
            tokens = baseline_tokens(problem, name)
            assert row.value == pytest.approx(score(problem, tokens, reach), rel=1e-6)
            assert row.tokens == pytest.approx(tokens.sum())
            assert sum(row.proportions.values()) == pytest.approx(1.0)


def test_limits_that_a_baseline_breaks_are_seen():
    limits = (
        ShareLimit("max", Selection("language", "c"), 0.5),
        Guardrail("b", 0.0, "uniform"),
    )
    problem = world(TAU, [5.0, 10.0, 100.0], ["a"], limits=limits, max_epochs=16.0)
    inside = {row.name: row.within_limits for row in compare(problem)}
    assert inside == {
        "target only": False,
        "natural": False,
        "temperature 1.43": False,
        "temperature 3.33": False,
        "unimax": True,
        "uniform": True,
    }


def test_repeats_past_the_cap_are_kept_and_said():
    problem = world(TAU, [1.0, 50.0, 50.0], ["a"], budget=30e9)
    rows = {row.name: row for row in compare(problem)}
    assert rows["uniform"].max_epochs == pytest.approx(10.0)
    assert not rows["uniform"].within_limits
    # The target alone is read as far as its cap lets anyone.
    assert rows["target only"].tokens == pytest.approx(4e9)
    assert rows["target only"].within_limits


def test_catalan_against_a_real_model():
    problem = shipped(["cat"])
    real = published("salamandra-7b")
    row = compare(problem, (real,))[-1]
    assert row.name == "salamandra-7b"
    assert "of it has pools here, scaled to 1" in row.note
    assert row.value > solve(problem).certificate.value
    assert tokens_of(solve(problem)).sum() == pytest.approx(row.tokens)


def test_unimax_reads_no_more_than_its_cap():
    """111B unique at 2 epochs: 222B of the 300B; it was once scaled up past its own cap."""
    problem = world(TAU, SIZES, ["a"], budget=300e9, max_epochs=2.0)
    assert baseline_tokens(problem, "unimax") / 1e9 == pytest.approx([2.0, 20.0, 200.0])
    row = next(row for row in compare(problem) if row.name == "unimax")
    assert row.within_limits
    assert row.max_epochs == pytest.approx(2.0)
    assert row.tokens == pytest.approx(222e9)
