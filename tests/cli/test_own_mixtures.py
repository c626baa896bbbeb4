"""Mixtures of one's own on the shelf, and a law at one point."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import Run, assert_refused


def test_a_mixture_of_ones_own_from_file_to_comparison(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "mix.txt").write_text("3 /d/cat_Latn\n1 /d/spa_Latn\n")
    atlasmix(*["import", "mix.txt", "--from", "megatron", "-o", "mix.yaml"])
    add = ["mixtures", "add", "mix.yaml", "--name", "ours-1"]
    done = atlasmix(*add)
    assert done.status == 0, done.err
    assert_refused(atlasmix(*add), "is in the store")
    assert_refused(atlasmix(*add[:-1], "salamandra-7b"), "is published and ships with AtlasMix")
    assert_refused(atlasmix(*add[:-1], "Ours 1"), "cannot be the name of a mixture")
    listed = json.loads(atlasmix("mixtures", "list", "--json").out)
    assert listed[-1]["shares"] == {"cat": 0.75, "spa": 0.25}
    apart = json.loads(atlasmix("compare", "ours-1", "mix.yaml", "--json").out)
    assert apart["distance"] == 0
    assert "Catalan" in atlasmix("compare", "ours-1", "salamandra-7b").out
    solved = atlasmix("solve", "--target", "cat", "--compare-with", "ours-1")
    assert "ours-1" in solved.out
    assert atlasmix("mixtures", "remove", "ours-1").out == "removed mixture ours-1\n"
    assert_refused(atlasmix("mixtures", "remove", "salamandra-7b"), "cannot be removed")
    assert_refused(atlasmix("mixtures", "show", "ours-1"), "no published mixture 'ours-1'")


def test_a_law_at_a_point(atlasmix: Run) -> None:
    words = ["laws", "evaluate", "besiroglu-2024", "--params", "7B", "--tokens", "242B"]
    done = atlasmix(*words, "--unique", "25B")
    assert done.status == 0, done.err
    assert "besiroglu-2024: loss 2.1491 nats per token" in done.out
    assert "9.68 epochs of 25B" in done.out
    point = json.loads(atlasmix(*words, "--json").out)
    # 1.8172 + 482.01 / 7e9^0.3478 + 2085.43 / 242e9^0.3658
    assert abs(point["loss"] - (1.8172 + 482.01 / 7e9**0.3478 + 2085.43 / 242e9**0.3658)) < 1e-3
    assert_refused(atlasmix(*words, "--unique", "1T"), "expected at most as many (--unique)")
    assert_refused(atlasmix(*words[:-1], "1,5B"), "decimals take a point")
