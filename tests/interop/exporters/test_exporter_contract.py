"""Every exporter keeps the same promises: a new one is held to them by being listed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from export_samples import (
    BY_NAME,
    EXPORTERS,
    NAMES,
    THREE,
    export,
    golden_export,
    golden_recipe,
    recipe_of,
    two_phases,
)
from weight_readers import weights_in
from yaml_rules import number_like, opens_alike

import atlasmix.interop.exporters as package
from atlasmix.interop.exporters.exporter import MODULES, Exporter
from atlasmix.interop.exporters.plan import Run
from atlasmix.recipe.file import load_recipe

# Modules of the folder that are no exporters.
SHARED = {
    "__init__",
    "documents",
    "exporter",
    "names",
    "paths",
    "plan",
    "planning",
    "registry",
    "writing",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_of_the_first_version_is_exported_under_the_hash_of_its_file(name: str) -> None:
    """Its law is superseded, its mixture is not; who trains on it finds the file by its hash."""
    path = Path(__file__).parents[2] / "recipe" / "former_recipe.yaml"
    former = load_recipe(path)
    written = export(name, former)
    assert written.figures["recipe_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert {pool["pool"] for pool in written.figures["phases"][0]["pools"]} == {
        pool.name for pool in former.pools
    }


def test_every_module_of_the_folder_is_listed() -> None:
    folder = Path(package.__file__).parent
    found = {path.stem for path in folder.glob("*.py")} - SHARED
    assert found == set(MODULES)


@pytest.mark.parametrize("exporter", EXPORTERS, ids=NAMES)
def test_its_facts_are_whole(exporter: Exporter) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", exporter.name)
    assert exporter.title
    assert exporter.repetition
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", exporter.checked.date)
    # A commit, or the version of a package.
    if exporter.checked.how != "own":
        assert re.search(r"\([0-9a-f]{8}\)|[a-z] \d+\.\d+", exporter.checked.source)
    if exporter.unit == "documents":
        assert exporter.documents == "needed"


@pytest.mark.parametrize("name", NAMES)
def test_same_recipe_same_bytes(name: str) -> None:
    assert golden_export(name).files == golden_export(name).files


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_has_the_two_companions_and_readable_files(name: str) -> None:
    written = golden_export(name)
    assert {"expected.json", "LOAD.md"} < set(written.files)
    assert set(written.export.files) == set(written.files) - {"expected.json", "LOAD.md"}
    for path, text in written.files.items():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", path)
        assert text.endswith("\n")
        assert "\t" not in text
        if path.endswith(".json"):
            json.loads(text)
        if path.endswith((".yaml", ".yml")):
            assert opens_alike(yaml.safe_load(text))


@pytest.mark.parametrize("name", NAMES)
def test_every_pool_is_there_and_nothing_else(name: str) -> None:
    recipe = recipe_of(THREE)
    found = weights_in(name, export(name, recipe).files)
    assert len(found) == 3
    assert min(found.values()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_weights_sum_to_one_or_to_the_run(name: str) -> None:
    written = export(name, recipe_of(THREE))
    found = weights_in(name, written.files)
    run = written.figures["run"]
    if name == "token-budget":
        assert sum(found.values()) == run["tokens"]
    elif name in {"llama-factory", "ms-swift"}:
        assert sum(found.values()) == pytest.approx(run["tokens"] / 128, abs=2)
    elif name == "mosaicml":
        unique = dict(zip(found, (unique for _, unique in THREE.values()), strict=True))
        read = sum(passes * unique[key] for key, passes in found.items())
        assert read == pytest.approx(run["tokens"], rel=1e-8)
    else:
        assert sum(found.values()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_no_number_has_an_exponent_and_no_key_a_dot(name: str) -> None:
    tiny = {**THREE, "cym.human.tiny": (2, 10)}
    # Sequences of one token, so that even two tokens in a million are drawn; no block of Levanter's
    # could hold them.
    pools = THREE if name == "levanter" else tiny
    written = export(name, recipe_of(pools), run=Run(sequence_length=1, batch_size=1))
    for path, text in written.export.files.items():
        if path.endswith((".yaml", ".yml", ".txt")):
            assert not re.search(r"\d[eE]-?\d", text), text
        if path.endswith((".yaml", ".yml")):
            for line in text.splitlines():
                key = re.match(r"\s*(?:- )?([^\s:#'\"]+):", line)
                assert key is None or "." not in key[1], line
                assert key is None or not number_like(key[1]), line


@pytest.mark.parametrize("name", NAMES)
def test_what_is_typed_fits_a_page(name: str) -> None:
    written = golden_export(name)
    assert written.export.load
    for line in written.export.load.splitlines():
        assert len(line) <= 76, line
    for note in written.export.notes:
        assert note.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_several_phases_are_native_or_one_file_each(name: str) -> None:
    recipe = recipe_of(THREE)
    # 2,048 sequences a step: in Levanter a stage begins where a block does.
    run = Run(sequence_length=10, batch_size=2048)
    written = export(name, recipe, two_phases(THREE), run=run)
    phases = written.figures["phases"]
    assert [phase["phase"] for phase in phases] == ["stable", "cool-down"]
    assert phases[1]["first_step"] == phases[0]["steps"]
    files = set(written.export.files)
    if BY_NAME[name].stages == "native":
        assert not any("/" in path for path in files)
    else:
        assert "stages.json" in files
        folders = {path.partition("/")[0] for path in files if "/" in path}
        assert folders == {"phase-1-stable", "phase-2-cool_down"}
        stages = json.loads(written.files["stages.json"])["stages"]
        assert [one["first_step"] for one in stages] == [0, phases[1]["first_step"]]
        assert len({one["seed"] for one in stages}) == 2
    assert len(weights_in(name, written.files)) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_of_one_pool_is_exported(name: str) -> None:
    found = weights_in(name, export(name, recipe_of({"cat.human.web": (10_000, 10_000)})).files)
    assert len(found) == 1


def test_the_notes_of_consumers_without_a_cap_say_so() -> None:
    for exporter in EXPORTERS:
        if exporter.repetition.startswith("none"):
            notes = " ".join(golden_export(exporter.name).export.notes)
            assert "has no cap" in notes, exporter.name


def test_no_path_of_this_machine_stands_in_an_export() -> None:
    for name in NAMES:
        text = "".join(golden_export(name).files.values())
        assert str(Path(__file__).parents[3]) not in text
    assert golden_recipe().pools
