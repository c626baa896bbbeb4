"""Weights in a figure: the model's own, measured ones filled, and the map of the strongest."""

import numpy as np
import pytest

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.report.figures.transfer import ranked_pairs, weight_words, weights_chart
from atlasmix.report.figures.world import donor_map
from atlasmix.transfer.estimation import estimate

STORE = Store("/nonexistent")


@pytest.fixture(scope="module")
def matrix():
    return STORE.matrix()


@pytest.fixture(scope="module")
def model(matrix):
    return estimate(matrix, load_law(DEFAULT_LAW, STORE))


@pytest.mark.parametrize("role", ["donors", "recipients"])
@pytest.mark.parametrize("key", ["cat", "fra", "cym"])
def test_marks_are_the_weights_of_the_model_and_measured_ones_are_filled(matrix, model, key, role):
    figure = weights_chart(matrix, model, key, role)
    column = model.index(key)
    weights = model.weights[:, column] if role == "donors" else model.weights[column]
    errors = model.stderr[:, column] if role == "donors" else model.stderr[column]
    status = model.status[:, column] if role == "donors" else model.status[column]
    place = {name_of(other): row for row, other in enumerate(model.keys)}
    shown = {}
    for trace in figure.data:
        for name, x, up, down in zip(
            trace.y, trace.x, trace.error_x.array, trace.error_x.arrayminus, strict=True
        ):
            row = shown.setdefault(name, place[name])
            assert x == weights[row]
            assert up == errors[row]
            assert down == min(errors[row], weights[row])
            assert trace.marker.symbol == ("circle" if status[row] == "measured" else "circle-open")
            assert status[row] in trace.name
    best = np.sort(np.delete(weights, column))[::-1][:20]
    assert sorted((weights[row] for row in shown.values()), reverse=True) == pytest.approx(best)


def test_the_greatest_weight_stands_first_on_both_sides(model):
    for role, side in (("donors", 1), ("recipients", 0)):
        pairs = ranked_pairs(model, "fra", role)
        assert {pair[side] for pair in pairs} == {"fra"}
        found = [float(model.weights[model.index(one), model.index(other)]) for one, other in pairs]
        assert found == sorted(found, reverse=True)
        assert len(pairs) == len(model.keys) - 1


def test_a_weight_is_told_with_the_score_that_it_rests_on(matrix, model):
    assert weight_words(matrix, model, "spa", "cat").startswith("Spanish for Catalan: τ 0.3")
    assert "from BTS 0.4, predicted, nobody measured it" in weight_words(
        matrix, model, "spa", "cat"
    )
    assert "measured ±" in weight_words(matrix, model, "spa", "fra")


def test_the_map_goes_by_weight_where_every_score_is_below_zero(matrix, model):
    assert all(score.score < 0 for _, score in matrix.donors("cym"))
    assert not [trace for trace in donor_map(matrix, "cym").data if trace.mode == "lines"]
    figure = donor_map(matrix, "cym", model=model)
    arcs = [trace for trace in figure.data if trace.mode == "lines"]
    drawn = next(trace for trace in figure.data if trace.name == "donors, predicted")
    best = [name_of(source) for source, _ in ranked_pairs(model, "cym", "donors")[:6]]
    assert list(drawn.text) == best
    assert len(arcs) == 6
    assert max(arc.line.width for arc in arcs) == pytest.approx(5.5)
    assert all("τ" in arc.customdata[0] for arc in arcs)
