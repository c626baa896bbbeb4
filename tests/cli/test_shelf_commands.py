"""matrices, inventory, mixtures and languages, for people and for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import CARD, SCORES, Run, assert_refused

POOL_CARD = "title: Ours\nsource: our own count\nlicence: private\n"
POOLS = (
    "language,provenance,corpus,unique_tokens,unit,obtained\n"
    "ca,human,ours,21e9,our tokens,counted\n"
)


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def test_the_default_matrix_is_listed_with_measured_and_predicted_apart(atlasmix: Run) -> None:
    lines = {
        line.split()[0]: line.split()[1:]
        for line in atlasmix("matrices", "list").out.splitlines()
        if line.startswith("atlas")
    }
    assert lines["atlas-2025"] == ["38", "BTS", "72", "1,334"]
    assert lines["atlasmix-2026"] == ["733", "BTS", "72", "1,334", "default"]
    listed = json.loads(atlasmix("matrices", "list", "--json").out)
    assert {one["name"] for one in listed} >= {"atlas-2025", "langrank-2019-dep"}


@pytest.mark.parametrize("columns", ["80", "120"])
def test_donors_of_a_target_are_shown_with_weight_and_score(atlasmix: Run, columns: str) -> None:
    words = ("matrices", "show", "atlas-2025", "--target", "català")
    out = atlasmix(*words, env={"COLUMNS": columns}).out
    lines = out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    said = " ".join(out.split())
    assert "φ 0.111 ± 0.053 under law datablations-2023-one-stage" in said
    assert "drawn to that of other targets: none of its own scores is measured." in said
    first = next(line for line in lines if line.startswith("Spanish (spa)"))
    assert first.split() == ["Spanish", "(spa)", "0.38", "0.11", "0.4", "0.16", "predicted"]
    assert "0% of these scores are measured, 100% predicted." in said


def test_a_measured_donor_is_not_shown_like_a_predicted_one(atlasmix: Run) -> None:
    out = atlasmix("matrices", "show", "atlas-2025", "--target", "ja").out
    assert "from 8 measured scores." in " ".join(out.split())
    rows = {
        line.split()[0]: line.split()
        for line in out.splitlines()
        if "(" in line and line[0].isupper()
    }
    assert rows["Vietnamese"][-4:] == ["-1.3", "0.03", "measured", "-0.23"]
    assert rows["Korean"][-1] == "predicted"
    assert "residual: how far a score lies below that of a donor that gives nothing" in out


def test_a_row_whose_level_is_doubted_says_so(atlasmix: Run) -> None:
    shown = atlasmix("matrices", "show", "atlas-2025", "--target", "yo").out
    said = " ".join(shown.split())
    assert "scores of this target lie 0.82 below what its φ gives, all alike" in said


def test_weights_and_exponents_for_programs(atlasmix: Run) -> None:
    shown = json.loads(atlasmix("matrices", "show", "atlas-2025", "--target", "ca", "--json").out)
    first = shown["pairs"][0]
    assert first.pop("weight") == pytest.approx(0.382, abs=0.001)
    assert first.pop("weight_stderr") == pytest.approx(0.114, abs=0.003)
    assert abs(first.pop("residual")) < 0.02
    assert first == {
        "source": "spa",
        "target": "cat",
        "score": 0.4,
        "stderr": 0.16,
        "status": "predicted",
    }
    model = shown["model"]
    assert model["law"] == "datablations-2023-one-stage"
    assert model["phi_measured"] is False
    assert model["phi"] == pytest.approx(0.111, abs=0.001)
    other = (
        "matrices",
        "show",
        "atlas-2025",
        "--target",
        "ca",
        "--json",
        "--law",
        "besiroglu-2024",
    )
    assert json.loads(atlasmix(*other).out)["model"]["phi"] < 0.08
    assert "model" not in json.loads(atlasmix("matrices", "show", "--json").out)


def test_a_law_without_a_target_changes_nothing_and_is_refused(atlasmix: Run) -> None:
    done = atlasmix("matrices", "show", "--law", "besiroglu-2024")
    assert done.status == 2
    assert "add --target LANG" in done.err


def test_scores_on_another_scale_are_shown_without_weights(atlasmix: Run) -> None:
    out = atlasmix("matrices", "show", "langrank-2019-dep", "--target", "deu").out
    assert "is no transfer weight: a solve needs --calibration." in out
    assert "τ" not in out


def test_a_card_is_shown_with_its_licence(atlasmix: Run) -> None:
    for words in (("matrices", "show"), ("inventory", "show")):
        out = atlasmix(*words).out
        assert "licence: " in out
        assert "SHA-256: " in out
        assert max(map(len, out.splitlines())) <= 80


def test_a_matrix_is_added_solved_with_verified_and_removed(atlasmix: Run, tmp_path: Path) -> None:
    _write(tmp_path, scores_csv=SCORES, card_yaml=CARD)
    added = atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    assert added.status == 0, added.err
    assert "use it with --matrix mine" in added.out
    assert "mine" in atlasmix("matrices", "list").out
    solved = atlasmix("solve", "--target", "cat", "--matrix", "mine")
    assert solved.status == 0, solved.err
    assert re.search(r"Spanish \(spa\) +0\.\d\d +0\.\d\d +0\.4 measured", solved.out)
    assert atlasmix("matrices", "verify", "mine").status == 0
    again = atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    assert_refused(again, "never changed in place")
    assert atlasmix("matrices", "remove", "mine").out == "removed matrix mine\n"
    assert_refused(atlasmix("matrices", "show", "mine"), "no matrix 'mine'")


def test_an_inventory_is_added_and_read(atlasmix: Run, tmp_path: Path) -> None:
    _write(tmp_path, pools_csv=POOLS, card_yaml=POOL_CARD)
    added = atlasmix("inventory", "add", "pools.csv", "--card", "card.yaml", "--name", "mine")
    assert added.status == 0, added.err
    shown = atlasmix("inventory", "show", "mine", "--language", "Catalan").out
    assert "cat.human.ours" in shown
    both = ("--inventory", "web-2026", "--inventory", "mine")
    assert "human, ours" in atlasmix("solve", "--target", "cat", *both).out


REPHRASED = """\
language,provenance,corpus,unique_tokens,unit,obtained
cat,human,ours,3B,tokens,counted
cat,rephrased,ours-again,40B,tokens,counted
spa,human,ours,200B,tokens,counted
"""


def test_rephrases_are_counted_for_what_their_source_has_to_give(
    atlasmix: Run, tmp_path: Path
) -> None:
    _write(tmp_path, pools_csv=REPHRASED, card_yaml=POOL_CARD)
    added = atlasmix("inventory", "add", "pools.csv", "--card", "card.yaml", "--name", "mine")
    assert added.status == 0, added.err
    asked = ("--target", "cat", "--budget", "30B", "--inventory", "mine", "--draws", "0")
    words = ("solve", *asked, "--pools", "human,rephrased", "--output", "recipe.yaml")
    said = " ".join(atlasmix(*words).out.split())
    assert "tokens of rephrased Catalan are counted as" in said
    assert "documents that hold 3B human tokens, and have 0.48 times those to give" in said
    assert "The recipe holds" in atlasmix("check", "recipe.yaml").out


def test_what_ships_is_never_removed(atlasmix: Run) -> None:
    assert_refused(atlasmix("matrices", "remove", "atlas-2025"), "ships with AtlasMix")
    assert_refused(atlasmix("inventory", "remove", "web-2026"), "ships with AtlasMix")


def test_a_changed_table_is_found(atlasmix: Run, tmp_path: Path) -> None:
    _write(tmp_path, scores_csv=SCORES, card_yaml=CARD)
    atlasmix("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    table = tmp_path / "store" / "transfer_matrices" / "mine" / "scores.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("0.4", "0.9"), encoding="utf-8")
    done = atlasmix("matrices", "verify", "mine")
    assert done.status == 1
    assert "SHA-256" in done.out
    assert_refused(
        atlasmix("solve", "--target", "cat", "--matrix", "mine"), "was changed after it was added"
    )


@pytest.mark.parametrize("query", ["ca", "cat_Latn", "Catalan", "català", "CATALÀ"])
def test_a_language_by_every_door(atlasmix: Run, query: str) -> None:
    assert atlasmix("languages", query).out.startswith("Catalan (cat), català")


def test_languages_by_family_name_and_slip(atlasmix: Run) -> None:
    assert "Occitan" in atlasmix("languages", "Romance").out
    assert atlasmix("languages", "Scottish", "Gaelic").out.startswith("Scottish Gaelic (gla)")
    assert_refused(atlasmix("languages", "catalna"), "did you mean cat (Catalan)?")
    found = json.loads(atlasmix("languages", "sr-Latn", "nan", "--json").out)
    assert [one["key"] for one in found] == ["srp_Latn", "nan"]


def test_published_mixtures(atlasmix: Run) -> None:
    assert "salamandra-7b" in atlasmix("mixtures", "list").out
    shown = json.loads(atlasmix("mixtures", "show", "salamandra-7b", "--json").out)
    assert 0 < shown["shares"]["cat"] < 0.1
    assert_refused(atlasmix("mixtures", "show", "salamandra"), "did you mean salamandra-7b")


def test_the_known_languages_come_before_the_sentence_for_the_unknown(atlasmix: Run) -> None:
    done = atlasmix("languages", "nan", "no", "yes", "catalna")
    assert done.status == 1
    assert "Min Nan Chinese" in done.out
    assert "Norwegian Bokmål" in done.out
    first, last = done.err.splitlines()
    assert first.startswith("atlasmix: no language 'yes'")
    assert last.startswith("atlasmix: no language 'catalna': did you mean cat (Catalan)?")
    listed = atlasmix("languages", "nan", "yes", "--json")
    assert listed.status == 1
    assert [one["key"] for one in json.loads(listed.out)] == ["nan"]


def test_a_matrix_is_shown_with_its_metric_scale_and_direction(atlasmix: Run) -> None:
    out = atlasmix("matrices", "show", "langrank-2019-mt").out
    assert "\nmetric: BLEU\nscale: 0 to 1\n" in out
    assert "direction: source to target, higher is better" in out
    assert "metric: BTS\nscale: at most 2\n" in atlasmix("matrices", "show").out


def test_a_store_in_memory_says_how_long_it_lasts(atlasmix: Run, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    _write(tmp_path, scores_csv=SCORES, card_yaml=CARD)
    words = ("matrices", "add", "scores.csv", "--card", "card.yaml", "--name", "mine")
    assert "lasts only as long as the process" in atlasmix(*words, "--store", "memory://x").out
    assert "process" not in atlasmix(*words).out
    (tmp_path / "pools.csv").write_text(POOLS, encoding="utf-8")
    (tmp_path / "card.yaml").write_text(POOL_CARD, encoding="utf-8")
    words = ("inventory", "add", "pools.csv", "--card", "card.yaml", "--name", "mine")
    assert "lasts only as long as the process" in atlasmix(*words, "--store", "memory://x").out


def test_every_donor_of_a_language_without_scores_is_completed(atlasmix: Run) -> None:
    """Galician has no score: weights with errors, an honest word for each, and the best alone."""
    out = atlasmix("matrices", "show", "--target", "glg").out
    said = " ".join(out.split())
    rows = [line.split() for line in out.splitlines() if line.endswith("completed")]
    assert rows[0][0] == "Portuguese"
    assert {row[-1] for row in rows} == {"completed"}
    assert "none of its own scores is measured" in said
    assert "completed; the best 25 are shown" in said
    assert "nan" not in out.lower().split()
    pairs = json.loads(atlasmix("matrices", "show", "--target", "glg", "--json").out)["pairs"]
    assert len(pairs) > 500
    assert {pair["status"] for pair in pairs} >= {"completed"}


def test_a_table_is_called_after_its_file_whatever_that_is_called(
    atlasmix: Run, tmp_path: Path
) -> None:
    """``inv_min.csv`` was refused for the name that nobody had given it."""
    (tmp_path / "Inv_min (2).csv").write_text(
        "language,provenance,corpus,unique_tokens,unit,obtained\ncat,human,x,1e9,t,counted\n"
    )
    (tmp_path / "card.yaml").write_text(
        "kind: token inventory\ntitle: t\nunit: t\nsource: s\nlicence: CC0-1.0\n"
    )
    words = ("inventory", "add", "Inv_min (2).csv", "--card", "card.yaml", "--store", "evidence")
    added = atlasmix(*words)
    assert added.status == 0, added.err
    assert "added inventory inv-min-2" in added.out
    refused = atlasmix(*words, "--name", "inv_min")
    assert_refused(refused, "'inv_min' cannot be the name of an inventory")
