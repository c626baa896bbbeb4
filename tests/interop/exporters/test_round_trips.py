"""A recipe exported and read back is the same mixture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from export_samples import export, recipe_of
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.interop.importers.reading import Request, import_mixture
from atlasmix.recipe.recipe import Recipe

FILES = {
    "megatron": "data_args.txt",
    "nemo": "data.yaml",
    "olmo-core": "source_mixture.yaml",
    "olmix": "mix.yaml",
    "hf": "mixture.json",
}
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


def there_and_back(name: str, recipe: Recipe, folder: Path) -> dict[str, float]:
    """Pools and shares that an importer reads from what the exporter of that name wrote."""
    written = export(name, recipe)
    for file, text in written.files.items():
        (folder / file).write_text(text, encoding="utf-8")
    found = import_mixture(Request(folder / FILES[name], name, mapping=folder / "expected.json"))
    expected = json.loads(written.files["expected.json"])
    unique = {pool["pool"]: pool["unique_tokens"] for pool in expected["pools"]}
    assert {pool.name: pool.unique_tokens for pool in found.pools} == unique
    assert found.other == ()
    assert found.tokens == expected["run"]["tokens"]
    return {pool.name: pool.proportion for pool in found.pools}


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=15, deadline=None)
@given(recipe=recipes())
def test_the_same_pools_and_shares_come_back(
    name: str, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = there_and_back(name, recipe, tmp_path_factory.mktemp(name))
    shares = {pool.name: pool.tokens / recipe.tokens for pool in recipe.pools}
    # Nine digits of every weight on the way out, nine places on the way in.
    assert found == pytest.approx(shares, abs=5e-9)
    assert set(found) == set(shares)


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
