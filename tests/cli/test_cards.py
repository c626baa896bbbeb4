"""``atlasmix cards`` through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from command_line import Run, assert_refused

from atlasmix.interop.cards.making import FORMATS


@pytest.fixture
def run(atlasmix: Run) -> Run:
    words = "solve --target cat,no --pools human,translated --output recipe.yaml"
    assert atlasmix(*words.split()).status == 0
    return atlasmix


@pytest.mark.parametrize("form", FORMATS)
def test_every_card_is_written_whole(run: Run, form: str) -> None:
    words = f"cards recipe.yaml --to {form} --date 2026-01-31 -o card.out"
    done = run(*words.split())
    assert (done.status, done.err) == (0, "")
    text = (done.folder / "card.out").read_text(encoding="utf-8")
    assert "2026-01-31" in text
    assert str(done.folder) not in text
    if form in {"croissant", "spdx", "prov"}:
        assert isinstance(json.loads(text), dict)
    assert (done.folder / "card.csv").exists() == (form == "croissant")
    again = run(*words.split())
    assert again.status == 0
    assert (done.folder / "card.out").read_text(encoding="utf-8") == text


def test_stdout_and_mixture_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mix.txt").write_text("1 h/cat_Latn\n2 h/nob_Latn\n1 code\n")
    assert run(*["import", "mix.txt", "--from", "megatron", "-o", "mixture.yaml"]).status == 0
    done = run(*["cards", "mixture.yaml", "--to", "huggingface", "--licence", "cc-by-4.0"])
    data = yaml.safe_load(done.out.split("---\n")[1])
    assert data["language"] == ["nb", "ca"]
    assert data["license"] == "cc-by-4.0"
    summary = run(*["cards", "mixture.yaml", "--to", "eu-summary"])
    assert "| 1.3 Size of the text data | _for the provider_ |" in summary.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("recipe.yaml --to spdx", "give the date, as YYYY-MM-DD (--date)"),
        ("recipe.yaml --to croissant", "a croissant card is 2 files"),
        ("recipe.yaml --to croisant", "did you mean croissant?"),
        ("recipe.yaml --to prov --date today", "date is 'today'"),
        ("recipe.yaml --to prov --url here", "url is 'here'"),
        ("recipe.yaml --to prov -o nosuch/x.json", "cannot be written"),
        ("nosuch.yaml --to prov", "no file nosuch.yaml"),
    ],
)
def test_a_slip_is_a_sentence(run: Run, words: str, said: str) -> None:
    assert_refused(run("cards", *words.split()), said)
