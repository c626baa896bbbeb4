"""``compare`` as a person runs it: every pair of kinds, by language and by pool."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from command_line import Done, Run, assert_refused, runner

KINDS = {
    "recipe": ("recipe.yaml", "wider.yaml"),
    "mixture file": ("mixture.yaml", "other.yaml"),
    "published": ("salamandra-7b", "gpt-3"),
}
MIXTURES = {
    "mixture": "60 web/cat_Latn\n25 web/spa_Latn\n15 code\n",
    "other": "30 web/cat_Latn\n20 books/cat_Latn\n50 web/eng_Latn\n",
}
BY = [(first, second) for first in KINDS for second in KINDS]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command line in a folder that holds two of each kind of file."""
    folder = tmp_path_factory.mktemp("compare")
    run = runner(folder)
    for name, words in (("recipe", ("cat",)), ("wider", ("cat", "--target", "spa"))):
        done = run("solve", "--target", *words, "--output", f"{name}.yaml")
        assert done.status == 0, done.err
    for name, lines in MIXTURES.items():
        (folder / f"{name}.txt").write_text(lines, encoding="utf-8")
        words = (f"{name}.txt", "--from", "megatron", "-o", f"{name}.yaml")
        assert run("import", *words).status == 0
    return run


def content(done: Done) -> dict[str, Any]:
    assert done.status == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    return read


@pytest.mark.parametrize(("first", "second"), BY, ids=lambda kind: kind)
def test_every_pair_is_compared_by_language_and_by_pool(made: Run, first: str, second: str) -> None:
    pair = KINDS[first][0], KINDS[second][1]
    shown = made("compare", *pair, "--by", "pool")
    assert shown.status == 0, shown.err
    assert shown.out.startswith(f"A: {pair[0]}, ")
    by_language = content(made("compare", *pair, "--json"))
    by_pool = content(made("compare", *pair, "--by", "pool", "--json"))
    assert [judgement["by"] for judgement in by_language["judgements"]] == [
        word for word, kind in (("A", first), ("B", second)) if kind == "recipe"
    ]
    assert 0 < by_language["distance"] <= 1
    shares = {row["language"]: (row["share_a"], row["share_b"]) for row in by_language["languages"]}
    if "published" in (first, second):
        assert "published by language alone: what moved by pool is not compared" in " ".join(
            shown.out.split()
        )
        assert by_pool["languages"] == by_language["languages"]
        assert by_pool["distance"] == by_language["distance"]
        return
    assert "languages" not in by_pool
    assert by_pool["distance"] >= by_language["distance"]
    sums: dict[str, list[float]] = {}
    for row in by_pool["pools"]:
        both = sums.setdefault(row["language"], [0.0, 0.0])
        both[0] += row["share_a"]
        both[1] += row["share_b"]
        assert row["pool"] in shown.out
    sums.pop("", None)  # code has no single language
    assert sums == {key: pytest.approx(list(both), abs=1e-9) for key, both in shares.items()}


@pytest.mark.parametrize("pair", list(permutations(("recipe.yaml", "mixture.yaml", "gpt-3"), 2)))
def test_backwards_is_the_reverse(made: Run, pair: tuple[str, str]) -> None:
    there = content(made("compare", *pair, "--json"))
    back = content(made("compare", *reversed(pair), "--json"))
    assert there["distance"] == back["distance"]
    assert [(row["share_a"], row["epochs_a"]) for row in there["languages"]] == [
        (row["share_b"], row["epochs_b"]) for row in back["languages"]
    ]


def test_a_recipe_beside_a_published_mixture_is_judged_by_its_question(made: Run) -> None:
    done = made("compare", "recipe.yaml", "salamandra-7b")
    words = " ".join(done.out.split())
    assert "A: recipe.yaml, 100B tokens B: salamandra-7b, an unknown number of tokens" in words
    assert "of the tokens go elsewhere." in words
    assert "B is Salamandra-2B/7B" in words
    assert "Predicted effect by the question of A" in words
    assert "of it has pools here, scaled to 1." in words


def test_a_file_wins_over_a_published_name(made: Run) -> None:
    folder = made("--version").folder
    (folder / "gpt-3").write_text((folder / "mixture.yaml").read_text("utf-8"), encoding="utf-8")
    try:
        same = content(made("compare", "gpt-3", "mixture.yaml", "--json"))
    finally:
        (folder / "gpt-3").unlink()
    assert same["distance"] == 0
    assert content(made("compare", "gpt-3", "mixture.yaml", "--json"))["distance"] > 0


def test_what_is_neither_is_answered_with_the_nearest_names(made: Run) -> None:
    assert_refused(made("compare", "recipe.yaml", "salamandr"), "did you mean salamandra-7b")
    assert_refused(made("compare", "gone.yaml", "gpt-3"), "no file gone.yaml")
    assert_refused(made("compare", "gpt-3", "llama-3"), "no share of a language is known")
    assert_refused(made("compare", "gpt-3", "mixture.txt"), "mixture.txt")
    refused = made("compare", "recipe.yaml", "wider.yaml", "--by", "phase")
    assert refused.status == 2
    assert "language" in refused.err


def test_a_difference_in_pools_alone(atlasmix: Run, tmp_path: Path) -> None:
    for name, lines in (("one", "6 a/cat_Latn\n4 b/cat_Latn\n"), ("two", "9 a/cat_Latn\n")):
        (tmp_path / f"{name}.txt").write_text(lines, encoding="utf-8")
        atlasmix("import", f"{name}.txt", "--from", "megatron", "-o", f"{name}.yaml")
    assert "The same proportions." in atlasmix("compare", "one.yaml", "two.yaml").out
    by_pool = atlasmix("compare", "one.yaml", "two.yaml", "--by", "pool").out
    assert "40.0% of the tokens go elsewhere." in by_pool
    assert "cat.unknown.b" in by_pool
