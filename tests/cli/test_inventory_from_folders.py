"""``inventory add --from``, as a person runs it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from command_line import Run, assert_refused


def write_index(path: Path, tokens: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MMIDIDX\x00\x00" + struct.pack("<QBQQiqqq", 1, 8, 1, 2, tokens, 0, 0, 1))


def test_a_folder_of_indexes_is_an_inventory_that_solve_reads(
    atlasmix: Run, tmp_path: Path
) -> None:
    write_index(tmp_path / "corpus" / "hplt" / "cat_Latn_text_document.idx", 2_000_000_000)
    write_index(tmp_path / "corpus" / "hplt" / "spa_Latn_text_document.idx", 2_100_000_000)
    words = ("--from", "megatron-idx", "--tokenizer", "gemma-3", "--provenance", "human")
    done = atlasmix("inventory", "add", "corpus", *words)
    assert done.status == 0, done.err
    assert "added inventory corpus to" in done.out
    shown = atlasmix("inventory", "show", "corpus", "--pools", "--json")
    pools = json.loads(shown.out)["pools"]
    assert {pool["name"]: pool["unique_tokens"] for pool in pools} == {
        "cat.human.hplt": 2e9,
        "spa.human.hplt": 2.1e9,
    }
    assert {pool["unit"] for pool in pools} == {"tokens of gemma-3"}
    solved = atlasmix("solve", "--target", "cat", "--inventory", "corpus", "--budget", "1B")
    assert solved.status == 0, solved.err


def test_slips(atlasmix: Run, tmp_path: Path) -> None:
    write_index(tmp_path / "corpus" / "x.idx", 5)
    add = ("inventory", "add", "corpus")
    assert_refused(
        atlasmix(*add, "--from", "megatron-idx"), "name the tokenizer, as gemma-3 (--tokenizer)"
    )
    assert_refused(atlasmix(*add, "--from", "megatron"), "did you mean megatron-idx")
    said = atlasmix(*add, "--from", "megatron-idx", "--tokenizer", "t")
    assert_refused(said, "x: no rule fits")
    assert "(--mapping)" in said.err
    assert_refused(atlasmix(*add, "--tokenizer", "t"), "--from megatron-idx or --from hplt")
