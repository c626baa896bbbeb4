"""Weights in a figure: the model's own, measured ones filled, and the map of the strongest."""

import itertools

import numpy as np
import pytest

from atlasmix.evidence.scores import DEFINED, SEEN
from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.language import SUBJECTS
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.report.figures.drawing import MARKS
from atlasmix.report.figures.weights import (
    ranked_pairs,
    weight_words,
    weights_both_ways,
    weights_chart,
    weights_map,
)
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
@pytest.mark.parametrize("key", ["cat", "fra", "cym", "eus", "srp_Latn"])
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
            assert trace.marker.symbol == MARKS[status[row]].symbol
            assert status[row] in trace.name
    known = np.delete(weights, column)[np.delete(status, column) != ""]
    best = np.sort(known)[::-1][:20]
    assert sorted((weights[row] for row in shown.values()), reverse=True) == pytest.approx(best)


def test_the_greatest_weight_stands_first_on_both_sides(model):
    for role, side in (("donors", 1), ("recipients", 0)):
        pairs = ranked_pairs(model, "fra", role)
        assert {pair[side] for pair in pairs} == {"fra"}
        places = [(model.index(one), model.index(other)) for one, other in pairs]
        found = [round(float(model.weights[place]), 6) for place in places]
        assert found == sorted(found, reverse=True)
        assert len(pairs) == len(model.keys) - 1 - len(SUBJECTS), "of code nobody knows"


def test_each_status_has_a_mark_of_its_own_and_only_seen_ones_are_full():
    """Colour is no way to tell them apart: one reader in twelve, and any printer, has none."""
    symbols, dashes = (
        [getattr(MARKS[each], what) for each in MARKS] for what in ("symbol", "dash")
    )
    assert len(set(symbols)) == len(MARKS) == 5
    for status, mark in MARKS.items():
        full = status in (*SEEN, DEFINED)
        assert mark.symbol.endswith("-open") != full
        assert (mark.dash == "solid") == full
    assert len(set(dashes)) == 3


def test_a_few_languages_are_a_map_of_weights_with_every_status_marked(matrix, model):
    keys = ["cat", "eus", "fra", "deu", "srp", "srp_Latn"]
    figure = weights_map(matrix, model, [(key, "") for key in keys])
    heat, completed, _ = figure.data
    rows = {name_of(key): place for place, key in enumerate(keys)}
    marked = {(rows[y], rows[x]) for x, y in zip(completed.x, completed.y, strict=True)}
    frames = [one for one in figure.layout.shapes if one.type == "rect"]
    framed = {(round((f.y0 + f.y1) / 2), round((f.x0 + f.x1) / 2)) for f in frames}
    for (row, source), (column, target) in itertools.product(enumerate(keys), repeat=2):
        place = model.index(source), model.index(target)
        status, shown = model.status[place], heat.z[row][column]
        if status == "defined":
            assert np.isnan(shown), "a unit is no finding: it would take the whole scale"
        else:
            assert shown == model.weights[place]
        assert ((row, column) in marked) == (status == "completed")
        assert ((row, column) in framed) == (status == "measured")
        words = heat.customdata[row][column].replace("<br>", " ")
        assert "nan" not in words.split()
        assert ("completed from relatedness" in words) == (status == "completed")
    assert marked
    assert framed == {(2, 3), (3, 2)}
    assert list(figure.layout.yaxis.categoryarray) == [name_of(key) for key in keys]


def test_both_ways_shows_the_strongest_pairs_with_their_doubt(matrix, model):
    figure = weights_both_ways(matrix, model, "eus", most=12)
    here, shown = model.index("eus"), 0
    best = [
        max(model.weights[here, at], model.weights[at, here])
        for at, key in enumerate(model.keys)
        if key != "eus"
    ]
    least = sorted(best, reverse=True)[11]
    names = {name_of(key): key for key in model.keys}
    for trace in figure.data[1:-1]:
        assert "completed" in trace.name
        for place, words in enumerate(trace.customdata):
            other = model.index(names[words.replace("<br>", " ").split(" for ")[1].split(":")[0]])
            assert trace.x[place] == model.weights[here, other]
            assert trace.y[place] == model.weights[other, here]
            assert trace.error_x.array[place] == model.stderr[here, other] > 0
            assert trace.error_y.array[place] == model.stderr[other, here] > 0
            assert trace.error_y.arrayminus[place] <= trace.y[place]
            assert max(trace.x[place], trace.y[place]) >= least - 1e-6
            shown += 1
    assert shown == 12


def test_both_ways_names_the_strongest_and_no_name_lies_on_another(matrix, model):
    """Twenty marks without a name told nobody who helps whom: a page has no hover on paper."""
    names = weights_both_ways(matrix, model, "cat").data[-1]
    assert names.mode == "text"
    said = [name.strip("\u00a0") for name in names.text]
    assert said[0] == "Spanish"
    assert 3 <= len(said) <= 8
    here = model.index("cat")
    for name, x, y in zip(said, names.x, names.y, strict=True):
        other = next(at for at, key in enumerate(model.keys) if name_of(key) == name)
        assert (x, y) == (model.weights[here, other], model.weights[other, here])
    span = max(*names.x, *names.y)
    for (x, y), (u, v) in itertools.combinations(zip(names.x, names.y, strict=True), 2):
        assert abs(x - u) > 0.16 * span or abs(y - v) > 0.05 * span


def test_the_less_sure_direction_marks_a_pair(matrix, model):
    """A pair measured one way and predicted the other must not look measured."""
    figure = weights_both_ways(matrix, model, "fra", most=200)
    for trace in figure.data[1:-1]:
        said = [words.replace("<br>", " ") for words in trace.customdata]
        if "measured" in trace.name:
            assert all(words.count("measured ±") == 2 for words in said)
        elif "predicted" in trace.name:
            assert all("predicted, nobody" in words for words in said)
            assert not any("completed" in words for words in said)
        else:
            assert all("completed from relatedness" in words for words in said)
    assert len(figure.data) == 5


def test_what_nobody_knows_is_said_in_words(matrix, model):
    assert weight_words(matrix, model, "code", "abk").endswith(": no evidence.")
    assert "same language in another script" in weight_words(matrix, model, "srp", "srp_Latn")
    said = weight_words(matrix, model, "oci", "eus")
    assert "±" in said
    assert said.endswith("completed from relatedness: nobody scored it.")


def test_a_weight_is_told_with_the_score_that_it_rests_on(matrix, model):
    place = model.index("spa"), model.index("cat")
    said = f"τ {model.weights[place]:.2f} ±{model.stderr[place]:.2f}"
    assert weight_words(matrix, model, "spa", "cat").startswith(f"Spanish for Catalan: {said}")
    assert "from BTS 0.4, predicted, nobody measured it" in weight_words(
        matrix, model, "spa", "cat"
    )
    assert "measured ±" in weight_words(matrix, model, "spa", "fra")


def test_the_map_goes_by_weight_where_every_score_is_below_zero(matrix, model):
    assert all(score.score < 0 for _, score in matrix.donors("cym"))
    assert not [trace for trace in donor_map(matrix, "cym").data if trace.mode == "lines"]
    figure = donor_map(matrix, "cym", model=model)
    arcs = [trace for trace in figure.data if (trace.name or "").startswith("help")]
    drawn = [name for t in figure.data if (t.name or "").startswith("donors") for name in t.text]
    best = [name_of(source) for source, _ in ranked_pairs(model, "cym", "donors")[:6]]
    assert sorted(drawn) == sorted(best)
    assert len(arcs) == 6
    widths = [arc.line.width for arc in arcs]
    assert widths == sorted(widths, reverse=True)
    assert all("τ" in arc.customdata[0] for arc in arcs)
