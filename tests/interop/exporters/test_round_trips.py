"""A recipe exported and read back is the same mixture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from export_samples import EXPORTERS, Shares, export, paths_of, recipe_of, two_phases
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters.exporter import find_exporter
from atlasmix.interop.importers.reading import Request, import_mixture
from atlasmix.recipe.recipe import Recipe
from atlasmix.recipe.run_phases import RunPhase

FILES = {
    "megatron": "data_args.txt",
    "nemo": "data.yaml",
    "olmo-core": "source_mixture.yaml",
    "olmix": "mix.yaml",
    "hf": "mixture.json",
    "mosaicml": "train_loader.yaml",
    "gpt-neox": "atlasmix_data.yml",
    "regmix": "data.yaml",
    "maxtext": "grain_mixture.json",
    "nanotron": "data_stages.yaml",
    "levanter": "data.yaml",
    "llama-factory": "dataset_info.json",
    "ms-swift": "dataset.txt",
    "token-budget": "token_budget.json",
}
"""The file of every export that an importer reads."""

LATE: Shares = {
    "cat.human.hplt-v4": (600_000, 1_000_000),
    "spa.human.hplt-v4": (300_000, 800_000),
    "oci.human.wiki": (100_000, 25_000),
}
"""The last pool comes in a second phase."""

ROWS = {"llama-factory", "ms-swift", "token-budget"}
"""Formats that count whole rows or sequences: shares come back within one of the smallest."""

POOLS = (
    "cat.human.hplt-v4",
    "nob.translated.multisynt",
    "srp_Latn.human.web",
    "eng.generated.textbooks-2",
    "nan.human_edited.wiki_2026",
    "cmn_Hant.rephrased.a-b_c",
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """One to six pools, from equal shares to one in ten thousand, none past four epochs."""
    names = draw(st.lists(st.sampled_from(POOLS), min_size=1, unique=True))
    return recipe_of(
        {name: (draw(st.integers(10**5, 10**9)), 10**9) for name in names}, max_epochs=4
    )


def there_and_back(
    name: str, recipe: Recipe, folder: Path, phases: tuple[RunPhase, ...] | None = None
) -> dict[str, float]:
    """Pools and shares that an importer reads from what the exporter of that name wrote."""
    written = export(name, recipe, phases)
    for file, text in written.files.items():
        (folder / file).write_text(text, encoding="utf-8")
    found = import_mixture(Request(folder / FILES[name], name, mapping=folder / "expected.json"))
    expected = json.loads(written.files["expected.json"])
    unique = {pool["pool"]: pool["unique_tokens"] for pool in expected["pools"]}
    assert {pool.name: pool.unique_tokens for pool in found.pools} == unique
    assert found.other == ()
    assert found.tokens == expected["run"]["tokens"]
    planned: dict[str, float] = {}
    for phase in expected["phases"]:
        for pool in phase["pools"]:
            part = pool["share"] * phase["tokens"] / expected["run"]["tokens"]
            planned[pool["pool"]] = planned.get(pool["pool"], 0.0) + part
    shares = {pool.name: pool.proportion for pool in found.pools}
    # A hair of a document or sequence where rows are counted; else nine digits out and in.
    slack = 3e-3 if name in ROWS else 5e-9
    assert shares == pytest.approx(planned, rel=slack, abs=5e-9)
    return shares


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=8, deadline=None)
@given(recipe=recipes())
def test_the_same_pools_and_shares_come_back(
    name: str, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = there_and_back(name, recipe, tmp_path_factory.mktemp(name))
    shares = {pool.name: pool.tokens / recipe.tokens for pool in recipe.pools}
    # Levanter counts whole sequences of a block: what that makes of a share is in expected.json.
    slack = {"levanter": 0.5}.get(name, 3e-3 if name in ROWS else 1e-6)
    assert found == pytest.approx(shares, rel=slack, abs=5e-9)
    assert set(found) == set(shares)


def test_every_export_is_read() -> None:
    assert set(FILES) == {one.name for one in EXPORTERS}


@pytest.mark.parametrize("name", FILES)
def test_a_pool_of_three_files_comes_back_file_by_file(name: str, tmp_path: Path) -> None:
    """Each file with its own weight and its own text: what lies in one is not another's."""
    recipe = recipe_of({"cat.human.web": (600_000, 10**6), "spa.human.web": (400_000, 10**6)})
    exporter = find_exporter(name)
    plain = paths_of(recipe, exporter)
    end = next(iter(plain.pools["cat.human.web"])).rpartition("web")[2]
    three = {f"/data/train-{word}{end}": 1000.0 * (2 + n) for n, word in enumerate("abc")}
    paths = replace(plain, pools={**plain.pools, "cat.human.web": three})
    written = export(name, recipe, paths=paths)
    for file, text in written.files.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    found = import_mixture(
        Request(tmp_path / FILES[name], name, mapping=tmp_path / "expected.json")
    )
    catalan = next(pool for pool in found.pools if pool.language == "cat")
    assert catalan.proportion == pytest.approx(0.6, rel=0.01)
    assert catalan.unique_tokens == pytest.approx(10**6)
    if exporter.paths.several == "divide" or name == "mosaicml":
        whole = sum(part.weight for part in catalan.parts)
        assert [part.weight / whole for part in catalan.parts] == pytest.approx(
            [2 / 9, 3 / 9, 4 / 9], rel=0.01
        )
        assert [part.unique_tokens for part in catalan.parts] == pytest.approx(
            [2e6 / 9, 3e6 / 9, 4e6 / 9]
        )


@pytest.mark.parametrize("name", ["nanotron", "levanter", "token-budget"])
def test_two_phases_in_one_file_come_back_as_one_run(name: str, tmp_path: Path) -> None:
    there_and_back(name, recipe_of(LATE), tmp_path, two_phases(LATE))


def test_a_file_with_stages_asks_how_long_the_run_is(tmp_path: Path) -> None:
    written = export("nanotron", recipe_of(LATE), two_phases(LATE))
    path = tmp_path / "stages.yaml"
    path.write_text(written.files["data_stages.yaml"])
    with pytest.raises(ProblemError, match="has 2 stages and does not say how many steps"):
        import_mixture(Request(path, "nanotron", pattern="train-{language}-{provenance}-{corpus}"))


def test_caps_come_back_where_the_framework_has_them(tmp_path: Path) -> None:
    recipe = recipe_of({"cat.human.web": (4_000_000, 10**6), "spa.human.web": (10**6, 10**7)})
    written = export("olmo-core", recipe)
    for file, text in written.files.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    found = import_mixture(
        Request(tmp_path / FILES["olmo-core"], "olmo-core", mapping=tmp_path / "expected.json")
    )
    caps = {pool.name: pool.max_epochs for pool in found.pools}
    assert caps["cat.human.web"] == pytest.approx(4, rel=0.01)


def test_without_expected_json_the_keys_still_say_language_and_provenance(tmp_path: Path) -> None:
    recipe = recipe_of({"cat.human.web": (10**6, 10**7), "nob.translated.mt": (10**6, 10**7)})
    path = tmp_path / "mix.yaml"
    path.write_text(export("olmix", recipe).files["mix.yaml"], encoding="utf-8")
    found = import_mixture(Request(path, "olmix"))
    assert {pool.name for pool in found.pools} == {"cat.human.web", "nob.translated.mt"}
