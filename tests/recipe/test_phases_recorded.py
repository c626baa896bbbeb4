"""Phases in question and recipe: read, written, recorded to the token, checked and compared."""

from __future__ import annotations

import copy
import dataclasses
import re
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from recipe_samples import set_at

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.phases import split_phases
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping
from atlasmix.problem.phases import Phase
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.check import check
from atlasmix.recipe.compare import compare_mixtures
from atlasmix.recipe.file import dump_recipe, load_recipe, recipe_mapping, recipe_schema
from atlasmix.recipe.phases import recipe_phases
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.recipe.run_phases import ONLY_PHASE, phases_of

QUESTION: dict[str, Any] = {
    "targets": {"cat": 2, "eng": 1, "spa": 1},
    "budget": "300B",
    "groups": {"iberian": ["spa", "por"]},
    "phases": [
        {"name": "warm-up", "tokens": "10%"},
        {"name": "main", "tokens": "rest"},
        {"name": "anneal", "tokens": "45B", "min": {"ca": "55%"}, "max": {"iberian": 0.05}},
    ],
}
SHIPPED = Store("/nonexistent")


@pytest.fixture(scope="module")
def asked(store: Store) -> MixProblem:
    return problem_from_mapping(QUESTION, store)


@pytest.fixture(scope="module")
def found(asked: MixProblem) -> Mixture:
    return solve(asked)


@pytest.fixture(scope="module")
def phased(asked: MixProblem, found: Mixture) -> Recipe:
    return make_recipe(asked, found)


def test_phases_are_read_as_they_are_written(asked: MixProblem) -> None:
    iberian = Selection("group", "iberian", ("spa", "por"))
    low = ShareLimit("min", Selection("language", "cat"), 0.55)
    assert asked.phases == (
        Phase("warm-up", share=0.1),
        Phase("main"),
        Phase("anneal", tokens=45e9, limits=(low, ShareLimit("max", iberian, 0.05))),
    )


def test_a_question_with_phases_goes_there_and_back(asked: MixProblem) -> None:
    written = problem_to_mapping(asked)
    assert written["phases"] == [
        {"name": "warm-up", "tokens": 0.1},
        {"name": "main", "tokens": "rest"},
        {
            "name": "anneal",
            "tokens": 45_000_000_000,
            "min": {"cat": 0.55},
            "max": {"iberian": 0.05},
        },
    ]
    assert written["groups"] == {"iberian": ["spa", "por"]}
    again = problem_from_mapping(yaml.safe_load(yaml.safe_dump(written)), SHIPPED)
    assert again.phases == asked.phases
    assert problem_to_mapping(again) == written


def test_a_star_in_a_phase_is_every_target() -> None:
    phases = [{"name": "main"}, {"name": "end", "tokens": "20%", "min": {"*": "10%", "eng": 0.3}}]
    asked = {"targets": "cat,spa", "phases": phases}
    problem = problem_from_mapping(asked, SHIPPED)
    assert [limit.name for limit in problem.phases[1].limits] == [
        "min cat 10%",
        "min spa 10%",
        "min eng 30%",
    ]
    written = problem_to_mapping(problem)
    assert written["phases"][1]["min"] == {"*": 0.1, "eng": 0.3}
    assert problem_from_mapping(written, SHIPPED).phases == problem.phases


@pytest.mark.parametrize(
    "caps",
    [
        2,
        0.5,
        {"cat": 1},
        {"default": 2, "cat": 1, "provenance:human": 1.5},
        {"north": 1, "default": 3.25},
    ],
)
def test_caps_of_a_phase_go_there_and_back(caps: Any) -> None:
    """A cap of 1 read back as one of the whole run, or as a share of 1, would be another plan."""
    phases = [{"name": "main"}, {"name": "end", "tokens": "20%", "max_epochs": caps}]
    groups = {"north": ["swe", "nob"]}
    problem = problem_from_mapping({"targets": "cat", "groups": groups, "phases": phases}, SHIPPED)
    assert problem.max_epochs == 4
    assert not problem.phases[0].is_capped
    written = problem_to_mapping(problem)
    kept = written["phases"][1]["max_epochs"]
    assert "max_epochs" not in written["phases"][0]
    assert kept == caps
    assert problem_from_mapping(written, SHIPPED).phases == problem.phases


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 999), min_size=1, max_size=6), st.booleans())
def test_any_shares_go_there_and_back(parts: list[int], rest: bool) -> None:
    whole = sum(parts)
    phases: list[dict[str, Any]] = [
        {"name": f"p{place}", "tokens": part / whole} for place, part in enumerate(parts)
    ]
    if rest:
        phases[-1]["tokens"] = "rest"
    first = problem_from_mapping({"targets": "cat", "phases": phases}, SHIPPED)
    again = problem_from_mapping(problem_to_mapping(first), SHIPPED)
    assert again.phases == first.phases


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ([], "phases is []: expected a list such as [{name: main"),
        ({"main": "80%"}, "expected a list such as [{name: main"),
        ("main", "phases is 'main': expected a list"),
        (["main"], "phase 1 is 'main': expected a mapping such as {name: anneal"),
        ([{"tokens": "80%"}], "phase 1 has no name"),
        ([{"name": 3}], "the name of phase 1 is 3: expected a text"),
        ([{"name": "x", "token": 1}], "phase 1 has no key 'token': did you mean tokens?"),
        ([{"name": "x", "tokens": "lots"}], "phase x tokens is 'lots': expected a share such as"),
        ([{"name": "x", "tokens": True}], "phase x tokens is True: expected a share such as 80%"),
        ([{"name": "x", "tokens": -5}], "phase x tokens is -5: expected a share such as 80%"),
        ([{"name": "x", "tokens": None}], "phase x tokens is None: expected a share"),
        ([{"name": "x", "tokens": "120%"}], "phase x tokens is '120%': expected a share of"),
        ([{"name": "x", "tokens": "50%"}], "sum to 50%: expected 100%"),
        ([{"name": "x", "tokens": "400B"}], "asks for 400B tokens, above the budget of 100B"),
        ([{"name": "x", "min": {"cat": 2}}], "phase x: min cat is '2': expected a share"),
        ([{"name": "x", "min": {"rom": 0.1}}], "phase x: min rom selects none of the"),
        (
            [{"name": "x", "min": {"ca": 0.1, "cat": 0.2}}],
            "phase x: limit 'min Catalan 20%' is the",
        ),
        ([{"name": "x", "min": ["cat"]}], "phase x: min is ['cat']: expected a mapping"),
        ([{"name": "x", "max": {"famly:Romance": 0.1}}], "phase x: max famly:Romance names"),
        ([{"name": "x", "max_epochs": "lots"}], "phase x: max_epochs is 'lots': expected a finite"),
        ([{"name": "x", "max_epochs": ["cat"]}], "phase x: max_epochs is ['cat']: expected a"),
        ([{"name": "x", "max_epochs": {"cat": -1}}], "limit 'max epochs Catalan -1': expected"),
        ([{"name": "x", "max_epochs": 99}], "phase x: max epochs 99: expected more than 0 and at"),
        ([{"name": "x", "max_epochs": {"rom": 1}}], "phase x: max_epochs rom selects none of the"),
        (
            [{"name": "x", "max_epochs": {"ca": 1, "cat": 2}}],
            "phase x: limit 'max epochs Catalan 2' is the second for the same",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_phases_that_cannot_be_read(phases: object, words: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(words)):
        problem_from_mapping({"targets": "cat", "phases": phases}, SHIPPED)


def test_the_record_adds_up_both_ways(phased: Recipe) -> None:
    assert [phase.name for phase in phased.phases] == ["warm-up", "main", "anneal"]
    assert [phase.tokens for phase in phased.phases] == [30 * 10**9, 225 * 10**9, 45 * 10**9]
    read: dict[str, int] = {}
    for phase in phased.phases:
        assert sum(pool.tokens for pool in phase.pools) == phase.tokens
        assert sum(round(pool.proportion * 10**6) for pool in phase.pools) == 10**6
        for pool in phase.pools:
            read[pool.name] = read.get(pool.name, 0) + pool.tokens
            assert pool.tokens > 0
    assert read == {pool.name: pool.tokens for pool in phased.pools}
    last = {pool.name: pool.epochs_after for pool in phased.phases[-1].pools}
    assert last.items() <= {pool.name: pool.epochs for pool in phased.pools}.items()
    anneal = phased.phase_proportions["anneal"]
    assert anneal["cat"] == pytest.approx(0.55, abs=2e-6)
    assert anneal.get("spa", 0.0) + anneal.get("por", 0.0) <= 0.05 + 2e-6


def test_the_record_says_what_the_answer_says(phased: Recipe, found: Mixture) -> None:
    for recorded, phase in zip(phased.phases, found.phases, strict=True):
        shares = {share.pool.name: share.proportion for share in phase.shares}
        written = {pool.name: pool.proportion for pool in recorded.pools}
        for name in shares.keys() | written.keys():
            assert written.get(name, 0.0) == pytest.approx(shares.get(name, 0.0), abs=2e-5)


def test_phases_change_nothing_else_of_a_recipe(phased: Recipe, store: Store) -> None:
    plain = problem_from_mapping({**QUESTION, "phases": None}, store)
    whole = recipe_mapping(make_recipe(plain, solve(plain)))
    divided = recipe_mapping(phased)
    assert "phases" not in whole["answer"]
    assert "phases" not in whole["question"]
    divided["answer"].pop("phases")
    divided["question"].pop("phases")
    assert divided["question"].pop("groups") == {"iberian": ["spa", "por"]}
    assert divided == whole


def test_same_bytes_and_read_back(phased: Recipe, store: Store) -> None:
    text = dump_recipe(phased)
    assert load_recipe(text) == phased
    assert dump_recipe(load_recipe(text)) == text
    again = problem_from_mapping(phased.question, store)
    assert dump_recipe(make_recipe(again, solve(again))) == text
    jsonschema.Draft202012Validator(recipe_schema()).validate(yaml.safe_load(text))


def test_exporters_see_at_least_one_phase(recipe: Recipe, phased: Recipe) -> None:
    (only,) = phases_of(recipe)
    assert (only.name, only.tokens) == (ONLY_PHASE, recipe.tokens)
    assert dict(only.pools) == {pool.name: pool.tokens for pool in recipe.pools}
    phases = phases_of(phased)
    assert [phase.name for phase in phases] == ["warm-up", "main", "anneal"]
    assert all(sum(count for _, count in phase.pools) == phase.tokens for phase in phases)
    assert sum(phase.tokens for phase in phases) == phased.tokens


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whole_tokens_add_up_for_any_totals(data: st.DataObject) -> None:
    problem = problem_from_mapping({"targets": "cat", "budget": "1P"}, SHIPPED)
    chosen = data.draw(
        st.lists(st.sampled_from(problem.pools), min_size=1, max_size=6, unique=True)
    )
    scale = data.draw(st.sampled_from([1, 997, 10**5, 10**9 + 7]))
    tokens = {pool.name: data.draw(st.integers(1, 10**6)) * scale for pool in chosen}
    parts = data.draw(st.lists(st.integers(1, 50), min_size=1, max_size=4))
    phases = tuple(Phase(f"p{n}", part / sum(parts)) for n, part in enumerate(parts))
    first = ShareLimit("max", Selection("pool", chosen[0].name), 0.5)
    if len(parts) > 1 and len(chosen) > 1 and 2 * tokens[chosen[0].name] < sum(tokens.values()):
        phases = (dataclasses.replace(phases[0], limits=(first,)), *phases[1:])
    recorded = recipe_phases(dataclasses.replace(problem, phases=phases), tokens)
    read = dict.fromkeys(tokens, 0)
    for phase in recorded:
        for pool in phase.pools:
            read[pool.name] += pool.tokens
    assert read == tokens
    total = sum(tokens.values())
    for phase, asked in zip(recorded, phases, strict=True):
        assert phase.tokens == pytest.approx((asked.share or 0) * total, abs=6 + 1e-8 * total)


def test_where_limits_only_just_leave_a_split_rounding_does_not_refuse_it(store: Store) -> None:
    """The anneal takes exactly all Catalan of the whole, to the last digit."""
    plain = {"targets": {"cat": 1, "eng": 1}, "budget": "100B"}
    whole = solve(problem_from_mapping(plain, store))
    part = whole.proportions["cat"]
    phases = [{"name": "main"}, {"name": "anneal", "tokens": part, "min": {"cat": 1}}]
    problem = problem_from_mapping({**plain, "phases": phases}, store)
    recipe = make_recipe(problem, solve(problem))
    assert recipe.phase_proportions["anneal"]["cat"] == pytest.approx(1, abs=5e-6)
    assert load_recipe(dump_recipe(recipe)) == recipe


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("answer", "phases", 2, "tokens"), 45_000_000_001, "300000000001 tokens, the whole"),
        (
            ("answer", "phases", 2, "name"),
            "cooldown",
            "the question asks for warm-up, main, anneal",
        ),
        (("answer", "phases"), [], "found [], expected a list of length >= 1"),
        (("question", "phases"), None, "found None, expected a list"),
        (("answer", "phases", 0, "pools", 0, "tokens"), 5, "but its pools read"),
        (("answer", "phases", 0, "pools", 0, "tokens"), 1.5, "found 1.5, expected a whole number"),
        (
            ("answer", "phases", 0, "pools", 0, "name"),
            "xyz.human.web",
            "does not read xyz.human.web",
        ),
        (("answer", "phases", 0, "pools", 0, "proportion"), 0.2, "proportions sum to"),
        (("answer", "phases", 1, "pools", 0, "epochs"), 9.0, "epochs of spa.human.hplt-v4 do not"),
        (("answer", "phases", 1, "pools", 0, "epochs_after"), 9.0, "epochs_after of spa.human"),
        (("answer", "phases", 1, "pools", 0, "extra"), 1, "no key 'extra': expected name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_that_does_not_add_up_is_refused(
    phased: Recipe, place: tuple[str | int, ...], value: object, words: str
) -> None:
    content = copy.deepcopy(yaml.safe_load(dump_recipe(phased)))
    set_at(content, place, value)
    with pytest.raises(DataError, match=re.escape(words)):
        load_recipe(yaml.safe_dump(content, sort_keys=False))


def test_a_question_without_its_phases_is_refused(phased: Recipe) -> None:
    content = yaml.safe_load(dump_recipe(phased))
    del content["question"]["phases"]
    with pytest.raises(DataError, match="warm-up, main, anneal, but the question asks for none"):
        load_recipe(yaml.safe_dump(content))


def test_check_holds_and_sees_tokens_moved_between_phases(phased: Recipe, store: Store) -> None:
    assert check(phased, store).verdict == "holds"
    report = check(_moved(phased, 10**9), store)
    assert report.verdict == "drifted"
    assert report.shifts == ()
    assert {one.phase for one in report.phases} == {"main", "anneal"}
    assert {one.pool for one in report.phases} == {phased.pools[0].name, phased.pools[1].name}


def _moved(recipe: Recipe, tokens: int) -> Recipe:
    """The recipe with tokens of its two largest pools swapped between main and anneal."""
    first, second = recipe.pools[0].name, recipe.pools[1].name
    signs = {("main", first): 1, ("anneal", first): -1, ("main", second): -1, ("anneal", second): 1}
    phases = []
    for phase in recipe.phases:
        pools = []
        for pool in phase.pools:
            count = pool.tokens + signs.get((phase.name, pool.name), 0) * tokens
            share = round(count / phase.tokens, 6)
            pools.append(dataclasses.replace(pool, tokens=count, proportion=share))
        phases.append(dataclasses.replace(phase, pools=tuple(pools)))
    return dataclasses.replace(recipe, phases=tuple(phases))


def test_a_recipe_whose_phases_no_longer_fit_is_broken(phased: Recipe, store: Store) -> None:
    phases = copy.deepcopy(phased.question["phases"])
    phases[2]["min"]["cat"] = 0.99
    phases[2]["tokens"] = 250_000_000_000
    question = {**phased.question, "phases": phases}
    report = check(dataclasses.replace(phased, question=question), store)
    assert report.verdict == "broken"
    assert (
        "the limits of the phases cannot all hold: 'min Catalan 99%' of phase anneal"
        in report.reason
    )


def test_compare_shows_phases_of_both(phased: Recipe, store: Store) -> None:
    other = copy.deepcopy(QUESTION)
    other["phases"] = [{"name": "main", "tokens": "rest"}, *other["phases"][2:]]
    problem = problem_from_mapping(other, store)
    second = make_recipe(problem, solve(problem))
    apart = compare_mixtures(phased, second, store)
    assert apart.diff.distance == 0
    assert [key for key, _, _ in apart.question] == ["phases"]
    rows = {(row.phase, row.language): row for row in apart.diff.phases}
    assert rows[("warm-up", "cat")].after is None
    assert rows[("anneal", "cat")].before == pytest.approx(0.55, abs=2e-6)
    assert rows[("anneal", "cat")].before == rows[("anneal", "cat")].after
    assert compare_mixtures(phased, phased, store).question == ()


def test_the_record_is_the_split_of_whole_tokens(asked: MixProblem, phased: Recipe) -> None:
    """What stands in a recipe follows from its totals and its question alone."""
    import numpy as np

    tokens = {pool.name: pool.tokens for pool in phased.pools}
    counts = np.array([float(tokens.get(pool.name, 0)) for pool in asked.pools])
    for phase, recorded in zip(
        split_phases(asked.phases, asked.pools, counts), phased.phases, strict=True
    ):
        exact = {share.pool.name: share.tokens for share in phase.shares}
        for pool in recorded.pools:
            assert pool.tokens == pytest.approx(exact[pool.name], abs=1e-8 * phased.tokens)
