"""Key figures, coverage and the CSV: the answer in a few numbers, each the library's own."""

import csv
import dataclasses
import io

import pytest

from atlasmix.evidence.store import Store
from atlasmix.laws.hardware import machine
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.flows import flows
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.quantities import format_quantity
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.answer_tables import comparison_table
from atlasmix.report.answer_words import proof_sentence
from atlasmix.report.evidence import coverage, coverage_table, matrix_sentence, role_sentence
from atlasmix.report.interop import COLUMNS, PHASE_COLUMNS, mixture_csv, phases_csv
from atlasmix.report.overview import key_figures
from atlasmix.report.words import percent

STORE = Store("/nonexistent")


def asked(**question):
    problem = problem_from_mapping(question, STORE)
    return problem, solve(problem)


def test_one_target_is_told_in_effective_data():
    problem, mixture = asked(targets="cat")
    read, effect, donors, proof, evidence, cost = key_figures(problem, mixture)
    assert read.value == "100B tokens"
    assert effect.value == f"{format_quantity(mixture.targets[0].effective_data)} tokens"
    assert f"{mixture.targets[0].loss:.2f}" in effect.meaning
    assert donors.value == "15.0%"
    assert proof.value == "1 in a billion"
    assert evidence.value == "0%", "Spanish for Catalan is predicted by the study"
    assert "100% predicted by a study" in evidence.meaning
    assert cost.value == format_quantity(6 * 2e9 * 100e9 / (989.4e12 * 0.4) / 3600)
    assert key_figures(problem, mixture, machine("A100", None))[5].value != cost.value


def test_what_speaks_for_transfer_is_what_the_scores_are_called():
    problem, mixture = asked(targets="cat,spa,por,fra", budget="300B")
    sums = {"measured": 0.0, "predicted": 0.0}
    for flow in flows(problem, mixture):
        if not flow.own:
            sums[problem.matrix.pair(flow.source, flow.target).status] += flow.tokens
    figure = next(one for one in key_figures(problem, mixture) if "Transfer" in one.label)
    assert figure.value == percent(sums["measured"] / sum(sums.values()))
    alone = asked(targets="cat", max_donors=0)
    assert key_figures(*alone)[4].value == "none needed"


@pytest.mark.parametrize(
    ("objective", "label"),
    [
        ("loss", "Predicted mean loss"),
        ("worst", "Worst target"),
    ],
)
def test_many_targets_are_told_in_their_objective(objective, label):
    problem, mixture = asked(targets="cat,spa", objective=objective)
    figure = key_figures(problem, mixture)[1]
    assert figure.label == label
    value = mixture.certificate.value
    shown = {"loss": f"{value:.2f}", "worst": f"{value:.3f} ×"}
    assert figure.value == shown[objective]


def test_a_baseline_that_is_the_answer_is_the_same():
    problem, mixture = asked(targets="cat", budget="30B")
    assert mixture.donors == ()
    table = comparison_table(problem, mixture, compare(problem))
    worse = {row[0]: row[3] for row in table.texts()[2]}
    assert worse["target only"] == "the same"
    assert worse["natural"] not in ("", "the same")


def test_a_proof_is_told_without_exponents():
    _, mixture = asked(targets="cat")
    for gap, words in ((3e-10, "1 in a billion"), (9e-7, "1 in a million"), (4e-6, "0.0004%")):
        proof = dataclasses.replace(mixture.certificate, gap=gap)
        given = dataclasses.replace(mixture, certificate=proof)
        assert key_figures(asked(targets="cat")[0], given)[3].value == words
        assert words.removeprefix("1 ") in proof_sentence(given)


def test_coverage_names_the_gaps():
    problem, _ = asked(targets="cat,swh,por")
    rows = {row.language: row for row in coverage(problem)}
    catalan = next(p for p in problem.pools if p.language == "cat")
    assert rows["cat"].chosen == catalan.unique_tokens
    assert dict(rows["cat"].unread)["translated"] > 100e9
    assert rows["cat"].epochs == pytest.approx(problem.budget / catalan.unique_tokens)
    assert (rows["cat"].measured, rows["cat"].predicted) == (0, 37)
    assert rows["por"].measured == 8
    assert "Nobody measured a score for Catalan: all are predicted or missing." in rows["cat"].gaps
    assert any("estimated" in gap for gap in rows["swh"].gaps)
    assert len(coverage_table(coverage(problem)).texts()[2]) == 3


def test_a_target_without_text_is_a_gap():
    problem, _ = asked(targets="cat,spa", pools={"exclude_language": ["cat"]})
    row = coverage(problem)[0]
    assert row.epochs == float("inf")
    assert row.gaps[0] == "No pool of Catalan may be read by this question."


def test_donors_are_those_that_can_be_read():
    every = coverage(asked(targets="cat")[0])[0].donors
    problem, _ = asked(targets="cat", pools={"exclude_language": ["spa", "fra"]})
    assert coverage(problem)[0].donors == every - 2 > 0


def test_donors_are_those_that_count_for_more_than_the_doubt():
    trusting = coverage(asked(targets="cat", risk_aversion=0)[0])[0].donors
    doubting = coverage(asked(targets="cat", risk_aversion=3)[0])[0].donors
    assert 0 <= doubting < coverage(asked(targets="cat")[0])[0].donors < trusting


def test_the_csv_holds_what_the_recipe_records():
    problem, mixture = asked(targets="cat,spa", pools={"provenance": "all"})
    rows = list(csv.DictReader(io.StringIO(mixture_csv(mixture))))
    recipe = make_recipe(problem, mixture)
    assert tuple(rows[0]) == COLUMNS
    assert [row["pool"] for row in rows] == [pool.name for pool in recipe.pools]
    for row, pool in zip(rows, recipe.pools, strict=True):
        assert float(row["proportion"]) == pool.proportion
        assert int(row["tokens"]) == pool.tokens
        assert int(row["unique_tokens"]) == pool.unique_tokens
    assert sum(round(float(row["proportion"]) * 1e6) for row in rows) == 1_000_000


def test_the_csv_of_phases_holds_what_the_recipe_records_and_adds_up():
    phases = [{"name": "main"}, {"name": "anneal", "tokens": "20%", "min": {"cat": "60%"}}]
    problem, mixture = asked(targets="cat,spa", phases=phases)
    rows = list(csv.DictReader(io.StringIO(phases_csv(problem, mixture))))
    assert tuple(rows[0]) == PHASE_COLUMNS
    recipe = make_recipe(problem, mixture)
    recorded = [(phase.name, pool) for phase in recipe.phases for pool in phase.pools]
    assert [(row["phase"], row["pool"]) for row in rows] == [
        (phase, pool.name) for phase, pool in recorded
    ]
    for row, (_, pool) in zip(rows, recorded, strict=True):
        assert float(row["proportion"]) == pool.proportion
        assert int(row["tokens"]) == pool.tokens
        assert float(row["epochs_after"]) == pool.epochs_after
    whole = {row["pool"]: row for row in csv.DictReader(io.StringIO(mixture_csv(mixture)))}
    for name, row in whole.items():
        read = sum(int(one["tokens"]) for one in rows if one["pool"] == name)
        assert read == int(row["tokens"]), name
    for phase in ("main", "anneal"):
        shares = [round(float(one["proportion"]) * 1e6) for one in rows if one["phase"] == phase]
        assert sum(shares) == 1_000_000


def test_an_answer_without_phases_has_only_the_heads_of_their_columns():
    assert phases_csv(*asked(targets="cat")) == ",".join(PHASE_COLUMNS) + "\n"


def test_a_spreadsheet_gets_no_formula(monkeypatch):
    _, mixture = asked(targets="cat")
    pools = tuple(
        dataclasses.replace(share, pool=dataclasses.replace(share.pool, unit="=1+1"))
        for share in mixture.pools
    )
    text = mixture_csv(dataclasses.replace(mixture, pools=pools))
    assert {row["unit"] for row in csv.DictReader(io.StringIO(text))} == {"'=1+1"}


def test_the_words_over_a_matrix():
    matrix = STORE.matrix()
    said = "72 of 1,406 scores were measured, 1,334 predicted by the study itself (BTS, higher is "
    assert matrix_sentence(STORE.matrix("atlas-2025")) == f"{said}better)."
    assert matrix_sentence(matrix) == (
        f"{said}better); all other pairs of languages have no score and are completed from "
        "relatedness."
    )
    assert role_sentence(matrix, "eus") == (
        "No donor for Basque has a score: all are completed from relatedness."
    )
    assert role_sentence(matrix, "cat").endswith("is predicted: nobody measured one.")
    assert role_sentence(matrix, "por").startswith("78% of the scores")
    every = STORE.matrix("langrank-2019-dep")
    assert role_sentence(every, "cat") == "Every score of a donor for Catalan was measured."
