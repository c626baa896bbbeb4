"""Files that are read strictly hold no key of ours, and no framework gets what it misreads."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from export_samples import THREE, export, golden_export, recipe_of
from weight_readers import weights_in

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.exporters.exporter import INSTEAD, REFUSED, find_exporter
from atlasmix.interop.exporters.paths import PathsFile
from atlasmix.interop.exporters.plan import Run

# The fields of each framework's own classes, from the sources named in the exporters.
ALLOWED = {
    ("olmo-core", "source_mixture.yaml", "sources"): {
        "source_name",
        "target_ratio",
        "max_repetition_ratio",
        "max_source_fraction",
        "paths",
    },
    ("nanotron", "data_stages.yaml", "data_stages"): {"name", "start_training_step", "data"},
}
STREAM = {"remote", "local", "split", "proportion", "repeat", "choose"}


@pytest.mark.parametrize(("name", "file", "top"), ALLOWED)
def test_strict_lists_have_their_own_keys_alone(name: str, file: str, top: str) -> None:
    content = yaml.safe_load(golden_export(name).files[file])
    assert set(content) == {top}
    for one in content[top]:
        assert set(one) <= ALLOWED[name, file, top]


def test_streams_have_only_what_a_stream_takes() -> None:
    content = yaml.safe_load(golden_export("mosaicml").files["train_loader.yaml"])
    for stream in content["train_loader"]["dataset"]["streams"].values():
        assert set(stream) <= STREAM
        assert len({"proportion", "repeat", "choose"} & set(stream)) == 1
        assert len({"remote", "local"} & set(stream)) == 1


def test_a_remote_stream_is_told_apart() -> None:
    pools: dict[str, dict[str, float | None]] = {
        "cat.human.hplt-v4": {"s3://bucket/cat": None},
        "spa.human.hplt-v4": {"/d/s": None},
        "gsw_Latn.human.wiki": {"/d/g": None},
    }
    files = export("mosaicml", recipe_of(THREE), paths=PathsFile("paths file", pools)).files
    streams = yaml.safe_load(files["train_loader.yaml"])["train_loader"]["dataset"]["streams"]
    assert set(streams["cat__human__hplt_v4"]) == {"remote", "repeat"}
    assert set(streams["spa__human__hplt_v4"]) == {"local", "repeat"}


def test_megatron_text_is_words_in_pairs_without_a_comment() -> None:
    text = golden_export("megatron").files["data_args.txt"]
    words = text.split()
    assert len(words) == 10
    assert "#" not in text
    for weight, prefix in zip(words[::2], words[1::2], strict=True):
        assert 0 < float(weight) < 1
        assert prefix.startswith("/data/")


def test_per_split_json_always_has_test() -> None:
    """Without the key Megatron stops with a KeyError; null is what it wants for nothing."""
    content = json.loads(golden_export("megatron").files["per_split.json"])
    assert content["test"] == ["1.0", "/data/held_out/test_text"]
    bare = {pool: {f"/d/{pool}": None} for pool in THREE}
    files = export("megatron", recipe_of(THREE), paths=PathsFile("paths file", bare)).files
    content = json.loads(files["per_split.json"])
    assert list(content) == ["train", "valid", "test"]
    assert content["valid"] is None
    assert content["test"] is None
    assert all(isinstance(word, str) for word in content["train"])


def test_nemo_has_a_mapping_only_with_all_three_splits() -> None:
    def data(paths: PathsFile) -> Any:
        files = export("nemo", recipe_of(THREE), paths=paths).files
        return yaml.safe_load(files["data.yaml"])["model"]["data"]

    bare: dict[str, dict[str, float | None]] = {pool: {f"/d/{pool}": None} for pool in THREE}
    alone = data(PathsFile("paths file", bare, valid=("/v",)))
    assert isinstance(alone["data_prefix"], list)
    assert alone["splits_string"] == "100,0,0"
    whole = data(PathsFile("paths file", bare, ("/v",), ("/t",)))
    assert whole["data_prefix"]["validation"] == [1.0, "/v"]
    assert whole["data_prefix"]["test"] == [1.0, "/t"]
    assert "splits_string" not in whole


def test_gpt_neox_needs_all_three_splits_and_keeps_its_own_weighting_off() -> None:
    bare: dict[str, dict[str, float | None]] = {pool: {f"/d/{pool}": None} for pool in THREE}
    with pytest.raises(ProblemError, match="add 'valid: "):
        export("gpt-neox", recipe_of(THREE), paths=PathsFile("paths file", bare, ("/v",)))
    content = yaml.safe_load(golden_export("gpt-neox").files["atlasmix_data.yml"])
    assert content["weight_by_num_documents"] is False
    assert len(content["train_data_paths"]) == len(content["train_data_weights"]) == 5


def test_regmix_names_that_begin_alike_are_refused() -> None:
    pools: dict[str, dict[str, float | None]] = {
        "cat.human.hplt-v4": {"/d/train_cat": None},
        "spa.human.hplt-v4": {"/d/train_cat_spa": None},
        "gsw_Latn.human.wiki": {"/d/train_g": None},
    }
    with pytest.raises(DataError, match=r"train_cat begins train_cat_spa"):
        export("regmix", recipe_of(THREE), paths=PathsFile("paths file", pools))
    far = {**pools, "spa.human.hplt-v4": {"/e/train_spa": None}}
    with pytest.raises(DataError, match=r"reads one folder"):
        export("regmix", recipe_of(THREE), paths=PathsFile("paths file", far))


def test_maxtext_says_what_its_other_form_would_lose() -> None:
    pools = {**THREE, "glg.human.tiny": (30, 10**6)}
    written = export("maxtext", recipe_of(pools), run=Run(sequence_length=1, batch_size=1))
    weights = weights_in("maxtext", written.files)
    assert weights["glg__human__tiny"] == pytest.approx(3e-5, rel=1e-3)
    assert round(weights["glg__human__tiny"], 4) == 0
    assert any(
        "rounds to four decimals and would lose glg__human__tiny" in note
        for note in written.export.notes
    )
    assert not any("four decimals" in note for note in golden_export("maxtext").export.notes)


@pytest.mark.parametrize(("name", "most"), [("nemo", 254), ("gpt-neox", 254), ("megatron", 32767)])
def test_more_entries_than_an_index_holds_are_refused(name: str, most: int) -> None:
    assert find_exporter(name).most_sources == most
    if most > 1000:
        return
    pools = {
        f"{chr(97 + place // 26)}{chr(97 + place % 26)}a.human.web": (1000, 10**6)
        for place in range(most + 1)
    }
    with pytest.raises(ProblemError, match=r"has 255 entries, and .* at most 254"):
        export(name, recipe_of(pools))
    del pools["aaa.human.web"]
    assert len(weights_in(name, export(name, recipe_of(pools)).files)) == most


@pytest.mark.parametrize("name", REFUSED)
def test_frameworks_without_weights_are_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(ProblemError, match=r"(with|of) (token-budget|hf|megatron)") as caught:
        find_exporter(name.upper())
    assert INSTEAD[name] in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "found"),
    [("Megatron-LM", "megatron"), ("olmo_core", "olmo-core"), ("grain", "maxtext"), ("HF", "hf")],
)
def test_other_names_of_a_framework_are_understood(asked: str, found: str) -> None:
    assert find_exporter(asked).name == found


def test_a_slip_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ProblemError, match=r"did you mean levanter"):
        find_exporter("levantr")


@pytest.mark.parametrize("name", ["megatron", "olmo-core", "hf", "levanter", "nanotron"])
def test_each_provenance_of_a_language_is_a_source_of_its_own(name: str) -> None:
    """No framework has an axis for provenance: its share is kept only where it is an entry."""
    found = weights_in(name, golden_export(name).files)
    catalan = [key for key in found if "cat__" in key]
    assert len(catalan) == 2
    assert {"human" in key for key in catalan} == {True, False}
