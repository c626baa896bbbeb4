"""Donors on the map: arcs end where languages are at home, and only measured donors are full."""

from itertools import combinations, islice

import pytest

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.report.evidence import ranked
from atlasmix.report.figures import world
from atlasmix.report.figures.drawing import MARKS
from atlasmix.report.figures.world import donor_map, place_of
from atlasmix.transfer.estimation import estimate

STORE = Store("/nonexistent")


@pytest.fixture(scope="module")
def matrix():
    return STORE.matrix()


def arcs_of(figure):
    """The arcs, without the bands of doubt under them."""
    return [trace for trace in figure.data if (trace.name or "").startswith("help")]


def test_arcs_end_at_the_languages(matrix):
    figure = donor_map(matrix, "cat")
    arcs = arcs_of(figure)
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
        full = [arc for arc in arcs_of(figure) if arc.line.dash == "solid"]
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


def test_doubt_is_a_band_wider_than_its_arc_and_completed_arcs_are_dotted(matrix):
    """Basque has no score: a map of scores alone had nothing, and no doubt, to show."""
    some = matrix.part({"eus", "oci", "glg", "ast"})
    model = estimate(some, load_law(DEFAULT_LAW, STORE))
    figure = donor_map(some, "eus", model=model)
    arcs = arcs_of(figure)
    bands = [trace for trace in figure.data if (trace.name or "").startswith("doubt")]
    assert len(arcs) == len(bands) == 6
    surely, doubtfully = MARKS["measured"].dash, MARKS["completed"].dash
    assert {arc.line.dash for arc in arcs} == {doubtfully} != {surely}
    for arc, band in zip(arcs, bands, strict=True):
        assert list(arc.x) == list(band.x)
        assert band.line.width > arc.line.width
        assert "completed from relatedness" in arc.customdata[0].replace("<br>", " ")
    names = next(t for t in figure.data if (t.name or "").startswith("donors")).text
    assert list(names) == [name_of(key) for key in ranked(model, "eus")[:6]]


def test_a_language_in_another_script_is_no_donor_on_the_map(matrix):
    """It is at home where the target is: its arc would have no length, and τ 1 no rival."""
    some = matrix.part({"srp", "srp_Latn"})
    model = estimate(some, load_law(DEFAULT_LAW, STORE))
    assert ranked(model, "srp_Latn")[0] == "srp"
    figure = donor_map(some, "srp_Latn", model=model)
    assert not [t for t in figure.data if name_of("srp") in (t.text or ())]


def test_no_name_on_the_map_lies_on_another(matrix):
    """Galician and Asturian, a degree apart, were written over one another."""
    model = estimate(STORE.matrix(), load_law(DEFAULT_LAW, STORE))
    donors = list(islice(world._donors(STORE.matrix(), "cat", model), 6))
    assert {"ast", "glg"} <= {donor.key for donor in donors}
    here = world.place_of("cat")
    sides = world._sides(here, donors, False)
    (west, east), (south, north) = world._ranges([here, *(d.place for d in donors)], False)
    scale = min(700 / (east - west), 380 / (1.3 * (north - south)))
    boxes = [
        world._box(
            d.place[0] * scale,
            d.place[1] * 1.3 * scale,
            7.5 * len(name_of(d.key)),
            world._SIDES[sides[d.key]],
        )
        for d in donors
    ]
    assert not [(a, b) for a, b in combinations(boxes, 2) if world._meet(a, b)]
    for place, donor in enumerate(donors):
        x, y = donor.place[0] * scale, donor.place[1] * 1.3 * scale
        mark = (x - 5, x + 5, y - 5, y + 5)
        assert not [box for box in boxes[:place] + boxes[place + 1 :] if world._meet(box, mark)]
