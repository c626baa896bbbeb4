"""``crossover`` as a person runs it."""

from __future__ import annotations

import json

import pytest
from command_line import Run, assert_refused


def test_a_language_that_was_measured(atlasmix: Run) -> None:
    done = atlasmix("crossover", "--target", "Spanish", "--params", "2B", "--tokens", "300B")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert said.startswith("Spanish at 2B parameters on 300B tokens: train from scratch.")
    assert "From scratch overtakes at 239B tokens: measured." in said
    for words in ("1,113,708·N^1.65", "10,283,128·N^1.54", "Mandarin Chinese (cmn) 283B"):
        assert words in said
    assert "Limits that the authors state" in said
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_language_that_was_not(atlasmix: Run) -> None:
    said = " ".join(atlasmix("crossover", "--target", "cat", "--tokens", "100B").out.split())
    assert "finetune a multilingual checkpoint" in said
    assert "not measured for this language and size" in said
    assert "6.8 epochs, and the study does not account for repeats" in said
    assert "Catalan is not among the 8 languages measured" in said


def test_repeats_of_little_text_are_no_reason_to_train_from_scratch(atlasmix: Run) -> None:
    """The headline said "from scratch" over a caveat that it would take 48 epochs."""
    words = ("crossover", "--target", "glg", "--params", "2B", "--tokens", "300B")
    said = " ".join(atlasmix(*words).out.split())
    assert said.startswith(
        "Galician at 2B parameters on 300B tokens: finetune a multilingual checkpoint, for want of "
        "fresh text: 300B would mostly be repeats."
    )
    assert "48 epochs" in said
    found = json.loads(atlasmix(*words, "--json").out)
    assert found["verdict"] == "finetune"
    assert found["fresh_tokens"] == pytest.approx(4 * found["unique_tokens"]["human"])


def test_as_data(atlasmix: Run) -> None:
    found = json.loads(atlasmix("crossover", "--target", "es", "--params", "1B", "--json").out)
    assert found["target"] == "spa"
    assert found["measured_tokens"] is None
    assert found["verdict"] is None
    assert [law["exponent"] for law in found["power_law"]] == [1.65, 1.54]
    assert found["measured_at"]["tokens"]["spa"] == 239e9


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--target", "klingonish"), "no language 'klingonish'"),
        (("--target", "spa", "--params", "2"), "expected between 1M and 10T"),
        (("--target", "spa", "--tokens", "nan"), "--tokens is nan"),
        (("--target", "spa", "--inventory", "none"), "no inventory 'none'"),
    ],
)
def test_refusals(atlasmix: Run, words: tuple[str, ...], sentence: str) -> None:
    assert_refused(atlasmix("crossover", *words), sentence)
