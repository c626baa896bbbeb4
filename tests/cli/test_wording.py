"""A refusal at the terminal: the library's sentence, and the option of this command to change."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run, assert_refused

from atlasmix.cli.parsing import Parser, option_of, options_read, worded
from atlasmix.errors import DataError, ProblemError


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("solve --target cat --max-epochs 99", "expected between 0.001 and 16 (--max-epochs)"),
        ("solve --target cat --budget -5B", "above 0, such as 100B (--budget)"),
        ("solve --target cat --lambda 1000", "expected between 0.0001 and 100 (--lambda)"),
        ("solve --target qqq", "or try the code (--target)"),
        ("solve", "name at least one language, such as cat (--target)"),
        ("solve --target cat --group x=qqq", "(--group)"),
        ("solve --target cat --guardrail eng=x", "such as 0.4 or 40% (--guardrail)"),
        ("solve --target cat --phase a=x", "or 'rest' (--phase)"),
        ("solve --target cat --gpu GTX", "(--gpu)"),
        ("solve --target cat --from checkpoint:x", "(--from)"),
        ("explain --target cat --max cat=2", "such as 0.4 or 40% (--max)"),
        ("export --to nope", "token-budget (--to)"),
        ("solve --target cat --output /nowhere/r.yaml", "choose another place (--output)"),
    ],
)
def test_the_option_stands_behind_the_sentence(atlasmix: Run, words: str, end: str) -> None:
    done = atlasmix(*words.split())
    assert_refused(done, end)
    assert done.err.rstrip().endswith(end)


def test_an_option_that_the_sentence_shows_stands_there_once(atlasmix: Run) -> None:
    done = atlasmix("solve", "--target", "cat", "--min", "cat")
    assert_refused(done, "--min is 'cat': expected for example --min cat=0.3")
    assert "(--min)" not in done.err


def test_an_option_of_another_command_is_not_named(atlasmix: Run, tmp_path: Path) -> None:
    """A recipe that asks for a matrix nobody has: ``check`` has no option for it."""
    written = atlasmix("solve", "--target", "cat", "--output", "r.yaml")
    assert written.status == 0, written.err
    assert_refused(atlasmix("matrices", "show", "nosuch"), "no matrix 'nosuch'")
    recipe = (tmp_path / "r.yaml").read_text(encoding="utf-8")
    (tmp_path / "r.yaml").write_text(recipe.replace("atlasmix-2026", "nosuch"), encoding="utf-8")
    for words in (("check", "r.yaml"), ("lint", "r.yaml"), ("matrices", "show", "nosuch")):
        done = atlasmix(*words)
        assert "nosuch" in done.out + done.err
        assert "--matrix" not in done.err
    assert_refused(atlasmix("explain", "r.yaml"), "(--matrix)")


def test_a_fault_of_many_rows_names_the_option_in_its_first_line(
    atlasmix: Run, tmp_path: Path
) -> None:
    (tmp_path / "runs.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = atlasmix("fit", "runs.csv")
    assert_refused(done, "the table lacks what a law is fitted to (--column):")
    assert "say column params=a" in done.err


def parser() -> Parser:
    made = Parser("atlasmix test", "a test", "atlasmix test")
    made.add_argument("--max-epochs", "-m")
    made.add_argument("--target")
    return made


def test_words_of_a_refusal() -> None:
    known = options_read(parser(), ["--max-epochs", "-3"])
    assert {"-m", "--max-epochs", "--target"} <= set(known)
    assert worded(ProblemError("no", field="max_epochs"), known) == "no (--max-epochs)"
    assert worded(ProblemError("no", field="max_epochs", hint="try 4"), known) == (
        "no; try 4 (--max-epochs)"
    )
    assert worded(ProblemError("no", field="targets"), known) == "no (--target)"
    assert worded(ProblemError("no", field="budget"), known) == "no"
    assert worded(ProblemError("no"), known) == "no"
    assert worded(ProblemError("mend '--target', or leave", field="targets"), known) == (
        "mend '--target', or leave"
    )
    assert worded(ProblemError("no --target-free", field="targets"), known).endswith("(--target)")
    assert worded(DataError("bad:", ("a: x", "b"), field="targets"), known) == (
        "bad (--target):\n  - a: x\n  - b"
    )
    assert option_of("tokens_per_document") == "--tokens-per-document"
