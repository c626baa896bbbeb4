"""What a page says of draws: regret in words, intervals in tables, doubt never shown as certain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import (
    GuardrailOdds,
    LossInterval,
    Mixture,
    Quantiles,
    Regret,
    ShareInterval,
    Uncertainty,
)
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.report.answer import answer_report
from atlasmix.report.blocks import Cell, Heading, Sentence, Sentences, Table
from atlasmix.report.markdown import markdown_text
from atlasmix.report.uncertainty import HEADING, uncertainty_blocks

SURE = Uncertainty(
    draws=64,
    seed=7,
    losses=(LossInterval("eng", Quantiles(2.4, 2.5, 2.75)),),
    shares=(
        ShareInterval("eng", 0.8, Quantiles(0.7, 0.8, 0.95), 1.0),
        ShareInterval("fra", 0.2, Quantiles(0.0, 0.1, 0.3), 0.75),
        ShareInterval("tha", 0.0, Quantiles(0.0, 0.0, 0.1), 0.125),
    ),
    regret=Regret(0.0123, 0.034, 0.021, 0.05),
    tokens=Quantiles(60e9, 100e9, 100e9),
    guardrails=(GuardrailOdds("guardrail fra 1% over natural", 0.5),),
    gap=1e-6,
    drawn=("weights", "the law"),
    held=("λ at 0.05, as asked for",),
)


@pytest.fixture(scope="module")
def problem() -> MixProblem:
    question = {"targets": "eng", "matrix": "atlas-2025", "guardrails": {"fra": "1%"}}
    return problem_from_mapping(question, Store(None))


@pytest.fixture(scope="module")
def mixture(problem: MixProblem) -> Mixture:
    return replace(solve(problem), uncertainty=SURE)


def test_an_answer_without_draws_says_nothing_of_them(
    problem: MixProblem, mixture: Mixture
) -> None:
    without = replace(mixture, uncertainty=None)
    assert uncertainty_blocks(problem, without) == ()
    headings = [
        block.text for block in answer_report(problem, without).blocks if isinstance(block, Heading)
    ]
    assert HEADING not in headings


def test_regret_comes_first_in_the_laws_unit(problem: MixProblem, mixture: Mixture) -> None:
    heading, sentence, *_ = uncertainty_blocks(problem, mixture)
    assert heading == Heading(HEADING)
    assert isinstance(sentence, Sentence)
    assert sentence.text == (
        "In 64 worlds drawn from what the evidence allows, this mixture is worse than the best of "
        "each by 0.012 nats per token on average (2.1% of the reducible loss), and in 90 of 100 by "
        "at most 0.034 (5.0%)."
    )
    relative = replace(problem, objective="worst")
    assert "by 0.012 on average" in uncertainty_blocks(relative, mixture)[1].text


def test_intervals_stand_beside_what_was_predicted(problem: MixProblem, mixture: Mixture) -> None:
    tables = [each for each in uncertainty_blocks(problem, mixture) if isinstance(each, Table)]
    losses, shares = tables
    predicted = f"{mixture.targets[0].loss:.2f}"
    assert losses.texts()[2] == (("English (eng)", predicted, "2.40", "2.50", "2.75"),)
    assert shares.texts()[2][1] == ("French (fra)", "20.0%", "0-30%", "75.0%")


def test_a_donor_that_nobody_measured_is_not_shown_like_one_that_was(
    problem: MixProblem, mixture: Mixture
) -> None:
    """French for English is measured in atlas-2025, Thai for English is a forest's."""
    shares = [e for e in uncertainty_blocks(problem, mixture) if isinstance(e, Table)][1]
    doubted = {}
    for row in shares.rows:
        cell = row.cells[0]
        assert isinstance(cell, Cell)
        doubted[str(cell.value)] = cell.doubted
    assert doubted == {"English (eng)": False, "French (fra)": False, "Thai (tha)": True}


def test_what_was_drawn_held_and_kept_is_told(problem: MixProblem, mixture: Mixture) -> None:
    notes = uncertainty_blocks(problem, mixture)[-1]
    assert isinstance(notes, Sentences)
    told = " ".join(notes.texts)
    assert "Drawn, by seed 7: weights; the law." in told
    assert "Held: λ at 0.05, as asked for." in told
    assert "reads 60B tokens to 100B tokens in 90 of 100" in told
    assert "keeps 'guardrail French 1% over natural' in 50.0% of the draws" in told
    assert "64 draws give each end of an interval to about a tenth" in told
    many = replace(mixture, uncertainty=replace(SURE, draws=256, held=(), guardrails=()))
    more = uncertainty_blocks(problem, many)[-1]
    assert isinstance(more, Sentences)
    assert not any("Held" in text or "a tenth of its width" in text for text in more.texts)


def test_a_page_has_the_section(problem: MixProblem, mixture: Mixture) -> None:
    page = answer_report(problem, mixture)
    assert f"## {HEADING}" in markdown_text(page.title, page.blocks)
