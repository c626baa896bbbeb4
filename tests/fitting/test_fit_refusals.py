"""Runs that cannot carry a law are refused in a sentence that names their rows."""

import numpy as np
import pytest
from made_runs import crossed, fresh_runs, power_law, repeated_runs

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion, rows_text
from atlasmix.fitting.runs import make_runs


def test_too_few_runs():
    runs = fresh_runs().select(np.arange(0, 20, 4))
    with pytest.raises(DataError, match=r"5 runs \(rows 1, 5, 9, 13, 17\) cannot fit 5 constants"):
        fit(runs, FitQuestion())
    assert fit(runs, FitQuestion(fixed=(("E", 1.8), ("beta", 0.37)))).objective < 1e-6


def test_one_size_only():
    read = np.geomspace(1e9, 1e11, 12)
    runs = make_runs(np.full(12, 1e9), read, power_law(1e9, read))
    with pytest.raises(DataError, match=r"every run \(rows 1-12\) has 1B parameters"):
        fit(runs, FitQuestion())
    held = FitQuestion(fixed=(("A", 480.0), ("alpha", 0.35)))
    assert fit(runs, held).constants["beta"] == pytest.approx(0.37, rel=1e-2)


def test_one_amount_of_tokens_only():
    size = np.geomspace(1e8, 1e10, 12)
    runs = make_runs(size, np.full(12, 2e10), power_law(size, 2e10))
    with pytest.raises(DataError, match=r"every run \(rows 1-12\) reads 20B tokens"):
        fit(runs, FitQuestion())


def test_no_repetition_to_see():
    with pytest.raises(DataError, match="reads its text more than once, so lambda cannot be seen"):
        fit(fresh_runs(), FitQuestion("atlas"))
    held = FitQuestion("atlas", fixed=(("lambda", 0.04),))
    assert fit(fresh_runs(), held).constants["alpha"] == pytest.approx(0.35, rel=1e-2)


def test_one_number_of_epochs_only():
    size, read = crossed()
    runs = make_runs(size, read, power_law(size, read), read / 4)
    with pytest.raises(DataError, match=r"reads its text 4 times, so R_D cannot be told from B"):
        fit(runs, FitQuestion("data-constrained", data_only=True))


def test_one_number_of_languages_only():
    size, read = crossed()
    runs = make_runs(size, read, power_law(size, read), languages=np.full(len(size), 8.0))
    with pytest.raises(DataError, match="has 8 languages"):
        fit(runs, FitQuestion("curse"))


def test_a_first_stage_without_runs():
    runs = repeated_runs()
    many = runs.select(runs.epochs > 2)
    with pytest.raises(DataError, match=r"the first of two stages is fitted to the 0 runs"):
        fit(many, FitQuestion("atlas", stages=2))


def test_questions_that_cannot_be_asked():
    runs = fresh_runs()
    with pytest.raises(ProblemError, match="no law 'kaplan': expected one of chinchilla"):
        fit(runs, FitQuestion("kaplan"))
    with pytest.raises(ProblemError, match="gamma is no constant of the chinchilla law"):
        fit(runs, FitQuestion(fixed=(("gamma", 1.0),)))
    with pytest.raises(ProblemError, match="alpha is held at -1: expected"):
        fit(runs, FitQuestion(fixed=(("alpha", -1.0),)))
    held = {"E": 1.8, "A": 480.0, "alpha": 0.35, "B": 2000.0, "beta": 0.37}
    with pytest.raises(DataError, match="every constant is held"):
        fit(runs, FitQuestion(fixed=tuple(held.items())))


def test_rows_are_named_in_few_words():
    assert rows_text(np.array([7])) == "row 7"
    assert rows_text(np.array([2, 3, 9, 4])) == "rows 2-4, 9"
    assert rows_text(np.arange(2, 60, 3), most=3) == "rows 2, 5, 8 and 17 more"
