"""``solve --report``: a page for others, written whole, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run, assert_refused


def test_a_page_is_written_and_stdout_stays_what_it_is(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    bare = atlasmix("solve", "--target", "cat")
    done = atlasmix("solve", "--target", "cat", "--report", "out/report.html")
    assert done.status == 0, done.err
    assert done.out == bare.out
    assert done.err == "atlasmix: report written to out/report.html\n"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    for words in (
        "A training mixture for Catalan",
        "Read 100B tokens: 85.0% Catalan and 15.0% Spanish.",
        "Published mixtures by language",
        "salamandra-7b",
        "arXiv 2510.22037v2",
        "atlasmix solve --target cat --output recipe.yaml",
    ):
        assert words in page


@pytest.mark.parametrize("name", ["report.md", "report.txt"])
def test_words_alone_by_the_ending_of_the_name(atlasmix: Run, name: str) -> None:
    done = atlasmix("solve", "--target", "cat", "--compare-with", "mt5", "--report", name, "--json")
    assert done.status == 0, done.err
    assert done.out.startswith("{")
    text = (done.folder / name).read_text(encoding="utf-8")
    assert "mt5" in text
    assert "How to reproduce it" in text


def test_recipe_on_stdout_and_report_in_a_file(atlasmix: Run) -> None:
    words = ("solve", "--target", "cat", "--output", "-", "--json")
    done = atlasmix(*words, "--report", "a.md")
    assert done.status == 0, done.err
    assert done.out == atlasmix(*words).out
    assert "\nquestion:\n" in done.out
    assert (done.folder / "a.md").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("report.pdf", "expected a file name that ends in .html, .md or .txt"),
        ("-", "expected a file name that ends in .html, .md or .txt"),
        ("nowhere/report.html", "there is no folder 'nowhere'; make it, or name a file in another"),
    ],
)
def test_a_report_that_cannot_be_is_refused_in_a_sentence(
    atlasmix: Run, name: str, words: str
) -> None:
    assert_refused(atlasmix("solve", "--target", "cat", "--report", name), words)


def test_a_folder_in_the_place_of_the_file_is_left_alone(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    done = atlasmix("solve", "--target", "cat", "--report", "a.md")
    assert_refused(done, "a.md cannot be written")
    assert "(--report)" in done.err
    assert list((tmp_path / "a.md").iterdir()) == []


def test_explain_prints_the_donors_of_a_recipe(atlasmix: Run) -> None:
    atlasmix("solve", "--target", "cat", "--output", "cat.yaml")
    donors = (
        atlasmix("solve", "--target", "cat").out.partition("\nDonors\n")[2].partition("\n\n")[0]
    )
    told = atlasmix("explain", "cat.yaml")
    assert told.status == 0, told.err
    assert f"\nDonors\n{donors}\n\nRead, and why\n" in told.out
    assert "its text ends, read 4 times" in told.out.partition("\nWhy each share\n")[2]
    assert "Spanish (spa)" in donors
