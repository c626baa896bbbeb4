"""Figures of sizes: iso-loss curve, crossover and compute, each with the library's numbers."""

import pytest

from atlasmix.evidence.store import Store
from atlasmix.laws.capacity import grow, starting
from atlasmix.laws.crossover import crossover, study
from atlasmix.laws.shelf import load_curse
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.figures.scaling import (
    crossover_figure,
    iso_loss_figure,
    iso_loss_title,
    sizes_figure,
)
from atlasmix.solver.compute import at_compute

STORE = Store("/nonexistent")


@pytest.fixture
def growth():
    law = load_curse("atlas-2025-curse", STORE)
    return grow(law, starting(law, 24, 2e9, 1e12), 48)


def test_the_curve_and_its_points(growth):
    figure = iso_loss_figure(growth)
    curve, cheapest = figure.data[:2]
    assert list(curve.x) == [tokens for _, tokens in growth.curve]
    assert (cheapest.x[0], cheapest.y[0]) == (
        growth.cheapest.tokens.value,
        growth.cheapest.params.value,
    )
    assert cheapest.error_x.array[0] == pytest.approx(
        growth.cheapest.tokens.high - growth.cheapest.tokens.value
    )
    assert len({trace.marker.symbol for trace in figure.data[1:]}) == len(figure.data) - 1
    assert "2.37B parameters" in cheapest.customdata[0].replace("<br>", " ")
    assert iso_loss_title(growth) == "24 to 48 languages at equal loss (atlas-2025-curse)"


def test_every_point_lies_on_the_curve_or_is_the_start(growth):
    named = {trace.name: (trace.x[0], trace.y[0]) for trace in iso_loss_figure(growth).data[1:]}
    assert named.pop("now, 24 languages") == (1.0, 1.0)
    for x, y in named.values():
        below = [(tokens, params) for params, tokens in growth.curve if tokens <= x]
        above = [(tokens, params) for params, tokens in growth.curve if tokens >= x]
        assert min(above)[1] - 1e-9 <= y <= max(below)[1] + 1e-9


def test_the_crossover_shows_what_was_measured_and_what_is_law():
    found = crossover("spa", 2e9, 300e9)
    figure = crossover_figure(found)
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["Spanish, measured"].y) == [dict(study().measured)["spa"]]
    assert len(by_name["other languages, measured"].y) == len(study().measured) - 1
    laws = [trace for trace in figure.data if trace.mode == "lines"]
    for trace, law in zip(laws, study().readings, strict=True):
        assert trace.name.endswith("predicted")
        assert list(trace.y) == pytest.approx([law.tokens(size) for size in trace.x])
    assert len({trace.line.dash for trace in laws}) == 2


def test_a_language_that_was_not_measured_has_no_mark():
    names = [trace.name for trace in crossover_figure(crossover("cat", 2e9)).data]
    assert not any("Catalan" in name for name in names)
    assert "your run" not in names


def test_the_chosen_size_is_the_lowest():
    problem = at_compute(problem_from_mapping({"targets": "cat", "compute": 1e21}, STORE))
    _, others, chosen = sizes_figure(problem, problem.allocation).data
    assert chosen.x[0] == problem.allocation.params
    assert chosen.y[0] <= min(others.y)
    assert problem.law.unit in sizes_figure(problem, problem.allocation).layout.yaxis.title.text
