"""Figures of doubt: every mark is a number of the library, and one that is unsure looks so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.mixture.measuring import measuring_plan
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import uncertainty
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.evidence import ranked
from atlasmix.report.figures.measuring import measuring_chart
from atlasmix.report.figures.mixture import mixture_bars
from atlasmix.report.figures.network import (
    network_donors,
    network_edges,
    sureness,
    transfer_network,
)
from atlasmix.report.figures.uncertainty import shares_interval_figure
from atlasmix.transfer.estimation import estimate

STORE = Store("/nonexistent")
QUESTION = problem_from_mapping({"targets": "cat,glg,eus", "draws": 64}, STORE)


@pytest.fixture(scope="module")
def mixture():
    plain = solve(QUESTION)
    return replace(plain, uncertainty=uncertainty(QUESTION, plain, 24, 1, 1))


@pytest.fixture(scope="module")
def model():
    return estimate(STORE.matrix(), load_law(DEFAULT_LAW, STORE))


def test_bars_have_the_intervals_of_the_draws(mixture):
    figure = mixture_bars(mixture)
    whiskers = figure.data[-1]
    rows = {each.language: each for each in mixture.uncertainty.shares}
    for place, name in enumerate(whiskers.y):
        key = next(key for key in mixture.proportions if name.startswith(name_of(key)))
        each = rows[key]
        assert whiskers.x[place] + whiskers.error_x.array[place] == pytest.approx(
            100 * max(each.best.high, each.share)
        )
        assert whiskers.x[place] - whiskers.error_x.arrayminus[place] == pytest.approx(
            100 * min(each.best.low, each.share)
        )
    assert figure.layout.xaxis.range[1] >= 100 * max(row.best.high for row in rows.values())
    without = mixture_bars(replace(mixture, uncertainty=None))
    assert len(without.data) == len(figure.data) - 1


def test_a_language_that_few_draws_read_is_pale(mixture):
    sure = mixture.uncertainty
    figure = shares_interval_figure(mixture, sure)
    lines = {trace.y[0]: trace for trace in figure.data if trace.mode == "lines"}
    for each in sure.shares:
        if name_of(each.language) in lines:
            line = lines[name_of(each.language)]
            assert tuple(line.x) == pytest.approx((100 * each.best.low, 100 * each.best.high))
            assert line.opacity == pytest.approx(0.15 + 0.55 * each.read)


def test_a_link_is_as_wide_as_its_weight_and_as_strong_as_it_is_sure(model):
    donors = network_donors(model, "glg")
    edges = network_edges(model, "glg", donors)
    figure = transfer_network(STORE.matrix(), model, "glg")
    links = [trace for trace in figure.data if trace.mode == "lines"]
    assert len(links) == len(edges)
    top = max(model.weights[model.index(a), model.index(b)] for a, b in edges)
    for edge, link in zip(edges, links, strict=True):
        tau = model.weights[model.index(edge[0]), model.index(edge[1])]
        assert link.line.width == pytest.approx(1 + 8 * tau / top)
        assert link.opacity == pytest.approx(0.15 + 0.75 * sureness(model, edge))
        assert link.legendgroup == model.status[model.index(edge[0]), model.index(edge[1])]
    assert {a for a, b in edges if b == "glg"} == set(donors)
    assert set(ranked(model, "glg")[:2]) <= set(donors)


def test_a_language_stands_once_in_a_network_whatever_its_scripts(model):
    donors = network_donors(model, "ukr")
    codes = [donor.partition("_")[0] for donor in donors]
    assert len(set(codes)) == len(codes)
    assert "ukr" not in codes


def test_the_plan_is_drawn_in_its_order_in_parts_of_the_regret():
    plan = measuring_plan(QUESTION, 3, cores=1)
    bars = measuring_chart(plan).data[0]
    assert list(bars.x)[::-1] == pytest.approx(
        [100 * each.value / plan.regret for each in plan.measurements]
    )
    assert [name.split(".")[0] for name in bars.y][::-1] == [
        str(place) for place in range(1, len(plan.measurements) + 1)
    ]
