"""The paths file: patterns, several paths, and everything that a framework would misread."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_samples import BY_NAME, NAMES, THREE, export, options_for, recipe_of
from weight_readers import weights_in

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.exporters.paths import PathsFile, misread, read_paths

RECIPE = recipe_of(THREE)
PREFIXES = ("megatron", "nemo", "gpt-neox")


def paths(pools: dict[str, dict[str, float | None]], **other: tuple[str, ...]) -> PathsFile:
    return PathsFile("paths file", pools, **other)


def read(tmp_path: Path, text: str) -> PathsFile:
    (tmp_path / "paths.yaml").write_text(text, encoding="utf-8")
    return read_paths(tmp_path / "paths.yaml")


def test_names_come_before_patterns_and_patterns_in_their_order(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '"*": /rest/{key}\n"{language}.human.hplt-v4": /never\n'
        "spa.human.hplt-v4: /spanish\nvalid: /v\ntest: [/t1, /t2]\n",
    )
    with pytest.raises(DataError, match=r"\{language\}\.human\.hplt-v4 is never used"):
        export("megatron", RECIPE, paths=found)
    found = read(
        tmp_path,
        '"{language}.human.hplt-v4": /h/{language}_{script}/{provenance}/{corpus}\n'
        'spa.human.hplt-v4: /spanish\n"*": /rest/{key}\nvalid: /v\ntest: [/t1, /t2]\n',
    )
    assert list(weights_in("megatron", export("megatron", RECIPE, paths=found).files)) == [
        "/h/cat_Latn/human/hplt-v4",
        "/spanish",
        "/rest/gsw_Latn__human__wiki",
    ]
    assert (found.valid, found.test) == (("/v",), ("/t1", "/t2"))


def test_language_and_script_are_told_apart_in_a_path() -> None:
    found = export(
        "megatron", RECIPE, paths=paths({"*": {"/x/{language}-{script}-{corpus}": None}})
    )
    assert list(weights_in("megatron", found.files)) == [
        "/x/cat-Latn-hplt-v4",
        "/x/spa-Latn-hplt-v4",
        "/x/gsw-Latn-wiki",
    ]


def test_all_faults_are_named_at_once() -> None:
    odd = paths({"cat.human.hplt-v4": {"/my data/x": None}, "fra.human.web": {"/f": None}})
    with pytest.raises(DataError, match="has 4 faults for Megatron-LM") as caught:
        export("megatron", RECIPE, paths=odd)
    text = str(caught.value)
    assert "spa.human.hplt-v4 has no path" in text
    assert "gsw_Latn.human.wiki has no path" in text
    assert "fra.human.web is no pool of this recipe" in text
    assert "'/my data/x' has a space, at which Megatron-LM cuts it in two" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_framework_that_reads_files_asks_for_them(name: str) -> None:
    if not BY_NAME[name].paths.needed:
        assert export(name, RECIPE, paths=None).files
        return
    with pytest.raises(ProblemError, match=r"nobody says where cat\.human\.hplt-v4.*give paths"):
        export(name, RECIPE, paths=None)


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        ("megatron", "/a b", "has a space"),
        ("megatron", " /a", "has a space"),
        ("megatron", "2023", "looks like a number"),
        ("megatron", "1e5", "looks like a number"),
        ("megatron", "nan", "looks like a number"),
        ("megatron", "1_000", "looks like a number"),
        ("nemo", "2023", "looks like a number"),
        ("megatron", "/a/*_text", "is a pattern"),
        ("gpt-neox", "/a/[ab]", "is a pattern"),
        ("mosaicml", "/a/*", "is a pattern"),
        ("megatron", "/a/x.bin", r"ends in \.bin, which Megatron-LM adds itself"),
        ("nemo", "/a/x.idx", r"ends in \.idx"),
        ("ms-swift", "/a#3.jsonl", "has '#', which means something else to ms-swift"),
        ("ms-swift", "hf::a", "has ':'"),
        ("ms-swift", "/a b.jsonl", "has a space"),
        ("regmix", "/a/", "ends in /"),
        ("olmo-core", "/a\nb", "line break"),
        ("hf", "/a\tb", "a tab"),
    ],
)
def test_what_a_framework_would_misread_is_refused(name: str, path: str, words: str) -> None:
    others = {"spa.human.hplt-v4": {"/s": None}, "gsw_Latn.human.wiki": {"/g": None}}
    odd = paths({"cat.human.hplt-v4": {path: None}, **others})
    with pytest.raises(DataError, match=words):
        export(name, RECIPE, paths=odd)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("olmo-core", "/a b/*.npy"),
        ("hf", "/a b/*.jsonl"),
        ("maxtext", "gs://bucket/a*"),
        ("nemo", "/a b/x"),
        ("olmo-core", "2023"),
        ("levanter", "${oc.env:DATA}/x"),
    ],
)
def test_what_a_framework_reads_right_is_let_through(name: str, path: str) -> None:
    assert misread(path, BY_NAME[name]) == []


def test_held_out_text_is_looked_at_too() -> None:
    good = options_for(RECIPE, BY_NAME["megatron"]).paths
    assert good is not None
    with pytest.raises(DataError, match=r"held-out text: '/v x' has a space"):
        export("megatron", RECIPE, paths=paths(dict(good.pools), valid=("/v x",)))
    first = next(iter(good.pools.values()))
    with pytest.raises(DataError, match="is held-out text and the path of cat"):
        export("megatron", RECIPE, paths=paths(dict(good.pools), test=tuple(first)))


def test_one_path_for_two_pools_would_count_twice() -> None:
    with pytest.raises(DataError, match=r"its text would count twice"):
        export("megatron", RECIPE, paths=paths({"*": {"/all/{provenance}": None}}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/x/{lang}", r"placeholder \{lang\}: expected one of \{language\}"),
        ("/x/{}", r"placeholder \{\}"),
    ],
)
def test_an_unknown_placeholder_is_refused(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        export("megatron", RECIPE, paths=paths({"*": {text: None}}))


def test_a_domain_has_no_script() -> None:
    recipe = recipe_of({"medical.human.papers": (1000, 1000)})
    with pytest.raises(DataError, match=r"medical\.human\.papers has no script"):
        export("megatron", recipe, paths=paths({"*": {"/x/{language}_{script}": None}}))
    found = export("megatron", recipe, paths=paths({"*": {"/x/{language}": None}}))
    assert list(weights_in("megatron", found.files)) == ["/x/medical"]


@pytest.mark.parametrize("name", NAMES)
def test_several_paths_are_listed_or_divided_by_their_tokens(name: str) -> None:
    others = {"spa.human.hplt-v4": {"/d/s": None}, "gsw_Latn.human.wiki": {"/d/g": None}}
    held_out = {"valid": ("/v/v",), "test": ("/t/t",)}
    blind = paths({"cat.human.hplt-v4": {"/d/a": None, "/d/b": None}, **others}, **held_out)
    known = paths({"cat.human.hplt-v4": {"/d/a": 300.0, "/d/b": 100.0}, **others}, **held_out)
    if BY_NAME[name].paths.several == "list":
        found = "".join(export(name, RECIPE, paths=blind).export.files.values())
        assert "/d/a" in found
        assert "/d/b" in found
        return
    with pytest.raises(DataError, match="has 2 paths, and nobody says how many tokens"):
        export(name, RECIPE, paths=blind)
    weights = list(weights_in(name, export(name, RECIPE, paths=known).files).values())
    assert len(weights) == 4
    assert weights[0] / weights[1] == pytest.approx(3, rel=1e-2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no paths"),
        ("- /a\n", "names no paths"),
        ("cat.human.web: 3\n", "is no path"),
        ("cat.human.web: []\n", "is no path"),
        ("cat.human.web: [/a, /a]\n", "different texts"),
        ("cat.human.web: {/a: many}\n", "'many'"),
        ("cat.human.web: {/a: 0}\n", "above 0"),
        ("cat.human.web: ''\n", "is no path"),
        ("no: /a\n", "quote it"),
        ("a: &x /a\nb: *x\n", "anchor"),
        ("a: 1\nb: 2\n", "2 faults"),
    ],
)
def test_a_paths_file_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, text)


def test_tokens_beside_a_path_may_be_written_as_people_do(tmp_path: Path) -> None:
    found = read(tmp_path, "cat.human.web: {/a: 12B, /b: 3_000_000_000}\n")
    assert found.pools["cat.human.web"] == {"/a": 12e9, "/b": 3e9}
