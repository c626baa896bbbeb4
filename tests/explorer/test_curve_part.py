"""The budget curve on the page Mix: the library's numbers, over tokens and over parameters."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from atlasmix.evidence.store import Store
from atlasmix.mixture.curve import curve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.curve import curve_sentence, runs_out_table, unspent_sentence

QUESTION = "{targets: {cat: 1, eng: 1}, budget: 300B}"


def numbers(values: Any) -> list[float]:
    """Values of a trace, which Plotly may have sent as bytes."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return list(values)


@pytest.mark.parametrize(("words", "axis"), [("Token budget", "budget"), ("Parameters", "params")])
def test_the_curve_is_the_librarys(visit, words, axis):
    problem = problem_from_mapping({"targets": "cat,eng", "budget": 300e9}, Store("/nonexistent"))
    found = curve(problem, axis)
    guest = visit(q=QUESTION)
    guest.page("mix")
    guest.tab("curve-axis", words)
    guest.tab("section", "Over the budget")
    (figure,) = guest.figures()
    areas = {trace["name"]: trace for trace in figure["data"] if trace.get("stackgroup")}
    shares = [100 * mixture.proportions["eng"] for _, mixture in found.solved]
    assert numbers(areas["English"]["y"]) == pytest.approx(shares)
    assert numbers(areas["English"]["x"]) == [value for value, _ in found.solved]
    said = guest.words()
    assert curve_sentence(found) in said
    assert unspent_sentence(found) in said
    rows = runs_out_table(found).texts()[2]
    assert all(cell in said for row in rows for cell in row)
