"""Frames of server and workers: what goes in comes out, and nothing else is made of them."""

import dataclasses
import datetime
import json
import struct

import numpy as np
import pytest
from explorer.packing import pack, unpack
from explorer.presets import PRESETS
from explorer.tasks import TASKS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from atlasmix.errors import DataError, Infeasible, ProblemError, UnknownLanguage
from atlasmix.evidence.overlay import Overlay, lay
from atlasmix.evidence.shelf import MATRICES
from atlasmix.evidence.store import Store
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.report.evidence import helped, ranked
from atlasmix.transfer.estimation import estimate

SCORES = b"source,target,score\nspa,cat,0.45\ncat,spa,0.3\n"
CARD = b"""\
title: Ours
metric: BTS
orientation: source to target
direction: higher is better
status: measured
stderr: {measured: 0.05}
source: our own runs
licence: private
"""
TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.text()), inner)
    ),
)
ARRAYS = arrays.arrays(
    st.sampled_from(["f8", "f4", "i8", "?", "<U5"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


def same(left, right):
    """Equal in every field, array and type, nan included."""
    assert type(left) is type(right)
    if dataclasses.is_dataclass(left):
        for one in dataclasses.fields(left):
            same(getattr(left, one.name), getattr(right, one.name))
    elif isinstance(left, np.ndarray):
        np.testing.assert_array_equal(left, right)
        assert left.dtype == right.dtype
    elif isinstance(left, dict):
        assert list(left) == list(right)
        for key in left:
            same(left[key], right[key])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            same(one, other)
    else:
        assert repr(left) == repr(right)


@given(PLAIN)
def test_plain_data_comes_back_as_it_went(value):
    same(value, unpack(pack(value)))


@given(ARRAYS)
def test_arrays_come_back_bit_by_bit_and_cannot_be_written(array):
    back = unpack(pack({"scores": array}))["scores"]
    assert back.tobytes() == array.tobytes()
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert not back.flags.writeable


def question(name, **more):
    return {**PRESETS[name], **more}


@pytest.mark.parametrize(
    "asked",
    [
        *PRESETS.values(),
        question("Catalan (little text)", guardrails={"eng": "20%"}, max_epochs={"cat": 8}),
        {"targets": {"cat": 1}, "compute": 1e22},
        {"targets": {"yor": 1, "eng": 1}, "budget": "8T", "min": {"yor": 0.01}},
        {"targets": {"cat": 1}, "phases": [{"name": "main"}, {"name": "anneal", "tokens": "20%"}]},
    ],
    ids=str,
)
def test_answers_come_back_whole(asked):
    answer = TASKS["answer"](asked, Overlay())
    assert answer.mixture.flatness
    # Four epochs of Yoruba are less than a hundredth of the run.
    assert bool(answer.mixture.caveats) == ("yor" in asked["targets"])
    assert {one.within_limits for one in answer.comparisons} >= {False}
    same(answer, unpack(pack(answer)))


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("reasons", {"targets": {"cat": 1}}),
        ("shares", {"targets": {"cat": 1}}),
        ("steps", {"targets": {"cat": 1}, "pools": {"provenance": ["human", "translated"]}}),
    ],
)
def test_reasons_and_steps_come_back_whole(task, asked):
    found = TASKS[task](asked, Overlay())
    assert len(found) > 2
    same(found, unpack(pack(found)))


def test_intervals_come_back_whole():
    found = TASKS["draws"]({"targets": {"cat": 1}}, Overlay())
    assert found.uncertainty.draws > 0
    same(found, unpack(pack(found)))


def test_weights_come_back_whole_and_name_no_file():
    found = TASKS["weights"]({"matrix": "atlas-2025"}, Overlay())
    back = unpack(pack(found))
    same(found, back)
    assert not back.weights.flags.writeable
    with pytest.raises(DataError, match="files are not read here"):
        TASKS["weights"]({"matrix": "atlas-2025", "law": "/etc/passwd.yaml"}, Overlay())


def test_weights_of_a_completed_matrix_are_the_whole_ones_of_what_is_spoken_of():
    """All pairs are 50 MB; what is left out must change nothing of what is sent."""
    found = TASKS["weights"]({"matrix": "atlasmix-2026"}, Overlay(), ["eus"], 40)
    matrix = Overlay().matrix("atlasmix-2026")
    whole = estimate(matrix, load_law(DEFAULT_LAW, Store("/nonexistent")))
    assert ranked(found, "eus")[:40] == ranked(whole, "eus")[:40]
    assert helped(found, "eus")[:40] == helped(whole, "eus")[:40]
    places = [whole.index(key) for key in found.keys]
    block = np.ix_(places, places)
    assert found.weights == pytest.approx(whole.weights[block], abs=1e-9)
    assert found.stderr == pytest.approx(whole.stderr[block], abs=1e-9)
    assert found.phi == pytest.approx(whole.phi[places])
    assert (found.status == whole.status[block]).all()
    assert set(matrix.part(()).keys) < set(found.keys)
    assert len(pack(found)) < 1_000_000
    same(found, unpack(pack(found)))


def test_an_overlay_comes_back_with_its_tables():
    files = {"table": "t.csv", "card": "c.yaml"}
    overlay, _ = lay(Overlay(), MATRICES, SCORES, CARD, files, "own")
    back = unpack(pack(overlay))
    assert back == overlay
    assert back.digest() == overlay.digest()


def test_what_stands_twice_is_said_once():
    matrix = Overlay().matrix()
    once, twice = (len(pack([matrix] * times)) for times in (1, 2))
    assert twice - once < 20
    first, second = unpack(pack([matrix, matrix]))
    assert first is second


def test_evidence_that_ships_is_named_and_not_sent():
    """28 MB of every answer were one and the same matrix, written and read anew each time."""
    answer = TASKS["answer"]({"targets": {"cat": 1}}, Overlay())
    assert len(pack(answer)) < 300_000
    first, second = (unpack(pack(answer)).problem for _ in range(2))
    assert first.matrix is second.matrix
    assert first.inventory is second.inventory


def test_evidence_of_a_shipped_name_that_is_not_the_shipped_one_is_sent_whole():
    """Told by its name alone it would come back as another table."""
    matrix, inventory = Overlay().matrix("atlas-2025"), Overlay().inventory()
    fewer = dataclasses.replace(matrix.part(["cat", "spa"]), sha256="0" * 64)
    other = dataclasses.replace(inventory, card=dataclasses.replace(inventory.card, title="Ours"))
    for evidence in (fewer, other):
        same(evidence, unpack(pack(evidence)))


@pytest.mark.parametrize(
    "error",
    [
        DataError("a table is wrong", ("row 2: no score", "row 5: twice")),
        UnknownLanguage("no such language", ("cat", "spa")),
        Infeasible("no mixture", ("min cat", "max cat")),
        ProblemError("no number", field="budget", hint="write 100B", value={"a": [1, "x"]}),
    ],
)
def test_refusals_come_back_with_their_words(error):
    back = unpack(pack(("refused", error)))[1]
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_a_refusal_of_what_is_not_plain_shows_it():
    """YAML reads some texts as dates."""
    day = datetime.date(2026, 1, 31)
    back = unpack(pack(ProblemError("no number", field="budget", value={"tokens": day})))
    assert (back.field, back.value) == ("budget", "{'tokens': datetime.date(2026, 1, 31)}")


def test_large_arrays_of_equal_content_are_one_and_no_array_holds_its_frame():
    """Each answer once held a frame of 28 MB, most of it the same matrix: 3.7 GB of 128 answers."""
    large, small = np.arange(20_000.0), np.arange(3.0)
    first, second = (unpack(pack([large.copy(), small])) for _ in range(2))
    assert first[0] is second[0]
    assert first[0].base is None
    assert first[1].base is None
    other = unpack(pack(large.view(np.int64)))
    assert other.dtype == np.int64, "equal bytes of another kind are another array"
    assert unpack(pack(large.reshape(2, -1))).shape == (2, 10_000)


@pytest.mark.parametrize("value", [object(), print, Overlay, {1, 2}, np.array([print])])
def test_what_is_not_plain_is_not_sent(value):
    with pytest.raises(TypeError, match="is no plain data"):
        pack(value)


def frame(said):
    body = json.dumps(said).encode()
    return struct.pack("<Q", len(body)) + body


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"data": ["subprocess", "Popen", [["id"]]]}, "no class of AtlasMix: subprocess.Popen"),
        ({"data": ["os", "system", ["id"]]}, "no class of AtlasMix: os.system"),
        ({"data": ["atlasmix.io.shipped", "Path", ["/"]]}, "no class of AtlasMix"),
        ({"data": ["atlasmix.evidence", "published", ["x"]]}, "no class of AtlasMix"),
        ({"data": ["explorer.workers", "Worker", ["x"]]}, "no class of AtlasMix"),
        ({"error": ["builtins", "SystemExit", "0", []]}, "no class of AtlasMix"),
        ({"error": ["atlasmix.evidence.overlay", "Overlay", "x", []]}, "no class of AtlasMix"),
        ({"data": ["atlasmix.nowhere", "Overlay", []]}, "no such data"),
        ({"again": 3}, "no such data"),
        ({"shipped": ["matrix", "no-such", "0"]}, "no such data"),
        ({"shipped": ["matrix", "atlas-2025", "0"]}, "is not the one that ships"),
        ({"call": ["print"]}, "no kind of data: 'call'"),
        ({"array": ["O", [1], [0, 8]]}, "cannot create an OBJECT array"),
        ({"array": ["<f8", [2], [0, 8]]}, "cannot reshape array"),
    ],
)
def test_a_frame_of_somebody_else_is_refused(said, sentence):
    with pytest.raises(ValueError, match=sentence):
        unpack(frame(said) + bytes(8))
