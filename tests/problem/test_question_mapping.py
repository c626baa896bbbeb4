"""A question as plain data: read, refused with a sentence, written and read back."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import AtlasMixError, DataError, ProblemError, UnknownLanguage
from atlasmix.evidence.store import Store
from atlasmix.laws.kinds import DEFAULT_PHI, DEFAULT_PHI_RANGE
from atlasmix.problem.constraints import EpochCap, Guardrail, KeepTokens, Selection, ShareLimit
from atlasmix.problem.parsing import (
    QUESTION_KEYS,
    problem_from_mapping,
    problem_to_mapping,
    read_question,
)
from atlasmix.problem.problem import WORTH, check_problem
from atlasmix.recipe.file import dump_question

SHIPPED = Store("/nonexistent")
LAW: dict[str, Any] = {
    **{"name": "mine", "E": 1.5, "A": 400.0, "alpha": 0.3, "B": 900.0, "beta": 0.3},
    **{"unit": "nats per token", "measured_on": "our runs", "source": "us", "note": ""},
}
LANGUAGES = ("cat", "eng", "spa", "fra", "swe", "cmn", "nob", "arb", "swh")


@pytest.mark.parametrize("door", ["cat", "ca", "Catalan", "català", "cat_Latn", "CAT"])
def test_a_target_comes_through_every_door(door: str) -> None:
    assert problem_from_mapping({"targets": door}, SHIPPED).target_keys == ("cat",)


@pytest.mark.parametrize(
    ("written", "keys", "weights"),
    [
        ("cat,eng:2", ("cat", "eng"), (1.0, 2.0)),
        (["ca", "English:0.5"], ("cat", "eng"), (1.0, 0.5)),
        ({"no": 1, "zh": "3"}, ("nob", "cmn"), (1.0, 3.0)),
    ],
)
def test_targets_carry_weights(
    written: object, keys: tuple[str, ...], weights: tuple[float, ...]
) -> None:
    targets = problem_from_mapping({"targets": written}, SHIPPED).targets
    assert tuple(target.language for target in targets) == keys
    assert tuple(target.weight for target in targets) == weights


def test_by_default_human_web_pools_of_the_languages_of_the_matrix_are_read() -> None:
    problem = problem_from_mapping({"targets": "cat"}, SHIPPED)
    assert {pool.provenance for pool in problem.pools} == {"human"}
    assert {pool.kind for pool in problem.pools} == {"web"}
    inventory = SHIPPED.inventory()
    assert {pool.language for pool in problem.pools} == set(inventory.languages())
    alone = problem_from_mapping({"targets": "cat", "matrix": "atlas-2025"}, SHIPPED)
    assert {pool.language for pool in alone.pools} == set(alone.matrix.keys)


def test_every_limit_is_read() -> None:
    problem = problem_from_mapping(
        {
            "targets": "cat",
            "pools": "all",
            "groups": {"romance": ["es", "French"]},
            "min": {"cat": "30%", "romance": 0.1},
            "max": {"family:Romance": 0.9, "provenance:translated": "5%", "script:Cyrl": 0},
            "keep": {"provenance:human": "20B"},
            "max_epochs": {"default": 3, "ca": 8},
            "guardrails": {"eng": "1%", "spa": {"slack": 0.02, "reference": "uniform"}},
        },
        SHIPPED,
    )
    assert problem.max_epochs == 3
    assert problem.limits == (
        ShareLimit("min", Selection("language", "cat"), 0.3),
        ShareLimit("min", Selection("group", "romance", ("spa", "fra")), 0.1),
        ShareLimit("max", Selection("family", "Romance"), 0.9),
        ShareLimit("max", Selection("provenance", "translated"), 0.05),
        ShareLimit("max", Selection("script", "Cyrl"), 0.0),
        KeepTokens(Selection("provenance", "human"), 20e9),
        EpochCap(Selection("language", "cat"), 8.0),
        Guardrail("eng", 0.01, "natural"),
        Guardrail("spa", 0.02, "uniform"),
    )


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({}, ProblemError, "no target: name at least one language"),
        ({"targets": "catalna"}, UnknownLanguage, "did you mean cat"),
        ({"targets": "Old English"}, ProblemError, r"has no text in Old English \(ang\)"),
        (
            {"targets": "Basque", "matrix": "atlas-2025"},
            UnknownLanguage,
            r"Basque \(eus\) is not in matrix atlas-2025",
        ),
        ({"targets": "code"}, ProblemError, "target code: expected a language"),
        ({"targets": [False]}, UnknownLanguage, "unquoted no"),
        ({"targets": {False: 1}}, ProblemError, "unquoted no"),
        ({"targets": {"cat": 0}}, ProblemError, "weight 0: expected a number above 0"),
        ({"targets": "cat:x"}, ProblemError, "weight of target cat"),
        ({"targets": "cat,ca"}, ProblemError, "named twice"),
        ({"targets": "cat", "bugdet": 1}, ProblemError, "did you mean budget"),
        ({"targets": "cat", "budget": 0}, ProblemError, "budget is 0: expected"),
        ({"targets": "cat", "budget": 300}, ProblemError, "budget is 300: .* for example 300B"),
        ({"targets": "cat", "params": 7}, ProblemError, "params is 7: .* write for example 7B"),
        ({"targets": "cat", "budget": "-5B"}, ProblemError, "expected a finite number above 0"),
        ({"targets": "cat", "budget": float("nan")}, ProblemError, "budget is nan"),
        ({"targets": "cat", "budget": "1e30"}, ProblemError, "taken for a slip"),
        ({"targets": "cat", "lambda": "much"}, ProblemError, "lambda is 'much'"),
        ({"targets": "cat", "objective": "los"}, ProblemError, "did you mean loss"),
        ({"targets": "cat", "tokens": "300B"}, ProblemError, "a number of tokens is the budget"),
        ({"targets": "cat", "tokens": True}, ProblemError, "expected 'exactly' .* or 'at most'"),
        ({"targets": "cat", "max_donors": 1.5}, ProblemError, "a whole number"),
        ({"targets": "cat", "min": {"cat": 1.5}}, ProblemError, "between 0 and 1"),
        ({"targets": "cat", "min": {"famly:Romance": 0.1}}, ProblemError, "did you mean family"),
        ({"targets": "cat", "min": {"provenance:humn": 0.1}}, ProblemError, "did you mean human"),
        (
            {"targets": "cat", "min": {"ang": 0.1}},
            ProblemError,
            r"selects none of the .* \(ang\), of which inventory web-2026 has no text, nor has",
        ),
        (  # 'no pool here' sent nobody to the inventory that has it
            {"targets": "cat", "min": {"code": 0.1}},
            ProblemError,
            "it is code, of which inventory web-2026 has no text; code-math-2023 has: give it",
        ),
        (
            {"targets": "cat", "phases": [{"name": "x", "min": {"math": 0.1}}]},
            ProblemError,
            "phase x: min math selects none .* code-math-2023 has",
        ),
        (
            {"targets": "cat", "inventory": "hplt-v2", "min": {"yor": 0.01}},
            ProblemError,
            "no text; fineweb2-2025, mc4-2020 and web-2026 have: give one beside it or in its "
            "place, with inventory; a group of that name",
        ),
        (
            {"targets": "cat", "pools": "translated", "min": {"oci": 0.01}},
            ProblemError,
            "inventory web-2026 has human text alone that is not read here: open it with pools",
        ),
        ({"targets": "cat", "min": {"ca": 0.1, "cat": 0.2}}, ProblemError, "second for the same"),
        ({"targets": "cat", "groups": {"cat": ["spa"]}}, ProblemError, "name of a language"),
        ({"targets": "cat", "groups": {"rom": []}}, ProblemError, "a list of at least one"),
        (
            {"targets": "cat", "guardrails": {"eng": {"reference": "natural"}}},
            ProblemError,
            "slack",
        ),
        ({"targets": "cat", "worth": {"translatd": 1}}, ProblemError, "did you mean translated"),
        ({"targets": "cat", "pools": "humn"}, ProblemError, "did you mean human"),
        (
            {"targets": "cat", "pools": {"corpus": ["hplt-v5"]}},
            ProblemError,
            "did you mean hplt-v4",
        ),
        ({"targets": "cat", "pools": "generated"}, ProblemError, "no pool with tokens"),
        ({"targets": "cat", "matrix": "atlas"}, DataError, "did you mean atlas-2025"),
        ({"targets": "cat", "matrix": "../etc"}, DataError, "no matrix"),
        ({"targets": "cat", "inventory": ["web-2026", "hplt-v2"]}, ProblemError, "count twice"),
        ({"targets": "deu", "matrix": "langrank-2019-mt"}, ProblemError, "name a calibration"),
        ({"targets": "cat", "law": "mine"}, DataError, "no law 'mine'"),
        ({"targets": "cat", "law": {"name": "mine"}}, ProblemError, "law lacks E, A"),
        ({"targets": "cat", "law": {**LAW, "fi": 1}}, ProblemError, "law has no key 'fi'"),
        ({"targets": "cat", "law": {**LAW, "phi": -1}}, ProblemError, "law phi is -1: expected 0"),
        ({"targets": "cat", "law": {**LAW, "phi": 2}}, ProblemError, "law phi is 2: expected 0 to"),
        (
            {"targets": "cat", "law": {**LAW, "phi_range": [0.1, 0.2]}},
            ProblemError,
            "without law phi",
        ),
        (
            {"targets": "cat", "law": {**LAW, "phi": 0.3, "phi_range": [0.1, 0.2]}},
            ProblemError,
            "two ends that hold phi, 0.3",
        ),
        (
            {"targets": "cat", "law": {**LAW, "phi": 0.1, "phi_range": [0.1]}},
            ProblemError,
            "expected least and most",
        ),
        (
            {"targets": "cat", "law": {**LAW, "fitted_params": [9e9, 7e6]}},
            ProblemError,
            "expected least before most",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    asked: dict[str, object], error: type[AtlasMixError], words: str
) -> None:
    with pytest.raises(error, match=words):
        problem_from_mapping(asked, SHIPPED)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"min": {"rom": "10%"}}, r"min rom selects none .* read as the language Vlax Romani"),
        ({"min": {"rom": "10%"}}, "a group of that name needs its members"),
        ({"max": {"pool:cat.human.hplt": "10%"}}, r"did you mean cat.human.hplt-v4"),
        ({"keep": {"pool:cat.x": "1B"}}, r"did you mean cat.human.hplt-v4 or cat.translated"),
        ({"min": {"pool:zzz": "10%"}}, r"inventory web-2026 does not have: it has"),
        ({"max": {"corpus:hplt": "10%"}}, r"names a corpus .* did you mean hplt-v4"),
        ({"max_epochs": {"provenance:generated": 2}}, "provenance:generated selects none"),
        (
            {"groups": {"alps": ["rom", "ang"]}, "min": {"alps": 0.1}},
            r"min alps selects none .*members \(rmy, ang\)",
        ),
    ],
)
def test_a_limit_on_nothing_echoes_what_was_typed(asked: dict[str, object], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem_from_mapping({"targets": "cat", **asked}, SHIPPED)


def test_at_most_of_a_language_that_is_not_read_is_kept_by_every_mixture() -> None:
    asked: dict[str, object] = {"targets": "cat", "max": {"eus": 0.1}}
    assert len(problem_from_mapping(asked, SHIPPED).limits) == 1


@pytest.mark.parametrize(
    ("written", "slack", "reference"),
    [
        ("1%", 0.01, "natural"),
        (0.01, 0.01, "natural"),
        ("2%:uniform", 0.02, "uniform"),
        ({"slack": "2%", "reference": "uniform"}, 0.02, "uniform"),
        ({"slack": 0.02}, 0.02, "natural"),
    ],
)
def test_a_guardrail_in_every_form(written: object, slack: float, reference: str) -> None:
    asked: dict[str, object] = {"targets": "cat", "guardrails": {"eng": written}}
    assert problem_from_mapping(asked, SHIPPED).limits == (Guardrail("eng", slack, reference),)


def test_a_guardrail_that_is_none() -> None:
    for written in ("2%:", ":natural", "x:natural"):
        with pytest.raises(ProblemError, match="guardrail eng"):
            problem_from_mapping({"targets": "cat", "guardrails": {"eng": written}}, SHIPPED)


def test_several_inventories_are_joined_and_named_apart() -> None:
    asked: dict[str, object] = {
        "targets": "cat",
        "inventory": "web-2026, finepdfs-2026",
        "pools": {"kind": "all"},
    }
    problem = problem_from_mapping(asked, SHIPPED)
    assert {pool.kind for pool in problem.pools} == {"web", "pdf"}
    assert problem_to_mapping(problem)["inventory"] == ["web-2026", "finepdfs-2026"]
    assert len(problem.inventory.card.files) == 2


@pytest.mark.parametrize(
    "choice",
    [
        {"exclude_language": ["eng", "fra"]},
        {"language": ["cat", "spa"]},
        {"provenance": "all", "corpus": ["hplt-v4", "multisynt"]},
        {"name": ["cat.human.hplt-v4", "spa.human.hplt-v4"]},
    ],
)
def test_a_choice_of_pools_is_recognised_from_the_pools(choice: dict[str, object]) -> None:
    problem = problem_from_mapping({"targets": "cat", "pools": choice}, SHIPPED)
    again = problem_from_mapping(problem_to_mapping(problem), SHIPPED)
    assert [pool.name for pool in again.pools] == [pool.name for pool in problem.pools]


def test_a_law_of_ones_own_is_written_out_in_full() -> None:
    problem = problem_from_mapping({"targets": "cat", "law": LAW}, SHIPPED)
    assert problem.law.B == 900.0
    written = problem_to_mapping(problem)["law"]
    assert written == {**LAW, "phi": DEFAULT_PHI, "phi_range": list(DEFAULT_PHI_RANGE)}


def test_a_law_of_ones_own_has_its_capacity_exponent_and_the_range_of_its_runs() -> None:
    """What is lost on the way would change answers: phi, and when a size is beyond the runs."""
    law = {
        **LAW,
        **{"phi": 0.2, "phi_range": [0.1, 0.3], "decay": 0.05},
        **{"fitted_params": [7e6, 9e9], "fitted_tokens": [1e8, 9e11]},
    }
    problem = problem_from_mapping({"targets": "cat", "law": law}, SHIPPED)
    assert (problem.law.phi, problem.law.phi_range) == (0.2, (0.1, 0.3))
    assert problem.law.fitted_params == (7e6, 9e9)
    assert problem.decay == 0.05
    again = problem_from_mapping(problem_to_mapping(problem), SHIPPED)
    assert again.law == problem.law


def test_a_range_that_nobody_gives_is_as_wide_as_the_defaults() -> None:
    law = problem_from_mapping({"targets": "cat", "law": {**LAW, "phi": 0.22}}, SHIPPED).law
    assert law.phi_range == pytest.approx((0.16, 0.34))


def test_scores_are_read_under_the_law_of_the_question() -> None:
    """Another law, another estimate: phi and tau of one matrix differ between two laws."""
    first, second = (
        problem_from_mapping({"targets": "cat", "law": name}, SHIPPED)
        for name in ("datablations-2023-one-stage", "muennighoff-2023")
    )
    place = first.transfer.index("cat")
    assert first.transfer.law == first.law.name
    assert first.transfer.phi[place] != pytest.approx(second.transfer.phi[place], rel=0.05)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"interference": 1}, "'interference', .* no weight is negative.* leave it out"),
        ({"interference": "junk"}, "leave it out"),
        ({"spend_all": True}, "ask for tokens 'exactly' in the place of a true one"),
        ({"spend_all": False}, "leave a false one out"),
        (
            {"objective": "effective-data"},
            "left capacity out, so it filled budgets with donors; it is the limit of loss for ever "
            "larger models: write objective: loss",
        ),
        ({"from": "checkpoint:unimax"}, "no term for what a checkpoint has read already"),
        ({"from": "checkpoint:unimax"}, "leave it out, and ask for the crossover of cat"),
        ({"from": None}, "every run is planned from scratch"),
    ],
)
def test_what_the_law_does_not_have_says_what_to_write_instead(
    asked: dict[str, object], words: str
) -> None:
    with pytest.raises(ProblemError, match=words):
        problem_from_mapping({"targets": "cat:2,spa", **asked}, SHIPPED)


@pytest.mark.parametrize(
    ("written", "exact"),
    [({}, False), ({"tokens": "at most"}, False), ({"tokens": "exactly"}, True)],
)
def test_whether_all_of_the_budget_is_read(written: dict[str, object], exact: bool) -> None:
    problem = problem_from_mapping({"targets": "cat", **written}, SHIPPED)
    assert problem.exact_tokens is exact
    assert problem_to_mapping(problem).get("tokens") == ("exactly" if exact else None)


CAT, SPA, ENG = (Selection("language", key) for key in ("cat", "spa", "eng"))


@pytest.mark.parametrize(
    ("least", "limits", "written"),
    [
        ({"*": "0.05%"}, [(CAT, 5e-4), (SPA, 5e-4)], {"*": 5e-4}),
        # A target with a limit of its own keeps it, whichever comes first.
        ({"*": 0.1, "Catalan": 0.3}, [(SPA, 0.1), (CAT, 0.3)], {"spa": 0.1, "cat": 0.3}),
        ({"ca": 0.3, "*": 0.1}, [(SPA, 0.1), (CAT, 0.3)], {"spa": 0.1, "cat": 0.3}),
        # Written apart, and alike for all targets: one limit, with the others after it.
        ({"spa": 0.1, "eng": 0.2, "cat": 0.1}, [(CAT, 0.1), (SPA, 0.1), (ENG, 0.2)], None),
        ({"*": 0}, [(CAT, 0.0), (SPA, 0.0)], {"*": 0.0}),
    ],
)
def test_a_star_is_every_target(
    least: dict[str, object],
    limits: list[tuple[Selection, float]],
    written: dict[str, float] | None,
) -> None:
    for bound in ("min", "max"):
        problem = problem_from_mapping({"targets": "cat,spa", bound: least}, SHIPPED)
        assert problem.limits == tuple(
            ShareLimit(bound, selection, share)  # type: ignore[arg-type]
            for selection, share in limits
        )
        again = problem_to_mapping(problem)
        assert again[bound] == (written or {"*": 0.1, "eng": 0.2})
        assert problem_from_mapping(again, SHIPPED).limits == problem.limits


def test_a_star_for_one_target_is_that_target() -> None:
    problem = problem_from_mapping({"targets": "cat", "min": {"*": 0.1}}, SHIPPED)
    assert problem_to_mapping(problem)["min"] == {"cat": 0.1}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"keep": {"*": "1B"}}, r"keep \* is for every target, which only min and max can say"),
        ({"max_epochs": {"*": 8}}, r"max_epochs \* is for every target, which only min and max"),
        ({"guardrails": {"*": "1%"}}, r"guardrails names '\*': expected one language each"),
        ({"min": {"family:*": 0.1}}, r"min family:\* names the family '\*', which no language has"),
        ({"min": {"*": 2}}, r"min \* is '2': expected a share"),
    ],
)
def test_a_star_where_it_is_none(asked: dict[str, object], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem_from_mapping({"targets": "cat,spa", **asked}, SHIPPED)


def test_a_star_over_a_target_without_text_names_it() -> None:
    asked: dict[str, object] = {"targets": "cat,spa", "pools": {"exclude_language": ["spa"]}}
    words = r"'\*' is every target, and Spanish \(spa\) has no pool here"
    with pytest.raises(ProblemError, match=words):
        problem_from_mapping({**asked, "min": {"*": 0.1}}, SHIPPED)
    assert problem_from_mapping({**asked, "max": {"*": 0.1}}, SHIPPED).limits


def test_domains_are_asked_like_languages(store: Store) -> None:
    asked: dict[str, object] = {
        "targets": "medical",
        "matrix": "sciences",
        "inventory": "sciences",
        "min": {"chemistry": 0.1},
    }
    problem = problem_from_mapping(asked, store)
    assert problem.target_keys == ("medical",)
    assert problem_from_mapping(problem_to_mapping(problem), store).limits == problem.limits
    with pytest.raises(DataError, match="did you mean medical"):
        problem_from_mapping({**asked, "targets": "medicl"}, store)
    with pytest.raises(DataError, match="is about domains and inventory web-2026 about languages"):
        problem_from_mapping({**asked, "inventory": "web-2026"}, store)


def _limits() -> st.SearchStrategy[dict[str, Any]]:
    share = st.floats(0, 1).map(lambda value: round(value, 4))
    what = st.sampled_from(
        (
            *LANGUAGES,
            "family:Romance",
            "script:Latn",
            "provenance:human",
            "nordic",
            "corpus:hplt-v4",
        )
    )
    shares = st.dictionaries(what | st.just("*"), share, max_size=3)
    slack = st.fixed_dictionaries({"slack": share, "reference": st.just("natural")})
    return st.fixed_dictionaries(
        {},
        optional={
            "min": shares,
            "max": shares,
            "keep": st.dictionaries(what, st.floats(1, 1e12), max_size=2),
            "max_epochs": st.floats(0.1, 16)
            | st.dictionaries(what | st.just("default"), st.floats(0.1, 16), max_size=3),
            "guardrails": st.dictionaries(st.sampled_from(LANGUAGES), slack, max_size=2),
            "max_donors": st.integers(0, 5),
            "tokens": st.sampled_from(["exactly", "at most"]),
        },
    )


_QUESTIONS = st.fixed_dictionaries(
    {
        "targets": st.dictionaries(
            st.sampled_from(LANGUAGES), st.floats(0.01, 100), min_size=1, max_size=4
        ),
        "groups": st.just({"nordic": ["swe", "nob"]}),
    },
    optional={
        "budget": st.floats(1e5, 1e15),
        "params": st.floats(1e6, 1e13),
        "objective": st.just("loss"),
        "lambda": st.floats(1e-3, 10),
        "risk_aversion": st.floats(0, 10),
        "pools": st.sampled_from(["all", "human", ["human", "translated"]]),
        "worth": st.dictionaries(st.sampled_from(sorted(WORTH)), st.floats(0, 2), max_size=3),
        "law": st.sampled_from(["hoffmann-2022", "muennighoff-2023", {**LAW, "phi": 0.2}]),
    },
)


@settings(max_examples=60, deadline=None)
@given(_QUESTIONS, _limits())
def test_a_question_survives_yaml_and_back(
    asked: dict[str, object], limits: dict[str, object]
) -> None:
    problem = problem_from_mapping({**asked, **limits}, SHIPPED)
    written = problem_to_mapping(problem)
    assert list(written) == [key for key in QUESTION_KEYS if key in written]
    read = yaml.safe_load(dump_question(written))
    assert read == written
    again = problem_from_mapping(read, SHIPPED)
    assert problem_to_mapping(again) == written
    assert again.targets == problem.targets
    # min, max, keep and so on stand in the order of the keys; within each the order is kept.
    assert again.limits == problem.limits
    assert again.law == problem.law
    assert (again.exact_tokens, again.budget) == (problem.exact_tokens, problem.budget)
    assert (again.decay, again.max_epochs, dict(again.worth)) == (
        problem.decay,
        problem.max_epochs,
        dict(problem.worth),
    )


@pytest.mark.parametrize("schema", ["atlasmix/recipe/1", "atlasmix/recipe/2"])
def test_the_question_of_a_recipe_is_read(tmp_path: Path, schema: str) -> None:
    """Of a former recipe, too, whose keys of the law before were written although nobody asked."""
    question: dict[str, object] = {"targets": {"cat": 1}, "budget": 7_000_000_000}
    former = {"interference": 1, "spend_all": False} if schema.endswith("1") else {}
    path = tmp_path / "recipe.yaml"
    content = {"schema": schema, "question": {**question, **former}, "answer": {}}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert read_question(path) == question
    content["question"] = {**question, "interference": 0.5}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ProblemError, match="leave it out"):
        problem_from_mapping(read_question(path), SHIPPED)


_junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(QUESTION_KEYS), _junk)
def test_junk_is_refused_with_an_error_of_ours(key: str, junk: object) -> None:
    # Most junk is refused; what is taken (a number for a budget, say) is a question that stands.
    with contextlib.suppress(AtlasMixError):
        check_problem(problem_from_mapping({"targets": "cat", key: junk}, SHIPPED))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no question"),
        ("- cat\n- eng\n", "holds no question"),
        ("targets: [cat", "not plain YAML"),
        ("targets: &a [cat]\nmin: *a\n", "anchor"),
        ("targets: {no: 1}\n", "quote it"),
        ("targets: !!python/object/apply:os.system ['true']\n", "not plain YAML"),
        ("targets: \0", "zero bytes"),
        ("# " + "x" * 1_100_000, "expected at most"),
    ],
)
def test_a_file_that_is_no_question_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "problem.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_question(path)


def test_quoted_words_of_yaml_are_languages(tmp_path: Path) -> None:
    path = tmp_path / "problem.yaml"
    path.write_text('targets: ["no", cat]\nbudget: 1e9\n', encoding="utf-8")
    problem = problem_from_mapping(read_question(path), SHIPPED)
    assert problem.target_keys == ("nob", "cat")
    assert problem.budget == 1e9
