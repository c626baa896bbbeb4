"""The card of a fit: read back by the shelf, the same bytes each time; and the report's data."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
import yaml
from made_runs import TRUTH, curse_runs, fresh_runs, noisy, power_law, repeated_runs, transfer_runs

from atlasmix.fitting.card import Origin, card_data, card_text
from atlasmix.fitting.certainty import bootstrap, diagnose, held_out
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.runs import make_runs
from atlasmix.io.shipped import data_folder
from atlasmix.laws.shelf import read_card, read_law
from atlasmix.report.fit import Fitted, fit_data

ORIGIN = Origin("runs.csv", "0" * 64, "Catalan web text, our tokenizer")


def written(path, runs, question, resamples=20):
    found = fit(runs, question)
    sure = bootstrap(found, resamples, cores=1) if resamples else None
    text = card_text(card_data("mine", found, sure, (), ORIGIN))
    path.write_text(text, encoding="utf-8")
    return found, sure, text


def test_a_fitted_law_drives_a_solve(tmp_path):
    path = tmp_path / "mine.yaml"
    found, sure, _ = written(path, noisy(repeated_runs(0.05), 0.003), FitQuestion("atlas"))
    law = read_law(path)
    assert law.decay == pytest.approx(found.constants["lambda"], rel=1e-6)
    assert law.loss(1e9, 2e10) == pytest.approx(power_law(1e9, 2e10), rel=0.01)
    card = read_card(path)
    ends = {one.constant: (one.low, one.high) for one in card.intervals}
    assert ends["decay"] == pytest.approx(sure.interval("lambda"), rel=1e-6)
    assert card.intervals_are == "95% bootstrap over 20 resamples of whole runs"
    assert card.measured_on.startswith("Catalan web text, our tokenizer; 80 runs, 20M to 6B")


@pytest.mark.parametrize(
    ("runs", "question"),
    [
        (fresh_runs(), FitQuestion()),
        (repeated_runs(), FitQuestion("data-constrained")),
        (repeated_runs(), FitQuestion("data-constrained", data_only=True)),
        (curse_runs(), FitQuestion("curse")),
        (transfer_runs(), FitQuestion("atlas")),
    ],
)
def test_every_law_has_a_card_that_the_shelf_reads(tmp_path, runs, question):
    path = tmp_path / "mine.yaml"
    runs = noisy(runs, 0.004)
    found, _, text = written(path, runs, question, resamples=0)
    card = read_card(path)
    assert card.unit == "nats per token"
    constants = dict(card.constants)
    assert all(
        constants[name] == pytest.approx(found.constants[name], rel=1e-6) for name in constants
    )
    if question.law == "atlas":
        assert dict(card.also_fitted)["tau spa"] == pytest.approx(0.4, abs=0.15)
    if question.law == "curse":
        assert yaml.safe_load(text)["fitted_on"]["languages"] == [1, 50]
    assert "intervals" not in yaml.safe_load(text)


def test_the_card_predicts_what_the_fit_predicts(tmp_path):
    runs = noisy(repeated_runs(), 0.01)
    found, _, _ = written(tmp_path / "a.yaml", runs, FitQuestion("data-constrained"), 0)
    law = read_card(tmp_path / "a.yaml").law
    each = zip(runs.params, runs.tokens, runs.unique, strict=True)
    np.testing.assert_allclose([law.loss(*row) for row in each], found.predicted, rtol=1e-5)


def test_a_floor_at_its_bound_is_written_as_zero(tmp_path):
    size, read = fresh_runs().params, fresh_runs().tokens
    runs = noisy(make_runs(size, read, power_law(size, read, E=-0.15)), 0.003)
    written(tmp_path / "mine.yaml", runs, FitQuestion())
    assert dict(read_card(tmp_path / "mine.yaml").constants)["E"] == 0.0


def test_the_same_runs_give_the_same_bytes(tmp_path):
    runs = noisy(fresh_runs(), 0.01)
    texts = {written(tmp_path / "a.yaml", runs, FitQuestion())[2] for _ in range(2)}
    assert len(texts) == 1


def test_the_report_holds_every_number():
    runs = noisy(fresh_runs(), 0.01)
    found = fit(runs, FitQuestion(fixed=(("E", TRUTH["E"]),)))
    splits = held_out(found)
    data = fit_data(Fitted("mine", found, None, splits, diagnose(found), ORIGIN))
    assert data["held"] == ["E"]
    assert data["constants"]["E"] == pytest.approx(1.8)
    assert [one["row"] for one in data["runs"]] == runs.rows.tolist()
    assert "tau spa" not in data["card"].get("also_fitted", {})
    assert {one["split"] for one in data["held_out"]} >= {"random", "N", "D", "compute"}
    assert all(math.isfinite(one["predicted"]) for one in data["runs"])


def test_the_shipped_runs_are_those_of_their_card():
    card = yaml.safe_load((data_folder() / "runs" / "card.yaml").read_text(encoding="utf-8"))
    assert set(card["files"]) == {path.name for path in (data_folder() / "runs").glob("*.csv")}
    for name, digest in card["files"].items():
        assert hashlib.sha256((data_folder() / "runs" / name).read_bytes()).hexdigest() == digest


def test_a_card_says_how_its_constants_go_together(tmp_path):
    """Over the resamples, and 0 where a constant was held; of a law of its own kind, nothing."""
    path = tmp_path / "mine.yaml"
    _, sure, _ = written(path, noisy(repeated_runs(0.05), 0.003), FitQuestion("atlas"), 40)
    names = ("E", "A", "alpha", "B", "beta", "lambda")
    logs = np.log([sure.samples[name] for name in names])
    assert np.array(read_law(path).covariance) == pytest.approx(np.cov(logs), rel=1e-5, abs=1e-12)
    held = FitQuestion("atlas", fixed=(("E", 1.8),))
    written(path, noisy(repeated_runs(0.05), 0.003), held, 40)
    table = np.array(read_law(path).covariance)
    assert not table[0].any()
    assert table[1, 1] > 0
    _, _, few = written(path, noisy(repeated_runs(0.05), 0.003), FitQuestion("atlas"), 10)
    _, _, curse = written(path, noisy(curse_runs(), 0.004), FitQuestion("curse"), 40)
    assert all("covariance" not in yaml.safe_load(text) for text in (few, curse))
