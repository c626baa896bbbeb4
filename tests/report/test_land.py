"""Land under the map of donors: whole rings at the right place, below everything, from here."""

import hashlib
import json
import re

import numpy as np
import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.card import read_card
from atlasmix.evidence.places import LocalPlace
from atlasmix.evidence.store import Store
from atlasmix.io.shipped import data_folder
from atlasmix.report.figures import world
from atlasmix.report.figures.drawing import standalone
from atlasmix.report.figures.world import donor_map, land_rings, place_of

FOLDER = data_folder() / "world"
ON_LAND = {
    "the centre of France": (2.5, 46.6),
    "Kansas": (-98.5, 39.0),
    "Manaus": (-60.0, -3.1),
    "Kinshasa's hinterland": (20.0, -4.0),
    "Chukotka, beyond the date line": (-176.0, 67.0),
    "Chukotka, before the date line": (176.0, 67.0),
    "Alice Springs": (133.9, -23.7),
    "Nagpur": (79.1, 21.1),
    "Iceland": (-18.5, 64.8),
    "Madagascar": (46.7, -19.0),
    "Java": (110.0, -7.2),
}
AT_SEA = {
    "mid-Atlantic": (-35.0, 30.0),
    "the Gulf of Guinea": (0.0, 0.0),
    "the western Mediterranean": (5.5, 39.5),
    "the Pacific at the date line": (180.0, 30.0),
    "the Bering Sea": (-178.0, 58.0),
    "the Indian Ocean": (80.0, -20.0),
    "the Caspian Sea": (51.0, 42.0),
    "Hudson Bay": (-85.0, 59.0),
    "Antarctica, which is left out": (0.0, -80.0),
}


@pytest.fixture(scope="module")
def figure():
    return donor_map(Store("/nonexistent").matrix(), "cat", whole_world=True)


def on_land(place):
    """Even-odd rule over all rings: a ray to the east crosses an odd number of edges."""
    east, north = place
    crossings = 0
    for ring in map(np.array, land_rings()):
        (x, y), (to_x, to_y) = ring[:-1].T, ring[1:].T
        crossing = (y > north) != (to_y > north)
        level = np.where(crossing, to_y - y, 1.0)
        crossings += int(np.sum(crossing & (x + (north - y) * (to_x - x) / level > east)))
    return crossings % 2 == 1


def degrees_to_coast(place):
    """Least distance to an edge of a ring, in degrees of the plate carrée."""
    least = np.inf
    for ring in map(np.array, land_rings()):
        start, step = ring[:-1], np.diff(ring, axis=0)
        along = ((place - start) * step).sum(axis=1) / (step**2).sum(axis=1)
        nearest = start + np.clip(along, 0, 1)[:, None] * step
        least = min(least, np.hypot(*(nearest - place).T).min())
    return least


def areas():
    """Square degrees of every ring; anticlockwise counts above zero."""
    for ring in map(np.array, land_rings()):
        (x, y), (to_x, to_y) = ring[:-1].T, ring[1:].T
        yield 0.5 * float(np.sum(x * to_y - to_x * y))


def test_rings_are_closed_and_on_the_globe():
    for ring in land_rings():
        assert ring[0] == ring[-1]
        assert len(set(ring)) == len(ring) - 1 >= 3, "no vertex stands twice"
        east, north = np.array(ring).T
        assert np.abs(east).max() <= 180
        assert np.abs(north).max() <= 90
        # The longest edge of a coast is some ten degrees; over the date line it would be 350.
        assert np.abs(np.diff(east)).max() < 20


def test_land_runs_clockwise_and_the_caspian_sea_the_other_way():
    found = list(areas())
    assert [at for at, area in enumerate(found, 1) if area > 0] == [11]
    assert sorted(found, key=abs, reverse=True) == pytest.approx(found)
    # Thinning must not eat land: Natural Earth's rings but Antarctica's cover that much.
    assert -sum(found) == pytest.approx(15466.5, rel=0.003)


@pytest.mark.parametrize("name", ON_LAND)
def test_land_is_where_land_is(name):
    assert on_land(ON_LAND[name])


@pytest.mark.parametrize("name", AT_SEA)
def test_sea_is_where_sea_is(name):
    assert not on_land(AT_SEA[name])


@pytest.mark.parametrize(
    "place",
    [(2.17, 41.4), (-9.14, 38.7), (18.4, -33.9), (103.8, 1.3), (-74.0, 40.7), (151.2, -33.9)],
    ids=["Barcelona", "Lisbon", "Cape Town", "Singapore", "New York", "Sydney"],
)
def test_ports_lie_at_the_coast(place):
    assert degrees_to_coast(np.array(place)) < 1


def test_most_languages_are_at_home_on_land():
    homes = [place_of(one.code) for one in world.all_languages()]
    known = [place for place in homes if place is not None]
    assert sum(map(on_land, known)) > 0.85 * len(known)


def test_the_card_tells_what_the_table_is():
    card = read_card((FOLDER / "card.yaml").read_bytes())
    for key in ("title", "description", "kind", "unit", "source", "licence", "derivation"):
        assert getattr(card, key), key
    assert "Natural Earth" in card.source
    assert "public domain" in card.licence
    assert {name for name, _ in card.files} == {p.name for p in FOLDER.glob("*.csv")}
    table = (FOLDER / "land.csv").read_bytes()
    assert hashlib.sha256(table).hexdigest() == dict(card.files)["land.csv"]
    vertices = sum(map(len, land_rings()))
    assert f"{vertices:,} are left, of 126 rings {len(land_rings())}" in card.derivation


def test_the_table_stays_small():
    assert (FOLDER / "land.csv").stat().st_size < 40_000
    assert sum(map(len, land_rings())) < 4_000, "a map is drawn on phones too"


def test_a_damaged_table_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "world").mkdir()
    for path in FOLDER.iterdir():
        (tmp_path / "world" / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "world" / "land.csv").open("a", encoding="utf-8") as file:
        file.write("111,0,0\n")
    monkeypatch.setattr("atlasmix.evidence.shelf.shipped_place", lambda: LocalPlace(tmp_path))
    with pytest.raises(DataError, match=r"world/land\.csv is not the one of its card: install"):
        land_rings.__wrapped__()


def test_land_is_one_shape_below_everything(figure):
    first, *others = figure.data
    assert first.fill == "toself"
    assert [trace for trace in others if trace.fill] == []
    assert (first.mode, first.hoverinfo, first.showlegend) == ("none", "skip", False)
    drawn = list(zip(first.x, first.y, strict=True))
    rings = []
    for ring in land_rings():
        rings += [*ring, (None, None)]
    assert drawn == rings


def test_the_map_needs_nothing_from_elsewhere(figure):
    assert {trace.type for trace in figure.data} == {"scatter"}, "a geo trace fetches its coasts"
    written = json.loads(figure.to_json())
    assert "http" not in json.dumps({"data": written["data"], **_own_layout(written)})
    page = standalone(figure, "Donors")
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="http', page)


def _own_layout(written):
    return {key: value for key, value in written["layout"].items() if key != "template"}
