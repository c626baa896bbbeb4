"""The estimate of a question's size: an estimate alone, but one that grows with the question."""

import re
from pathlib import Path

import pytest

from atlasmix.evidence.store import Store
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.solver import effort
from atlasmix.solver.effort import expected_seconds

STORE = Store("none")
NOTES = Path(__file__).parents[2] / "benchmarks" / "EFFORT.md"


def seconds(**asked):
    return expected_seconds(problem_from_mapping({"targets": ["cat"], **asked}, STORE))


@pytest.mark.parametrize(
    "more",
    [
        {"targets": ["cat", "spa"]},
        {"objective": "worst"},
        {"objective": "expected"},
        {"objective": "cautious"},
        {"compute": 1e22},
        {"pools": ["human", "translated"]},
    ],
)
def test_more_to_solve_is_expected_to_take_longer(more):
    assert seconds(**more) > seconds()


def test_the_figures_are_those_that_the_fit_found():
    """Rounded, and none that was never measured."""
    found = dict(re.findall(r"\| ([\w, ]+?) \| ([\d.]+) \|", NOTES.read_text(encoding="utf-8")))
    assert float(found["seconds of one target, one pool"]) == pytest.approx(
        effort.ONE_TARGET, rel=0.3
    )
    for name, used in (
        ("targets, power", effort.BY_TARGETS),
        ("pools, power", effort.BY_POOLS),
        ("compute", effort.COMPUTE),
        *effort.OBJECTIVES.items(),
    ):
        assert float(found[name]) == pytest.approx(used, rel=0.3), name
