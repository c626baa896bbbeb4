"""Published mixtures beside an answer: one number everywhere, and code as what it is."""

import pytest

from atlasmix.evidence.published import published
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer_tables import languages_beside


def shares(question, name="salamandra-7b"):
    problem = problem_from_mapping(question)
    judged = [each for each in compare(problem, (published(name),)) if each.name == name]
    table = languages_beside(solve(problem), judged, "beside")
    return {str(row.cells[0]): row.cells[2] for row in table.rows}


def test_a_model_has_the_shares_that_its_makers_published():
    """Scaled up to what has pools here, English stood with 41.9 % in one place, 39.3 in another."""
    told = shares({"targets": "cat,eng"})
    assert told["English (eng)"] == pytest.approx(0.3925307)
    assert told["without a pool here"] == pytest.approx(0.0639, abs=1e-3)


def test_code_is_compared_with_code_where_there_is_some():
    told = shares(
        {"targets": "cat,eng", "inventory": ["web-2026", "code-math-2023"], "min": {"code": 0.05}}
    )
    assert told["code"] == pytest.approx(0.06388762)
    assert told["English (eng)"] == pytest.approx(0.3925307)
    assert "without a pool here" not in told
