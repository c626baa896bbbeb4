"""What moved is a difference: nothing from itself, backwards the reverse, far as a metric is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.evidence.store import Store
from atlasmix.mixture.diff import (
    Diff,
    Move,
    PhaseMove,
    Prediction,
    Side,
    SidePool,
    diff,
    largest_first,
    side_of_mixture,
)
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping

LANGUAGES = ("cat", "spa", "eng", "")
NAMES = [f"{language or 'code'}.{kind}" for language in LANGUAGES for kind in ("human", "other")]


@st.composite
def sides(draw: st.DrawFn, pools: bool | None = None) -> Side:
    """A mixture of a few pools and, where it says so, of what nobody knows the language of."""
    parts = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 1000), min_size=1))
    total = sum(parts.values())
    tokens = draw(st.none() | st.floats(1, 1e13))
    unique = st.none() | st.floats(1, 1e13)
    read = tuple(
        SidePool(
            name,
            "" if name.startswith("code") else name[:3],
            part / total,
            None if tokens is None else tokens * part / total,
            draw(unique),
        )
        for name, part in parts.items()
    )
    shares: dict[str, int] = {}
    for name, part in parts.items():
        if not name.startswith("code"):
            shares[name[:3]] = shares.get(name[:3], 0) + part
    with_pools = draw(st.booleans()) if pools is None else pools
    effects = draw(
        st.lists(
            st.builds(
                Prediction,
                st.sampled_from(("cat", "spa")),
                st.floats(0, 1e12),
                st.floats(1, 5) | st.just(math.inf),
                st.sampled_from(("", "nats per token")),
            ),
            unique_by=lambda effect: (effect.language, effect.unit),
            max_size=3,
        )
    )
    return Side(
        "side",
        tokens,
        tuple((key, part / total) for key, part in shares.items()),
        read if with_pools else None,
        tuple(effects),
    )


def backwards(move: Move) -> Move:
    return replace(
        move,
        before=move.after,
        after=move.before,
        tokens_before=move.tokens_after,
        tokens_after=move.tokens_before,
        epochs_before=move.epochs_after,
        epochs_after=move.epochs_before,
    )


@given(sides())
def test_nothing_moves_from_a_mixture_to_itself(side: Side) -> None:
    same = diff(side, side)
    assert same.moved() == ()
    assert same.distance == 0
    assert same.pool_distance in (0, None)
    assert all(effect.gain == 0 for effect in same.effects)
    assert len(same.effects) == len(side.effects)


@given(sides(), sides())
def test_backwards_is_the_reverse(a: Side, b: Side) -> None:
    there, back = diff(a, b), diff(b, a)
    assert there.distance == back.distance
    assert there.pool_distance == back.pool_distance
    assert there.languages == tuple(backwards(move) for move in back.languages)
    assert (there.pools is None) == (back.pools is None)
    assert there.pools is None or there.pools == tuple(map(backwards, back.pools or ()))
    assert {(effect.language, effect.unit) for effect in there.effects} == {
        (effect.language, effect.unit) for effect in back.effects
    }


@given(sides(), sides())
def test_shares_and_changes_add_up(a: Side, b: Side) -> None:
    moves = diff(a, b).languages
    assert sum(move.before for move in moves) == pytest.approx(1 - a.without_language)
    assert sum(move.after for move in moves) == pytest.approx(1 - b.without_language)
    gone = b.without_language - a.without_language
    assert sum(move.change for move in moves) == pytest.approx(-gone, abs=1e-12)
    for move in moves:
        known = a.tokens is not None or move.before == 0
        assert (move.tokens_before is not None) == known
        if a.tokens is not None:
            assert move.tokens_before == pytest.approx(move.before * a.tokens)
    assert [move.name for move in moves] == [
        move.name
        for move in sorted(moves, key=lambda move: (-max(move.before, move.after), move.name))
    ]


@given(sides(), sides(), sides())
def test_the_distance_is_a_metric_and_at_most_one(a: Side, b: Side, c: Side) -> None:
    ab, bc, ac = diff(a, b).distance, diff(b, c).distance, diff(a, c).distance
    assert 0 <= ab <= 1
    assert ac <= ab + bc + 1e-12
    # Apart by nothing are only mixtures of the same shares.
    assert (ab < 1e-12) == (not diff(a, b).moved(1e-12))


@given(sides(pools=True), sides(pools=True))
def test_by_pool_and_by_language_agree(a: Side, b: Side) -> None:
    whole = diff(a, b)
    assert whole.pools is not None
    assert whole.pool_distance is not None
    by_language: dict[str, list[Move]] = {}
    for move in whole.pools:
        by_language.setdefault(move.language, []).append(move)
    for move in whole.languages:
        pools = by_language.pop(move.language)
        assert move.before == pytest.approx(sum(pool.before for pool in pools))
        assert move.after == pytest.approx(sum(pool.after for pool in pools))
        if move.tokens_after is not None:
            assert move.tokens_after == pytest.approx(sum(pool.tokens_after or 0 for pool in pools))
        if len(pools) == 1:
            assert (move.epochs_before, move.epochs_after) == (
                pools[0].epochs_before,
                pools[0].epochs_after,
            )
    assert set(by_language) <= {""}
    # Between the pools of a language tokens move that stay in the language.
    assert whole.pool_distance >= whole.distance - 1e-12


def test_without_pools_there_is_no_difference_by_pool() -> None:
    known = Side("a", None, (("cat", 1.0),), (SidePool("cat.human", "cat", 1.0, None),))
    shares = Side("b", None, (("cat", 0.5),))
    apart = diff(known, shares)
    assert apart.pools is apart.pool_distance is None
    assert apart.distance == 0.5
    assert apart.languages[0].epochs_after is None
    assert diff(shares, Side("c", None, (("eng", 1.0),))).languages[1].epochs_after == 0


def test_the_largest_change_comes_first_and_small_ones_can_be_left_out() -> None:
    a = Side("a", 1.0, (("cat", 0.5), ("spa", 0.3), ("eng", 0.2)))
    b = Side("b", 1.0, (("cat", 0.49), ("spa", 0.01), ("eng", 0.5)))
    apart = diff(a, b)
    assert [move.language for move in apart.languages] == ["cat", "eng", "spa"]
    assert [move.language for move in apart.moved()] == ["eng", "spa", "cat"]
    assert [move.language for move in apart.moved(0.1)] == ["eng", "spa"]
    assert largest_first(apart.languages) == apart.moved()


def test_losses_in_another_unit_are_not_compared() -> None:
    a = Side("a", 1.0, (), effects=(Prediction("cat", 4.0, 2.0, "nats"),))
    b = Side("b", 1.0, (), effects=(Prediction("cat", 5.0, 2.5, "bits"),))
    assert diff(a, b).effects == ()
    (effect,) = diff(a, replace(b, effects=(Prediction("cat", 5.0, 2.5, "nats"),))).effects
    assert (effect.gain, effect.loss_change, effect.unit) == (0.25, 0.5, "nats")


def test_a_phase_that_only_one_has_is_no_phase_that_reads_nothing() -> None:
    a = Side("a", 1.0, (), phases=(("main", (("cat", 1.0),)), ("anneal", (("cat", 1.0),))))
    b = Side("b", 1.0, (), phases=(("main", (("cat", 0.5), ("spa", 0.5))),))
    assert diff(a, b).phases == (
        PhaseMove("main", "cat", 1.0, 0.5),
        PhaseMove("main", "spa", 0.0, 0.5),
        PhaseMove("anneal", "cat", 1.0, None),
    )


@pytest.fixture(scope="module")
def answers(store: Store) -> tuple[Mixture, Mixture]:
    questions = ({"targets": "cat"}, {"targets": "cat", "max_epochs": 2})
    first, second = (solve(problem_from_mapping(each, store)) for each in questions)
    return first, second


def test_an_answer_is_a_side_with_all_that_it_reads(answers: tuple[Mixture, Mixture]) -> None:
    mixture = answers[0]
    side = side_of_mixture(mixture, "answer", "nats per token")
    assert dict(side.shares) == mixture.proportions
    assert side.without_language == 0
    assert {pool.name: pool.tokens for pool in side.pools or ()} == {
        share.pool.name: share.tokens for share in mixture.read
    }
    assert [effect.loss for effect in side.effects] == [effect.loss for effect in mixture.targets]


def test_epochs_of_answers_are_those_of_their_pools(answers: tuple[Mixture, Mixture]) -> None:
    apart: Diff = diff(*(side_of_mixture(mixture) for mixture in answers))
    for mixture, name in zip(answers, ("epochs_before", "epochs_after"), strict=True):
        epochs = {share.pool.name: share.epochs for share in mixture.read}
        for move in apart.pools or ():
            assert getattr(move, name) == pytest.approx(epochs.get(move.name, 0.0))
