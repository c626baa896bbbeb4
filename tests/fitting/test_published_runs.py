"""Figures in print, from the public runs they were made with."""

import numpy as np
import pytest

from atlasmix.fitting.certainty import held_out
from atlasmix.fitting.fit import fit, predict
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.forms import huber, r_squared
from atlasmix.fitting.tables import Reading, parse_filter, read_runs
from atlasmix.io.files import read_file
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import read_rows

# The authors' code has them as logarithms (a, b, e); the paper prints three digits.
BASE = {
    "E": np.exp(0.6254804),
    "A": np.exp(6.255414),
    "alpha": 0.3526596,
    "B": np.exp(7.3049974),
    "beta": 0.3526596,
}


def table(name, **how):
    path = data_folder() / "runs" / name
    return read_runs(read_rows(read_file(path, 10**7), name), Reading(**how))


@pytest.fixture(scope="module")
def repeated():
    return table("datablations-fit182.csv", law="data-constrained")


def scores(runs, question, constants):
    form = question.form(runs)
    predicted = predict(form, form.coordinates(constants))
    objective = np.sum(huber(np.log(predicted) - np.log(runs.loss)))
    return r_squared(runs.loss, predicted), objective


def test_the_printed_constants_have_the_printed_scores(repeated):
    """Muennighoff et al. 2023, the table of versions of their fit: loss 0.0158, R² 0.7722."""
    found = BASE | {"R_D": 15.387756, "R_N": 5.309743}
    r2, objective = scores(repeated, FitQuestion("data-constrained"), found)
    assert r2 == pytest.approx(0.7722, abs=5e-5)
    assert objective == pytest.approx(0.01583, abs=5e-6)


def test_the_data_only_version(repeated):
    """The same table: only D decays, R*_D 2.9157, loss 0.0169, R² 0.7354.

    The minimum lies at 2.9149. At 2.9157 the objective is higher by 1e-8 of itself, less than
    single precision tells apart, which the authors' optimiser ran in.
    """
    question = FitQuestion("data-constrained", data_only=True, fixed=tuple(BASE.items()))
    found = fit(repeated, question)
    assert found.constants["R_D"] == pytest.approx(2.9157, rel=5e-4)
    assert found.r_squared == pytest.approx(0.7354, abs=1e-4)
    assert found.objective == pytest.approx(0.0169, abs=5e-5)
    r2, printed = scores(repeated, question, BASE | {"R_D": 2.9157})
    assert r2 == pytest.approx(0.7354, abs=1e-4)
    assert found.objective <= printed < found.objective * (1 + 1.2e-7)


def test_the_printed_full_fit_is_one_of_several_minima(repeated):
    question = FitQuestion("data-constrained", fixed=tuple(BASE.items()))
    found = fit(repeated, question)
    _, printed = scores(repeated, question, BASE | {"R_D": 15.387756, "R_N": 5.309743})
    assert found.objective < printed
    assert found.objective == pytest.approx(printed, rel=2e-3)
    assert found.r_squared > 0.78


def test_the_one_stage_form_of_atlas(repeated):
    found = fit(repeated, FitQuestion("atlas"))
    assert 0.037 <= found.constants["lambda"] <= 0.040
    assert 0.93 <= found.r_squared <= 0.94


def test_two_stages_are_worse_than_one_and_better_than_the_printed(repeated):
    once = fit(repeated, FitQuestion("data-constrained"))
    twice = fit(repeated, FitQuestion("data-constrained", stages=2, tied=True))
    assert twice.first.runs.count == 29
    assert once.objective < twice.objective < 0.0158


@pytest.mark.parametrize(
    ("trained_on", "error"), [("c4_original", 0.08), ("rpj", 0.08), ("rw_original", 0.08)]
)
def test_open_lm_from_the_smaller_to_the_larger_half(trained_on, error):
    """Gadre et al. 2024; loss on C4, one law for each training set."""
    runs = table(
        "openlm-104.csv",
        columns=(("loss", "loss_c4_val"),),
        where=(parse_filter(f"train_set={trained_on}"),),
    )
    found = fit(runs, FitQuestion())
    assert found.r_squared > 0.97
    splits = {split.split: split for split in held_out(found)}
    assert splits["larger half"].count in (17, 18)
    assert splits["larger half"].error < error
    assert splits["random"].r_squared > 0.95
