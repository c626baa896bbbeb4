"""What runs of one size cannot tell is taken from a law: said, recorded, drawn, and no more."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_mixtures import SETS, SOURCES, made_law, made_mixtures

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.assumed import GivenLaw, assumed_by
from atlasmix.fitting.given_law import given_law
from atlasmix.fitting.law_file import law_mapping, law_text, load_learned_law
from atlasmix.fitting.learning import LearnQuestion, draw_laws, learn
from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.mixture_runs import BITS, MixtureRuns, Mixtures, groups_of
from atlasmix.fitting.runs import frozen
from atlasmix.io.shipped import data_folder
from atlasmix.laws.kinds import LossLaw

N, D = 4e8, 8e9
ALPHA, BETA = 0.34, 0.28
LAW = LossLaw("teacher", 1.7, 406.0, ALPHA, 410.0, BETA, "nats per token", "web", "made here")
GIVEN = GivenLaw(LAW, "0" * 64)
KNOWN = LearnQuestion(compared=(), constants_from=GIVEN)
UNKNOWN = LearnQuestion(compared=(), for_solve=True)


def truth() -> MixingLaw:
    """A law whose α, β, B and, of the set without an own source, A are those of the teacher."""
    law = made_law(2, alpha=ALPHA)
    own = law.own >= 0
    every = np.ones(len(SETS))
    return replace(
        law,
        alpha=every * ALPHA,
        beta=every * BETA,
        data=np.where(own, 410.0 / D**BETA, law.data),
        capacity=np.where(own, law.capacity, 406.0 / N**ALPHA),
        background=0.0 * every,
        scale=Scale(N, D, 0.0, frozen(np.full(len(SOURCES), np.inf)), True, True),
    )


def runs(count: int = 120, params: float = N, tokens: float | None = D) -> MixtureRuns:
    mixtures = made_mixtures(count)
    sizes = None if tokens is None else np.full(count, tokens)
    mixtures = replace(mixtures, params=np.full(count, params), tokens=sizes)
    loss = truth().predict(mixtures)
    noise = 0.002 * np.random.default_rng(5).normal(size=loss.shape)
    return MixtureRuns(mixtures, SETS, frozen(loss + noise), truth().own, groups_of(mixtures))


def larger(count: int = 100) -> Mixtures:
    """Mixtures of another size, five times the parameters and tokens of the runs."""
    return replace(
        made_mixtures(count, 31), params=np.full(count, 5 * N), tokens=np.full(count, 5 * D)
    )


def test_runs_of_one_size_foretell_another_by_the_exponents_of_a_law() -> None:
    """An α or β that is not used, or a B that is not counted from D₀, would be far off."""
    wanted = truth().predict(larger())
    small = truth().predict(replace(larger(), params=None, tokens=None))
    own = truth().own >= 0
    known, unknown = learn(runs(), KNOWN), learn(runs(), UNKNOWN)
    off = np.abs(known.law.predict(larger()) - wanted)[:, own].mean()
    moved = np.abs(small - wanted)[:, own].mean()
    assert off < 0.15 * moved
    # Without the law, runs of one size say of another what they say of their own.
    assert np.abs(unknown.law.predict(larger()) - wanted)[:, own].mean() > 0.9 * moved
    assert known.assumed is not None
    assert known.assumed.names == ("alpha", "A", "beta", "B")
    assert unknown.assumed is None
    law = known.law
    assert isinstance(law, MixingLaw)
    np.testing.assert_allclose(law.alpha, ALPHA)
    np.testing.assert_allclose(law.beta, BETA)
    np.testing.assert_allclose(law.data[own], 410.0 / D**BETA)


def test_what_the_runs_tell_is_not_taken() -> None:
    """Runs of several D have a β of their own; of several N and D nothing is taken."""
    given = runs()
    tokens = np.where(np.arange(given.count) % 2, D, 4 * D)
    varied = replace(given, mixtures=replace(given.mixtures, tokens=tokens))
    assumed = assumed_by(varied, GIVEN)
    assert assumed is not None
    assert assumed.names == ("alpha", "A")
    params = np.where(np.arange(given.count) % 3, N, 3 * N)
    both = replace(varied, mixtures=replace(varied.mixtures, params=params))
    assert assumed_by(both, GIVEN) is None
    assert assumed_by(given, None) is None


def test_a_share_that_no_run_leaves_out_tells_no_least_capacity() -> None:
    """μ is the law's there, and the runs' own where some read nothing of a set's source."""
    given = runs()
    weights = np.maximum(given.weights, 0.02)
    weights /= weights.sum(axis=1, keepdims=True)
    full = replace(given, mixtures=replace(given.mixtures, weights=weights))
    for each, known in ((given, False), (full, True)):
        assumed = assumed_by(each, GIVEN)
        assert assumed is not None
        assert ("mu" in assumed.names) is known


def test_assumed_constants_are_drawn_as_their_card_says() -> None:
    """One draw for all sets; a card without a covariance leaves every draw alike."""
    spread = np.diag([0.0, 0.0, 0.04, 0.0, 0.01])
    doubted = replace(LAW, covariance=tuple(map(tuple, spread.tolist())))
    for law, deviation in ((LAW, 0.0), (doubted, 0.1)):
        question = replace(KNOWN, constants_from=GivenLaw(law, "0" * 64))
        drawn = draw_laws(learn(runs(40), question), 24, 1)
        betas = np.log([each.beta for each in drawn if isinstance(each, MixingLaw)])
        assert np.ptp(betas, axis=1).max() < 1e-12
        assert betas[:, 0].std() == pytest.approx(deviation, abs=1e-9)
        assert betas[:, 0].mean() == pytest.approx(np.log(BETA))


def test_the_file_of_a_law_says_what_is_assumed(tmp_path: Path) -> None:
    name = "hoffmann-2022"
    learned = learn(runs(40), replace(KNOWN, constants_from=given_law(name)))
    content = law_mapping(learned, "mine", [("runs.csv", "0" * 64)])
    path = tmp_path / "mine.yaml"
    path.write_text(law_text(content), encoding="utf-8")
    saved = load_learned_law(path)
    card = (data_folder() / "scaling_laws" / f"{name}.yaml").read_bytes()
    assert saved.content["assumed"]["law"] == name
    assert saved.content["assumed"]["sha256"] == hashlib.sha256(card).hexdigest()
    assert saved.content["assumed"]["constants"] == {
        "alpha": 0.34, "A": 406.4, "beta": 0.28, "B": 410.7,
    }  # fmt: skip
    np.testing.assert_array_equal(saved.law.predict(larger()), learned.law.predict(larger()))


def test_a_law_that_cannot_serve_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="of losses in nats per token and the runs have theirs"):
        assumed_by(replace(runs(), unit=BITS), GIVEN)
    bare = replace(runs(), mixtures=made_mixtures(120))
    with pytest.raises(DataError, match="add the columns params and tokens"):
        assumed_by(bare, GIVEN)
    path = tmp_path / "mine.yaml"
    content = law_mapping(learn(runs(40), KNOWN), "mine", [("runs.csv", "0" * 64)])
    path.write_text(law_text(content), encoding="utf-8")
    with pytest.raises(ProblemError, match="has constants for each of its losses"):
        given_law(str(path))
    with pytest.raises(DataError, match="no law 'hofman-2022': did you mean hoffmann-2022"):
        given_law("hofman-2022")
    with pytest.raises(ProblemError, match="cannot drive a solve"):
        given_law("atlas-2025-curse")
