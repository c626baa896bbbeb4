"""The law against English and French read together: fitted at 1.2B tokens, asked beyond."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from atlasmix.laws.shelf import DEFAULT_LAW, load_law

LAW = load_law(DEFAULT_LAW)


@pytest.fixture(scope="module")
def module(script):
    return script("evidence/english_french")


@pytest.fixture(scope="module")
def runs(module):
    return module.read_runs()


@pytest.fixture(scope="module")
def found(module, runs):
    return module.fit(runs, LAW)


def test_the_table_is_whole(runs):
    assert len(runs.share) == 68
    assert int(runs.fitted.sum()) == 44
    assert sorted(set(runs.model.tolist())) == ["medium", "mini", "small"]


def test_the_law_predicts_two_and_three_times_the_tokens(module, runs, found):
    off = module.findings(runs, LAW, found)
    assert off.fitted <= 0.02
    assert off.beyond <= 0.03
    assert off.medium <= 0.05
    assert 0.1 <= found.phi <= 0.35
    assert all(0.2 <= tau <= 0.7 for tau in found.tau.values())
    # A common vocabulary transfers more, in both directions.
    for french in (True, False):
        assert found.tau[False, french] > found.tau[True, french]


def test_data_alone_do_not(module, runs, found):
    alone = module.findings(runs, LAW, module.fit(runs, LAW, sharing=False))
    off = module.findings(runs, LAW, found)
    assert alone.beyond == pytest.approx(0.285, abs=0.01)
    assert alone.beyond > 5 * off.beyond
    assert alone.fitted > 4 * off.fitted
    # Nor do they in the tokens themselves, where B and β play no part.
    assert alone.ratio > 5 * off.ratio


def test_the_smallest_model_is_not_predicted(module, runs, found):
    # 10.5M parameters: said in the docs, and here so that nobody believes otherwise.
    assert module.findings(runs, LAW, found).mini > 0.5


def test_the_constants_come_back_from_runs_that_the_law_made(module, runs):
    tau = {(False, True): 0.5, (False, False): 0.4, (True, True): 0.3, (True, False): 0.2}
    truth = module.Constants(2000.0, 0.2, tau)
    ratio = module.predicted_ratio(runs, LAW, truth)
    made = replace(runs, alone=ratio * runs.share * runs.total)
    np.testing.assert_allclose(module.gaps(made, LAW, truth), 0.0, atol=1e-9)
    found = module.fit(made, LAW)
    assert found.phi == pytest.approx(0.2, rel=1e-3)
    assert pytest.approx(2000.0, rel=1e-2) == found.A
    assert found.tau == pytest.approx(tau, rel=1e-3)


def test_the_figure_is_that_of_the_docs(module, runs, found):
    assert module.FIGURE.read_text(encoding="utf-8").count("<circle") == (
        module.figure(runs, LAW, found).count("<circle")
    )


def test_learn_predicts_them_too(module, runs):
    """The command, from a table of losses: an exponent that is not taken would be off tenfold."""
    fitted, beyond = module.learned_errors(runs, LAW)
    assert fitted <= 0.02
    assert beyond <= 0.03
    page = (module.ROOT / "docs" / "concepts" / "evidence-for-the-law.md").read_text("utf-8")
    shown = re.search(r"rms ([\d.]+) on the fitted runs, \*\*([\d.]+)\*\* on", page)
    assert shown is not None
    assert [float(text) for text in shown.groups()] == pytest.approx([fitted, beyond], abs=2e-3)
