"""The page Transfer: φ and τ are those of the model, and what was measured is told apart."""

import re

import pytest

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.report.evidence import ranked
from atlasmix.transfer.estimation import estimate

STORE = Store("/nonexistent")


def control(at, kind, label):
    return next(one for one in getattr(at, kind) if one.label == label)


def model_of(law=DEFAULT_LAW):
    return estimate(STORE.matrix(), load_law(law, STORE))


def shown_weights(figure):
    """Name, τ and whether it is filled, of every mark."""
    return {
        name: (x, trace["marker"]["symbol"] == "circle")
        for trace in figure["data"]
        for name, x in zip(trace["y"], trace["x"], strict=True)
    }


def test_transfer_ranks_the_donors_of_the_first_target(visit):
    guest = visit()
    guest.page("transfer")
    model = model_of()
    donors, recipients = guest.figures()
    for figure, side in ((donors, 0), (recipients, 1)):
        shown = shown_weights(figure)
        assert len(shown) == 20
        for key in model.keys:
            pair = (key, "cat") if side == 0 else ("cat", key)
            place = tuple(map(model.index, pair))
            if name_of(key) in shown:
                assert shown[name_of(key)] == (
                    pytest.approx(model.weights[place]),
                    model.status[place] == "measured",
                )
        assert min(tau for tau, _ in shown.values()) >= 0
    assert max(shown_weights(donors), key=lambda name: shown_weights(donors)[name]) == "Spanish"
    assert "nobody measured one" in guest.words()


def test_transfer_tells_the_exponent_and_every_weight_with_its_score(visit):
    guest = visit(q="{targets: {por: 1}}")
    guest.page("transfer")
    model, words = model_of(), guest.words()
    place = model.index("por")
    phi, error = model.phi[place], model.phi_stderr[place]
    assert f"Capacity exponent φ {phi:.3f} ± {error:.3f} under law {DEFAULT_LAW}" in words
    nothing = 2 - 2 * model.scale[place]
    assert nothing < 0
    assert f"one that gives Portuguese nothing scores {nothing:.2f}, and τ is what lies" in words
    table = next(one.value for one in guest.at.html if "Donors of Portuguese" in one.value)
    for heading in ("τ", "±", "score", "residual"):
        assert f">{heading}</th>" in table
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in table.split("</tr>")]
    rows = {row[0]: row for row in rows if row}
    assert len(rows) == len(model.keys) - 1
    for key in model.keys:
        if key == "por":
            continue
        name, tau, sigma, score, _, status, _ = rows[f"{name_of(key)} ({key})"]
        at = model.index(key), place
        assert (tau, sigma) == (f"{model.weights[at]:.2f}", f"{model.stderr[at]:.2f}")
        assert float(score) == STORE.matrix().pair(key, "por").score
        assert status == model.status[at], name
    assert {row[5] for row in rows.values()} == {"measured", "predicted"}
    assert min(float(row[3]) for row in rows.values()) < 0, "a score may lie below 0"
    assert min(float(row[1]) for row in rows.values()) >= 0, "a weight may not"


def test_weights_are_those_of_the_law_of_the_question(visit):
    guest = visit(q="{targets: {cat: 1}, law: hoffmann-2022}")
    guest.page("transfer")
    model = model_of("hoffmann-2022")
    phi = model.phi[model.index("cat")]
    assert f"φ {phi:.3f}" in guest.words()
    assert "under law hoffmann-2022" in guest.words()
    assert shown_weights(guest.figures()[0])["Spanish"][0] == pytest.approx(
        model.weights[model.index("spa"), model.index("cat")]
    )
    assert phi != pytest.approx(model_of().phi[model.index("cat")], rel=0.02)


def test_scores_without_a_calibration_are_shown_as_scores(visit):
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Transfer matrix").set_value("langrank-2019-dep").run()
    guest.whole()
    matrix = STORE.matrix("langrank-2019-dep")
    assert f"{matrix.card.metric} is no transfer weight" in guest.words()
    assert matrix.card.metric in guest.figures()[0]["layout"]["xaxis"]["title"]["text"]
    assert "τ" not in guest.figures()[0]["layout"]["xaxis"]["title"]["text"]


def test_a_law_that_is_not_there_is_refused_in_its_own_words(visit):
    guest = visit()
    at = guest.page("transfer")
    at.session_state["question"] = {"targets": {"cat": 1}, "law": "nobody-2020"}
    at.run()
    guest.whole()
    assert "nobody-2020" in guest.words()
    assert "is no transfer weight" not in guest.words()
    assert guest.figures() == []


def test_a_calibration_of_the_question_makes_weights_of_its_matrix(visit):
    asked = "{targets: {cat: 1}, matrix: langrank-2019-dep, calibration: 'affine:0.01,0'}"
    guest = visit(q=asked)
    guest.page("transfer")
    matrix = STORE.matrix("langrank-2019-dep")
    model = estimate(matrix, load_law(DEFAULT_LAW, STORE), "affine:0.01,0")
    shown = shown_weights(guest.figures()[0])
    assert len(shown) == 20
    for name, (tau, _) in shown.items():
        key = next(one for one in model.keys if name_of(one) == name)
        assert tau == pytest.approx(model.weights[model.index(key), model.index("cat")])


def test_the_whole_matrix_has_its_measured_cells_framed(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Whole matrix")
    figure = guest.figures()[0]
    assert len(figure["data"][0]["y"]) == 38
    assert sum(one["type"] == "rect" for one in figure["layout"]["shapes"]) == 72
    assert "72 of 1,406 scores were measured" in guest.words()


def test_the_map_shows_the_donors(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Map")
    drawn = {one.get("name"): one for one in guest.figures()[0]["data"]}
    donors = drawn["donors, predicted"]
    assert "donors, measured" not in drawn
    best = [name_of(key) for key in ranked(model_of(), "cat")[:6]]
    assert donors["text"] == best
    assert best[0] == "Spanish"


def test_two_matrices_are_compared_on_shared_pairs(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Two matrices")
    assert "share 18 languages and 306 pairs" in guest.words()
    assert sum(len(one["x"]) for one in guest.figures()[0]["data"]) == 306


def test_both_directions_mark_the_language(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Both directions")
    assert guest.figures()[0]["data"][3]["name"] == "Catalan for the other, and back"


def test_another_language_is_chosen(visit):
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Language").set_value("por").run()
    guest.whole()
    assert "Who helps Portuguese" in guest.words()
    assert {trace["name"].split(",")[0] for trace in guest.figures()[0]["data"] if trace["x"]} == {
        "score measured",
        "score predicted",
    }


def test_the_metric_is_explained_before_it_is_shown(visit):
    guest = visit()
    guest.page("transfer")
    assert "a source that gives nothing scores below 0" in guest.words()
