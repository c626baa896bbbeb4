"""``laws`` as a person runs it, and laws of one's own in ``solve``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused

MINE = """\
name: mine
kind: chinchilla
title: Our proxies
constants: {E: 1.9, A: 500.0, alpha: 0.35, B: 1500.0, beta: 0.35}
decay: 0.2
intervals: {E: [1.8, 2.0], decay: [0.1, 0.3]}
intervals_are: 95 % bootstrap
unit: nats per token
measured_on: 60 runs of ours
source: our own runs
"""


def test_every_law_in_one_list(atlasmix: Run) -> None:
    out = atlasmix("laws", "list").out
    for words in ("muennighoff-2023  ", "besiroglu-2024", "capacity (default)", "not stated"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 80
    listed = {one["name"]: one for one in json.loads(atlasmix("laws", "list", "--json").out)}
    assert listed["atlas-2025-curse"]["kind"] == "curse"
    assert listed["hoffmann-2022"]["solve"]
    assert not listed["muennighoff-2023-excess"]["solve"]


@pytest.mark.parametrize(
    "name",
    ["besiroglu-2024", "muennighoff-2023-excess", "atlas-2025-curse", "atlas-2025-languages"],
)
def test_a_law_is_shown_with_unit_source_and_use(atlasmix: Run, name: str) -> None:
    done = atlasmix("laws", "show", name)
    assert done.status == 0, done.err
    for words in ("formula: ", "drives: ", "unit of the loss: ", "source: ", "licence: "):
        assert words in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    shown = json.loads(atlasmix("laws", "show", name, "--json").out)
    assert shown["name"] == name
    assert shown["law"]


def test_a_law_of_ones_own_from_card_to_answer(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    done = atlasmix("laws", "add", "mine.yaml")
    assert done.status == 0, done.err
    assert "use it with atlasmix solve --law mine" in done.out
    assert "0.1 to 0.3" in atlasmix("laws", "show", "mine").out
    solved = atlasmix("solve", "--target", "cat", "--law", "mine", "--output", "r.yaml")
    assert solved.status == 0, solved.err
    said = " ".join(solved.out.split())
    assert "between repeating a language and adding a donor. 0.2 is used" in said
    own = atlasmix("solve", "--target", "cat", "--law", "mine", "--lambda", "0.05")
    assert "λ = 0.2 was fitted together with law mine; this answer uses 0.05." in " ".join(
        own.out.split()
    )
    assert atlasmix("laws", "remove", "mine").out == "removed law mine\n"
    assert atlasmix("check", "r.yaml").status == 0  # the recipe holds the law
    assert_refused(atlasmix("laws", "show", "mine"), "no law 'mine'")


def test_a_store_of_ones_own(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    here = ("--store", "elsewhere")
    assert atlasmix("laws", "add", "mine.yaml", *here).status == 0
    assert (tmp_path / "elsewhere/scaling_laws/mine.yaml").is_file()
    assert "mine" in atlasmix("laws", "list", *here).out
    assert atlasmix("solve", "--target", "cat", "--law", "mine", *here).status == 0
    assert_refused(atlasmix("solve", "--target", "cat", "--law", "mine"), "no law 'mine'")


def test_the_pessimist_about_repetition_reads_more_donors(atlasmix: Run) -> None:
    words = ("solve", "--target", "cat", "--budget", "300B", "--max-epochs", "16", "--json")
    plain = json.loads(atlasmix(*words).out)["proportions"]
    other = atlasmix(*words, "--law", "muennighoff-2023-data-only")
    assert json.loads(other.out)["recipe"]["question"]["lambda"] == pytest.approx(1 / 2.9157)
    assert json.loads(other.out)["proportions"]["spa"] > plain.get("spa", 0.0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("laws", "show", "kaplan"), "no law 'kaplan'"),
        (("laws", "show", "a" * 300 + ".yaml"), "no law 'aaaa"),
        (("laws", "add", "none.yaml"), "no file none.yaml: check the path"),
        (("laws", "add", "broken.yaml"), "broken.yaml is no usable law:"),
        (("laws", "remove", "hoffmann-2022"), "ships with AtlasMix: it cannot be removed"),
        (
            ("solve", "--target", "cat", "--law", "atlas-2025-curse"),
            "cannot drive a solve: it says what serving more languages costs",
        ),
        (
            ("solve", "--target", "cat,fra", "--law", "atlas-2025-languages/fra/multi"),
            "speaks of French alone, in a loss",
        ),
    ],
)
def test_refusals(atlasmix: Run, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "broken.yaml").write_text("name: x\n", encoding="utf-8")
    assert_refused(atlasmix(*words), sentence)
