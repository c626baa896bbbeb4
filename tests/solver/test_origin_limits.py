"""Shares within a language: human floors, caps by kind, unknown text, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import grid, score, tokens_of
from worlds import pool, world

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence.pools import Pool
from atlasmix.laws.collapse import ACCUMULATION_LIMIT, amplification
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import HUMAN_FLOORS, OriginLimit, idle_limits
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.engines import Engine

POOLS = (
    pool("a", 2.0),
    pool("a", 40.0, "translated"),
    pool("a", 6.0, "unknown"),
    pool("b", 60.0),
)


def mixed(*limits: OriginLimit, **options: object) -> MixProblem:
    """A target with little human text, much translated text, some unknown, and a donor."""
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    return world(tau, list(POOLS), budget=30e9, limits=limits, **options)


def human_share(mixture: Mixture, unknown: float = 0.0) -> float:
    """Share of what is read of a that people wrote."""
    trust = {"human": 1.0, "unknown": unknown}
    read = {
        share.pool.provenance: share.tokens for share in mixture.pools if share.pool.language == "a"
    }
    return sum(trust.get(key, 0.0) * tokens for key, tokens in read.items()) / sum(read.values())


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_floor_holds_within_the_language_whatever_the_donor_reads(share, engine):
    mixture = solve(mixed(OriginLimit("min", "a", "human", share)), engine)
    assert human_share(mixture) >= share - 1e-6
    assert human_share(solve(mixed())) < 0.28  # it would not hold by itself


def test_the_floor_is_a_share_of_the_language_and_not_of_all_tokens():
    """A share of all tokens would count the donor's text, and ask for more than there is."""
    mixture = solve(mixed(OriginLimit("min", "a", "human", 1.0)))
    assert human_share(mixture) == pytest.approx(1.0, abs=1e-6)
    assert mixture.proportions["b"] > 0.5


@pytest.mark.parametrize("origin", ["human", "translated", "synthetic", "unknown"])
def test_no_mixture_of_a_grid_within_the_limit_is_better(origin):
    bound, share = ("min", 0.45) if origin == "human" else ("max", 0.3)
    limit = OriginLimit(bound, "a", origin, share)
    problem = mixed(limit)
    mixture = solve(problem)
    points = grid(problem, 13)
    own = np.array([pool.language == "a" for pool in POOLS])
    counted = points @ limit.counts(POOLS, 0.0)
    whole = points @ own
    sign = 1.0 if bound == "max" else -1.0
    kept = sign * (counted - share * whole) <= 1e-9 * problem.budget
    values = score(problem, points[kept])
    mine = score(problem, tokens_of(mixture)[None, :])[0]
    part = mine - problem.law.E
    assert mine <= values.min() + 2e-5 * part
    assert mixture.certificate.bound <= values.min()
    assert mixture.certificate.gap <= 2e-5


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=4))
@settings(max_examples=15, deadline=None)
def test_a_higher_floor_never_gives_a_better_mixture(shares):
    values = [
        solve(mixed(OriginLimit("min", "a", "human", share))).certificate.value
        for share in sorted(shares)
    ]
    assert all(after >= before - 3e-5 for before, after in pairwise(values))


def test_what_is_not_known_is_not_human_unless_somebody_says_so():
    floor = OriginLimit("min", "a", "human", 0.5)
    strict = solve(mixed(floor))
    assert human_share(strict) >= 0.5 - 1e-6
    stated = solve(mixed(floor, unknown_human=0.6))
    assert human_share(stated, unknown=0.6) >= 0.5 - 1e-6
    assert stated.certificate.value <= strict.certificate.value + 1e-9
    with pytest.raises(ProblemError, match="human part of unknown text"):
        solve(mixed(floor, unknown_human=1.5))


def test_a_cap_of_nothing_closes_the_kind():
    mixture = solve(mixed(OriginLimit("max", "a", "synthetic", 0.0)))
    assert sum(s.tokens for s in mixture.pools if s.pool.provenance == "translated") == 0


def test_the_named_floors_are_what_they_are_called_after():
    assert amplification(HUMAN_FLOORS["balanced"]) == pytest.approx(ACCUMULATION_LIMIT)
    assert HUMAN_FLOORS["conservative"] == pytest.approx(2 / 3)
    assert HUMAN_FLOORS["articles"] == 0.25


QUESTION = {"targets": {"cat": 1, "glg": 1}, "pools": {"provenance": ["human", "translated"]}}


def test_a_floor_by_name_is_one_of_every_target_and_is_read_back():
    problem = problem_from_mapping({**QUESTION, "human_floor": "balanced"})
    names = [limit.name for limit in problem.limits]
    assert names == ["min cat/human 37.38%", "min glg/human 37.38%"]
    written = problem_to_mapping(problem)
    assert problem_to_mapping(problem_from_mapping(written)) == written
    own = problem_from_mapping(
        {**QUESTION, "human_floor": "30%", "min": {"cat/human": "60%", "cat": "5%"}}
    )
    assert {limit.name for limit in own.limits} == {
        "min cat/human 60%",
        "min glg/human 30%",
        "min cat 5%",
    }


def test_a_star_speaks_of_every_target():
    problem = problem_from_mapping({**QUESTION, "max": {"*/translated": "33%"}})
    assert {limit.name for limit in problem.limits} == {
        "max cat/translated 33%",
        "max glg/translated 33%",
    }


def test_a_floor_leaves_human_text_alone():
    """A language whose pools are human anyway needs no limit, and has none."""
    problem = problem_from_mapping({"targets": "cat", "human_floor": "conservative"})
    assert problem.limits == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"human_floor": "most"}, "or one of conservative, balanced, articles"),
        ({"min": {"cat/human": 2}}, "expected a share of what is read of a language"),
        ({"min": {"qqq/human": 0.5}}, "qqq"),
        ({"phases": [{"name": "x", "tokens": "rest", "min": {"cat/human": 0.5}}]}, "whole run"),
    ],
)
def test_what_cannot_be_read_is_refused(asked, said):
    with pytest.raises(Exception, match=said):
        problem_from_mapping({**QUESTION, **asked})


def test_a_mixture_that_hangs_on_an_assumed_worth_says_so():
    asked = {
        "targets": "cat",
        "budget": "300B",
        "pools": {"provenance": ["human", "translated"]},
        "draws": 0,
    }
    mixture = solve(problem_from_mapping(asked))
    (caveat,) = (each for each in mixture.caveats if each.kind == "worth")
    assert "72% of the tokens are translated text" in caveat.sentence
    assert "at 0.2 it would be" in caveat.sentence
    stated = solve(problem_from_mapping({**asked, "worth": {"translated": 1.5}}))
    assert not [each for each in stated.caveats if each.kind == "worth"]  # it was asked for
    human = solve(problem_from_mapping({"targets": "cat", "budget": "300B", "draws": 0}))
    assert not [each for each in human.caveats if each.kind == "worth"]


def test_floors_work_under_every_objective():
    floor = OriginLimit("min", "a", "human", 0.5)
    for options in ({"objective": "expected", "draws": 20}, {"objective": "worst"}):
        mixture = solve(replace(mixed(floor), **options))
        assert human_share(mixture) >= 0.5 - 1e-6


def made(**how: object) -> MixProblem:
    """Human and generated text of a target and a donor, the generated text made in some way."""
    written = replace(pool("a", 40.0, "translated"), **how)
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    return world(tau, [pool("a", 2.0), written, pool("b", 60.0)], budget=30e9)


def machine_share(mixture: Mixture) -> float:
    return sum(s.proportion for s in mixture.pools if s.pool.provenance == "translated")


def test_text_that_lies_deeper_is_worth_less():
    """q over the generation: two models from people is half of one, and one is as it was."""
    values = [solve(made(generation=depth)).certificate.value for depth in (None, 1, 2, 4)]
    assert values[0] == values[1]
    assert values[1] < values[2] < values[3]
    halved = replace(made(), worth={**made().worth, "translated": 0.25})
    assert solve(halved).certificate.value == pytest.approx(values[2], rel=1e-12)


def test_deep_and_unverified_text_have_limits_of_their_own():
    deep = replace(made(generation=2), limits=(OriginLimit("max", "a", "deep", 0.0),))
    assert machine_share(solve(deep)) == 0.0
    shallow = replace(made(generation=1), limits=deep.limits)
    assert machine_share(solve(shallow)) > 0.5
    limit = (OriginLimit("max", "a", "unverified", 0.1),)
    open_share = machine_share(solve(replace(made(verified="a classifier"), limits=limit)))
    assert open_share > 0.5
    mixture = solve(replace(made(), limits=limit))
    own = mixture.proportions["a"]
    assert machine_share(mixture) <= 0.1 * own + 1e-6


def by(generator: str, billions: float, provenance: str = "translated") -> Pool:
    """Text of a that one generator wrote, or that nobody says who wrote."""
    corpus = generator.partition("/")[2] or generator or "web"
    return replace(pool("a", billions, provenance, corpus), generator=generator)


WRITERS = (
    pool("a", 2.0),
    by("meta/nllb", 20.0),
    by("gpt", 20.0, "generated"),
    by("", 20.0),
    pool("b", 60.0),
)


def written(*limits: OriginLimit, **options: object) -> MixProblem:
    """Human text of a, text of two generators and of one without a name, and a donor."""
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    worth = {"human": 1.0, "generated": 1.0, "translated": 0.5}
    told = {"budget": 30e9, "worth": worth, **options}
    return world(tau, list(WRITERS), limits=limits, **told)


def tokens_by(mixture: Mixture) -> dict[str, float]:
    """Tokens of a by what wrote them; human text under its own name."""
    return {
        share.pool.generator or share.pool.provenance: share.tokens
        for share in mixture.pools
        if share.pool.language == "a"
    }


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
@pytest.mark.parametrize(
    ("origin", "name"),
    [("generator:gpt", "gpt"), ("generator:unknown", "translated")],
)
def test_text_of_one_generator_stays_within_its_share_of_the_language(origin, name, engine):
    read = tokens_by(solve(written(OriginLimit("max", "a", origin, 0.2)), engine))
    assert read.get(name, 0.0) <= 0.2 * sum(read.values()) * (1 + 1e-5)
    free = solve(written())
    assert tokens_by(free).get("gpt", 0.0) > 0.5 * sum(tokens_by(free).values())


@pytest.mark.parametrize("engine", [None, Engine.CONIC])
def test_among_the_synthetic_the_share_is_of_what_machines_wrote(engine):
    """Of all of the language it would leave human text to make room for more of the generator."""
    problem = written(OriginLimit("max", "a", "synthetic/generator:gpt", 0.4))
    read = tokens_by(solve(problem, engine))
    machines = sum(tokens for name, tokens in read.items() if name != "human")
    assert read["gpt"] == pytest.approx(0.4 * machines, rel=1e-4)
    assert read["gpt"] < 0.39 * sum(read.values())


@pytest.mark.parametrize("origin", ["generator:gpt", "synthetic/generator:gpt"])
def test_no_mixture_of_a_grid_within_a_generators_limit_is_better(origin):
    limit = OriginLimit("max", "a", origin, 0.3)
    problem = written(limit)
    mixture = solve(problem)
    points = grid(problem, 9)
    gpt = points[:, 2]
    whole = points[:, 1:4].sum(axis=1) + ("synthetic" not in origin) * points[:, 0]
    kept = gpt <= 0.3 * whole + 1e-9 * problem.budget
    assert not kept.all()
    values = score(problem, points[kept])
    mine = score(problem, tokens_of(mixture)[None, :])[0]
    assert mine <= values.min() + 2e-5 * (mine - problem.law.E)
    assert mixture.certificate.bound <= values.min()
    assert mixture.certificate.gap <= 2e-5


def test_human_text_and_generated_text_of_one_worth_are_told_apart():
    """They would share a column, and human text would count as what machines wrote."""
    limit = OriginLimit("max", "a", "synthetic/generator:meta/nllb", 0.5)
    problem = written(limit, worth={"human": 1.0, "generated": 1.0, "translated": 1.0})
    read = tokens_by(solve(problem))
    machines = sum(tokens for name, tokens in read.items() if name != "human")
    assert read["meta/nllb"] <= 0.5 * machines * (1 + 1e-5)


def test_a_lone_generator_cannot_be_half_of_what_machines_wrote():
    tau = np.array([[1.0, 0.3], [0.3, 1.0]])
    pools = [pool("a", 2.0), by("gpt", 20.0), pool("b", 60.0)]
    limit = OriginLimit("max", "a", "synthetic/generator:gpt", 0.5)
    mixture = solve(world(tau, pools, budget=30e9, limits=(limit,)))
    assert tokens_by(mixture).get("gpt", 0.0) == 0.0


WROTE = "nemotron-cc-opus-1.1"
"""What the card of web-2026 says its translations were made with."""


def test_every_generator_of_a_language_is_written_by_name_and_read_back():
    problem = problem_from_mapping(
        {**QUESTION, "max": {"*/generator:*": "50%", f"cat/generator:{WROTE}": "20%"}}
    )
    names = [limit.name for limit in problem.limits]
    assert sorted(names) == [
        f"max cat/generator:{WROTE} 20%",
        f"max glg/generator:{WROTE} 50%",
    ]
    written = problem_to_mapping(problem)
    again = problem_from_mapping(written)
    assert [limit.name for limit in again.limits] == names
    assert problem_to_mapping(again) == written
    among = problem_from_mapping({**QUESTION, "max": {"*/synthetic/generator:*": "50%"}})
    assert among.limits[0].title == f"max text of {WROTE} among the synthetic in Catalan 50%"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"max": {"cat/generator:nemotron-opus": "20%"}}, f"did you mean {WROTE}"),
        ({"max": {"cat/generator:": "20%"}}, "names a generator that inventory web-2026"),
        ({"min": {"*/generator:*": "20%"}}, "expected one by name, or max"),
        ({"max": {f"cat/human/generator:{WROTE}": "20%"}}, "cat/human"),
        ({"max": {f"cat/generator:{WROTE}": "two"}}, "a share of what is read of a language"),
    ],
)
def test_a_generator_that_cannot_be_meant_is_refused(asked, said):
    with pytest.raises(AtlasMixError, match=said):
        problem_from_mapping({**QUESTION, **asked})


def test_a_generator_whose_pools_are_not_open_limits_nothing_and_it_is_said():
    asked = {"targets": "cat", "max": {f"cat/generator:{WROTE}": "20%"}}
    problem = problem_from_mapping(asked)
    (idle,) = idle_limits(problem.limits, problem.pools)
    assert f"max text of {WROTE} in Catalan 20%" in idle
    opened = problem_from_mapping({**asked, "pools": ["human", "translated"]})
    assert idle_limits(opened.limits, opened.pools) == ()
