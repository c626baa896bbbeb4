"""Repetition: caps kept, expected epochs beside every export, and the consumer's own cap set."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from export_samples import NAMES, THREE, Shares, export, golden_export, golden_recipe, recipe_of

from atlasmix.errors import ProblemError
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.plan import Run
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.as_mixture import epoch_caps
from atlasmix.solver.compile import epoch_limits

WELSH = "cym.human.fineweb2"


def test_caps_are_those_that_the_solver_kept() -> None:
    recipe = golden_recipe()
    problem = problem_from_mapping(dict(recipe.question), Store("/nonexistent"))
    solved = dict(
        zip((pool.name for pool in problem.pools), epoch_limits(problem).tolist(), strict=True)
    )
    assert epoch_caps(recipe) == {pool.name: solved[pool.name] for pool in recipe.pools}
    assert epoch_caps(recipe)[WELSH] == 8


@pytest.mark.parametrize(
    ("caps", "groups", "found"),
    [
        (4, {}, (4, 4, 4)),
        ("6", {}, (6, 6, 6)),
        ({"default": 2, "cat": 8}, {}, (8, 2, 2)),
        ({"cat": 8}, {}, (8, 4, 4)),
        ({"default": 2, "Catalan": 8}, {}, (8, 2, 2)),
        ({"default": 2, "romance": 3}, {"romance": ["cat", "spa"]}, (3, 3, 2)),
        ({"default": 2, "family:Romance": 3}, {}, (3, 3, 2)),
        ({"default": 2, "corpus:wiki": 5}, {}, (2, 2, 5)),
        ({"default": 2, "pool:spa.human.hplt-v4": 5}, {}, (2, 5, 2)),
        ({"default": 2, "provenance:human": 5, "language:cat": 1}, {}, (1, 5, 5)),
        ({"default": 2, "script:Latn": 5}, {}, (5, 5, 5)),
    ],
)
def test_caps_of_every_kind_are_read_from_the_question(
    caps: Any, groups: Any, found: tuple[float, ...]
) -> None:
    pools = {name: (tokens, 10**9) for name, (tokens, _) in THREE.items()}
    read = epoch_caps(recipe_of(pools, caps, groups))
    assert tuple(read[name] for name in THREE) == found


@pytest.mark.parametrize("name", NAMES)
def test_a_budget_that_passes_a_cap_is_refused(name: str) -> None:
    with pytest.raises(ProblemError, match=r"gsw_Latn\.human\.wiki 8\.00 times \(cap 4\)"):
        export(name, recipe_of(THREE), budget=2e6)


def test_a_smaller_budget_keeps_the_shares_and_lowers_the_epochs() -> None:
    figures = export("megatron", recipe_of(THREE), budget=500_000).figures
    epochs = {pool["pool"]: pool["epochs"] for pool in figures["pools"]}
    assert epochs["gsw_Latn.human.wiki"] == pytest.approx(2.0, rel=1e-3)
    assert figures["phases"][0]["pools"][0]["share"] == 0.6


def test_a_recipe_at_its_cap_is_exported_although_six_places_put_it_a_hair_above() -> None:
    # 4.0004 epochs: a millionth of the tokens over, which is what rounding a recipe may add.
    pools: Shares = {"cat.human.web": (999_899, 10**6), "glg.human.web": (100_001, 25_000)}
    assert export("megatron", recipe_of(pools)).files
    over: Shares = {"cat.human.web": (999_000, 10**6), "glg.human.web": (101_000, 25_000)}
    with pytest.raises(ProblemError, match=r"4\.04 times"):
        export("megatron", recipe_of(over))


@pytest.mark.parametrize("name", NAMES)
def test_expected_json_adds_up(name: str) -> None:
    figures = json.loads(golden_export(name).files["expected.json"])
    run, (phase,) = figures["run"], figures["phases"]
    assert figures["schema"] == "atlasmix/expected/1"
    assert figures["framework"] == name
    assert run["tokens"] == run["steps"] * run["batch_size"] * run["sequence_length"]
    assert phase["samples"] == run["steps"] * run["batch_size"]
    assert sum(pool["samples"] for pool in phase["pools"]) == phase["samples"]
    assert sum(pool["tokens"] for pool in phase["pools"]) == pytest.approx(run["tokens"], abs=5)
    assert sum(pool["share"] for pool in phase["pools"]) == pytest.approx(1, abs=1e-7)
    unique = {pool["pool"]: pool["unique_tokens"] for pool in figures["pools"]}
    for pool in phase["pools"]:
        assert pool["epochs"] == pytest.approx(pool["tokens"] / unique[pool["pool"]], rel=1e-5)
        assert pool["samples"] * run["sequence_length"] == pytest.approx(
            pool["tokens"], abs=run["sequence_length"]
        )
    assert len(figures["tokens_are"]) == 2, "counted by a tokenizer, and estimated"


def test_expected_json_follows_batch_and_sequence_length() -> None:
    recipe = recipe_of(THREE)
    short = export("megatron", recipe, run=Run(sequence_length=10, batch_size=100)).figures
    long = export("megatron", recipe, run=Run(sequence_length=1000, batch_size=10)).figures
    assert short["run"]["steps"] == 1000
    assert long["run"]["steps"] == 100
    assert short["phases"][0]["samples"] == 100 * long["phases"][0]["samples"]


def test_what_does_not_fill_a_step_is_not_read() -> None:
    figures = export(
        "megatron", recipe_of(THREE), run=Run(sequence_length=7, batch_size=11)
    ).figures
    assert figures["run"]["tokens"] == 10**6 // 77 * 77


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (Run(sequence_length=4096, batch_size=1024), "less than one step"),
        (Run(sequence_length=0), "the sequence length is 0"),
        (Run(batch_size=10**8), "the batch size is 100000000"),
    ],
)
def test_a_run_that_cannot_be_is_refused(run: Run, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        export("megatron", recipe_of(THREE), run=run)


def test_a_pool_that_would_never_be_drawn_is_refused() -> None:
    pools = {**THREE, "cym.human.tiny": (20, 1000)}
    with pytest.raises(ProblemError, match=r"not one sequence would be drawn of cym\.human\.tiny"):
        export("megatron", recipe_of(pools))


def test_olmo_core_and_olmix_get_the_caps() -> None:
    sources = yaml.safe_load(golden_export("olmo-core").files["source_mixture.yaml"])["sources"]
    caps = {one["source_name"]: one["max_repetition_ratio"] for one in sources}
    assert caps.pop("cym__human__fineweb2") == pytest.approx(8, abs=1e-3)
    assert set(caps.values()) == {4.0}
    mix = yaml.safe_load(golden_export("olmix").files["mix.yaml"])["mix"]
    assert mix["cat__human__hplt_v4"]["repetition_factor"] == 4.0


@pytest.mark.parametrize("tokens", [99_990, 100_000, 100_001])
def test_the_cap_of_olmo_core_lets_the_plan_itself_pass(tokens: int) -> None:
    """Its own arithmetic: int(budget x ratio) may not pass int(tokens in the files x cap)."""
    pools: Shares = {"cat.human.web": (10**6 - tokens, 10**6), "glg.human.web": (tokens, 25_000)}
    written = export("olmo-core", recipe_of(pools), run=Run(sequence_length=1, batch_size=1))
    for one in yaml.safe_load(written.files["source_mixture.yaml"])["sources"]:
        unique = 25_000 if "glg" in one["source_name"] else 10**6
        needed = int(written.figures["run"]["tokens"] * one["target_ratio"])
        assert needed <= int(unique * 1.0 * one["max_repetition_ratio"])
        assert one["max_repetition_ratio"] <= 4.0005


def test_a_cap_below_one_stays_what_olmo_core_takes() -> None:
    pools: Shares = {"cat.human.web": (10_000, 100_000)}
    written = export("olmo-core", recipe_of(pools, max_epochs=0.5))
    source = yaml.safe_load(written.files["source_mixture.yaml"])["sources"][0]
    assert source["max_repetition_ratio"] == 1.0


def test_hugging_face_repeats_are_the_passes_needed() -> None:
    sources = json.loads(golden_export("hf").files["mixture.json"])["sources"]
    repeats = {one["name"]: one["repeat"] for one in sources}
    assert repeats.pop("cym__human__fineweb2") == 8
    assert set(repeats.values()) == {1}


def test_mosaicml_streams_are_repeated_by_their_epochs() -> None:
    written = golden_export("mosaicml")
    streams = yaml.safe_load(written.files["train_loader.yaml"])["train_loader"]["dataset"]
    epochs = {pool["key"]: pool["epochs"] for pool in written.figures["pools"]}
    for key, stream in streams["streams"].items():
        assert stream["repeat"] == pytest.approx(epochs[key], rel=1e-5)


def test_a_token_budget_is_whole_passes_and_a_rest() -> None:
    content = json.loads(golden_export("token-budget").files["token_budget.json"])
    rows = {row["pool"]: row for row in content["phases"][0]["pools"]}
    assert rows[WELSH]["whole_passes"] == 7
    for row in rows.values():
        assert row["tokens"] == row["whole_passes"] * row["unique_tokens"] + row["rest_tokens"]
        assert row["documents"] > 0
    bare = export("token-budget", recipe_of(THREE), lengths={}, paths=None)
    assert {
        row["documents"]
        for row in json.loads(bare.files["token_budget.json"])["phases"][0]["pools"]
    } == {None}
    assert any("Nobody counted the documents" in note for note in bare.export.notes)
