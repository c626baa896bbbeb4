"""OpenEuroLLM's 156 prefixes and Salamandra's 226, read and held against the published shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_mixtures import baby_rows, baby_text, salamandra_text, write_baby

from atlasmix.evidence.mixture_file import GivenMixture, dump_mixture, load_mixture
from atlasmix.evidence.published import published
from atlasmix.interop.importers.reading import Request, import_mixture


@pytest.fixture(scope="module")
def baby(tmp_path_factory: pytest.TempPathFactory) -> GivenMixture:
    paths = write_baby(tmp_path_factory.mktemp("baby"))
    return import_mixture(
        Request(
            paths["mix"],
            "megatron",
            mapping=paths["mapping"],
            counts=paths["counts"],
            tokens=1e13,
        )
    )


@pytest.fixture(scope="module")
def salamandra(tmp_path_factory: pytest.TempPathFactory) -> GivenMixture:
    path = tmp_path_factory.mktemp("bsc") / "bsc_7b.yaml"
    path.write_text(salamandra_text(), encoding="utf-8")
    return import_mixture(Request(path, "salamandra"))


def test_156_prefixes_are_the_published_shares_of_37_languages(baby: GivenMixture) -> None:
    # The shipped table was computed from the same configuration by other means.
    assert baby.proportions == pytest.approx(dict(published("openeurollm-8b").shares), abs=1e-9)
    assert {one.name: one.proportion for one in baby.other} == {"code": 0.072, "math": 0.008}
    assert sum(len(one.parts) for one in (*baby.pools, *baby.other)) == 156
    assert baby.notes == ()


def test_every_prefix_finds_its_count_where_the_team_keeps_it(baby: GivenMixture) -> None:
    counted = {
        part.prefix: part.unique_tokens for one in (*baby.pools, *baby.other) for part in one.parts
    }
    assert counted == {row["prefix"]: float(row["tokens"]) for row in baby_rows()}
    irish = next(pool for pool in baby.pools if pool.name == "gle.human.hplt-v3")
    assert irish.unit == "tokens of openeurollm/tokenizer-256k"
    assert irish.counted_in == "hplt-3.0/counts/gle_Latn/release.json"


def test_translated_text_is_told_from_human_text(baby: GivenMixture) -> None:
    translated = sum(pool.proportion for pool in baby.pools if pool.provenance == "translated")
    expected = sum(
        float(row["weight"])
        for row in baby_rows()
        if row["prefix"].startswith("nemotron-cc-opus") or "tower" in row["prefix"]
    )
    assert translated == pytest.approx(expected, abs=1e-9)


def test_226_prefixes_are_the_published_shares_of_35_languages(salamandra: GivenMixture) -> None:
    shares = dict(published("salamandra-7b").shares)
    assert set(salamandra.proportions) == set(shares)
    assert salamandra.proportions == pytest.approx(shares, abs=1e-8)
    assert [(one.name, len(one.parts)) for one in salamandra.other] == [("code", 16)]
    assert sum(len(one.parts) for one in (*salamandra.pools, *salamandra.other)) == 226
    # "no" is Bokmål and not False, "sh" is Serbian in Latin script.
    assert {"nob", "srp_Latn"} <= set(salamandra.proportions)


def test_salamandras_own_run_length_is_read(salamandra: GivenMixture) -> None:
    assert salamandra.tokens == 1736777 * 512 * 8192


@pytest.mark.parametrize("which", ["baby", "salamandra"])
def test_the_file_is_byte_stable_and_read_back_the_same(
    which: str, request: pytest.FixtureRequest
) -> None:
    mixture = request.getfixturevalue(which)
    text = dump_mixture(mixture)
    assert load_mixture(text) == mixture
    assert dump_mixture(load_mixture(text)) == text
    assert "e-0" not in text.replace("finemath", "")


def test_without_mapping_only_what_says_language_and_script_is_taken_for_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "datamix.txt"
    path.write_text(baby_text(), encoding="utf-8")
    found = import_mixture(Request(path, "megatron"))
    assert len(found.pools) == 145
    assert {pool.provenance for pool in found.pools} == {"unknown"}
    assert {pool.corpus for pool in found.pools} == {
        "finepdfs-1-0-0",
        "finepdfs-edu-1-0",
        "hplt-3-0",
        "nemotron-cc-opus-1-1",
        "nemotron-cc-tower-0-1",
    }
    assert "dclm-1.0/megatron-lm" in {one.name for one in found.other}
    note = next(note for note in found.notes if "kept as other" in note)
    assert note.startswith("11 entries kept as other, no rule fits: dclm-1.0/megatron-lm (line 1)")


def test_the_pattern_of_the_manual_reads_the_real_prefixes(tmp_path: Path) -> None:
    path = tmp_path / "datamix.txt"
    path.write_text(baby_text(), encoding="utf-8")
    found = import_mixture(
        Request(path, "megatron", pattern="{corpus}/{language}_{script}...", provenance="human")
    )
    assert len(found.pools) == 145
    assert "hplt-3-0" in {pool.corpus for pool in found.pools}
    assert {pool.provenance for pool in found.pools} == {"human"}


def test_a_count_under_another_name_is_suggested(tmp_path: Path) -> None:
    paths = write_baby(tmp_path)
    found = import_mixture(Request(paths["mix"], "megatron", counts=paths["counts"]))
    note = next(note for note in found.notes if note.startswith("no count for 56 entries"))
    assert "finepdfs-edu-1.0/megatron-lm/als_Latn (line 39)" in note
    assert "say 'counts: finepdfs-edu-1.0.0/als_Latn' in the mapping" in note


def test_comments_tabs_and_parallel_text_as_in_the_flagship_mix(tmp_path: Path) -> None:
    # The shape of flag/datamix.txt (commit 085d206d): headings, tabs, doubled slashes, pairs.
    path = tmp_path / "datamix.txt"
    path.write_text(
        "#\n# English\n#\n0.5 hplt-4.0/megatron-lm/clean/eng_Latn/ab\n"
        "0.00003\tfineopus-filtered-0.4/megatron-lm//eng_source-als_Latn\n"
        "0.3\thplt-4.0/megatron-lm/clean/als_Latn\n0.1\tfinewiki/megatron-lm/nor_Latn\n",
        encoding="utf-8",
    )
    found = import_mixture(Request(path, "megatron"))
    assert set(found.proportions) == {"als", "nob"}
    assert {one.name for one in found.other} == {
        "hplt-4.0/megatron-lm/clean/eng_Latn/ab",
        "eng_source-als_Latn",
    }
    assert any("3 comments (first in line 1)" in note for note in found.notes)
