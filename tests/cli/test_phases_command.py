"""Phases from the command line: the table, the files, and every slip answered in a sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command_line import Run, assert_refused, environment

SOLVE = ("solve", "--target", "cat:2,eng")
ANNEAL = ("--phase", "main=80%", "--phase", "anneal=rest", "--phase-min", "anneal:cat=75%")


def test_the_report_shows_every_phase_and_the_epochs_by_its_end(atlasmix: Run) -> None:
    done = atlasmix(*SOLVE, *ANNEAL)
    assert done.status == 0, done.err
    section = done.out.partition("\nPhases\n")[2].partition("\n\n")[0]
    assert re.search(r"main 80B +Catalan \(cat\) +human, hplt-v4 +57\.9% ", section)
    assert re.search(r"anneal 20B +Catalan \(cat\) +human, hplt-v4 +75\.0% +15B ", section)
    last = re.search(r"anneal 20B .* ([\d.]+)$", section, re.MULTILINE)
    whole = re.search(r"^  Catalan \(cat\) .* ([\d.]+) +21\.3B$", done.out, re.MULTILINE)
    assert last
    assert whole
    assert last.group(1) == whole.group(1)
    assert "Phases change no prediction" in section
    assert max(map(len, done.out.splitlines())) <= 80


def test_human_text_of_the_target_rises_in_the_last_phase(atlasmix: Run) -> None:
    words = ("--target", "cat", "--pools", "human,translated", "--budget", "200B")
    limits = ("--phase-min", "anneal:cat=75%", "--phase-min", "anneal:provenance:human=100%")
    done = atlasmix("solve", *words, *ANNEAL[:4], *limits, "--json")
    assert done.status == 0, done.err
    answer = json.loads(done.out)["recipe"]["answer"]
    whole = {pool["name"]: pool["proportion"] for pool in answer["pools"]}
    main, anneal = (
        {pool["name"]: pool["proportion"] for pool in phase["pools"]} for phase in answer["phases"]
    )
    assert anneal == {"cat.human.hplt-v4": 1.0}
    assert main["cat.human.hplt-v4"] < whole["cat.human.hplt-v4"] < 0.5


def test_phases_need_no_slow_library(tmp_path: Path) -> None:
    code = (
        "import sys; from atlasmix.cli.main import run; "
        f"run({[*SOLVE, *ANNEAL]!r}); "
        "print(sorted(set(sys.modules) & {'cvxpy', 'scipy', 'pandas'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_the_table_fits_the_page(atlasmix: Run, columns: str) -> None:
    done = atlasmix(*SOLVE, *ANNEAL, env={"COLUMNS": columns})
    assert max(map(len, done.out.splitlines())) <= int(columns)
    assert "\x1b" not in done.out


def test_phases_without_limits_are_the_whole_mixture_and_say_so(atlasmix: Run) -> None:
    out = " ".join(atlasmix(*SOLVE, "--phase", "a=50%", "--phase", "b=50%").out.split())
    assert "Each phase is the whole mixture: no phase has a limit." in out
    words = ("--phase", "a=50%", "--phase", "b=50%", "--phase-min", "b:cat=1%")
    out = " ".join(atlasmix(*SOLVE, *words).out.split())
    assert "Each phase is the whole mixture: no limit of a phase asks for more." in out
    assert "Phases" not in atlasmix(*SOLVE).out


def test_the_flags_ask_what_the_file_asks(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(
        "targets: {cat: 2, eng: 1}\n"
        "phases:\n"
        "  - {name: main, tokens: 80%}\n"
        "  - {name: anneal, tokens: rest, min: {cat: 75%}}\n",
        encoding="utf-8",
    )
    by_file = json.loads(atlasmix("solve", "--problem", "problem.yaml", "--json").out)
    by_flag = json.loads(atlasmix(*SOLVE, *ANNEAL, "--json").out)
    assert by_file == by_flag
    phases = by_flag["recipe"]["answer"]["phases"]
    assert [(phase["name"], phase["tokens"]) for phase in phases] == [
        ("main", 80_000_000_000),
        ("anneal", 20_000_000_000),
    ]


def test_flags_override_the_phases_of_a_file_by_name(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(
        "targets: {cat: 2, eng: 1}\n"
        "phases: [{name: main}, {name: anneal, tokens: 20%, min: {cat: 75%}, max: {eng: 90%}}]\n",
        encoding="utf-8",
    )
    done = atlasmix(
        *("solve", "--problem", "problem.yaml", "--phase", "anneal=30B", "--phase", "end=5%"),
        *("--phase-min", "anneal:cat=70%", "--phase-max", "end:provenance:human=100%", "--json"),
    )
    assert done.status == 0, done.err
    assert json.loads(done.out)["recipe"]["question"]["phases"] == [
        {"name": "main", "tokens": "rest"},
        {"name": "anneal", "tokens": 30_000_000_000, "min": {"cat": 0.7}, "max": {"eng": 0.9}},
        {"name": "end", "tokens": 0.05, "max": {"provenance:human": 1.0}},
    ]


CRAMMED = (
    *("solve", "--target", "cat,spa", "--budget", "1T", "--draws", "0"),
    *("--phase", "main=95%", "--phase", "anneal=5%", "--phase-min", "anneal:cat=80%"),
)


def test_a_phase_that_crams_says_so_and_a_cap_of_its_own_ends_it(
    atlasmix: Run, tmp_path: Path
) -> None:
    """Two of Catalan's four passes within a twentieth of the run went without a word."""
    said = atlasmix(*CRAMMED, "--output", "crammed.yaml")
    assert said.status == 0, said.err
    words = "phase anneal, 5% of the tokens, reads cat.human.hplt-v4 1.88 times"
    assert words in " ".join(said.out.split())
    assert atlasmix("check", "crammed.yaml").status == 0
    refused = atlasmix(*CRAMMED, "--phase-max-epochs", "anneal=1")
    assert_refused(refused, "'max epochs 1' of phase anneal for cat.human.hplt-v4 (at most 21.3B")
    assert_refused(refused, "'min Catalan 80%' of phase anneal")

    easier = (*CRAMMED[:-1], "anneal:cat=20%", "--phase-max-epochs", "anneal:cat=0.5")
    done = atlasmix(*easier, "--output", "capped.yaml")
    assert done.status == 0, done.err
    assert "phase anneal" not in done.out.partition("Warnings")[2]
    recipe = yaml.safe_load((tmp_path / "capped.yaml").read_text(encoding="utf-8"))
    assert recipe["question"]["phases"][1]["max_epochs"] == {"cat": 0.5}
    assert recipe["answer"]["phases"][1]["pools"][1]["epochs"] <= 0.5 * (1 + 1e-4)
    assert atlasmix("check", "capped.yaml").status == 0
    again = atlasmix("solve", "--problem", "capped.yaml", "--output", "-")
    assert again.out == (tmp_path / "capped.yaml").read_text(encoding="utf-8")
    compared = atlasmix("compare", "crammed.yaml", "capped.yaml", env={"COLUMNS": "200"})
    assert "anneal 5%, min cat 20%, max epochs cat 0.5" in compared.out


def test_an_export_keeps_the_caps_of_a_phase(atlasmix: Run, tmp_path: Path) -> None:
    """What fits one budget may not fit a larger one, and no framework stops there by itself."""
    solved = atlasmix(
        *(*CRAMMED[:-1], "anneal:cat=20%", "--phase-max-epochs", "anneal=0.48"),
        *("--output", "capped.yaml"),
    )
    assert solved.status == 0, solved.err
    (tmp_path / "paths.yaml").write_text("'{language}.human.{corpus}': /d/{language}\n")
    export = ("export", "capped.yaml", "--to", "megatron", "--paths", "paths.yaml", "-o", "out")
    done = atlasmix(*export)
    assert done.status == 0, done.err
    assert "times within its" not in done.out
    assert_refused(atlasmix(*export, "--budget", "1.1T", "--force"), "cat.human.hplt-v4 0.52 times")
    assert_refused(atlasmix(*export, "--budget", "1.1T", "--force"), "in phase anneal (cap 0.48)")


def test_a_recipe_with_phases_is_written_checked_compared_and_explained(
    atlasmix: Run, tmp_path: Path
) -> None:
    assert atlasmix(*SOLVE, *ANNEAL, "--output", "one.yaml").status == 0
    held = atlasmix("check", "one.yaml")
    assert held.status == 0, held.err
    assert "The recipe holds" in held.out
    asked_again = atlasmix("solve", "--problem", "one.yaml", "--output", "-")
    assert asked_again.out == (tmp_path / "one.yaml").read_text(encoding="utf-8")

    words = ("--phase", "main=70%", "--phase", "anneal=30%", "--output", "two.yaml")
    assert atlasmix(*SOLVE, *words).status == 0
    compared = atlasmix("compare", "one.yaml", "two.yaml", env={"COLUMNS": "120"})
    assert "The same proportions in all, divided over the phases otherwise." in compared.out
    assert re.search(
        r"phases +main 80%; anneal rest, min cat 75% +main 70%; anneal 30%", compared.out
    )
    assert re.search(r"anneal +Catalan \(cat\) +75\.0% +61\.3% +-13\.7", compared.out)
    rows = json.loads(atlasmix("compare", "one.yaml", "two.yaml", "--json").out)["phases"]
    assert rows[0]["phase"] == "main"
    assert atlasmix("explain", "one.yaml").status == 0


def test_check_says_which_pool_of_which_phase_moved(atlasmix: Run, tmp_path: Path) -> None:
    atlasmix(*SOLVE, *ANNEAL, "--output", "r.yaml")
    text = (tmp_path / "r.yaml").read_text(encoding="utf-8")
    edited = yaml.safe_load(text)
    edited["question"]["phases"][1]["min"]["cat"] = 0.8
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(edited), encoding="utf-8")
    done = atlasmix("check", "r.yaml")
    assert done.status == 1
    assert "The recipe has drifted" in done.out
    assert re.search(r"anneal +cat\.human\.hplt-v4 +75\.0% +80\.0% +\+5 points", done.out)
    found = json.loads(atlasmix("check", "r.yaml", "--json").out)
    assert found["shifts"] == []
    assert {row["phase"] for row in found["phases"]} == {"main", "anneal"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--phase main", "--phase is 'main': expected for example --phase anneal=20%"),
        ("--phase =20%", "--phase is '=20%'"),
        ("--phase main=lots", "phase main tokens is 'lots': expected a share such as 80%"),
        ("--phase a=50% --phase a=50%", "--phase names 'a' twice: keep one"),
        ("--phase a=50% --phase A=50%", "phase A is named twice"),
        ("--phase a=50% --phase b=20%", "the shares of the phases sum to 70%: expected 100%"),
        ("--phase a=rest --phase b=rest", "phases a, b all read the rest"),
        ("--phase a=90B --phase b=20B", "ask for 110B tokens, above the budget of 100B"),
        ("--phase a=50B --phase b=20B", "ask for 70B tokens, but 100B are read in all"),
        ("--phase a=100B --phase b=rest", "which leaves nothing for phase b"),
        ("--phase a/b=100%", "phase 'a/b': expected a name of at most 40 Latin letters"),
        ("--phase a=rest --phase-min a=50%", "--phase-min is 'a=50%': expected for example"),
        ("--phase a=rest --phase-min a:cat", "--phase-min is 'a:cat': expected for example"),
        (
            "--phase main=rest --phase anneal=20% --phase-min aneal:cat=90%",
            "names phase 'aneal': did you mean anneal? there are main, anneal; add one with",
        ),
        ("--phase a=rest --phase-max-epochs a", "--phase-max-epochs is 'a': expected for example"),
        ("--phase a=rest --phase-max-epochs a:=2", "--phase-max-epochs is 'a:=2': expected"),
        ("--phase a=rest --phase-max-epochs a=x", "phase a: max_epochs is 'x': expected a finite"),
        (
            "--phase main=rest --phase anneal=20% --phase-max-epochs aneal=2",
            "--phase-max-epochs names phase 'aneal': did you mean anneal?",
        ),
        ("--phase a=rest --phase-max-epochs a=1", "phase a"),
        ("--phase-max end:cat=9%", "names phase 'end': there is none; add one with --phase end"),
        (
            "--phase a=rest --phase b=9% --phase-min b:cat=60% --phase-max b:cat=50%",
            "phase b: 'min Catalan 60%' lies above 'max Catalan 50%'",
        ),
        ("--phase a=rest --phase b=9% --phase-min b:rom=5%", "phase b: min rom selects none of"),
        ("--phase a=rest --phase b=9% --phase-min b:catalna=5%", "did you mean cat (Catalan)?"),
        (
            "--phase a=rest --phase b=90% --phase-min b:cat=90%",
            "'min Catalan 90%' of phase b (at least 81B tokens; 61.3B are read in all)",
        ),
        (
            "--phase a=rest --phase b=90% --phase-min b:fra=90%",
            "'min French 90%' of phase b (at least 81B tokens; 0 are read in all)",
        ),
    ],
)
def test_phases_that_cannot_be(atlasmix: Run, words: str, said: str) -> None:
    assert_refused(atlasmix(*SOLVE, *words.split(), "--output", "recipe.yaml"), said)


def test_phases_above_what_compute_buys_are_told_to_raise_it(atlasmix: Run) -> None:
    done = atlasmix(
        "solve", "--target", "cat", "--compute", "1e21", "--phase", "a=rest", "--phase", "b=1T"
    )
    assert_refused(done, "phase b asks for 1T tokens, above the")
    assert_refused(done, "that are best at this compute: lower a count, write shares such as 80%")
    assert "or raise the compute (--compute)" in done.err
    assert "budget" not in done.err


def test_a_file_whose_phases_are_no_list_is_refused(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text("targets: cat\nphases: {main: 80%}\n", encoding="utf-8")
    done = atlasmix("solve", "--problem", "problem.yaml", "--phase", "x=20%")
    assert_refused(done, "expected a list such as [{name: main, tokens: rest}")
