"""The recipe: whole, exact, the same bytes each time, and refused when somebody broke it."""

from __future__ import annotations

import copy
import dataclasses
import math
from pathlib import Path

import jsonschema
import pytest
import yaml
from recipe_samples import set_at

from atlasmix.errors import DataError
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.file import dump_recipe, load_recipe, recipe_mapping, recipe_schema
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.version import __version__


def test_the_schema_is_a_schema_and_the_recipe_follows_it(recipe: Recipe) -> None:
    schema = recipe_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(dump_recipe(recipe)))


def test_schema_comes_first_and_proportions_sum_to_exactly_one(recipe: Recipe) -> None:
    text = dump_recipe(recipe)
    assert text.startswith("# yaml-language-server: $schema=urn:atlasmix:schema:recipe:2\n")
    assert recipe_schema()["$id"] == "urn:atlasmix:schema:recipe:2"
    first = next(line for line in text.splitlines() if not line.startswith("#"))
    assert first == "schema: atlasmix/recipe/2"
    assert sum(round(pool.proportion * 10**6) for pool in recipe.pools) == 10**6
    assert sum(pool.tokens for pool in recipe.pools) == recipe.tokens == 100_000_000_000


def test_same_question_same_bytes(problem: MixProblem, recipe: Recipe, store: Store) -> None:
    again = problem_from_mapping({"targets": "Catalan", "budget": "100B"}, store)
    assert dump_recipe(make_recipe(again, solve(again))) == dump_recipe(recipe)
    backwards = yaml.safe_load(dump_recipe(recipe))["question"]
    third = problem_from_mapping(dict(reversed(backwards.items())), store)
    assert dump_recipe(make_recipe(third, solve(third))) == dump_recipe(recipe)


def test_a_recipe_read_back_is_the_same(recipe: Recipe, tmp_path: Path) -> None:
    text = dump_recipe(recipe)
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_recipe(path) == load_recipe(text)
    assert dump_recipe(load_recipe(path)) == text


def test_the_origin_names_every_source(recipe: Recipe, problem: MixProblem) -> None:
    origin = recipe.origin
    assert origin["matrix"]["sha256"] == problem.matrix.sha256
    assert origin["inventories"] == [{"name": "web-2026", "sha256": problem.inventory.sha256}]
    assert origin["atlasmix"] == __version__
    assert {pool["name"] for pool in origin["pools"]} == {pool.name for pool in recipe.pools}
    statuses = {(pair["source"], pair["target"]): pair["status"] for pair in origin["pairs"]}
    assert statuses == {("spa", "cat"): "predicted"}


def test_measured_and_predicted_pairs_are_marked_apart(store: Store) -> None:
    problem = problem_from_mapping({"targets": "eng,cat", "budget": "1T"}, store)
    recipe = make_recipe(problem, solve(problem))
    statuses = {(pair["source"], pair["target"]): pair["status"] for pair in recipe.origin["pairs"]}
    assert statuses[("cat", "eng")] == "predicted"
    if ("spa", "eng") in statuses:
        assert statuses[("spa", "eng")] == "measured"


def test_words_that_yaml_would_turn_are_quoted(recipe: Recipe) -> None:
    question = {**recipe.question, "targets": {"nan": 1, "no": 2}, "budget": 1e22}
    odd = dataclasses.replace(recipe, question=question)
    text = dump_recipe(odd)
    assert "'nan': 1" in text
    assert "'no': 2" in text
    assert yaml.safe_load(text)["question"]["budget"] == 1e22


def test_no_time_and_no_path_stands_in_a_recipe(recipe: Recipe) -> None:
    text = dump_recipe(recipe)
    for folder in (Path.home(), Path(__file__).parents[2]):
        assert f"{folder}/" not in text
    assert "timestamp" not in text


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("schema",), "atlasmix/recipe/9", "this version reads atlasmix/recipe/2"),
        (("schema",), "other", "is no recipe"),
        (("answer", "pools", 0, "proportion"), 0.5, "proportions sum to"),
        (("answer", "pools", 0, "proportion"), 1.5, r"found 1\.5, expected a number <= 1"),
        (("answer", "pools", 0, "tokens"), 7, "but the pools read"),
        (("answer", "pools", 0, "epochs"), 2.0, "epochs of cat.human.hplt-v4 do not match"),
        (("answer", "pools", 0, "name"), "spa.human.hplt-v4", "stands there twice"),
        (("answer", "pools"), [], r"answer\.pools"),
        (("answer", "tokens"), "many", "found 'many', expected a whole number"),
        (("origin", "matrix", "sha256"), "abc", "found 'abc', expected a text matching regex"),
        (("origin", "extra"), 1, "origin: no key 'extra': expected atlasmix, solver"),
        (("question", "targets"), {}, r"question\.targets"),
        (("question", "interference"), 1, "question: no key 'interference'"),
        (("answer", "flops"), 1e21, r"answer\.flops: 1e\+21, but 6 x params x tokens is 1\.2e\+21"),
        (("answer", "params"), 1_000_000_000, r"but 6 x params x tokens is 6e\+20"),
        (("answer", "targets", 0, "own_share"), 1.2, "expected a number <= 1"),
        (("answer", "targets", 0, "interference"), 0, "no key 'interference'"),
        (("answer", "caveats"), [{"kind": "odd", "sentence": "x"}], "found 'odd', expected one of"),
        (("answer", "flatness", 0, "low"), -0.1, "expected a number >= 0"),
        (("origin", "law", "phi"), -0.1, "expected a number >= 0"),
    ],
)
def test_a_broken_recipe_is_refused(
    recipe: Recipe, path: tuple[str | int, ...], value: object, words: str
) -> None:
    content = copy.deepcopy(recipe_mapping(recipe))
    set_at(content, path, value)
    with pytest.raises(DataError, match=words):
        load_recipe(yaml.safe_dump(content, sort_keys=False))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no recipe"),
        ("schema: &a atlasmix/recipe/2\nquestion: *a\n", "anchor"),
        ("schema: !!python/name:os.system\n", "not plain YAML"),
        ("schema: atlasmix/recipe/2\n", "'question' is missing"),
        ("schema: atlasmix/recipe/1\n", "'question' is missing"),
        (b"\xff\xfe\x00binary", "not UTF-8"),
        ("schema: atlasmix/recipe/2\nquestion: " + "[" * 60 + "]" * 60, "nested deeper"),
        ("#" * (1024 * 1024 + 1), "expected at most"),
    ],
)
def test_what_is_no_recipe_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_recipe(text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        load_recipe(tmp_path / "none.yaml")


def test_the_recipe_says_what_the_mixture_says(recipe: Recipe, mixture: Mixture) -> None:
    for key, share in mixture.proportions.items():
        assert recipe.proportions[key] == pytest.approx(share, abs=1e-6)
    assert recipe.certificate.gap is not None
    assert recipe.certificate.gap >= mixture.certificate.gap
    assert recipe.certificate.fixed_gap is not None
    assert recipe.certificate.fixed_gap >= mixture.certificate.fixed_gap
    assert recipe.certificate.solves == mixture.certificate.solves
    assert [one.language for one in recipe.flatness] == [one.language for one in mixture.flatness]
    for recorded, found in zip(recipe.flatness, mixture.flatness, strict=True):
        assert recorded.low <= found.low + 1e-9
        assert recorded.high >= found.high - 1e-9
        assert recorded.low <= recorded.share <= recorded.high


def _saturated(tokens: float, unique: float, decay: float) -> float:
    repeats = max(tokens / unique - 1, 0.0)
    return min(tokens, unique) + unique * (1 - math.exp(-decay * repeats)) / decay


@pytest.mark.parametrize(
    "asked",
    [
        {"targets": "cat"},
        {"targets": "cat:2,eng,cym", "budget": "500B", "params": "7B", "max_epochs": 8},
        {"targets": "cat", "pools": ["human", "translated"], "worth": {"translated": 0.7}},
    ],
    ids=["one", "several", "translated"],
)
def test_every_prediction_follows_from_the_record_by_hand(
    asked: dict[str, object], store: Store
) -> None:
    """The law, written out here once more, over what stands in the YAML and nothing else."""
    problem = problem_from_mapping(asked, store)
    content = yaml.safe_load(dump_recipe(make_recipe(problem, solve(problem))))
    question, answer, origin = content["question"], content["answer"], content["origin"]
    law, worth = origin["law"], question["worth"]
    tau = {(one["source"], one["target"]): one["transfer_weight"] for one in origin["pairs"]}
    sigma = {(one["source"], one["target"]): one["transfer_stderr"] for one in origin["pairs"]}
    phi = {one["language"]: one["phi"] for one in origin["targets"]}
    for target in answer["targets"]:
        key = target["language"]
        own = transferred = risk = share = 0.0
        for pool in answer["pools"]:
            gained = worth[pool["provenance"]] * _saturated(
                pool["tokens"], pool["unique_tokens"], question["lambda"]
            )
            pair = pool["language"], key
            if pool["language"] == key:
                own += gained
                share += pool["proportion"]
            else:
                transferred += tau[pair] * gained
                risk += min(question["risk_aversion"] * sigma[pair], tau[pair]) * gained
        capacity = law["A"] * share ** -phi[key] / answer["params"] ** law["alpha"]
        data = law["B"] / (own + transferred) ** law["beta"]
        derived = {
            **{"own_share": share, "phi": phi[key], "own": own, "transferred": transferred},
            **{"risk_penalty": risk, "effective_data": own + transferred},
            **{"capacity_loss": capacity, "data_loss": data, "loss": law["E"] + capacity + data},
        }
        assert {name: target[name] for name in derived} == pytest.approx(derived, rel=2e-5)
    assert answer["flops"] == pytest.approx(6 * answer["params"] * answer["tokens"], rel=1e-5)
    assert answer["unspent"] == question["budget"] - answer["tokens"]
    assert bool(answer["unspent"]) == ("stopped" in answer)


def test_tokens_that_stay_unread_are_recorded_with_the_reason(store: Store) -> None:
    """Nothing but Catalan may be read, four times: 85 of 300 billion tokens."""
    only: dict[str, object] = {"language": ["cat"]}
    problem = problem_from_mapping({"targets": "cat", "budget": "300B", "pools": only}, store)
    mixture = solve(problem)
    recipe = make_recipe(problem, mixture)
    content = yaml.safe_load(dump_recipe(recipe))["answer"]
    assert content["stopped"] == mixture.stopped != ""
    assert content["unspent"] == 300_000_000_000 - content["tokens"] > 0
    assert content["flops"] < 6 * 2e9 * 100e9
    assert "unspent" in {caveat["kind"] for caveat in content["caveats"]}
    assert load_recipe(dump_recipe(recipe)) == recipe


def test_a_target_too_small_for_millionths_is_said(store: Store, mixture: Mixture) -> None:
    """The answer reads 40,000 tokens of Yoruba of 100B: the record has none, and says so."""
    problem = problem_from_mapping({"targets": "cat,yor"}, store)
    pools = tuple(
        dataclasses.replace(share, tokens=4e4) if share.pool.language == "yor" else share
        for share in mixture.pools
    )
    (catalan,) = mixture.targets
    yoruba = dataclasses.replace(catalan, language="yor", own_share=4e-7)
    answered = dataclasses.replace(mixture, pools=pools, targets=(catalan, yoruba))
    recipe = make_recipe(problem, answered)
    assert [target.loss is None for target in recipe.targets] == [False, True]
    assert recipe.warnings[0].startswith("less than a millionth of the tokens would be Yoruba")
