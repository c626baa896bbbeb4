"""The pages on exporters: the table is the registry's, the example of an exporter exports."""

import re
from pathlib import Path

import pytest
import yaml

from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import REFUSED, all_exporters
from atlasmix.interop.exporters.paths import read_paths
from atlasmix.interop.exporters.planning import ExportOptions
from atlasmix.interop.exporters.writing import export_recipe
from atlasmix.recipe.file import load_recipe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guides" / "export.md").read_text(encoding="utf-8")
ADDING = (ROOT / "docs" / "guides" / "add-an-exporter.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "interop" / "exporters" / "golden"


def test_the_table_is_the_registry():
    phases = {"native": "in one file", "files": "a file each"}
    rows = re.findall(r"^\| `([a-z][a-z-]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [one.name for one in all_exporters()]
    for (name, cells), one in zip(rows, all_exporters(), strict=True):
        files = sorted(path.name for path in (GOLDEN / name).iterdir() if path.name != "SOURCE.md")
        listed, *told = cells.split(" | ")
        assert sorted(re.findall(r"`([^`]+)`", listed)) == files
        assert told == [one.unit, one.repetition, phases[one.stages], one.checked.how]


def test_frameworks_without_weights_are_named():
    for name in REFUSED:
        assert re.search(rf"\b{name}\b", PAGE, re.IGNORECASE), name


def test_the_paths_file_is_one(tmp_path):
    written = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "paths.yaml").write_text(written, encoding="utf-8")
    found = read_paths(tmp_path / "paths.yaml")
    assert found.pools["spa.human.hplt-v4"] == {
        "/data/spa/part-0_text_document": 700e9,
        "/data/spa/part-1_text_document": 300e9,
    }
    assert found.valid
    assert found.test


def test_the_example_of_an_exporter_is_whole(tmp_path):
    names = {}
    exec(re.search(r"```python\n(.*?)```", ADDING, re.DOTALL)[1], names)
    (tmp_path / "paths.yaml").write_text('"*": /data/{key}\n', encoding="utf-8")
    options = ExportOptions(paths=read_paths(tmp_path / "paths.yaml"), lengths={"*": 500.0})
    recipe = load_recipe(GOLDEN / "recipe.yaml")
    written = export_recipe(recipe, names["EXPORTER"], options, Store("/nonexistent"))
    data = yaml.safe_load(written.files["data.yaml"])["data"]
    assert sum(data["sources"].values()) == pytest.approx(1, abs=1e-9)
    assert {"expected.json", "LOAD.md"} < set(written.files)


def test_the_shares_of_the_unit_example_are_right():
    lengths, shares = (50, 100, 25), (0.6, 0.3, 0.1)
    tokens = [share * length for share, length in zip(shares, lengths, strict=True)]
    found = [round(100 * part / sum(tokens)) for part in tokens]
    assert f"{'/'.join(map(str, found))} % where" in PAGE
