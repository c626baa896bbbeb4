"""Donors on the map: arcs end where languages are at home, and only measured donors are full."""

import pytest

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.report.figures.world import donor_map, place_of


@pytest.fixture(scope="module")
def matrix():
    return Store("/nonexistent").matrix()


def test_arcs_end_at_the_languages(matrix):
    figure = donor_map(matrix, "cat")
    arcs = [trace for trace in figure.data if trace.mode == "lines"]
    assert len(arcs) == sum(score.score > 0 for _, score in matrix.donors("cat"))
    for arc in arcs:
        assert (arc.x[-1], arc.y[-1]) == pytest.approx(place_of("cat"))
        assert arc.line.dash != "solid"  # nobody measured a donor of Catalan


def test_only_measured_donors_are_full_on_the_map(matrix):
    for key in ("cat", "por", "swe"):
        figure = donor_map(matrix, key)
        scores = dict(matrix.donors(key))
        measured = {name_of(one) for one, score in scores.items() if score.status == "measured"}
        points = {
            name: trace.marker.symbol == "circle"
            for trace in figure.data
            if (trace.name or "").startswith("donors")
            for name in trace.text
        }
        assert points
        assert points == {name: name in measured for name in points}
        dots = next(trace for trace in figure.data if trace.name == "other languages")
        assert not {*points, name_of(key)} & {words.split(", of")[0] for words in dots.customdata}
        full = [t for t in figure.data if t.mode == "lines" and t.line.dash == "solid"]
        assert len(full) == sum(points.values())


def test_names_on_the_map_look_away_from_the_arcs(matrix):
    figure = donor_map(matrix, "cat")
    donors = next(trace for trace in figure.data if trace.name == "donors, predicted")
    east, north = place_of("cat")
    for x, y, side in zip(donors.x, donors.y, donors.textposition, strict=True):
        if "left" in side:
            assert x < east
        if "right" in side:
            assert x > east
        if "top" in side:
            assert y > north
        if "bottom" in side:
            assert y < north
    target = next(trace for trace in figure.data if trace.name == "target")
    assert target.textposition not in donors.textposition
