"""``measure`` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, assert_refused
from made_languages import lexicon, sentences, texts, written

HEAD = "run,languages,params,tokens,loss_cat\n"


def curves(folder: Path, last: float = 100.0) -> str:
    """Runs at the size of ATLAS, two of each."""
    rng = np.random.default_rng(0)
    rows = []
    for run, languages, end, gain in (
        ("c0", "cat", 42.0, 1.0),
        ("c1", "cat", 42.0, 1.0),
        ("cs", "cat+spa", last, 0.7),
    ):
        for tokens in np.linspace(end / 30, end, 30):
            loss = 2.0 + 6000 / (gain * tokens * 1e9) ** 0.4 + rng.normal(0, 0.002)
            rows.append(f"{run},{languages},2.03B,{tokens:.4f}B,{loss:.5f}\n")
    (folder / "curves.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    return "curves.csv"


def test_from_curves_to_a_solve(atlasmix: Run, tmp_path: Path) -> None:
    name = curves(tmp_path)
    done = atlasmix("measure", "curves", name, "--save", "ours", "--output", "scores.csv")
    assert done.status == 0, done.err
    assert done.err == ""
    words = " ".join(done.out.split())
    assert "1 of 1 pairs have a Bilingual Transfer Score at 42B tokens" in words
    assert "atlasmix matrices complete --matrix ours, then" in words
    added = atlasmix("matrices", "add", "scores.csv", "--card", "scores.card.yaml", "--name", "two")
    assert added.status == 0, added.err
    pairs = [
        json.loads(atlasmix("matrices", "show", each, "--json").out)["pairs"]
        for each in ("ours", "two")
    ]
    assert pairs[0] == pairs[1]
    assert pairs[0][0]["score"] == pytest.approx(2 - 1 / 0.7, abs=0.05)
    assert pairs[0][0]["status"] == "measured"
    completed = atlasmix("matrices", "complete", "--matrix", "ours")
    assert "1 own pair beside the scores of atlasmix-2026" in completed.out
    solved = atlasmix("solve", "--target", "cat", "--matrix", "ours-completed")
    assert solved.status == 0, solved.err
    assert " own " in solved.out


def test_json_tells_bounds_apart_from_scores(atlasmix: Run, tmp_path: Path) -> None:
    done = atlasmix("measure", "curves", curves(tmp_path, last=50), "--json", "--at", "42B,20B")
    first, second = json.loads(done.out)["scores"]
    assert (first["outcome"], second["outcome"]) == ("below", "scored")
    assert "score" not in first
    assert first["bound"] == pytest.approx(2 - 50 / 42, abs=1e-3)
    assert first["stderr"] is None
    assert second["shared_stderr"] < second["stderr"]


def test_refusals_are_sentences_and_write_nothing(atlasmix: Run, tmp_path: Path) -> None:
    name = curves(tmp_path)
    assert_refused(atlasmix("measure", "curves", "none.csv"), "no file none.csv")
    far = atlasmix("measure", "curves", name, "--at", "1T", "--output", "s.csv")
    assert_refused(far, "no target has checkpoints around 1T tokens alone")
    assert not (tmp_path / "s.csv").exists()
    taken = atlasmix("measure", "curves", name, "--save", "atlasmix-2026")
    assert_refused(taken, "ships with AtlasMix")
    size = atlasmix("measure", "curves", name, "--params", "7B")
    assert_refused(size, "has no run of 7B parameters: there are 2.03B (--params)")
    assert_refused(atlasmix("measure", "curves", name, "--output", "no/s.csv"), "no folder no")


def test_runs_of_other_shares_become_a_table_for_a_fit(atlasmix: Run, tmp_path: Path) -> None:
    done = atlasmix("measure", "curves", curves(tmp_path), "--write-runs", "runs.csv")
    assert "atlasmix fit runs.csv --law mixing" in " ".join(done.out.split())
    fix = "--fix", "A=406.4,alpha=0.34"
    quick = "--bootstrap", "5", "--no-held-out"
    fitted = atlasmix("fit", "runs.csv", "--law", "mixing", *fix, *quick)
    assert fitted.status == 0, fitted.err
    assert "tau spa" in fitted.out


def trainer_curves(folder: Path) -> None:
    """The runs of ``curves`` as the Trainer logs them, tokens at every second evaluation."""
    rows = [row.split(",") for row in (folder / curves(folder)).read_text().splitlines()[1:]]
    for run in dict.fromkeys(row[0] for row in rows):
        history: list[dict[str, float]] = []
        for at, row in enumerate([row for row in rows if row[0] == run], start=1):
            entry = {"step": 100.0 * at, "eval_cat_loss": float(row[4]), "eval_runtime": 3.0}
            if at % 2 == 0:
                entry["num_input_tokens_seen"] = float(row[3].rstrip("B")) * 1e9
            history.append(entry)
        state = {"global_step": 3000, "max_steps": 3000, "log_history": history}
        (folder / "logs" / run).mkdir(parents=True)
        (folder / "logs" / run / "trainer_state.json").write_text(json.dumps(state))
    (folder / "trained.csv").write_text("run,languages\nc0,cat\nc1,cat\ncs,cat+spa\n")


def test_logs_give_the_scores_of_the_table_that_they_hold(atlasmix: Run, tmp_path: Path) -> None:
    """Oracle: the same curves as a plain table."""
    trainer_curves(tmp_path)
    words = "--params", "2.03B", "--json", "--at", "42B"
    metric = "--metric", "eval_*_loss"
    logged = atlasmix("measure", "curves", "logs", "trained.csv", *metric, *words)
    assert logged.status == 0, logged.err
    table = atlasmix("measure", "curves", "curves.csv", *words)
    (first,), (second,) = (json.loads(each.out)["scores"] for each in (logged, table))
    assert first["score"] == pytest.approx(second["score"], abs=1e-4)
    assert first["stderr"] == pytest.approx(second["stderr"], rel=1e-2)


def test_logs_that_lack_something_say_what(atlasmix: Run, tmp_path: Path) -> None:
    trainer_curves(tmp_path)
    asked = atlasmix("measure", "curves", "logs", "trained.csv")
    assert_refused(asked, "which metrics are losses of evaluation sets?")
    metric = "--metric", "eval_*_loss"
    bare = atlasmix("measure", "curves", "logs", *metric)
    assert_refused(bare, "where is the mixture of each run?")
    (tmp_path / "trained.csv").write_text("run,languages\nc0,cat\n")
    short = atlasmix("measure", "curves", "logs", "trained.csv", *metric)
    assert_refused(short, "no row says what run c1, cs trains on")
    words = "--tokens-key", "nothing"
    (tmp_path / "trained.csv").write_text("run,languages\nc0,cat\nc1,cat\ncs,cat+spa\n")
    none = atlasmix("measure", "curves", "logs", "trained.csv", *metric, *words)
    assert_refused(none, "its log counts no tokens at nothing")
    table = atlasmix("measure", "curves", "curves.csv", *metric)
    assert_refused(table, "this is of logs")


def language_files(folder: Path, made: dict[str, str]) -> list[str]:
    for key, text in made.items():
        (folder / f"{key}.txt").write_text(text, encoding="utf-8")
    return [f"{key}={key}.txt" for key in made]


FEW = ("--characters", "20000", "--seeds", "1")


def test_from_texts_to_a_matrix_that_no_solve_takes_for_scores(
    atlasmix: Run, tmp_path: Path
) -> None:
    files = language_files(tmp_path, texts(2000))
    done = atlasmix("measure", "text", *files, *FEW, "--save", "ours", "--output", "proxies.csv")
    assert done.status == 0, done.err
    words = " ".join(done.out.split())
    assert "12 pairs have a proxy of transfer from 20,000 characters" in words
    assert "it is no transfer score" in words
    assert "exchanged letters" in words
    card = json.loads(atlasmix("matrices", "show", "ours", "--json").out)
    assert card["card"]["metric"] == "proxy"
    assert {"controls", "raw proxies", "trigram cosines"} <= set(card["card"]["extra"])
    added = atlasmix(
        "matrices", "add", "proxies.csv", "--card", "proxies.card.yaml", "--name", "two"
    )
    assert added.status == 0, added.err
    solved = atlasmix("solve", "--target", "cat", "--matrix", "ours")
    assert_refused(solved, "holds proxy scores")


def test_proxies_beside_scores_in_a_solve(atlasmix: Run, tmp_path: Path) -> None:
    """measure, complete, show, solve: made languages under the names of measured ones."""
    root = lexicon(1)
    shared = {"eng": 0.5, "deu": 0.5, "fra": 0.45, "spa": 0.6, "por": 0.6, "scn": 0.6}
    made = {
        key: written(sentences(at, 2000), lexicon(at + 2, root, part))
        for at, (key, part) in enumerate(shared.items())
    }
    done = atlasmix("measure", "text", *language_files(tmp_path, made), *FEW, "--save", "ours")
    assert done.status == 0, done.err
    done = atlasmix("matrices", "complete", "--matrix", "ours", "--name", "informed")
    assert done.status == 0, done.err
    assert "30 proxies beside the scores of atlasmix-2026" in done.out
    shown = " ".join(atlasmix("matrices", "show", "informed").out.split())
    assert "On 20 measured pairs of 5 targets, each target left out" in shown
    solved = atlasmix("solve", "--target", "scn", "--matrix", "informed", "--draws", "0")
    assert solved.status == 0, solved.err
    refused = atlasmix("solve", "--target", "scn", "--matrix", "ours")
    assert_refused(refused, "as 'atlasmix matrices complete' sets them")


def test_a_calibration_on_the_shelf(atlasmix: Run, tmp_path: Path) -> None:
    """Made languages under the names of measured ones: the line is of chance, the way is real."""
    root = lexicon(1)
    made = {
        key: written(sentences(at, 2000), lexicon(at + 2, root, shared))
        for at, (key, shared) in enumerate(
            {"eng": 0.5, "deu": 0.5, "fra": 0.45, "spa": 0.6, "por": 0.6}.items()
        )
    }
    files = language_files(tmp_path, made)
    done = atlasmix("measure", "text", *files, *FEW, "--calibrate-on", "atlasmix-2026", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)["calibration"]
    assert (found["pairs"], found["targets"]) == (20, 5)
    words = "--calibrate-on", "atlasmix-2026", "--save", "ours"
    kept = atlasmix("measure", "text", *files, *FEW, *words)
    assert_refused(kept, "earns nothing" if found["r2"] <= 0 else "has measured every pair")
    assert_refused(atlasmix("matrices", "show", "ours"), "no matrix 'ours'")


def test_texts_that_cannot_be_used_are_sentences(atlasmix: Run, tmp_path: Path) -> None:
    files = language_files(tmp_path, texts(2000))
    assert_refused(atlasmix("measure", "text", *files), "190,000 are needed")
    assert_refused(atlasmix("measure", "text", files[0]), "there are texts of 1 language:")
    assert_refused(atlasmix("measure", "text", files[0], files[0]), "cat has two texts")
    assert_refused(atlasmix("measure", "text", "cat.txt", "spa.txt"), "expected a language and a")
    assert_refused(atlasmix("measure", "text", files[0], "spa=none.txt"), "no file none.txt")
    few = atlasmix("measure", "text", *files[:2], *FEW, "--calibrate-on", "atlasmix-2026")
    assert_refused(few, "are needed to calibrate on")
    (tmp_path / "spa.txt").write_text((tmp_path / "cat.txt").read_text(), encoding="utf-8")
    same = atlasmix("measure", "text", *files[:2], *FEW)
    assert_refused(same, "are translations line by line")
