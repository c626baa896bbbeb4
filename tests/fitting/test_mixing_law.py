"""The law of mixtures recovered from runs made with it; what such runs cannot say; its card."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml
from made_runs import PHIS, TAUS, TRUTH, as_rows, mixture_runs, mixture_table

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.card import Origin, card_data, card_text
from atlasmix.fitting.certainty import bootstrap, diagnose, held_out
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.runs import frozen
from atlasmix.fitting.tables import Reading, read_targets
from atlasmix.laws.kinds import DEFAULT_PHI
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import read_card, read_law

ORIGIN = Origin("runs.csv", "0" * 64)
WORDS = {
    **TRUTH,
    "lambda": 0.05,
    **{f"phi {target}": phi for target, phi in PHIS.items()},
    **{f"tau {pair}": tau for pair, tau in TAUS.items()},
}
MIXING = FitQuestion("mixing")


@pytest.fixture(scope="module")
def noisy_fit():
    return fit(mixture_runs(noise=0.005), MIXING)


def test_two_targets_are_recovered_to_the_last_digits():
    found = fit(mixture_runs(), MIXING)
    assert found.constants == pytest.approx(WORDS, rel=1e-5)
    assert found.objective < 1e-12


def test_one_target_is_recovered_and_named_plainly():
    runs = read_targets(as_rows(mixture_table()), Reading("mixing", targets=("cat",)))
    assert (runs.target, runs.targets, runs.sources) == ("cat", (), ("fra", "spa"))
    found = fit(runs, MIXING).constants
    assert found["phi"] == pytest.approx(PHIS["cat"], rel=1e-5)
    assert found["tau spa"] == pytest.approx(TAUS["spa:cat"], rel=1e-5)
    assert found["alpha"] == pytest.approx(TRUTH["alpha"], rel=1e-5)


def test_targets_with_floors_of_their_own():
    runs = mixture_runs(floors=(1.8, 2.1))
    found = fit(runs, replace(MIXING, own_floors=True))
    assert found.constants["E"] == pytest.approx(1.8, rel=1e-4)
    assert found.constants["E fra"] == pytest.approx(2.1, rel=1e-4)
    assert found.objective < 1e-3 * fit(runs, MIXING).objective


def test_noise_leaves_the_truth_within_the_intervals(noisy_fit):
    sure = bootstrap(noisy_fit, 60, cores=1)
    inside = [
        low <= WORDS[name] <= high for name in sure.samples for low, high in [sure.interval(name)]
    ]
    # 95 % each, and not independent of each other.
    assert np.mean(inside) >= 0.75
    for target, phi in PHIS.items():
        assert noisy_fit.constants[f"phi {target}"] == pytest.approx(phi, abs=0.02)
    for pair, tau in TAUS.items():
        assert noisy_fit.constants[f"tau {pair}"] == pytest.approx(tau, abs=0.08)


def test_losses_of_one_run_are_drawn_and_held_out_together():
    runs = mixture_runs(count=40)
    for number in np.unique(runs.rows):
        assert len(set(runs.runs[runs.rows == number].tolist())) == 1
        assert len(set(runs.mixtures[runs.rows == number].tolist())) == 1
    said = " ".join(diagnose(fit(runs, MIXING)).warnings)
    assert "checkpoints" not in said


def test_held_out_mixtures_are_predicted(noisy_fit):
    by_name = {one.split: one for one in held_out(noisy_fit)}
    assert {"random", "N", "compute", "mixtures"} <= set(by_name)
    assert by_name["mixtures"].error < 0.01
    assert by_name["compute"].error < 0.01


def test_a_long_table_reads_as_a_wide_one():
    wide = mixture_table(count=40)
    long = [
        {key: value for key, value in row.items() if not key.startswith("loss")}
        | {"loss": row[f"loss_{target}"], "language": target, "run": f"run{number}"}
        for target in ("cat", "fra")
        for number, row in enumerate(wide)
        if row[f"loss_{target}"] != ""
    ]
    one, other = (read_targets(as_rows(table), Reading("mixing")) for table in (wide, long))
    np.testing.assert_array_equal(one.loss, other.loss)
    np.testing.assert_array_equal(one.source_tokens, other.source_tokens)
    assert len(np.unique(one.runs)) == len(np.unique(other.runs))
    assert fit(one, MIXING).constants == pytest.approx(fit(other, MIXING).constants, rel=1e-4)


def test_without_repetition_the_decay_is_held_and_said():
    runs = mixture_runs()
    once = replace(runs, unique=runs.tokens, source_unique=runs.source_tokens)
    found = fit(once, MIXING)
    assert found.constants["lambda"] == pytest.approx(DEFAULT_DECAY)
    assert "lambda is held at its default" in " ".join(found.runs.notes)
    assert "lambda" not in bootstrap(found, 20, cores=1).samples


def test_one_share_leaves_phi_at_its_default_and_says_so():
    runs = mixture_runs()
    even = (runs.target_of == 0) | (np.abs(runs.own_share - 1) < 1e-9)
    found = fit(runs.select(even), MIXING)
    assert found.constants["phi fra"] == DEFAULT_PHI
    assert "the own share of fra is 1 in every run" in " ".join(found.runs.notes)
    assert "phi fra" in found.question.held
    assert "phi cat" not in found.question.held


def test_a_share_that_costs_nothing_is_said():
    runs = mixture_runs()
    alone = replace(runs, total=runs.tokens)
    with pytest.raises(DataError, match="every constant is held"):
        fit(alone, replace(MIXING, fixed=tuple(WORDS.items())))
    flat = TRUTH["E"] + TRUTH["A"] / runs.params ** TRUTH["alpha"]
    flat = flat + TRUTH["B"] / runs.tokens ** TRUTH["beta"]
    found = fit(replace(runs, loss=frozen(flat), unique=runs.tokens), MIXING)
    said = " ".join(diagnose(found).warnings)
    assert found.constants["phi cat"] == pytest.approx(0, abs=1e-4)
    assert "phi cat is at 0: by these runs a small own share costs no capacity" in said
    assert "tau spa:cat is at 0: by these runs what is read of it adds no data" in said


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda runs: runs.params == runs.params[0], "what a larger model gains cannot be seen"),
        (lambda runs: np.arange(runs.count) % 20 == 5, r"8 runs .* cannot fit 1[0-2] constants"),
    ],
)
def test_runs_that_cannot_say_are_refused(keep, words):
    runs = mixture_runs()
    with pytest.raises(DataError, match=words):
        fit(runs.select(keep(runs)), MIXING)


def test_a_loss_of_a_language_that_nothing_was_read_of():
    runs = mixture_runs()
    none = replace(runs, tokens=frozen(np.where(runs.rows == 30, 0.0, runs.tokens)))
    with pytest.raises(DataError, match=r"row.* 30.*nothing was read in the language of the loss"):
        fit(none, MIXING)


def test_held_constants_must_be_possible():
    runs = mixture_runs()
    with pytest.raises(ProblemError, match=r"phi cat is held at -0\.1: expected a finite number"):
        fit(runs, replace(MIXING, fixed=(("phi cat", -0.1),)))
    with pytest.raises(ProblemError, match="hold E, that of all targets, or none"):
        fit(runs, replace(MIXING, own_floors=True, fixed=(("E fra", 2.0),)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda row: {"loss": 2.0, "params": row["params"], "tokens": 1e9},
            "no tokens by language",
        ),
        (lambda row: row | {"language": "cat"}, "a column language beside losses by language"),
        (lambda row: row | {"loss_catalan": 2.0}, "loss_cat and loss_catalan are both the loss"),
    ],
)
def test_tables_that_are_not_clear(change, words):
    table = [change(row) for row in mixture_table(count=20)]
    with pytest.raises(DataError, match=words):
        read_targets(as_rows(table), Reading("mixing"))


def test_a_target_that_the_table_lacks():
    with pytest.raises(DataError, match="holds no loss of deu: there are cat, fra"):
        read_targets(as_rows(mixture_table(count=20)), Reading("mixing", targets=("cat", "deu")))


def test_the_card_of_two_targets(tmp_path, noisy_fit):
    sure = bootstrap(noisy_fit, 20, cores=1)
    path = tmp_path / "mine.yaml"
    path.write_text(card_text(card_data("mine", noisy_fit, sure, (), ORIGIN)), encoding="utf-8")
    card, law = read_card(path), read_law(path)
    both = [noisy_fit.constants[f"phi {target}"] for target in PHIS]
    assert law.phi == pytest.approx(np.median(both), rel=1e-6)
    assert law.phi_range[0] < min(both) <= max(both) < law.phi_range[1]
    assert law.decay == pytest.approx(noisy_fit.constants["lambda"], rel=1e-6)
    assert card.phi_is == "median of the 2 targets of the fit"
    also = dict(card.also_fitted)
    assert also["tau spa:cat"] == pytest.approx(noisy_fit.constants["tau spa:cat"], rel=1e-6)
    assert also["phi cat"] == pytest.approx(noisy_fit.constants["phi cat"], rel=1e-6)
    assert "tau spa:cat" in {one.constant for one in card.intervals}
    assert law.fitted_tokens is not None


def test_the_card_of_floors_of_their_own(tmp_path):
    found = fit(mixture_runs(floors=(1.8, 2.1)), replace(MIXING, own_floors=True))
    path = tmp_path / "mine.yaml"
    text = card_text(card_data("mine", found, None, (), ORIGIN))
    path.write_text(text, encoding="utf-8")
    assert read_card(path).law.E == pytest.approx(1.95, rel=1e-3)  # noqa: SIM300
    also = yaml.safe_load(text)["also_fitted"]
    assert (also["E cat"], also["E fra"]) == pytest.approx((1.8, 2.1), rel=1e-3)
    assert "Each target has its own E" in read_card(path).note


def test_the_command(tmp_path, capsys):
    from atlasmix.cli.main import run

    rows = as_rows(mixture_table(noise=0.003))
    table, card = tmp_path / "runs.csv", tmp_path / "mine.yaml"
    lines = [",".join(rows.header), *(",".join(row) for row in rows.rows)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = ["fit", str(table), "--law", "mixing", "--bootstrap", "20", "--no-held-out"]
    assert run([*words, "--output", str(card)]) == 0
    said = capsys.readouterr().out
    assert "mixing law of" in said
    assert "capacity lost to a small share, cat" in said
    assert "worth of a token of spa to cat" in said
    assert run([*words, "--target", "cat", "--tau", "spa=0.4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["constants"]["phi"] == pytest.approx(PHIS["cat"], abs=0.03)
    assert found["held"] == ["tau spa"]
    assert run(["laws", "show", str(card)]) == 0
    assert "φ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--law", "atlas", "--target", "cat", "--target", "fra"), "--target is given 2 times"),
        (("--law", "atlas", "--own-floors"), "--own-floors belongs to --law mixing"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, capsys, words, said):
    from atlasmix.cli.main import run

    assert run(["fit", "runs.csv", *words]) == 1
    assert said in capsys.readouterr().err


def test_the_figure_shows_the_own_share(noisy_fit):
    pytest.importorskip("plotly")
    from atlasmix.report.figures.fit import fit_figure

    drawn = fit_figure(noisy_fit)
    assert "off by, by own share" in {note.text for note in drawn.layout.annotations}
    shares = [trace.x for trace in drawn.data if len(trace.x) == noisy_fit.runs.count]
    assert any(np.array_equal(each, noisy_fit.runs.own_share) for each in shares)


def test_donors_that_are_always_read_together_are_told():
    table = mixture_table(noise=0.005)
    for row in table:
        both = (row["tokens_fra"] + row["tokens_spa"]) / 2
        row.update(dict.fromkeys(("tokens_fra", "tokens_spa"), both))
        row.update(dict.fromkeys(("unique_tokens_fra", "unique_tokens_spa"), both))
    runs = read_targets(as_rows(table), Reading("mixing", targets=("cat",)))
    said = " ".join(diagnose(fit(runs, MIXING)).warnings)
    assert "hardly tell tau fra and tau spa apart" in said
