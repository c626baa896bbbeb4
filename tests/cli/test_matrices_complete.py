"""``matrices complete``: own scores beside those of a study, and matrices on their own scale."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused
from texts import play

from atlasmix.evidence.store import Store

CARD = """\
title: Ours
metric: BTS
orientation: source to target
parameters: 2.0e+9
tokens: 42.0e+9
stderr: {measured: 0.03, predicted: 0.16}
source: internal report 12
citation: our paper
licence: CC0-1.0
"""
# The first pair has no score in the study, the second one of the forest, the third a measured one.
SCORES = """\
source,target,score,status
glg,por,0.9,measured
spa,cat,0.1,measured
fra,deu,0.3,measured
por,glg,0.5,measured
eng,glg,-0.1,measured
cat,glg,0.2,predicted
eng,rus,0.4,predicted
"""
DOMAINS = """\
source,target,score
bio,med,0.7
chem,med,0.4
chem,bio,0.5
med,bio,0.6
law,chem,0.02
news,law,0.3
"""
DOMAIN_CARD = """\
title: Domains
axis: domain
names: [bio, chem, law, med, news]
metric: {metric}
direction: higher is better
diagonal: none
orientation: source to target
status: measured
stderr: {{measured: 0.03}}
source: internal report 15
licence: private
"""


def _add(atlasmix: Run, folder: Path, scores: str, card: str, name: str = "mine") -> None:
    (folder / "scores.csv").write_text(scores, encoding="utf-8")
    (folder / "card.yaml").write_text(card, encoding="utf-8")
    words = ("scores.csv", "--card", "card.yaml", "--name", name, "--store", "evidence")
    done = atlasmix("matrices", "add", *words)
    assert done.status == 0, done.err


def _complete(atlasmix: Run, *words: str, matrix: str = "mine") -> str:
    done = atlasmix("matrices", "complete", "--matrix", matrix, "--store", "evidence", *words)
    assert done.status == 0, done.err
    return done.out


def _rows(folder: Path, name: str) -> dict[tuple[str, str], tuple[str, str]]:
    path = folder / "evidence" / "transfer_matrices" / name / "scores.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["source"], row["target"]): (row["score"], row["status"])
            for row in csv.DictReader(file)
        }


def _weights(atlasmix: Run, target: str, name: str) -> dict[str, tuple[float, str]]:
    words = ("matrices", "show", name, "--target", target, "--json", "--store", "evidence")
    pairs = json.loads(atlasmix(*words).out)["pairs"]
    return {pair["source"]: (pair["weight"], pair["status"]) for pair in pairs}


def test_own_scores_beside_those_of_the_study(atlasmix: Run, tmp_path: Path) -> None:
    """A pair in the wrong place, a measured one lost, or one taken for the study's, would show."""
    _add(atlasmix, tmp_path, SCORES, CARD)
    said = _complete(atlasmix)
    assert "5 own pairs and 1 predicted beside the scores of atlasmix-2026" in said
    assert "2 in the place of a score of it; 1 only predicted where atlasmix-2026 measured" in said
    assert "--matrix mine-completed" in said
    rows, before = _rows(tmp_path, "mine-completed"), Store().matrix("atlasmix-2026")
    assert rows["spa", "cat"] == ("0.1", "own")
    assert rows["fra", "deu"] == ("0.3", "own")
    assert rows["cat", "glg"] == ("0.2", "predicted")
    assert rows["eng", "rus"] == (repr(before.pair("eng", "rus").score), "measured")
    # The table is otherwise the study's.
    assert len(rows) == before.count("measured") + before.count("predicted") + 4
    verified = atlasmix("matrices", "verify", "mine-completed", "--store", "evidence")
    assert verified.status == 0, verified.out
    shown = atlasmix("matrices", "show", "mine-completed", "--store", "evidence", "--json").out
    card = json.loads(shown)["card"]
    assert card["prior"] == "relatedness-2026"
    for field, mine, theirs in (
        ("source", "internal report 12", "arXiv 2510.22037v2"),
        ("citation", "our paper", "Longpre et al. 2025"),
        ("licence", "own scores: CC0-1.0", "atlasmix-2026: CC BY 4.0"),
    ):
        assert mine in card[field]
        assert theirs in card[field]
    assert "5 own pairs" in card["evidence"]


def test_it_answers_for_a_language_and_moves_the_kin_of_what_was_measured(
    atlasmix: Run, tmp_path: Path
) -> None:
    _add(atlasmix, tmp_path, SCORES, CARD)
    _complete(atlasmix)
    words = ("--target", "glg", "--matrix", "mine-completed", "--store", "evidence")
    solved = atlasmix("solve", *words, "--draws", "0")
    assert solved.status == 0, solved.err
    assert "0.5 own" in solved.out
    assert "completed" in solved.out
    # Galician for Portuguese lies far above what is believed of it.
    usual = _weights(atlasmix, "spa", "atlasmix-2026")
    moved = _weights(atlasmix, "spa", "mine-completed")
    assert moved["glg"][1] == "completed"
    assert moved["glg"][0] > usual["glg"][0] + 0.03
    assert moved["tam"][0] == pytest.approx(usual["tam"][0], abs=0.02)
    assert _weights(atlasmix, "por", "mine-completed")["glg"][1] == "own"


def test_another_size_is_refused_and_completed_alone(atlasmix: Run, tmp_path: Path) -> None:
    _add(atlasmix, tmp_path, SCORES, CARD.replace("2.0e+9\nt", "5.0e+8\nt"))
    words = ("matrices", "complete", "--matrix", "mine", "--store", "evidence")
    refused = atlasmix(*words)
    assert_refused(refused, "measured at 5e+08 parameters and 4.2e+10 tokens")
    assert "(--with)" in refused.err
    assert "say none to complete from own scores and the prior alone" in refused.err
    assert not (tmp_path / "evidence" / "transfer_matrices" / "mine-completed").exists()
    assert "5 own pairs and 2 predicted; all" in _complete(atlasmix, "--with", "none")
    assert len(_rows(tmp_path, "mine-completed")) == 7
    assert _weights(atlasmix, "glg", "mine-completed")["por"][1] == "own"
    solving = ("--target", "glg", "--matrix", "mine-completed", "--store", "evidence")
    assert atlasmix("solve", *solving, "--draws", "0").status == 0


def test_another_study_stands_beside_own_scores(atlasmix: Run, tmp_path: Path) -> None:
    """atlas-2025 names no prior: the default one, and its table, not that of the default."""
    _add(atlasmix, tmp_path, SCORES, CARD)
    assert "beside the scores of atlas-2025" in _complete(atlasmix, "--with", "atlas-2025")
    card = Store(str(tmp_path / "evidence")).matrix("mine-completed").card
    assert card.prior == "relatedness-2026"
    digest = Store().matrix("atlas-2025").sha256
    assert dict(card.extra)["study beside them"] == f"atlas-2025, SHA-256 {digest}"


def test_a_card_without_a_size_says_what_was_taken(atlasmix: Run, tmp_path: Path) -> None:
    card = "\n".join(line for line in CARD.splitlines() if not line.startswith(("param", "tok")))
    _add(atlasmix, tmp_path, SCORES, card)
    _complete(atlasmix)
    shown = atlasmix("matrices", "show", "mine-completed", "--store", "evidence", "--json").out
    assert "that of ATLAS is taken" in json.loads(shown)["card"]["evidence"]


def test_names_that_are_taken_and_matrices_that_do_not_fit(atlasmix: Run, tmp_path: Path) -> None:
    _add(atlasmix, tmp_path, SCORES, CARD)
    _complete(atlasmix)
    words = ("matrices", "complete", "--store", "evidence", "--matrix")
    assert_refused(atlasmix(*words, "mine"), "never changed in place")
    assert_refused(atlasmix(*words, "mine", "--name", "atlas-2025"), "ships with AtlasMix")
    assert_refused(atlasmix(*words, "mine-completed", "--name", "x"), "is a completed one")
    assert_refused(atlasmix(*words, "atlas-2025", "--name", "x"), "ships with AtlasMix")
    assert_refused(atlasmix(*words, "nothing"), "no matrix 'nothing'")
    assert_refused(atlasmix(*words, "mine", "--name", "x", "--with", "atlas-2024"), "did you mean")
    other = ("mine", "--name", "x", "--with", "langrank-2019-mt")
    assert_refused(atlasmix(*words, *other), "they cannot stand beside each other")
    table = ("mine", "--name", "x", "--features", "scores.csv")
    assert_refused(atlasmix(*words, *table), "no table of features is read")
    assert atlasmix(*words[:-1]).status == 2


def test_weights_are_completed_on_their_own_scale(atlasmix: Run, tmp_path: Path) -> None:
    card = CARD.replace("BTS", "transfer weight")
    _add(atlasmix, tmp_path, SCORES, card)
    words = ("matrices", "complete", "--store", "evidence", "--matrix", "mine")
    refused = atlasmix(*words, "--with", "atlasmix-2026")
    assert_refused(refused, "transfer weights, which are completed on their own scale")
    _complete(atlasmix)
    found = _weights(atlasmix, "por", "mine-completed")
    assert found["glg"] == (pytest.approx(0.9, abs=0.15), "own")
    assert found["spa"][1] == "completed"


@pytest.mark.parametrize("metric", ["transfer weight", "accuracy"])
def test_domains_are_completed_from_a_table_of_features(
    atlasmix: Run, tmp_path: Path, metric: str
) -> None:
    _add(atlasmix, tmp_path, DOMAINS, DOMAIN_CARD.format(metric=metric))
    table = "domain,science\nbio,0.9\nchem,1\nlaw,0.1\nmed,0.8\nnews,0\n"
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8")
    said = _complete(atlasmix, "--features", "labels.csv")
    assert f"14 pairs predicted on the scale of {metric} from 6 measured, with science" in said
    rows = _rows(tmp_path, "mine-completed")
    assert len(rows) == 20
    assert rows["bio", "med"] == ("0.7", "measured")
    assert rows["bio", "chem"][1] == "predicted"
    assert float(rows["bio", "chem"][0]) > float(rows["news", "chem"][0])
    shown = atlasmix("matrices", "show", "mine-completed", "--store", "evidence").out
    assert "how well it foretells" in shown
    assert atlasmix("matrices", "verify", "mine-completed", "--store", "evidence").status == 0
    bare = _complete(atlasmix, "--name", "bare")
    assert "with no features" in bare
    words = ("matrices", "complete", "--store", "evidence", "--matrix", "mine", "--name", "x")
    refused = atlasmix(*words, "--with", "atlas-2025")
    assert_refused(refused, "another study stands beside BTS between languages alone")
    assert_refused(atlasmix(*words, "--features", "scores.csv"), "target: expected a finite")


def test_a_metric_of_languages_is_completed_from_relatedness(atlasmix: Run, tmp_path: Path) -> None:
    """A tenth of the parsing study taken out, its donors in order of kin: better than its mean."""
    study = Store().matrix("langrank-2019-dep")
    kept = [
        f"{source},{target},{study.pair(source, target).score}"
        for at, (source, target) in enumerate(
            (source, target) for source in study.keys for target in study.keys if source != target
        )
        if at % 10
    ]
    card = (
        CARD.replace("BTS", "attachment score")
        + "status: measured\ndirection: higher is better\ndiagonal: none\n"
    )
    _add(atlasmix, tmp_path, "source,target,score\n" + "\n".join(kept) + "\n", card)
    said = _complete(atlasmix)
    assert "with the relatedness of languages (trigrams, genus" in said
    rows = _rows(tmp_path, "mine-completed")
    left = [pair for pair, (_, status) in rows.items() if status == "predicted"]
    assert len(left) == 87
    off = [float(rows[pair][0]) - study.pair(*pair).score for pair in left]
    assert sum(each**2 for each in off) / len(off) < 8.0**2  # their own deviation is 17


def _texts(atlasmix: Run, *texts: str) -> str:
    words = ("--matrix", "atlasmix-2026", "--name", "with-texts")
    given = [word for text in texts for word in ("--text", text)]
    done = atlasmix("matrices", "complete", "--store", "evidence", *words, *given)
    assert done.status == 0, done.err
    return done.out


def _weight(atlasmix: Run, matrix: str, target: str, source: str) -> float:
    words = ("matrices", "show", matrix, "--store", "evidence", "--target", target, "--json")
    pairs = json.loads(atlasmix(*words).out)["pairs"]
    return float(next(pair["weight"] for pair in pairs if pair["source"] == source))


def test_a_text_of_ones_own_says_who_is_related(atlasmix: Run, tmp_path: Path) -> None:
    """Zeelandic, of which there is no declaration, "written" in English: nearer to English.

    A text that is stored and never read would change no weight; one read for every language would
    change Dutch for Frisian too.
    """
    (tmp_path / "zeelandic.txt").write_text(play(), encoding="utf-8")
    assert "how related Zeelandic is was read off own texts" in _texts(
        atlasmix, "Zeelandic=zeelandic.txt"
    )
    before, after = (
        [
            _weight(atlasmix, matrix, *pair)
            for pair in (("zea", "eng"), ("zea", "nld"), ("fry", "nld"))
        ]
        for matrix in ("atlasmix-2026", "with-texts")
    )
    assert after[0] > before[0] + 0.05
    assert after[1] < before[1] - 0.05
    assert after[2] == pytest.approx(before[2], abs=1e-9)
    card = atlasmix("matrices", "show", "with-texts", "--store", "evidence").out
    assert "own texts of: zea" in card


def test_a_recipe_notices_when_the_text_behind_its_matrix_changed(
    atlasmix: Run, tmp_path: Path
) -> None:
    (tmp_path / "afrikaans.txt").write_text(play(), encoding="utf-8")
    _texts(atlasmix, "afr=afrikaans.txt")
    words = ("--store", "evidence", "--matrix", "with-texts")
    assert atlasmix("solve", "--target", "afr", *words, "--output", "r.yaml").status == 0
    assert atlasmix("check", "r.yaml", "--store", "evidence").status == 0
    held = tmp_path / "evidence" / "transfer_matrices" / "with-texts" / "trigrams.csv"
    held.write_text(held.read_text().replace("the", "teh"))
    refused = atlasmix("solve", "--target", "afr", *words)
    assert_refused(refused, "lacks its trigrams.csv")
    verified = atlasmix("matrices", "verify", "with-texts", "--store", "evidence")
    assert verified.status == 1
    assert "trigrams.csv" in verified.out + verified.err


@pytest.mark.parametrize(
    ("text", "content", "said"),
    [
        ("cat", b"", "expected a language and a file, as scn=sicilian.txt"),
        ("catalna=t.txt", b"x", "did you mean"),
        ("cat=t.txt", b"too short", "t.txt has 8 letters: at least 5,000"),
        ("cat=t.txt", b"\xff\xfe\x00", "t.txt is no text in UTF-8 (byte 0)"),
        ("cat=nowhere.txt", b"", "no file nowhere.txt"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(
    atlasmix: Run, tmp_path: Path, text: str, content: bytes, said: str
) -> None:
    (tmp_path / "t.txt").write_bytes(content)
    words = ("matrices", "complete", "--store", "evidence", "--matrix", "atlasmix-2026")
    assert_refused(atlasmix(*words, "--text", text), said)
    assert not (tmp_path / "evidence").exists()


def test_domains_have_no_trigrams(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(play(), encoding="utf-8")
    _add(atlasmix, tmp_path, DOMAINS, DOMAIN_CARD.format(metric="BTS"))
    words = ("matrices", "complete", "--store", "evidence", "--matrix", "mine")
    assert_refused(atlasmix(*words, "--text", "cat=t.txt"), "of domains: trigrams say how related")
