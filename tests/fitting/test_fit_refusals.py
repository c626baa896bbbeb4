"""Runs that cannot carry a law are refused in a sentence that names their rows."""

import numpy as np
import pytest
from made_runs import crossed, curse_runs, fresh_runs, power_law, repeated_runs

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


HELD = {
    "chinchilla": (fresh_runs, {"E": 1.8, "A": 480.0, "alpha": 0.35, "B": 2000.0, "beta": 0.37}),
    "atlas": (repeated_runs, {"E": 1.8, "alpha": 0.35, "beta": 0.37, "lambda": 0.05}),
    "data-constrained": (repeated_runs, {"E": 1.8, "alpha": 0.35, "R_D": 20.0, "R_N": 5.0}),
    "curse": (curse_runs, {"E": 1.8, "alpha": 0.35, "phi": 0.15, "psi": -0.06}),
}


@pytest.mark.parametrize("law", HELD)
def test_a_constant_is_held_where_it_was_said_or_refused(law):
    """E=100 was called held and stood at 2.319, the least loss of the runs."""
    made, values = HELD[law]
    runs = made()
    for name, usual in values.items():
        for factor in (1.0, 0.5, 0.9, 1e-300, 1e-6, 50.0, 1e6, 1e30):
            value = usual * factor
            question = FitQuestion(law, fixed=((name, value),), starts=2)
            form, field = _form(question, runs)
            if form is None:
                assert factor not in (1.0, 0.5, 0.9), name
                assert field == "fix"
                continue
            # What a descent starts from is kept within these bounds.
            theta = np.clip(form.coordinates({**_others(form), name: value}), form.low, form.high)
            assert form.named(theta[None, :])[name][0] == pytest.approx(value, rel=1e-6), name


def _form(question, runs):
    try:
        return question.form(runs), ""
    except ProblemError as error:
        return None, error.field


def _others(form):
    middle = np.clip(np.zeros(len(form.constants)), form.low, form.high)
    return {name: float(each[0]) for name, each in form.named(middle[None, :]).items()}


def test_a_floor_above_every_loss_is_refused():
    with pytest.raises(
        ProblemError, match=r"E is held at 100: .*no run has a lower loss than that"
    ):
        fit(fresh_runs(), FitQuestion(fixed=(("E", 100.0),)))
    without = fit(fresh_runs(), FitQuestion(fixed=(("E", 0.0),), starts=2))
    assert without.constants["E"] < 1e-3, "next to nothing"
