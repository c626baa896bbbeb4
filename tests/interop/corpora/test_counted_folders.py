"""Token counts from Megatron's indexes and HPLT's reports, against writers of our own."""

from __future__ import annotations

import csv
import io
import struct
from pathlib import Path

import pytest
import yaml

from atlasmix.errors import DataError, ProblemError
from atlasmix.interop.corpora.corpus_inventory import CountedFolder, inventory_of
from atlasmix.interop.corpora.hplt_analytics import read_report
from atlasmix.interop.corpora.megatron_index import read_index

CODES = {"H": 8, "i": 4, "q": 5}


def write_index(
    prefix: Path, lengths: list[int], documents: list[int] | None = None, kind: str = "H"
) -> None:
    """The layout as megatron-core documents it, field after field."""
    boundaries = list(range(len(lengths) + 1)) if documents is None else documents
    size = struct.calcsize(f"<{kind}")
    places = [sum(lengths[:at]) * size for at in range(len(lengths))]
    prefix.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{prefix}.idx").write_bytes(
        b"MMIDIDX\x00\x00"
        + struct.pack("<Q", 1)
        + struct.pack("<B", CODES[kind])
        + struct.pack("<QQ", len(lengths), len(boundaries))
        + struct.pack(f"<{len(lengths)}i", *lengths)
        + struct.pack(f"<{len(lengths)}q", *places)
        + struct.pack(f"<{len(boundaries)}q", *boundaries)
    )
    Path(f"{prefix}.bin").write_bytes(bytes(sum(lengths) * size))


def pools(table: bytes) -> dict[tuple[str, str, str], tuple[str, str]]:
    rows = csv.DictReader(io.StringIO(table.decode()))
    return {
        (row["language"], row["provenance"], row["corpus"]): (
            row["unique_tokens"],
            row["documents"],
        )
        for row in rows
    }


@pytest.mark.parametrize("kind", CODES)
def test_an_index_is_counted(tmp_path: Path, kind: str) -> None:
    """Documents of several sequences count once, and a token's size does not matter."""
    write_index(tmp_path / "a", [3, 5, 7], [0, 2, 3], kind)
    count = read_index(tmp_path / "a.idx")
    assert (count.tokens, count.documents) == (15, 2)


def test_more_tokens_than_32_bits_hold(tmp_path: Path) -> None:
    """Kills a sum in the type of the lengths."""
    lengths = [2**31 - 1] * 5
    content = (
        b"MMIDIDX\x00\x00"
        + struct.pack("<QBQQ", 1, 8, 5, 6)
        + struct.pack("<5i", *lengths)
        + bytes(8 * 11)
    )
    (tmp_path / "a.idx").write_bytes(content)
    assert read_index(tmp_path / "a.idx").tokens == 5 * (2**31 - 1)


def test_prefixes_become_pools_by_the_rules_of_import(tmp_path: Path) -> None:
    """Shards are added up; a folder names the corpus; the script stays with its language."""
    write_index(tmp_path / "hplt-3.0" / "cat_Latn-0_text_document", [10, 20])
    write_index(tmp_path / "hplt-3.0" / "gle_Latn_text_document", [1])
    write_index(tmp_path / "wiki" / "srp_Cyrl_text_document", [4])
    write_index(tmp_path / "wiki" / "srp_Latn_text_document", [5])
    rules = {"rules": [{"match": "{corpus}/{language}_{script}-*"}]}
    rules["rules"].append({"match": "{corpus}/{language}_{script}"})
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    made = inventory_of(
        CountedFolder(tmp_path, "megatron-idx", "gemma-3", tmp_path / "map.yaml", "", "human")
    )
    told = pools(made.table)
    assert told[("cat", "human", "hplt-3-0")] == ("30 tokens", "2")
    assert told[("gle", "human", "hplt-3-0")] == ("1 tokens", "1")
    assert len([key for key in told if key[0].startswith("srp")]) == 2
    assert "tokens of gemma-3" in made.card


def test_shards_of_one_pool_are_added_up_and_said(tmp_path: Path) -> None:
    for shard in ("a", "b"):
        write_index(tmp_path / "corpus" / shard / "cat_Latn_text_document", [7, 7])
    made = inventory_of(CountedFolder(tmp_path, "megatron-idx", "t"))
    assert list(pools(made.table).values()) == [("28 tokens", "4")]
    assert "2 prefixes added up" in made.notes[0]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-1], "is it cut off"),
        (lambda content: content + b"x" * 9, "is it cut off"),
        (lambda content: b"TNTIDX\x00\x00" + content[8:], "index of the old kind"),
        (lambda content: b"nothing", "is no index of Megatron"),
        (lambda content: content[:9] + b"\x02" + content[10:], "has version 2"),
        (
            lambda content: content[:18] + struct.pack("<Q", 2**62) + content[26:],
            "is it cut off",
        ),
        (lambda content: content[:34] + struct.pack("<i", -3) + content[38:], "below 0"),
        (lambda content: content[:34] + struct.pack("<i", 4) + content[38:], "its index counts"),
    ],
)
def test_a_damaged_index_is_named(tmp_path: Path, damage: object, said: str) -> None:
    """The header is never believed against the size of the file; nor the index against its text."""
    write_index(tmp_path / "c" / "cat_Latn", [3, 5])
    path = tmp_path / "c" / "cat_Latn.idx"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DataError, match="1 fault") as refused:
        inventory_of(CountedFolder(tmp_path, "megatron-idx", "t"))
    assert said in str(refused.value)


def test_what_is_not_said_is_asked_for(tmp_path: Path) -> None:
    write_index(tmp_path / "mystery_text_document", [3])
    with pytest.raises(ProblemError, match="whose tokens are they"):
        inventory_of(CountedFolder(tmp_path, "megatron-idx"))
    with pytest.raises(DataError) as refused:
        inventory_of(CountedFolder(tmp_path, "megatron-idx", "t"))
    assert "mystery_text_document: no rule fits" in str(refused.value)
    with pytest.raises(ProblemError, match="no form 'megatron': did you mean megatron-idx"):
        inventory_of(CountedFolder(tmp_path, "megatron", "t"))
    with pytest.raises(DataError, match=r"holds no \*.yaml"):
        inventory_of(CountedFolder(tmp_path, "hplt-analytics"))


def write_report(path: Path, language: str, **keys: object) -> None:
    content = {
        "corpus": f"{language}.jsonl.tsv",
        "docs_total": 12,
        "sentence_pairs": 9,
        "src_sent_tokens": "[[0, 7], [3, 4],\n  [10, 2]]",
        "src_unique_sents": "[[3, 1], [10, 2]]",
        "srclang": language,
        **keys,
    }
    kept = {key: value for key, value in content.items() if value is not None}
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(kept), encoding="utf-8")


def test_a_report_of_hplts_analytics(tmp_path: Path) -> None:
    """Each segment once where the report says so; the script comes from the file's name."""
    folder = tmp_path / "hplt-v2"
    write_report(folder / "HPLT-v2-ace_Arab.yaml", "ace")
    write_report(folder / "HPLT-v2-eus_Latn.yaml", "eus", src_unique_sents=None, docs_total=None)
    write_report(folder / "HPLT-v2-en-ca.yaml", "en", trglang="ca")
    made = inventory_of(CountedFolder(folder, "hplt-analytics", provenance="human"))
    told = pools(made.table)
    assert told[("ace_Arab", "human", "hplt-v2")] == ("23 tokens", "12")
    assert told[("eus", "human", "hplt-v2")] == ("32 tokens", "")
    assert made.notes == ("HPLT-v2-en-ca has no single language (parallel text); left out",)


@pytest.mark.parametrize("lengths", ["[[1, 2], [3]]", "7", None, "[[1e999, 1]]", "[[-5, 1]]"])
def test_lengths_that_are_none(tmp_path: Path, lengths: object) -> None:
    write_report(tmp_path / "a.yaml", "eus", src_unique_sents=None, src_sent_tokens=lengths)
    with pytest.raises(DataError, match=r"a\.yaml: (expected src_unique|-5 tokens)"):
        read_report(tmp_path / "a.yaml")
